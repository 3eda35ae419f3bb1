"""What became of each reader's mail: every event only ever adds to it.

A receipt is the greatest of all states told, by the attempt it is of, then by rank, then
by moment, and the earliest of each thing that happened. Both are the same whatever the
order, and however often an event is taken in: here, where the events of one transaction
meet, and in the database. That the attempt comes first lets a reader be mailed again:
whatever is still heard of the first mail, the receipt tells of the second.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from publisher.deliver.feedback.events import Kind
from publisher.deliver.feedback.events_bulk import MOMENT, earliest, write

RANKS = {
    Kind.PROCESSED: 1,
    Kind.DEFERRED: 2,
    Kind.DELIVERED: 3,
    Kind.BLOCKED: 4,
    Kind.DROPPED: 5,
    Kind.BOUNCED: 6,
}
Key = tuple[int, int]  #: mailing and reader
_HAPPENED = ("delivered", "complained", "unsubscribed", "opened", "machine_opened")
_COLUMNS = {
    "mailing_id": "int",
    "subscriber_id": "int",
    "state": "text",
    "attempt": "int",
    "rank": "small",
    "at": MOMENT,
    "reason": "text",
    **dict.fromkeys(_HAPPENED, MOMENT),
}


@dataclass(slots=True)
class Receipt:
    """What some events tell of one reader's mail; moments in Unix seconds."""

    state: str = ""
    attempt: int = 0  #: that the state is of; 0 where nobody says
    rank: int = 0
    at: int | None = None
    reason: str = ""
    delivered: int | None = None
    complained: int | None = None
    unsubscribed: int | None = None
    opened: int | None = None
    machine_opened: int | None = None

    def take(
        self, kind: Kind, at: int, *, reason: str = "", machine: bool = False, attempt: int = 0
    ) -> None:
        """Take an event in."""
        rank = RANKS.get(kind)
        if rank is not None:
            new = (attempt, rank, at, reason)
            if self.at is None or new > (self.attempt, self.rank, self.at, self.reason):
                self.state = kind.value
                self.attempt, self.rank, self.at, self.reason = new
            if kind is Kind.DELIVERED and (self.delivered is None or at < self.delivered):
                self.delivered = at
        elif kind is Kind.OPENED and machine:
            self.machine_opened = _earlier(self.machine_opened, at)
        elif kind is Kind.OPENED:
            self.opened = _earlier(self.opened, at)
        elif kind is Kind.COMPLAINED:
            self.complained = _earlier(self.complained, at)
        elif kind is Kind.UNSUBSCRIBED:
            self.unsubscribed = _earlier(self.unsubscribed, at)


def add_receipts(connection: Connection, found: Mapping[Key, Receipt]) -> None:
    """Add what was learnt to what is known.

    Every reader's row is locked until the transaction ends, in the order of their keys.
    """
    rows = [
        (
            *key,
            receipt.state,
            receipt.attempt,
            receipt.rank,
            receipt.at,
            receipt.reason,
            receipt.delivered,
            receipt.complained,
            receipt.unsubscribed,
            receipt.opened,
            receipt.machine_opened,
        )
        for key, receipt in sorted(found.items(), key=lambda item: item[0])
    ]
    write(connection, "receipts", _COLUMNS, rows, _merge(connection))


def set_clicked(connection: Connection, found: Mapping[Key, tuple[int | None, int | None]]) -> None:
    """Set when readers first clicked, and when machines first did for them."""
    columns = {"mailing_id": "int", "subscriber_id": "int", "state": "text", "rank": "small"}
    columns |= {"reason": "text", "clicked": MOMENT, "machine_clicked": MOMENT}
    rows = [(*key, "", 0, "", *found[key]) for key in sorted(found)]
    conflict = (
        "ON CONFLICT (mailing_id, subscriber_id) DO UPDATE SET"
        " clicked = excluded.clicked, machine_clicked = excluded.machine_clicked"
    )
    write(connection, "receipts", columns, rows, conflict)


def _merge(connection: Connection) -> str:
    # "C": another order of letters than the one above would make the order of events matter
    reason = "reason" if connection.dialect.name == "sqlite" else 'reason COLLATE "C"'
    greater = (
        f"(excluded.attempt, excluded.rank, excluded.at, excluded.{reason})"
        f" > (receipts.attempt, receipts.rank, receipts.at, receipts.{reason})"
    )
    taken = [
        f"{name} = CASE WHEN {greater} THEN excluded.{name} ELSE receipts.{name} END"
        for name in ("state", "attempt", "rank", "at", "reason")
    ]
    taken += [
        f"{name} = {earliest(connection, f'receipts.{name}', f'excluded.{name}')}"
        for name in _HAPPENED
    ]
    return f"ON CONFLICT (mailing_id, subscriber_id) DO UPDATE SET {', '.join(taken)}"


def _earlier(known: int | None, at: int) -> int:
    return at if known is None or at < known else known
