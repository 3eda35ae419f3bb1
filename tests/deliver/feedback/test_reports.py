"""What mail servers and mailbox providers write back, as they write it."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.audience.tokens import Tokens
from publisher.deliver.feedback.causes import Kind
from publisher.deliver.feedback.reports import Action, Feedback, Report, Sort, identity, read_report

SAMPLES = Path(__file__).parent / "reports"
TOKENS = Tokens(["a key of this test's own, long enough"])
MARK, LINK = TOKENS.bounce(1, 1), TOKENS.unsubscribe(1, "readers")
NAMES = sorted(path.stem for path in SAMPLES.glob("*.eml"))
HARD, SOFT, OURS = Kind.HARD, Kind.SOFT, Kind.OURS


def sample(name: str) -> bytes:
    text = (SAMPLES / f"{name}.eml").read_text(encoding="utf-8")
    return text.replace("%MARK%", MARK).replace("%LINK%", LINK).encode()


def read(name: str) -> Report:
    return read_report(sample(name))


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("postfix-unknown", HARD, "User unknown in virtual mailbox table"),
        ("postfix-nohost", HARD, "Host not found"),
        ("postfix-full", SOFT, "over quota"),
        ("postfix-gmail-full", SOFT, "out of storage space"),
        ("postfix-expired", SOFT, "Connection timed out"),
        ("postfix-gmail-spam", OURS, "likely unsolicited mail"),
        ("gmail", HARD, "does not exist"),
        ("exchange-online", HARD, "RecipientNotFound"),
        ("exchange-edge", HARD, "AS(201806281)"),
        ("exchange-old", HARD, "Unknown Recipient"),
        ("outlook-unavailable", HARD, "mailbox unavailable"),
        ("yahoo-unknown", HARD, "doesn't have a yahoo.com account"),
        ("sendmail-unknown", HARD, "User unknown"),
        ("sendmail-old", HARD, "User unknown"),
        ("exim-unknown", HARD, "User unknown"),
        ("exim-old", HARD, "unknown user"),
        ("qmail-unknown", HARD, "no mailbox here by that name"),
        ("qmail-temporary", SOFT, "Insufficient system storage"),
        ("international", HARD, "Unbekannt"),
    ],
)
def test_a_bounce_tells_why_and_whom_it_is_about(name: str, kind: Kind, reason: str) -> None:
    report = read(name)
    assert report.sort is Sort.BOUNCE
    assert report.mildest
    assert (report.mildest.action, report.mildest.kind) == (Action.FAILED, kind)
    assert reason in report.mildest.reason
    if name == "international":
        assert report.addresses == ("jörg@example.org",)
    else:
        assert report.addresses == ("ada@example.org",)
    assert MARK in report.marks or LINK in report.links
    assert report.at


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith(("postfix", "gmail", "arf"))])
def test_the_mail_it_is_about_is_named_by_its_own_headers(name: str) -> None:
    report = read(name)
    assert report.message_id == "2026-W47.1.1@sirocco.example"
    assert report.links == (LINK,)


@pytest.mark.parametrize("name", ["qmail-unknown", "exim-old", "sendmail-old", "exchange-old"])
def test_so_it_is_where_the_mail_is_quoted_as_text(name: str) -> None:
    assert read(name).links == (LINK,)


@pytest.mark.parametrize("name", ["postfix-delayed", "exim-delay"])
def test_a_delay_is_no_failure(name: str) -> None:
    report = read(name)
    assert report.sort is Sort.BOUNCE
    assert report.mildest
    assert report.mildest.action is Action.DELAYED


def test_a_success_is_no_failure() -> None:
    report = read("postfix-delivered")
    assert report.mildest
    assert report.mildest.action is Action.DELIVERED


def test_a_mailbox_that_is_two_is_reached_if_one_is() -> None:
    report = read("alias-half")
    assert [result.action for result in report.results] == [Action.FAILED, Action.RELAYED]
    assert report.mildest
    assert report.mildest.action is Action.RELAYED


@pytest.mark.parametrize(
    ("name", "feedback"),
    [
        ("arf-yahoo", Feedback.ABUSE),
        ("arf-outlook", Feedback.ABUSE),
        ("jmrp-old", Feedback.ABUSE),
        ("arf-opt-out", Feedback.OPT_OUT),
        ("arf-not-spam", Feedback.NOT_SPAM),
        ("arf-dmarc", Feedback.AUTH_FAILURE),
    ],
)
def test_a_complaint_tells_what_about(name: str, feedback: Feedback) -> None:
    report = read(name)
    assert (report.sort, report.feedback) == (Sort.COMPLAINT, feedback)
    assert report.links == (LINK,)


@pytest.mark.parametrize("name", ["vacation", "out-of-office"])
def test_automatic_replies_are_no_bounces(name: str) -> None:
    assert read(name).sort is Sort.REPLY


def test_what_a_person_writes_is_left_to_people() -> None:
    assert read("person").sort is Sort.UNKNOWN


def test_a_bounce_in_html_alone_is_read() -> None:
    raw = (
        b"From: postmaster@mx.example.org\nTo: bounces@sirocco.example\nSubject: Undeliverable\n"
        b"Content-Type: text/html\n\n<html><body><p>Your mail did not reach</p><p>ada@example.org:"
        b"</p><p>550&nbsp;5.1.1 No such user here</p></body></html>\n"
    )
    found = read_report(raw).mildest
    assert found
    assert (found.kind, found.address, found.status) == (HARD, "ada@example.org", "5.1.1")


def test_moments_are_those_of_the_last_attempt() -> None:
    report = read("gmail")
    assert report.results[0].at == datetime(2026, 11, 21, 7, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("name", NAMES)
def test_line_ends_do_not_matter(name: str) -> None:
    windows = sample(name).replace(b"\n", b"\r\n")
    assert read_report(windows) == read_report(sample(name))
    assert identity(windows) == identity(sample(name))


def test_a_copy_of_a_mail_is_known_again_and_another_is_not() -> None:
    mail = sample("postfix-unknown")
    copied = b"Status: RO\nX-UID: 7\nDelivered-To: somebody@else.example\n" + mail + b"\n\n"
    assert identity(copied) == identity(mail)
    others = {identity(sample(name)) for name in NAMES}
    assert len(others) == len(NAMES)


def test_a_mail_that_is_carried_within_the_returned_one_proves_nothing() -> None:
    """A reader passed our mail on; her server brings back hers, with ours inside."""
    inner = EmailMessage()
    inner["List-Unsubscribe"] = f"<https://sirocco.example/unsubscribe/{LINK}>"
    inner["Return-Path"] = f"<bounces+{MARK}@sirocco.example>"
    outer = EmailMessage()
    outer["From"] = "ada@example.org"
    outer["Subject"] = "Fwd: Sirocco"
    outer.set_content("Read this.")
    outer.add_attachment(inner)
    report = EmailMessage()
    report["From"] = "mailer-daemon@example.org"
    report["To"] = "weekly@sirocco.example"
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report.set_content("550 5.1.1 user unknown")
    report.add_attachment(outer)
    found = read_report(report.as_bytes())
    assert found.sort is Sort.BOUNCE
    assert (found.marks, found.links) == ((), ())


@given(st.binary(max_size=3000))
def test_no_bytes_are_too_much(raw: bytes) -> None:
    assert read_report(raw).sort in Sort
    assert identity(raw)


@given(
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=12), st.integers(0, 40)), max_size=6),
)
@example("international", [(0.5, b"=", 1)])
def test_no_damage_to_a_report_is_too_much(
    name: str, damages: list[tuple[float, bytes, int]]
) -> None:
    raw = sample(name)
    for place, put, cut in damages:
        at = int(place * len(raw))
        raw = raw[:at] + put + raw[at + cut :]
    report = read_report(raw)
    assert report.sort in Sort
    assert not report.problem


_header = st.sampled_from(
    [
        "Content-Type: multipart/report; boundary=x",
        "Content-Type: multipart/mixed; boundary=x",
        "Content-Type: message/delivery-status",
        "Content-Type: message/global-delivery-status",
        "Content-Type: message/feedback-report",
        "Content-Type: message/rfc822",
        "Content-Type: text/rfc822-headers",
        "Content-Type: text/plain; charset=unheard-of",
        "Content-Type: text/plain; charset*=utf-8''%ff",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Content-Transfer-Encoding: x-uuencode",
        "Final-Recipient: utf-8; \\x{D800}\\x{110000}@x.example",
        "Action: failed",
        "Status: 5.1.1",
        "Status: 99999999999999999999.1.1",
        "Diagnostic-Code: smtp; 550",
        "Feedback-Type: abuse",
        "From: MAILER-DAEMON",
        "Subject: =?utf-8?b?////?= failure notice",
        "Subject: =?punycode?q?a?= =?idna?b?zz?=",
        "Date: Sat, 99 Foo 99999 99:99:99 +9999",
        "Last-Attempt-Date: -1",
        "--x",
        "--x--",
        "",
        "",
        "\x00\xff",
        ": ",
        " folded",
    ]
)


@given(st.lists(_header, max_size=40))
@example(
    [
        "Content-Type: message/delivery-status",
        "",
        "Content-Type: text/plain; charset*=utf-8''%ff",
        "\x00\xff",
    ]
)
def test_no_heap_of_parts_is_too_much(lines: list[str]) -> None:
    report = read_report("\n".join(lines).encode("latin-1"))
    assert report.sort in Sort
    assert not report.problem


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * 5000,
        b"Content-Type: message/rfc822\n\n" * 5000,
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 200_000,
        b'Content-Type: multipart/mixed; a="' + b'";"' * 200_000,
    ],
    ids=["deep", "nested", "many", "quotes"],
)
def test_mails_made_to_keep_us_busy_are_turned_away(raw: bytes) -> None:
    report = read_report(raw)
    assert report.sort is Sort.UNKNOWN
    assert report.problem


@pytest.mark.parametrize(
    "raw",
    [
        b"\n" * 2_000_000,
        b"a: b\n" * 400_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\n",
        b"From: MAILER-DAEMON\nSubject: failure notice\n\n" + b"mailbox " * 200_000,
        b"From: MAILER-DAEMON\nSubject: failure notice\n\n" + b"<a@" * 200_000,
        b"From: MAILER-DAEMON\nSubject: failure notice\n\n" + b"- " * 300_000 + b"\n -" * 100_000,
        b"Date: " + b"1 " * 400_000 + b"\n\n",
    ],
)
def test_long_mails_are_read_no_further_than_is_of_use(raw: bytes) -> None:
    assert read_report(raw).sort in Sort


def test_a_report_with_the_whole_magazine_in_it_is_read() -> None:
    raw = sample("gmail").replace(b"The water below", b"QUJD" * 18 + b"\n" + b"QUJD" * 3_000_000)
    report = read_report(raw)
    assert report.mildest
    assert report.mildest.kind is HARD
    assert report.links == (LINK,)
