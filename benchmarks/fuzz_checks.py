"""What the fuzzer holds against what it gets: text is clean, a shape is inert."""

from __future__ import annotations


def inert(shape: str, faults: list[str]) -> None:
    """A shape has no faults."""
    assert not faults, f"{shape}: {'; '.join(faults)[:500]}"


def assert_clean(text: str, limit: int, *, lines: bool = False) -> None:
    """Text is as `clean_text` leaves it, and no longer than its limit."""
    from storage.text import clean_text

    assert len(text) <= limit, f"{len(text)} code points, {limit} allowed"
    assert clean_text(text, limit, lines=lines) == text, f"not clean: {text[:200]!r}"
    text.encode("utf-8")
