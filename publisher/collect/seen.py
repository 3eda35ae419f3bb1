"""What was collected before: which article is in which issue, and what feeds said last.

The primary key of `articles_seen` is what puts an article into exactly one issue.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, exists, select

from publisher.collect.source import Validators
from publisher.storage.engine import reading
from publisher.storage.inserts import insert_new
from publisher.storage.schema import articles_seen, source_states
from publisher.week import Week

#: SQLite takes no more than 32766 parameters; a feed never has as many
_PARAMETERS = 5000


@dataclass(frozen=True)
class Seen:
    """Where an article went."""

    week: str
    slug: str


def seen(connection: Connection, identities: Iterable[str]) -> dict[str, Seen]:
    """Return where these articles went, as far as they are known."""
    wanted = list(dict.fromkeys(identities))
    found: dict[str, Seen] = {}
    for start in range(0, len(wanted), _PARAMETERS):
        rows = connection.execute(
            select(articles_seen.c.identity, articles_seen.c.week, articles_seen.c.slug).where(
                articles_seen.c.identity.in_(wanted[start : start + _PARAMETERS])
            )
        )
        found |= {row.identity: Seen(row.week, row.slug) for row in rows}
    return found


def claim(
    connection: Connection, identity: str, *, week: Week, slug: str, source: str, now: datetime
) -> bool:
    """Put an article into a week's issue; False if it belongs to an issue already.

    The caller writes the article's file before this transaction ends: if it dies
    between, the claim is undone with it.
    """
    row = {
        "identity": identity,
        "week": str(week),
        "slug": slug,
        "source": source,
        "seen": now,
    }
    return insert_new(connection, articles_seen, row) == 1


def validators(engine: Engine, address: str, week: Week) -> Validators:
    """Return what a feed said when it was last read for this week, else nothing."""
    with reading(engine) as connection:
        row = connection.execute(
            select(source_states.c.etag, source_states.c.last_modified).where(
                source_states.c.url == address, source_states.c.week == str(week)
            )
        ).one_or_none()
    return Validators(row.etag, row.last_modified) if row else Validators()


def was_read_before(engine: Engine, address: str, week: Week) -> bool:
    """Tell whether a source was read for an earlier week: then it can have late arrivals."""
    earlier = exists().where(source_states.c.url == address, source_states.c.week < str(week))
    with reading(engine) as connection:
        return bool(connection.scalar(select(earlier)))


def remember_reading(
    engine: Engine, address: str, week: Week, validators: Validators, now: datetime
) -> None:
    """Note that a source was read for a week; call it when all its articles are stored.

    Empty validators make the next reading unconditional.
    """
    with engine.begin() as connection:
        connection.execute(
            delete(source_states).where(
                source_states.c.url == address, source_states.c.week == str(week)
            )
        )
        insert_new(
            connection,
            source_states,
            {
                "url": address,
                "week": str(week),
                "etag": validators.etag,
                "last_modified": validators.last_modified,
                "checked": now,
            },
        )
