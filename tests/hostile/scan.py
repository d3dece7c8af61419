"""Look through what the product wrote for anything that a stranger's words could set off: script, headers, ANSI, formulas, links.

Each scan returns the faults it found, as sentences; none means inert. What is looked for is what a reader's program would act on,
not what the words are: "<script>" as text is no fault.
"""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
import re
import unicodedata
import zipfile
import zlib
from contextlib import suppress
from html.parser import HTMLParser
from urllib.parse import urlsplit
from xml.etree import ElementTree

_LIVE_TAGS = frozenset(
    "script iframe object embed img image link base form input button video audio source picture frame frameset applet use".split()
)
_POLICY = re.compile(r"default-src 'none'")
_OURS = re.compile(r"\x1b\[(?:0|1|2|36|33|1;35)m|\x1b\]8;(?:id=\w+)?;https?://[!-~]*\x1b\\|\x1b\]8;;\x1b\\")
_BAD_CATEGORIES = frozenset({"Cc", "Cf", "Cs"})
# Format characters that are seen: number signs and ends of verses, and what arranges hieroglyphs.
_SEEN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd") | {
    chr(code) for code in range(0x13430, 0x13440)
}
_HEADERS = frozenset(
    "from to subject date message-id list-id list-unsubscribe reply-to auto-submitted mime-version content-type content-transfer-encoding content-language".split()
)


class _Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def scan_text(text: str, *, but: str = "\n") -> list[str]:
    """Plain text: no control, bidi or invisible character, nothing that cannot be written as UTF-8."""
    bad = sorted(
        {f"U+{ord(one):04X}" for one in set(text) if one not in but and one not in _SEEN and unicodedata.category(one) in _BAD_CATEGORIES}
    )
    return [f"control or invisible characters {', '.join(bad)}"] if bad else []


def scan_terminal(text: str) -> list[str]:
    """A terminal's text: only our own colours and links to web addresses."""
    return scan_text(_OURS.sub("", text))


def scan_html(page: str, *, policy: bool = True) -> list[str]:
    """A page or an HTML part: no live element, no handler, no address but http(s), nothing loaded, a policy where it is a whole page."""
    faults = scan_text(page)
    tags = _Page(page).tags
    faults += sorted({f"<{tag}>" for tag, _ in tags if tag in _LIVE_TAGS})
    for tag, attributes in tags:
        for name, value in attributes.items():
            if name.startswith("on") or name in {"src", "srcset", "action", "formaction", "background", "poster", "data", "ping"}:
                faults.append(f"<{tag} {name}=...>")
            if name == "style" and re.search(r"url\s*\(|expression|@import|javascript:", value or "", re.I):
                faults.append(f"<{tag} style={value!r}>")
            if name == "href" and not (value or "").startswith("#") and tag == "a":
                faults += _link_faults(value or "")
        if tag == "meta" and "refresh" in (attributes.get("http-equiv") or "").lower():
            faults.append("<meta refresh>")
        if tag == "a" and attributes.get("target") and "noopener" not in (attributes.get("rel") or ""):
            faults.append("a new window without noopener")
    if re.search(r"<style[^>]*>[^<]*(?:url\s*\(|@import)", page, re.I):
        faults.append("a style that loads")
    if policy and not any(
        (a.get("http-equiv") or "").lower() == "content-security-policy" and _POLICY.search(a.get("content") or "") for _, a in tags
    ):
        faults.append("no Content-Security-Policy")
    return faults


_ROOM_TAGS = frozenset("script link form input button select option textarea".split())


def scan_page(page: str, *, policy: bool = True) -> list[str]:
    """A page of the reading room or the archive: as `scan_html`, but it may have our own scripts, styles and forms, by address alone."""
    faults = [
        one for one in scan_html(page, policy=policy) if one not in {f"<{tag}>" for tag in _ROOM_TAGS} and not re.fullmatch(r"<(?:script src|form action)=\.\.\.>", one)
    ]  # fmt: skip
    onward = re.findall(r'<meta http-equiv="refresh" content="([^"]*)">', page)
    if onward and all(re.fullmatch(r"0; url=(?:\.\./)*story/\d+/s\d+\.html", one) for one in onward):
        faults = [one for one in faults if one != "<meta refresh>"]  # a story that is part of another one by now
    for tag, attributes in _Page(page).tags:
        for name in {"script": ("src",), "link": ("href",), "form": ("action",)}.get(tag, ()):
            if re.match(r"[a-z][a-z0-9+.-]*:|//|\\\\|\s", attributes.get(name) or "", re.I):
                faults.append(f"<{tag} {name}={attributes.get(name)!r}>")
        if tag == "script" and not attributes.get("src"):
            faults.append("a script in the page")
    if re.search(r"<script[^>]*>\s*[^<\s]", page, re.I):
        faults.append("a script in the page")
    return faults


def _link_faults(url: str) -> list[str]:
    if "://" not in url[:10] and not url.startswith(("//", "javascript:", "data:", "vbscript:", "file:")) and ":" not in url.split("/")[0]:
        return []  # of our own folder: an index names its pages
    try:
        parts = urlsplit(url)
    except ValueError:
        return [f"a link to {url!r}"]
    return [] if parts.scheme in {"http", "https"} and parts.netloc else [f"a link to {url!r}"]


