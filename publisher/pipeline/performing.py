"""What the clock asks for, done: one step of one week, at most once."""

import logging
from collections.abc import Callable, Sequence

from publisher.config import Approval
from publisher.errors import PublisherError
from publisher.pipeline import record as records
from publisher.pipeline import steps
from publisher.pipeline.approving import Unsound, approve, hold
from publisher.pipeline.desk import Desk
from publisher.pipeline.letters import announce_draft, announce_hold
from publisher.pipeline.making import collect_week, render_week
from publisher.pipeline.reporting import is_fresh, read_report
from publisher.pipeline.sending import send_issue
from publisher.pipeline.states import State
from publisher.problems import Problem
from publisher.week import Week

_log = logging.getLogger(__name__)


class _Interrupted(Exception):
    """The process is told to stop in the middle of a step."""


def perform(desk: Desk, week: Week, step: str) -> str:
    """Do a step of a week if nobody did it, and return how it went; empty if it was not ours.

    Work that had to end half way because the process stops is given back, for the next
    process to take up at once. What an operator can mend becomes the step's result and a
    notice to the editors. Anything else leaves the step unfinished: when its lease runs
    out it is tried again.
    """
    if not steps.claim(desk.engine, week, step, who=desk.who, now=desk.clock()):
        return ""
    action = _ACTIONS[step.split()[0]]
    try:
        result = action(desk, week)
    except _Interrupted:
        steps.give_back(desk.engine, week, step, who=desk.who)
        return ""
    except PublisherError as error:
        reason = error.sentence if isinstance(error, Unsound) else str(error)
        result = f"failed: {reason}"
        _give_up(desk, week, step, reason, error.problems if isinstance(error, Unsound) else ())
    steps.finish(desk.engine, week, step, who=desk.who, now=desk.clock(), result=result)
    _log.info("%s %s: %s", week, step, result)
    return result


def _collect(desk: Desk, week: Week) -> str:
    record = records.find(desk.engine, week)
    if record and not record.editable:
        return f"nothing to do: the issue is {record.state}"
    report = collect_week(desk, week)
    return f"{len(report.added)} new, {len(report.problems)} problems"


def _draft(desk: Desk, week: Week) -> str:
    # articles that came in between the last collection and the cut-off
    collected = _collect(desk, week)
    record = records.find(desk.engine, week)
    if record is None:
        return "no articles this week"
    if not record.editable:
        return f"nothing to do: the issue is {record.state}"
    made = render_week(desk, week)
    announce_draft(desk, made, made.problems)
    return f"{collected}; rendered, {len(made.problems)} problems"


def _send(desk: Desk, week: Week) -> str:
    record = records.get(desk.engine, week)
    automatic = desk.publication.schedule.approval is Approval.AUTOMATIC
    if record.state in (State.COMPOSED, State.RENDERED) and automatic:
        # an editor may have mended something since the draft: that is what is to go out
        if record.state is State.COMPOSED or not is_fresh(desk, week, read_report(desk, week)):
            render_week(desk, week)
        approve(desk, week, by="automatic")
    certificate = send_issue(desk, week)
    if certificate.waiting and desk.stopping():
        raise _Interrupted
    return certificate.sentence


def _remind(desk: Desk, week: Week) -> str:
    record = records.get(desk.engine, week)
    grace = desk.publication.schedule.grace_hours
    announce_hold(
        desk,
        week,
        f"It is time to send, and the issue is not approved. Approved within {grace} hours,"
        " it goes out at once; later it waits until you send it.",
        number=record.number,
        commands=[f"publisher preview --week {week}", f"publisher approve --week {week}"],
    )
    return "the editors were reminded"


def _hold(desk: Desk, week: Week) -> str:
    grace = desk.publication.schedule.grace_hours
    reason = f"it was not sent within {grace} hours of its time"
    hold(desk, week, reason)
    return reason


def _give_up(
    desk: Desk, week: Week, step: str, reason: str, problems: Sequence[Problem] = ()
) -> None:
    _log.error("%s %s failed: %s", week, step, reason)
    record = records.find(desk.engine, week)
    if step == "send" and record and record.state is not State.HELD:
        hold(desk, week, reason, problems)
    else:
        announce_hold(desk, week, reason, commands=[f"publisher {step.split()[0]} --week {week}"])


_ACTIONS: dict[str, Callable[[Desk, Week], str]] = {
    "collect": _collect,
    "draft": _draft,
    "send": _send,
    "remind": _remind,
    "hold": _hold,
}
