"""The dress of pages that are read in a mail program, too: styles written onto the elements, and pictures as paths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

_RULE = re.compile(r"^\.(\w+) \{ (.*?) \}$", re.MULTILINE)
_OPACITIES = (1, 0.62, 0.4, 0.26, 0.17, 0.1)
_WIDE, _HIGH = 600, 70  # of a picture, in its own units


@lru_cache(maxsize=1)
def styled() -> dict[str, Markup]:
    """Return the attributes of elements: a class, for the rules in the head, and its style, for programs that drop these."""
    return {name: Markup(f'class="{name}" style="{rule}"') for name, rule in _style()[0].items()}  # noqa: S704 - our own style sheet


def media() -> Markup:
    """Return the rules that depend on the reader's screen, for the head."""
    return Markup(_style()[1])  # noqa: S704 - our own style sheet


def environment(templates: Path) -> jinja2.Environment:
    """Return where templates of pages are made: all that is filled in is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def picture_of_days(counts: Sequence[int]) -> dict[str, str]:
    """Return bars as paths of one picture: those `before`, and `today`'s, the last."""
    most = max(counts, default=0) or 1
    step = _WIDE / max(len(counts), 1)
    gap = min(2.0, step / 6)
    bars = []
    for at, n in enumerate(counts):
        high = max(round(_HIGH * n / most), 2) if n else 1
        bars.append(f"M{at * step + gap:.1f} 72v-{high}h{step - 2 * gap:.1f}v{high}z")
    return {"before": "".join(bars[:-1]), "today": "".join(bars[-1:])}


def picture_of_parts(parts: Sequence[float]) -> list[dict[str, Any]]:
    """Return the parts of a whole as paths beside each other, the first the darkest."""
    drawn, begin = [], 0.0
    for number, part in enumerate(parts):
        wide = max(part * _WIDE - 2, 1)
        opacity = _OPACITIES[min(number, len(_OPACITIES) - 1)]
        drawn.append({"opacity": f"{opacity:g}", "path": f"M{begin:.0f} 0h{wide:.0f}v10h-{wide:.0f}z"})
        begin += part * _WIDE
    return drawn


@lru_cache(maxsize=1)
def _style() -> tuple[dict[str, str], str]:
    """Return the style of each class, and the rules that depend on the reader's screen."""
    text = Path(__file__).with_name("templates").joinpath("digest.css").read_text(encoding="utf-8")
    base, at, media = text.partition("\n@media")
    return dict(_RULE.findall(base)), re.sub(r"\n\s+", " ", at + media).strip()
