"""The operator's word over a mailing that is going out: pause, resume, cancel, hurry."""

from datetime import datetime

from sqlalchemy import Connection, Engine, update

from publisher.deliver import ledger
from publisher.deliver.mailing import Mailing, note, read_mailing, set_state
from publisher.errors import DeliveryError
from publisher.storage.schema import mailings


def pause(engine: Engine, mailing: Mailing, *, who: str, reason: str, now: datetime) -> None:
    """Let no further chunk leave until `resume`; those under way are finished.

    Raises `DeliveryError` if there is nothing to pause.
    """
    with engine.begin() as connection:
        current = _held(connection, mailing)
        if current.state not in ("planned", "sending", "stopped"):
            raise DeliveryError(f"the mailing of {mailing.week} is {current.state}, not under way")
        set_state(connection, current, "paused", reason)
        note(connection, mailing, who=who, act="pause", now=now, reason=reason)


def resume(engine: Engine, mailing: Mailing, *, who: str, now: datetime) -> None:
    """Let a paused or stopped mailing go on; raise `DeliveryError` if it is neither."""
    with engine.begin() as connection:
        current = _held(connection, mailing)
        if current.state not in ("paused", "stopped"):
            raise DeliveryError(f"the mailing of {mailing.week} is {current.state}, not paused")
        set_state(connection, current, "sending")
        note(connection, mailing, who=who, act="resume", now=now)


def cancel(engine: Engine, mailing: Mailing, *, who: str, reason: str, now: datetime) -> int:
    """Send nothing more of a mailing, for good; return how many readers do not get it.

    Chunks under way are finished, and what comes back from them is cancelled as well.
    """
    with engine.begin() as connection:
        current = _held(connection, mailing)
        if current.state in ("done", "cancelled"):
            raise DeliveryError(
                f"the mailing of {mailing.week} is {current.state}: there is nothing to cancel"
            )
        set_state(connection, current, "cancelled", reason, finished=now)
        note(connection, mailing, who=who, act="cancel", now=now, reason=reason)
    # apart: a worker that waits for the mailing's row may hold a chunk that we want
    with engine.begin() as connection:
        return ledger.cancel_planned(connection, mailing.id, now)


def set_priority(engine: Engine, mailing: Mailing, priority: int) -> None:
    """Let workers take this mailing before those of a lower priority."""
    with engine.begin() as connection:
        connection.execute(
            update(mailings).where(mailings.c.id == mailing.id).values(priority=priority)
        )


def _held(connection: Connection, mailing: Mailing) -> Mailing:
    return read_mailing(connection, mailing.id, held=True)
