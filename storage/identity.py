"""Tell two addresses, entries and headlines apart. Pure, standard library only.

The canonical form made here is an identity, never an address to open: it unifies http and https, drops "www." and trailing slashes,
AMP and mobile twins and tracking parameters. What is shown and opened is the address as the publisher wrote it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlsplit

from storage.items import Entry
from storage.text import fold

# Parameters that say how a reader came, never what is read. Compared in lower case. A list of our own; a test holds that it
# has what courlan's has, without that one's general words (source, medium, session, uid, cid, keyword): some sites tell their articles apart by those.
_TRACKING = frozenset(
    "fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid igshid igsh mc_cid mc_eid mkt_tok _hsenc _hsmi hsctatracking "
    "oly_anon_id oly_enc_id vero_id wickedid zanpid s_cid icid ncid cmpid cmp ito sr_share share_id si spm scm smid smtyp sref socialshare "
    "ref ref_src ref_url referer referrer source_impression from_source at_medium at_campaign at_custom1 at_custom2 at_custom3 at_custom4 "
    "rss partner feedtype xtor cn-reloaded ocid guccounter guce_referrer guce_referrer_sig taid tpcc traffic_source zarsrc zalo utm amp "
    "_ga _gl __twitter_impression echobox soc_src soc_trk mbid ftag linkid trk trkinfo campaign_id ad_id adgroupid "
    "srsltid gad_source gad_campaignid gs_l gs_lcp usqp ved _openstat fb_action_ids fb_action_types fb_source fb_ref fb_comment_id mibextid "
    "action_object_map action_type_map action_ref_map li_fat_id epik rdt_cid ymclid irclickid cjevent clickid click_id rb_clickid dicbo "
    "_branch_match_id _kx _ke __hsfp __hssc __hstc mc_tc ml_subscriber ml_subscriber_hash vero_conv tracking_source wt_zmc wt_mc wtrid "
    "mkwid s_kwcid ef_id dm_i elqtrackid elqtrack bxid cndid esrc sc_cid sc_campaign asgtbndr".split()
)
_TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "piwik_", "hsa_", "vnnid_", "at_", "itm_", "otm_", "stm_", "hmb_", "ga_", "trk_", "ns_")
_TWIN_HOST = re.compile(r"^(?:www\d?|m|mobile|amp|wap|touch)\.(?=[^.]+\.[^.])")
_AMP_PATH = re.compile(r"(?:/amp|\.amp)(?=/?$)|^/amp(?=/.)|(?<=\.)amp\.(?=html?$)", re.I)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.I)
_SLASHES = re.compile(r"/{2,}")
_SAFE_PATH = "/-._~!$&'()*+,;=:@"
_SAFE_QUERY = "/-._~!$'()*+,;:@?="
_UNSAFE = re.compile(r"[^\w/\-.~!$&'()*+,;=:@?]|[^\x00-\x7f]")
_BAD_HOST = re.compile(r"[\s\x00-\x20\x7f<>\"\\^`{|}]")
# Labels below a country's own under which names are given out, and hosts where anybody has a site of his own.
_SECOND_LEVEL = frozenset(
    "com co edu gov net org gouv ac or ne go gr lg ad ed info name pro biz health int mil nom asso id asn sch ltd plc me nhs gob gub "
    "qc on bc ab mb sk ns nb nl pe yt nt nu".split()
)
_FOR_ANYBODY = frozenset(
    "blogspot.com wordpress.com substack.com tumblr.com medium.com ghost.io beehiiv.com typepad.com livejournal.com over-blog.com canalblog.com "
    "hatenablog.com weebly.com wixsite.com webflow.io notion.site squarespace.com github.io gitlab.io netlify.app vercel.app pages.dev "
    "workers.dev web.app firebaseapp.com herokuapp.com onrender.com fly.dev azurewebsites.net cloudfront.net amazonaws.com".split()
)
ENGINES = frozenset({"news.google.com", "bing.com"})  # feeds of theirs hold entries of many outlets
LONGEST_URL = 4_096
LONGEST_HOST = 253  # RFC 1035; Python takes seconds to write longer ones of other letters in ASCII


def canonical_url(url: str) -> str:
    """Return the one spelling of an address, "" where it is no http(s) address or too long to be one.

    Idempotent. Never raises, whatever the input.
    """
    if len(url) > LONGEST_URL:
        return ""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        return ""
    host = _host(parts.hostname)
    if not host:
        return ""
    if port and port not in {80, 443}:
        host = f"{host}:{port}"
    path = _path(parts.path)
    query = _query(parts.query)
    fragment = f"#{parts.fragment}" if parts.fragment.startswith("!") else ""
    canonical = f"https://{host}{path}{'?' + query if query else ''}{fragment}"
    return canonical if len(canonical) <= LONGEST_URL else ""


@lru_cache(maxsize=8_192)  # an entry's address is asked for when it is sifted and again when it is kept
def url_key(url: str) -> str:
    """Return the compact identity of an address (22 characters), "" where it has none; equal for equal canonical forms."""
    canonical = canonical_url(url)
    return _digest(canonical) if canonical else ""


@lru_cache(maxsize=1_024)
def outlet_host(url: str) -> str:
    """Return the publisher's host of an address: lower case, without "www.", "m." or "amp."; "" where there is none."""
    try:
        hostname = urlsplit(url.strip()).hostname
    except ValueError:
        return ""
    return _host(hostname).strip("[]") if hostname else ""


