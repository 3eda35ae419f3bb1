"""Pause, resume, cancel: the operator's word over an issue that is going out."""

from publisher.deliver import control
from publisher.deliver.certificate import counts_of
from publisher.deliver.mailing import Mailing, find_mailing
from publisher.errors import DeliveryError
from publisher.pipeline import record as records
from publisher.pipeline.desk import Desk
from publisher.pipeline.states import State
from publisher.week import Week


def pause(desk: Desk, week: Week, *, by: str, reason: str) -> int:
    """Let no more of an issue leave for now; return how many readers still wait."""
    mailing = mailing_of(desk, week)
    control.pause(desk.engine, mailing, who=by, reason=reason, now=desk.clock())
    return counts_of(desk.engine, mailing).waiting


def resume(desk: Desk, week: Week, *, by: str) -> int:
    """Let a paused or stopped issue go on; return how many readers still wait."""
    mailing = mailing_of(desk, week)
    control.resume(desk.engine, mailing, who=by, now=desk.clock())
    return counts_of(desk.engine, mailing).waiting


def cancel(desk: Desk, week: Week, *, by: str, reason: str) -> int:
    """Send nothing more of an issue, for good; return how many readers do not get it."""
    mailing = mailing_of(desk, week)
    readers = control.cancel(desk.engine, mailing, who=by, reason=reason, now=desk.clock())
    record = records.find(desk.engine, week)
    if record and record.state is State.SENDING:
        told = f"its mailing was cancelled: {reason}"
        records.move(desk.engine, week, State.HELD, now=desk.clock(), who=by, reason=told)
    return readers


def mailing_of(desk: Desk, week: Week) -> Mailing:
    """Return the mailing of a week; raise `DeliveryError` if nothing was approved."""
    mailing = find_mailing(desk.engine, week=week, list_name=desk.publication.delivery.list_name)
    if mailing is None:
        raise DeliveryError(
            f"there is no mailing of {week} yet: `publisher approve --week {week}` freezes it"
        )
    return mailing
