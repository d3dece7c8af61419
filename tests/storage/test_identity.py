"""Addresses, entries and headlines: what is the same, and what only looks so."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage.identity import (
    LONGEST_URL,
    RawKey,
    canonical_url,
    entry_hash,
    entry_keys,
    outlet_host,
    same_site,
    title_key,
    trusted_canonical,
    url_key,
)  # fmt: skip
from storage.items import Entry

PIECES = st.sampled_from(
    "www. m. amp. mobile. bao.vn example.com // / /amp amp/ .amp .html index.html index.php amp. ? & = utm_source=x utm%5Fsource=x fbclid a=1 b=%26 %2F %41 "
    '%2541 %ff %zz # #! : :80 :443 :8080 @ [::1] [fe80::1%25eth0] ế 。 ｗｗｗ. ß \ud800 \x00 + ; , \\ " < outputType=amp ..'.split(" ")
) | st.text(max_size=3)
ADDRESSES = st.builds(
    lambda scheme, pieces: scheme + "".join(pieces),
    st.sampled_from(["http://", "https://", "HTTP://x.vn/", "https://x.vn/a?", ""]),
    st.lists(PIECES, max_size=10),
)


@settings(max_examples=600, deadline=None)
@given(ADDRESSES | st.text(st.characters(codec=None)))
@example("https://x.vn/index.html/amp")
@example("https://x.vn/amp/amp/a")
@example("https://www.m.www.x.vn/")
@example("https://x.vn/?utm%5Fsource=a")
@example("https://x.vn/?%3Da=1")
@example("http://[::1]:8080/a")
@example("https://x.vn/\ud800?\ud800")
@example("https://x.vn/" + "ế" * 1_000)
@example("https://x。vn。/")
def test_the_one_spelling_is_its_own(url: str) -> None:
    canonical = canonical_url(url)
    assert canonical_url(canonical) == canonical
    assert canonical == "" or canonical.startswith("https://")
    assert url_key(url) == url_key(canonical)
    assert len(url_key(url)) in {0, 22}
    outlet_host(url)
    trusted_canonical(url, canonical)
    trusted_canonical(canonical, url)


@pytest.mark.parametrize(
    "twin",
    [
        "http://bao.vn/tin-1.html",
        "https://www.bao.vn/tin-1.html",
        "https://m.bao.vn/tin-1.html",
        "https://amp.bao.vn/tin-1.html",
        "https://BAO.vn:443/tin-1.html",
        "https://bao.vn./tin-1.html/",
        "https://bao.vn/tin-1.html/amp",
        "https://bao.vn/tin-1.amp.html",
        "https://bao.vn/amp/tin-1.html",
        "https://bao.vn//tin-1.html#comments",
        "  https://bao.vn/tin-1.html?utm_source=rss&utm_medium=feed&fbclid=abc\n",
        "https://bao.vn/tin-1.html?UTM_Source=x&gclid=1&vnnid_ref=2&at_medium=3&xtor=4",
        "https://bao.vn/tin-1.html?outputType=amp",
        "https://bao.vn/tin-1.html?srsltid=a&gad_source=1&gad_campaignid=2&wbraid=3&ga_source=x",
        "https://bao.vn/tin-1.html?fb_action_ids=1&mibextid=2&li_fat_id=3&epik=4&_branch_match_id=5&__hstc=6&__hssc=7",
        "https://bao.vn/tin-1.html?mc_cid=1&mc_eid=2&mc_tc=3&ml_subscriber=4&_kx=5&vero_conv=6&trk_contact=7&otm_source=8",
        "https://mobile.bao.vn:443/tin-1.html?wt_zmc=nl&s_kwcid=1&mkwid=2&rdt_cid=3&irclickid=4&_openstat=5#top",
        "https://bao.vn/tin%2D1.html",
    ],
)
def test_twins_are_one_address(twin: str) -> None:
    assert canonical_url(twin) == "https://bao.vn/tin-1.html"
    assert url_key(twin) == url_key("https://bao.vn/tin-1.html")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://bao.vn/tin?id=1", "https://bao.vn/tin?id=2"),
        ("https://bao.vn/tin", "https://bao.vn:8443/tin"),
        *(
            (f"https://bao.vn/tin?{name}=1", f"https://bao.vn/tin?{name}=2")
            for name in ("id", "cid", "eid", "uid", "source", "keyword", "p", "page")
        ),
        ("https://bao.vn/tin", "https://tin.bao.vn/tin"),
        ("https://bao.vn/Tin", "https://bao.vn/tin"),
        ("https://bao.vn/#!tin/1", "https://bao.vn/#!tin/2"),
        ("https://bao.vn/a%2541", "https://bao.vn/aA"),
        ("https://m.com/tin", "https://com/tin"),
    ],
)
def test_different_addresses_stay_different(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


def test_spellings_of_letters_are_one() -> None:
    assert canonical_url("https://bao.vn/đà nẵng?q=mở") == canonical_url("https://bao.vn/%C4%91%C3%A0%20n%E1%BA%B5ng?q=m%E1%BB%9F")
    assert canonical_url("https://báo.vn/") == canonical_url("https://xn--bo-mia.vn/")
    assert canonical_url("https://bao.vn/?b=2&a=1") == canonical_url("https://bao.vn/?a=1&b=2")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bao.vn/tin",
        "ftp://bao.vn/a",
        "javascript:alert(1)",
        "mailto:a@b.vn",
        "https://",
        "http://:80/",
        "https://a b.vn/",
        "http://[::1",
        "http://a:b/",
        "https://bao.vn/" + "a" * LONGEST_URL,
    ],
)
def test_what_is_no_address_has_no_identity(url: str) -> None:
    assert canonical_url(url) == ""
    assert url_key(url) == ""


@pytest.mark.parametrize(
    ("page", "canonical", "trusted"),
    [
        ("https://bao.vn/tin-1.html?x=1", "https://bao.vn/tin-1.html", True),
        ("https://m.bao.vn/tin-1.html", "https://bao.vn/tin-1.html", True),
        ("https://the-thao.bao.vn/a", "https://bao.vn/the-thao/a", True),
        ("https://bao.vn/tin-1.html", "https://khac.vn/tin-1.html", False),  # another house
        ("https://a.com.vn/tin", "https://b.com.vn/tin", False),
        ("https://bao.vn/tin-1.html", "https://bao.vn/", False),  # the home page
        ("https://bao.vn/tin-1.html", "https://bao.vn", False),
        ("https://bao.vn/", "https://bao.vn/", True),
        ("https://bao.vn/news/one", "https://bao.vn/news", False),  # a section
        ("https://bao.vn/news/one/2", "https://bao.vn/news/one", True),  # the second page of an article
        ("https://bao.vn/news/one/print", "https://bao.vn/news/one", True),
        ("https://bao.vn/tin", "javascript:alert(1)", False),
        ("https://bao.vn/tin", "/tin", False),
        ("https://bao.vn/tin", None, False),
        ("https://bao.vn/tin", "", False),
    ],
)
def test_which_canonical_is_trusted(page: str, canonical: str | None, trusted: bool) -> None:
    assert trusted_canonical(page, canonical) == (canonical if trusted else None)


def test_hosts_of_outlets() -> None:
    assert outlet_host("https://www.Bao.VN:8080/x") == "bao.vn"
    assert outlet_host("https://m.bao.vn") == "bao.vn"
    assert outlet_host("https://news.bao.vn") == "news.bao.vn"
    assert outlet_host("nonsense") == outlet_host("http://[") == ""


def test_ten_entries_of_one_guid_stay_ten() -> None:
    raw = [RawKey("same", f"https://bao.vn/tin-{number}", f"Tin {number}") for number in range(10)]
    keys = entry_keys(raw)
    assert len(set(keys)) == 10
    assert entry_keys(raw) == keys  # and stable
    assert entry_keys([*raw[::-1]]) == keys[::-1]  # whatever their order


def test_keys_of_entries() -> None:
    assert entry_keys([RawKey(" id-1 ", "https://bao.vn/1", "")]) == ["id-1"]
    assert entry_keys([RawKey("", "http://www.bao.vn/1?utm_source=x", "T")]) == ["https://bao.vn/1"]
    assert entry_keys([RawKey("", "", "Only a headline")]) == ["Only a headline"]
    (long,) = entry_keys([RawKey("x" * 5_000, "", "")])
    assert len(long) == 22
    twice = RawKey("a", "https://bao.vn/1", "T")
    assert len(set(entry_keys([twice, twice]))) == 1  # the same entry twice is one entry
    assert entry_keys([]) == []


@given(st.lists(st.builds(RawKey, st.text(max_size=3), st.text(max_size=3), st.text(max_size=3)), max_size=8))
def test_keys_are_short_and_tell_entries_apart(raw: list[RawKey]) -> None:
    keys = entry_keys(raw)
    assert len(keys) == len(raw)
    assert all(len(key) <= 200 for key in keys)
    for number, one in enumerate(raw):
        for at in range(number):
            if one.guid.strip() == raw[at].guid.strip() and one.url != raw[at].url and not canonical_url(one.url):
                assert one.guid.strip() == "" or keys[number] != keys[at]


def test_a_changed_headline_changes_the_hash() -> None:
    entry = Entry(source_id="s", key="k", url="https://bao.vn/1", title="Một", summary="S")
    changed = Entry(source_id="s", key="k", url="https://bao.vn/1", title="Hai", summary="S")
    elsewhere = Entry(source_id="t", key="l", url="https://bao.vn/2", title="Một", summary="S")
    assert entry_hash(entry) != entry_hash(changed)
    assert entry_hash(entry) == entry_hash(elsewhere)


@pytest.mark.parametrize(
    ("title", "outlet", "key"),
    [
        ("FPT mở rộng — Đà Nẵng!", "", "fpt mo rong da nang"),
        ("FPT mở rộng - VnExpress", "VnExpress", "fpt mo rong"),
        ("FPT mở rộng | Báo Ví Dụ", "báo ví dụ", "fpt mo rong"),
        ("FPT nói với VnExpress", "VnExpress", "fpt noi voi vnexpress"),
        ("VnExpress", "VnExpress", "vnexpress"),
        ("", "VnExpress", ""),
        ("x" * 1_000, "", "x" * 300),
    ],
)
def test_keys_of_headlines(title: str, outlet: str, key: str) -> None:
    assert title_key(title, outlet) == key


def test_what_courlan_takes_for_tracking_is_taken_for_it_here() -> None:
    """courlan's list is kept by others; where it knows a word by name, ours does, but for general words that some sites tell articles apart by."""
    from courlan.clean import TRACKERS_RE

    names = (
        "dclid fbclid gclid twclid yclid ysclid gbraid wbraid msclkid igshid clickid utm_x pk_x mtm_x itm_x mc_cid mkt_tok oly_enc_id vero_id ga_x _ga "
        "_gl ref referrer referer xtor gs_l ml_subscriber ad_id campaign_id"
    )
    for name in names.split():
        assert TRACKERS_RE.search(name), name
        assert canonical_url(f"https://a.example/x?{name}=1") == "https://a.example/x", name
    for name in ("source", "medium", "session", "keyword", "uid", "cid", "eid", "campaign"):
        assert TRACKERS_RE.search(name), name
        assert canonical_url(f"https://a.example/x?{name}=1").endswith(f"?{name}=1"), name


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://feeds.fpt.com/rss", "https://fpt.com/a", True),
        ("https://news.bao.com.vn", "https://bao.com.vn", True),
        ("https://bao.com.vn", "https://tin.com.vn", False),
        ("https://grenier.qc.ca", "https://sciencepresse.qc.ca", False),
        ("https://atpress.ne.jp", "https://other.ne.jp", False),
        ("https://www.atpress.ne.jp", "https://rss.atpress.ne.jp", True),
        ("https://evil.blogspot.com", "https://honest.blogspot.com", False),
        ("https://img.honest.substack.com", "https://honest.substack.com", True),
        ("https://evil.github.io/a", "https://honest.github.io/a", False),
        ("http://93.184.0.1/", "http://45.33.0.1/", False),
        ("http://[2606:4700::1]/", "http://[2606:4700::2]/", False),
        ("http://93.184.0.1/", "http://93.184.0.1:8080/", True),
    ],
)
def test_what_is_one_site_and_what_only_stands_on_one_host_for_many(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same and same_site(other, one) is same
    assert (trusted_canonical(f"{one.rstrip('/')}/tin/1", f"{other.rstrip('/')}/tin/2") is not None) is same
