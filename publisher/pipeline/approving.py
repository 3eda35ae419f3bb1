"""Approve, hold, release, reopen: the editor's words over an issue."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from publisher.deliver import control
from publisher.deliver.mailing import Mailing, find_mailing, freeze
from publisher.deliver.thawing import thaw
from publisher.errors import PublisherError, RenderError
from publisher.pipeline import record as records
from publisher.pipeline.attaching import shortfall
from publisher.pipeline.desk import Desk
from publisher.pipeline.letters import announce_hold
from publisher.pipeline.message import issue_message
from publisher.pipeline.record import Record
from publisher.pipeline.reporting import Report, is_fresh, read_report
from publisher.pipeline.states import State, check_move
from publisher.problems import Problem
from publisher.week import Week

APPROVED = "approved"  #: folder in build/ that readers see, whatever is rendered later


class Unsound(PublisherError):
    """The issue has errors that readers would see."""

    exit_code = 3

    def __init__(self, week: Week, problems: Sequence[Problem]) -> None:
        things = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
        self.sentence = f"issue {week} has {things} to mend before it can be approved"
        self.problems = tuple(problems)
        listed = "\n  ".join(map(str, problems))
        super().__init__(
            f"{self.sentence}:\n  {listed}\n"
            f"See them with `publisher check --week {week}`. Mend them, or weigh a check otherwise"
            " under [preflight] in issue.toml; or approve all the same with --despite-errors"
        )


class Stale(PublisherError):
    """The issue was changed after it was rendered."""

    exit_code = 3

    def __init__(self, week: Week) -> None:
        super().__init__(
            f"issue {week} was changed after it was rendered: run `publisher check --week {week}`,"
            " which renders it anew, look at it, then approve it"
        )


def approve(desk: Desk, week: Week, *, by: str, despite_errors: bool = False) -> Record:
    """Freeze a rendered issue: its mail in the database, its editions in build/approved.

    Raises `Unsound` naming the errors that were found, unless told to go on despite them,
    and `Stale` when what was rendered, and looked at, is not what its files say any more.
    Errors gone past and checks that issue.toml weighs otherwise are put on record.
    """
    record = records.get(desk.engine, week)
    check_move(week, record.state, State.APPROVED, record.held_state)
    report = read_report(desk, week)
    if not is_fresh(desk, week, report):
        raise Stale(week)
    if report.errors and not despite_errors:
        raise Unsound(week, report.errors)
    _keep_approved(desk, week)
    _note_what_was_let_pass(desk, week, report, by)
    _note_what_is_not_attached(desk, week, by)
    freeze(
        desk.engine,
        week=week,
        list_name=desk.publication.delivery.list_name,
        message=issue_message(desk, week),
        now=desk.clock(),
        form=desk.publication.delivery.pdf,
    )
    return records.move(
        desk.engine,
        week,
        State.APPROVED,
        now=desk.clock(),
        who=by,
        digest=_digest(desk.folder(week) / "build" / APPROVED),
        approved_by=by,
    )


def hold(desk: Desk, week: Week, reason: str, problems: Sequence[Problem] = ()) -> Record:
    """Stop an issue where it is, with a reason, and tell the editors what is to be mended."""
    record = records.move(
        desk.engine, week, State.HELD, now=desk.clock(), who=desk.who, reason=reason
    )
    mailing = _mailing(desk, week)
    if mailing and mailing.state == "sending":
        control.pause(desk.engine, mailing, who=desk.who, reason=reason, now=desk.clock())
    commands = [f"publisher release --week {week}", f"publisher send --week {week}"]
    if problems:
        commands.insert(0, f"publisher check --week {week}")
    announce_hold(
        desk,
        week,
        reason,
        number=record.number,
        steps=[str(problem) for problem in problems],
        commands=commands,
    )
    return record


def release(desk: Desk, week: Week) -> Record:
    """Lift the hold: the issue stands where it stood before."""
    record = records.get(desk.engine, week)
    if record.state is not State.HELD or record.held_state is None:
        raise PublisherError(f"issue {week} is {record.state}, not held")
    mailing = _mailing(desk, week)
    if mailing and mailing.state == "paused":
        control.resume(desk.engine, mailing, who=desk.who, now=desk.clock())
    return records.move(desk.engine, week, record.held_state, now=desk.clock(), who=desk.who)


def reopen(desk: Desk, week: Week) -> Record:
    """Thaw an approved issue that nobody has got yet, so that it can be edited again."""
    record = records.get(desk.engine, week)
    if record.state is not State.APPROVED:
        raise PublisherError(f"issue {week} is {record.state}: only an approved one is reopened")
    mailing = _mailing(desk, week)
    if mailing:
        thaw(desk.engine, mailing, who=desk.who, now=desk.clock())
    shutil.rmtree(desk.folder(week) / "build" / APPROVED, ignore_errors=True)
    return records.move(
        desk.engine,
        week,
        State.RENDERED,
        now=desk.clock(),
        who=desk.who,
        digest=None,
        approved_by=None,
    )


def _mailing(desk: Desk, week: Week) -> Mailing | None:
    return find_mailing(desk.engine, week=week, list_name=desk.publication.delivery.list_name)


def _note_what_was_let_pass(desk: Desk, week: Week, report: Report, by: str) -> None:
    """Put on record what an editor decided not to be stopped by."""
    passed: dict[str, dict[str, Any]] = {}
    if report.errors:
        errors = [str(problem) for problem in report.errors]
        passed["approved despite errors"] = {"errors": errors}
    if report.relaxed:
        passed["approved with checks weighed otherwise"] = {"preflight": dict(report.relaxed)}
    with desk.engine.begin() as connection:
        for act, details in passed.items():
            records.write_audit(
                connection, now=desk.clock(), who=by, act=act, about=str(week), details=details
            )


def _note_what_is_not_attached(desk: Desk, week: Week, by: str) -> None:
    """Put on record that readers who want the magazine with the mail get something else."""
    reason = shortfall(desk, week)
    if reason:
        with desk.engine.begin() as connection:
            records.write_audit(
                connection,
                now=desk.clock(),
                who=by,
                act="magazine not attached",
                about=str(week),
                details={"reason": reason},
            )


def _keep_approved(desk: Desk, week: Week) -> None:
    """Copy what was built to where the public pages look for it, all of it or nothing."""
    folder = desk.folder(week) / "build"
    files = read_report(desk, week).files
    lost = [name for name in files if not (folder / name).is_file()]
    if lost or not files:
        what = lost[0] if lost else "what was built"
        raise RenderError(f"{what} is gone: run `publisher render --week {week}` again")
    kept, fresh = folder / APPROVED, folder / f"{APPROVED}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    # an edition in a folder of its own takes its pictures along
    for name in sorted({Path(file).parts[0] for file in files}):
        if (folder / name).is_dir():
            shutil.copytree(folder / name, fresh / name)
        else:
            shutil.copyfile(folder / name, fresh / name)
    shutil.rmtree(kept, ignore_errors=True)
    fresh.rename(kept)


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(f"{file.relative_to(folder)}\0".encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()
