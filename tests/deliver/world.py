"""What the tests of delivery share: a clock one can push, readers, a mail, a scripted sender."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from publisher.deliver.mailing import Mailing, freeze, plan
from publisher.deliver.sender import (
    Accepted,
    Answer,
    Attachment,
    Capabilities,
    Form,
    Message,
    Outcome,
    Recipient,
    Reference,
    Sender,
)
from publisher.deliver.sending import Report, send_mailing
from publisher.deliver.throttle import Limits
from publisher.storage.inserts import insert_new
from publisher.storage.schema import lists, subscribers, subscriptions

START = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
POSTAL = "Sirocco, 12 rue de la Kasbah, 1008 Tunis, Tunisia"
PDF = Attachment(
    name="sirocco-2026-W47.pdf", media_type="application/pdf", content=b"%PDF-1.7" * 50
)


@dataclass
class Clock:
    """A clock that stands still until somebody waits."""

    now: datetime = START
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


def issue_mail(**changes: object) -> Message:
    """Return the mail of an issue, complete by law."""
    values: dict[str, object] = {
        "subject": "Sirocco 12: The water below",
        "html": f'<html><body><p>Read.</p><a href="%%unsubscribe_url%%">Out</a><p>{POSTAL}</p>'
        '<img src="https://sirocco.example/cover.jpg"></body></html>',
        "text": f"Read.\n\nOut: %%unsubscribe_url%%\n\n{POSTAL}\n",
        "from_address": "weekly@sirocco.example",
        "from_name": "Sirocco",
        "reply_to": "editors@sirocco.example",
        "postal": POSTAL,
        "list_id": "readers.sirocco.example",
        "list_name": "Sirocco",
        "week": "2026-W47",
        "web_url": "https://sirocco.example/issues/2026-W47/",
        "archive_url": "https://sirocco.example/issues/",
    }
    return Message(**{**values, **changes})  # type: ignore[arg-type]  # names are checked when called


def person(number: int, **changes: object) -> Recipient:
    """Return a recipient."""
    values: dict[str, object] = {
        "email": f"reader{number}@example.org",
        "message_id": f"2026-W47.1.{number}@sirocco.example",
        "subscriber_id": number,
        "name": f"Reader {number}",
        "unsubscribe_url": unsubscribe_url(number, "readers"),
        "preferences_url": preferences_url(number, "readers"),
    }
    return Recipient(**{**values, **changes})  # type: ignore[arg-type]  # names are checked when called


def people(count: int) -> list[Recipient]:
    """Return recipients number 1 to count."""
    return [person(number) for number in range(1, count + 1)]


def unsubscribe_url(subscriber_id: int, list_name: str) -> str:
    """Return the address a reader unsubscribes at."""
    return f"https://sirocco.example/unsubscribe/{list_name}?r={subscriber_id}&x=1"


def preferences_url(subscriber_id: int, list_name: str) -> str:
    """Return the address a reader chooses at how she gets the issue."""
    return f"https://sirocco.example/preferences/{list_name}?r={subscriber_id}&y=2"


def subscribe(
    engine: Engine, count: int, *, first: int = 1, list_name: str = "readers"
) -> list[int]:
    """Put active readers on a list and return their numbers."""
    emails = [f"reader{number}@example.org" for number in range(first, first + count)]
    with engine.begin() as connection:
        insert_new(connection, lists, {"name": list_name, "created": START})
        list_id = connection.scalar(select(lists.c.id).where(lists.c.name == list_name))
        rows = [
            {"email": email, "email_key": email, "status": "enabled", "created": START}
            for email in emails
        ]
        insert_new(connection, subscribers, rows)
        found = connection.execute(
            select(subscribers.c.id)
            .where(subscribers.c.email_key.in_(emails))
            .order_by(subscribers.c.id)
        )
        ids = [row.id for row in found]
        membership = {"list_id": list_id, "status": "active", "changed": START}
        insert_new(connection, subscriptions, [{"subscriber_id": i, **membership} for i in ids])
    return ids


def planned(
    engine: Engine,
    *,
    batch: int = 10,
    message: Message | None = None,
    form: Form | None = None,
) -> Mailing:
    """Freeze a mail for the list, attached for all if it has an attachment, and plan it."""
    message = message or issue_mail()
    form = form or (Form.ATTACH if message.attachments else Form.LINK)
    mailing = freeze(
        engine, week="2026-W47", list_name="readers", message=message, form=form, now=START
    )
    plan(engine, mailing, batch=batch, now=START)
    return mailing


def run(
    engine: Engine,
    mailing: Mailing,
    sender: Sender,
    clock: Clock | None = None,
    *,
    owner: str = "worker",
    stop: Callable[[], bool] = lambda: False,
    lease: timedelta | None = None,
    is_dead: Callable[[str], bool] = lambda _: False,
    limits: Limits | None = None,
) -> Report:
    """Send a mailing without waiting for real."""
    clock = clock or Clock()
    return send_mailing(
        engine,
        mailing,
        sender,
        clock=clock,
        unsubscribe_url=unsubscribe_url,
        owner=owner,
        stop=stop,
        wait=clock.wait,
        lease=lease,
        is_dead=is_dead,
        limits=limits,
    )


@dataclass
class Scripted:
    """A sender that does as it is told, and counts whom it mailed."""

    batch: int = 10
    doubt: int = 10
    #: outcomes of the next requests; accepted when none is left
    script: list[Outcome] = field(default_factory=list)
    singly: bool = False  #: one answer for each reader, as SMTP gives
    lag: timedelta = timedelta(0)
    events: bool = False
    size_limit: int = 10_000_000
    mailed: list[str] = field(default_factory=list)
    requests: list[list[str]] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    records: dict[str, str] = field(default_factory=dict)  #: what `find` knows, by address
    before: Callable[[], None] = lambda: None  #: runs when a request is about to be sent

    @property
    def capabilities(self) -> Capabilities:
        """As told."""
        return Capabilities(
            name="scripted",
            batch=self.batch,
            doubt=self.doubt,
            size_limit=self.size_limit,
            timeout_s=10.0,
            evidence_lag=self.lag,
            events=self.events,
        )

    def send(
        self,
        message: Message,
        recipients: Sequence[Recipient],
        *,
        now: datetime,
        reference: Reference | None = None,
    ) -> Iterator[Answer]:
        """Follow the script."""
        assert reference
        self.requests.append([r.email for r in recipients])
        self.references.append(reference)
        self.messages.append(message)
        groups = [(r,) for r in recipients] if self.singly else [tuple(recipients)]
        for group in groups:
            self.before()
            outcome = self.script.pop(0) if self.script else Accepted(provider_id="id")
            if isinstance(outcome, Accepted):
                self.mailed += [r.email for r in group]
            yield Answer(group, outcome)

    def find(
        self, message: Message, recipients: Sequence[Recipient], reference: Reference
    ) -> str | None:
        """Look into the records."""
        return next((self.records[r.email] for r in recipients if r.email in self.records), None)

    def close(self) -> None:
        """Nothing to let go."""
