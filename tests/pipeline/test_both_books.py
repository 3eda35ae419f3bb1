"""Comparing the ledger with what the other side took over: every difference has its name."""

import pytest
from sqlalchemy import Engine, update

from publisher.deliver.mailing import Mailing
from publisher.pipeline.rehearsal.both_books import Books, Finding, Taken, compare
from publisher.storage.schema import chunks, deliveries
from tests.deliver.world import planned, subscribe


@pytest.fixture
def mailing(engine: Engine) -> Mailing:
    """Two chunks of two are accepted, one is in doubt, one was refused."""
    subscribe(engine, 8)
    found = planned(engine, batch=2)
    with engine.begin() as connection:
        for n, state in enumerate(("accepted", "accepted", "uncertain", "refused"), start=1):
            connection.execute(update(chunks).where(chunks.c.n == n).values(state=state))
    return found


def taken(*numbers: int, **emails: str) -> list[Taken]:
    own = {int(name.removeprefix("r")): email for name, email in emails.items()}
    return [Taken(subscriber_id=n, email=own.get(n, f"reader{n}@example.org")) for n in numbers]


def named(finding: Finding) -> list[str]:
    assert finding.count == len(finding.names)
    return sorted(name.split("@")[0] for name in finding.names)


def test_books_that_agree_agree(engine: Engine, mailing: Mailing) -> None:
    found = compare(engine, mailing, taken(1, 2, 3, 4, 5))
    nobody = Finding()
    assert found == Books(
        accepted=4, mails=5, readers=5, doubled=nobody, lost=nobody, unrecorded=nobody,
        strangers=nobody, misaddressed=nobody, doubtful_mailed=1,
    )  # fmt: skip
    assert found.agree


def test_every_difference_is_found_and_named(engine: Engine, mailing: Mailing) -> None:
    found = compare(engine, mailing, taken(1, 1, 2, 4, 7, 99, r4="else@example.org"))
    assert not found.agree
    assert named(found.doubled) == ["reader1"]
    assert named(found.lost) == ["reader3"]
    assert named(found.unrecorded) == ["reader7"]
    assert named(found.strangers) == ["reader99"]
    assert named(found.misaddressed) == ["else"]
    assert found.doubtful_mailed == 0


def test_an_international_domain_is_the_same_in_its_ascii_form(
    engine: Engine, mailing: Mailing
) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.subscriber_id == 1)
            .values(email="a@bücher.example")
        )
    found = compare(engine, mailing, taken(1, 2, 3, 4, r1="a@xn--bcher-kva.example"))
    assert found.agree


def test_it_can_be_compared_again(engine: Engine, mailing: Mailing) -> None:
    compare(engine, mailing, taken(1, 1))
    assert compare(engine, mailing, taken(1, 2, 3, 4)).agree
