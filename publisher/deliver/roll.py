"""The roll: every reader of a mailing with all that is known of her copy, one after another."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from publisher.deliver import standing
from publisher.deliver.figures import SAME_READER, fate
from publisher.storage.schema import chunks, clicks, deliveries, receipts

_SLICE = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """One reader's copy of an issue."""

    subscriber_id: int
    email: str  #: as mailed
    form: str  #: link, attach or text
    state: str  #: accepted, suppressed, refused, uncertain, cancelled or waiting
    reason: str  #: why it is not accepted
    accepted_at: datetime | None
    receipt: str  #: what became of it since, see `figures.Tally`; empty if not accepted
    receipt_at: datetime | None
    receipt_reason: str
    delivered: datetime | None  #: first, even if it came back afterwards
    opened: datetime | None
    clicked: datetime | None
    links: int  #: how many links she followed
    machine_opened: datetime | None
    machine_clicked: datetime | None
    complained: datetime | None
    unsubscribed: datetime | None
    chunk: int
    attempts: int


def roll(connection: Connection, mailing_id: int) -> Iterator[Copy]:
    """Go through all readers of a mailing by number, a slice at a time."""
    state = standing.effective_state()
    accepted = state == "accepted"
    followed = (
        select(func.count())
        .where(
            clicks.c.mailing_id == deliveries.c.mailing_id,
            clicks.c.subscriber_id == deliveries.c.subscriber_id,
            clicks.c.machine.is_(False),
        )
        .scalar_subquery()
    )
    reason = func.coalesce(func.nullif(deliveries.c.reason, ""), chunks.c.reason)
    query = (
        select(
            deliveries.c.subscriber_id,
            deliveries.c.email,
            chunks.c.form,
            state.label("state"),
            # a chunk that was accepted at last may still tell of an earlier attempt
            case((accepted, ""), else_=reason).label("reason"),
            case((accepted, chunks.c.changed)).label("accepted_at"),
            case((accepted, fate()), else_="").label("receipt"),
            receipts.c.at.label("receipt_at"),
            func.coalesce(receipts.c.reason, "").label("receipt_reason"),
            receipts.c.delivered,
            receipts.c.opened,
            receipts.c.clicked,
            case((receipts.c.clicked.is_(None), 0), else_=followed).label("links"),
            receipts.c.machine_opened,
            receipts.c.machine_clicked,
            receipts.c.complained,
            receipts.c.unsubscribed,
            chunks.c.n.label("chunk"),
            chunks.c.attempt.label("attempts"),
        )
        .select_from(deliveries.join(chunks, standing.SAME_CHUNK).outerjoin(receipts, SAME_READER))
        .where(deliveries.c.mailing_id == mailing_id)
        .order_by(deliveries.c.subscriber_id)
        .limit(_SLICE)
    )
    last = 0
    while rows := connection.execute(query.where(deliveries.c.subscriber_id > last)).all():
        for row in rows:
            yield Copy(**row._mapping)
        last = rows[-1].subscriber_id
