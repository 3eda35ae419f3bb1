"""Importing readers: whoever opted out stays out, and a bad row costs only itself."""

import csv
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from publisher.audience.changes import add, block, opt_out, remove
from publisher.audience.consents import Act, history
from publisher.audience.importing import Summary, import_csv
from publisher.audience.subscribers import Counts, Subscription, count, find
from publisher.config import Form
from publisher.errors import AudienceError
from publisher.storage.engine import reading
from publisher.storage.schema import imports, lists, subscribers
from publisher.storage.suppressions import email_hash

Write = Callable[..., Path]
ADA, BOB = "ada@example.org", "bob@example.org"


def figures(summary: Summary) -> tuple[int, int, int, int]:
    return summary.added, summary.already, summary.opted_out, summary.rejected


def rejected_rows(summary: Summary) -> list[list[str]]:
    assert summary.rejected_file is not None
    with summary.rejected_file.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    "heading",
    [
        ("Email Address", "First Name", "Last Name", "City"),
        ("Adresse e-mail", "Prénom", "Nom", "Ville"),
        ("البريد الإلكتروني", "الاسم الأول", "اللقب", "المدينة"),
    ],
)
def test_common_headings_are_understood(
    engine: Engine, now: datetime, write_csv: Write, heading: tuple[str, ...]
) -> None:
    path = write_csv(heading, (ADA, "Ada", "Lovelace", "تونس"))
    assert figures(import_csv(engine, path, list_name="readers", now=now)) == (1, 0, 0, 0)
    with reading(engine) as connection:
        reader = find(connection, ADA, "readers")
    assert reader is not None
    assert (reader.name, reader.fields) == ("Ada Lovelace", {heading[3]: "تونس"})
    assert reader.subscription is Subscription.ACTIVE


def test_a_bare_list_of_addresses_needs_no_heading(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    path = write_csv([ADA], [BOB])
    assert figures(import_csv(engine, path, list_name="readers", now=now)) == (2, 0, 0, 0)


def test_columns_can_be_named(engine: Engine, now: datetime, write_csv: Write) -> None:
    path = write_csv(("Contact", "Ville", "Langue"), (ADA, "Sfax", "FR"))
    with pytest.raises(AudienceError, match='it has "Contact", "Ville", "Langue"'):
        import_csv(engine, path, list_name="readers", now=now)
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(lists)) == 0
    columns = {"email": "contact", "city": "Ville"}
    import_csv(engine, path, list_name="readers", now=now, columns=columns)
    with reading(engine) as connection:
        reader = find(connection, ADA, "readers")
    assert reader is not None
    assert (reader.language, reader.fields) == ("fr", {"city": "Sfax"})


