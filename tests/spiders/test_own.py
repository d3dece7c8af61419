"""Spiders of a user's own: what the configuration says of their source holds for them, and nothing that they say themselves."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

from storage.items import Kind, PollOutcome
from tests.spiders.run_spider import Order, crawl, source
from tests.spiders.site import Site, redirect

SPIDER = """
import scrapy


class Mine(scrapy.Spider):
    name = "mine"

    def __init__(self, url, **kwargs):
        super().__init__(**kwargs)
        self.url = url

    async def start(self):
        yield scrapy.Request(self.url, meta={"robots": False})

    def parse(self, response):
        yield {"url": response.url, "title": "Tin", "text": "Một đoạn văn."}
"""


def _secret(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def test_robots_and_certificates_are_the_configurations_word(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(SPIDER, encoding="utf-8")

    def own(url: str, name: str, **fields: object):  # type: ignore[no-untyped-def]
        return source(url, name, kind=Kind.SPIDER, spider=f"{file}:Mine", **fields)

    authority = trustme.CA()
    with Site() as site, Site(context=_secret(authority)) as trusted, Site(context=_secret(authority)) as strict:
        site.pages |= {
            "/robots.txt": redirect("/rules"),
            "/rules": "User-agent: *\nDisallow: /closed",
            "/closed": "<p>x</p>",
            "/closed?all-the-same": "<p>x</p>",
            "/open": "<p>x</p>",
        }
        trusted.pages["/tls"] = strict.pages["/tls"] = "<p>x</p>"
        sources = [
            own(site.url("/closed"), "obeys"),
            own(site.url("/closed?all-the-same"), "told", robots=False),
            own(site.url("/open"), "open"),
            own(trusted.url("/tls"), "trusted", verify_tls=False),
            own(strict.url("/tls"), "strict"),
        ]
        settings = {"MONITOR_UNVERIFIED": [trusted.netloc]}
        done = crawl(Order(sources=sources, allow=[one.netloc for one in (site, trusted, strict)], settings=settings))
    assert done.failure == ""
    outcomes = {name: poll.outcome for name, poll in done.polls.items()}
    assert outcomes == {
        "obeys": PollOutcome.FAILED, "told": PollOutcome.CHANGED, "open": PollOutcome.CHANGED, "trusted": PollOutcome.CHANGED,
        "strict": PollOutcome.FAILED,
    }  # fmt: skip
    assert not site.asked("/closed") and len(site.asked("/rules")) == 2  # one that is told not to ask does not
