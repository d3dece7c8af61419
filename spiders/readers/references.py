"""References to characters that do not exist (a surrogate, beyond Unicode): parsers fall over them, or hand out bytes that are no text."""

from __future__ import annotations

import re

_REFERENCE = re.compile(rb"&#(?:[xX]0*([0-9a-fA-F]{4,})|0*([0-9]{5,}));?")


def mend_references(body: bytes) -> bytes:
    """Return a document in an encoding that holds ASCII with each reference to no character made U+FFFD."""
    return _REFERENCE.sub(_character, body)


def _character(found: re.Match[bytes]) -> bytes:
    digits = found[1] or found[2]
    code = int(digits, 16 if found[1] else 10) if len(digits) < 10 else -1
    return found[0] if 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else b"&#xFFFD;"
