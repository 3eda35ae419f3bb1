"""Bounces and complaints on their way into the books."""

import mailbox
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from publisher.audience import changes
from publisher.audience.consents import history
from publisher.audience.tokens import Tokens
from publisher.config import Bounces, Handled, MailboxKind
from publisher.deliver.mailing import Mailing
from publisher.deliver.senders.headers import message_id
from publisher.errors import MailboxError
from publisher.pipeline.bounces.bookkeeping import Outcome
from publisher.pipeline.bounces.bouncing import Tally, read_bounces, take
from publisher.pipeline.desk import Desk
from publisher.storage.schema import (
    bounce_scores,
    events,
    evidence,
    receipts,
    subscribers,
    subscriptions,
    suppressions,
)
from publisher.storage.settings import signing_keys
from publisher.storage.suppressions import EVERYWHERE, email_hash
from tests.deliver.world import Scripted, planned, run
from tests.pipeline.conftest import Clock

SAMPLES = Path(__file__).parent.parent / "deliver" / "feedback" / "reports"
AMINA, LEA = "amina@example.org", "lea@example.org"
STRANGERS = Tokens(["the key of another installation, as long"])


@dataclass
class Post:
    """A mailing that went out, and the mail that comes back about it."""

    desk: Desk
    mailing: Mailing
    tokens: Tokens
    ids: dict[str, int]

    def mail(self, name: str, email: str = AMINA, *, tokens: Tokens | None = None) -> bytes:
        """Return a sample as it would be about this reader's mail."""
        id = self.ids[email]
        tokens = tokens or self.tokens
        own = message_id("sirocco.example", self.mailing.week, self.mailing.id, id)
        text = (SAMPLES / f"{name}.eml").read_text(encoding="utf-8")
        for old, new in (
            ("%MARK%", tokens.bounce(self.mailing.id, id)),
            ("%LINK%", tokens.unsubscribe(id, self.mailing.list)),
            ("2026-W47.1.1@sirocco.example", own),
            ("ada@example.org", email),
        ):
            text = text.replace(old, new)
        return text.encode()

    def take(self, *mails: bytes) -> list[Outcome]:
        """Take mails and return what came of each."""
        return [taken.outcome for taken in take(self.desk, mails)[0]]

    def receipt(self, email: str = AMINA) -> str:
        """Return what the books say became of a reader's mail."""
        where = (
            receipts.c.mailing_id == self.mailing.id,
            receipts.c.subscriber_id == self.ids[email],
        )
        with self.desk.engine.connect() as connection:
            return connection.scalar(select(receipts.c.state).where(*where)) or ""

    @property
    def suppressed(self) -> dict[str, tuple[str, str]]:
        """Return scope and reason of those who are mailed no more, by address."""
        names = {email_hash(email): email for email in self.ids}
        with self.desk.engine.connect() as connection:
            rows = connection.execute(select(suppressions)).all()
        return {names[row.email_hash]: (row.scope, row.reason) for row in rows}

    def count(self, table: object) -> int:
        """Count a table's rows."""
        with self.desk.engine.connect() as connection:
            query = select(func.count()).select_from(table)  # type: ignore[arg-type]  # a table
            return connection.scalar(query) or 0


@pytest.fixture
def post(desk: Desk, clock: Clock) -> Post:
    """An issue that went to three readers on Saturday at seven (UTC), two hours ago."""
    mailing = planned(desk.engine)
    run(desk.engine, mailing, Scripted())
    clock.to("2026-11-21T10:00")
    with desk.engine.connect() as connection:
        ids = {row.email: row.id for row in connection.execute(select(subscribers))}
    return Post(desk, mailing, Tokens(signing_keys(desk.engine, desk.secrets)), ids)


def with_box(post: Post, **settings: object) -> Desk:
    """Return the desk with a mailbox configured."""
    publication = post.desk.publication
    bounces = Bounces(**settings)  # type: ignore[arg-type]  # names are checked when called
    delivery = replace(publication.delivery, bounces=bounces)
    post.desk = replace(post.desk, publication=replace(publication, delivery=delivery))
    return post.desk


