"""Words that name the same thing in several languages, for linking stories across them. Pure, standard library only.

Small on purpose: what a newsroom writes about an organisation (money, schooling, research, appointments, accidents, courts), with the
countries and months. Names and numbers carry the weight of a link; a concept only adds to them.
"""

from __future__ import annotations

from storage.text import fold

# One concept a line: every word that stands for it, Vietnamese pairs of syllables joined by "_".
_LINES = """
vietnam viêt_nam việt_nam vietnamese vietnamien vietnamienne vietnamiens vietnamesische
japan japon nhật_bản japanese japonais nhật japanische giappone
china chine trung_quốc chinese chinois tiongkok cina
korea corée hàn_quốc korean coréen südkorea corea
usa america american américain mỹ hoa_kỳ états-unis etats amerika amerikanische
france pháp french français française frankreich
germany allemagne đức german allemand deutschland
india inde ấn_độ indian indien indiens indiani
russia russie russian russe nga rusia russland
ukraine ukrainian ukrainien ukrainiens
canada canadian canadien canadienne gia_nã kanada
quebec québec québécois québécoise quebecois
singapore singapour singapura spura
malaysia malaisie malaysian malaysien
indonesia indonésie indonesian
thailand thaïlande thái_lan thailändische thái
laos lào
cambodia campuchia cambodge
taiwan đài_loan taïwan
europe european châu_âu européen européenne eropah europa
asia asie châu_á asean asien
hanoi hà_nội
saigon ho_chi tphcm hcmc
ai ia trí_tuệ nhân_tạo ki kecerdasan
semiconductor semiconductors chip chips bán_dẫn vi_mạch semi-conducteur puces halbleiter
quantum quantique lượng_tử
robot robots robotics robotique rô_bốt
software phần_mềm logiciel logiciels
university université đại_học universities universität universitas universiti universität università
school schools école écoles trường_học schule sekolah
student students étudiant étudiants étudiante sinh_viên pelajar mahasiswa studenten
pupil pupils élève élèves học_sinh
teacher teachers enseignant enseignants giáo_viên guru lehrer
scholarship scholarships bourse bourses học_bổng stipendium stipendien
institute institut viện istituto
research recherche nghiên_cứu forschung researchers chercheurs chercheur researcher ricerca penyelidikan
training formation đào_tạo train trained
agreement accord thỏa_thuận thoả_thuận memorandum protocole biên_bản accordo perjanjian
partnership partenariat partner partenaire partners partenaires hợp_tác đối_tác cooperation coopération kerjasama collaboration
sign signed signs signé signent ký_kết ký
invest investment investissement investir đầu_tư invests investments investissements pelaburan investiert
fund funding fonds financement quỹ tài_trợ finance
contract contrat hợp_đồng contrats contracts kontrak
acquire acquisition acquires acquiert rachat mua_lại rachète thâu_tóm übernahme buys
revenue revenues doanh_thu chiffre_affaires umsatz pendapatan
profit profits bénéfice bénéfices lợi_nhuận gewinn keuntungan
shares share cổ_phiếu action actions aktie saham
shareholder shareholders cổ_đông actionnaires actionnaire
dividend dividende cổ_tức dividendes dividends
bank banque ngân_hàng banques banks
tax taxe impôt impôts thuế taxes cukai pajak
price prices prix giá_cả harga preis
export exports exportations xuất_khẩu exportation ekspor
factory factories usine usines nhà_máy plant fabrik werk kilang
data données dữ_liệu daten
datacenter datacentre trung_tâm_dữ_liệu
security sécurité an_ninh bảo_mật keselamatan
attack attaque tấn_công attaques hackers hacker piratage serangan
chairman chairwoman président présidente chủ_tịch president pengerusi
director directeur directrice giám_đốc directors pengarah
ceo pdg tổng_giám geschäftsführer
minister ministre bộ_trưởng ministry ministère menteri minister
government gouvernement chính_phủ kerajaan pemerintah regierung
prime-minister thủ_tướng premier perdana
founder founded fondateur fondatrice fondé sáng_lập gründer pengasas
appoint appointed appoints nomme nommé nommée bổ_nhiệm named ernannt dilantik
resign resigns resigned resignation démission démissionne từ_nhiệm từ_chức letak
successor succeeds succède thay_thế follows nachfolger succession
award awards prix giải_thưởng récompense prize médaille medal lauréat
launch launches launched lance lancement ra_mắt lancé pelancaran
opens opened opening inaugure inauguration khai_trương khánh_thành ouvre inauguré dibuka inaugurated
build building construction xây_dựng construire khởi_công bau
hospital hôpital bệnh_viện hopital krankenhaus rumah_sakit hospitals
doctor doctors médecin médecins bác_sĩ arzt doktor
vaccine vaccin vắc_xin vaccination tiêm_chủng vaccines vaksin impfstoff
pharmacy pharmacies pharmacie nhà_thuốc dược apotheke
patient patients bệnh_nhân pesakit
health santé sức_khỏe y_tế sức_khoẻ kesihatan kesehatan gesundheit
disease maladie bệnh diseases maladies penyakit
stroke đột_quỵ avc
cancer ung_thư kanser
court tribunal tòa_án toà_án judge juge gericht mahkamah pengadilan
trial procès xét_xử prozess perbicaraan
jail prison tù nhà_tù jailed penjara gefängnis
arrested arrêté arrestation bắt_giữ bắt arrest ditangkap ditahan verhaftet
police cảnh_sát công_an polis polizei
killed dead tué tués morts thiệt_mạng tử_vong deaths victimes maut tewas tote
injured blessés blessé bị_thương cedera luka verletzte
fire incendie hỏa_hoạn cháy kebakaran feuer brand
flood floods inondation inondations lũ_lụt ngập banjir überschwemmung
earthquake quake séisme séismes động_đất gempa tremblement erdbeben secousses
storm typhoon hurricane tempête ouragan bão taufan topan sturm
accident crash tai_nạn unfall kemalangan kecelakaan collision
plane aircraft avion máy_bay flight vol chuyến_bay pesawat flugzeug
train trains tàu_hỏa đường_sắt bahn kereta
car cars voiture voitures ô_tô véhicules vehicles xe_hơi kereta_api
truck trucks camion camions xe_tải
engine engines moteur moteurs động_cơ motor motori motoren
gas gaz khí_đốt lng gnl
electric électrique điện électriques elettrici
battery batteries pin_điện batterie
drone drones máy_bay_không
satellite vệ_tinh satellites
laboratory lab laboratoire phòng_thí labor
startup startups jeune_pousse khởi_nghiệp start-up
internet mạng_internet
network réseau mạng_lưới netzwerk rangkaian jaringan
mobile smartphone điện_thoại téléphone phone phones
television tv truyền_hình télévision
football bóng_đá soccer fußball bola
championship championnat vô_địch champion champions giải_đấu
election elections élection élections bầu_cử pilihan_raya wahlen pemilu
parliament parlement quốc_hội parlimen
law loi luật gesetz
climate climat khí_hậu climatique biến_đổi
environment environnement môi_trường umwelt
energy énergie năng_lượng energie tenaga
water eau nước_sạch air_minum
worker workers travailleurs employés công_nhân nhân_viên employees pekerja mitarbeiter
job jobs emploi emplois việc_làm postes arbeitsplätze
strike grève đình_công streik
engineer engineers ingénieur ingénieurs kỹ_sư
health-care soins chăm_sóc
child children enfant enfants trẻ_em kinder anak
woman women femme femmes phụ_nữ wanita
language langage ngôn_ngữ langue
model models modèle modèles mô_hình
patent brevet sáng_chế bằng_sáng brevets patents
report rapport báo_cáo annual laporan bericht
conference conférence hội_nghị sommet summit forum diễn_đàn hội_thảo
minority mineurs
responsible responsable trách_nhiệm ethical éthique đạo_đức
"""

