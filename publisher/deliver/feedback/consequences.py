"""What events mean for whom we mail: scores, suppressions, unsubscriptions."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from publisher.deliver.feedback.events_bulk import one_of, rows_of, seconds
from publisher.deliver.feedback.learning import Learnt, Leaving
from publisher.deliver.feedback.scores import Rules, forgive, score_bounces


@dataclass(frozen=True)
class Consequences:
    """What follows for people; the functions work in the transaction they are given."""

    leave: Callable[[Connection, Leaving], object]  #: ends a subscription
    complain: Callable[[Connection, str], bool]  #: bars an address; False if it was barred
    rules: Rules = field(default_factory=Rules)  #: of bounce scores


def draw(
    connection: Connection, learnt: Learnt, then: Consequences, *, now: datetime
) -> tuple[int, int]:
    """Draw the consequences; return how many addresses are mailed no more, and how many left.

    Whoever has asked for mail since an event happened is mailed: news may be days late.
    """
    concerned = {bounce.email_hash for bounce in learnt.bounces}
    concerned |= learnt.complaints.keys()
    concerned |= {leaving.email_hash for leaving in learnt.leaving}
    asked = _asked(connection, concerned)
    bounces = [b for b in learnt.bounces if asked.get(b.email_hash, 0) < b.at.timestamp()]
    suppressed = len(score_bounces(connection, bounces, now=now, rules=then.rules))
    _forgive(connection, learnt.delivered)
    left = [leaving for leaving in learnt.leaving if asked.get(leaving.email_hash, 0) < leaving.at]
    for leaving in sorted(left, key=lambda leaving: (leaving.subscriber_id, leaving.at)):
        then.leave(connection, leaving)
    for hash, at in sorted(learnt.complaints.items()):
        if asked.get(hash, 0) < at:
            suppressed += then.complain(connection, hash)
    return suppressed, len(left)


def _asked(connection: Connection, hashes: Collection[str]) -> dict[str, int]:
    """Return when the owners of addresses last asked for mail (Unix seconds)."""
    if not hashes:
        return {}
    among, parameter = one_of(connection, sorted(hashes), "text")
    sql = (
        f"SELECT email_hash, {seconds(connection, 'max(at)')} FROM consents"  # noqa: S608 - ours
        f" WHERE act IN ('confirmed', 'added') AND email_hash {among} GROUP BY email_hash"
    )
    return {row[0]: row[1] for row in rows_of(connection, sql, parameter)}


def _forgive(connection: Connection, delivered: Mapping[str, int]) -> None:
    """Reset the scores of those who bounced before; few ever do."""
    if not delivered:
        return
    among, hashes = one_of(connection, delivered, "text")
    sql = f"SELECT email_hash FROM bounce_scores WHERE email_hash {among}"  # noqa: S608 - ours
    scored = [hash for (hash,) in rows_of(connection, sql, hashes)]
    if scored:
        forgive(connection, {h: datetime.fromtimestamp(delivered[h], UTC) for h in scored})
