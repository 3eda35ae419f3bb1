"""How people come and go, and how they are found."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from publisher.audience.changes import Added, add, block, make_list, opt_out, remove
from publisher.audience.consents import Act, history
from publisher.audience.subscribers import Counts, Status, Subscription, count, find, page
from publisher.errors import AudienceError
from publisher.storage.engine import reading
from publisher.storage.schema import deliveries, mailings, subscribers
from publisher.storage.suppressions import email_hash

ADA = "ada@example.org"


def leave(engine: Engine, email: str, now: datetime) -> None:
    with engine.begin() as connection:
        reader = find(connection, email, "readers")
        assert reader is not None
        opt_out(connection, reader.id, email_hash(email), "readers", source="one click", now=now)


def test_who_is_added_is_found_by_any_spelling(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        added = add(
            connection,
            "Ada.L@Example.ORG",
            list_name="readers",
            now=now,
            name="Ada",
            language="fr",
            fields={"city": "Tunis"},
        )
    assert added is Added.ADDED
    with reading(engine) as connection:
        reader = find(connection, "ada.l@EXAMPLE.org", "readers")
        assert find(connection, "ada.l@example.org", "cooks") is None
    assert reader is not None
    assert reader.email == "Ada.L@example.org"
    assert (reader.name, reader.language, reader.fields) == ("Ada", "fr", {"city": "Tunis"})
    assert (reader.status, reader.subscription) == (Status.ENABLED, Subscription.ACTIVE)
    assert reader.created == now


def test_adding_twice_keeps_one_reader_and_what_was_known(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now, name="Ada")
        again = add(connection, "ADA@example.org", list_name="readers", now=now, name="Other")
        assert again is Added.ALREADY
        assert count(connection, "readers") == Counts(active=1)
        reader = find(connection, ADA, "readers")
    assert reader is not None
    assert reader.name == "Ada"


def test_one_person_may_read_two_lists(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        for name in ("readers", "cooks"):
            assert add(connection, ADA, list_name=name, now=now) is Added.ADDED
    leave(engine, ADA, now)
    with reading(engine) as connection:
        assert count(connection, "readers") == Counts(unsubscribed=1)
        assert count(connection, "cooks") == Counts(active=1)


def test_who_opted_out_is_added_only_if_they_asked(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now)
    leave(engine, ADA, now)
    with engine.begin() as connection:
        with pytest.raises(AudienceError, match="unsubscribed on 2026-11-20"):
            add(connection, ADA, list_name="readers", now=now)
        assert add(connection, ADA, list_name="readers", now=now, again=True) is Added.ADDED
        assert add(connection, ADA, list_name="readers", now=now) is Added.ALREADY
        acts = [line.act for line in history(connection, email_hash(ADA))]
    assert acts == [Act.ADDED, Act.UNSUBSCRIBED, Act.ADDED]


def test_who_is_blocked_is_added_only_if_they_asked(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now)
        assert block(connection, ADA)
        assert count(connection, "readers") == Counts(blocked=1)
        with pytest.raises(AudienceError, match="is blocked"):
            add(connection, ADA, list_name="readers", now=now)
        add(connection, ADA, list_name="readers", now=now, again=True)
        assert count(connection, "readers") == Counts(active=1)
        assert not block(connection, "nobody@example.org")


def test_who_is_removed_leaves_a_hash_and_no_data(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now)
        assert remove(connection, ADA.upper(), now=now)
        assert find(connection, ADA, "readers") is None
        assert not remove(connection, ADA, now=now)
        acts = [line.act for line in history(connection, email_hash(ADA))]
        assert acts == [Act.ADDED, Act.REMOVED]
        # an operator took them off: an operator may put them on again
        assert add(connection, ADA, list_name="readers", now=now) is Added.ADDED


def test_removal_wipes_the_address_from_mailings_that_are_done(
    engine: Engine, now: datetime
) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now)
        reader = find(connection, ADA, "readers")
        assert reader is not None
        for number, state in enumerate(("done", "sending"), start=1):
            mailing = {
                "id": number, "token": str(number), "week": f"2026-W4{number}",
                "list": "readers", "state": state, "reason": "", "subject": "", "artefacts": {}, "created": now,
            }  # fmt: skip
            connection.execute(mailings.insert().values(mailing))
            row = {"mailing_id": number, "subscriber_id": reader.id, "n": 0, "email": ADA}
            connection.execute(deliveries.insert().values({**row, "reason": ""}))
        remove(connection, ADA, now=now)
        kept = connection.execute(
            select(deliveries.c.mailing_id, deliveries.c.email).order_by(deliveries.c.mailing_id)
        )
        assert [tuple(row) for row in kept] == [(1, ""), (2, ADA)]


def test_the_number_of_who_was_removed_is_never_given_again(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now)
        first = connection.scalars(select(subscribers.c.id)).one()
        remove(connection, ADA, now=now)
        add(connection, "grace@example.org", list_name="readers", now=now)
        assert connection.scalars(select(subscribers.c.id)).one() > first


def test_pages_hold_everybody_once_in_the_order_they_came(engine: Engine, now: datetime) -> None:
    emails = [f"reader{n}@example.org" for n in range(7)]
    with engine.begin() as connection:
        for email in emails:
            add(connection, email, list_name="readers", now=now)
    found, after = [], 0
    with reading(engine) as connection:
        while some := page(connection, "readers", after=after, limit=3):
            assert len(some) <= 3
            found += [reader.email for reader in some]
            after = some[-1].id
    assert found == emails


def test_pages_can_be_narrowed_by_status_and_words(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now, name="Ada Lovelace")
        add(connection, "50%_off@example.org", list_name="readers", now=now)
        add(connection, "gone@example.org", list_name="readers", now=now)
    leave(engine, "gone@example.org", now)

    def emails(**how: object) -> list[str]:
        with reading(engine) as connection:
            return [reader.email for reader in page(connection, "readers", **how)]  # type: ignore[arg-type]  # the keywords of page

    assert emails(search="lovelace") == [ADA]
    assert emails(search="ADA@") == [ADA]
    assert emails(search="%") == ["50%_off@example.org"]
    assert emails(subscription=Subscription.UNSUBSCRIBED) == ["gone@example.org"]


def test_a_list_is_made_once(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        first = make_list(connection, "readers", now)
        assert make_list(connection, "readers", now + timedelta(days=1)) == first
