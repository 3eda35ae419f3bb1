"""The mail room: what `publisher run` and `publisher worker` do for mailings, all the time.

Chunks are rung for, not handed out: whoever answers asks the ledger what may be sent.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, exists, or_, select

from publisher.config import Publication
from publisher.deliver import ledger, tending
from publisher.deliver.mailing import Mailing, note, read_mailing
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
from publisher.storage.clocks import shared_clock
from publisher.storage.engine import reading
from publisher.storage.schema import audit, chunks, mailings
from publisher.week import Week

RINGS = 100  #: chunks rung for at once; few, so that an urgent mailing need not wait long
_TOLD = "told of doubts"
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
        clock=shared_clock(desk.engine, desk.clock),
        unsubscribe_url=addresses.unsubscribe,
        return_path=addresses.return_path,
        owner=this_worker(),
        limits=limits_of(desk.publication),
    )


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


def tend(desk: Desk, sender: Sender) -> Tended:
    """Take back what is lost, settle what is in doubt, end what is through.

    Every process may do this at any time; the ledger decides who is first.
    """
    now = shared_clock(desk.engine, desk.clock)()
    lost, resolved, finished = 0, Resolved(), []
    for mailing in _unsettled(desk.engine):
        with desk.engine.begin() as connection:
            lost += tending.take_back(connection, mailing, now=now, is_dead=is_dead_worker)
        found = resolve_uncertain(desk.engine, mailing, sender, now=now)
        resolved = _sum(resolved, found)
        if found.stuck:
            _tell_once(desk, mailing, found, now)
        with desk.engine.begin() as connection:
            tending.close(connection, read_mailing(connection, mailing.id), now=now)
        if _finish_issue(desk, mailing):
            finished.append(mailing.week)
    return Tended(lost=lost, resolved=resolved, finished=tuple(finished))


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


def _finish_issue(desk: Desk, mailing: Mailing) -> bool:
    """Mark the issue as sent when its mailing is through, whoever sent the last chunk."""
    with reading(desk.engine) as connection:
        state = read_mailing(connection, mailing.id).state
    week = Week.parse(mailing.week)
    record = records.find(desk.engine, week)
    if state != "done" or record is None or record.state is not IssueState.SENDING:
        return False
    records.move(desk.engine, week, IssueState.SENT, now=desk.clock(), who=desk.who)
    return True


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


def quietly(what: str, work: Callable[[], object]) -> Callable[[], None]:
    """Return the work as a job that never ends its clock: what fails is logged and tried again."""

    def job() -> None:
        try:
            work()
        except PublisherError as error:
            _log.error("%s: %s", what, error)
        except Exception:
            _log.exception("%s failed; it is tried again", what)

    return job
