"""One clock for all machines: the database server's, so that leases mean the same to each."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from publisher.storage.engine import reading

_ASK_AGAIN_S = 60.0  #: how long a difference between two clocks is trusted
_AFTER_A_FAILURE_S = 10.0


def shared_clock(
    engine: Engine,
    clock: Callable[[], datetime],
    elapsed: Callable[[], float] = time.monotonic,
) -> Callable[[], datetime]:
    """Return the database server's clock, asked once a minute; on SQLite this machine's own.

    Of two machines whose clocks differ, one would take the other's chunk while it is
    being sent.
    """
    if engine.dialect.name == "sqlite":
        return clock
    difference, asked = timedelta(0), float("-inf")

    def now() -> datetime:
        nonlocal difference, asked
        if elapsed() - asked >= _ASK_AGAIN_S:
            try:
                with reading(engine) as connection:
                    before = clock()
                    theirs: datetime = connection.execute(
                        select(func.clock_timestamp())
                    ).scalar_one()
                    # half of the way there and back
                    difference = theirs - (before + (clock() - before) / 2)
                asked = elapsed()
            except DBAPIError:
                # whoever needs the database will say so; the old difference will do meanwhile
                asked = elapsed() - _ASK_AGAIN_S + _AFTER_A_FAILURE_S
        return clock() + difference

    return now
