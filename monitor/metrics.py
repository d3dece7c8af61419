"""Figures for Prometheus: of the watch, of each source, of digests and deliveries. Written to a file, printed, or asked for by HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import monitor
from monitor.running import duties
from storage.condition import Ail
from storage.habits import GOOD
from storage.items import Source, SourceState

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.config import Config
    from storage.reading import Reading
    from storage.store import Store

PREFIX = "media_monitor_"
_WINDOW = timedelta(hours=24)


def render(store: Store, config: Config, sources: Sequence[Source], now: datetime) -> str:
    """Return all figures in Prometheus' text format; label values are escaped.

    Raises:
        StorageError: the store cannot be read.
    """
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(lambda: _families(store, config, sources, now)))
    return generate_latest(registry).decode()


def write(path: Path, store: Store, config: Config, sources: Sequence[Source], now: datetime) -> None:
    """Write all figures to a file that appears whole or not at all, as the node exporter's textfile collector wants it.

    Raises:
        monitor.files.FileError: it cannot be written.
        StorageError: the store cannot be read.
    """
    from monitor.files import write_text

    write_text(path, render(store, config, sources, now))


@contextmanager
def serving(port: int, what: Callable[[], tuple[Store, Config, Sequence[Source], datetime]]) -> Iterator[None]:
    """Answer /metrics on 127.0.0.1 while the block runs; each answer is read from the store when it is asked for.

    Args:
        port: 0 for none.
        what: returns what `render` takes.

    Raises:
        OSError: the port is taken.
    """
    if not port:
        yield
        return
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(lambda: _families(*what())))
    server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=1.0)


class _Collector:
    """What Prometheus' library asks."""

    def __init__(self, families: Callable[[], Iterable[Any]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Any]:
        """Return all figures, read as a whole: a failure gives an error, not half of them."""
        return list(self._families())


def _families(store: Store, config: Config, sources: Sequence[Source], now: datetime) -> Iterable[Any]:
    yield _gauge("info", "The program.", [({"version": monitor.__version__}, 1)])
    with store.reading() as reading:
        yield from _watch(reading, sources, now)
        yield from _each_source(reading.sources.states(), sources)
        yield from _out(reading, config, now)
        size = store.size()
    done = duties.last_done(store)
    yield _gauge(
        "duty_last_timestamp_seconds", "When upkeep was done last.", [({"duty": name}, at.timestamp()) for name, at in done.items()]
    )
    yield _gauge("database_bytes", "Size of the database.", [({}, size)])
    yield _gauge("collected_timestamp_seconds", "When these figures were taken.", [({}, now.timestamp())])


def _watch(reading: Reading, sources: Sequence[Source], now: datetime) -> Iterable[Any]:
    coverage = reading.sources.coverage(now - _WINDOW, now, {source.id: source.id for source in sources})
    states = {"configured": coverage.due, "read": coverage.read}
    states |= {kind.value: sum(one.kind is kind for one in coverage.ailing) for kind in Ail}
    yield _gauge("sources", "Sources by state, over 24 hours.", [({"state": name}, count) for name, count in states.items()])
    seen = {"entries": coverage.entries, "kept": coverage.kept, "suppressed": coverage.suppressed}
    yield _gauge("seen_24h", "What was new in 24 hours.", [({"kind": name}, count) for name, count in seen.items()])
    counts = reading.articles.counts()
    yield _gauge("stored", "What the database holds.", [({"kind": name}, count) for name, count in counts.items()])
    if coverage.last_crawl:
        yield _gauge("last_crawl_timestamp_seconds", "When a source was polled last.", [({}, coverage.last_crawl.timestamp())])


def _each_source(states: dict[str, SourceState], sources: Sequence[Source]) -> Iterable[Any]:
    known = [state for source in sources if (state := states.get(source.id)) and state.last_poll]

    def of(name: str, said: str, value: Callable[[SourceState], float | None]) -> Any:
        return _gauge(name, said, [({"source": one.source_id}, found) for one in known if (found := value(one)) is not None])

    yield of("source_up", "Whether the last poll of a source went well.", lambda one: one.outcome in GOOD)
    yield of("source_error_streak", "Polls that failed since the last good one.", lambda one: one.error_streak)
    yield of("source_entries_per_day", "New entries a day, by habit.", lambda one: one.new_per_day)
    for name, said in (("last_poll", "was polled"), ("last_ok", "was read well"), ("last_new", "brought something new")):
        yield of(f"source_{name}_timestamp_seconds", f"When a source {said} last.", lambda one, name=name: _seconds(getattr(one, name)))  # type: ignore[misc]
    for name, said in (("polls", "Polls"), ("new_total", "New entries")):
        counter = _family("CounterMetricFamily", f"source_{name.removesuffix('_total')}", f"{said} of a source since it is watched.")
        for one in known:
            counter.add_metric([one.source_id], getattr(one, name))
        yield counter


def _out(reading: Reading, config: Config, now: datetime) -> Iterable[Any]:
    last = [(table.name, row) for table in config.digests if (row := reading.ledger.last(table.name))]
    yield _gauge(
        "last_digest_timestamp_seconds", "When a digest was made last.", [({"digest": name}, row.created.timestamp()) for name, row in last]
    )
    waiting = dict.fromkeys((one.name for one in config.deliveries), 0)
    for parcel in reading.deliveries.waiting():
        waiting[parcel.delivery] = waiting.get(parcel.delivery, 0) + 1
    yield _gauge(
        "deliveries_waiting", "Messages that are still to be sent.", [({"delivery": name}, count) for name, count in waiting.items()]
    )
    kinds: dict[str, int] = {}
    for incident in reading.incidents.between(now - _WINDOW, now):
        kinds[incident.kind] = kinds.get(incident.kind, 0) + 1
    yield _gauge("incidents_24h", "What befell the watch itself.", [({"kind": kind}, count) for kind, count in sorted(kinds.items())])


def _gauge(name: str, said: str, values: Iterable[tuple[dict[str, str], float]]) -> Any:
    values = list(values)
    family = _family("GaugeMetricFamily", name, said, labels=list(values[0][0]) if values else [])
    for labels, value in values:
        family.add_metric(list(labels.values()), value)
    return family


def _family(kind: str, name: str, said: str, labels: Sequence[str] = ("source",)) -> Any:
    from prometheus_client import core

    return getattr(core, kind)(PREFIX + name, said, labels=list(labels))


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
