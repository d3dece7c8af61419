"""`monitor stories`: two lines a story on a terminal, by day; one line of tab-separated cells in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from monitor.cli.terminal import put, terminal_of
from monitor.digest.layout import wrap
from monitor.digest.safe import plain, terminal_url
from monitor.stories import lead
from storage.items import StoredArticle, Story

_BOLD, _DIM, _ACCENT, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[36m", "\x1b[0m"


def print_story_lines(found: Iterable[Story], *, zone: ZoneInfo) -> None:
    """Print stories, newest first as they come."""
    if not sys.stdout.isatty():
        for story in found:
            print("\t".join(_cells(story, zone)))
        return
    able = terminal_of(sys.stdout)
    lines = list(_lines(found, zone, width=able.width, color=able.color, hyperlinks=able.hyperlinks))
    if lines:
        put("\n".join(lines) + "\n")
    else:
        print("nothing found", file=sys.stderr)


def _cells(story: Story, zone: ZoneInfo) -> Sequence[str]:
    main, outlets = _outlets(story)
    more = f" +{len(outlets) - 1}" if len(outlets) > 1 else ""
    seen = min(stored.first_seen for stored in story.articles).astimezone(zone)
    return f"s{story.id}", seen.strftime("%Y-%m-%d %H:%M"), f"{outlets[0]}{more}", _flat(main.article.title), ", ".join(_topics(story))


def _lines(found: Iterable[Story], zone: ZoneInfo, *, width: int, color: bool, hyperlinks: bool) -> Iterator[str]:
    def on(style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if color else text

    today: date | None = None
    for story in found:
        main, outlets = _outlets(story)
        seen = min(stored.first_seen for stored in story.articles).astimezone(zone)
        if seen.date() != today:
            if today is not None:
                yield ""
            today = seen.date()
            yield on(_ACCENT, f"{today:%A %d %B %Y}")
            yield on(_DIM, "─" * width)
        url = terminal_url(main.article.url) if hyperlinks else ""
        for number, line in enumerate(wrap(_flat(main.article.title) or "(no headline)", width - 9, "")):
            head = f"{seen:%H:%M}  " if number == 0 else " " * 7
            shown = on(_BOLD, line)
            yield head + (f"\x1b]8;id=s{story.id};{url}\x1b\\{shown}\x1b]8;;\x1b\\" if url else shown)
        about = " · ".join(
            (f"s{story.id}", ", ".join(outlets[:3]) + (f" +{len(outlets) - 3}" if len(outlets) > 3 else ""), ", ".join(_topics(story)))
        )
        for line in wrap(about, width, " " * 7):
            yield on(_DIM, line)


def _outlets(story: Story) -> tuple[StoredArticle, list[str]]:
    """Return the main article, and all outlets, its own first."""
    main = lead(story)
    ordered = (main, *story.articles)
    return main, list(dict.fromkeys(_flat(stored.article.outlet or stored.article.outlet_host) or "-" for stored in ordered))


def _topics(story: Story) -> list[str]:
    return list(dict.fromkeys(_flat(topic) for stored in story.articles for topic in stored.topics))


def _flat(text: str) -> str:
    return plain(text).strip()
