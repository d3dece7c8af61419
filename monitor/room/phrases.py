"""The room's own words in English, Vietnamese and French, beside those of the digest; headlines stay as published."""

from __future__ import annotations

from monitor.digest.words import Words, words_of

_AT = {"en": 0, "vi": 1, "fr": 2}

PHRASES: dict[str, tuple[str, str, str]] = {
    "brand": ("Media monitor", "Điểm tin", "Veille médias"),
    "skip": ("Skip to the content", "Đến nội dung chính", "Aller au contenu"),
    "menu": ("Pages", "Các trang", "Pages"),
    "next": ("New", "Tin mới", "Nouveau"),
    "days_newest": ("Newest", "Mới nhất", "Dernière"),
    "days": ("Days", "Theo ngày", "Jours"),
    "topics": ("Topics", "Chủ đề", "Sujets"),
    "outlets": ("Outlets", "Báo, đài", "Médias"),
    "search": ("Search", "Tìm kiếm", "Recherche"),
    "trends": ("Trends", "Xu hướng", "Tendances"),
    "sources": ("Sources", "Nguồn tin", "Sources"),
    "suppressed": ("Left out", "Đã loại", "Écartés"),
    "about_next": (
        "What the next digest will tell, as of now.",
        "Những gì bản điểm tin kế tiếp sẽ đưa, tính đến lúc này.",
        "Ce que dira la prochaine revue, à cette heure.",
    ),
    "last_digest": ("The last digest: {day}", "Bản điểm tin gần nhất: {day}", "La dernière revue : {day}"),
    "older": ("Older", "Cũ hơn", "Plus ancien"),
    "newer": ("Newer", "Mới hơn", "Plus récent"),
    "story": ("Story {id}", "Câu chuyện {id}", "Sujet {id}"),
    "whole_story": ("The whole story", "Toàn bộ câu chuyện", "Toute l’histoire"),
    "told_on": ("Told in the digest of {day}", "Đã đưa trong bản điểm tin {day}", "Paru dans la revue du {day}"),
    "not_told": ("Not told yet", "Chưa đưa", "Pas encore paru"),
    "timeline": ("Timeline", "Diễn biến", "Chronologie"),
    "copy_of": ("near-verbatim copy of {id}", "bản sao gần nguyên văn của {id}", "copie presque mot pour mot de {id}"),
    "here_because": ("In this story: {rule}", "Thuộc câu chuyện này: {rule}", "Dans cette histoire : {rule}"),
    "seen_at": ("seen at {sources}", "thấy ở {sources}", "vu chez {sources}"),
    "nothing": ("Nothing found.", "Không tìm thấy gì.", "Rien trouvé."),
    "nothing_here": ("Nothing here yet.", "Chưa có gì.", "Rien pour l’instant."),
    "moved": ("This story is part of another one now.", "Tin này nay thuộc một tin khác.", "Ce sujet fait maintenant partie d’un autre."),
    "read_there": ("Read it there", "Đọc tại đó", "Le lire là-bas"),
    "not_found": ("There is no such page.", "Không có trang này.", "Cette page n’existe pas."),
    "words": ("Words", "Từ khóa", "Mots"),
    "words_hint": (
        'Tone marks and capitals do not matter. "a phrase", -without, one OR other, begin*',
        'Không cần dấu hay chữ hoa. "một cụm từ", -loại trừ, từ này OR từ kia, bắt đầu*',
        "Accents et majuscules n’importent pas. « une expression », -sans, l’un OR l’autre, début*",
    ),
    "words_hint_site": (
        "Headlines and the words round each hit. Tone marks and capitals do not matter. -without, begin*",
        "Tiêu đề và các từ quanh tên được nhắc. Không cần dấu hay chữ hoa. -loại trừ, bắt đầu*",
        "Titres et mots autour de chaque mention. Accents et majuscules n’importent pas. -sans, début*",
    ),
    "more_hits": ("More", "Thêm", "Suite"),
    "topic": ("Topic", "Chủ đề", "Sujet"),
    "unit": ("Unit", "Đơn vị", "Unité"),
    "outlet": ("Outlet", "Báo, đài", "Média"),
    "language": ("Language", "Ngôn ngữ", "Langue"),
    "ownership": ("Ownership", "Sở hữu", "Propriété"),
    "from_day": ("From", "Từ ngày", "Du"),
    "to_day": ("To", "Đến ngày", "Au"),
    "any": ("any", "tất cả", "tous"),
    "find": ("Find", "Tìm", "Chercher"),
    "filters": ("Filters", "Bộ lọc", "Filtres"),
    "found": ("{n} articles hold these words.", "{n} bài có các từ này.", "{n} articles contiennent ces mots."),
    "found_one": ("One article holds these words.", "1 bài có các từ này.", "Un article contient ces mots."),
    "found_some": (
        "The newest {n} articles with these words.",
        "{n} bài mới nhất có các từ này.",
        "Les {n} derniers articles avec ces mots.",
    ),
    "found_many": (
        "More than {n} articles hold these words: the newest first.",
        "Hơn {n} bài có các từ này: bài mới nhất trước.",
        "Plus de {n} articles contiennent ces mots : les plus récents d’abord.",
    ),
    "last_days": ("{n} days", "{n} ngày", "{n} jours"),
    "most_articles": ("Outlets with most articles", "Nhiều bài nhất", "Médias les plus actifs"),
    "day": ("Day", "Ngày", "Jour"),
    "articles": ("Articles", "Số bài", "Articles"),
    "share": ("Share", "Tỷ lệ", "Part"),
    "last_seen": ("Last seen", "Thấy gần nhất", "Vu en dernier"),
    "figures": ("The figures", "Số liệu", "Les chiffres"),
    "source": ("Source", "Nguồn", "Source"),
    "state": ("State", "Tình trạng", "État"),
    "last_poll": ("Last asked", "Lần hỏi gần nhất", "Dernière lecture"),
    "last_new": ("Last news", "Tin gần nhất", "Dernière nouvelle"),
    "next_poll": ("Next", "Lần tới", "Prochaine"),
    "per_day": ("A day", "Mỗi ngày", "Par jour"),
    "fine": ("read", "đọc được", "lue"),
    "fails": ("fails", "lỗi", "en panne"),
    "silent": ("silent", "im lặng", "muette"),
    "not_asked": ("not asked yet", "chưa hỏi", "pas encore lue"),
    "why_out": ("Left out: {rule}", "Bị loại: {rule}", "Écarté : {rule}"),
    "about_suppressed": (
        "Hits that were not told, each with the rule that decided.",
        "Những lần nhắc tên không được đưa, kèm quy tắc đã quyết định.",
        "Les mentions qui n’ont pas paru, chacune avec la règle qui a tranché.",
    ),
    "verdicts": ("Your verdict", "Ý kiến của bạn", "Votre verdict"),
    "not_us": ("Not us", "Không phải chúng tôi", "Ce n’est pas nous"),
    "is_us": ("Is us", "Là chúng tôi", "C’est nous"),
    "same_as": ("Same story as", "Cùng chuyện với", "Même histoire que"),
    "join": ("Join them", "Gộp lại", "Réunir"),
    "not_same": ("Not the same", "Không cùng chuyện", "Pas la même"),
    "mute": ("Mute {outlet} for {topic}", "Tắt {outlet} về {topic}", "Ignorer {outlet} sur {topic}"),
    "unmute": ("Hear it again", "Nghe lại", "Réécouter"),
    "muted": ("Muted outlets", "Báo, đài đã tắt", "Médias ignorés"),
    "all_topics": ("all topics", "mọi chủ đề", "tous les sujets"),
    "remembered": (
        "Remembered, and obeyed by the next digest.",
        "Đã ghi nhớ; bản điểm tin kế tiếp sẽ theo.",
        "Noté ; la prochaine revue en tiendra compte.",
    ),
    "feeds": ("Feeds", "Nguồn Atom", "Flux"),
    "feed_of": ("{topic} as an Atom feed", "{topic}: nguồn Atom", "{topic} en flux Atom"),
    "month": ("Month", "Tháng", "Mois"),
    "open_at": ("Read at {outlet}", "Đọc tại {outlet}", "Lire chez {outlet}"),
    "token": ("Access token", "Mã truy cập", "Jeton d’accès"),
    "sign_in": ("Sign in", "Đăng nhập", "Se connecter"),
    "wrong_token": ("This is not the token.", "Mã không đúng.", "Ce n’est pas le jeton."),
    "error": ("This did not work", "Không làm được", "Cela n’a pas marché"),
    "stale": (
        "This form is out of date: go back, load the page again, and try once more.",
        "Biểu mẫu đã cũ: hãy quay lại, tải lại trang và thử lần nữa.",
        "Ce formulaire a expiré : revenez en arrière, rechargez la page et réessayez.",
    ),
    "updated": ("As of {when}", "Cập nhật {when}", "À jour au {when}"),
    "searching": ("Searching…", "Đang tìm…", "Recherche…"),
    "no_script": (
        "The search of this archive needs JavaScript; everything else works without.",
        "Tìm kiếm trong kho này cần JavaScript; mọi phần khác thì không.",
        "La recherche dans cette archive demande JavaScript ; tout le reste s’en passe.",
    ),
    "api_title": ("The same as JSON", "Dữ liệu JSON", "Les mêmes données en JSON"),
    "by_first": ("the first report", "bài đầu tiên", "le premier article"),
    "by_copy": ("a copy", "bản sao", "une copie"),
    "by_story": ("the same event", "cùng sự kiện", "le même événement"),
    "by_title": ("the headline", "tiêu đề", "le titre"),
    "by_person": ("your verdict", "ý kiến của bạn", "votre verdict"),
    "by_url": ("the same address", "cùng địa chỉ", "la même adresse"),
    "by_translation": ("the same event in another language", "cùng sự kiện, ngôn ngữ khác", "le même événement dans une autre langue"),
}


class Phrases:
    """The words of one language: `say` knows the room's, `frame` is the digest's."""

    def __init__(self, language: str) -> None:
        self.frame: Words = words_of(language)
        self.language = self.frame.language

    def say(self, key: str, **values: object) -> str:
        """Return a phrase of the room."""
        return PHRASES[key][_AT[self.language]].format(**values)

    def rule(self, rule: str) -> str:
        """Say by which rule an article came into its story; the rule's own word where there is none for it."""
        return self.say(f"by_{rule}") if f"by_{rule}" in PHRASES else rule
