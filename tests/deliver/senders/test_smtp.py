"""SMTP against a real mail server with moods."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from publisher.config import Security, SmtpConfig
from publisher.deliver.certificate import certificate_of
from publisher.deliver.sender import (
    Accepted,
    Answer,
    Deferred,
    Outcome,
    Refused,
    Retry,
    Stop,
    TooLarge,
    Uncertain,
)
from publisher.deliver.senders.smtp import Smtp
from publisher.deliver.standing import Counts
from publisher.errors import DeliveryError
from tests.deliver.world import PDF, START, issue_mail, people, person, planned, run, subscribe
from tests.servers.smtp import PASSWORD, USER, SmtpServer, certificate, smtp_server


def plain(server: SmtpServer, **options: object) -> SmtpConfig:
    return SmtpConfig(host=server.host, port=server.port, security=Security.NONE, **options)  # type: ignore[arg-type]  # checked when called


@pytest.fixture(params=["step by step", "pipelining"])
def mail_server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    """A mail server that takes commands singly, or several at a time."""
    with smtp_server(pipelining=request.param == "pipelining") as server:
        yield server


@pytest.fixture
def smtp(mail_server: SmtpServer) -> Iterator[Smtp]:
    sender = Smtp(plain(mail_server, connections=1), timeout_s=10)
    yield sender
    sender.close()


def answers(sender: Smtp, count: int = 3, **changes: object) -> list[Outcome]:
    return in_order(sender.send(issue_mail(**changes), people(count), now=START))


def in_order(found: Iterator[Answer]) -> list[Outcome]:
    """Return the outcomes by reader; they come as the server gives them."""
    outcomes = {r.subscriber_id: answer.outcome for answer in found for r in answer.recipients}
    return [outcomes[number] for number in sorted(outcomes)]


def test_one_connection_serves_many_mails(smtp: Smtp, mail_server: SmtpServer) -> None:
    assert [type(o) for o in answers(smtp, 20)] == [Accepted] * 20
    assert [type(o) for o in answers(smtp, 20)] == [Accepted] * 20
    assert mail_server.sessions == 1


def test_the_mail_arrives_as_it_was_made(smtp: Smtp, mail_server: SmtpServer) -> None:
    text = "Unsubscribe: %%unsubscribe_url%%\n.\n..dots\n.hidden line\nFrom me\ntrailing \n"
    list(smtp.send(issue_mail(text=text, attachments=(PDF,)), [person(1)], now=START))
    mail = mail_server.mail_to(person(1).email)
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text.replace(
        "%%unsubscribe_url%%", person(1).unsubscribe_url
    )
    (file,) = mail.iter_attachments()
    assert file.get_filename() == PDF.name
    assert file.get_content() == PDF.content
    assert mail["Date"].datetime == START
    assert "https://sirocco.example/cover.jpg" in mail.as_string()
    assert mail.defects == []


def test_a_reader_who_is_refused_does_not_stop_the_others(
    smtp: Smtp, mail_server: SmtpServer
) -> None:
    mail_server.at_rcpt["reader2@example.org"] = ["550 5.1.1 no such user"]
    first, second, third = answers(smtp)
    assert isinstance(first, Accepted)
    assert second == Refused(reason="550 5.1.1 no such user")
    assert isinstance(third, Accepted)


def test_a_reader_who_is_put_off_is_mailed_later(
    smtp: Smtp, mail_server: SmtpServer, engine: Engine
) -> None:
    subscribe(engine, 3)
    mail_server.at_rcpt["reader2@example.org"] = ["451 4.7.1 greylisted"]
    report = run(engine, planned(engine, batch=50), smtp)
    assert report.counts == Counts(accepted=3)
    assert mail_server.doubled == []


def test_a_mail_put_off_after_its_body_is_deferred(smtp: Smtp, mail_server: SmtpServer) -> None:
    mail_server.at_data["reader2@example.org"] = ["452 4.3.1 disk full", "554 5.7.1 spam"]
    assert answers(smtp)[1] == Deferred(reason="452 4.3.1 disk full")
    assert answers(smtp)[1] == Refused(reason="554 5.7.1 spam")


def test_a_connection_lost_after_the_final_dot_leaves_that_reader_in_doubt(
    smtp: Smtp, mail_server: SmtpServer, engine: Engine
) -> None:
    subscribe(engine, 5)
    mail_server.drop_after_dot.add("reader3@example.org")
    mailing = planned(engine, batch=50)
    report = run(engine, mailing, smtp)
    assert report.counts == Counts(accepted=4, uncertain=1)
    (reader,) = certificate_of(engine, mailing).unserved
    assert reader.email == "reader3@example.org"
    assert "had the whole mail and gave no answer" in reader.reason
    assert mail_server.doubled == []


def test_a_connection_lost_before_the_mail_is_made_anew(
    smtp: Smtp, mail_server: SmtpServer
) -> None:
    mail_server.hang_up_before.add("reader2@example.org")
    assert [type(o) for o in answers(smtp)] == [Accepted] * 3
    assert mail_server.sessions == 2
    assert mail_server.doubled == []


def test_a_server_that_hangs_up_on_everybody_is_tried_again_later(
    smtp: Smtp, mail_server: SmtpServer
) -> None:
    for number in (2, 3):
        mail_server.at_rcpt[f"reader{number}@example.org"] = ["421 4.3.2 shutting down"] * 9
    first, second, third = answers(smtp)
    assert isinstance(first, Accepted)
    assert isinstance(second, Retry)
    assert second == third
    assert "421 4.3.2 shutting down" in second.reason


def test_a_reader_at_whom_the_server_always_hangs_up_does_not_stop_the_others(
    smtp: Smtp, mail_server: SmtpServer
) -> None:
    mail_server.at_rcpt["reader2@example.org"] = ["421 4.7.0 I do not like her"] * 9
    first, second, third = answers(smtp)
    assert [type(first), type(third)] == [Accepted, Accepted]
    assert isinstance(second, Deferred)
    assert "421 4.7.0 I do not like her" in second.reason


def test_a_sender_address_that_is_refused_stops(smtp: Smtp, mail_server: SmtpServer) -> None:
    mail_server.at_sender = "553 5.7.1 not your address"
    outcome = answers(smtp, 1)[0]
    assert isinstance(outcome, Stop)
    assert "553 5.7.1 not your address: correct address in [sender]" in outcome.reason


def test_a_mail_over_the_servers_size_is_too_large(engine: Engine) -> None:
    with smtp_server(size=3000) as server:
        smtp = Smtp(plain(server), timeout_s=10)
        large = issue_mail(attachments=(PDF, PDF, PDF, PDF, PDF, PDF))
        outcomes = [a.outcome for a in smtp.send(large, people(2), now=START)]
        assert outcomes == [TooLarge(reason="127.0.0.1 takes at most 3000 bytes")]
        subscribe(engine, 3)
        report = run(engine, planned(engine, message=large), smtp)
        assert report.counts == Counts(accepted=3)
        assert not any(list(server.mail_to(r.email).iter_attachments()) for r in people(3))


def test_letters_beyond_ascii_before_the_at_need_a_server_that_takes_them() -> None:
    umlaut = person(1, email="jürgen@example.org")
    for able in (False, True):
        with smtp_server(smtputf8=able) as server:
            smtp = Smtp(plain(server), timeout_s=10)
            recipients = [umlaut, person(2)]
            first, second = in_order(smtp.send(issue_mail(), recipients, now=START))
            smtp.close()
            assert isinstance(second, Accepted)
            if able:
                assert isinstance(first, Accepted)
                assert server.mails[0][0] == "jürgen@example.org"
            else:
                assert isinstance(first, Refused)
                assert "SMTPUTF8" in first.reason


def test_the_password_is_checked_before_anything_is_sent(tmp_path: Path) -> None:
    context, trusting = certificate(tmp_path)
    with smtp_server(starttls=context, login=True) as server:
        config = SmtpConfig(host=server.host, port=server.port, user=USER)
        good = Smtp(config, password=PASSWORD, timeout_s=10, context=trusting)
        assert isinstance(answers(good, 1)[0], Accepted)
        good.close()
        bad = Smtp(config, password="wrong", timeout_s=10, context=trusting)
        outcome = answers(bad, 1)[0]
        assert isinstance(outcome, Stop)
        assert "refuses the user publisher" in outcome.reason
        assert "SMTP_PASSWORD" in outcome.reason
        assert "wrong" not in outcome.reason.replace("wrong password", "")


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_a_protected_connection_is_verified(how: str, tmp_path: Path) -> None:
    context, trusting = certificate(tmp_path)
    with smtp_server(**{how: context}) as server:  # type: ignore[arg-type]  # one of two contexts
        config = SmtpConfig(host=server.host, port=server.port, security=Security(how))
        good = Smtp(config, timeout_s=10, context=trusting)
        assert isinstance(answers(good, 1)[0], Accepted)
        good.close()
        outcome = answers(Smtp(config, timeout_s=10), 1)[0]
        assert isinstance(outcome, Stop)
        assert "is not to be trusted" in outcome.reason
        assert len(server.mails) == 1


def test_a_server_without_starttls_is_not_mailed_in_the_clear(mail_server: SmtpServer) -> None:
    config = SmtpConfig(host=mail_server.host, port=mail_server.port)
    outcome = answers(Smtp(config, timeout_s=10), 1)[0]
    assert isinstance(outcome, Stop)
    assert "offers no STARTTLS" in outcome.reason
    assert mail_server.mails == []


def test_tls_on_a_plain_port_says_so(mail_server: SmtpServer) -> None:
    config = SmtpConfig(host=mail_server.host, port=mail_server.port, security=Security.TLS)
    outcome = answers(Smtp(config, timeout_s=10, context=ssl.create_default_context()), 1)[0]
    assert isinstance(outcome, Stop)
    assert "does not speak TLS" in outcome.reason


def test_no_protection_is_allowed_on_loopback_alone() -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        Smtp(SmtpConfig(host=host, security=Security.NONE))
    with pytest.raises(DeliveryError, match=r"readable by everybody to mail\.example\.org"):
        Smtp(SmtpConfig(host="mail.example.org", security=Security.NONE))


def test_a_user_without_a_password_is_told_where_to_put_it() -> None:
    with pytest.raises(DeliveryError, match="set SMTP_PASSWORD"):
        Smtp(SmtpConfig(host="mail.example.org", user="me"))


def test_a_final_answer_that_never_comes_is_a_doubt(mail_server: SmtpServer) -> None:
    mail_server.silent_after_dot.add("reader1@example.org")
    smtp = Smtp(plain(mail_server, connections=1), timeout_s=0.3)
    first, second = answers(smtp, 2)
    smtp.close()
    assert isinstance(first, Uncertain)
    assert isinstance(second, Accepted)


def test_the_documentation_tells_how_many_a_kill_leaves_in_doubt() -> None:
    page = (Path(__file__).parents[3] / "docs" / "smtp.md").read_text("utf-8")
    for connections in (1, 2, 4, 10):
        smtp = Smtp(SmtpConfig(security=Security.NONE, connections=connections))
        table = dict(
            zip(
                re.findall(r"\d+", page.partition("| connections |")[2].partition("\n")[0]),
                re.findall(r"\d+", page.partition("after a kill |")[2].partition("\n")[0]),
                strict=True,
            )
        )
        assert table[str(connections)] == str(smtp.capabilities.doubt)