def test_a_hard_bounce_ends_mailing_and_stands_in_the_receipt(post: Post) -> None:
    assert post.take(post.mail("postfix-unknown")) == [Outcome.BOUNCED]
    assert post.suppressed == {AMINA: (EVERYWHERE, "bounced")}
    assert (post.receipt(), post.receipt(LEA)) == ("bounced", "")


def test_a_full_mailbox_counts_half(post: Post) -> None:
    assert post.take(post.mail("postfix-full")) == [Outcome.SOFT]
    assert post.suppressed == {}
    assert post.receipt() == "blocked"
    with post.desk.engine.connect() as connection:
        assert connection.scalar(select(bounce_scores.c.score)) == 0.5


def test_what_is_about_us_costs_nobody_the_magazine(post: Post) -> None:
    assert post.take(post.mail("postfix-gmail-spam")) == [Outcome.BLOCKED]
    assert post.suppressed == {}
    assert post.count(bounce_scores) == 0
    assert post.receipt() == "blocked"


def test_a_delay_and_a_success_are_noted(post: Post) -> None:
    delayed, delivered = post.mail("postfix-delayed"), post.mail("postfix-delivered")
    assert post.take(delayed) == [Outcome.DELAYED]
    assert post.receipt() == "deferred"
    assert post.take(delivered) == [Outcome.DELIVERED]
    assert post.receipt() == "delivered"


def test_ten_weeks_of_full_mailboxes_are_enough(post: Post, clock: Clock) -> None:
    outcomes = []
    for week in range(10):
        day = (post.mailing.created + timedelta(days=7 * week)).strftime("%a, %d %b %Y")
        mail = post.mail("postfix-full").replace(
            b"Sat, 21 Nov 2026 08:00:05", f"{day} 08:00:05".encode()
        )
        outcomes += post.take(mail)
        clock.ahead(days=7)
    assert outcomes == [Outcome.SOFT] * 10
    assert post.suppressed == {AMINA: (EVERYWHERE, "bounced")}


@pytest.mark.parametrize("name", ["arf-yahoo", "arf-outlook", "jmrp-old"])
def test_a_complaint_ends_all_mail_and_is_on_record(post: Post, name: str) -> None:
    assert post.take(post.mail(name)) == [Outcome.COMPLAINED]
    assert post.suppressed == {AMINA: (EVERYWHERE, "complained")}
    with post.desk.engine.connect() as connection:
        last = history(connection, email_hash(AMINA))[-1]
        complained = connection.scalar(select(receipts.c.complained))
    assert (last.act, last.source) == ("complained", "feedback report: abuse")
    assert complained


@pytest.mark.parametrize("name", ["arf-yahoo", "arf-opt-out", "gmail"])
def test_a_report_from_before_she_subscribed_again_comes_too_late(
    post: Post, clock: Clock, name: str
) -> None:
    clock.ahead(days=7)
    with post.desk.engine.begin() as connection:
        changes.remove(connection, LEA, now=clock())
        changes.add(connection, LEA, list_name=post.mailing.list, now=clock())
        post.ids[LEA] = connection.scalars(
            select(subscribers.c.id).where(subscribers.c.email == LEA)
        ).one()
    clock.ahead(days=1)
    late = post.mail(name, LEA).replace(b"Message-ID: <2026", b"Message-ID: <letter-2026")
    late = re.sub(rb"bounces\+[a-z2-7]*@", b"bounces@", late)
    assert post.take(late)[0] not in (Outcome.UNPROVEN, Outcome.UNKNOWN)
    assert post.suppressed == {}


def test_an_opt_out_by_the_mailbox_provider_unsubscribes(post: Post) -> None:
    assert post.take(post.mail("arf-opt-out")) == [Outcome.UNSUBSCRIBED]
    assert post.suppressed == {AMINA: (post.mailing.list, "unsubscribed")}
    with post.desk.engine.connect() as connection:
        where = subscriptions.c.subscriber_id == post.ids[AMINA]
        status = connection.scalar(select(subscriptions.c.status).where(where))
    assert status == "unsubscribed"


