"""Whom we must not mail."""

from datetime import UTC, datetime

from sqlalchemy import Engine

from publisher.storage.engine import reading
from publisher.storage.suppressions import EVERYWHERE, email_hash, lift, suppress, suppressed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA, GRACE, JOAN = (email_hash(f"{name}@example.org") for name in ("ada", "grace", "joan"))


def test_a_suppression_holds_for_its_list_or_for_all(engine: Engine) -> None:
    with engine.begin() as connection:
        assert suppress(connection, ADA, "readers", "unsubscribed", NOON)
        assert suppress(connection, GRACE, EVERYWHERE, "bounced", NOON)
    with reading(engine) as connection:
        assert suppressed(connection, [ADA, GRACE, JOAN], "readers") == {
            ADA: ("unsubscribed", NOON),
            GRACE: ("bounced", NOON),
        }
        assert set(suppressed(connection, [ADA, GRACE, JOAN], "cooks")) == {GRACE}


def test_the_first_reason_is_kept(engine: Engine) -> None:
    with engine.begin() as connection:
        suppress(connection, ADA, "readers", "complained", NOON)
        assert not suppress(connection, ADA, "readers", "unsubscribed", NOON)
        assert suppressed(connection, [ADA], "readers")[ADA][0] == "complained"


def test_who_asks_again_is_mailed_again_on_that_list_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        for scope in ("readers", "cooks", EVERYWHERE):
            suppress(connection, ADA, scope, "unsubscribed", NOON)
        lift(connection, ADA, "readers", NOON)
        assert suppressed(connection, [ADA], "readers") == {}
        assert set(suppressed(connection, [ADA], "cooks")) == {ADA}


def test_tens_of_thousands_of_addresses_are_asked_about_at_once(engine: Engine) -> None:
    hashes = [email_hash(f"{n}@example.org") for n in range(40_000)]
    with engine.begin() as connection:
        suppress(connection, hashes[-1], "readers", "removed", NOON)
        assert set(suppressed(connection, hashes, "readers")) == {hashes[-1]}
