"""Alerts: what cannot wait for the digest, told once by each rule, held in quiet hours.

Looked for after each crawl. A rule begins with what is seen after it was first looked at, so a new rule, or the first crawl of a
new store, alarms nobody with old news. What a rule tells is written down with its deliveries in one transaction.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.delivery.outbox import queue, targets_of
from monitor.editions import Desk, of_stories
from storage.text import fold

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.config_delivery import AlertTable
    from monitor.digest.record import Digest
    from monitor.watchlist import Watchlist
    from storage.items import Source, StoredArticle
    from storage.reading import Reading, Transaction
    from storage.store import Store

HORIZON = timedelta(hours=48)  # what was seen longer ago is the digest's
HOUR = timedelta(hours=1)
USUAL_DAYS = 28  # of which the same hour makes the usual
LEAST_DAYS = 3  # a shorter history has no usual
CALM = timedelta(hours=6)  # after a burst, before the next one of the same topic


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule wants told."""

    rule: str
    kind: str  # match or burst
    stories: tuple[int, ...]
    due: datetime  # now, or the end of the quiet hours
    topic: str = ""
    count: int = 0
    usual: float | None = None


def evaluate(
    store: Store, config: Config, clock: Callable[[], datetime], *, env: Mapping[str, str] = os.environ, dry_run: bool = False
) -> list[Finding]:
    """Look at all rules and queue what they want told.

    Args:
        env: where recipients are read that are secret.
        dry_run: write nothing; a rule that was never looked at shows what it would have told of the last two days.

    Raises:
        UsageError: a rule names a topic that is not watched.
        StorageError: the store failed.
    """
    if not config.alert:
        return []
    now = clock()
    watchlist = config.watchlist()
    with store.reading() as reading:
        articles = _fresh(reading, now - HORIZON, with_text=any(rule.words for rule in config.alert))
    found: list[Finding] = []
    for rule in config.alert:
        topics = tuple(watchlist.named(name) for name in rule.topics)
        zone = ZoneInfo(rule.timezone or config.timezone)
        due = held_until(rule.quiet_hours, zone, now)
        if dry_run:
            with store.reading() as reading:
                found += _findings(reading, rule, topics or tuple(watchlist.names), articles, now, due, _since(reading, rule), zone)
            continue
        with store.transaction() as transaction:
            since = _since(transaction, rule)
            if since is None:
                transaction.set_meta(_key(rule), now.isoformat())
                continue
            for finding in _findings(transaction, rule, topics or tuple(watchlist.names), articles, now, due, since, zone):
                _tell(transaction, config, rule, finding, now, env)
                found.append(finding)
    return found


def alert_digest(
    store: Store, config: Config, rule: AlertTable, alert_id: int, *, watchlist: Watchlist, sources: Sequence[Source]
) -> Digest:
    """Return an alert as a digest, so that it looks alike in all shapes."""
    from monitor.digest.words import words_of

    language = rule.language or config.language
    with store.reading() as reading:
        alert = reading.alerts.get(alert_id)
        stories = reading.alerts.stories_of(alert_id)
    assert alert is not None
    desk = Desk(
        store=store,
        sources=sources,
        topics=tuple(watchlist.names),
        only=False,
        zone=ZoneInfo(rule.timezone or config.timezone),
        language=language,
        clock=lambda: alert.at,
        name=f"alert:{rule.name}",
    )
    digest = of_stories(desk, stories, alert.at - timedelta(hours=24), alert.at).digest
    words = words_of(language)
    title = f"{words.say('alert')} · {rule.name}"
    if alert.kind == "burst":
        usual = f"{alert.usual or 0:.1f}".replace(".", "." if language == "en" else ",")
        said = words.count("burst", alert.count, topic=alert.topic, usual=usual)
        title = f"{title} · {said}"
    elif digest.count == 1:
        line = digest.lines[0]
        said = f"{line.headline} ({line.outlet})"
    else:
        said = words.count("new", digest.count)
    subject = f"{words.say('alert')} {rule.name}{words.say('colon')}{said}"
    return replace(digest, title=title, subject=subject, guid=f"{digest.guid}/a{alert_id}")


# ------------------------------------------------------------------ pure


def matches(stored: StoredArticle, rule: AlertTable, topics: Sequence[str], words: re.Pattern[str] | None) -> bool:
    """Whether an article has what a rule waits for: one of its topics, one of its outlets and one of its words, where it has any.

    Args:
        topics: those of the rule; any watched one if it names none.
        words: as `pattern` makes it; None where the rule has none.
    """
    if not any(mention.topic in topics and (rule.passing or not mention.passing) for mention in stored.mentions):
        return False
    article = stored.article
    if rule.outlets:
        wanted = {fold(outlet).removeprefix("www.") for outlet in rule.outlets}
        if not {fold(article.outlet), article.outlet_host.lower().removeprefix("www.")} & wanted:
            return False
    return words is None or words.search(fold(f"{article.title}\n{article.summary}\n{article.text}")) is not None


def pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds one of these words or phrases, whole, whatever their case and tone marks; None for no words."""
    folded = sorted({" ".join(fold(word).split()) for word in words}, key=len, reverse=True)
    phrases = "|".join(r"\s+".join(re.escape(part) for part in word.split(" ")) for word in folded)
    return re.compile(rf"(?<!\w)(?:{phrases})(?!\w)") if folded else None


def held_until(quiet: tuple[time, time] | None, zone: ZoneInfo, now: datetime) -> datetime:
    """Return when a message may go out: now, or the end of the quiet hours in which `now` lies."""
    if quiet is None:
        return now
    begin, end = quiet
    local = now.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not inside:
        return now
    day = local.date() if clock < end else local.date() + timedelta(days=1)
    # An end that clocks jump over or that lies twice in the night: never before now.
    return max(datetime.combine(day, end, zone).astimezone(UTC), now)


def usual_of(moments: Sequence[datetime], now: datetime, zone: ZoneInfo, known_since: datetime) -> float | None:
    """Return the mean number of moments in the hour that ends at this time of day, over the days before; None with too few days.

    Args:
        moments: when stories began.
        known_since: begin of the history; the days before it do not count.
    """
    local = now.astimezone(zone)
    ends = [(local - timedelta(days=day)).astimezone(UTC) for day in range(1, USUAL_DAYS + 1)]
    ends = [end for end in ends if end - HOUR >= known_since]
    if len(ends) < LEAST_DAYS:
        return None
    return sum(sum(end - HOUR < moment <= end for moment in moments) for end in ends) / len(ends)


# ------------------------------------------------------------------ inside


def _fresh(reading: Reading, since: datetime, *, with_text: bool) -> list[StoredArticle]:
    return reading.articles.many([article_id for article_id, _ in reading.alerts.fresh(since)], with_text=with_text)


def _findings(
    reading: Reading,
    rule: AlertTable,
    topics: Sequence[str],
    articles: Sequence[StoredArticle],
    now: datetime,
    due: datetime,
    since: datetime | None,
    zone: ZoneInfo,
) -> list[Finding]:
    if rule.burst is not None:
        return list(_bursts(reading, rule, topics, now, due, zone))
    words = pattern(rule.words)
    begin = since or now - HORIZON
    stories = dict.fromkeys(stored.story_id for stored in articles if stored.first_seen > begin and matches(stored, rule, topics, words))
    told = reading.alerts.told(rule.name, list(stories))
    left = tuple(story for story in stories if story not in told)
    return [Finding(rule=rule.name, kind="match", stories=left, due=due)] if left else []


def _bursts(reading: Reading, rule: AlertTable, topics: Sequence[str], now: datetime, due: datetime, zone: ZoneInfo) -> Iterable[Finding]:
    known_since = reading.alerts.known_since() or now
    for topic in topics:
        last = reading.alerts.last(rule.name, "burst", topic)
        if last is not None and now - last.at < CALM:
            continue
        begun = reading.alerts.begun(topic, now - timedelta(days=USUAL_DAYS + 1))
        within = [story for story, moment in begun if now - HOUR < moment <= now]
        if len(within) < rule.burst_stories:
            continue
        usual = usual_of([moment for _, moment in begun], now, zone, known_since)
        told = reading.alerts.told(rule.name, within)
        left = tuple(story for story in within if story not in told)
        if usual is not None and rule.burst is not None and len(within) > rule.burst * usual and left:
            yield Finding(rule=rule.name, kind="burst", stories=left, due=due, topic=topic, count=len(within), usual=usual)


def _tell(transaction: Transaction, config: Config, rule: AlertTable, finding: Finding, now: datetime, env: Mapping[str, str]) -> None:
    last = transaction.alerts.last(rule.name, finding.kind)
    if finding.kind == "match" and last is not None and last.due > now:
        # Still held: one message in the morning, not one for each crawl of the night.
        transaction.alerts.add(last.id, rule.name, finding.stories)
        return
    alert_id = transaction.alerts.open(
        rule.name,
        finding.kind,
        finding.stories,
        at=now,
        due=finding.due,
        topic=finding.topic,
        count=finding.count,
        usual=finding.usual,
    )
    targets = targets_of(config, rule.deliver, env)
    queue(transaction, targets, series=f"alert:{rule.name}", period=f"a{alert_id}", now=now, due=finding.due, alert_id=alert_id)


def _since(reading: Reading, rule: AlertTable) -> datetime | None:
    """Return when the rule was first looked at."""
    return reading.meta_moment(_key(rule))


def _key(rule: AlertTable) -> str:
    return f"alert:{rule.name}"