def test_a_word_in_our_favour_changes_nothing(post: Post) -> None:
    assert post.take(post.mail("arf-not-spam")) == [Outcome.NOTED]
    assert post.suppressed == {}


def test_automatic_replies_change_nothing(post: Post) -> None:
    assert post.take(post.mail("vacation")) == [Outcome.REPLY]
    assert (post.suppressed, post.receipt()) == ({}, "")


def test_the_same_bounce_twice_counts_once(post: Post) -> None:
    mail = post.mail("postfix-unknown")
    assert post.take(mail, mail) == [Outcome.BOUNCED, Outcome.KNOWN]
    assert post.take(b"X-UID: 3\n" + mail.replace(b"\n", b"\r\n")) == [Outcome.KNOWN]
    assert post.count(events) == 1


@pytest.mark.parametrize(
    "name", ["postfix-unknown", "gmail", "qmail-unknown", "arf-yahoo", "arf-opt-out"]
)
def test_a_forged_report_costs_nobody_the_magazine(post: Post, name: str) -> None:
    """It names the reader's address and a Message-ID that anybody can guess."""
    forged = post.mail(name, tokens=STRANGERS)
    assert post.take(forged) == [Outcome.UNPROVEN]
    assert (post.suppressed, post.receipt(), post.count(events)) == ({}, "", 0)


def test_a_report_without_return_path_is_believed_by_the_mail_it_brings_back(post: Post) -> None:
    """Some servers send bounces to the address in From."""
    assert post.take(post.mail("exim-old")) == [Outcome.BOUNCED]
    assert post.suppressed == {AMINA: (EVERYWHERE, "bounced")}
    assert post.receipt() == "bounced"


def test_the_address_that_was_mailed_is_the_one_that_bounced(post: Post) -> None:
    """The reader has another since; it must not suffer."""
    with post.desk.engine.begin() as connection:
        connection.execute(
            subscribers.update()
            .where(subscribers.c.id == post.ids[AMINA])
            .values(email="new@example.org", email_key="new@example.org")
        )
    post.take(post.mail("postfix-unknown"))
    assert post.suppressed == {AMINA: (EVERYWHERE, "bounced")}


def test_a_letter_outside_any_mailing_is_only_believed_about_the_readers_address(
    post: Post,
) -> None:
    letter = post.mail("exim-old").replace(b"2026-W47.", b"0a1b2c.")
    letter = re.sub(rb"Return-Path: <bounces[^>]*>", b"Return-Path: <weekly@x.example>", letter)
    other = letter.replace(AMINA.encode(), b"forwarded@example.net")
    assert post.take(other, letter) == [Outcome.UNPROVEN, Outcome.BOUNCED]
    assert post.suppressed == {AMINA: (EVERYWHERE, "bounced")}


def test_a_bounce_about_a_reader_who_was_removed_is_of_no_consequence(post: Post) -> None:
    with post.desk.engine.begin() as connection:
        changes.remove(connection, AMINA, now=post.desk.clock())
    assert post.take(post.mail("postfix-unknown")) == [Outcome.NOTED]


def test_who_subscribes_again_is_not_barred_by_an_old_bounce(post: Post, clock: Clock) -> None:
    post.take(post.mail("postfix-unknown"))
    with post.desk.engine.begin() as connection:
        clock.ahead(hours=1)
        changes.add(connection, AMINA, list_name=post.mailing.list, now=clock(), again=True)
    clock.ahead(hours=1)
    assert post.take(post.mail("gmail")) == [Outcome.BOUNCED]
    assert post.suppressed == {}


def test_feedback_that_asks_for_judgement_is_left_to_people(post: Post) -> None:
    assert post.take(post.mail("arf-dmarc")) == [Outcome.UNKNOWN]


