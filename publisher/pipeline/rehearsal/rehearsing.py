"""Rehearse a mailing: the whole list, the real mail, and nothing leaves this machine.

The real worker sends, in a process of its own, from a copy of the database to a local
SendGrid, in a process of its own too. On request it is killed at random moments and the
SendGrid misbehaves. In the end both sides' books are compared.
"""

import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from publisher.deliver.certificate import Certificate, certificate_of
from publisher.deliver.mailing import Mailing, due, find_mailing, freeze
from publisher.deliver.senders.sendgrid_body import READER_ARG
from publisher.deliver.sending import Progress
from publisher.errors import DeliveryError
from publisher.pipeline.desk import Desk
from publisher.pipeline.message import issue_message
from publisher.pipeline.rehearsal.both_books import Books, Taken, compare
from publisher.pipeline.rehearsal.ear import ear, hear_later
from publisher.pipeline.rehearsal.stage import Mishaps, Performance, perform
from publisher.pipeline.rehearsal.understudy import (
    copy_what_a_mailing_needs,
    open_understudy,
    room_for,
)
from publisher.pipeline.rehearsal.worker import Task
from publisher.rehearsal.faults import parse_faults
from publisher.rehearsal.process import SendGridProcess, sendgrid_process
from publisher.rehearsal.webhook import new_key, private_text, shown_key
from publisher.week import Week


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """How a rehearsal went."""

    certificate: Certificate
    books: Books
    configured: str  #: the sender that [delivery] names
    rehearsed: str  #: the sender that was rehearsed
    seed: int
    requests: int  #: that the local SendGrid accepted
    answers: int  #: that it gave, to whatever was sent
    crashes: int  #: how often the sending process was killed
    crashes_asked: int
    stops: int  #: how often an operator would have had to start it again
    faults: Mapping[str, int]  #: what went wrong, and how often
    events: int  #: that SendGrid told, doubles counted
    seconds: float  #: of planning and sending
    readers_per_s: float
    peak_mb: float  #: of the sending process
    reason: str  #: why it did not come to its end, if it did not

    @property
    def good(self) -> bool:
        """Whether the books agree and nobody is left waiting."""
        return self.books.agree and not self.certificate.waiting


def mishaps(crashes: int, faults: str, seed: int, *, events: bool = False) -> Mishaps:
    """Read what shall go wrong as an operator writes it; raise `DeliveryError`."""
    try:
        shares = parse_faults(faults)
        return Mishaps(crashes=crashes, faults=shares, seed=seed, events=events)
    except ValueError as error:
        raise DeliveryError(f"--faults: {error}") from None


def rehearse(
    desk: Desk,
    week: Week,
    asked: Mishaps | None = None,
    *,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Rehearsal:
    """Send the issue of a week to its whole list without mailing anybody.

    The mail is the frozen one, else what was rendered. Needs room for temporary files,
    about 1 GB for a million readers. Raises `RenderError` if nothing was rendered and
    `DeliveryError` if there is nobody to mail.
    """
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="publisher-rehearsal-"))
        stack.enter_context(room_for(Path(name)))
        engine = open_understudy(Path(name) / "understudy.db")
        stack.callback(engine.dispose)
        mailing = _understudy(desk, week, engine)
        readers = due(engine, week=week, list_name=mailing.list)
        if not readers:
            raise DeliveryError(
                f"nobody on the list {mailing.list} may be mailed:"
                " bring readers in with `publisher subscribers import FILE`"
            )
        return _rehearse(desk, engine, mailing, asked or Mishaps(), readers, progress)


def _rehearse(
    desk: Desk,
    engine: Engine,
    mailing: Mailing,
    asked: Mishaps,
    readers: int,
    progress: Callable[[Progress], None],
) -> Rehearsal:
    database, key = Path(str(engine.url.database)), f"SG.{secrets.token_urlsafe(24)}"
    delivery = desk.publication.delivery
    with ExitStack() as stack:
        book = database.with_name("sendgrid.db")
        sendgrid = stack.enter_context(sendgrid_process(key=key, book=book))
        if asked.events:
            private = new_key()
            url = stack.enter_context(ear(engine, shown_key(private)))
            _tell_events(sendgrid, url, private_text(private), asked.seed)
        task = Task(
            publication=str(desk.publication.root),
            database=str(database),
            week=mailing.week,
            endpoint=sendgrid.url,
            key=key,
            timeout_s=delivery.timeout_s,
        )
        done = perform(
            task,
            sendgrid,
            asked,
            readers=readers,
            batch=delivery.batch,
            progress=progress,
            hear=partial(hear_later, desk, engine) if asked.events else None,
        )
        return _judge(desk, engine, mailing, sendgrid, asked, done)


def _tell_events(sendgrid: SendGridProcess, url: str, key: str, seed: int) -> None:
    """Let the local SendGrid tell what becomes of mails, doubled and out of order as it does."""
    habits = {"batch": 500, "doubled": 0.3, "seed": seed}
    sendgrid.change(behaviour={"seed": seed}, webhook={"url": url, "key": key, "habits": habits})


def _understudy(desk: Desk, week: Week, engine: Engine) -> Mailing:
    """Copy what is needed and freeze the mail there, if it is not frozen yet."""
    delivery = desk.publication.delivery
    copy_what_a_mailing_needs(desk.engine, engine, week=week, list_name=delivery.list_name)
    known = find_mailing(engine, week=week, list_name=delivery.list_name)
    return known or freeze(
        engine,
        week=week,
        list_name=delivery.list_name,
        message=issue_message(desk, week),
        now=desk.clock(),
        form=delivery.pdf,
    )


def _judge(
    desk: Desk,
    engine: Engine,
    mailing: Mailing,
    sendgrid: SendGridProcess,
    asked: Mishaps,
    done: Performance,
) -> Rehearsal:
    certificate = certificate_of(engine, mailing)
    state = sendgrid.state()
    return Rehearsal(
        certificate=certificate,
        books=compare(engine, mailing, _taken(sendgrid)),
        configured=desk.publication.delivery.sender,
        rehearsed="sendgrid",
        seed=asked.seed,
        requests=state["requests"],
        answers=state["answers"],
        crashes=done.crashes,
        crashes_asked=asked.crashes,
        stops=done.stops,
        faults=state["happened"],
        events=state["posted"]["events"] if state["posted"] else 0,
        seconds=round(done.seconds, 3),
        readers_per_s=round(certificate.intended / done.seconds, 1),
        peak_mb=done.peak_mb,
        reason=done.reason,
    )


def _taken(sendgrid: SendGridProcess) -> Iterator[Taken]:
    for mail in sendgrid.mails():
        yield Taken(subscriber_id=int(mail.args[READER_ARG]), email=mail.email)
