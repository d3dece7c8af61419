"""Where we may connect to, and how: no private address at any hop, proxies of the environment, certificates verified."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from scrapy import Request
from scrapy.settings import Settings

from spiders import settings as knobs
from spiders.guard import AddressMiddleware, Refused, is_private, netloc
from storage.items import PollOutcome
from tests.spiders.run_spider import Crawl, Order, crawl, item, page, rss, source
from tests.spiders.site import Reply, Site, redirect


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
        "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "[::1]", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:7f00:1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "2002:7f00:1::", "::127.0.0.1", "2001:db8::1", "64:ff9b:1::7f00:1", "::ffff:0:7f00:1", "3fff::1", "5f00::1", "fec0::1", "2001::1", "192.0.0.8", "192.88.99.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001",
        "localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "metadata.google.internal", "127.0.0.1.",
    ],
)  # fmt: skip
def test_private_in_every_spelling(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "2606:4700::1111",
        "2a00:1450:4001::200e",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "fpt.com",
        "example.org",
        "a.b.vn",
        "1.fm",
        "0x.com",
    ],
)
def test_public(address: str) -> None:
    assert not is_private(address)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://A.example/x", "a.example:80"), ("https://a.example/", "a.example:443"), ("http://[::1]:8080/", "[::1]:8080"), ("http://u:p@h:1/", "h:1"),
    ],
)  # fmt: skip
def test_an_address_is_named_as_in_the_configuration(url: str, expected: str) -> None:
    assert netloc(url) == expected


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("http://bao.example/", None),
        ("https://bao.example:443/", None),
        ("http://bao.example:443/", None),
        ("http://bao.example:8080/", None),  # a source names it
        ("http://bao.example:22/", "port"),
        ("http://khac.example:8080/", "port"),
        ("http://inside.example:9200/", None),  # [network] allow names it
        ("http://INSIDE.example:9200/", None),
        ("http://inside.example/", "private-address"),
        ("https://inside.example/", "private-address"),
        ("http://inside.example:9201/", "private-address"),
        ("file:///etc/passwd", "bad-address"),
        ("ftp://bao.example/", "bad-address"),
        ("s3://bao.example/feed", "bad-address"),
        ("data:text/xml,<rss/>", "bad-address"),
    ],
)
def test_of_what_is_named_the_named_ports_alone_and_the_protocols_of_the_web_alone(url: str, refused: str | None) -> None:
    guard = AddressMiddleware(frozenset({"inside.example:9200"}), frozenset({"bao.example:8080"}))
    try:
        guard.process_request(Request(url))
    except Refused as error:
        assert error.kind == refused
    else:
        assert refused is None


def test_no_other_protocol_has_a_handler() -> None:
    settings = Settings()
    settings.setmodule(knobs)
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}


class Guarded(NamedTuple):
    site: Site  # may be asked
    hidden: Site  # may not
    crawl: Crawl


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    with Site() as site, Site() as hidden, Site("::1") as six, Site("::1") as six_hidden, Site("127.0.0.1") as named:
        feed = rss(item("https://a.example/1"))
        for one in (hidden, six, six_hidden, named):
            one.pages |= {"/feed": feed, "/article": page("Bí mật")}
        port = hidden.port
        sources = {
            "ipv4": hidden.url("/feed"),
            "short": f"http://127.1:{port}/feed",
            "decimal": f"http://2130706433:{port}/feed",
            "hex": f"http://0x7f000001:{port}/feed",
            "octal": f"http://0177.0.0.1:{port}/feed",
            "ipv6": six_hidden.url("/feed"),
            "mapped": f"http://[::ffff:127.0.0.1]:{port}/feed",
            "any": f"http://0.0.0.0:{port}/feed",
            "localhost": f"http://localhost:{port}/feed",
            "localhost-dot": f"http://localhost.:{port}/feed",
            "full-width": f"http://１２７.0.0.1:{port}/feed",
            "machine": f"http://{socket.gethostname()}:{port}/feed",
            "user": f"http://a.example@127.0.0.1:{port}/feed",
            "file": "file:///etc/passwd",
            "data": "data:text/xml,<rss/>",
            "ftp": "ftp://127.0.0.1/feed",
            "no-host": "http:///feed",
            "port": "http://127.0.0.1:99999/feed",
            "first-hop": site.url("/to-private"),
            "second-hop": site.url("/to-redirect"),
            "by-name": site.url("/to-localhost"),
            "to-file": site.url("/to-file"),
            "other-port": f"http://localhost:{port}/feed",
            "allowed": f"http://localhost:{named.port}/feed",
            "allowed-six": six.url("/feed"),
            "entries": site.url("/entries"),
        }
        site.pages |= {
            "/to-private": redirect(hidden.url("/feed"), 301),
            "/to-redirect": redirect("/to-private", 301),
            "/to-localhost": redirect(f"http://localhost:{port}/feed"),
            "/to-file": redirect("file:///etc/passwd"),
            "/entries": rss(
                item(hidden.url("/article"), "Một"), item(site.url("/away"), "Hai"), item(f"http://localhost:{port}/article", "Ba")
            ),
            "/away": redirect(hidden.url("/article")),
        }
        allow = [site.netloc, f"LOCALHOST:{named.port}", six.netloc]
        yield Guarded(site, hidden, crawl(Order(sources=[source(url, name) for name, url in sources.items()], allow=allow)))


@pytest.mark.parametrize(
    "name",
    ["ipv4", "short", "decimal", "hex", "octal", "ipv6", "mapped", "any", "localhost", "localhost-dot", "full-width", "user", "first-hop", "second-hop", "by-name", "other-port"],
)  # fmt: skip
def test_private_addresses_are_refused_at_each_hop(guarded: Guarded, name: str) -> None:
    poll = guarded.crawl.polls[name]
    assert (poll.outcome, poll.error_kind, poll.moved_to) == (PollOutcome.FAILED, "private-address", None), poll.error


def _private_name() -> str:
    """A name that leads into a private network and does not look so: this machine's own, mostly."""
    try:
        leads_to = socket.gethostbyname(socket.gethostname())
    except OSError:
        pytest.skip("the name of this machine leads nowhere")
    if not is_private(leads_to):
        pytest.skip("the name of this machine leads to a public address")
    return socket.gethostname()


