"""The mail room: what `publisher run` and `publisher worker` do for mailings, all the time.

Chunks are rung for, not handed out: whoever answers asks the ledger what may be sent.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, exists, or_, select

from publisher.config import Publication
from publisher.deliver import ledger, tending
from publisher.deliver.mailing import Mailing, find_mailing, note, read_mailing, set_state
from publisher.deliver.resolving import Resolved, resolve_uncertain
from publisher.deliver.sender import Sender
from publisher.deliver.states import State
from publisher.deliver.throttle import Limits
from publisher.deliver.working import Courier
from publisher.errors import PublisherError
from publisher.pipeline import record as records
from publisher.pipeline.addressing import addresses_of
from publisher.pipeline.desk import Desk, is_dead_worker, this_worker
from publisher.pipeline.letters import announce_hold
from publisher.pipeline.states import State as IssueState
from publisher.storage.engine import reading
from publisher.storage.schema import audit, chunks, mailings
from publisher.week import Week

RINGS = 100  #: chunks rung for at once; few, so that an urgent mailing need not wait long
_TOLD, _TOLD_STOP = "told of doubts", "told of stop"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Tended:
    """What the mail room found to do."""

    lost: int = 0  #: chunks taken back from workers that are gone
    resolved: Resolved = Resolved()
    finished: tuple[str, ...] = ()  #: weeks whose mailing came to its end


def limits_of(publication: Publication) -> Limits:
    """Return how much mail may leave, as [delivery] says."""
    delivery = publication.delivery
    return Limits(
        zone=publication.timezone,
        per_minute=delivery.per_minute,
        warm_up=delivery.warm_up,
        daily_caps=delivery.daily_caps,
    )


def courier_of(desk: Desk) -> Courier:
    """Return a worker of its own for this process; raise `DeliveryError` for a missing secret."""
    addresses = addresses_of(desk)
    return Courier(
        engine=desk.engine,
        sender=desk.sender(),
        clock=desk.clock,
        unsubscribe_url=addresses.unsubscribe,
        preferences_url=addresses.preferences,
        return_path=addresses.return_path,
        owner=this_worker(),
        limits=limits_of(desk.publication),
    )


class MailRoom:
    """Answers rings for chunks; its worker is made at the first, so that a key may be missing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._courier: Courier | None = None

    def carry(self, mailing_id: int, n: int) -> None:
        """Send a chunk; what an operator must mend first stops its mailing and is told."""
        if self._desk.stopping():
            return  # the ledger has the chunk; whoever works next rings for it
        try:
            self._courier = self._courier or courier_of(self._desk)
            self._courier.carry(mailing_id, n)
        except PublisherError as error:
            stop_mailing(self._desk, mailing_id, str(error))

    def close(self) -> None:
        """Let go of connections."""
        if self._courier:
            self._courier.forget()


def stop_mailing(desk: Desk, mailing_id: int, reason: str) -> None:
    """Stop a mailing for all workers until an operator has mended what is wrong."""
    now = desk.clock()
    with desk.engine.begin() as connection:
        mailing = read_mailing(connection, mailing_id)
        if mailing.state != "sending":
            return
        set_state(connection, mailing, "stopped", reason)
        note(connection, mailing, who=desk.who, act="stop", now=now, reason=reason)


def ring_for_chunks(
    engine: Engine, now: datetime, *, unanswered: int, ring: Callable[[int, int], None]
) -> int:
    """Ring for chunks that may be sent, unless enough rings wait already; return how many.

    Only for what is not settled: rings for everything would keep workers busy with nothing.
    """
    if unanswered >= RINGS // 2:
        return 0
    with reading(engine) as connection:
        due = ledger.due(connection, now=now, limit=RINGS - unanswered)
    for mailing_id, n in due:
        ring(mailing_id, n)
    return len(due)


def tend(desk: Desk) -> Tended:
    """Take back what is lost, settle what is in doubt, end what is through.

    Every process may do this at any time; the ledger decides who is first. Editors are
    told once of what only they can decide.
    """
    unsettled = _unsettled(desk.engine)
    lost, resolved = 0, Resolved()
    if unsettled:
        sender = desk.sender()
        try:
            lost, resolved = _settle(desk, unsettled, sender, desk.clock())
        finally:
            sender.close()
    return Tended(lost=lost, resolved=resolved, finished=_finish_issues(desk))


