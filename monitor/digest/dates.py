"""Dates as CLDR writes them in the digest's language, for the shapes that are read with a browser or a mail program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date, format_time

# English without the American order; the patterns are spelled out so that a new CLDR changes names at most.
_LOCALES = {"en": "en_GB", "vi": "vi", "fr": "fr"}
_FULL = {"en": "EEEE d MMMM y", "vi": "EEEE, d MMMM, y", "fr": "EEEE d MMMM y"}
_LONG = {"en": "d MMMM y", "vi": "d MMMM, y", "fr": "d MMMM y"}


@dataclass(frozen=True)
class BabelCalendar:
    """Dates in one of the frame's languages."""

    language: str

    def full(self, day: date) -> str:
        """Write a day with its weekday."""
        return self._date(day, _FULL[self.language])

    def long(self, day: date) -> str:
        """Write a day with its year."""
        return self._date(day, _LONG[self.language])

    def short(self, day: date) -> str:
        """Write a day without its year."""
        return self._date(day, "d MMM")

    def moment(self, moment: datetime, day: date) -> str:
        """Write a local moment as seen from `day`: the time alone on the day itself, the day before it, the year where it differs."""
        time = format_time(moment, "HH:mm", locale=_LOCALES[self.language])
        there = moment.date()
        if there == day:
            return time
        if there.year != day.year:
            return self.long(there)
        return f"{self.short(there)}, {time}"

    def _date(self, day: date, pattern: str) -> str:
        # French counts the first of a month: "1er novembre".
        if self.language == "fr" and day.day == 1:
            pattern = pattern.replace("d", "d'er'", 1)
        return format_date(day, pattern, locale=_LOCALES[self.language])