def test_a_bounce_shows_that_a_mail_in_doubt_had_left(post: Post) -> None:
    from publisher.storage.schema import chunks, deliveries

    with post.desk.engine.begin() as connection:
        connection.execute(chunks.update().values(state="uncertain", size=1, attempt=1))
        connection.execute(deliveries.delete().where(deliveries.c.subscriber_id != post.ids[AMINA]))
    post.take(post.mail("postfix-unknown"))
    assert post.count(evidence) == 1


def maildir(post: Post, *mails: bytes) -> Path:
    """Fill a Maildir as a mail server does."""
    path = post.desk.publication.root / "bounces"
    box = mailbox.Maildir(path, create=True)
    for mail in mails:
        box.add(mail)
    return path


def mbox(post: Post, *mails: bytes) -> Path:
    """Fill an mbox as a mail server does."""
    path = post.desk.publication.root / "bounces.mbox"
    box = mailbox.mbox(path, create=True)
    for mail in mails:
        box.add(mail)
    box.close()
    return path


Fill = Callable[..., Path]
KINDS = pytest.mark.parametrize(
    ("kind", "fill"), [(MailboxKind.MAILDIR, maildir), (MailboxKind.MBOX, mbox)]
)


def subjects(path: Path, kind: MailboxKind) -> list[str]:
    box = mailbox.Maildir(path) if kind is MailboxKind.MAILDIR else mailbox.mbox(path)
    found = sorted(str(mail["Subject"]) for mail in box)
    box.close()
    return found


def kept(path: Path, kind: MailboxKind) -> list[str]:
    if kind is MailboxKind.MAILDIR:
        folder = path / ".Handled"
        return subjects(folder, kind) if folder.exists() else []
    return subjects(path.with_name("bounces.mbox.Handled"), kind)


@KINDS
def test_a_mailbox_is_read_and_what_is_not_ours_stays(
    post: Post, kind: MailboxKind, fill: Fill
) -> None:
    forged = post.mail("gmail", LEA, tokens=STRANGERS)
    path = fill(
        post, post.mail("postfix-unknown"), post.mail("person"), forged, post.mail("vacation")
    )
    desk = with_box(post, kind=kind, path=path.relative_to(post.desk.publication.root))
    tally = read_bounces(desk)
    assert dict(tally.counts) == {
        Outcome.BOUNCED: 1,
        Outcome.UNKNOWN: 1,
        Outcome.UNPROVEN: 1,
        Outcome.REPLY: 1,
    }
    assert tally.gone == 1
    assert subjects(path, kind) == [
        "Delivery Status Notification (Failure)",
        "My mail could not be delivered",
    ]
    assert kept(path, kind) == [
        "Auto: Sirocco 12: The water below",
        "Undelivered Mail Returned to Sender",
    ]
    assert {one.subject for one in tally.left} == set(subjects(path, kind))


@KINDS
def test_reading_again_changes_nothing_and_passes_by_what_was_left(
    post: Post, kind: MailboxKind, fill: Fill
) -> None:
    path = fill(post, post.mail("postfix-unknown"), post.mail("person"))
    desk = with_box(post, kind=kind, path=path)
    read_bounces(desk)
    second = read_bounces(desk)
    assert (second.read, second.passed) == (0, 1)
    assert read_bounces(desk, again=True).read == 1
    assert subjects(path, kind) == ["My mail could not be delivered"]


@KINDS
def test_mails_can_be_deleted_or_left_in_their_place(
    post: Post, kind: MailboxKind, fill: Fill
) -> None:
    path = fill(post, post.mail("postfix-unknown"), post.mail("person"))
    left = read_bounces(with_box(post, kind=kind, path=path, handled=Handled.LEAVE))
    assert left.gone == 1
    assert len(subjects(path, kind)) == 2
    again = read_bounces(post.desk)
    assert (again.read, again.passed) == (0, 2)
    read_bounces(with_box(post, kind=kind, path=path, handled=Handled.DELETE), again=True)
    assert subjects(path, kind) == ["My mail could not be delivered"]


