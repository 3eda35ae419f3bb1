"""Bounce scores, Mailman's way: who bounces again and again is not mailed any more.

A hard bounce suppresses an address at once. A soft one counts half, at most once a day;
the count is forgotten when nothing bounced for a while, or when a mail was delivered.

Bounces come late, twice and out of order. So what is kept is not a number but the days
on which an address bounced: taking in a bounce is a union, and the score is computed
from the days. Whatever comes in whatever order, the result is the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from publisher.config import Bounces
from publisher.deliver.feedback.causes import Kind
from publisher.storage.inserts import insert_or_ignore
from publisher.storage.schema import bounce_scores, suppressions
from publisher.storage.suppressions import EVERYWHERE

_WEIGHT = {Kind.HARD: 1.0, Kind.SOFT: 0.5}
_KEPT = 40  #: days remembered of one address; more than any threshold needs
_REASON_LIMIT = 500
_AT_ONCE = 5000  # values in one IN (...)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When enough is enough."""

    threshold: float = 5.0  #: the score that suppresses; at most 15
    stale: timedelta = timedelta(days=15)  #: so long without a bounce, and all is forgotten


def rules_of(config: Bounces) -> Rules:
    """Return the rules that [delivery.bounces] sets, for whatever way bounces come."""
    return Rules(threshold=config.threshold, stale=timedelta(days=config.stale_days))


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """A mail that came back."""

    email_hash: str
    kind: Kind  #: `Kind.OURS` is taken and not counted
    at: datetime  #: aware; when the remote server refused it
    reason: str = ""


@dataclass(frozen=True)
class Day:
    """The worst that happened to an address on one day (UTC), and when it last did."""

    kind: Kind
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Score:
    """What is remembered of an address."""

    days: Mapping[date, Day] = field(default_factory=dict)
    cleared: datetime | None = None  #: bounces up to here do not count
    last: datetime | None = None
    reason: str = ""  #: of the last bounce

    def value(self, rules: Rules) -> float:
        """Return the score: hard days count 1, soft ones 0.5, up to the last long pause."""
        return sum(_WEIGHT[day.kind] for day in self._lately(rules))

    def too_much(self, rules: Rules) -> bool:
        """Whether the address must not be mailed any more."""
        return self.value(rules) >= rules.threshold or any(
            day.kind is Kind.HARD for day in self._counting()
        )

    def _counting(self) -> Iterator[Day]:
        return (day for day in self.days.values() if not self.cleared or day.at > self.cleared)

    def _lately(self, rules: Rules) -> Iterator[Day]:
        following: datetime | None = None
        for day in sorted(self._counting(), key=lambda day: day.at, reverse=True):
            if following and following - day.at > rules.stale:
                return
            yield day
            following = day.at


def scored(before: Score, bounce: Bounce) -> Score:
    """Return what is remembered after a bounce; the order of bounces does not matter.

    A bounce that is taken in twice changes nothing, nor does a second one of the same
    kind on the same day.
    """
    if bounce.kind is Kind.OURS:
        return before
    on = bounce.at.astimezone(UTC).date()
    new, old = Day(bounce.kind, bounce.at), before.days.get(on)
    if old:
        new = Day(Kind.HARD if Kind.HARD in (old.kind, new.kind) else new.kind, max(old.at, new.at))
    days = {**before.days, on: new}
    last, reason = before.last, before.reason
    told = " ".join(bounce.reason.split())[:_REASON_LIMIT]
    if last is None or (bounce.at, told) > (last, reason):
        last, reason = bounce.at, told
    return replace(
        before,
        days={day: days[day] for day in sorted(days, reverse=True)[:_KEPT]},
        last=last,
        reason=reason,
    )


def forgiven(before: Score, at: datetime) -> Score:
    """Return what is remembered after a mail was delivered at this moment."""
    return replace(before, cleared=max(before.cleared or at, at))


