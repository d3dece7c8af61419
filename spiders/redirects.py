"""Redirects are followed as Scrapy follows them, without a word about where we came from."""

from __future__ import annotations

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.http import Request, Response


class Redirects(RedirectMiddleware):
    """Scrapy's redirects; no Referer is ever sent, so that none has to be changed."""

    def _engine_started(self) -> None:
        """Scrapy would warn at each start that no Referer is sent."""

    def handle_referer(self, request: Request, response: Response) -> None:
        """Send none."""
        request.headers.pop("Referer", None)
