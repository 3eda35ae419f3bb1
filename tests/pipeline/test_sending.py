"""Sending an issue from the desk."""

import pytest

from publisher.audience import changes
from publisher.errors import NotApproved
from publisher.pipeline.approving import approve, reopen
from publisher.pipeline.desk import Desk
from publisher.pipeline.sending import certificate, outlook, send_issue, send_test
from publisher.pipeline.states import State
from tests.pipeline.conftest import W47, mails
from tests.pipeline.test_making import rendered, state

READERS = ["amina@example.org", "idir@example.org", "lea@example.org"]


def subscribe(desk: Desk, email: str) -> None:
    with desk.engine.begin() as connection:
        changes.add(connection, email, list_name="readers", now=desk.clock())


def approved(desk: Desk) -> Desk:
    desk = rendered(desk)
    approve(desk, W47, by="ada")
    return desk


def test_every_reader_gets_the_issue(desk: Desk) -> None:
    desk = approved(desk)
    assert outlook(desk, W47).waiting == 3
    assert send_issue(desk, W47).accepted == 3
    assert mails(desk) == READERS
    assert state(desk) is State.SENT


def test_a_second_sending_mails_only_who_came_since(desk: Desk) -> None:
    desk = approved(desk)
    send_issue(desk, W47)
    for file in (desk.publication.root / "outbox" / str(W47)).glob("*.eml"):
        file.unlink()
    subscribe(desk, "new@example.org")
    assert outlook(desk, W47).had == 3
    send_issue(desk, W47)
    assert mails(desk) == ["new@example.org"]


def test_an_issue_that_is_not_approved_is_not_sent(desk: Desk) -> None:
    desk = rendered(desk)
    with pytest.raises(NotApproved, match="publisher approve --week 2026-W47"):
        send_issue(desk, W47)
    assert mails(desk) == []


def test_what_was_sent_cannot_be_reopened(desk: Desk) -> None:
    desk = approved(desk)
    send_issue(desk, W47)
    with pytest.raises(Exception, match="only an approved one"):
        reopen(desk, W47)


def test_a_test_goes_to_one_person_and_counts_for_nothing(desk: Desk) -> None:
    desk = rendered(desk)
    send_test(desk, W47, "editor@example.org")
    assert mails(desk) == ["editor@example.org"]
    assert certificate(desk, W47) is None
    assert state(desk) is State.RENDERED


def test_the_mail_is_what_was_approved_not_what_was_built_later(desk: Desk) -> None:
    desk = approved(desk)
    body = desk.folder(W47) / "build" / "email" / "body.txt"
    body.write_text("tampered with")
    send_issue(desk, W47)
    outbox = desk.publication.root / "outbox" / str(W47)
    assert not [path for path in outbox.glob("*.eml") if "tampered" in path.read_text()]


def test_every_mail_has_its_own_unsubscribe_link(desk: Desk) -> None:
    desk = approved(desk)
    send_issue(desk, W47)
    outbox = desk.publication.root / "outbox" / str(W47)
    links = set()
    for path in outbox.glob("*.eml"):
        text = path.read_text()
        assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in text
        links.add(text.split("List-Unsubscribe: <")[1].split(">")[0])
    assert len(links) == 3
