"""What every sender promises; each of them goes through all of it."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from publisher.config import Security, SendgridConfig, SmtpConfig
from publisher.deliver import failures, letter_to, send_to
from publisher.deliver.forms import in_form
from publisher.deliver.sender import (
    Accepted,
    Attachment,
    Form,
    Recipient,
    Reference,
    Refused,
    Retry,
    Sender,
    Stop,
)
from publisher.deliver.senders.outbox import Outbox
from publisher.deliver.senders.sendgrid import SendGrid
from publisher.deliver.senders.smtp import Smtp
from publisher.deliver.standing import Counts
from tests.deliver.world import (
    PDF,
    POSTAL,
    START,
    issue_mail,
    people,
    person,
    planned,
    preferences_url,
    run,
    subscribe,
    unsubscribe_url,
)
from tests.servers.sendgrid import KEY, Fault, sendgrid_server
from tests.servers.smtp import parsed, smtp_server


@dataclass(frozen=True)
class Mail:
    """One mail as its reader gets it, whatever carried it."""

    to: str
    headers: dict[str, str]
    html: str  #: empty if it has none
    text: str
    files: dict[str, bytes]  #: what is attached, by name


@dataclass(frozen=True)
class Peer:
    """A sender and the world behind it."""

    sender: Sender
    mails: Callable[[], list[Mail]]
    broken: Sender  #: the same kind, whose world cannot be reached
    forbid: Callable[[bool], None]  #: let it refuse us, and not the readers; or no more


@pytest.fixture(params=["outbox", "smtp", "smtp pipelining", "sendgrid"])
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    if request.param == "outbox":
        blocked = tmp_path / "a file"
        blocked.write_text("where a folder should be")
        outbox = tmp_path / "outbox"

        def written() -> list[Mail]:
            return [_parsed(path.read_bytes()) for path in sorted(outbox.rglob("*.eml"))]

        def occupy(no: bool) -> None:
            week = outbox / "2026-W47"
            outbox.mkdir(exist_ok=True)
            week.write_text("where a folder should be") if no else week.unlink()

        yield Peer(Outbox(outbox, batch=50), written, Outbox(blocked), occupy)
    elif request.param.startswith("smtp"):
        with smtp_server(pipelining=request.param == "smtp pipelining") as server:

            def arrived() -> list[Mail]:
                return [_parsed(raw) for _, raw in server.mails]

            def refuse(no: bool) -> None:
                server.at_sender = "553 5.7.1 not your address" if no else ""

            config = SmtpConfig(host=server.host, port=server.port, security=Security.NONE)
            nowhere = SmtpConfig(host="127.0.0.1", port=1, security=Security.NONE)
            smtp = Smtp(config, timeout_s=10)
            yield Peer(smtp, arrived, Smtp(nowhere), refuse)
            smtp.close()
    else:
        with sendgrid_server() as service:

            def taken() -> list[Mail]:
                return [
                    _composed(body, person)
                    for body in service.bodies
                    for person in body["personalizations"]
                ]

            def lock_out(no: bool) -> None:
                service.judge = lambda _: Fault.UNAUTHORIZED if no else None

            here = SendgridConfig(endpoint=service.url)
            nowhere_else = SendgridConfig(endpoint="http://127.0.0.1:1")
            sendgrid = SendGrid(KEY, here, batch=500, timeout_s=10)
            yield Peer(sendgrid, taken, SendGrid(KEY, nowhere_else), lock_out)


def _parsed(raw: bytes) -> Mail:
    mail = parsed(raw)
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert text is not None
    to = mail["To"].addresses[0]
    return Mail(
        to=f"{to.username}@{to.domain}",
        headers={name: str(value) for name, value in mail.items()},
        html=html.get_content() if html else "",
        text=text.get_content().replace("\r\n", "\n"),
        files={str(f.get_filename()): f.get_content() for f in mail.iter_attachments()}
        if mail.is_multipart()
        else {},
    )


def _composed(body: dict[str, Any], person: dict[str, Any]) -> Mail:
    """Put together what SendGrid would mail to one of those in a request."""
    parts = {part["type"]: part["value"] for part in body["content"]}
    return Mail(
        to=person["to"][0]["email"],
        headers=person["headers"],
        html=_filled(parts.get("text/html", ""), person["substitutions"]),
        text=_filled(parts["text/plain"], person["substitutions"]),
        files={f["filename"]: b64decode(f["content"]) for f in body.get("attachments", [])},
    )


def _filled(text: str, substitutions: dict[str, str]) -> str:
    for tag, value in substitutions.items():
        text = text.replace(tag, value)
    return text


def outcomes(sender: Sender, recipients: list[Recipient], **changes: object) -> dict[str, object]:
    answers = sender.send(
        issue_mail(**changes),
        recipients,
        now=START,
        reference=Reference(mailing=1, chunk=1, attempt=1),
    )
    return {r.email: answer.outcome for answer in answers for r in answer.recipients}


def test_every_recipient_gets_one_answer_and_one_mail(peer: Peer) -> None:
    found = outcomes(peer.sender, people(7))
    assert [type(outcome) for outcome in found.values()] == [Accepted] * 7
    assert sorted(mail.to for mail in peer.mails()) == sorted(p.email for p in people(7))


def test_a_sender_says_what_it_can_do(peer: Peer) -> None:
    can = peer.sender.capabilities
    assert can.name in ("outbox", "smtp", "sendgrid")
    assert 1 <= can.batch <= 1000
    assert 0 <= can.doubt <= can.batch
    assert 0 <= can.recorded <= can.doubt
    assert can.size_limit >= 10_000_000
    assert 0 < can.timeout_s <= 240
    assert can.events == (can.name == "sendgrid")
    assert can.idempotent == (can.name == "outbox")


def test_a_whole_chunk_goes_through_and_everybody_has_one_answer(peer: Peer) -> None:
    readers = people(peer.sender.capabilities.batch)
    answers = list(
        peer.sender.send(
            issue_mail(), readers, now=START, reference=Reference(mailing=1, chunk=1, attempt=1)
        )
    )
    assert all(isinstance(answer.outcome, Accepted) for answer in answers)
    answered = sorted(r.subscriber_id for answer in answers for r in answer.recipients)
    assert answered == [reader.subscriber_id for reader in readers]
    assert sorted(mail.to for mail in peer.mails()) == sorted(r.email for r in readers)


def test_a_mail_sent_again_replaces_the_first_only_where_the_sender_says_so(peer: Peer) -> None:
    for _ in range(2):
        outcomes(peer.sender, [person(1)])
    assert len(peer.mails()) == (1 if peer.sender.capabilities.idempotent else 2)


def test_whoever_stops_asking_leaves_no_more_in_doubt_than_was_promised(peer: Peer) -> None:
    can = peer.sender.capabilities
    readers = people(can.batch)
    answers = peer.sender.send(
        issue_mail(), readers, now=START, reference=Reference(mailing=1, chunk=1, attempt=1)
    )
    answered = {r.email for r in next(answers).recipients}
    answers.close()  # type: ignore[attr-defined]  # senders are generators
    peer.sender.close()
    unanswered = [r.email for r in readers if r.email not in answered]
    assert {mail.to for mail in peer.mails()} <= answered.union(unanswered[: can.doubt])


def test_a_closed_sender_can_be_used_again(peer: Peer) -> None:
    for number in (1, 2):
        outcomes(peer.sender, [person(number)])
        peer.sender.close()
        peer.sender.close()
    assert [mail.to for mail in peer.mails()] == [person(1).email, person(2).email]


def test_attachments_arrive_as_they_left(peer: Peer) -> None:
    every_byte = Attachment(
        name="bytes.bin",
        media_type="application/octet-stream",
        content=bytes(range(256)) * 40 + b"\r\n.\r\n.\n..\r\r\n",
    )
    outcomes(peer.sender, people(2), attachments=(PDF, every_byte))
    for mail in peer.mails():
        assert mail.files == {PDF.name: PDF.content, "bytes.bin": every_byte.content}


def test_when_we_are_refused_it_is_no_readers_fault_and_nothing_leaves(
    peer: Peer, engine: Engine
) -> None:
    subscribe(engine, 60)
    mailing = planned(engine, batch=peer.sender.capabilities.batch)
    peer.forbid(True)
    report = run(engine, mailing, peer.sender)
    assert (report.state, report.counts) == ("stopped", Counts(waiting=60))
    assert report.reason
    assert peer.mails() == []
    peer.forbid(False)
    report = run(engine, mailing, peer.sender)
    assert (report.state, report.counts) == ("done", Counts(accepted=60))
    assert len({mail.to for mail in peer.mails()}) == len(peer.mails()) == 60


def test_no_reader_sees_another(peer: Peer) -> None:
    outcomes(peer.sender, people(3))
    for mail in peer.mails():
        others = {p.email for p in people(3)} - {mail.to}
        assert not any(other in f"{mail.headers}{mail.html}{mail.text}" for other in others)


def test_the_unsubscribe_link_is_the_readers_own_and_fits_where_it_stands(peer: Peer) -> None:
    outcomes(peer.sender, people(2))
    for mail in peer.mails():
        number = int(re.sub(r"\D", "", mail.to))
        url = unsubscribe_url(number, "readers")
        assert f'href="{url.replace("&", "&amp;")}"' in mail.html
        assert f"Out: {url}\n" in mail.text
        assert "%%" not in mail.html + mail.text


def test_both_of_the_readers_own_addresses_fit_where_they_stand(peer: Peer) -> None:
    html = f'<a href="%%preferences_url%%">How</a> <a href="%%unsubscribe_url%%">Out</a> {POSTAL}'
    text = f"How: %%preferences_url%%\nOut: %%unsubscribe_url%%\n{POSTAL}\n"
    outcomes(peer.sender, people(2), html=html, text=text)
    for mail in peer.mails():
        number = int(re.sub(r"\D", "", mail.to))
        how, out = preferences_url(number, "readers"), unsubscribe_url(number, "readers")
        for url in (how, out):
            assert f'href="{url.replace("&", "&amp;")}"' in mail.html
        assert f"How: {how}\nOut: {out}\n" in mail.text
        assert "%%" not in mail.html + mail.text
        assert how not in str(mail.headers)  # mail programs unsubscribe at what they find there


def test_who_has_no_page_of_her_own_can_still_leave_at_both_addresses(peer: Peer) -> None:
    outcomes(peer.sender, [person(1, preferences_url="")], text=f"%%preferences_url%% {POSTAL}")
    assert unsubscribe_url(1, "readers") in peer.mails()[0].text


def test_plain_text_alone_is_a_whole_mail_without_html_or_files(peer: Peer) -> None:
    whole = issue_mail(attachments=(PDF,), pictures={"https://sirocco.example/cover.jpg": b"jpeg"})
    list(peer.sender.send(in_form(whole, Form.TEXT), people(2), now=START))
    for mail in peer.mails():
        number = int(re.sub(r"\D", "", mail.to))
        assert (mail.html, mail.files) == ("", {})
        assert mail.headers.get("Content-Type", "text/plain").startswith("text/plain")
        assert unsubscribe_url(number, "readers") in mail.headers["List-Unsubscribe"]
        assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert f"Out: {unsubscribe_url(number, 'readers')}\n" in mail.text
        assert POSTAL in mail.text


def test_the_pdf_arrives_whole_with_those_who_want_it_and_with_nobody_else(peer: Peer) -> None:
    whole = issue_mail(attachments=(PDF,))
    for number, form in enumerate(Form, 1):
        list(peer.sender.send(in_form(whole, form), [person(number)], now=START))
    found = dict(zip(Form, sorted_by_reader(peer.mails()), strict=True))
    assert found[Form.ATTACH].files == {PDF.name: PDF.content}
    assert found[Form.LINK].files == found[Form.TEXT].files == {}
    assert found[Form.LINK].html == found[Form.ATTACH].html.replace("r=2", "r=1")


def sorted_by_reader(mails: list[Mail]) -> list[Mail]:
    return sorted(mails, key=lambda mail: mail.to)


def test_one_click_headers_stand_in_every_mail(peer: Peer) -> None:
    outcomes(peer.sender, [person(1)])
    (mail,) = peer.mails()
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.headers["List-Unsubscribe"] == (
        f"<{unsubscribe_url(1, 'readers')}>, <mailto:editors@sirocco.example?subject=unsubscribe>"
    )


def test_a_list_mail_says_which_list_and_where_its_archive_is(peer: Peer) -> None:
    outcomes(peer.sender, [person(1)])
    headers = peer.mails()[0].headers
    assert headers["List-ID"] == "Sirocco <readers.sirocco.example>"
    assert headers["List-Archive"] == "<https://sirocco.example/issues/>"
    assert headers["Precedence"] == "bulk"
    assert headers["Feedback-ID"] == ("2026-W47:readers.sirocco.example:publisher:sirocco.example")
    assert headers["Message-ID"] == "<2026-W47.1.1@sirocco.example>"


def test_names_and_subjects_in_any_script_arrive(peer: Peer) -> None:
    subject = "الريح: l’eau « d’en dessous » — 水"
    found = outcomes(peer.sender, [person(1, name="فاطمة الزهراء")], subject=subject)
    assert found == {person(1).email: found[person(1).email]}
    assert isinstance(found[person(1).email], Accepted)


def test_a_hostile_name_or_subject_adds_no_header(peer: Peer) -> None:
    name = 'Eve\r\nBcc: victim@example.org\r\n\r\nGotcha; she, \x00 "x" <a@b.c>'
    found = outcomes(peer.sender, [person(1, name=name)], subject="Hi\r\nBcc: victim@example.org")
    assert isinstance(found[person(1).email], Accepted)
    (mail,) = peer.mails()
    assert mail.to == person(1).email
    assert "Bcc" not in mail.headers
    assert "Gotcha" not in mail.text


def test_what_is_no_address_is_refused_with_a_reason_and_the_others_are_mailed(
    peer: Peer,
) -> None:
    bad = ["nobody", "a@b@c", "x y@example.org", "a@example.org\r\nBcc: v@example.org", ""]
    recipients = [person(n, email=address) for n, address in enumerate(bad, 2)]
    found = outcomes(peer.sender, [person(1), *recipients, person(9)])
    for address in bad:
        assert found[address] == Refused(reason="this is not an e-mail address")
    assert [mail.to for mail in peer.mails()] == [person(1).email, person(9).email]


def test_a_domain_in_any_script_is_mailed_in_its_ascii_form(peer: Peer) -> None:
    found = outcomes(peer.sender, [person(1, email="lina@exämple.org")])
    assert isinstance(found["lina@exämple.org"], Accepted)
    assert peer.mails()[0].to == "lina@xn--exmple-cua.org"


def test_a_world_out_of_reach_is_an_answer_and_no_exception(peer: Peer) -> None:
    for outcome in outcomes(peer.broken, people(3)).values():
        assert isinstance(outcome, Retry | Stop)
        assert outcome.reason


def test_a_mailing_goes_through_with_the_ledger(peer: Peer, engine: Engine) -> None:
    subscribe(engine, 60)
    mailing = planned(engine, batch=peer.sender.capabilities.batch)
    report = run(engine, mailing, peer.sender)
    assert (report.state, report.counts) == ("done", Counts(accepted=60))
    assert len({mail.to for mail in peer.mails()}) == len(peer.mails()) == 60


def test_a_letter_to_one_person_is_no_bulk_mail(peer: Peer) -> None:
    letter = issue_mail(list_id="", subject="Confirm")
    recipient = letter_to(letter, "lina@example.org", now=START, name="Lina")
    answers = send_to(peer.sender, letter, [recipient], now=START)
    assert failures(answers) == []
    headers = peer.mails()[0].headers
    assert headers["Auto-Submitted"] == "auto-generated"
    assert "Precedence" not in headers
    assert "List-Unsubscribe" not in headers


def test_failures_name_whoever_was_not_mailed(peer: Peer) -> None:
    letter = issue_mail(list_id="")
    recipients = [letter_to(letter, to, now=START) for to in ("lina@example.org", "nobody")]
    answers = send_to(peer.sender, letter, recipients, now=START)
    assert failures(answers) == [("nobody", "this is not an e-mail address")]