@KINDS
def test_a_dry_run_tells_and_changes_nothing(post: Post, kind: MailboxKind, fill: Fill) -> None:
    path = fill(post, post.mail("postfix-unknown"), post.mail("person"))
    desk = with_box(post, kind=kind, path=path)
    tally = read_bounces(desk, dry_run=True)
    assert (tally.counts[Outcome.BOUNCED], tally.gone) == (1, 1)
    assert (post.suppressed, post.receipt(), post.count(events)) == ({}, "", 0)
    assert len(subjects(path, kind)) == 2
    assert read_bounces(desk).read == 2


@KINDS
def test_mails_stay_while_the_books_cannot_be_written(
    post: Post, kind: MailboxKind, fill: Fill
) -> None:
    path = fill(post, post.mail("postfix-unknown"))
    desk = with_box(post, kind=kind, path=path)

    def fail(*_: object) -> None:
        raise OperationalError("COMMIT", None, Exception("the disk is full"))

    event.listen(desk.engine, "commit", fail)
    with pytest.raises(OperationalError):
        read_bounces(desk)
    event.remove(desk.engine, "commit", fail)
    assert len(subjects(path, kind)) == 1
    assert read_bounces(desk).counts[Outcome.BOUNCED] == 1


@KINDS
def test_a_crash_before_the_mails_are_moved_counts_nothing_twice(
    post: Post, kind: MailboxKind, fill: Fill
) -> None:
    mail = post.mail("postfix-full")
    post.take(mail)  # committed, and then the power failed
    path = fill(post, mail)
    assert dict(read_bounces(with_box(post, kind=kind, path=path)).counts) == {Outcome.KNOWN: 1}
    assert subjects(path, kind) == []
    with post.desk.engine.connect() as connection:
        assert connection.scalar(select(bounce_scores.c.score)) == 0.5


def test_hundreds_of_bounces_are_read(post: Post) -> None:
    mail = post.mail("postfix-full")
    many = [mail.replace(b"postfix-full", f"number-{n}".encode()) for n in range(120)]
    tally = read_bounces(with_box(post, kind=MailboxKind.MAILDIR, path=maildir(post, *many)))
    assert dict(tally.counts) == {Outcome.SOFT: 120}
    assert post.count(events) == 120


def test_reading_ends_soon_when_the_process_is_told_to_stop(post: Post) -> None:
    path = maildir(post, post.mail("postfix-full"))
    desk = replace(with_box(post, kind=MailboxKind.MAILDIR, path=path), stopping=lambda: True)
    assert read_bounces(desk).read == 0
    assert len(subjects(path, MailboxKind.MAILDIR)) == 1


def test_a_mailbox_that_is_locked_is_left_alone(post: Post) -> None:
    path = mbox(post, post.mail("person"))
    desk = with_box(post, kind=MailboxKind.MBOX, path=path)
    path.with_name("bounces.mbox.lock").touch()  # as mail servers do while they deliver
    with pytest.raises(MailboxError, match="another program has locked"):
        read_bounces(desk)


def test_what_is_no_mailbox_is_told(post: Post, tmp_path: Path) -> None:
    for kind, sentence in (
        (MailboxKind.MAILDIR, "is no Maildir"),
        (MailboxKind.MBOX, "there is no mbox file"),
    ):
        with pytest.raises(MailboxError, match=sentence):
            read_bounces(with_box(post, kind=kind, path=tmp_path / "nothing"))
    with pytest.raises(MailboxError, match="no mailbox of bounces is configured"):
        read_bounces(with_box(post))


def test_a_mail_from_the_pipe_that_nobody_understands_is_kept(post: Post) -> None:
    mail = post.mail("person")
    taken, _ = take(post.desk, [mail], keep_all=True)
    assert taken[0].outcome is Outcome.UNKNOWN
    with post.desk.engine.connect() as connection:
        assert "My mail could not be delivered" in (connection.scalar(select(events.c.raw)) or "")


def test_a_tally_counts_what_was_left() -> None:
    assert Tally().read == 0
