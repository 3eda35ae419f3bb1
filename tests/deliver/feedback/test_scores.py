"""Bounce scores: who bounces again and again is not mailed any more."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from publisher.deliver.feedback.causes import Kind
from publisher.deliver.feedback.scores import (
    Bounce,
    Rules,
    Score,
    forgive,
    forgiven,
    score_bounces,
    scored,
)
from publisher.storage.schema import bounce_scores, suppressions
from publisher.storage.suppressions import EVERYWHERE, email_hash, lift

NOW = datetime(2026, 11, 21, 7, 5, tzinfo=UTC)
ADA, IBN = email_hash("ada@example.org"), email_hash("ibn@example.org")
RULES = Rules()
_bounces = st.lists(
    st.builds(
        Bounce,
        email_hash=st.just(ADA),
        kind=st.sampled_from([Kind.HARD, Kind.SOFT, Kind.SOFT, Kind.OURS]),
        at=st.integers(0, 60 * 24).map(lambda hours: NOW + timedelta(hours=hours)),
        reason=st.sampled_from(["", "full", "gone"]),
    ),
    max_size=30,
)


def soft(days: float = 0, hash: str = ADA) -> Bounce:
    return Bounce(
        email_hash=hash, kind=Kind.SOFT, at=NOW + timedelta(days=days), reason="mailbox full"
    )


def hard(days: float = 0, hash: str = ADA) -> Bounce:
    return Bounce(
        email_hash=hash, kind=Kind.HARD, at=NOW + timedelta(days=days), reason="no such user"
    )


def after(*bounces: Bounce, before: Score | None = None) -> Score:
    score = before or Score()
    for bounce in bounces:
        score = scored(score, bounce)
    return score


@given(_bounces, st.randoms())
def test_the_order_of_bounces_changes_nothing(bounces: list[Bounce], chance: object) -> None:
    shuffled = list(bounces)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert after(*shuffled) == after(*bounces)


@given(_bounces)
def test_bounces_told_twice_count_once(bounces: list[Bounce]) -> None:
    once = after(*bounces)
    assert after(*bounces, before=once) == once
    assert once.value(RULES) <= len({bounce.at.date() for bounce in bounces})


@given(_bounces, st.integers(0, 60 * 24))
def test_nothing_up_to_a_delivery_counts(bounces: list[Bounce], hours: int) -> None:
    delivered = NOW + timedelta(hours=hours)
    score = forgiven(after(*bounces), delivered)
    if all(bounce.at <= delivered for bounce in bounces):
        assert score.value(RULES) == 0
        assert not score.too_much(RULES)
    assert forgiven(score, delivered - timedelta(days=1)) == score


def test_a_soft_bounce_counts_half_and_once_a_day() -> None:
    assert after(soft(), soft(0.1), soft(0.2)).value(RULES) == 0.5
    assert after(soft(), soft(1), soft(2)).value(RULES) == 1.5


def test_ten_soft_bounces_in_ten_weeks_are_too_many() -> None:
    weeks = [soft(7 * week) for week in range(10)]
    assert not after(*weeks[:9]).too_much(RULES)
    assert after(*weeks).too_much(RULES)


def test_a_long_pause_makes_the_score_stale() -> None:
    weeks = [soft(7 * week) for week in range(9)]
    assert after(*weeks, soft(7 * 8 + 16)).value(RULES) == 0.5


def test_a_hard_bounce_is_too_much_at_once() -> None:
    assert after(hard()).too_much(RULES)
    assert after(soft(), hard(0.1)).too_much(RULES)


def test_what_is_about_us_never_counts() -> None:
    ours = Bounce(email_hash=ADA, kind=Kind.OURS, at=NOW, reason="5.7.1 looks like spam")
    assert after(*[ours] * 20) == Score()


def suppressed(engine: Engine) -> dict[str, tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(select(suppressions)).all()
    return {row.email_hash: (row.scope, row.reason) for row in rows}


def test_a_hard_bounce_suppresses_everywhere_and_is_told_once(engine: Engine) -> None:
    with engine.begin() as connection:
        first = score_bounces(connection, [hard(), soft(hash=IBN), hard()], now=NOW)
    with engine.begin() as connection:
        again = score_bounces(connection, [hard()], now=NOW)
    assert (first, again) == ([ADA], [])
    assert suppressed(engine) == {ADA: (EVERYWHERE, "bounced")}


def test_soft_bounces_add_up_over_the_weeks(engine: Engine) -> None:
    new = []
    for week in range(10):
        now = NOW + timedelta(days=7 * week)
        with engine.begin() as connection:
            new.append(score_bounces(connection, [soft(7 * week), soft(7 * week)], now=now))
    assert new == [[]] * 9 + [[ADA]]
    with engine.connect() as connection:
        row = connection.execute(select(bounce_scores)).one()
    assert (row.score, row.reason) == (5.0, "mailbox full")


def test_a_delivered_mail_resets_the_score_but_lifts_no_suppression(engine: Engine) -> None:
    with engine.begin() as connection:
        score_bounces(connection, [soft(), hard(hash=IBN)], now=NOW)
        later = NOW + timedelta(days=7)
        nobody = email_hash("nobody@example.org")
        assert forgive(connection, {ADA: later, IBN: later, nobody: later}) == 2
        assert forgive(connection, {ADA: later}) == 0
        scores = dict(
            connection.execute(select(bounce_scores.c.email_hash, bounce_scores.c.score)).all()
        )
    assert scores == {ADA: 0.0, IBN: 0.0}
    assert suppressed(engine) == {IBN: (EVERYWHERE, "bounced")}


def test_who_asks_again_begins_anew(engine: Engine) -> None:
    with engine.begin() as connection:
        score_bounces(connection, [hard()], now=NOW)
        lift(connection, ADA, "readers", NOW + timedelta(days=1))
        late = score_bounces(connection, [hard(0.5)], now=NOW + timedelta(days=2))
        new = score_bounces(connection, [hard(2)], now=NOW + timedelta(days=2))
    assert (late, new) == ([], [ADA])


def test_a_clock_that_is_ahead_does_not_outlive_a_delivery(engine: Engine) -> None:
    with engine.begin() as connection:
        score_bounces(connection, [soft(400)], now=NOW)
        forgive(connection, {ADA: NOW + timedelta(hours=1)})
        assert connection.scalar(select(bounce_scores.c.score)) == 0


def test_thousands_are_taken_in_at_once(engine: Engine) -> None:
    hashes = [email_hash(f"{number}@example.org") for number in range(6000)]
    bounces = [hard(hash=hash) for hash in hashes[:3000]] + [soft(hash=h) for h in hashes[3000:]]
    with engine.begin() as connection:
        new = score_bounces(connection, bounces, now=NOW)
        assert sorted(new) == sorted(hashes[:3000])
        assert connection.scalar(select(func.count()).select_from(bounce_scores)) == 6000


def test_nothing_to_do_is_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        assert score_bounces(connection, [], now=NOW) == []
        assert forgive(connection, {}) == 0
