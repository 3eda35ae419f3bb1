"""Whom we must not mail: kept as hashes, so that it outlives the reader's own record.

Stands here because people (audience) and mailings (deliver) both need it, and the one
must not know the other.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from hashlib import sha256
from itertools import islice

from sqlalchemy import Connection, select

from publisher.storage.inserts import insert_new
from publisher.storage.schema import bounce_scores, suppressions

EVERYWHERE = "*"  #: the scope that holds for all lists
_AT_ONCE = 5000  # values in one IN (...): databases take no more than some ten thousand


def email_hash(email_key: str) -> str:
    """Return the hash under which an address is remembered; `email_key` is the casefolded one."""
    return sha256(email_key.encode()).hexdigest()


def suppress(connection: Connection, hash: str, scope: str, reason: str, now: datetime) -> bool:
    """Never mail this address again on a list, or anywhere with `EVERYWHERE`.

    The first reason (unsubscribed, bounced, complained, removed) is the one that is
    kept. Returns False if it was known.
    """
    row = {"email_hash": hash, "scope": scope, "reason": reason, "since": now}
    return insert_new(connection, suppressions, row) == 1


def lift(connection: Connection, hash: str, list_name: str, now: datetime) -> None:
    """Forget why an address was not mailed: its owner has just asked for it.

    Bounces up to now count no more, however late we hear of them.
    """
    connection.execute(
        suppressions.delete().where(
            suppressions.c.email_hash == hash, suppressions.c.scope.in_((list_name, EVERYWHERE))
        )
    )
    connection.execute(
        bounce_scores.update()
        .where(bounce_scores.c.email_hash == hash)
        .values(score=0.0, cleared=now)
    )


def suppressed(
    connection: Connection, hashes: Collection[str], list_name: str
) -> dict[str, tuple[str, datetime]]:
    """Return those of the hashes that must not be mailed on a list: reason and moment by hash."""
    found: dict[str, tuple[str, datetime]] = {}
    for part in _parts(hashes):
        rows = connection.execute(
            select(suppressions.c.email_hash, suppressions.c.reason, suppressions.c.since).where(
                suppressions.c.email_hash.in_(part),
                suppressions.c.scope.in_((list_name, EVERYWHERE)),
            )
        )
        found.update((row.email_hash, (row.reason, row.since)) for row in rows)
    return found


def _parts(hashes: Collection[str]) -> Iterator[list[str]]:
    rest = iter(hashes)
    while part := list(islice(rest, _AT_ONCE)):
        yield part
