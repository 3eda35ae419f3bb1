"""The roll as CSV: one row for every reader of a mailing, in the same memory for any number."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from publisher.audience.csvfile import neutralise
from publisher.deliver.incidents import doubled_of
from publisher.deliver.mailing import Mailing
from publisher.deliver.roll import Copy, roll
from publisher.errors import PublisherError
from publisher.pipeline.desk import Desk
from publisher.storage.engine import reading

COLUMNS = (
    *("number", "email", "form", "state", "reason", "accepted", "twice"),
    *("receipt", "receipt_at", "receipt_reason", "delivered"),
    *("opened", "clicked", "links", "machine_opened", "machine_clicked"),
    *("complained", "unsubscribed", "chunk", "attempts"),
)


def write_roll(desk: Desk, mailing: Mailing, file: TextIO) -> int:
    """Write the heading and a row for each reader, by number; return how many readers.

    Open the file with newline="". No value is taken for a formula by a spreadsheet.
    Moments are UTC. `twice` says yes of whoever may have got the mail twice.
    """
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    written = 0
    with reading(desk.engine) as connection:
        twice = {reader.subscriber_id for reader in doubled_of(connection, mailing)}
        for copy in roll(connection, mailing.id):
            writer.writerow(map(_cell, _row(copy, twice=copy.subscriber_id in twice)))
            written += 1
    return written


def write_roll_file(desk: Desk, mailing: Mailing, path: Path) -> int:
    """Write the roll to a new file that only this user can read; raise `PublisherError`.

    It begins with a byte order mark: Excel takes UTF-8 without one for Windows-1252, and
    the import of readers does not mind it.
    """
    with _new_private(path) as file:
        file.write("\ufeff")
        return write_roll(desk, mailing, file)


def _row(copy: Copy, *, twice: bool) -> tuple[Any, ...]:
    return (
        *(copy.subscriber_id, copy.email, copy.form, copy.state, copy.reason, copy.accepted_at),
        "yes" if twice else "",
        *(copy.receipt, copy.receipt_at, copy.receipt_reason, copy.delivered),
        *(copy.opened, copy.clicked, copy.links, copy.machine_opened, copy.machine_clicked),
        *(copy.complained, copy.unsubscribed, copy.chunk, copy.attempts),
    )


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "" if value is None else neutralise(str(value))


@contextmanager
def _new_private(path: Path) -> Iterator[TextIO]:
    """Open a new file for text; one that could not be written to its end does not stay."""
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            try:
                # readers' addresses are nobody else's business
                path.chmod(0o600)
                yield file
            except BaseException:
                path.unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise PublisherError(f"{path} is there already: choose another name") from None
    except OSError as error:
        raise PublisherError(f"{path} cannot be written: {error.strerror}") from None
