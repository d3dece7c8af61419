"""The words of the frame in English, Vietnamese and French, and dates written by hand; headlines stay as published.

No library here: the shapes for a terminal and for plain text must start at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Protocol

LANGUAGES = ("en", "vi", "fr")

# A pair is (one, many); Vietnamese has no such difference.
_Table = Mapping[str, str | tuple[str, str]]

_EN: _Table = {
    "title": "Media digest",
    "edition": "edition {number}",
    "new": "{n} new",
    "read": ("{n} of {due} sources read", "{n} of {due} sources read"),
    "no_sources": "no sources to read",
    "unread": "No source was read, so this digest says nothing about the news.",
    "no_news": "No new coverage.",
    "quiet": "No new coverage: {topics}",
    "window": "New since {since}",
    "first": "First digest",
    "until": "as of {until}",
    "times": "times in {zone}",
    "list": ", ",
    "colon": ": ",
    "quote": "“{text}”",
    "untitled": "(no headline)",
    "unknown_outlet": "unknown outlet",
    "seen": "seen {when}",
    "published": "published {when}",
    "updated": "updated {when}",
    "headline_only": "headline only",
    "passing": "in passing",
    "baseline": "from before the watch",
    "opaque": "link through an aggregator",
    "release": "press release: {outlet}",
    "is_release": "press release",
    "affiliated": "affiliated outlet",
    "owned": "own outlet",
    "copies": ("{n} near-verbatim copy", "{n} near-verbatim copies"),
    "also": ("Also in {n} outlet", "Also in {n} outlets"),
    "also_about": "also about {topics}",
    "why": "{alias} {where}",
    "in_title": "in the headline",
    "in_summary": "in the summary",
    "in_text": "in the text",
    "score": "score {score}",
    "other": "Other topics",
    "coverage": "Coverage of the watch",
    "failing": ("Failing source", "Failing sources"),
    "silent": ("Silent source", "Silent sources"),
    "never": ("Source not asked", "Sources not asked"),
    "since": "since {when}",
    "nothing_since": "nothing new since {when}",
    "nothing_new": "nothing new",
    "more": "and {n} more",
    "gaps": (
        "One poll shared nothing with the one before: entries may have been missed.",
        "{n} polls shared nothing with the one before: entries may have been missed.",
    ),
    "n_late": (
        "Late: due {when}, made {n} hour later. The machine was asleep or off, or the monitor did not run.",
        "Late: due {when}, made {n} hours later. The machine was asleep or off, or the monitor did not run.",
    ),
    "n_missed": (
        "It stands for one earlier digest, too, that was not made.",
        "It stands for {n} earlier digests, too, that were not made.",
    ),
    "n_crawl-died": (
        "A crawl was broken off ({when}): {detail}. What it had stored stays; the rest is asked again.",
        "{n} crawls were broken off (the first {when}): {detail}. What they had stored stays; the rest is asked again.",
    ),
    "n_config-refused": "A changed configuration was refused ({when}), the one before it holds: {detail}",
    "n_delivery-given-up": ("A delivery was given up ({when}): {detail}", "{n} deliveries were given up (the first {when}): {detail}"),
    "n_delivery-unsure": (
        "A delivery was never confirmed and may not have arrived ({when}): {detail}",
        "{n} deliveries were never confirmed and may not have arrived (the first {when}): {detail}",
    ),
    "archive": "Digest archive",
    "alert": "Alert",
    "burst": ("{topic}: {n} story within an hour, usually {usual}", "{topic}: {n} stories within an hour, usually {usual}"),
    "more_stories": ("and {n} more story", "and {n} more stories"),
    "sent_again": "(Sent again: the first try was not confirmed and may have arrived.)",
    "sample": "Sample",
    "n_other": ("{when}: {detail}", "{when} ({n} times): {detail}"),
    "entries": ("{n} entry seen", "{n} entries seen"),
    "kept": ("{n} article kept", "{n} articles kept"),
    "suppressed": "{n} suppressed",
    "last_crawl": "last crawl {when}",
    "never_crawled": "never crawled",
    "r_dns": "name not found",
    "r_timeout": "no answer in time",
    "r_tls": "no secure connection",
    "r_connection": "no connection",
    "r_not-a-feed": "not a feed",
    "r_robots": "robots.txt forbids it",
    "r_blocked": "access refused",
    "r_gone": "the feed is gone",
    "r_failed": "failed",
}

_VI: _Table = {
    "title": "Điểm tin báo chí",
    "edition": "bản số {number}",
    "new": "{n} tin mới",
    "read": "đã đọc {n}/{due} nguồn",
    "no_sources": "không có nguồn nào để đọc",
    "unread": "Không đọc được nguồn nào, nên bản tin này không cho biết có tin mới hay không.",
    "no_news": "Không có tin mới.",
    "quiet": "Không có tin mới: {topics}",
    "window": "Tin mới từ {since}",
    "first": "Bản tin đầu tiên",
    "until": "tính đến {until}",
    "times": "giờ {zone}",
    "list": ", ",
    "colon": ": ",
    "quote": "“{text}”",
    "untitled": "(không có tiêu đề)",
    "unknown_outlet": "không rõ báo",
    "seen": "thấy lúc {when}",
    "published": "đăng {when}",
    "updated": "cập nhật {when}",
    "headline_only": "chỉ có tiêu đề",
    "passing": "nhắc thoáng qua",
    "baseline": "có từ trước khi theo dõi",
    "opaque": "liên kết qua trang tổng hợp",
    "release": "thông cáo báo chí: {outlet}",
    "is_release": "thông cáo báo chí",
    "affiliated": "kênh liên kết",
    "owned": "kênh của tổ chức",
    "copies": "{n} bản đăng lại gần như nguyên văn",
    "also": "Còn đăng ở {n} báo khác",
    "also_about": "còn nhắc đến {topics}",
    "why": "{alias} {where}",
    "in_title": "trong tiêu đề",
    "in_summary": "trong tóm tắt",
    "in_text": "trong bài",
    "score": "điểm {score}",
    "other": "Chủ đề khác",
    "coverage": "Tình trạng theo dõi",
    "failing": "Nguồn bị lỗi",
    "silent": "Nguồn im lặng",
    "never": "Nguồn chưa được hỏi",
    "since": "từ {when}",
    "nothing_since": "không có gì mới từ {when}",
    "nothing_new": "không có gì mới",
    "more": "và {n} nguồn nữa",
    "gaps": "{n} lần đọc không trùng mục nào với lần trước: có thể đã bỏ sót tin.",
    "n_late": "Trễ: hẹn {when}, làm sau {n} giờ. Máy đã ngủ hoặc tắt, hoặc chương trình không chạy.",
    "n_missed": "Bản này thay cho cả {n} bản tin trước đó đã không được làm.",
    "n_crawl-died": "{n} lần thu thập bị ngắt (lần đầu {when}): {detail}. Những gì đã lưu vẫn còn; phần còn lại sẽ được hỏi lại.",
    "n_config-refused": "Cấu hình mới bị từ chối ({when}), cấu hình trước vẫn dùng: {detail}",
    "n_delivery-given-up": "{n} lần gửi đã phải bỏ (lần đầu {when}): {detail}",
    "n_delivery-unsure": "{n} lần gửi không được xác nhận, có thể chưa đến nơi (lần đầu {when}): {detail}",
    "archive": "Kho bản tin",
    "alert": "Báo động",
    "burst": "{topic}: {n} tin trong một giờ, thường lệ {usual}",
    "more_stories": "và {n} tin nữa",
    "sent_again": "(Gửi lại: lần đầu không được xác nhận và có thể đã đến.)",
    "sample": "Bản mẫu",
    "n_other": "{when} ({n} lần): {detail}",
    "entries": "{n} mục mới thấy",
    "kept": "giữ {n} bài",
    "suppressed": "loại {n}",
    "last_crawl": "lần đọc cuối {when}",
    "never_crawled": "chưa đọc lần nào",
    "r_dns": "không tìm thấy tên miền",
    "r_timeout": "quá thời gian chờ",
    "r_tls": "kết nối không an toàn",
    "r_connection": "không kết nối được",
    "r_not-a-feed": "không phải nguồn tin RSS hay Atom",
    "r_robots": "robots.txt không cho phép",
    "r_blocked": "bị từ chối truy cập",
    "r_gone": "nguồn tin không còn",
    "r_failed": "lỗi",
}

_FR: _Table = {
    "title": "Revue de presse",
    "edition": "édition {number}",
    "new": ("{n} nouveau sujet", "{n} nouveaux sujets"),
    "read": ("{n} source lue sur {due}", "{n} sources lues sur {due}"),
    "no_sources": "aucune source à lire",
    "unread": "Aucune source n’a été lue\u00a0: cette revue ne dit rien de l’actualité.",
    "no_news": "Aucun nouvel article.",
    "quiet": "Rien de nouveau\u00a0: {topics}",
    "window": "Nouveautés depuis {since}",
    "first": "Première revue",
    "until": "arrêtée à {until}",
    "times": "heures de {zone}",
    "list": ", ",
    "colon": "\u00a0: ",
    "quote": "«\u00a0{text}\u00a0»",
    "untitled": "(sans titre)",
    "unknown_outlet": "média inconnu",
    "seen": "vu {when}",
    "published": "publié le {when}",
    "updated": "mis à jour {when}",
    "headline_only": "titre seul",
    "passing": "simple mention",
    "baseline": "antérieur à la veille",
    "opaque": "lien par un agrégateur",
    "release": "communiqué\u00a0: {outlet}",
    "is_release": "communiqué",
    "affiliated": "média affilié",
    "owned": "média maison",
    "copies": ("{n} copie presque mot pour mot", "{n} copies presque mot pour mot"),
    "also": ("Aussi dans {n} média", "Aussi dans {n} médias"),
    "also_about": "concerne aussi {topics}",
    "why": "{alias} {where}",
    "in_title": "dans le titre",
    "in_summary": "dans le chapeau",
    "in_text": "dans le texte",
    "score": "score {score}",
    "other": "Autres thèmes",
    "coverage": "État de la veille",
    "failing": ("Source en échec", "Sources en échec"),
    "silent": ("Source muette", "Sources muettes"),
    "never": ("Source non interrogée", "Sources non interrogées"),
    "since": "depuis {when}",
    "nothing_since": "rien de nouveau depuis {when}",
    "nothing_new": "rien de nouveau",
    "more": "et {n} de plus",
    "gaps": (
        "{n} relevé sans rien de commun avec le précédent\u00a0: des articles ont pu échapper.",
        "{n} relevés sans rien de commun avec le précédent\u00a0: des articles ont pu échapper.",
    ),
    "n_late": (
        "En retard\u00a0: prévu {when}, fait {n} heure plus tard. La machine était en veille ou éteinte, ou le programme ne tournait pas.",
        "En retard\u00a0: prévu {when}, fait {n} heures plus tard. La machine était en veille ou éteinte, ou le programme ne tournait pas.",
    ),
    "n_missed": (
        "Il tient aussi lieu d’un bulletin précédent qui n’a pas été fait.",
        "Il tient aussi lieu de {n} bulletins précédents qui n’ont pas été faits.",
    ),
    "n_crawl-died": (
        "Un relevé a été interrompu ({when})\u00a0: {detail}. Ce qu’il avait enregistré reste, le reste sera redemandé.",
        "{n} relevés ont été interrompus (le premier {when})\u00a0: {detail}. Ce qu’ils avaient enregistré reste, le reste sera redemandé.",
    ),
    "n_config-refused": "Une configuration modifiée a été refusée ({when}), la précédente reste en vigueur\u00a0: {detail}",
    "n_delivery-given-up": (
        "Un envoi a été abandonné ({when})\u00a0: {detail}",
        "{n} envois ont été abandonnés (le premier {when})\u00a0: {detail}",
    ),
    "n_delivery-unsure": (
        "Un envoi n’a jamais été confirmé et n’est peut-être pas arrivé ({when})\u00a0: {detail}",
        "{n} envois n’ont jamais été confirmés et ne sont peut-être pas arrivés (le premier {when})\u00a0: {detail}",
    ),
    "archive": "Archives des revues",
    "alert": "Alerte",
    "burst": (
        "{topic}\u00a0: {n} sujet en une heure, d’ordinaire {usual}",
        "{topic}\u00a0: {n} sujets en une heure, d’ordinaire {usual}",
    ),
    "more_stories": ("et {n} sujet de plus", "et {n} sujets de plus"),
    "sent_again": "(Nouvel envoi\u00a0: le premier n’a pas été confirmé et est peut-être arrivé.)",
    "sample": "Échantillon",
    "n_other": ("{when}\u00a0: {detail}", "{when} ({n} fois)\u00a0: {detail}"),
    "entries": ("{n} entrée vue", "{n} entrées vues"),
    "kept": ("{n} article retenu", "{n} articles retenus"),
    "suppressed": ("{n} écarté", "{n} écartés"),
    "last_crawl": "dernier relevé {when}",
    "never_crawled": "aucun relevé",
    "r_dns": "nom introuvable",
    "r_timeout": "pas de réponse à temps",
    "r_tls": "connexion non sûre",
    "r_connection": "connexion impossible",
    "r_not-a-feed": "n’est pas un flux",
    "r_robots": "interdit par robots.txt",
    "r_blocked": "accès refusé",
    "r_gone": "le flux n’existe plus",
    "r_failed": "échec",
}

TABLES: Mapping[str, _Table] = {"en": _EN, "vi": _VI, "fr": _FR}
_THOUSANDS = {"en": ",", "vi": ".", "fr": "\u202f"}


@dataclass(frozen=True)
class Words:
    """The frame's words in one language."""

    language: str

    def say(self, key: str, **values: object) -> str:
        """Return a phrase that has no number in it, or whose number does not bend it."""
        phrase = TABLES[self.language][key]
        return (phrase if isinstance(phrase, str) else phrase[1]).format(**values)

    def count(self, key: str, n: int, **values: object) -> str:
        """Return a phrase for `n` things: French takes 0 as one, English does not."""
        phrase = TABLES[self.language][key]
        if not isinstance(phrase, str):
            phrase = phrase[0] if (n < 2 if self.language == "fr" else n == 1) else phrase[1]
        return phrase.format(n=self.number(n), **values)

    def number(self, n: int) -> str:
        """Write a whole number with the language's thousands mark."""
        return f"{n:,}".replace(",", _THOUSANDS[self.language])

    def score(self, value: float) -> str:
        """Write a score from 0 to 1 with two decimals."""
        return f"{value:.2f}" if self.language == "en" else f"{value:.2f}".replace(".", ",")

    def notice(self, kind: str, n: int, *, when: str, detail: str) -> str:
        """Say what befell the watch: in words of ours where the kind is known, else with the sentence that came with it."""
        key = f"n_{kind}"
        return self.count(key if key in TABLES[self.language] else "n_other", n, when=when, detail=detail)

    def reason(self, word: str, detail: str = "") -> str:
        """Say why a source fails: a known word in the frame's language, else the sentence that came with it."""
        if word.startswith("http-"):
            return f"HTTP {word[5:]}"
        table = TABLES[self.language]
        phrase = table.get(f"r_{word}")
        return str(phrase) if phrase else detail or word.replace("-", " ") or str(table["r_failed"])


@lru_cache
def words_of(language: str) -> Words:
    """Return the words of a language tag ("fr", "fr-CA"); English where there are none."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return Words(primary if primary in TABLES else "en")


class Calendar(Protocol):
    """How dates are written."""

    def full(self, day: date) -> str:
        """Write a day with its weekday."""

    def long(self, day: date) -> str:
        """Write a day with its year."""

    def moment(self, moment: datetime, day: date) -> str:
        """Write a local moment as seen from `day`: the time alone on the day itself."""
