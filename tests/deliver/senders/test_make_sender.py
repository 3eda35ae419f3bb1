"""The sender that publication.toml names."""

from dataclasses import replace

import pytest

from publisher.config import Publication, Secrets, SenderKind, SmtpConfig
from publisher.deliver import make_sender
from publisher.errors import DeliveryError
from tests.deliver.world import START, issue_mail, people


def configured(publication: Publication, **changes: object) -> Publication:
    delivery = replace(publication.delivery, **changes)  # type: ignore[arg-type]  # checked when called
    return replace(publication, delivery=delivery)


def test_the_outbox_lies_beside_publication_toml(publication: Publication) -> None:
    sender = make_sender(publication, Secrets())
    list(sender.send(issue_mail(), people(1), now=START))
    assert len(list((publication.root / "outbox").rglob("*.eml"))) == 1


def test_sendgrid_without_a_key_says_which_one(publication: Publication) -> None:
    wanted = configured(publication, sender=SenderKind.SENDGRID)
    with pytest.raises(DeliveryError, match="set SENDGRID_API_KEY in the environment"):
        make_sender(wanted, Secrets())
    sender = make_sender(
        configured(publication, sender=SenderKind.SENDGRID, batch=321, timeout_s=12.0),
        Secrets(sendgrid_api_key="SG.x"),
    )
    assert (sender.capabilities.name, sender.capabilities.batch) == ("sendgrid", 321)
    assert sender.capabilities.timeout_s == 12


def test_smtp_takes_its_password_from_the_environment(publication: Publication) -> None:
    smtp = SmtpConfig(host="mail.sirocco.example", user="weekly")
    wanted = configured(publication, sender=SenderKind.SMTP, smtp=smtp)
    with pytest.raises(DeliveryError, match="set SMTP_PASSWORD"):
        make_sender(wanted, Secrets())
    sender = make_sender(wanted, Secrets(smtp_password="secret"))
    assert sender.capabilities.name == "smtp"
    assert sender.capabilities.doubt < 30


@pytest.mark.parametrize("key", ["SG.a b", "SG.a\nX-Other: b", "SG.ключ"])
def test_a_key_that_was_copied_badly_is_refused_before_anything_is_sent(
    publication: Publication, key: str
) -> None:
    wanted = configured(publication, sender=SenderKind.SENDGRID)
    with pytest.raises(DeliveryError, match="copy the key again"):
        make_sender(wanted, Secrets(sendgrid_api_key=key))
