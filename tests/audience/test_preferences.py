"""What readers choose: how they get the issue."""

from datetime import datetime

import pytest
from sqlalchemy import Engine, update

from publisher.audience.changes import add, opt_out, remove
from publisher.audience.preferences import choose, count_forms, set_form
from publisher.audience.signup import standing_of
from publisher.audience.subscribers import Subscription, find
from publisher.audience.tokens import BadToken, Claim, Tokens
from publisher.config import Form
from publisher.errors import AudienceError
from publisher.storage.engine import reading
from publisher.storage.schema import subscriptions
from publisher.storage.suppressions import email_hash

ADA, BOB = "ada@example.org", "bob@example.org"


def number(engine: Engine, email: str) -> int:
    with reading(engine) as connection:
        reader = find(connection, email, "readers")
    assert reader is not None
    return reader.id


def form(engine: Engine, email: str, list_name: str = "readers") -> Form | None:
    with reading(engine) as connection:
        reader = find(connection, email, list_name)
    assert reader is not None
    return reader.form


@pytest.fixture
def two(engine: Engine, now: datetime) -> Engine:
    """Ada and Bob, who have not chosen; Ada is on another list as well."""
    with engine.begin() as connection:
        for email in (ADA, BOB):
            add(connection, email, list_name="readers", now=now)
        add(connection, ADA, list_name="staff", now=now)
    return engine


def test_a_reader_chooses_for_herself_and_one_list(two: Engine, tokens: Tokens) -> None:
    token = tokens.preferences(number(two, ADA), "readers")
    standing = choose(two, tokens, token, Form.TEXT)
    assert standing is not None
    assert standing.form is Form.TEXT
    assert standing_of(two, Claim(number(two, ADA), "readers")) == standing
    assert (form(two, ADA), form(two, ADA, "staff"), form(two, BOB)) == (Form.TEXT, None, None)


def test_the_last_choice_counts(two: Engine, tokens: Tokens) -> None:
    token = tokens.preferences(number(two, ADA), "readers")
    for choice in (Form.ATTACH, Form.TEXT, Form.LINK):
        choose(two, tokens, token, choice)
    assert form(two, ADA) is Form.LINK


def test_who_has_left_has_nothing_to_choose_and_stays_away(
    two: Engine, tokens: Tokens, now: datetime
) -> None:
    id = number(two, ADA)
    token = tokens.preferences(id, "readers")
    with two.begin() as connection:
        opt_out(connection, id, email_hash(ADA), "readers", source="test", now=now)
    standing = choose(two, tokens, token, Form.ATTACH)
    assert standing is not None
    assert standing.subscription is Subscription.UNSUBSCRIBED
    assert form(two, ADA) is None
    with two.begin() as connection:
        remove(connection, ADA, now=now)
    assert choose(two, tokens, token, Form.ATTACH) is None


def test_a_link_to_unsubscribe_chooses_nothing(two: Engine, tokens: Tokens) -> None:
    with pytest.raises(BadToken):
        choose(two, tokens, tokens.unsubscribe(number(two, ADA), "readers"), Form.TEXT)


def test_the_operator_chooses_for_a_reader_who_asked(two: Engine, now: datetime) -> None:
    with two.begin() as connection:
        set_form(connection, "Ada@Example.org", "readers", Form.ATTACH)
        add(connection, BOB, list_name="readers", now=now, form=Form.TEXT)
        add(connection, "new@example.org", list_name="readers", now=now, form=Form.TEXT)
    assert [form(two, e) for e in (ADA, BOB, "new@example.org")] == [
        Form.ATTACH, Form.TEXT, Form.TEXT
    ]  # fmt: skip
    with two.begin() as connection:
        set_form(connection, ADA, "readers", None)
    assert form(two, ADA) is None


def test_choosing_for_a_stranger_is_said_so(two: Engine) -> None:
    with (
        two.begin() as connection,
        pytest.raises(AudienceError, match="is not on the list readers"),
    ):
        set_form(connection, "eve@example.org", "readers", Form.TEXT)


def test_forms_are_counted_and_who_chose_none_gets_the_publications(
    two: Engine, now: datetime
) -> None:
    with two.begin() as connection:
        set_form(connection, ADA, "readers", Form.TEXT)
        add(connection, "odd@example.org", list_name="readers", now=now)
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.subscriber_id == number(two, BOB))
            .values(pdf="none")  # from nowhere we know
        )
    with reading(two) as connection:
        found = count_forms(connection, "readers", Form.ATTACH)
    assert found == {Form.LINK: 0, Form.ATTACH: 2, Form.TEXT: 1}
