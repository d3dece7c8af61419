"""What a headline says of the series it belongs to: quarter, issue, round, day, stage, a column, a list of the day. Pure.

Two headlines that name different ones tell different news, however alike they are worded.
"""

from __future__ import annotations

import re
import zlib
from itertools import pairwise

from storage.concepts import MONTHS

CJK_DATE = re.compile(r"(\d{1,2})[月월]\s?(\d{1,2})[日일号]")
_VI_DATE = re.compile(r"\b(\d{1,2}) thang (\d{1,2})\b")
AMOUNT = 9  # the kind under which amounts stand among the periods

# What tells one number of a series from the next, in headlines.
_PERIODS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (1, r"\b(?:q|quy|quarter|trimestre|t)[\s\-]?([1-4])\b|\b([1-4])q\d*\b|\b([1-4])(?:st|nd|rd|th|er|e|eme)?[\s\-](?:quarter|trimestre)\b"),
        (2, r"(?:#|\bso|\bno\.?|\bn°|\bky|\btap|\bphan|\bvol\.?|\bep\.?|\bepisode|\bissue|\bpart|\bedition|\bbai|\bchapter)\s?(\d{1,4})\b"),
        (3, r"\b(?:round|vong|matchday|journee|luot|spieltag|week|tuan|semaine|game|match|tran|khoa|stage|chang|day|ngay thu|jour)\s(\d{1,3})\b(?![/.\-]\d)|第?(\d{1,3})\s?(?:라운드|차전|회차|節|回戦|試合|轮)"),
    )
)  # fmt: skip
_QUARTER_WORDS = (
    r"first quarter|premier trimestre|quy i\b|1er trimestre|quy dau",
    r"second quarter|deuxieme trimestre|quy ii\b",
    r"third quarter|troisieme trimestre|quy iii\b",
    r"fourth quarter|quatrieme trimestre|quy iv\b",
)
_QUARTERS = tuple(re.compile(words) for words in _QUARTER_WORDS)
# Stages of one matter that exclude each other in headlines: begun and finished, arrested and sentenced, named and chosen.
_STAGE_WORDS = (
    # kind, stage, words (each at the beginning of a word), words of scripts without spaces
    (6, 1, (r"khoi cong\b|dong tho\b|(?:breaks?|broke|breaking) ground\b|groundbreaking\b|ground-breaking\b|(?:starts?|begins?|started|began) (?:construction|building|work)\b"
           r"|premiere pierre\b|debut des travaux\b|spatenstich\b|primera piedra\b"), "着工|起工|착공"),
    (6, 2, (r"khanh thanh\b|di vao hoat dong\b|khai truong\b|khai giang\b|inaugurat|inaugur(?:e|ee|es|ation)\b|(?:opens|opened) (?:its|their|the) doors\b|completes? construction\b"
           r"|eingeweiht\b"), "竣工|落成|준공|개관"),
    (7, 1, r"bat (?:tam )?giam\b|khoi to\b|arrest(?:s|ed)?\b|interpelle|mis(?:e)? en examen\b|festgenommen\b", "逮捕|체포"),
    (7, 2, r"tuyen an\b|linh an\b|(?:nam|thang) tu\b|sentenced\b|jailed for\b|condamn|verurteilt\b", "判決|선고"),
    (8, 1, r"nominated\b|shortlist|nominee|de cu\b|vao chung ket\b|nomme(?:e)?s? (?:aux|pour)\b|finaliste", ""),
    (8, 2, r"wins?\b|won\b|gianh giai\b|doat giai\b|vo dich\b|remporte", ""),
)  # fmt: skip


def _at_words(words: str, others: str) -> re.Pattern[str]:
    """One boundary before all of them: it is asked word by word, not letter by letter for each."""
    return re.compile(rf"\b(?:{words})" + (f"|{others}" if others else ""))


