"""Where a host would lead us: private addresses in every spelling, names that lie, redirects, ports, certificates, robots.txt."""

from __future__ import annotations

import gzip

from tests.hostile.case import OPEN, OPEN_SIX, Case, entry, named, one, page, rss
from tests.spiders.site import Reply, drips, redirect

_PRIVATE = ("private-address",)
_SPELLINGS = {
    "loopback": "127.0.0.1", "short": "127.1", "decimal": "2130706433", "hex": "0x7f000001", "octal": "0177.0.0.1", "octal-long": "017700000001", "localhost": "localhost",
    "localhost-dot": "localhost.", "sub-localhost": "a.localhost", "six": "[::1]", "six-any": "[::]", "mapped": "[::ffff:127.0.0.1]", "mapped-hex": "[::ffff:a9fe:a9fe]",
    "nat64": "[64:ff9b::7f00:1]", "six-to-four": "[2002:7f00:1::]", "metadata": "169.254.169.254", "metadata-name": "metadata.google.internal", "ten": "10.0.0.1",
    "home": "192.168.0.1", "carrier": "100.64.0.1", "multicast": "224.0.0.1", "zero": "0.0.0.0", "link-local": "[fe80::1]", "unique-local": "[fd00:ec2::254]", "full-width": "１２７.0.0.1",
}  # fmt: skip
_NAMES = {
    "dns-loopback": ("127.0.0.1",), "dns-metadata": ("169.254.169.254",), "dns-ten": ("10.1.2.3",), "dns-six": ("::1",), "dns-mapped": ("::ffff:127.0.0.1",),
    "dns-nat64": ("64:ff9b::a00:1",), "dns-unique-local": ("fc00::1",), "dns-multicast": ("224.0.0.251",),
}  # fmt: skip
_REDIRECTS = {
    "to-loopback": ("http://127.0.0.1/secret", _PRIVATE), "to-decimal": ("http://2130706433/secret", _PRIVATE), "to-six": ("http://[::1]/secret", _PRIVATE),
    "to-metadata": ("http://169.254.169.254/latest/meta-data/", _PRIVATE), "to-inside": ("http://inside.example/secret", _PRIVATE), "to-file": ("file:///etc/passwd", ("http-302",)),
    "to-ftp": ("ftp://to-ftp.example/x", ("http-302",)), "to-javascript": ("javascript:alert(1)", ("bad-address",)), "to-mail-port": (f"http://{OPEN}:25/", ("port",)),
    "to-redis": ("http://to-redis.example:6379/", ("port",)), "to-itself": ("/feed", ("redirects",)), "to-user": ("http://a@127.0.0.1/secret", _PRIVATE), "to-nowhere": ("http://", ("bad-address", "http-302", "connection", "redirects")),
}  # fmt: skip
_ROBOTS_NO = "User-agent: *\nDisallow: /\n"


def cases() -> list[Case]:
    """All of this file."""
    return [*_spellings(), *_redirects(), *_certificates(), *_robots()]


def _spellings() -> list[Case]:
    made = [
        Case(name=f"at-{name}", url=f"http://{host}/feed", expect=("private-address", "bad-address")) for name, host in _SPELLINGS.items()
    ]
    made += [
        Case(name=name, dns=addresses, feed=one(name, "bí mật"), expect=_PRIVATE, never=("bí mật",)) for name, addresses in _NAMES.items()
    ]
    made += [
        Case(name="dns-mixed", dns=("127.0.0.1", OPEN), feed=one("dns-mixed", "qua tên hai nghĩa"), arrives=(named("qua tên hai nghĩa"),)),
        # The first answer (for robots.txt) is public, the next ones are not: what was checked is what is connected to.
        Case(name="dns-rebinds", dns=([OPEN], ["127.0.0.1"]), feed=one("dns-rebinds", "tên đổi chỗ"), arrives=(named("tên đổi chỗ"),)),
        Case(name="dns-six-only", dns=(OPEN_SIX,), feed=one("dns-six-only", "chỉ có IPv6"), arrives=(named("chỉ có IPv6"),)),
        Case(name="dns-nothing", dns=(), expect=("dns",)),
        Case(name="dns-slow", dns=(9.0, OPEN), feed=one("dns-slow", "quá chậm"), expect=("dns", "timeout"), never=("quá chậm",)),
        Case(name="port-named", url="http://port-named.example:8080/feed", feed=one("port-named", "cổng 8080"), arrives=(named("cổng 8080"),)),
        Case(
            name="port-linked",
            feed=rss(f"<item><title>{named('ở cổng lạ')}</title><link>http://port-linked.example:22/1</link></item>"),
            arrives=(named("ở cổng lạ"),),
        ),
        Case(
            name="links-inside",
            feed=rss(
                *(
                    f"<item><title>{named(f'dẫn vào trong {number}')}</title><link>{link}</link></item>"
                    for number, link in enumerate(
                        ("http://127.0.0.1/secret", "http://[::1]/secret", "http://inside.example/secret", "http://2130706433/x", "http://169.254.169.254/latest")
                    )
                ),
                "<item><title>FPT Software file</title><link>file:///etc/passwd</link></item><item><title>FPT Software js</title><link>javascript:alert(1)</link></item>",
            ),
            arrives=tuple(named(f"dẫn vào trong {number}") for number in range(5)),
            never=("FPT Software file", "FPT Software js"),
        ),
    ]  # fmt: skip
    return made


