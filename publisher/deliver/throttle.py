"""How much mail may leave: a rate for all workers together, and caps for a new sender's days.

The rate is kept as one moment, up to which it is used up (the generic cell rate
algorithm, ITU-T I.371): no counters to reset, and the database makes it one for all.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from publisher.storage.inserts import insert_new
from publisher.storage.schema import quotas, throttles

_RATE = "mail"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the operator allows; without figures there is no limit."""

    zone: ZoneInfo
    per_minute: int = 0  #: 0 for no limit
    warm_up: date | None = None  #: the first day of the caps
    daily_caps: tuple[int, ...] = ()

    def cap(self, now: datetime) -> int | None:
        """Return how many mails may leave on this day of the zone, or None for no limit."""
        if self.warm_up is None:
            return None
        day = (now.astimezone(self.zone).date() - self.warm_up).days
        if day < 0:
            return 0
        return self.daily_caps[day] if day < len(self.daily_caps) else None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """How many mails may leave now; if none, when it is worth asking again."""

    mails: int
    wait_until: datetime | None = None
    why: str = ""


def take(
    connection: Connection, limits: Limits, wanted: int, *, now: datetime, whole: bool = False
) -> Grant:
    """Use up room for at most `wanted` mails, in the transaction that claims them.

    A chunk may use up the rate ahead, and the next one waits for it; a day's cap parts it,
    unless it must go `whole`.
    """
    cap = limits.cap(now)
    if cap is None and not limits.per_minute:
        return Grant(mails=wanted)
    if limits.per_minute:
        until = _locked(connection, now)
        if until > now:
            return Grant(mails=0, wait_until=until, why=f"{limits.per_minute} mails a minute")
    mails = wanted
    if cap is not None:
        used = _used(connection, _day(limits, now))
        mails = min(wanted, max(cap - used, 0))
        if not mails or (whole and mails < wanted):
            return Grant(mails=0, wait_until=_next_day(limits, now), why=f"{cap} mails today")
        _use(connection, _day(limits, now), used + mails)
    if limits.per_minute:
        _advance(connection, now + mails * timedelta(minutes=1) / limits.per_minute)
    return Grant(mails=mails)


def give_back(connection: Connection, limits: Limits, mails: int, *, now: datetime) -> None:
    """Return room for mails that did not leave after all."""
    if limits.cap(now) is not None and mails > 0:
        day = _day(limits, now)
        _use(connection, day, max(_used(connection, day) - mails, 0))


def _locked(connection: Connection, now: datetime) -> datetime:
    insert_new(connection, throttles, {"name": _RATE, "until": now})
    query = select(throttles.c.until).where(throttles.c.name == _RATE).with_for_update()
    until: datetime = connection.execute(query).scalar_one()
    return until


def _advance(connection: Connection, until: datetime) -> None:
    connection.execute(update(throttles).where(throttles.c.name == _RATE).values(until=until))


def _used(connection: Connection, day: str) -> int:
    insert_new(connection, quotas, {"day": day, "used": 0})
    query = select(quotas.c.used).where(quotas.c.day == day).with_for_update()
    return int(connection.execute(query).scalar_one())


def _use(connection: Connection, day: str, used: int) -> None:
    connection.execute(update(quotas).where(quotas.c.day == day).values(used=used))


def _day(limits: Limits, now: datetime) -> str:
    return now.astimezone(limits.zone).date().isoformat()


def _next_day(limits: Limits, now: datetime) -> datetime:
    tomorrow = now.astimezone(limits.zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), limits.zone)