_STAGES = tuple((kind, stage, _at_words(words, others)) for kind, stage, words, others in _STAGE_WORDS)
_ANY_STAGE = _at_words("|".join(words for _, _, words, _ in _STAGE_WORDS), "|".join(others for _, _, _, others in _STAGE_WORDS if others))
_DIGIT = re.compile(r"\d")
_HALVES = re.compile(
    r"half[\s\-]year|first half|nua dau nam|premier semestre|6 thang|sau thang|9 thang|nine months|full[\s\-]year|ca nam|annual"
)
_SCORE = re.compile(r"(?<![\d/.,:\-])(\d|1[0-5])\s?[-–]\s?(\d|1[0-5])(?![\d/.,:\-%])")
_DATE = re.compile(r"(?<![\d.,/])(\d{1,2})[/.\-](\d{1,2})(?:[/.\-]((?:19|20)?\d\d))?(?![\d/]|[.,]\d)")
_YEAR = re.compile(r"\b((?:19|20)\d\d)\b(?!\s?[-–]\s?\d)")
_SERIAL = _at_words(
    r"hom nay\b|today'?s\b|live (?:blog|updates?|coverage)\b|live:|en direct\b|truc tiep\b|du du bao\b|du bao thoi tiet\b|weather forecast\b|meteo\b"
    r"|horoscope\b|tu vi\b|xo so\b|lottery\b|gia (?:vang|xang|usd|ca phe|heo|tieu|lua|dau|bac)\b|ty gia\b|exchange rates?\b|market (?:wrap|close|report|update)\b|stocks to watch\b"
    r"|weekly\b|daily\b|newsletter\b|morning brief|round-?up\b|digest\b|diem (?:tin|bao)\b|tieu diem\b|chuyen dong \d|ban tin\b|tin (?:nhanh|sang|toi|trua)\b|column\b|chronique\b|revue de presse\b"
    r"|obituar|in memoriam\b|necrologie\b|cao pho\b|tin buon\b|cours de (?:l'or|la bourse)\b|cac 40\b|vn-?index\b|crossword\b|quiz\b|tv guide\b|lich (?:thi dau|phat song|cup)\b"
    r"|things to (?:know|do)\b|deals of the (?:day|week)\b|opening bell\b|closing bell\b|minute by minute\b|minute par minute\b|as it happened\b",
    "",
)
_SERIAL_BARS = re.compile(r"\S \| .* \| ")
_SERIAL_CJK = re.compile(
    r"日経平均|終値|東京株|円相場|為替|天気予報|宝くじ|占い|きょうの|今日の|週間|連載|社説|訃報|生中継|速報中"
    r"|코스피|코스닥|환율|마감|증시|날씨|운세|로또|오늘의|주간|연재|사설|부고|생중계"
    r"|收盘|股市|汇率|天气|彩票|讣告|直播"
)  # fmt: skip


def periods(title: str) -> frozenset[int]:
    """Return what a folded headline is numbered by: "kind * 2**24 + value"."""
    found = _numbered(title) if _DIGIT.search(title) else set()
    if _ANY_STAGE.search(title):
        found.update(kind << 24 | stage for kind, stage, pattern in _STAGES if pattern.search(title))
    if "quarter" in title or "trimestre" in title or "quy " in title:
        found.update(1 << 24 | number for number, pattern in enumerate(_QUARTERS, 1) if pattern.search(title))
    if half := _HALVES.search(title):
        found.add(1 << 24 | 0x8000 | zlib.crc32(half[0].encode()) & 0x7FFF)
    head, bar, tail = title.rpartition(" | ")
    if bar and len(tail.split()) >= 3:
        # A series named behind a bar: its parts are told apart by what stands before it.
        found.add((0x40 | zlib.crc32(tail.encode()) & 0x3F) << 24 | zlib.crc32(head.encode()) & 0xFFFFFF)
    return frozenset(found)


def _numbered(title: str) -> set[int]:
    """Return the periods that digits name."""
    found = set()
    for kind, pattern in _PERIODS:
        for match in pattern.finditer(title):
            found.add(kind << 24 | int(next(group for group in match.groups() if group)))
    for match in _DATE.finditer(title):
        first, second = int(match[1]), int(match[2])
        if 0 < first <= 31 and 0 < second <= 31 and min(first, second) <= 12:
            found.add(4 << 24 | min(first, second) * 32 + max(first, second))
    for match in (*CJK_DATE.finditer(title), *_VI_DATE.finditer(title)):
        found.add(4 << 24 | min(int(match[1]), int(match[2])) * 32 + max(int(match[1]), int(match[2])))
    words = title.replace(",", " ").replace(".", " ").split()
    for before, after in pairwise(words):
        for day, month in ((before, after), (after, before)):
            known = MONTHS.get(month)
            if known and day.isdecimal() and 0 < int(day) <= 31:
                found.add(4 << 24 | min(known, int(day)) * 32 + max(known, int(day)))
    for match in _SCORE.finditer(title):
        found.add(10 << 24 | min(int(match[1]), int(match[2])) << 8 | max(int(match[1]), int(match[2])))
    for match in _YEAR.finditer(title):
        found.add(5 << 24 | int(match[1]))
    return found


def is_serial(title: str) -> bool:
    """Whether a folded headline is that of a column, a live blog, a list of the day, an obituary."""
    return bool(
        _SERIAL.search(title) or ("|" in title and _SERIAL_BARS.search(title)) or (not title.isascii() and _SERIAL_CJK.search(title))
    )


def amount(digits: str) -> int:
    """Return a large number as it stands among the periods, to three digits."""
    return AMOUNT << 24 | len(digits) << 10 | int(digits[:3].ljust(3, "0"))


def amounts_of(found: frozenset[int]) -> tuple[float, ...]:
    """Return the large numbers of a headline (those with a scale: "4.5 million"), to three digits."""
    return tuple((value & 0x3FF) * 10.0 ** ((value >> 10 & 0x3FFF) - 3) for value in sorted(found) if value >> 24 == AMOUNT)
