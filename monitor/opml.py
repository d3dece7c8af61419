"""OPML, the format in which feed readers hand over their lists: bytes -> sources, sources -> bytes. Pure.

Folders become labels (`groups`), a folder in a folder `News/Vietnam`. What other programs wrote at a feed is kept as it is (`Outlined.rest`)
and written again; what OPML has no word for stands in attributes of our own namespace. A document type is refused: nothing in it serves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from spiders.readers.references import mend_references
from storage.errors import UsageError
from storage.items import Kind, Ownership, Source
from storage.text import clean_text

LARGEST = 16 * 1024**2  # bytes
MOST = 20_000  # feeds
DEEPEST = 40  # folders in folders
NAMESPACE = "urn:media-monitor:opml"
_OURS = f"{{{NAMESPACE}}}"
_LONGEST_TEXT = 2_000  # of an attribute that is kept
_LONGEST_LABEL = 100


@dataclass(frozen=True, kw_only=True)
class Outlined:
    """One source as an OPML file names it."""

    source: Source  # its id is "" where the file does not say it
    rest: Mapping[str, str] = field(default_factory=dict)  # attributes that a source has no place for; names as lxml gives them
    line: int = 0  # in the file


@dataclass(frozen=True, kw_only=True)
class Unusable:
    """An entry of an OPML file that cannot be taken."""

    line: int
    name: str
    why: str


def read_opml(data: bytes, *, name: str) -> tuple[list[Outlined], list[Unusable]]:
    """Read an OPML file; a feed that stands in several folders comes once for each.

    Args:
        name: of the file, for errors.

    Raises:
        UsageError: it is no OPML, too large, or declares a document type.
    """
    if len(data) > LARGEST:
        raise UsageError(f"{name} is larger than {LARGEST // 1024**2} MB", hint="export fewer feeds at a time")
    # Looked for in the bytes, before any parser sees an entity; zero bytes are those of UTF-16 and UTF-32.
    if b"<!doctype" in data.replace(b"\0", b"").lower() or b"<!entity" in data.replace(b"\0", b"").lower():
        raise UsageError(f"{name} declares a document type, which is not read", hint="delete its line that begins with <!DOCTYPE")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(mend_references(data), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UsageError(f"{name} is no OPML: {clean_text(str(error), 200)}", hint=_HINT) from None
    body = None if root is None else next((one for one in root if _local(one).lower() == "body"), None)
    if root is None or _local(root).lower() != "opml" or body is None:
        raise UsageError(f"{name} is no OPML: it has no <opml> with a <body>", hint=_HINT)
    found: list[Outlined] = []
    unusable: list[Unusable] = []
    for outline, folders in _outlines(body):
        if len(found) >= MOST:
            raise UsageError(f"{name} names more than {MOST} feeds", hint="split it")
        try:
            found.append(_source(outline, folders))
        except UnicodeDecodeError:  # of an encoding in which nothing could be mended
            unusable.append(Unusable(line=int(outline.sourceline or 0), name="", why="holds characters that do not exist"))
        except UsageError as error:
            attributes = {str(key).lower(): str(value) for key, value in outline.attrib.items()}
            said = attributes.get("text") or attributes.get("title") or attributes.get("xmlurl", "")
            unusable.append(Unusable(line=int(outline.sourceline or 0), name=clean_text(said, 200), why=str(error)))
    return found, unusable


_HINT = "feed readers write such a file under Export, mostly called subscriptions.opml"


def write_opml(sources: Iterable[Outlined], *, title: str) -> bytes:
    """Write sources as an OPML 2.0 file, by folders, in their order."""
    root = etree.Element("opml", version="2.0", nsmap={"mm": NAMESPACE})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    folders: dict[tuple[str, ...], Any] = {(): body}
    for one in sources:
        labels = one.source.groups
        path = _folders_of(labels[0]) if labels else ()
        for depth in range(1, len(path) + 1):
            if path[:depth] not in folders:
                folders[path[:depth]] = etree.SubElement(folders[path[: depth - 1]], "outline", text=path[depth - 1], title=path[depth - 1])
        outline = etree.SubElement(folders[path], "outline")
        for key, value in _attributes(one, in_folder="/".join(path)):
            outline.set(key, value)
    etree.indent(root)
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return data + b"\n"


# ---------------------------------------------------------------------- reading


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]  # QName refuses names that the mending parser lets through


def _outlines(body: Any) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yield what names an address, with the folders that it stands in; without recursion, for a file may be as deep as it likes."""
    waiting: list[tuple[Any, tuple[str, ...]]] = [(one, ()) for one in reversed(body)]
    while waiting:
        element, folders = waiting.pop()
        if _local(element).lower() != "outline":
            continue
        attributes = {str(key).lower() for key in element.attrib}
        if "xmlurl" in attributes or (f"{_OURS}kind" in element.attrib and "url" in attributes):
            yield element, folders
        try:
            name = clean_text(element.get("text") or element.get("title") or "", _LONGEST_LABEL)
        except UnicodeDecodeError:
            name = ""
        inside = (*folders, name) if name and len(folders) < DEEPEST else folders
        waiting += [(one, inside) for one in reversed(element)]


