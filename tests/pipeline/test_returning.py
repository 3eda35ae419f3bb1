"""There and back: mails leave by SMTP, and what comes back about them finds its reader."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from publisher.config import Security, SenderKind, SmtpConfig
from publisher.deliver.mailing import plan
from publisher.deliver.senders.smtp import Smtp
from publisher.deliver.sending import send_mailing
from publisher.pipeline.addressing import addresses_of
from publisher.pipeline.bounces.bookkeeping import Outcome
from publisher.pipeline.bounces.bouncing import take
from publisher.pipeline.desk import Desk
from publisher.storage.schema import receipts, subscribers
from tests.deliver.world import START, planned
from tests.servers.smtp import smtp_server

REPORT = """From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: Sat, 21 Nov 2026 07:30:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

<{email}>: 550 5.1.1 user unknown

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {email}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown

--b
Content-Type: text/rfc822-headers

{headers}
--b--
"""


def bounce_of(mail: bytes, envelope_sender: str, email: str) -> bytes:
    """Write the bounce that a mail server would, with the headers of the mail it is about."""
    headers = mail.partition(b"\r\n\r\n")[0].decode()
    return REPORT.format(to=envelope_sender, email=email, headers=headers).encode()


@pytest.mark.parametrize("bounces", ["bounces@sirocco.example", ""])
def test_what_comes_back_finds_its_reader(desk: Desk, bounces: str) -> None:
    """With a return path of each reader's own, and by the mail that is brought back."""
    with smtp_server() as server:
        config = SmtpConfig(
            host=server.host,
            port=server.port,
            security=Security.NONE,
            connections=1,
            bounces=bounces,
        )
        delivery = replace(desk.publication.delivery, sender=SenderKind.SMTP, smtp=config)
        desk = replace(
            desk, publication=replace(desk.publication, delivery=delivery), clock=lambda: START
        )
        addresses = addresses_of(desk)
        mailing = planned(desk.engine)
        plan(desk.engine, mailing, batch=10, now=START)
        sender = Smtp(config)
        send_mailing(
            desk.engine,
            mailing,
            sender,
            clock=desk.clock,
            unsubscribe_url=addresses.unsubscribe,
            return_path=addresses.return_path,
            owner="worker",
        )
        sender.close()
    assert len(server.mails) == 3
    email, mail = server.mails[1]
    own = server.senders[1]
    assert len(set(server.senders)) == (3 if bounces else 1)
    taken, gone = take(desk, [bounce_of(mail, own, email)])
    assert ([one.outcome for one in taken], gone) == ([Outcome.BOUNCED], 1)
    with desk.engine.connect() as connection:
        row = connection.execute(
            select(subscribers.c.email, receipts.c.state).join(
                receipts, receipts.c.subscriber_id == subscribers.c.id
            )
        ).one()
    assert tuple(row) == (email, "bounced")
