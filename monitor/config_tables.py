"""Tables of the configuration: how news is gathered, which sources serve, which addresses may be asked."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Flag = Annotated[bool, Meta(description="true or false")]
Text = Annotated[str, Meta(description="a text in quotes")]
Texts = Annotated[tuple[str, ...], Meta(description='a list of texts, such as ["one", "two"]')]


class Crawl(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[crawl]`: how news is gathered."""

    delay_seconds: Annotated[float, Meta(ge=0, le=60, description="a number of seconds from 0 to 60, such as 0.25")] = 0.25
    requests_per_host: Annotated[int, Meta(ge=1, le=32, description="a whole number from 1 to 32")] = 1
    concurrency: Annotated[int, Meta(ge=1, le=512, description="a whole number from 1 to 512")] = 64
    timeout_seconds: Annotated[float, Meta(gt=0, le=600, description="a number of seconds above 0, at most 600")] = 30.0
    deadline_minutes: Annotated[float, Meta(gt=0, le=1440, description="a number of minutes above 0, at most 1440")] = 30.0
    pages: Flag = True
    pages_per_source: Annotated[int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")] = 300
    entries_per_source_day: Annotated[int, Meta(ge=1, le=1_000_000, description="a whole number from 1 to 1000000")] = 2_000
    pages_per_host_day: Annotated[int, Meta(ge=1, le=1_000_000, description="a whole number from 1 to 1000000")] = 3_000
    document_seconds: Annotated[float, Meta(ge=0.5, le=60, description="a number of seconds from 0.5 to 60")] = 10.0
    processes: Annotated[int, Meta(ge=1, le=64, description="a whole number from 1 to 64")] | None = None
    contact: Text = ""


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[run]`: limits of `monitor run`."""

    memory_mb: Annotated[int, Meta(ge=128, le=1_048_576, description="a whole number of MB from 128 to 1048576")] = 2_048


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[network]`: which private addresses may be asked."""

    allow: Annotated[tuple[str, ...], Meta(description='a list of hosts with their ports, such as ["intranet.example:8080"]')] = ()


class Packs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """`[packs]`: which built-in sources serve."""

    vietnam: Flag = True
    quebec_canada: Flag = True
    ai_tech: Flag = True
    asia: Flag = True
    edtech: Flag = True
    wires: Flag = True
    own: Flag = True
    searches: Flag = True
    engines: Annotated[tuple[str, ...], Meta(description='a list such as ["google", "bing", "gdelt", "hackernews", "reddit"]')] = (
        "google", "bing", "gdelt", "hackernews",
    )  # fmt: skip
    more: Flag = False
    off: Annotated[tuple[str, ...], Meta(description='a list of source ids, such as ["vnexpress-latest"]')] = ()

    @property
    def groups(self) -> frozenset[str]:
        """The groups whose sources serve."""
        return frozenset(
            written
            for written, name in zip(self.__struct_encode_fields__, self.__struct_fields__, strict=True)
            if name not in {"searches", "engines", "more", "off"} and getattr(self, name)
        )


class Fields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`fields` of a `[[source]]` of kind json: what stands where."""

    url: Text = ""  # a path, or an address with paths in braces; the one that has to be there
    items: Annotated[str, Meta(description='where the list of items stands, such as "data.articles"')] = ""
    title: Text = ""
    date: Text = ""
    updated: Text = ""
    text: Text = ""
    summary: Text = ""
    author: Text = ""
    outlet: Text = ""
    id: Text = ""


class SourceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[source]]` of the user's own."""

    url: Annotated[str, Meta(min_length=1, description='the address of a feed, such as "https://example.org/feed.xml"')]
    id: Text = ""
    kind: Annotated[str, Meta(description='"feed", "search", "sitemap", "listing", "json" or "spider"')] = "feed"
    outlet: Text = ""
    language: Annotated[str, Meta(description='a language in two or three letters, such as "vi"')] = ""
    country: Annotated[str, Meta(description='a country in two letters, such as "VN"')] = ""
    timezone: Annotated[str, Meta(description='a time zone, such as "Asia/Ho_Chi_Minh"')] = "UTC"
    ownership: Annotated[str, Meta(description='"earned", "release", "affiliated" or "owned"')] = "earned"
    groups: Texts = ()
    interval_minutes: Annotated[int, Meta(ge=1, le=1440, description="a whole number of minutes from 1 to 1440")] | None = None
    robots: Flag = True
    pages: Flag = True
    fields: Fields | None = None
    spider: Text = ""
    only: Annotated[str, Meta(description="a regular expression that addresses have to match")] = ""
    opml: Annotated[dict[str, str], Meta(description='a table of texts, such as { htmlUrl = "https://example.org/" }')] = {}
    verify_tls: Flag = True
    browser: Flag = False