def score_bounces(
    connection: Connection,
    bounces: Sequence[Bounce],
    *,
    now: datetime,
    rules: Rules | None = None,
) -> list[str]:
    """Take in bounces and suppress everywhere whoever bounced too often.

    Returns the hashes that were not suppressed before. A handful of statements for
    thousands of bounces; the caller commits.
    """
    rules = rules or Rules()
    found: dict[str, list[Bounce]] = {}
    for bounce in bounces:
        if bounce.kind is not Kind.OURS:
            # a remote clock that is ahead must not make a bounce outlive what clears it
            known = replace(bounce, at=min(bounce.at, now))
            found.setdefault(bounce.email_hash, []).append(known)
    after: dict[str, Score] = {}
    for hash, before in _held(connection, found, now).items():
        for bounce in found[hash]:
            before = scored(before, bounce)
        after[hash] = before
    _write(connection, after, rules, now)
    over = {hash: score for hash, score in after.items() if score.too_much(rules)}
    return _suppress(connection, over, now)


def forgive(connection: Connection, delivered: Mapping[str, datetime]) -> int:
    """Reset the scores of addresses a mail was delivered to: hash -> when, the last time.

    Whoever never bounced costs no more than a look. A suppression stays: only the
    reader can lift it. Returns how many scores were reset.
    """
    after = {
        hash: forgiven(score, delivered[hash])
        for hash, score in _read(connection, sorted(delivered)).items()
        if not score.cleared or score.cleared < delivered[hash]
    }
    _write(connection, after, Rules(), max(delivered.values(), default=None))
    return len(after)


def _held(connection: Connection, hashes: Iterable[str], now: datetime) -> dict[str, Score]:
    """Return what is remembered of addresses, and keep others from changing it until commit."""
    wanted = sorted(hashes)  # in one order, or two workers could wait for each other for ever
    if not wanted:
        return {}
    blank = {"score": 0.0, "last": now, "reason": "", "days": {}}
    connection.execute(
        insert_or_ignore(connection, bounce_scores), [{"email_hash": h, **blank} for h in wanted]
    )
    return _read(connection, wanted)


def _read(connection: Connection, hashes: Sequence[str]) -> dict[str, Score]:
    found: dict[str, Score] = {}
    for start in range(0, len(hashes), _AT_ONCE):
        rows = connection.execute(
            select(bounce_scores)
            .where(bounce_scores.c.email_hash.in_(hashes[start : start + _AT_ONCE]))
            .order_by(bounce_scores.c.email_hash)
            .with_for_update()
        )
        found.update((row.email_hash, _score(row)) for row in rows)
    return found


def _write(
    connection: Connection, scores: Mapping[str, Score], rules: Rules, now: datetime | None
) -> None:
    if not scores:
        return
    rows = [
        {
            "hash": hash,
            "new_score": score.value(rules),
            "new_last": score.last or now,
            "new_reason": score.reason,
            "new_days": {
                f"{on}": [day.kind.value, day.at.isoformat()] for on, day in score.days.items()
            },
            "new_cleared": score.cleared,
        }
        for hash, score in scores.items()
    ]
    names = ("score", "last", "reason", "days", "cleared")
    connection.execute(
        bounce_scores.update()
        .where(bounce_scores.c.email_hash == bindparam("hash"))
        .values({name: bindparam(f"new_{name}") for name in names}),
        rows,
    )


def _suppress(connection: Connection, over: Mapping[str, Score], now: datetime) -> list[str]:
    if not over:
        return []
    new = connection.execute(
        insert_or_ignore(connection, suppressions).returning(suppressions.c.email_hash),
        [
            {"email_hash": hash, "scope": EVERYWHERE, "reason": "bounced", "since": now}
            for hash in sorted(over)
        ],
    )
    return list(new.scalars())


def _score(row: Any) -> Score:
    return Score(
        days={
            date.fromisoformat(on): Day(Kind(kind), datetime.fromisoformat(at))
            for on, (kind, at) in row.days.items()
        },
        cleared=row.cleared,
        last=row.last if row.days else None,
        reason=row.reason,
    )