def scan_markdown(text: str) -> list[str]:
    """Markdown: no HTML, picture or block of a stranger's, links to web addresses alone."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough").parse(text)
    flat = [one for token in tokens for one in (token, *(token.children or ()))]
    faults = sorted({token.type for token in flat} & {"html_block", "html_inline", "image", "fence", "code_block", "table_open", "s_open"})
    for token in flat:
        if token.type == "link_open":
            faults += _link_faults(str(token.attrs["href"]))
    return faults + scan_text(text)


def scan_json(text: str) -> list[str]:
    """A JSON document: it parses, and cannot end a script that it is put into."""
    json.loads(text)
    return (["</script"] if "</script" in text.lower() else []) + scan_text(text)


def scan_json_lines(text: str) -> list[str]:
    """JSON lines: each parses."""
    faults = []
    for line in text.split("\n"):
        if line:
            json.loads(line)
            faults += scan_text(line)
    return faults


def scan_atom(text: str) -> list[str]:
    """An Atom feed: well-formed, no DOCTYPE, links to web addresses, its HTML inert."""
    faults = ["<!DOCTYPE"] if "<!DOCTYPE" in text else []
    for element in ElementTree.fromstring(text.encode()).iter():
        if element.tag.endswith("}link"):
            faults += _link_faults(element.get("href") or "")
        elif element.get("type") == "html":
            faults += scan_html(element.text or "", policy=False)
        else:
            faults += scan_text(element.text or "", but="\n ")
    return faults


def scan_csv(text: str) -> list[str]:
    """CSV: no cell that a spreadsheet takes for a formula, no control."""
    faults = []
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            start = cell.lstrip()[:1]
            if cell[:1] in {"\t", "\r"} or (start and start in "=+@＝＋＠-－" and not re.fullmatch(r"[+-]?\d+(?:\.\d+)?", cell)):
                faults.append(f"a formula: {cell[:60]!r}")
            faults += scan_text(cell)
    return faults


def scan_workbook(data: bytes) -> list[str]:
    """An XLSX: no formula, no macro, nothing linked but web addresses, no control in a text."""
    faults = []
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        for name in book.namelist():
            if re.search(r"vba|macro|externalLink|embeddings|activeX|ctrlProp|\.bin$", name, re.I):
                faults.append(f"the part {name}")
            if not name.endswith((".xml", ".rels")):
                continue
            for element in ElementTree.fromstring(book.read(name)).iter():
                local = element.tag.rpartition("}")[2]
                ours = local == "definedName" and re.fullmatch(
                    r"(?:\w+|'[\w ]+')!\$[A-Z]+\$\d+:\$[A-Z]+\$\d+", element.text or ""
                )  # a table's filter
                if local in {"f", "definedName", "oleObject"} and not ours:
                    faults.append(f"<{local}> in {name}: {(element.text or '')[:60]!r}")
                if local == "Relationship" and element.get("TargetMode") == "External":
                    faults += _link_faults(element.get("Target") or "")
                if local == "t":
                    faults += scan_text(element.text or "")
    return faults


def scan_pdf(data: bytes) -> list[str]:
    """A PDF as Chromium prints it: no script, no launched program, no file in it, links to web addresses alone."""
    streams = [data]
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", data, re.S):
        with suppress(zlib.error):
            streams.append(zlib.decompressobj().decompress(found[1]))
    faults = []
    for part in streams:
        faults += [
            f"/{name.decode()}"
            for name in re.findall(rb"/(JavaScript|JS|Launch|EmbeddedFile|SubmitForm|ImportData|GoToR|OpenAction|AA|RichMedia)\b", part)
        ]
        for link in re.findall(rb"/URI\s*\(((?:[^()\\]|\\.)*)\)", part):
            faults += _link_faults(link.decode("latin-1").replace("\\(", "(").replace("\\)", ")"))
    return faults


def scan_mail(raw: bytes) -> list[str]:
    """A mail: our headers alone and each once, ASCII lines that end in CRLF, its HTML inert."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    names = [name.lower() for name in message]
    faults = [f"the header {name}" for name in sorted(set(names) - _HEADERS)]
    faults += [f"{name} twice" for name in sorted({name for name in names if names.count(name) > 1})]
    head = raw.partition(b"\r\n\r\n")[0]
    if re.search(rb"(?<!\r)\n|\r(?!\n)|[^\t\r\n -~]", head):
        faults.append("a bare line end or a control in the head")
    for name, value in message.items():
        faults += [f"{fault} in {name}" for fault in scan_text(str(value))]
    for part in message.walk():
        if part.get_content_type() == "text/html":
            faults += scan_html(part.get_content().replace("\r\n", "\n"))
        elif part.get_content_type() == "text/plain":
            faults += scan_text(part.get_content(), but="\n\r")
        elif not part.is_multipart():
            faults.append(f"a part of {part.get_content_type()}")
    return faults


def scan_lines(text: str) -> list[str]:
    """What a command says on stdout or stderr, or a log: plain text, one event a line, columns parted by tabs in a pipe."""
    return scan_text(text, but="\n\t")
