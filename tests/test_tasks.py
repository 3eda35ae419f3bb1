"""The doorbell: whoever rings, somebody answers, once a ring."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from queue import Queue

import pytest

from publisher.config import Publication, Secrets
from publisher.tasks import Doorbell, MailBell
from publisher.week import Week

W47 = Week(2026, 47)


@pytest.fixture
def secrets(database_url: str) -> Secrets:
    """The embedded queue with SQLite, PostgreSQL's with PostgreSQL."""
    return Secrets(database_url=database_url if database_url.startswith("postgres") else "")


@pytest.fixture
def answered() -> Queue[tuple[str, str]]:
    """What was answered."""
    return Queue()


@pytest.fixture
def bell(
    publication: Publication, secrets: Secrets, answered: Queue[tuple[str, str]]
) -> Iterator[Doorbell]:
    """A bell that is answered in a thread of this process."""

    def answer(week: Week, step: str) -> None:
        if step == "broken":
            raise RuntimeError("a mistake of ours")
        answered.put((str(week), step))

    doorbell = Doorbell(publication, secrets, answer)
    doorbell.start()
    yield doorbell
    doorbell.stop()


def test_a_ring_is_answered(bell: Doorbell, answered: Queue[tuple[str, str]]) -> None:
    bell.ring(W47, "draft")
    assert answered.get(timeout=20) == ("2026-W47", "draft")


def test_a_step_that_breaks_does_not_deafen_the_bell(
    bell: Doorbell, answered: Queue[tuple[str, str]]
) -> None:
    bell.ring(W47, "broken")
    bell.ring(W47, "send")
    assert answered.get(timeout=20) == ("2026-W47", "send")


def test_a_ring_from_another_process_is_heard(
    bell: Doorbell,
    publication: Publication,
    secrets: Secrets,
    answered: Queue[tuple[str, str]],
) -> None:
    other = Doorbell(publication, secrets, lambda week, step: None)
    other.ring(W47, "collect 2026-11-20T05:30")
    other.stop()
    assert answered.get(timeout=20) == ("2026-W47", "collect 2026-11-20T05:30")


def test_a_ring_while_nobody_listened_is_answered_later(
    publication: Publication, secrets: Secrets
) -> None:
    heard = threading.Event()
    bell = Doorbell(publication, secrets, lambda week, step: heard.set())
    bell.ring(W47, "draft")
    assert not heard.is_set()
    bell.start()
    try:
        assert heard.wait(20)
    finally:
        bell.stop()


def test_two_publications_on_one_database_have_bells_of_their_own(
    publication: Publication, secrets: Secrets, bell: Doorbell, answered: Queue[tuple[str, str]]
) -> None:
    other = replace(publication, title="The Gazette")
    another = Doorbell(other, secrets, lambda week, step: None)
    another.ring(W47, "send")
    another.stop()
    bell.ring(W47, "draft")
    assert answered.get(timeout=20) == ("2026-W47", "draft")
    assert answered.empty()


def test_rings_for_chunks_are_counted_until_they_are_answered(
    publication: Publication, secrets: Secrets
) -> None:
    answers: Queue[tuple[int, int]] = Queue()
    bell = MailBell(publication, secrets, lambda mailing, chunk: answers.put((mailing, chunk)))
    for chunk in (1, 2):
        bell.ring(7, chunk)
    assert bell.unanswered == 2
    bell.start()
    try:
        assert {answers.get(timeout=20), answers.get(timeout=20)} == {(7, 1), (7, 2)}
    finally:
        bell.stop()


def test_steps_and_chunks_have_bells_of_their_own(
    publication: Publication,
    secrets: Secrets,
    bell: Doorbell,
    answered: Queue[tuple[str, str]],
) -> None:
    mail = MailBell(publication, secrets, lambda mailing, chunk: None)
    mail.ring(7, 1)
    bell.ring(W47, "draft")
    assert answered.get(timeout=20) == ("2026-W47", "draft")
    assert mail.unanswered == 1
    mail.stop()
