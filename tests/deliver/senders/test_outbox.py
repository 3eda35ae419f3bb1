"""The outbox: files anybody can open."""

import errno
from pathlib import Path

import pytest
from sqlalchemy import Engine

from publisher.content.files import save
from publisher.deliver.sender import Accepted, Stop
from publisher.deliver.senders.outbox import Outbox, file_name
from publisher.deliver.standing import Counts
from tests.deliver.world import START, issue_mail, people, person, planned, run, subscribe
from tests.servers.smtp import parsed


def test_each_mail_is_a_file_named_for_its_message_id(tmp_path: Path) -> None:
    answers = list(Outbox(tmp_path).send(issue_mail(), people(2), now=START))
    assert all(isinstance(answer.outcome, Accepted) for answer in answers)
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.eml"))
    assert files == ["2026-W47/2026-W47.1.1.eml", "2026-W47/2026-W47.1.2.eml"]


def test_trying_again_overwrites_the_same_file(tmp_path: Path) -> None:
    for _ in range(2):
        list(Outbox(tmp_path).send(issue_mail(), [person(1)], now=START))
    assert len(list(tmp_path.rglob("*.*"))) == 1


def test_a_file_shows_its_pictures_offline(tmp_path: Path) -> None:
    message = issue_mail(pictures={"https://sirocco.example/cover.jpg": b"jpeg"})
    list(Outbox(tmp_path).send(message, [person(1)], now=START))
    (file,) = tmp_path.rglob("*.eml")
    html = parsed(file.read_bytes()).get_body(("html",))
    assert html is not None
    assert 'src="cid:' in html.get_content()
    assert "https://sirocco.example/cover.jpg" not in html.get_content()


@pytest.mark.parametrize("hostile", ["../../etc/passwd@x", "/etc/passwd@x", "..@x", "a\x00b@x"])
def test_no_message_id_leads_out_of_the_folder(hostile: str) -> None:
    name = file_name(hostile)
    assert "/" not in name
    assert not name.startswith("..")
    assert name.endswith(".eml")


def test_a_full_disk_stops_the_mailing_and_it_goes_on_where_it_was(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(engine, 20)
    mailing = planned(engine)
    written: list[Path] = []

    def until_full(path: Path, content: bytes) -> None:
        if len(written) == 14:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        save(path, content)

    monkeypatch.setattr("publisher.deliver.senders.outbox.save", until_full)
    report = run(engine, mailing, Outbox(tmp_path, batch=10))
    assert report.state == "stopped"
    assert "no room left on the disk" in report.reason
    assert report.counts == Counts(accepted=14, waiting=6)
    monkeypatch.undo()
    assert run(engine, mailing, Outbox(tmp_path, batch=10)).counts == Counts(accepted=20)
    assert len(list(tmp_path.rglob("*.eml"))) == 20


def test_a_folder_that_cannot_be_written_is_told_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    (answer,) = Outbox(tmp_path / "outbox").send(issue_mail(), people(3), now=START)
    assert len(answer.recipients) == 3
    assert isinstance(answer.outcome, Stop)
    assert "set outbox in [delivery]" in answer.outcome.reason
