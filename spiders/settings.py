"""Scrapy's knobs: a good guest, bounded, and without what nobody needs here. Knows no application; plain values only."""

from __future__ import annotations

from typing import Any

BOT_NAME = "media-monitor"
SPIDER_MODULES = ["spiders.watch", "spiders.page", "spiders.walk"]
NEWSPIDER_MODULE = "spiders"
PROJECT_URL = "https://github.com/media-monitor/media-monitor"

LARGEST_FEED = 16 * 1024**2
LARGEST_PAGE = 8 * 1024**2
LARGEST_ROBOTS = 500 * 1024

# --- a good guest
USER_AGENT = f"media-monitor/0.1 (+{PROJECT_URL})"
ROBOTSTXT_OBEY = False  # spiders.robots does it by RFC 9309, where Scrapy's own takes an error for consent
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 0.25
DOWNLOAD_DELAY_JITTER = 0.0
CONCURRENT_REQUESTS = 64
# GDELT's stated limit is one request in five seconds by its own clock; exactly five are sometimes too few.
DOWNLOAD_SLOTS = {"api.gdeltproject.org": {"delay": 5.5, "concurrency": 1}}
MONITOR_SPACING = {"api.gdeltproject.org": 5.5}  # the same over all crawls and commands of a user (spiders.spacing)
DEFAULT_REQUEST_HEADERS = {
    "Accept": "application/rss+xml,application/atom+xml,application/feed+json,application/xml;q=0.9,text/html;q=0.9,*/*;q=0.5",
    "Accept-Language": "vi,en;q=0.8,fr;q=0.8,*;q=0.5",
}
RETRY_ENABLED = False  # what fails is asked at the next crawl, not again at once

# --- bounds
DOWNLOAD_TIMEOUT = 30  # seconds, for the whole of a fetch
DNS_TIMEOUT = 10
DOWNLOAD_MAXSIZE = LARGEST_FEED
DOWNLOAD_WARNSIZE = 0
REACTOR_THREADPOOL_MAXSIZE = 32  # name look-ups that hang must not stop those that do not
REDIRECT_MAX_TIMES = 8
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_FAIL_ON_DATALOSS = True
TWISTED_DNS_RESOLVER = "spiders.guard.GuardedResolver"
DOWNLOAD_HANDLERS = {
    "http": "spiders.connections.BoundedHandler",
    "https": "spiders.connections.BoundedHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}

# --- what nobody needs here
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
COOKIES_ENABLED = False
METAREFRESH_ENABLED = False
REFERER_ENABLED = False
FEED_EXPORT_ENCODING = "utf-8"  # -O out.jsonl: words as they are, not as escapes
DOWNLOADER_STATS = False
MEMUSAGE_ENABLED = False
STATS_DUMP = False
LOGSTATS_INTERVAL = 0
CONCURRENT_ITEMS = 1
WARN_ON_GENERATOR_RETURN_VALUE = False
LOG_LEVEL = "WARNING"
# Scrapy imports every class that stands in a *_BASE table even where it is switched off (aiohttp, tldextract and requests come
# with three of them: a tenth of a second at each start). So the tables themselves name what is used, and nothing else.
DOWNLOADER_MIDDLEWARES_BASE: dict[str, Any] = {
    "spiders.guard.AddressMiddleware": 50,
    "spiders.robots.RobotsMiddleware": 100,
    "spiders.hosts.HostMiddleware": 150,
    "spiders.spacing.SpacingMiddleware": 160,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 590,
    "spiders.redirects.Redirects": 600,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": 750,
}
SPIDER_MIDDLEWARES_BASE: dict[str, Any] = {}
EXTENSIONS_BASE: dict[str, Any] = {"scrapy.extensions.feedexport.FeedExporter": 0}

# --- ours: host:port pairs of private networks that the configuration names (see spiders.guard)
MONITOR_ALLOW_PRIVATE: list[str] = []
# ... of the sources themselves, whose ports may be others than 80 and 443
MONITOR_NAMED: list[str] = []
# ... whether robots.txt is obeyed: "request" (a request of ours may say robots=False), "always", "never"
MONITOR_ROBOTS = "request"
# ... whose certificates are not verified, because the user said so
MONITOR_UNVERIFIED: list[str] = []