# Months, with the ways to write them; a number alone is read by the pattern for dates.
_MONTHS = (
    "january jan janvier janv januari januar enero gennaio",
    "february feb février fevrier févr februari februar febbraio",
    "march mar mars mac maret märz marzo",
    "april apr avril avr abril aprile",
    "may mai mei maggio mayo",
    "june jun juin juni junio giugno",
    "july jul juillet juil julai juli julio luglio",
    "august aug août aout ogos agustus agosto",
    "september sep sept septembre septiembre settembre",
    "october oct octobre oktober okt oktober octubre ottobre",
    "november nov novembre noviembre",
    "december dec décembre disember desember dezember diciembre dicembre dis",
)

_SCALES = {
    3: "thousand nghìn ngàn mille k ribu tausend mila",
    6: "million millions triệu tr juta mio m millionen milioni milhões millones mln",
    9: "billion billions bn milliard milliards tỷ tỉ miliar milliarden miliardi bilhões b mrd md",
    12: "trillion trillions trilion billionen",
}

# Words of grammar, by language: they say nothing about what is told, but tell the language where nobody states it.
_STOP = {
    "en": """
a an the of and or in on at to for from by with as is are was were be been being it its this that these those he she they we you i his her their our
your my not no but if so than then there here when where who whom whose which what how why will would can could may might shall should must do does did
has have had having into over under after before about between during against out up down off again more most other some such only own same too very
just also new news said says say year years day days week weeks month months one two three first last time people per via re ll ve mr ms mrs today
it's while through because both each any all them him me us am since until among around like get got make made makes many much even still back""",
    "fr": """
le la les un une des du de et ou en dans sur au aux à pour par avec sans sous chez est sont était étaient être été a ont avait avoir ce cet cette ces
il elle ils elles on nous vous je tu son sa ses leur leurs notre nos votre vos qui que quoi dont où ne pas plus moins mais si comme aussi très tout toute
tous toutes autre autres même après avant depuis entre pendant selon afin an ans année jour jours mois fait faire dit deux trois premier première encore""",
    "vi": """
và của các những là có được trong cho với không một này đã sẽ đang để từ theo khi về người vào ra đến tại trên dưới như cũng nhiều hơn nhất còn lại bị do nên
thì mà ở đó nếu vì bởi hay hoặc rằng sau trước giữa năm ngày tháng tuần giờ ông bà anh chị em họ tôi chúng ta nó mình việc cái con chiếc cùng nhau rất chỉ
đây kia vừa mới số sự qua lên xuống đi làm cần phải biết thêm hai ba bốn lần hôm nay""",
    "de": """
der die das den dem des ein eine einer eines einem einen und oder in im an am auf aus bei mit nach von vom zu zum zur für ist sind war waren wird werden
wurde wurden nicht auch es er sie wir ihr sich als wie so aber dass nur noch über unter vor durch um bis hat haben hatte kein keine mehr jahr jahre""",
    "es": """
el los las una unos unas y o del al en con por para sin sobre es son fue ser ha han su sus se lo que como más pero este esta estos no""",
    "it": """
il lo gli uno di da in con su per tra fra e è sono era che non si come più ma anche nel nella dei delle della dello degli alla al dal dalla sul""",
    "pt": """
o os as um uma do da dos das no na nos nas em por com para sem sobre é são foi ser que não mais como pelo pela ao à""",
    "id": """
yang dan di ke dari untuk pada dengan ini itu adalah akan telah oleh dalam tidak ia kepada sebagai juga atau bagi satu dua tersebut kata ada mereka beliau
seorang menurut antara lebih saat para secara hari tahun lagi berkata""",
}


