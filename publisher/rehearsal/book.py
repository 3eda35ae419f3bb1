"""What the server took over, kept so that a million mails cost disk and not memory."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from publisher.rehearsal.events import sg_message_id
from publisher.rehearsal.logs import Condition

_SCHEMA = """
CREATE TABLE requests (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, at REAL NOT NULL,
    from_email TEXT NOT NULL, subject TEXT NOT NULL, categories TEXT NOT NULL, args TEXT NOT NULL
);
CREATE INDEX requests_message_id ON requests (message_id);
CREATE TABLE mails (
    id INTEGER PRIMARY KEY, request INTEGER NOT NULL, place TEXT NOT NULL, email TEXT NOT NULL,
    args TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX mails_email ON mails (email);
"""
_MAILS = (
    "SELECT mails.id, email, message_id, requests.args, mails.args FROM mails"
    " JOIN requests ON requests.id = mails.request"
)
_COLUMNS = {
    "subject": "requests.subject",
    "to_email": "mails.email",
    "status": "mails.status",
    "reason": "mails.reason",
    "sg_message_id_created_at": "requests.at",
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address, as it was accepted."""

    id: int  #: in the order of acceptance
    email: str
    message_id: str
    args: Mapping[str, str]  #: custom args, the request's and its own


@dataclass(frozen=True, slots=True)
class Counted:
    """How much was accepted."""

    requests: int
    mails: int


class Book:
    """The accepted mails, in a file or in memory; safe to use from many threads."""

    def __init__(self, file: Path | None = None) -> None:
        """Begin an empty book; `file` must not exist yet."""
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            file or ":memory:", check_same_thread=False, isolation_level=None
        )
        # nobody needs it after a crash: it is the memory of a service that runs only now
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32000"):
            self._connection.execute(f"PRAGMA {pragma}").close()
        self._connection.executescript(_SCHEMA)
        self._counted = Counted(0, 0)

    @property
    def counted(self) -> Counted:
        """How much was accepted; cheap."""
        return self._counted

    def enter(
        self,
        body: Mapping[str, Any],
        message_id: str,
        *,
        at: float,
        outcomes: Mapping[str, tuple[str, str]],
    ) -> None:
        """Write an accepted request down; `outcomes` has status and reason by address."""
        shared = json.dumps(body.get("custom_args", {}))
        request = (
            *(message_id, at, body["from"]["email"], body.get("subject", "")),
            *(json.dumps(body.get("categories", [])), shared),
        )
        rows = [
            (
                f"{place:X}.{number}",
                address["email"],
                json.dumps(person.get("custom_args", {})),
                *outcomes.get(address["email"], ("processed", "")),
            )
            for place, person in enumerate(body["personalizations"])
            for number, address in enumerate(
                a for kind in ("to", "cc", "bcc") for a in person.get(kind, [])
            )
        ]
        with self._lock:
            self._connection.execute("BEGIN")
            entered = self._connection.execute(
                "INSERT INTO requests (message_id, at, from_email, subject, categories, args)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                request,
            )
            self._connection.executemany(
                "INSERT INTO mails (request, place, email, args, status, reason)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [(entered.lastrowid, *row) for row in rows],
            )
            self._connection.execute("COMMIT")
            before = self._counted
            self._counted = Counted(before.requests + 1, before.mails + len(rows))

    def mails(self, *, after: int = 0, limit: int = 10_000) -> list[Mail]:
        """Return accepted mails in order, those after the one with this id."""
        order = "WHERE mails.id > ? ORDER BY mails.id LIMIT ?"
        return [_mail(row) for row in self._ask(f"{_MAILS} {order}", (after, limit))]

    def latest(self, at_most: int) -> list[Mail]:
        """Return a mail of each of the last requests."""
        latest = "WHERE mails.id IN (SELECT max(id) FROM mails GROUP BY request) "
        order = "ORDER BY mails.id DESC LIMIT ?"
        return [_mail(row) for row in self._ask(f"{_MAILS} {latest}{order}", (at_most,))]

    def doubled(self, *, limit: int = 1000) -> list[tuple[str, int]]:
        """Return addresses that were mailed more than once, and how often."""
        return self._ask(
            "SELECT email, count(*) FROM mails GROUP BY email HAVING count(*) > 1 LIMIT ?",
            (limit,),
        )

    def find(
        self, conditions: Sequence[Condition], *, limit: int, until: float
    ) -> list[dict[str, str]]:
        """Return what /v3/logs knows of mails that meet all conditions, accepted by `until`."""
        clauses, values = ["requests.at <= ?"], [until]
        for clause, found in map(_clause, conditions):
            clauses.append(clause)
            values.extend(found)
        rows = self._ask(
            "SELECT message_id, at, place, email, from_email, subject, status, reason"  # noqa: S608 - columns and operators are ours
            " FROM mails JOIN requests ON requests.id = mails.request"
            f" WHERE {' AND '.join(clauses)} ORDER BY mails.id DESC LIMIT ?",
            (*values, limit),
        )
        return [
            {
                "from_email": from_email,
                "sg_message_id": sg_message_id(message_id, int(at), place),
                "subject": subject,
                "to_email": email,
                **({"reason": reason} if reason else {}),
                "status": status,
                "sg_message_id_created_at": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}",
            }
            for message_id, at, place, email, from_email, subject, status, reason in rows
        ]

    def forget(self) -> None:
        """Tear out all pages."""
        with self._lock:
            self._connection.executescript("DELETE FROM mails; DELETE FROM requests;")
            self._counted = Counted(0, 0)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _ask(self, sql: str, values: Sequence[object]) -> list[Any]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()


def _mail(row: Sequence[Any]) -> Mail:
    id, email, message_id, shared, own = row
    return Mail(id, email, message_id, {**json.loads(shared), **json.loads(own)})


def _clause(condition: Condition) -> tuple[str, Iterator[Any] | tuple[Any, ...]]:
    places = ", ".join("?" for _ in condition.values)
    if condition.field == "sg_message_id":
        request, _, rest = str(condition.values[0]).partition(".")
        return "message_id = ? AND ? LIKE '%-' || place", (request, rest)
    if condition.field == "categories":
        any_of = f"SELECT 1 FROM json_each(requests.categories) WHERE value IN ({places})"  # noqa: S608 - question marks
        return f"EXISTS ({any_of})", condition.values
    if condition.operator == "IN":
        return f"{_COLUMNS[condition.field]} IN ({places})", condition.values
    return f"{_COLUMNS[condition.field]} {condition.operator} ?", condition.values
