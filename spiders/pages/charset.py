"""Which charset a page is written in: what its bytes can be, then the header's word, then the page's own."""

from __future__ import annotations

from w3lib.encoding import html_body_declared_encoding, resolve_encoding

_LOOKED_AT = 4_096  # bytes; browsers look at 1,024
_USUAL = "cp1252"  # what browsers take a page for that says nothing and is not UTF-8 (WHATWG: the Western default)


def charset_of(body: bytes, stated: str | None) -> str:
    """Return the charset of a page as a name that Python knows; "utf-16" leaves the byte order to a mark.

    Args:
        stated: the header's word. Names are read as browsers read them (Latin-1 means windows-1252), unknown ones as if not there.
    """
    if b"\x00" in body[:4] or body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    words = (stated, html_body_declared_encoding(body[:_LOOKED_AT]))
    named = [name for word in words if word and (name := resolve_encoding(word)) and _decodes(name)]
    if is_utf8(body):
        # Other text is hardly ever UTF-8 by chance, whatever is said of it; escape sequences in plain ASCII are.
        return next((name for name in named if name != "utf-8"), "utf-8") if body.isascii() else "utf-8"
    return next((name for name in named if name != "utf-8"), named[0] if named else _USUAL)


def as_utf8(body: bytes, stated: str | None) -> bytes | None:
    """Return a page's text in UTF-8, what cannot be read replaced; None for UTF-16, which a parser tells by its mark."""
    name = charset_of(body, stated)
    if name == "utf-16":
        return None
    return body if name == "utf-8" and is_utf8(body) else body.decode(name, "replace").encode("utf-8", "replace")


def is_utf8(body: bytes) -> bool:
    """Whether bytes are UTF-8 from end to end."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decodes(name: str) -> bool:
    """Whether a codec is one for text: Python also knows "base64" and "undefined"."""
    try:
        b"a".decode(name, "replace")
    except (LookupError, ValueError):
        return False
    return name not in {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "utf-16", "utf-32"}
