"""Exporting readers, and importing them again."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from publisher.audience.changes import add, block, opt_out
from publisher.audience.exporting import Form, export
from publisher.audience.importing import import_csv
from publisher.audience.preferences import set_form
from publisher.audience.subscribers import Counts, Subscription, count, find
from publisher.config import Form as Choice
from publisher.storage.engine import reading
from publisher.storage.suppressions import email_hash

ADA, BOB, EVE = "ada@example.org", "bob@example.org", "eve@example.org"


@pytest.fixture
def filled(engine: Engine, now: datetime) -> Engine:
    fields = {"city": "Tunis", "status": "=cmd|' /C calc'!A0", "points": 3}
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now, name="=1+1", fields=fields)
        set_form(connection, ADA, "readers", Choice.ATTACH)
        add(connection, BOB, list_name="readers", now=now, name="Bob, عمر", language="ar")
        add(connection, EVE, list_name="readers", now=now)
        bob = find(connection, BOB, "readers")
        assert bob is not None
        opt_out(connection, bob.id, email_hash(BOB), "readers", source="test", now=now)
        block(connection, EVE)
    return engine


def test_a_spreadsheet_gets_every_reader_and_no_formula(filled: Engine) -> None:
    file = io.StringIO(newline="")
    assert export(filled, "readers", file) == 3
    file.seek(0)
    heading, ada, bob, eve = csv.reader(file)
    since = "2026-11-20T12:00:00+00:00"
    assert heading == [
        "email", "name", "language", "pdf", "status", "since", "confirmed",
        "city", "fields.status", "points",
    ]  # fmt: skip
    assert ada == [
        ADA, "'=1+1", "", "attach", "active", since, "", "Tunis", "'=cmd|' /C calc'!A0", "3"
    ]  # fmt: skip
    assert bob == [BOB, "Bob, عمر", "ar", "", "unsubscribed", since, "", "", "", ""]
    assert eve[4] == "blocked"


def test_a_program_gets_one_object_a_line(filled: Engine) -> None:
    file = io.StringIO()
    assert export(filled, "readers", file, form=Form.JSON_LINES) == 3
    ada, bob, _eve = (json.loads(line) for line in file.getvalue().splitlines())
    assert ada["name"] == "=1+1"
    assert ada["fields"]["points"] == 3
    assert (ada["pdf"], bob["pdf"]) == ("attach", "")
    assert bob["status"] == "unsubscribed"


def test_an_export_can_be_narrowed(filled: Engine) -> None:
    file = io.StringIO(newline="")
    assert export(filled, "readers", file, subscription=Subscription.UNSUBSCRIBED) == 1
    assert BOB in file.getvalue()
    assert export(filled, "cooks", io.StringIO()) == 0


def test_an_export_can_be_imported_again(filled: Engine, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        export(filled, "readers", file)
    summary = import_csv(filled, path, list_name="copy", now=now)
    assert (summary.added, summary.opted_out, summary.rejected) == (1, 2, 0)
    with reading(filled) as connection:
        assert count(connection, "copy") == Counts(active=1)
        ada = find(connection, ADA, "copy")
    assert ada is not None
    assert (ada.name, ada.form) == ("=1+1", Choice.ATTACH)


def test_fields_come_back_under_their_own_names(
    filled: Engine, now: datetime, tmp_path: Path
) -> None:
    text = io.StringIO(newline="")
    export(filled, "readers", text)
    path = tmp_path / "export.csv"
    path.write_text(text.getvalue().replace(ADA, "new@example.org"), newline="")
    import_csv(filled, path, list_name="readers", now=now)
    with reading(filled) as connection:
        reader = find(connection, "new@example.org", "readers")
    assert reader is not None
    assert reader.fields == {"city": "Tunis", "status": "=cmd|' /C calc'!A0", "points": "3"}


def test_thousands_are_exported_once_each(engine: Engine, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("\n".join(f"reader{n}@example.org" for n in range(4500)))
    import_csv(engine, path, list_name="readers", now=now)
    file = io.StringIO(newline="")
    assert export(engine, "readers", file) == 4500
    assert len(set(file.getvalue().splitlines())) == 4501
