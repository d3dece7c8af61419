"""Made-up news: articles whose words are spread as those of a language are, and copies of a release as outlets print them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from storage.items import Article

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
_SYLLABLES = "ba be bi bo bu ca ce ci co cu da de di do du fa fe fi fo ga ge go gu ka ke ki la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo za ze zo".split()


class Maker:
    """Makes articles whose words are as unevenly common as those of a language (Zipf)."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        build = random.Random(1)
        self._words = ["".join(build.choices(_SYLLABLES, k=build.choice((1, 2, 2, 3, 3, 4)))) for _ in range(30_000)]
        self._names = ["".join(build.choices(_SYLLABLES, k=build.choice((2, 3)))).title() for _ in range(20_000)]
        self._weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self._words))))

    def sentence(self, names: Sequence[str] = ()) -> str:
        """Make one sentence."""
        words = self._random.choices(self._words, cum_weights=self._weights, k=self._random.randint(8, 22))
        if names:
            words.insert(len(words) // 2, self._random.choice(list(names)))
        return f"{words[0].title()} {' '.join(words[1:])}."

    def article(self, number: int, at: datetime, sentences: int = 12) -> Article:
        """Make one article of its own event."""
        names = [" ".join(self._random.choices(self._names, k=2)) for _ in range(3)]
        text = " ".join(self.sentence(names if index % 2 else ()) for index in range(sentences))
        title = f"{names[0]} {' '.join(self._random.choices(self._words, cum_weights=self._weights, k=5))}"
        host = f"outlet{number % 400}.example"
        return Article(url=f"https://{host}/{number}", title=title, text=text, published=at, language="en", outlet_host=host)


def variants(release: Article, count: int, seed: int = 7) -> list[Article]:
    """Make copies of one release as outlets print it: another dateline, cut, furniture added, other typography, another headline."""
    chance, maker = random.Random(seed), Maker(seed)
    sentences = release.text.split(". ")
    made = []
    for number in range(count):
        kept = sentences[: max(3, round(len(sentences) * chance.choice((1.0, 1.0, 0.9, 0.8, 0.7, 0.6))))]
        text = ". ".join(kept)
        if chance.random() < 0.6:
            text = f"{chance.choice(('HANOI', 'MONTREAL', 'Paris', 'TP.HCM'))}, Nov. {chance.randint(1, 28)}, 2026 /Wire/ - {text}"
        if chance.random() < 0.5:
            text = f"{text} {maker.sentence()} Read more: {maker.sentence()}"
        if chance.random() < 0.5:
            text = text.replace("'", "’").replace(" - ", " — ").replace(". ", ".\n")
        title = release.title if chance.random() < 0.6 else f"{release.title}: {maker.sentence()[:30]}"
        host = f"copy{number}.example"
        at = (release.published or NOW) + timedelta(hours=chance.randint(0, 40))
        made.append(Article(url=f"https://{host}/{number}", title=title, text=text, published=at, language="en", outlet_host=host))
    return made
