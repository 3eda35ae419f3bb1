"""The issue's row: its number and state, moved in one statement and audited."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.exc import IntegrityError

from publisher.errors import ConfigError, PublisherError
from publisher.pipeline.states import EDITABLE, State, check_move
from publisher.storage.engine import reading
from publisher.storage.schema import audit, issues
from publisher.week import Week


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the database knows of an issue."""

    week: Week
    number: int
    state: State
    held_state: State | None
    reason: str
    digest: str | None
    approved_by: str | None
    updated: datetime  #: aware, UTC

    @property
    def editable(self) -> bool:
        """Whether articles and layout may still change."""
        return (self.held_state or self.state) in EDITABLE


class NoSuchIssue(PublisherError):
    """The week has no issue yet."""

    exit_code = 3

    def __init__(self, week: Week) -> None:
        super().__init__(
            f"there is no issue {week} yet: run `publisher collect --week {week}` first"
        )


def find(engine: Engine, week: Week) -> Record | None:
    """Return the issue's record, if the week has an issue."""
    with reading(engine) as connection:
        row = connection.execute(select(issues).where(issues.c.week == str(week))).one_or_none()
    return _record(row) if row else None


def get(engine: Engine, week: Week) -> Record:
    """Return the issue's record; raise `NoSuchIssue`."""
    record = find(engine, week)
    if record is None:
        raise NoSuchIssue(week)
    return record


def all_records(engine: Engine) -> list[Record]:
    """Return every issue, newest week first."""
    with reading(engine) as connection:
        rows = connection.execute(select(issues).order_by(issues.c.week.desc())).all()
    return [_record(row) for row in rows]


def open_issue(engine: Engine, week: Week, *, first_number: int, now: datetime, who: str) -> Record:
    """Return the week's issue, opening it with the next number if it is new.

    Two processes may open issues at once: the table's unique number lets one of them
    win, and the other takes the next.
    """
    for _ in range(10):
        existing = find(engine, week)
        if existing:
            return existing
        try:
            with engine.begin() as connection:
                last = connection.scalar(select(func.max(issues.c.number)))
                number = first_number if last is None else last + 1
                row = {"week": str(week), "number": number, "state": State.OPEN, "updated": now}
                connection.execute(issues.insert().values(reason="", **row))
                write_audit(connection, now=now, who=who, act="opened", about=str(week))
        except IntegrityError:
            continue
    raise PublisherError(f"issue {week} could not be opened: the database is busy, try again")


def renumber(engine: Engine, week: Week, number: int, *, now: datetime) -> None:
    """Give the issue the number its editor wrote; raise `ConfigError` if another has it."""
    try:
        with engine.begin() as connection:
            connection.execute(
                issues.update().where(issues.c.week == str(week)).values(number=number, updated=now)
            )
    except IntegrityError:
        with reading(engine) as connection:
            other = connection.scalar(select(issues.c.week).where(issues.c.number == number))
        raise ConfigError(
            f"{week}/issue.toml: number = {number} belongs to issue {other}: choose another"
        ) from None


def move(
    engine: Engine,
    week: Week,
    new: State,
    *,
    now: datetime,
    who: str,
    reason: str = "",
    **values: Any,
) -> Record:
    """Move the issue to a state, with more columns if given; raise `IllegalMove`.

    Only one of two processes that try the same move at once succeeds.
    """
    record = get(engine, week)
    check_move(week, record.state, new, record.held_state)
    if new is State.HELD:
        values["held_state"] = record.state
    elif record.state is State.HELD:
        values["held_state"] = None
    with engine.begin() as connection:
        changed = connection.execute(
            issues.update()
            .where(issues.c.week == str(week), issues.c.state == record.state)
            .values(state=new, reason=reason, updated=now, **values)
        ).rowcount
        if changed and record.state is not new:
            details = {"from": record.state, "reason": reason}
            write_audit(connection, now=now, who=who, act=new, about=str(week), details=details)
    if not changed:
        raise PublisherError(f"issue {week} was moved by someone else just now: look again")
    return get(engine, week)


def write_audit(
    connection: Connection,
    *,
    now: datetime,
    who: str,
    act: str,
    about: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Add a line to the record of who did what."""
    connection.execute(
        audit.insert().values(at=now, who=who, act=str(act), about=about, details=details or {})
    )


def _record(row: Row[Any]) -> Record:
    return Record(
        week=Week.parse(row.week),
        number=row.number,
        state=State(row.state),
        held_state=State(row.held_state) if row.held_state else None,
        reason=row.reason,
        digest=row.digest,
        approved_by=row.approved_by,
        updated=row.updated,
    )
