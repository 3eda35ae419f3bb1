"""Export the readers of a list: CSV for spreadsheets, JSON lines for programs."""

import csv
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, TextIO

from sqlalchemy import Connection, Engine

from publisher.audience.csvfile import neutralise
from publisher.audience.headings import FIELD_PREFIX, is_ours
from publisher.audience.subscribers import Status, Subscriber, Subscription, page
from publisher.storage.engine import reading

_PAGE = 2000
_COLUMNS = ("email", "name", "language", "pdf", "status", "since", "confirmed")


class Form(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


def export(
    engine: Engine,
    list_name: str,
    file: TextIO,
    *,
    form: Form = Form.CSV,
    subscription: Subscription | None = None,
) -> int:
    """Write the readers of a list to an open file and return how many they are.

    Open the file with newline="" for CSV. Both forms hold all we know of a reader; the
    CSV can be imported again (opt-outs stay opt-outs), and no value in it is taken for a
    formula.
    """
    with reading(engine) as connection:
        if form is Form.CSV:
            return _csv(connection, list_name, file, subscription)
        n = 0
        for reader in _readers(connection, list_name, subscription):
            n += 1
            line = {**_plain(reader), "fields": dict(reader.fields)}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return n


def _csv(
    connection: Connection, list_name: str, file: TextIO, subscription: Subscription | None
) -> int:
    # every reader may have fields of their own, and the heading comes first: two walks
    names: dict[str, None] = {}
    for reader in _readers(connection, list_name, subscription):
        names |= dict.fromkeys(reader.fields)
    writer = csv.writer(file)
    fields = [f"{FIELD_PREFIX}{name}" if is_ours(name) else name for name in names]
    writer.writerow([*_COLUMNS, *map(neutralise, fields)])
    n = 0
    for reader in _readers(connection, list_name, subscription):
        n += 1
        values = [*_plain(reader).values(), *(reader.fields.get(name, "") for name in names)]
        writer.writerow(neutralise(_text(value)) for value in values)
    return n


def _plain(reader: Subscriber) -> dict[str, str]:
    blocked = reader.status is Status.BLOCKED
    return {
        "email": reader.email,
        "name": reader.name,
        "language": reader.language,
        "pdf": reader.form or "",
        "status": Status.BLOCKED if blocked else reader.subscription,
        "since": reader.since.isoformat(timespec="seconds"),
        "confirmed": reader.confirmed.isoformat(timespec="seconds") if reader.confirmed else "",
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _readers(
    connection: Connection, list_name: str, subscription: Subscription | None
) -> Iterator[Subscriber]:
    after = 0
    while found := page(connection, list_name, after=after, limit=_PAGE, subscription=subscription):
        yield from found
        after = found[-1].id