def test_a_named_column_that_is_not_there_is_said_so(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    path = write_csv(("Contact", "Ville"), (ADA, "Sfax"))
    with pytest.raises(AudienceError, match='no column "Mail" in the file: it has "Contact"'):
        import_csv(engine, path, list_name="readers", now=now, columns={"email": "Mail"})


def test_duplicates_are_counted_and_kept_once(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now, name="Ada")
    path = write_csv(["email"], [ADA.upper()], [BOB], [BOB], ["Bob@Example.org"])
    assert figures(import_csv(engine, path, list_name="readers", now=now)) == (1, 3, 0, 0)
    assert figures(import_csv(engine, path, list_name="readers", now=now)) == (0, 4, 0, 0)
    with reading(engine) as connection:
        assert count(connection, "readers") == Counts(active=2)


def test_an_import_never_brings_back_who_is_gone(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    gone = ["left@example.org", "removed@example.org", "blocked@example.org"]
    with engine.begin() as connection:
        for email in gone:
            add(connection, email, list_name="readers", now=now)
        left = find(connection, gone[0], "readers")
        assert left is not None
        opt_out(connection, left.id, email_hash(gone[0]), "readers", source="test", now=now)
        remove(connection, gone[1], now=now)
        block(connection, gone[2])
    path = write_csv(["email"], *([email.upper()] for email in gone), [ADA])
    assert figures(import_csv(engine, path, list_name="readers", now=now)) == (1, 0, 3, 0)
    with reading(engine) as connection:
        assert count(connection, "readers") == Counts(active=1, unsubscribed=1, blocked=1)
        assert find(connection, gone[1], "readers") is None


def test_who_left_one_list_may_be_imported_into_another(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now)
        reader = find(connection, ADA, "readers")
        assert reader is not None
        opt_out(connection, reader.id, email_hash(ADA), "readers", source="test", now=now)
    path = write_csv(["email"], [ADA])
    assert figures(import_csv(engine, path, list_name="cooks", now=now)) == (1, 0, 0, 0)


def test_opt_outs_in_the_file_become_opt_outs_here(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now)
    path = write_csv(
        ("email", "status"),
        (ADA, "Unsubscribed"),
        (BOB, "désabonné"),
        ("carl@example.org", "subscribed"),
        ("carl@example.org", "cleaned"),
        ("dora@example.org", ""),
        ("eve@example.org", "undecided"),
    )
    summary = import_csv(engine, path, list_name="readers", now=now)
    assert figures(summary) == (1, 1, 3, 1)
    assert 'the status "undecided"' in rejected_rows(summary)[1][3]
    path = write_csv(["email"], [ADA], [BOB], ["carl@example.org"])
    assert figures(import_csv(engine, path, list_name="readers", now=now)) == (0, 0, 3, 0)
    with reading(engine) as connection:
        assert count(connection, "readers") == Counts(active=1, unsubscribed=1)


def test_rejected_rows_are_written_beside_the_file_and_can_be_mended(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    path = write_csv(
        ("email", "name"),
        (ADA, "Ada"),
        ("=HYPERLINK(1)", "Evil"),
        ("", "Nobody"),
        ("bob@", "Bob"),
    )
    summary = import_csv(engine, path, list_name="readers", now=now)
    assert figures(summary) == (1, 0, 0, 3)
    assert summary.rejected_file == path.with_name("readers.rejected.csv")
    heading, evil, nobody, bob = rejected_rows(summary)
    assert heading == ["email", "name", "rejected line", "rejected because"]
    assert evil[:3] == ["'=HYPERLINK(1)", "Evil", "3"]
    assert nobody[2:] == ["4", "the e-mail address is missing"]
    assert bob[2] == "5"
    assert '"bob@" is not an e-mail address' in bob[3]

    mended = summary.rejected_file.read_text(encoding="utf-8-sig").replace("bob@,", f"{BOB},")
    summary.rejected_file.write_text(mended, encoding="utf-8")
    second = import_csv(engine, summary.rejected_file, list_name="readers", now=now)
    assert figures(second) == (1, 0, 0, 2)
    with reading(engine) as connection:
        reader = find(connection, BOB, "readers")
    assert reader is not None
    assert (reader.name, reader.fields) == ("Bob", {})


def test_the_record_says_who_was_imported_and_whence(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    import_csv(engine, write_csv(["email"], [ADA]), list_name="readers", now=now)
    with reading(engine) as connection:
        (line,) = history(connection, email_hash(ADA))
        counts = connection.scalars(select(imports.c.counts)).one()
    assert (line.act, line.source, line.at) == (Act.IMPORTED, "import of readers.csv", now)
    assert counts == {"added": 1, "already": 0, "opted_out": 0, "rejected": 0}


def test_progress_ends_at_the_end_of_the_file(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    path = write_csv(["email"], *([f"reader{n}@example.org"] for n in range(12_000)))
    told: list[tuple[int, int]] = []
    import_csv(engine, path, list_name="readers", now=now, progress=lambda *step: told.append(step))
    done = [read for read, _ in told]
    assert len(told) >= 3
    assert done == sorted(done)
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


def test_a_large_file_does_not_fill_the_memory(
    engine: Engine, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "readers.csv"
    with path.open("w") as file:
        file.write("email,name\n")
        for n in range(12_000):
            file.write(f"reader{n}@example.org,Reader {n} of a magazine with a long name\n")
    tracemalloc.start()
    try:
        summary = import_csv(engine, path, list_name="readers", now=now)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert summary.added == 12_000
    assert peak < 20_000_000
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(subscribers)) == 12_000


def test_an_import_broken_off_can_be_run_again(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    path = write_csv(["email"], *([f"reader{n}@example.org"] for n in range(11_000)))

    def interrupt(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_csv(engine, path, list_name="readers", now=now, progress=interrupt)
    summary = import_csv(engine, path, list_name="readers", now=now)
    assert summary.added + summary.already == 11_000
    assert summary.already > 0


def test_control_characters_and_long_names_are_cut(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    path = write_csv(("email", "name"), (ADA, "Ada\r\nBcc:\x00 x"), (BOB, "b" * 5000))
    import_csv(engine, path, list_name="readers", now=now)
    with reading(engine) as connection:
        ada, bob = find(connection, ADA, "readers"), find(connection, BOB, "readers")
    assert ada is not None
    assert bob is not None
    assert ada.name == "Ada Bcc: x"
    assert len(bob.name) == 200


@pytest.mark.parametrize(
    ("heading", "said", "form"),
    [
        ("pdf", "attach", Form.ATTACH),
        ("PDF", " Text only ", Form.TEXT),
        ("Pièce jointe", "Lien", Form.LINK),
        ("مرفق", "نص", Form.TEXT),
        ("Attachment", "", None),
    ],
)
def test_how_readers_want_the_issue_is_taken_from_the_file(
    engine: Engine, now: datetime, write_csv: Write, heading: str, said: str, form: Form | None
) -> None:
    path = write_csv(("email", heading), (ADA, said), (BOB, ""))
    assert figures(import_csv(engine, path, list_name="readers", now=now)) == (2, 0, 0, 0)
    with reading(engine) as connection:
        ada, bob = (find(connection, email, "readers") for email in (ADA, BOB))
    assert ada is not None
    assert bob is not None
    assert (ada.form, ada.fields, bob.form) == (form, {}, None)


def test_a_form_nobody_knows_rejects_its_row_alone(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    path = write_csv(("email", "pdf"), (ADA, "by pigeon"), (BOB, "attach"))
    summary = import_csv(engine, path, list_name="readers", now=now)
    assert figures(summary) == (1, 0, 0, 1)
    assert rejected_rows(summary)[1][-1] == (
        '"by pigeon" does not say how they want the PDF: write link, attach or text,'
        " or leave it empty"
    )


def test_a_file_does_not_overrule_what_a_reader_on_the_list_has_chosen(
    engine: Engine, now: datetime, write_csv: Write
) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now, form=Form.TEXT)
    path = write_csv(("email", "pdf"), (ADA, "attach"))
    assert figures(import_csv(engine, path, list_name="readers", now=now)) == (0, 1, 0, 0)
    with reading(engine) as connection:
        reader = find(connection, ADA, "readers")
    assert reader is not None
    assert reader.form is Form.TEXT
