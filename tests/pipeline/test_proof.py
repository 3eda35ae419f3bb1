"""The proof of an issue as data and as CSV."""

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, update

from publisher.audience.csvfile import open_csv
from publisher.deliver.feedback.events import Kind
from publisher.errors import NotApproved, PublisherError
from publisher.pipeline.approving import approve
from publisher.pipeline.desk import Desk
from publisher.pipeline.record import NoSuchIssue
from publisher.pipeline.telling import words as words
from publisher.pipeline.telling.proof import NothingSent, as_data, prove, sent_mailing
from publisher.pipeline.telling.roll_csv import COLUMNS, write_roll, write_roll_file
from publisher.storage.schema import chunks, deliveries
from publisher.week import Week
from tests.deliver.invented import Heard, hear
from tests.pipeline.conftest import W47
from tests.pipeline.proofs import sent_issue
from tests.pipeline.test_making import rendered


def test_the_latest_issue_sent_is_proved_unless_a_week_is_named(desk: Desk) -> None:
    sent_issue(desk)
    assert prove(desk).week == prove(desk, W47).week == W47
    with pytest.raises(NoSuchIssue):
        prove(desk, Week(2026, 40))


def test_before_anything_was_sent_it_says_so(desk: Desk) -> None:
    with pytest.raises(NothingSent, match="send it with `publisher send`"):
        prove(desk)
    rendered(desk)
    with pytest.raises(NotApproved):
        prove(desk, W47)


def test_articles_are_told_by_their_titles_and_other_links_apart(desk: Desk) -> None:
    sent_issue(desk)
    found = prove(desk)
    assert [(story.title, story.readers) for story in found.stories] == [
        ("Rain at last", 1),
        ("Salt and stone", 0),
    ]
    assert [link.link for link in found.links] == ["https://sirocco.example/"]


def test_on_a_machine_without_the_issue_links_are_told_as_they_are(desk: Desk) -> None:
    sent_issue(desk)
    for article in (desk.folder(W47) / "articles").glob("*.md"):
        article.unlink()
    found = prove(desk)
    assert found.stories == ()
    assert {link.link for link in found.links} == {"rain-at-last", "https://sirocco.example/"}


def test_every_rate_comes_with_what_it_is_of(desk: Desk) -> None:
    sent_issue(desk)
    data = as_data(prove(desk))
    assert data["rates"]["opened"] == {"readers": 1, "of": "delivered", "out_of": 1, "rate": 1.0}
    assert data["rates"]["delivered"]["out_of"] == 3
    assert data["certificate"]["intended"] == 3
    assert data["certificate"]["complete"] is True


def test_a_rate_of_nothing_is_not_a_number(desk: Desk) -> None:
    sent_issue(desk)
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM receipts")
    assert as_data(prove(desk))["rates"]["opened"]["rate"] is None


def rows(desk: Desk) -> list[dict[str, str]]:
    file = io.StringIO()
    write_roll(desk, sent_mailing(desk, None), file)
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def test_the_csv_has_a_row_for_every_reader(desk: Desk) -> None:
    sent_issue(desk)
    found = {row["email"]: row for row in rows(desk)}
    amina = found["amina@example.org"]
    assert (amina["state"], amina["receipt"], amina["links"]) == ("accepted", "delivered", "2")
    assert amina["opened"] == "2026-11-21T08:00:00+00:00"
    assert found["lea@example.org"]["receipt"] == "unheard"
    assert set(amina) == set(COLUMNS)


def test_no_value_of_the_csv_runs_as_a_formula(desk: Desk) -> None:
    mailing = sent_issue(desk)
    hear(desk.engine, mailing, {"lea@example.org": Heard(Kind.BOUNCED, 1, "@SUM(1+1)*cmd|'/C'!A0")})
    with desk.engine.begin() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.email == "amina@example.org")
            .values(email="=HYPERLINK(1)@example.org")
        )
    for row in rows(desk):
        assert not any(value[:1] in ("=", "+", "-", "@", "\t", "\r") for value in row.values())
    told = {row["receipt_reason"] for row in rows(desk)}
    assert {"'=550 5.7.1 blocked", "'@SUM(1+1)*cmd|'/C'!A0"} <= told


def test_a_file_of_readers_is_private_and_opens_in_spreadsheets(desk: Desk, tmp_path: Path) -> None:
    sent_issue(desk)
    path = tmp_path / "readers.csv"
    assert write_roll_file(desk, sent_mailing(desk, W47), path) == 3
    assert path.read_bytes().startswith(b"\xef\xbb\xbfnumber,email,")
    assert path.stat().st_mode & 0o777 == 0o600
    with open_csv(path) as table:
        assert next(table.lines()).cells == COLUMNS
    with pytest.raises(PublisherError, match="is there already"):
        write_roll_file(desk, sent_mailing(desk, W47), path)
    with pytest.raises(PublisherError, match="cannot be written"):
        write_roll_file(desk, sent_mailing(desk, W47), tmp_path / "none" / "readers.csv")


def test_a_file_that_could_not_be_finished_does_not_stay(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_issue(desk)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("publisher.pipeline.telling.roll_csv._cell", fail)
    path = tmp_path / "readers.csv"
    with pytest.raises(PublisherError, match="No space left on device"):
        write_roll_file(desk, sent_mailing(desk, W47), path)
    assert not path.exists()


class Nowhere(io.StringIO):
    """Forgets what is written."""

    def write(self, text: str) -> int:
        return len(text)


def fill(engine: Engine, mailing_id: int, readers: int) -> None:
    """Add readers whose mail was accepted."""
    moment = prove_moment(engine)
    with engine.begin() as connection:
        chunk = {"mailing_id": mailing_id, "n": 99, "state": "accepted", "size": readers}
        connection.execute(insert(chunks).values(**chunk, changed=moment))
        row = {"mailing_id": mailing_id, "n": 99, "reason": ""}
        connection.execute(
            insert(deliveries),
            [
                {**row, "subscriber_id": 1000 + n, "email": f"reader{n}@example.org"}
                for n in range(readers)
            ],
        )


def prove_moment(engine: Engine) -> object:
    with engine.connect() as connection:
        return connection.scalar(chunks.select().with_only_columns(chunks.c.changed).limit(1))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_many_readers_need_no_more_memory_than_few(desk: Desk) -> None:
    mailing = sent_issue(desk)
    fill(desk.engine, mailing.id, 20_000)
    write_roll(desk, mailing, Nowhere())  # what is loaded once does not count
    tracemalloc.start()
    assert write_roll(desk, mailing, Nowhere()) == 20_003
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000  # 20,000 rows at once would be 30 MB


@pytest.mark.parametrize(
    ("number", "whole", "written"),
    [
        (1, 3, "33.3 %"),
        (3, 3, "100 %"),
        (0, 3, "0 %"),
        (4, 10_000, "0.04 %"),
        (1, 1_000_000, "under 0.01 %"),
        (999_999, 1_000_000, "over 99.9 %"),
        (0, 0, ""),
    ],
)
def test_shares_are_honest_at_their_ends(number: int, whole: int, written: str) -> None:
    assert words.share(number, whole).replace("\u00a0", " ") == written


def test_an_issue_that_was_approved_and_not_sent_has_no_proof(desk: Desk) -> None:
    desk = rendered(desk)
    approve(desk, W47, by="ada")
    with pytest.raises(NothingSent, match="no mail of 2026-W47 has been sent yet"):
        prove(desk, W47)
    with pytest.raises(NothingSent, match="no issue for readers has been sent yet"):
        prove(desk)
