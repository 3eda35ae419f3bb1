"""How much may leave: a rate for all workers together, and the days of a warm-up."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from publisher.deliver.sender import Refused, Retry
from publisher.deliver.throttle import Limits, give_back, take
from publisher.storage.schema import chunks
from tests.deliver.world import START, Clock, Scripted, planned, run, subscribe

TUNIS = ZoneInfo("Africa/Tunis")
FIRST_DAY = START.astimezone(TUNIS).date()


def limits(**given: object) -> Limits:
    return Limits(zone=TUNIS, **given)  # type: ignore[arg-type]  # names are checked when called


def test_without_limits_everything_may_leave_at_once(engine: Engine) -> None:
    with engine.begin() as connection:
        assert take(connection, limits(), 500, now=START).mails == 500


def test_a_rate_makes_the_next_chunk_wait_for_the_one_before(engine: Engine) -> None:
    hourly = limits(per_minute=60)
    with engine.begin() as connection:
        assert take(connection, hourly, 30, now=START).mails == 30
        refused = take(connection, hourly, 30, now=START + timedelta(seconds=29))
        assert (refused.mails, refused.wait_until) == (0, START + timedelta(seconds=30))
        assert take(connection, hourly, 30, now=START + timedelta(seconds=30)).mails == 30


def test_what_was_not_used_of_a_rate_is_not_saved_up(engine: Engine) -> None:
    hourly = limits(per_minute=60)
    with engine.begin() as connection:
        take(connection, hourly, 10, now=START)
        later = START + timedelta(hours=5)
        assert take(connection, hourly, 10, now=later).mails == 10
        assert take(connection, hourly, 10, now=later).mails == 0


def test_a_new_sender_mails_so_many_a_day_and_the_rest_on_the_next(engine: Engine) -> None:
    warm = limits(warm_up=FIRST_DAY, daily_caps=(50, 100))
    with engine.begin() as connection:
        assert take(connection, warm, 40, now=START).mails == 40
        assert take(connection, warm, 40, now=START).mails == 10
        refused = take(connection, warm, 40, now=START)
        midnight = datetime.combine(FIRST_DAY + timedelta(days=1), datetime.min.time(), TUNIS)
        assert (refused.mails, refused.wait_until) == (0, midnight)
        assert take(connection, warm, 400, now=midnight).mails == 100
        assert take(connection, warm, 400, now=midnight + timedelta(days=1)).mails == 400


def test_a_chunk_that_was_tried_before_waits_until_it_can_go_whole(engine: Engine) -> None:
    warm = limits(warm_up=FIRST_DAY, daily_caps=(50, 100))
    with engine.begin() as connection:
        take(connection, warm, 20, now=START)
        assert take(connection, warm, 40, now=START, whole=True).mails == 0
        tomorrow = START + timedelta(days=1)
        assert take(connection, warm, 40, now=tomorrow, whole=True).mails == 40


def test_nothing_leaves_before_the_first_day_of_a_warm_up(engine: Engine) -> None:
    early = limits(warm_up=FIRST_DAY + timedelta(days=1), daily_caps=(50,))
    with engine.begin() as connection:
        assert take(connection, early, 5, now=START).mails == 0


def test_room_for_mails_that_did_not_leave_is_there_again(engine: Engine) -> None:
    warm = limits(warm_up=FIRST_DAY, daily_caps=(50,))
    with engine.begin() as connection:
        take(connection, warm, 50, now=START)
        give_back(connection, warm, 20, now=START)
        assert take(connection, warm, 50, now=START).mails == 20


@given(
    first=st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    caps=st.lists(st.integers(1, 10**6), min_size=1, max_size=20),
    days=st.integers(-3, 30),
)
def test_each_day_of_the_zone_has_the_cap_of_its_place(
    first: date, caps: list[int], days: int
) -> None:
    warm = limits(warm_up=first, daily_caps=tuple(caps))
    noon = datetime.combine(first + timedelta(days=days), datetime.min.time(), TUNIS)
    expected = 0 if days < 0 else caps[days] if days < len(caps) else None
    assert warm.cap(noon + timedelta(hours=23, minutes=59)) == expected


def test_a_mailing_under_a_cap_goes_out_over_the_days_each_reader_once(engine: Engine) -> None:
    subscribe(engine, 75)
    mailing = planned(engine)
    sender, clock = Scripted(), Clock()
    warm = limits(warm_up=FIRST_DAY, daily_caps=(13, 25))
    days: dict[str, int] = {}

    def note_day() -> None:
        day = clock.now.astimezone(TUNIS).date().isoformat()
        days[day] = days.get(day, 0) + len(sender.requests[-1])

    sender.before = note_day

    def wait_an_hour(seconds: float) -> None:
        del seconds  # a minute at a time is long for a test
        clock.now += timedelta(hours=1)

    clock.wait = wait_an_hour  # type: ignore[method-assign]  # it is our own clock
    report = run(engine, mailing, sender, clock, limits=warm)
    assert report.state == "done"
    assert sorted(sender.mailed) == sorted(f"reader{n}@example.org" for n in range(1, 76))
    assert list(days.values()) == [13, 25, 37]
    with engine.connect() as connection:
        assert connection.scalar(select(chunks.c.n).where(chunks.c.state != "accepted")) is None


def test_two_workers_share_one_rate(engine: Engine) -> None:
    subscribe(engine, 40)
    mailing = planned(engine)
    slow, clock, sender = limits(per_minute=60), Clock(), Scripted()
    run(engine, mailing, sender, clock, limits=slow, owner="a", stop=lambda: bool(sender.mailed))
    assert len(sender.mailed) == 10
    began = clock.now
    run(engine, mailing, sender, clock, limits=slow, owner="b")
    # ten by the first worker, then thirty at one a second; the last ten wait for nobody
    assert clock.now - began == timedelta(seconds=30)


def test_only_mails_that_left_count_against_a_cap(engine: Engine) -> None:
    subscribe(engine, 30)
    mailing = planned(engine)
    again = START + timedelta(seconds=1)
    sender = Scripted(script=[Retry(reason="too many requests", at=again), Refused(reason="bad")])
    warm = limits(warm_up=FIRST_DAY, daily_caps=(30,))
    report = run(engine, mailing, sender, Clock(), limits=warm)
    assert (report.state, len(sender.mailed)) == ("done", 30)