def _concepts() -> dict[str, int]:
    found: dict[str, int] = {}
    for number, line in enumerate(_LINES.strip().splitlines()):
        for word in line.split():
            found.setdefault(word.replace("_", " "), number)
    return found


CONCEPTS = _concepts()  # lower-case word, or two syllables with a blank -> number of the concept
STOP = frozenset(word for words in _STOP.values() for word in words.split()) | frozenset("bcdefghjklnopqrstuvwxyz")
_GRAMMAR: dict[str, str] = {}  # words of grammar that one language alone has
for _language, _words in _STOP.items():
    for _word in _words.split():
        _GRAMMAR[_word] = "" if _word in _GRAMMAR and _GRAMMAR[_word] != _language else _language


def language_of(words: list[str]) -> str:
    """Guess a language by its words of grammar (lower case, with their marks); "" where too few speak for one."""
    counts: dict[str, int] = {}
    for word in words:
        if language := _GRAMMAR.get(word):
            counts[language] = counts.get(language, 0) + 1
    if not counts:
        return ""
    best = max(counts, key=lambda language: (counts[language], language))
    return best if counts[best] >= 2 and counts[best] * 2 > sum(counts.values()) else ""


MONTHS = {word: number for number, line in enumerate(_MONTHS, 1) for word in line.split()} | {
    fold(word): number for number, line in enumerate(_MONTHS, 1) for word in line.split()
}
SCALES = {word: power for power, words in _SCALES.items() for word in words.split()}
