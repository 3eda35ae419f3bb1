"""SendGrid: the requests that would leave, and every answer the service may give."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from publisher.config import SendgridConfig
from publisher.deliver.certificate import certificate_of
from publisher.deliver.resolving import resend_uncertain
from publisher.deliver.sender import (
    Accepted,
    Attachment,
    Message,
    Outcome,
    Recipient,
    Reference,
    Refused,
    Retry,
    Stop,
    TooLarge,
    Uncertain,
)
from publisher.deliver.senders.sendgrid import SendGrid
from publisher.deliver.senders.sendgrid_body import mail_send_body
from publisher.deliver.standing import Counts
from publisher.storage.schema import chunks
from tests.deliver.world import (
    PDF,
    START,
    Clock,
    issue_mail,
    people,
    person,
    planned,
    run,
    subscribe,
)
from tests.servers.sendgrid import KEY, Fault, SendGridServer, sendgrid_server
from tests.servers.sendgrid_rules import complaints
from tests.servers.smtp import certificate

REFERENCE = Reference(mailing=7, chunk=3, attempt=2)


def client(server: SendGridServer, *, key: str = KEY, timeout_s: float = 10.0) -> SendGrid:
    return SendGrid(key, SendgridConfig(endpoint=server.url), batch=10, timeout_s=timeout_s)


def outcome(
    sender: SendGrid, recipients: Sequence[Recipient] = (), message: Message | None = None
) -> Outcome:
    chosen = recipients or people(3)
    (answer,) = sender.send(message or issue_mail(), chosen, now=START, reference=REFERENCE)
    return answer.outcome


def test_the_body_holds_to_the_rules_with_a_thousand_readers() -> None:
    message = issue_mail(attachments=(PDF,), subject="Été; « hiver », 水")
    config = SendgridConfig(categories=("a", "b", "c", "d", "e", "f", "g", "h"))
    readers = [person(n, name="Dr. Ünal; Ayşe, the 3rd <x>") for n in range(1, 1001)]
    body = mail_send_body(message, readers, REFERENCE, config)
    assert complaints(body) == []
    assert len(body["categories"]) == 10


def test_the_ledgers_place_travels_in_custom_args_without_personal_data() -> None:
    body = mail_send_body(issue_mail(), [person(5)], REFERENCE, SendgridConfig())
    assert body["custom_args"] == {
        "publisher_mailing": "7",
        "publisher_chunk": "3",
        "publisher_attempt": "2",
    }
    assert body["personalizations"][0]["custom_args"] == {"publisher_reader": "5"}


def test_sendgrids_own_unsubscribing_is_off_and_its_tracker_leaves_our_link() -> None:
    body = mail_send_body(issue_mail(), people(1), REFERENCE, SendgridConfig())
    assert body["tracking_settings"] == {"subscription_tracking": {"enable": False}}
    assert "asm" not in body
    html = body["content"][1]["value"]
    assert '<a clicktracking=off href="%%unsubscribe_html%%">' in html
    marked = issue_mail(html=html.replace("%%unsubscribe_html%%", "%%unsubscribe_url%%"))
    again = mail_send_body(marked, people(1), REFERENCE, SendgridConfig())
    assert again["content"][1]["value"].count("clicktracking") == 1


def test_the_link_to_choose_is_not_tracked_either_and_costs_nothing_where_there_is_none() -> None:
    mail = issue_mail(html='<a href="%%preferences_url%%">How</a>')
    body = mail_send_body(mail, people(1), REFERENCE, SendgridConfig())
    assert body["content"][1]["value"] == '<a clicktracking=off href="%%preferences_html%%">How</a>'
    assert set(body["personalizations"][0]["substitutions"]) == {
        *("%%unsubscribe_url%%", "%%unsubscribe_html%%"),
        *("%%preferences_url%%", "%%preferences_html%%"),
    }
    before = mail_send_body(issue_mail(), people(1), REFERENCE, SendgridConfig())
    assert set(before["personalizations"][0]["substitutions"]) == {
        *("%%unsubscribe_url%%", "%%unsubscribe_html%%")
    }


def test_plain_text_alone_is_the_only_content_of_the_request() -> None:
    body = mail_send_body(issue_mail(html=""), people(2), REFERENCE, SendgridConfig())
    assert body["content"] == [{"type": "text/plain", "value": issue_mail().text}]
    assert "attachments" not in body


def test_a_test_mail_names_no_place_in_the_ledger() -> None:
    body = mail_send_body(issue_mail(), people(1), None, SendgridConfig())
    assert "custom_args" not in body
    assert "custom_args" not in body["personalizations"][0]
    assert body["categories"] == ["2026-W47"]


def test_attachments_have_names_in_ascii() -> None:
    file = Attachment(name="Été/n° 12.pdf", media_type="application/pdf", content=b"x")
    body = mail_send_body(issue_mail(attachments=(file,)), people(1), None, SendgridConfig())
    assert body["attachments"][0]["filename"] == "Ete-n 12.pdf"


def test_a_test_mail_shows_its_pictures_before_they_are_public(sendgrid: SendGridServer) -> None:
    url = "https://sirocco.example/issues/2026-W47/cover.jpg"
    shown = f'<a href="{url}"><img src="{url}"></a>'
    mail = replace(issue_mail(), pictures={url: b"JPEG"}, embed=True)
    mail = replace(mail, html=mail.html.replace("</body>", f"{shown}</body>") + shown)
    assert isinstance(outcome(client(sendgrid), message=mail), Accepted)
    (picture,) = sendgrid.bodies[-1]["attachments"]
    assert (picture["disposition"], picture["filename"]) == ("inline", "cover.jpg")
    html = sendgrid.bodies[-1]["content"][1]["value"]
    assert f'<a href="{url}"><img src="cid:{picture["content_id"]}"></a>' in html


def test_an_accepted_chunk_carries_the_id_its_events_begin_with(sendgrid: SendGridServer) -> None:
    found = outcome(client(sendgrid))
    assert found == Accepted(provider_id=sendgrid.accepted[0].message_id)


def test_two_readers_with_one_address_do_not_fail_the_lot(sendgrid: SendGridServer) -> None:
    twins = [person(1), person(2, email="READER1@example.org"), person(3)]
    found = list(client(sendgrid).send(issue_mail(), twins, now=START, reference=REFERENCE))
    refused = [a.recipients[0].subscriber_id for a in found if isinstance(a.outcome, Refused)]
    assert refused == [2]
    assert len(sendgrid.accepted) == 2


def test_sandbox_mode_is_accepted_with_200_and_mails_nobody(sendgrid: SendGridServer) -> None:
    config = SendgridConfig(endpoint=sendgrid.url, sandbox=True)
    found = outcome(SendGrid(KEY, config))
    assert found == Accepted()
    assert sendgrid.accepted == []


@pytest.mark.parametrize("region", ["global", "eu"])
def test_the_region_chooses_the_host_and_a_timeout_is_always_set(region: str) -> None:
    sender = SendGrid(KEY, SendgridConfig(region=region), timeout_s=33)
    host = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}[region]
    send = sender._api.client.mail.send
    assert (send.host, send.timeout) == (host, 33)


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        (Fault.BAD_REQUEST, Refused, "SendGrid answers 400: Bad Request"),
        (Fault.UNAUTHORIZED, Stop, "SENDGRID_API_KEY"),
        (Fault.FORBIDDEN, Stop, "verify weekly@sirocco.example as sender identity"),
        (Fault.NOT_FOUND, Stop, "is not SendGrid's API"),
        (Fault.REDIRECT, Stop, "is not SendGrid's API"),
        (Fault.TOO_LARGE, TooLarge, "413"),
        (Fault.TOO_MANY, Retry, "too many requests"),
        (Fault.SERVER_ERROR, Uncertain, "500: Internal Server Error"),
        (Fault.UNAVAILABLE, Uncertain, "503"),
        (Fault.PLAIN_200, Uncertain, "answered 200, which means nothing"),
        (Fault.HANG, Uncertain, "it took too long"),
        (Fault.DROP_ANSWER, Uncertain, "gave no answer"),
        (Fault.RESET, Uncertain, "gave no answer"),
        (Fault.HALF_ERROR, Uncertain, "gave no answer"),
    ],
)
def test_every_answer_is_read_as_what_it_proves(
    sendgrid: SendGridServer, fault: Fault, kind: type[Outcome], told: str
) -> None:
    sendgrid.faults = [fault]
    sender = client(sendgrid, timeout_s=0.5 if fault is Fault.HANG else 10)
    # a body beyond the socket's buffers, so that a reset hits it while it is being sent
    large = Attachment(name="a.pdf", media_type="application/pdf", content=b"x" * 6_000_000)
    message = issue_mail(attachments=(large,) if fault is Fault.RESET else ())
    found = outcome(sender, message=message)
    assert isinstance(found, kind)
    assert not isinstance(found, Accepted)
    assert told in found.reason
    assert KEY not in found.reason


def test_a_wrong_key_is_never_shown(sendgrid: SendGridServer) -> None:
    found = outcome(client(sendgrid, key="SG.wrong"))
    assert isinstance(found, Stop)
    assert "SG.wrong" not in found.reason


def test_a_sender_that_is_not_verified_is_named(sendgrid: SendGridServer) -> None:
    sendgrid.verified = {"other@sirocco.example"}
    found = outcome(client(sendgrid))
    assert isinstance(found, Stop)
    assert "weekly@sirocco.example" in found.reason


def test_too_many_requests_wait_for_the_reset(sendgrid: SendGridServer) -> None:
    sendgrid.faults = [Fault.TOO_MANY] * 2
    sendgrid.reset_after = 40
    now = datetime.now(UTC)
    (answer,) = client(sendgrid).send(issue_mail(), people(1), now=now)
    assert isinstance(answer.outcome, Retry)
    assert answer.outcome.at is not None
    assert timedelta(seconds=35) < answer.outcome.at - now <= timedelta(seconds=41)
    # a clock that is days wrong must not keep us for days
    long_ago = now - timedelta(days=3)
    (answer,) = client(sendgrid).send(issue_mail(), people(1), now=long_ago)
    assert isinstance(answer.outcome, Retry)
    assert answer.outcome.at == long_ago + timedelta(hours=1)


def test_a_400_that_names_the_reader_blames_her_alone(sendgrid: SendGridServer) -> None:
    sendgrid.poisoned = {"reader2@example.org"}
    found = outcome(client(sendgrid))
    assert isinstance(found, Refused)
    assert found.guilty == {2}
    assert "Does not contain a valid address. personalizations.1.to.0.email" in found.reason


def test_a_400_about_the_mail_itself_stops_instead_of_halving(sendgrid: SendGridServer) -> None:
    found = outcome(client(sendgrid), message=issue_mail(subject=""))
    assert isinstance(found, Stop)
    assert "mend the mail's subject" in found.reason


def test_no_connection_means_nothing_was_sent(tmp_path: Path) -> None:
    refused = outcome(SendGrid(KEY, SendgridConfig(endpoint="http://127.0.0.1:1")))
    assert isinstance(refused, Retry)
    nameless = outcome(SendGrid(KEY, SendgridConfig(endpoint="http://nowhere.invalid")))
    assert isinstance(nameless, Retry)
    assert "cannot be resolved" in nameless.reason


def test_a_server_that_does_not_speak_tls_was_sent_nothing(sendgrid: SendGridServer) -> None:
    https = sendgrid.url.replace("http:", "https:")
    found = outcome(SendGrid(KEY, SendgridConfig(endpoint=https), timeout_s=5))
    assert isinstance(found, Retry)
    assert sendgrid.answers in ([], [400])  # the server's complaint about the handshake


def test_a_certificate_nobody_vouches_for_stops(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with sendgrid_server(tls=context) as server:
        found = outcome(client(server))
        assert isinstance(found, Stop)
        assert "is not to be trusted" in found.reason
        assert server.accepted == []


def test_the_key_does_not_follow_a_redirect(sendgrid: SendGridServer) -> None:
    sendgrid.faults = [Fault.REDIRECT]
    outcome(client(sendgrid))
    assert sendgrid.answers == [302]


def test_nothing_is_logged_even_at_debug(
    sendgrid: SendGridServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        outcome(client(sendgrid))
    assert KEY not in caplog.text
    assert "reader1@example.org" not in caplog.text


def test_one_poisoned_address_costs_nobody_else_her_issue(
    sendgrid: SendGridServer, engine: Engine
) -> None:
    subscribe(engine, 40)
    sendgrid.poisoned = {"reader7@example.org", "reader33@example.org"}
    sendgrid.names_culprits = False
    mailing = planned(engine, batch=20)
    report = run(engine, mailing, client(sendgrid))
    assert report.counts == Counts(accepted=38, refused=2)
    names = {r.email for r in certificate_of(engine, mailing).unserved}
    assert names == sendgrid.poisoned
    assert sendgrid.doubled == []


def test_an_answer_that_was_lost_is_found_in_the_email_logs(
    sendgrid: SendGridServer, engine: Engine
) -> None:
    subscribe(engine, 30)
    sendgrid.faults = [Fault.DROP_ANSWER]
    mailing = planned(engine)
    report = run(engine, mailing, client(sendgrid))
    assert (report.state, report.counts) == ("done", Counts(accepted=30))
    assert sendgrid.doubled == []
    with engine.connect() as connection:
        ids = set(connection.scalars(select(chunks.c.provider_id)))
    assert ids == {mail.message_id for mail in sendgrid.accepted}


def test_without_email_logs_the_doubtful_are_named_and_left_to_the_operator(
    sendgrid: SendGridServer, engine: Engine
) -> None:
    subscribe(engine, 30)
    sendgrid.log = False
    sendgrid.faults = [Fault.SERVER_ERROR]
    mailing, clock = planned(engine), Clock()
    report = run(engine, mailing, client(sendgrid), clock)
    assert report.counts == Counts(accepted=20, uncertain=10)
    assert sum(sendgrid.mails.values()) == 20
    clock.now += timedelta(minutes=15)
    assert resend_uncertain(engine, mailing, client(sendgrid), who="amel", now=clock.now) == 10
    assert run(engine, mailing, client(sendgrid), clock).counts == Counts(accepted=30)
    assert sendgrid.doubled == []


def test_a_pdf_over_the_limit_is_linked_instead(sendgrid: SendGridServer, engine: Engine) -> None:
    subscribe(engine, 20)
    sendgrid.attachment_limit = 100
    report = run(engine, planned(engine, message=issue_mail(attachments=(PDF,))), client(sendgrid))
    assert report.counts == Counts(accepted=20)
    assert sendgrid.answers == [413, 202, 202]


def test_a_thousand_readers_with_a_pdf_take_one_request(sendgrid: SendGridServer) -> None:
    file = Attachment(name="a.pdf", media_type="application/pdf", content=bytes(5_000_000))
    sender = SendGrid(KEY, SendgridConfig(endpoint=sendgrid.url), batch=1000)
    found = outcome(sender, people(1000), issue_mail(attachments=(file,)))
    assert isinstance(found, Accepted)
    assert len(sendgrid.mails) == 1000