def _settle(
    desk: Desk, unsettled: Sequence[Mailing], sender: Sender, now: datetime
) -> tuple[int, Resolved]:
    lost, resolved = 0, Resolved()
    for mailing in unsettled:
        with desk.engine.begin() as connection:
            lost += tending.take_back(connection, mailing, now=now, is_dead=is_dead_worker)
        found = resolve_uncertain(desk.engine, mailing, sender, now=now)
        resolved = _sum(resolved, found)
        if found.stuck:
            _tell_once(desk, mailing, found, now)
        with desk.engine.begin() as connection:
            tending.close(connection, read_mailing(connection, mailing.id), now=now)
    return lost, resolved


def tell_of_stops(desk: Desk) -> int:
    """Tell the editors, once for each time, that a mailing has stopped; return how many did."""
    with reading(desk.engine) as connection:
        rows = connection.execute(select(mailings).where(mailings.c.state == "stopped"))
        stopped = [Mailing(**row._mapping) for row in rows]
    told = 0
    for mailing in stopped:
        with desk.engine.begin() as connection:
            if _last_act(connection, mailing, ("stop", _TOLD_STOP)) != "stop":
                continue
            note(connection, mailing, who=desk.who, act=_TOLD_STOP, now=desk.clock())
        told += 1
        announce_hold(
            desk,
            Week.parse(mailing.week),
            f"The mailing stopped half way: {mailing.reason}",
            commands=[
                f"publisher resume --week {mailing.week}",
                f"publisher report {mailing.week}",
            ],
        )
    return told


def _last_act(connection: Connection, mailing: Mailing, acts: tuple[str, ...]) -> str | None:
    about = f"mailing {mailing.week} {mailing.list}"
    return connection.scalar(
        select(audit.c.act)
        .where(audit.c.about == about, audit.c.act.in_(acts))
        .order_by(audit.c.id.desc())
        .limit(1)
    )


def _unsettled(engine: Engine) -> list[Mailing]:
    open_states = (State.PLANNED, State.CLAIMED, State.SENDING)
    has = exists().where(chunks.c.mailing_id == mailings.c.id)
    with reading(engine) as connection:
        rows = connection.execute(
            select(mailings)
            .where(
                or_(
                    mailings.c.state == "sending",
                    has.where(chunks.c.state == State.UNCERTAIN),
                    (mailings.c.state == "cancelled") & has.where(chunks.c.state.in_(open_states)),
                )
            )
            .order_by(mailings.c.priority.desc(), mailings.c.id)
        )
        return [Mailing(**row._mapping) for row in rows]


def _finish_issues(desk: Desk) -> tuple[str, ...]:
    """Mark issues as sent whose mailing is through, whoever sent the last chunk."""
    list_name, finished = desk.publication.delivery.list_name, []
    for record in records.all_records(desk.engine):
        if record.state is IssueState.SENDING:
            mailing = find_mailing(desk.engine, week=record.week, list_name=list_name)
            if mailing and mailing.state == "done":
                records.move(
                    desk.engine, record.week, IssueState.SENT, now=desk.clock(), who=desk.who
                )
                finished.append(str(record.week))
    return tuple(finished)


def _tell_once(desk: Desk, mailing: Mailing, found: Resolved, now: datetime) -> None:
    """Tell the editors that only they can decide, once for each number of readers in doubt."""
    about = f"mailing {mailing.week} {mailing.list}"
    with desk.engine.begin() as connection:
        told = connection.scalars(
            select(audit.c.details).where(audit.c.act == _TOLD, audit.c.about == about)
        )
        if any(details.get("readers", 0) >= found.stuck for details in told):
            return
        note(connection, mailing, who=desk.who, act=_TOLD, now=now, readers=found.stuck)
    _log.warning("%s: nobody knows whether %d readers got it", mailing.week, found.stuck)
    announce_hold(
        desk,
        Week.parse(mailing.week),
        f"Nobody knows whether {found.stuck} readers got this issue: the answer of the mail"
        " service was lost, and neither its records nor its events tell. All others are"
        " settled. Sent again, some of them may get it twice.",
        commands=[
            f"publisher report {mailing.week}",
            f"publisher send --week {mailing.week} --resend-uncertain",
        ],
    )


def _sum(one: Resolved, other: Resolved) -> Resolved:
    return Resolved(
        proved=one.proved + other.proved,
        resent=one.resent + other.resent,
        left=one.left + other.left,
        stuck=one.stuck + other.stuck,
    )
