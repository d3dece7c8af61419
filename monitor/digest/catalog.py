"""What a catalogue of the frame's words is: a phrase a key, or a pair of them where the number bends it."""

from __future__ import annotations

from collections.abc import Mapping

Catalog = Mapping[str, str | tuple[str, str]]
