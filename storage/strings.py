"""The column type of texts: what a database does not take is left at its door, alike on both engines.

Texts are cleaned where they are read (`storage.text`); this is the last door behind that. PostgreSQL takes no NUL and nothing longer than
its column, neither engine half a surrogate pair, and one such text, overlooked in what a stranger wrote, would end the crawl of all sources.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

_NOT_TAKEN = re.compile("[\x00\ud800-\udfff]")


class Words(TypeDecorator[str]):
    """A text, of any length or cut to one in code points."""

    impl = Text
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__()
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Be a plain VARCHAR or TEXT there."""
        return dialect.type_descriptor(String(self.length) if self.length else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Leave out what is not taken."""
        if value is None:
            return None
        if _NOT_TAKEN.search(value):
            value = _NOT_TAKEN.sub("", value)
        return value[: self.length]