def trusted_canonical(page_url: str, canonical: str | None) -> str | None:
    """Return `canonical` where a page may name it as its own address: the same site, and not a home page of it."""
    if not canonical or not canonical_url(canonical):
        return None
    if not same_site(page_url, canonical):
        return None
    parts = urlsplit(canonical_url(canonical))
    asked = urlsplit(canonical_url(page_url))
    if parts == asked:
        return canonical
    if parts.path in {"", "/"} and not parts.query and asked.path not in {"", "/"}:
        return None
    # A template that names its section ("/news") on every article below it ("/news/one") would make them all one.
    if asked.path.startswith(parts.path.rstrip("/") + "/") and not parts.query and not _same_but_suffix(parts, asked):
        return None
    return canonical


def same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one site: `feeds.fpt.com` and `fpt.com` are."""
    return _site(outlet_host(one)) == _site(outlet_host(other))


class RawKey(NamedTuple):
    """What a feed gives to tell an entry by."""

    guid: str
    url: str
    title: str


def entry_keys(raw: Sequence[RawKey]) -> list[str]:
    """Return the key of each entry of one document, in order.

    The guid, else the address; where several entries of the document share it, a mix with address and title, so that ten entries
    with one guid stay ten. A long one is hashed.
    """
    firsts = [key.guid.strip() or canonical_url(key.url) or key.title for key in raw]
    counts = Counter(firsts)
    keys = []
    for first, key in zip(firsts, raw, strict=True):
        if counts[first] > 1:
            first = _digest("\n".join((first, canonical_url(key.url) or key.url, key.title)))
        keys.append(first if len(first) <= 200 else _digest(first))
    return keys


def entry_hash(entry: Entry) -> str:
    """Return a short hash of an entry's words, to see that they changed."""
    return _digest(f"{entry.title}\n{entry.summary}")[:12]


def title_key(title: str, outlet: str = "") -> str:
    """Return a headline folded for comparing: no tone marks, capitals or punctuation, the outlet's name cut from its end."""
    title = title.strip()
    if outlet and title.casefold().endswith(outlet.casefold()):
        cut = title[: -len(outlet)].rstrip()
        if cut[-1:] in {"-", "–", "—", "|", "·", "•", ":"}:
            title = cut[:-1].rstrip()
    return " ".join(re.findall(r"\w+", fold(title)))[:300]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=11).hexdigest()


def _host(hostname: str) -> str:
    host = hostname.rstrip(".").lower()
    if len(host) > LONGEST_HOST:
        return ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii").rstrip(".").lower()
        except UnicodeError:
            return ""
    if not host or _BAD_HOST.search(host):
        return ""
    if ":" in host:
        return f"[{host}]"  # IPv6
    while (shorter := _TWIN_HOST.sub("", host)) != host:
        host = shorter
    return host


def _site(host: str) -> str:
    """The last labels of a host that tell one site from another: `news.fpt.com` and `fpt.com` are one, `a.com.vn` and `b.com.vn` two.

    So are two blogs of one host for blogs, where anybody has one, and two numeric addresses.
    """
    labels = host.split(".")
    if labels[-1].isdecimal() or ":" in host:
        return host
    public = 2 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 1
    if len(labels) > 2 and ".".join(labels[-2:]) in _FOR_ANYBODY:
        public = 2
    return ".".join(labels[-public - 1 :])


def _same_but_suffix(parts: SplitResult, asked: SplitResult) -> bool:
    """Whether the longer path only adds a page number or a print, AMP or comment view to the shorter."""
    rest = asked.path[len(parts.path.rstrip("/")) :].strip("/").lower()
    return bool(re.fullmatch(r"(?:amp|print|comments?|page/)?\d*|index\.\w+", rest)) and parts.path.count("/") > 1


def _path(path: str) -> str:
    path = _SLASHES.sub("/", _quoted(path, _SAFE_PATH)).rstrip("/")
    # What one rule leaves may be another's: "/index.html/amp".
    while (shorter := _SLASHES.sub("/", _AMP_PATH.sub("", _INDEX.sub("/", path))).rstrip("/")) != path:
        path = shorter
    return path or "/"


def _quoted(text: str, safe: str) -> str:
    """Quote what has to be quoted, and nothing else, however it was written."""
    if not _UNSAFE.search(text):
        return text
    return quote(unquote_to_bytes(text.encode("utf-8", "surrogatepass")), safe=safe)


def _query(query: str) -> str:
    if not query:
        return ""
    kept = []
    for pair in query.split("&"):
        pair = _quoted(pair, _SAFE_QUERY)
        name, _, value = pair.partition("=")
        lowered = name.lower()
        if not name or lowered in _TRACKING or lowered.startswith(_TRACKING_PREFIXES):
            continue
        if lowered == "outputtype" and value.lower() == "amp":
            continue
        kept.append(pair)
    return "&".join(sorted(kept))
