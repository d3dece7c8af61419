"""Rules for listing pages that the general reading does not serve well enough: small, dated, each with a stored page among the tests.

A rule holds CSS selectors. When it finds nothing any more, the general reading steps in and the poll says that the rule is out of date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Where a site's list stands."""

    host: str  # as storage.identity.outlet_host gives it
    checked: str  # when its structure was last known to be so, YYYY-MM
    item: str  # the box of one article
    link: str  # inside the box
    title: str = ""  # where it is not the link's text
    date: str = ""
    path: str = ""  # regular expression; only pages whose path it matches

    @property
    def shape(self) -> str:
        """What stands for the list's place in the page."""
        return f"rule {self.item} {self.link}"


RULES = (
    # Headlines of all sizes stand as h3.title-news, the links are relative; the date only on the article's own page.
    Rule(host="chungta.vn", checked="2026-10", item="h3.title-news", link="a[href]"),
    # The headline's link stands in the card's text; a picture links to the same.
    Rule(host="fpt.com", checked="2026-10", item="div.news-card-meta", link="a[href]", title="h2", path=r"/tin-tuc|/news"),
    # Drupal: a title field and a day without a time.
    Rule(
        host="mila.quebec", checked="2026-08", item="#news-listing .node--type-news", link=".field-name-node-title a[href]",
        date=".field-name-dynamic-twig-fieldnode-default-date-format-wrapped span", path=r"/(?:news|actualites|nouvelles)",
    ),
    # WordPress with a theme that puts menus of courses round the posts.
    Rule(host="funix.edu.vn", checked="2026-10", item=".site-content .post-title", link="a[href]", path=r"/chia-se|/tin-tuc|/page/"),
    Rule(host="baodautu.vn", checked="2026-10", item="ul.list_news_home li", link="a.fs22.fbold[href]"),
    # A fragment of HTML, one li an article; older pages by the number at the end of the address.
    Rule(host="cafef.vn", checked="2026-10", item="li.tlitem", link="h3 a[href]", path=r"^/timelinelist/"),
)  # fmt: skip


def rule_of(host: str, path: str) -> Rule | None:
    """Return the rule for a page, None where the general reading serves."""
    return next((rule for rule in RULES if rule.host == host and (not rule.path or re.search(rule.path, path))), None)
