"""How well groups agree with labels: pair precision and recall, and B-cubed after A. Bagga and B. Baldwin (1998)."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Pairs:
    """Pairs of articles that stand in one group, and those that are labelled as one."""

    right: int  # of those made
    wrong: int
    labelled: int

    @property
    def precision(self) -> float:
        """The share of the pairs made that are labelled; 0 where none was made."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of the labelled pairs that were made; 0 where none is labelled."""
        return self.right / max(1, self.labelled)

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}  recall {self.recall:.3f}  ({self.wrong} wrong, {self.labelled} labelled pairs)"


def everything(one: Row, other: Row) -> bool:
    """Keep each pair."""
    return True


def across(one: Row, other: Row) -> bool:
    """Keep pairs in two languages."""
    return bool(one["lang"] != other["lang"])


def pairs(rows: Sequence[Row], found: Sequence[Hashable], label: str, keep: Callable[[Row, Row], bool] = everything) -> Pairs:
    """Compare all pairs of rows that `keep` keeps; an empty label is nobody else's.

    Args:
        found: the group of each row.
        label: the key of the label in a row.
    """
    right = wrong = labelled = 0
    for i, j in itertools.combinations(range(len(rows)), 2):
        if not keep(rows[i], rows[j]):
            continue
        same = bool(rows[i].get(label)) and rows[i][label] == rows[j].get(label)
        labelled += same
        if found[i] == found[j]:
            right += same
            wrong += not same
    return Pairs(right, wrong, labelled)


def b_cubed(labels: Sequence[Hashable], found: Sequence[Hashable]) -> tuple[float, float, float]:
    """Return B-cubed precision, recall and F."""
    both = Counter(zip(labels, found, strict=True))
    by_label, by_found = Counter(labels), Counter(found)
    precision = sum(both[one] / by_found[one[1]] for one in zip(labels, found, strict=True)) / len(labels)
    recall = sum(both[one] / by_label[one[0]] for one in zip(labels, found, strict=True)) / len(labels)
    return precision, recall, 2 * precision * recall / (precision + recall)