def test_a_name_that_leads_to_this_machine_is_refused(guarded: Guarded) -> None:
    leads_to = socket.gethostbyname(_private_name())
    poll = guarded.crawl.polls["machine"]
    assert poll.error_kind == "private-address", poll.error
    assert leads_to in (poll.error or "")


def test_nothing_hidden_was_asked(guarded: Guarded) -> None:
    assert guarded.hidden.seen == []


@pytest.mark.parametrize("name", ["file", "data", "ftp", "no-host", "port"])
def test_what_is_no_web_address_is_refused(guarded: Guarded, name: str) -> None:
    poll = guarded.crawl.polls[name]
    assert (poll.outcome, poll.status) == (PollOutcome.FAILED, None)
    assert poll.error_kind in {"bad-address", "private-address"}, poll.error
    assert guarded.crawl.polls["to-file"].error_kind == "http-302"


@pytest.mark.parametrize("name", ["allowed", "allowed-six"])
def test_what_the_configuration_names_may_be_asked(guarded: Guarded, name: str) -> None:
    assert guarded.crawl.polls[name].outcome is PollOutcome.CHANGED, guarded.crawl.polls[name].error


def test_articles_at_private_addresses_are_not_fetched(guarded: Guarded) -> None:
    arrivals = guarded.crawl.of("entries")
    assert {arrival.article.title for arrival in arrivals} == {"Một", "Hai", "Ba"}
    assert {(arrival.article.why_no_page, arrival.retry) for arrival in arrivals} == {("private-address", False)}


def test_the_proxy_of_the_environment_is_asked_for_everything() -> None:
    with Site() as proxy:
        proxy.pages |= {
            "//bao.example/feed": rss(item("http://bao.example/1")),
            "//bao.example/1": page("Qua proxy"),
            "//bao.example/loop": redirect("http://127.0.0.1/secret"),
        }
        address = f"http://nguoi:mat%20khau@{proxy.netloc}"
        sources = [source("http://bao.example/feed"), source("http://bao.example/loop"), source("https://bao.example/tls")]
        done = crawl(Order(sources=sources), http_proxy=address, https_proxy=address)
        assert [(one.method, one.host, one.path) for one in proxy.seen if one.path.endswith(("feed", "1"))] == [
            ("GET", "bao.example", "/feed"), ("GET", "bao.example", "/1"),
        ]  # fmt: skip
        assert all(one.headers["proxy-authorization"].startswith("Basic ") for one in proxy.seen if one.method == "GET")
    assert done.titles("feed") == ["Qua proxy"]
    # What a proxy would connect to is its own affair, but an address that is plainly private is not even asked of it.
    assert done.polls["loop"].error_kind == "private-address"
    assert done.polls["tls"].error_kind == "proxy"
    assert "mat" not in " ".join(str(poll.error) for poll in done.polls.values()) + done.said


def test_a_proxy_that_is_down_is_told() -> None:
    with Site() as gone:
        pass
    sources = [source("http://mot.example/a"), source("http://hai.example/b")]
    done = crawl(Order(sources=sources), http_proxy=f"http://{gone.netloc}")
    assert [poll.error_kind for poll in done.polls.values()] == ["connection"] * 2


