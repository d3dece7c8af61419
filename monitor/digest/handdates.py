"""The same dates as in `dates`, written by hand: a terminal must not wait for a locale library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

_MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "vi": [f"tháng {number}" for number in range(1, 13)],
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
}
_SHORT = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec".split(),
    "vi": [f"thg {number}" for number in range(1, 13)],
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split(),
}
_WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "vi": ["Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật"],
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche".split(),
}


@dataclass(frozen=True)
class HandCalendar:
    """Dates in one of the frame's languages."""

    language: str

    def full(self, day: date) -> str:
        """Write a day with its weekday."""
        comma = "," if self.language == "vi" else ""
        return f"{_WEEKDAYS[self.language][day.weekday()]}{comma} {self.long(day)}"

    def long(self, day: date) -> str:
        """Write a day with its year."""
        comma = "," if self.language == "vi" else ""
        return f"{self._number(day)} {_MONTHS[self.language][day.month - 1]}{comma} {day.year}"

    def short(self, day: date) -> str:
        """Write a day without its year."""
        return f"{self._number(day)} {_SHORT[self.language][day.month - 1]}"

    def moment(self, moment: datetime, day: date) -> str:
        """Write a local moment as seen from `day`: the time alone on the day itself, the day before it, the year where it differs."""
        time = f"{moment:%H:%M}"
        there = moment.date()
        if there == day:
            return time
        if there.year != day.year:
            return self.long(there)
        return f"{self.short(there)}, {time}"

    def _number(self, day: date) -> str:
        return "1er" if self.language == "fr" and day.day == 1 else str(day.day)