def _redirects() -> list[Case]:
    made = [Case(name=name, feed=redirect(to), expect=expect) for name, (to, expect) in _REDIRECTS.items()]
    grows = {"/feed": redirect("/feed1")} | {f"/feed{'1' * number}": redirect(f"/feed{'1' * (number + 1)}") for number in range(1, 30)}
    made += [
        Case(name="to-longer", pages=grows, expect=("redirects",)),
        Case(name="to-slow-hops", pages={"/feed": redirect("/1")} | {f"/{n}": _after(0.9, redirect(f"/{n + 1}")) for n in range(1, 20)}, expect=("timeout",)),
        Case(name="to-friend", feed=redirect("http://friend.example/feed", 301), pages={}, arrives=(named("của bạn"),)),
        Case(name="friend", feed=one("friend", "của bạn"), arrives=(named("của bạn"),)),
        Case(name="page-to-inside", feed=one("page-to-inside", "trang dẫn vào trong"), pages={"/1": redirect("http://127.0.0.1/secret")}, arrives=(named("trang dẫn vào trong"),)),
        Case(
            name="refreshes", feed=one("refreshes", "tự chuyển"), arrives=(named("tự chuyển"),),
            pages={"/1": page(named("tự chuyển"), head="<meta http-equiv='refresh' content='0;url=http://127.0.0.1/secret'><base href='http://127.0.0.1/'><link rel='icon' href='http://tracker.example/i'>")},
        ),
    ]  # fmt: skip
    return made


def _after(pause: float, reply: Reply) -> Reply:
    import time

    def raw(handler: object) -> None:
        time.sleep(pause)
        head = f"HTTP/1.1 {reply.status} Found\r\nLocation: {reply.headers['Location']}\r\nContent-Length: 0\r\n\r\n"
        handler.wfile.write(head.encode())  # type: ignore[attr-defined]

    return Reply(raw=raw)


def _certificates() -> list[Case]:
    return [
        Case(name="tls-good", tls="good", feed=one("tls-good", "có chứng chỉ"), arrives=(named("có chứng chỉ"),)),
        Case(name="tls-other", tls="other", feed=one("tls-other", "tên khác"), expect=("tls",), never=("tên khác",)),
        Case(name="tls-own", tls="own", feed=one("tls-own", "tự ký"), expect=("tls",), never=("tự ký",)),
        Case(
            name="tls-excused", tls="own", feed=one("tls-excused", "được miễn"), config={"verify_tls": False}, arrives=(named("được miễn"),)
        ),
        Case(name="tls-plain", url="https://tls-plain.example/feed", expect=("tls", "connection", "timeout")),
    ]


def _robots() -> list[Case]:
    wild = "User-agent: *\n" + "".join(f"Disallow: /{'*a' * 12}{number}$\n" for number in range(9_000))

    def with_robots(name: str, robots: Reply | str | bytes, *, read: bool, kinds: tuple[str, ...] = ("robots-unreachable",)) -> Case:
        title = named(f"sau {name}")
        return Case(
            name=name, pages={"/robots.txt": robots}, feed=one(name, f"sau {name}"), expect=("read",) if read else kinds,
            arrives=(title,) if read else (), never=() if read else (title,),
        )  # fmt: skip

    return [
        with_robots("robots-500", Reply("", 500), read=False),
        with_robots("robots-429", Reply("", 429), read=False, kinds=("robots-unreachable", "http-429")),
        with_robots("robots-drips", Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n", b"#", 0.05)), read=False, kinds=("timeout",)),
        with_robots("robots-endless", Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n", b"# \n" * 100_000, 0)), read=False, kinds=("too-large", "timeout")),
        with_robots("robots-bomb", Reply(gzip.compress(b"#" * 30_000_000), headers={"Content-Encoding": "gzip"}), read=False, kinds=("too-large",)),
        with_robots("robots-no", _ROBOTS_NO, read=False, kinds=("robots",)),
        # Half a minute at most, which is what this case takes.
        Case(
            name="robots-year",
            pages={"/robots.txt": "User-agent: *\nCrawl-delay: 31536000\n"},
            feed=one("robots-year", "sau một năm"),
            arrives=(named("sau một năm"),),
            config={"pages": False},
        ),
        with_robots("robots-nan", "User-agent: *\nCrawl-delay: nan\nCrawl-delay: -5\nCrawl-delay: 1e999\n", read=True),
        with_robots("robots-inside", redirect("http://127.0.0.1/robots.txt"), read=True),
        with_robots("robots-loop", redirect("/robots.txt"), read=True),
        with_robots("robots-bytes", bytes(range(256)) * 2_000, read=True),
        with_robots("robots-html", "<html><script>x</script>" * 1_000, read=True),
        with_robots("robots-wild", wild, read=True),
        with_robots("robots-401", Reply("", 401), read=True),
        Case(
            name="robots-page", pages={"/robots.txt": "User-agent: *\nDisallow: /1\n", "/1": page("cấm đọc")}, feed=rss(entry("robots-page", 1, named("chỉ tít"))),
            arrives=(named("chỉ tít"),), never=("cấm đọc",),
        ),
    ]  # fmt: skip
