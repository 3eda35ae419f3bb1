"""The reader's own way in and out."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from publisher.audience.changes import add, block, remove
from publisher.audience.consents import Act, history
from publisher.audience.rates import Limit, network_of
from publisher.audience.signup import (
    Gone,
    Limits,
    Question,
    TooMany,
    ask,
    confirm,
    standing_of,
    unsubscribe,
)
from publisher.audience.subscribers import Counts, Subscription, count, find
from publisher.audience.tokens import BadToken, ExpiredToken, Tokens
from publisher.errors import AudienceError
from publisher.storage.engine import reading
from publisher.storage.schema import rates, subscribers
from publisher.storage.suppressions import EVERYWHERE, email_hash, suppress

ADA = "ada@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOOSE = Limits(address=Limit(9, HOUR), address_daily=Limit(9, DAY), network=Limit(99, HOUR))


def asked(engine: Engine, tokens: Tokens, now: datetime, email: str = ADA) -> Question:
    question = ask(
        engine, tokens, email=email, list_name="readers", network="192.0.2.1", now=now,
        limits=LOOSE,
    )  # fmt: skip
    assert question is not None
    return question


def counts(engine: Engine) -> Counts:
    with reading(engine) as connection:
        return count(connection, "readers")


def acts(engine: Engine) -> list[Act]:
    with reading(engine) as connection:
        return [line.act for line in history(connection, email_hash(ADA))]


def test_asking_changes_nothing_until_the_reader_confirms(
    engine: Engine, tokens: Tokens, now: datetime
) -> None:
    question = asked(engine, tokens, now, "Ada@Example.org")
    assert question.email == "Ada@example.org"
    assert counts(engine) == Counts(pending=1)
    standing = confirm(engine, tokens, question.token, now + HOUR)
    assert (standing.email, standing.subscription) == ("Ada@example.org", Subscription.ACTIVE)
    assert counts(engine) == Counts(active=1)
    assert acts(engine) == [Act.ASKED, Act.CONFIRMED]
    with reading(engine) as connection:
        reader = find(connection, ADA, "readers")
    assert reader is not None
    assert reader.confirmed == now + HOUR


def test_confirming_twice_is_as_good_as_once(engine: Engine, tokens: Tokens, now: datetime) -> None:
    question = asked(engine, tokens, now)
    confirm(engine, tokens, question.token, now)
    confirm(engine, tokens, question.token, now + HOUR)
    assert counts(engine) == Counts(active=1)
    assert acts(engine) == [Act.ASKED, Act.CONFIRMED]


def test_a_link_older_than_fourteen_days_does_not_confirm(
    engine: Engine, tokens: Tokens, now: datetime
) -> None:
    question = asked(engine, tokens, now)
    with pytest.raises(ExpiredToken):
        confirm(engine, tokens, question.token, now + 15 * DAY)
    assert counts(engine) == Counts(pending=1)


def test_a_subscribed_reader_is_asked_like_all_others(
    engine: Engine, tokens: Tokens, now: datetime
) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now, name="Ada")
    question = ask(
        engine, tokens, email=ADA, list_name="readers", network="192.0.2.1", now=now,
        name="Mallory",
    )  # fmt: skip
    assert question is not None
    assert counts(engine) == Counts(active=1)
    with reading(engine) as connection:
        reader = find(connection, ADA, "readers")
    assert reader is not None
    assert reader.name == "Ada"


def test_unsubscribing_is_done_once_and_said_every_time(
    engine: Engine, tokens: Tokens, now: datetime
) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now)
        reader = find(connection, ADA, "readers")
    assert reader is not None
    token = tokens.unsubscribe(reader.id, "readers")
    for _ in range(2):
        standing = unsubscribe(engine, tokens, token, source="one click", now=now)
        assert standing is not None
        assert standing.subscription is Subscription.UNSUBSCRIBED
    assert counts(engine) == Counts(unsubscribed=1)
    assert acts(engine) == [Act.ADDED, Act.UNSUBSCRIBED]


def test_a_removed_reader_may_press_unsubscribe_without_an_error(
    engine: Engine, tokens: Tokens, now: datetime
) -> None:
    with engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=now)
        reader = find(connection, ADA, "readers")
        assert reader is not None
        remove(connection, ADA, now=now)
    token = tokens.unsubscribe(reader.id, "readers")
    assert unsubscribe(engine, tokens, token, source="page", now=now) is None


def test_who_left_comes_back_by_confirming_anew(
    engine: Engine, tokens: Tokens, now: datetime
) -> None:
    first = asked(engine, tokens, now)
    confirm(engine, tokens, first.token, now)
    with reading(engine) as connection:
        reader = find(connection, ADA, "readers")
    assert reader is not None
    leaving = tokens.unsubscribe(reader.id, "readers")
    unsubscribe(engine, tokens, leaving, source="page", now=now + HOUR)
    with engine.begin() as connection:
        suppress(connection, email_hash(ADA), EVERYWHERE, "complained", now)
    # the old link is used up: a mail lying about must not subscribe who has left since
    with pytest.raises(Gone):
        confirm(engine, tokens, first.token, now + 2 * HOUR)
    second = asked(engine, tokens, now + 2 * HOUR)
    assert counts(engine) == Counts(unsubscribed=1)
    confirm(engine, tokens, second.token, now + 3 * HOUR)
    assert counts(engine) == Counts(active=1)
    with engine.begin() as connection:  # nothing bars the address any more
        remove(connection, ADA, now=now)
        add(connection, ADA, list_name="readers", now=now)


def test_who_is_blocked_is_not_asked(engine: Engine, tokens: Tokens, now: datetime) -> None:
    question = asked(engine, tokens, now)
    with engine.begin() as connection:
        block(connection, ADA)
    again = ask(engine, tokens, email=ADA, list_name="readers", network="192.0.2.1", now=now)
    assert again is None
    with pytest.raises(Gone):
        confirm(engine, tokens, question.token, now)


def test_links_of_others_are_refused(engine: Engine, tokens: Tokens, now: datetime) -> None:
    with pytest.raises(BadToken):
        confirm(engine, tokens, Tokens(["another"]).confirm(1, "readers", now), now)
    with pytest.raises(BadToken):
        unsubscribe(engine, tokens, "x" * 50, source="page", now=now)
    with pytest.raises(Gone):
        confirm(engine, tokens, tokens.confirm(99, "readers", now), now)


def test_a_link_tells_how_its_reader_stands(engine: Engine, tokens: Tokens, now: datetime) -> None:
    question = asked(engine, tokens, now)
    claim = tokens.read_confirm(question.token, now)
    standing = standing_of(engine, claim)
    assert standing is not None
    assert standing.subscription is Subscription.PENDING
    with engine.begin() as connection:
        remove(connection, ADA, now=now)
    assert standing_of(engine, claim) is None


# ---- list bombing ---------------------------------------------------------------


def test_one_address_is_mailed_a_few_times_a_day_at_most(
    engine: Engine, tokens: Tokens, now: datetime
) -> None:
    mailed = 0
    for minute in range(0, 600, 10):
        moment = now + timedelta(minutes=minute)
        network = f"192.0.2.{minute // 10}"
        question = ask(engine, tokens, email=ADA, list_name="readers", network=network, now=moment)
        mailed += question is not None
    assert mailed == 3


def test_one_network_may_not_ask_for_many(engine: Engine, tokens: Tokens, now: datetime) -> None:
    limits = Limits(network=Limit(5, HOUR))

    def attempt(n: int, network: str, moment: datetime) -> None:
        email = f"victim{n}@example.org"
        ask(
            engine, tokens, email=email, list_name="readers", network=network, now=moment,
            limits=limits,
        )  # fmt: skip

    for n in range(5):
        attempt(n, f"2001:db8::{n}", now)
    with pytest.raises(TooMany, match="your network"):
        attempt(5, "2001:db8::ffff", now)
    attempt(6, "2001:db8:0:1::1", now)
    attempt(7, "2001:db8::7", now + HOUR)
    assert counts(engine) == Counts(pending=7)


def test_a_flood_from_everywhere_is_stopped_and_logged(
    engine: Engine, tokens: Tokens, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(everybody=Limit(2, HOUR))
    answers = [
        ask(
            engine, tokens, email=f"victim{n}@example.org", list_name="readers",
            network=f"198.51.100.{n}", now=now, limits=limits,
        )
        for n in range(4)
    ]  # fmt: skip
    assert [answer is not None for answer in answers] == [True, True, False, False]
    assert "under attack" in caplog.text


def test_what_is_no_address_is_refused_and_counted(
    engine: Engine, tokens: Tokens, now: datetime
) -> None:
    limits = Limits(network=Limit(1, HOUR))

    def attempt() -> None:
        ask(
            engine, tokens, email="nonsense", list_name="readers", network="192.0.2.1", now=now,
            limits=limits,
        )  # fmt: skip

    with pytest.raises(AudienceError, match="not an e-mail address"):
        attempt()
    with pytest.raises(TooMany):
        attempt()


def test_no_network_address_is_kept(engine: Engine, tokens: Tokens, now: datetime) -> None:
    asked(engine, tokens, now)
    with reading(engine) as connection:
        kept = connection.scalars(select(rates.c.what)).all()
    assert kept
    assert not any("192.0.2.1" in what for what in kept)


@pytest.mark.parametrize(
    "name", ["Buy at https://spam.example", "www.spam.example", "<b>x</b>", "x" * 200]
)
def test_a_name_cannot_carry_an_advertisement(
    engine: Engine, tokens: Tokens, now: datetime, name: str
) -> None:
    ask(engine, tokens, email=ADA, list_name="readers", network="192.0.2.1", now=now, name=name)
    with reading(engine) as connection:
        assert connection.scalars(select(subscribers.c.name)).one() == ""


def test_who_never_confirmed_is_forgotten(engine: Engine, tokens: Tokens, now: datetime) -> None:
    asked(engine, tokens, now)
    kept = asked(engine, tokens, now, "kept@example.org")
    confirm(engine, tokens, kept.token, now)
    asked(engine, tokens, now + 16 * DAY, "later@example.org")
    assert counts(engine) == Counts(active=1, pending=1)
    with reading(engine) as connection:
        emails = connection.scalars(select(subscribers.c.email)).all()
    assert sorted(emails) == ["kept@example.org", "later@example.org"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_network_is_what_one_customer_has(address: str, network: str) -> None:
    assert network_of(address) == network