def _source(outline: Any, folders: tuple[str, ...]) -> Outlined:
    """Make a source of an outline.

    Raises:
        UsageError: it cannot be one; says why.
    """
    from monitor.config_sources import check_address, check_archive

    ours = {key[len(_OURS) :]: str(value) for key, value in outline.attrib.items() if key.startswith(_OURS)}
    plain = {str(key): str(value) for key, value in outline.attrib.items() if not key.startswith(_OURS)}
    lower = {key.lower(): key for key in plain}
    url = plain.pop(lower.get("xmlurl") or lower.get("url", ""), "").strip()
    try:
        (check_archive if ours.get("kind") == Kind.SITEMAP else check_address)(url)
    except UsageError as error:
        raise UsageError(f"{'its address' if '@' in url else clean_text(url, 200) or 'its address'} {error}") from None
    text, title = plain.pop("text", ""), plain.get("title", "")
    outlet = clean_text(text or title, 300) if ours.get("named") != "no" else ""
    if not title or title == text or not text:
        plain.pop("title", None)
    if plain.get("type") in {"rss", "link" if "kind" in ours else "rss"}:
        plain.pop("type")
    language = plain.get("language", "").strip().replace("_", "-").partition("-")[0].lower()
    language = language if language.isascii() and language.isalpha() and len(language) in {2, 3} else ""
    if plain.get("language") == language:
        plain.pop("language")
    rest = {key: "\n".join(clean_text(line, _LONGEST_TEXT) for line in value[:_LONGEST_TEXT].split("\n")) for key, value in plain.items()}
    try:
        source = Source(
            id=ours.get("id", ""),
            url=url,
            kind=Kind(ours.get("kind", "feed")),
            outlet=outlet,
            language=language,
            country=ours.get("country", ""),
            timezone=ours.get("timezone", "UTC"),
            ownership=Ownership(ours.get("ownership", "earned")),
            groups=_labels(ours.get("labels"), folders),
            interval=timedelta(minutes=int(ours["interval"])) if "interval" in ours else None,
            robots=ours.get("robots") != "no",
            pages=ours.get("pages") != "no",
            only=ours.get("only", ""),
            verify_tls=ours.get("verify-tls") != "no",
            browser=ours.get("browser") == "yes",
            fields=_fields(ours.get("fields")),
            origin="config",
        )
    except (ValueError, OverflowError) as error:
        raise UsageError(f"says something of itself that is not known: {clean_text(str(error), 200)}") from None
    return Outlined(source=source, rest=rest, line=int(outline.sourceline or 0))


def _fields(stated: str | None) -> tuple[tuple[str, str], ...]:
    """The mapping of a source of kind json; what is no object of texts is a mistake."""
    if stated is None:
        return ()
    found = json.loads(stated)
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("fields is no object of texts")
    return tuple((name, value) for name, value in found.items() if value)


def _labels(stated: str | None, folders: tuple[str, ...]) -> tuple[str, ...]:
    if stated is not None:
        try:
            labels = json.loads(stated)
        except ValueError:
            labels = None
        if isinstance(labels, list) and all(isinstance(label, str) and label.strip() for label in labels):
            return tuple(dict.fromkeys(clean_text(label, _LONGEST_LABEL) for label in labels))
    return (clean_text("/".join(folders), _LONGEST_LABEL),) if folders else ()


# ---------------------------------------------------------------------- writing


def _folders_of(label: str) -> tuple[str, ...]:
    """Return the folders of a label; one that would not be read again as it is stays whole."""
    parts = tuple(label.split("/"))
    return parts if all(part == part.strip() and part for part in parts) and len(parts) <= DEEPEST else (label,)


def _attributes(one: Outlined, *, in_folder: str) -> Iterator[tuple[str, str]]:
    source = one.source
    feed = source.kind is Kind.FEED
    name = source.outlet or urlsplit(source.url).hostname or source.id  # a reader would show a line without words
    yield "text", name
    yield "title", one.rest.get("title") or name
    yield "type", one.rest.get("type") or ("rss" if feed else "link")
    yield "xmlUrl" if feed else "url", source.url
    if stated := one.rest.get("language") or source.language:
        yield "language", stated
    for key, value in one.rest.items():
        if key not in {"title", "type", "language"} and (feed or key.lower() != "url") and _may_stand(key):
            yield key, value
    if source.id:
        yield f"{_OURS}id", source.id
    ours: dict[str, tuple[str, str]] = {
        "named": ("yes" if source.outlet else "no", "yes"),
        "kind": (source.kind.value, "feed"),
        "country": (source.country, ""),
        "timezone": (source.timezone, "UTC"),
        "ownership": (source.ownership.value, "earned"),
        "robots": ("yes" if source.robots else "no", "yes"),
        "pages": ("yes" if source.pages else "no", "yes"),
        "only": (source.only, ""),
        "verify-tls": ("yes" if source.verify_tls else "no", "yes"),
        "browser": ("yes" if source.browser else "no", "no"),
        "fields": (json.dumps({name: value for name, value in source.fields if value}, ensure_ascii=False) if source.fields else "", ""),
        "interval": (str(max(round(source.interval.total_seconds() / 60), 1)) if source.interval else "", ""),
    }
    for key, (value, default) in ours.items():
        if value != default:
            yield _OURS + key, value
    if source.groups != ((in_folder,) if in_folder else ()):
        yield f"{_OURS}labels", json.dumps(source.groups, ensure_ascii=False)


def _may_stand(key: str) -> bool:
    """Whether XML can bear an attribute of this name: a person may have changed it in the configuration."""
    try:
        etree.Element("outline").set(key, "")
    except ValueError:
        return False
    return key.lower() not in {"text", "xmlurl"} and not key.startswith(_OURS)
