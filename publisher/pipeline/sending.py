"""Send: the frozen issue to its list, or a draft to one person."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from publisher.checks import Level
from publisher.config import Form
from publisher.deliver.certificate import Certificate, certificate_of, counts_of
from publisher.deliver.control import set_priority
from publisher.deliver.forms import in_form
from publisher.deliver.mailing import Mailing, due, find_mailing, plan
from publisher.deliver.resolving import resend_uncertain
from publisher.deliver.sending import Progress, send_mailing
from publisher.errors import DeliveryError, NotApproved
from publisher.pipeline import record as records
from publisher.pipeline.addressing import addresses_of
from publisher.pipeline.attaching import shortfall
from publisher.pipeline.carrying import limits_of
from publisher.pipeline.desk import Desk, is_dead_worker, this_worker
from publisher.pipeline.hearing import hear
from publisher.pipeline.letters import deliver_letter
from publisher.pipeline.message import issue_message
from publisher.pipeline.reporting import read_report
from publisher.pipeline.states import State
from publisher.render.links import Links
from publisher.week import Week

_FROZEN = (State.APPROVED, State.SENDING, State.SENT)


class Embargoed(DeliveryError):
    """An article of the issue must not be out yet."""

    def __init__(self, week: Week, slug: str, until: datetime) -> None:
        super().__init__(
            f"{slug} is embargoed until {until:%A %d %B %H:%M} ({until.tzinfo}): send the issue"
            f" then, or thaw it with `publisher reopen --week {week}` and leave the article out"
        )


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a sending would do."""

    subject: str
    sender: str
    waiting: int  #: readers who have not had the issue
    had: int  #: readers who have
    shortfall: str = ""  #: what readers get instead of the magazine they want attached


def outlook(desk: Desk, week: Week) -> Outlook:
    """Say what `send_issue` would do, without doing it."""
    list_name = desk.publication.delivery.list_name
    mailing = find_mailing(desk.engine, week=week, list_name=list_name)
    new = due(desk.engine, week=week, list_name=list_name)
    known = counts_of(desk.engine, mailing) if mailing else None
    return Outlook(
        subject=mailing.subject if mailing else issue_message(desk, week).subject,
        sender=desk.publication.delivery.sender,
        waiting=new + (known.waiting if known else 0),
        had=known.accepted if known else 0,
        shortfall="" if mailing else shortfall(desk, week),
    )


def send_issue(
    desk: Desk,
    week: Week,
    *,
    priority: int | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Certificate:
    """Mail the approved issue to everyone on the list who has not had it.

    Safe to call again, after a crash and in two processes at once: the ledger knows who
    was mailed. Workers take the mailing with the highest `priority` first. Raises
    `NotApproved`, `Embargoed` while an article must not be out, and `DeliveryError` when
    the mailing had to stop.
    """
    mailing = _frozen(desk, week)
    _check_embargoes(desk, week)
    if priority is not None:
        set_priority(desk.engine, mailing, priority)
    sender = desk.sender()
    limits = limits_of(desk.publication)
    # a chunk leaves as a whole, so under a rate it must not be larger than a minute's mails
    batch = min(sender.capabilities.batch, limits.per_minute or sender.capabilities.batch)
    planned = plan(desk.engine, mailing, batch=batch, now=desk.clock())
    if not planned and mailing.state == "done":
        return certificate_of(desk.engine, mailing)
    _move(desk, week, State.SENDING)
    addresses = addresses_of(desk)
    report = send_mailing(
        desk.engine,
        mailing,
        sender,
        clock=desk.clock,
        unsubscribe_url=addresses.unsubscribe,
        preferences_url=addresses.preferences,
        return_path=addresses.return_path,
        owner=this_worker(),
        is_dead=is_dead_worker,
        progress=progress,
        stop=desk.stopping,
        limits=limits,
    )
    if report.state == "stopped":
        raise DeliveryError(report.reason)
    if report.state == "done":
        _move(desk, week, State.SENT)
    return certificate_of(desk.engine, mailing)


def resend_doubtful(desk: Desk, week: Week) -> int:
    """Plan another attempt for readers in doubt, on the operator's word; return how many."""
    mailing = _frozen(desk, week)
    hear(desk)  # what was told and not yet read may be the evidence
    return resend_uncertain(desk.engine, mailing, desk.sender(), who=desk.who, now=desk.clock())


def send_test(desk: Desk, week: Week, to: str, form: Form | None = None) -> None:
    """Mail the rendered issue to one person, outside the ledger, marked as a test.

    In the form of readers who have not chosen one, unless another is given.
    """
    draft = in_form(issue_message(desk, week), form or desk.publication.delivery.pdf)
    # not a list mail: no List-ID, and unsubscribing from a test means nothing
    message = replace(draft, subject=f"[Test] {draft.subject}", list_id="", embed=bool(draft.html))
    deliver_letter(desk, message, [to], Links(desk.publication, week).subscribe)


def certificate(desk: Desk, week: Week) -> Certificate | None:
    """Return who got the issue, if it was approved."""
    mailing = find_mailing(desk.engine, week=week, list_name=desk.publication.delivery.list_name)
    return certificate_of(desk.engine, mailing) if mailing else None


def _frozen(desk: Desk, week: Week) -> Mailing:
    record = records.get(desk.engine, week)
    mailing = find_mailing(desk.engine, week=week, list_name=desk.publication.delivery.list_name)
    if record.state not in _FROZEN or mailing is None:
        raise NotApproved(week, record.state)
    return mailing


def _check_embargoes(desk: Desk, week: Week) -> None:
    """Refuse to send what may be out at the usual time, but not yet: the clock is asked anew."""
    report = read_report(desk, week)
    levels = desk.publication.preflight.levels | dict(report.relaxed)
    if levels["embargo"] is not Level.ERROR:
        return
    late = [(until, slug) for slug, until in report.embargoes.items() if until > desk.clock()]
    if late:
        until, slug = max(late)
        raise Embargoed(week, slug, until.astimezone(desk.publication.timezone))


def _move(desk: Desk, week: Week, state: State) -> None:
    if records.get(desk.engine, week).state is not state:
        records.move(desk.engine, week, state, now=desk.clock(), who=desk.who)