def test_the_host_of_a_proxy_is_not_open_at_its_other_ports() -> None:
    name = _private_name()
    with Site() as proxy, Site() as inner:
        sources = [source(f"https://{name}:{inner.port}/feed", "inner"), source("http://bao.example/feed")]
        proxy.pages["//bao.example/feed"] = rss()
        done = crawl(Order(sources=sources), http_proxy=f"http://{name}:{proxy.port}")  # none for https: that goes directly
    assert done.polls["inner"].error_kind == "private-address", done.polls["inner"].error
    assert done.polls["feed"].outcome is PollOutcome.CHANGED, done.polls["feed"].error


def test_what_no_proxy_names_is_asked_directly() -> None:
    with Site() as proxy, Site() as site:
        site.pages["/feed"] = rss()
        done = crawl(
            Order(sources=[source(site.url("/feed"))], allow=[site.netloc]), http_proxy=f"http://{proxy.netloc}", no_proxy="127.0.0.1"
        )
        assert proxy.seen == []
    assert done.polls["feed"].outcome is PollOutcome.CHANGED


def test_a_password_goes_to_its_host_alone_and_is_never_told() -> None:
    with Site() as site, Site("127.0.0.2") as other:
        site.pages |= {"/feed": rss(), "/moved": redirect("/feed", 301), "/away": redirect(other.url("/feed"), 301), "/500": Reply("", 500)}
        other.pages["/feed"] = rss()
        sources = [source(site.url(path).replace("//", "//nguoi:mat%20khau@", 1), path[1:]) for path in site.pages]
        sources.append(source("http://nguoi:mat%20khau@khong-co.invalid/feed", "nowhere"))
        done = crawl(Order(sources=sources, allow=[site.netloc, other.netloc], settings={"LOG_LEVEL": "DEBUG"}))
        told = {one.headers.get("authorization") for one in site.seen if one.path != "/robots.txt"}
        assert told == {"Basic bmd1b2k6bWF0IGtoYXU="}
        assert not any("authorization" in one.headers for one in other.seen)
    assert [done.polls[name].outcome for name in ("feed", "moved", "away")] == [PollOutcome.CHANGED] * 3
    assert {poll.moved_to for poll in done.polls.values()} == {None}
    assert done.polls["nowhere"].error_kind == "dns"
    assert "Crawled (200)" in done.said  # the library's own log, which names each address
    for word in ("khau", "bmd1b2k6bWF0IGtoYXU="):
        assert not any(word in str(poll.error) for poll in done.polls.values()) and word not in done.said


class Certified(NamedTuple):
    site: Site
    other: Site  # its certificate is for another name
    bundle: str


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certified]:
    authority = trustme.CA()
    bundle: Path = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.cert_pem.write_to_path(bundle)

    def context(*names: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(made)
        return made

    with Site(context=context("127.0.0.1", "localhost")) as site, Site("127.0.0.2", context=context("bao.example")) as other:
        site.pages |= {"/feed": rss(item(site.url("/1"))), "/1": page("Có chứng chỉ")}
        other.pages["/feed"] = rss()
        yield Certified(site, other, str(bundle))


def _crawl(certified: Certified, **environment: str) -> Crawl:
    sources = [source(certified.site.url("/feed")), source(certified.other.url("/feed"), "other")]
    return crawl(Order(sources=sources, allow=[certified.site.netloc, certified.other.netloc]), **environment)


def test_certificates_that_nobody_vouches_for_are_refused(certified: Certified) -> None:
    done = _crawl(certified)
    assert [(poll.outcome, poll.error_kind) for poll in done.polls.values()] == [(PollOutcome.FAILED, "tls")] * 2
    assert certified.site.seen == []


def test_a_bundle_of_the_environment_vouches(certified: Certified) -> None:
    done = _crawl(certified, SSL_CERT_FILE=certified.bundle)
    assert done.polls["feed"].outcome is PollOutcome.CHANGED, done.polls["feed"].error
    assert done.titles("feed") == ["Có chứng chỉ"]
    # ... but not for another name
    assert done.polls["other"].error_kind == "tls"
    assert certified.other.seen == []


def test_certificates_are_verified_through_a_proxy(certified: Certified) -> None:
    with Site() as proxy:
        proxy.tunnel_to = certified.other
        sources = [source("https://bao.example/feed"), source("https://khac.example/feed", "other")]
        done = crawl(Order(sources=sources), https_proxy=f"http://{proxy.netloc}", SSL_CERT_FILE=certified.bundle)
        assert {one.method for one in proxy.seen} == {"CONNECT"}
    assert done.polls["feed"].outcome is PollOutcome.CHANGED, done.polls["feed"].error
    assert done.polls["other"].error_kind == "tls"


def test_an_answer_of_another_protocol_is_told() -> None:
    with Site() as site:
        site.pages["/feed"] = Reply(rss())
        url = site.url("/feed").replace("http:", "https:")
        done = crawl(Order(sources=[source(url)], allow=[site.netloc]))
    assert done.polls["feed"].error_kind == "tls"
