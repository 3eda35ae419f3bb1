"""Signatures, judged by another implementation than ours."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.config import Publication, Secrets, Security, SenderKind, SmtpConfig
from publisher.deliver import make_sender
from publisher.deliver.sender import Accepted, Message, Recipient
from publisher.deliver.senders.dkim import Signer, load_signer
from publisher.deliver.senders.smtp import Smtp
from publisher.deliver.senders.smtp_mail import wire
from publisher.errors import DeliveryError
from tests.deliver.world import PDF, START, issue_mail, person
from tests.servers.smtp import smtp_server

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIGNERS = {
    "rsa": Signer(RSA, "mail2026"),
    "ed25519": Signer(ed25519.Ed25519PrivateKey.generate(), "mail2026"),
}


def sent(signer: Signer, message: Message, recipient: Recipient) -> bytes:
    """Return the mail as it arrives behind the server, its dots as they were."""
    parts, _ = wire(message, START, signer=signer).mail_of(recipient)
    stuffed = b"".join(parts).removesuffix(b".\r\n")
    return stuffed.replace(b"\r\n..", b"\r\n.")


def is_genuine(mail: bytes, signer: Signer) -> bool:
    asked: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return signer.record.encode()

    genuine = bool(dkim.verify(mail, dnsfunc=dns))
    assert asked == [b"mail2026._domainkey.sirocco.example."]
    return genuine


def signed_headers(mail: bytes) -> Sequence[str]:
    unfolded = mail.replace(b"\r\n ", b" ").split(b"\r\n")[0].decode()
    names = unfolded.partition(" h=")[2].partition(";")[0]
    return [name.strip() for name in names.split(":")]


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize("attachments", [(), (PDF,)])
def test_a_signed_mail_is_genuine_to_others(kind: str, attachments: tuple[object, ...]) -> None:
    mail = sent(SIGNERS[kind], issue_mail(attachments=attachments), person(1))
    assert is_genuine(mail, SIGNERS[kind])


texts = st.text(
    st.one_of(st.sampled_from(" \t.\n="), st.characters(exclude_categories=["Cs"])), max_size=80
)


@settings(deadline=None)
@given(html=texts, text=texts, end=texts, name=texts, subject=texts)
def test_whatever_is_written_in_a_mail_the_signature_holds(
    html: str, text: str, end: str, name: str, subject: str
) -> None:
    message = issue_mail(
        html=f"{html}%%unsubscribe_url%%{end}",
        text=f"{text}%%unsubscribe_url%%{end}",
        subject=subject,
        from_name=name,
    )
    recipient = person(1, name=name, unsubscribe_url="https://x.example/.a/" + ".b/" * 60)
    assert is_genuine(sent(SIGNERS["rsa"], message, recipient), SIGNERS["rsa"])


@pytest.mark.parametrize("text", ["", "\n", "a", "a\n\n\n", "a  \n\n", "%%unsubscribe_url%%"])
def test_a_mail_of_plain_text_alone_is_signed_to_its_last_line(text: str) -> None:
    mail = sent(SIGNERS["rsa"], issue_mail(html="", text=text), person(1))
    assert is_genuine(mail, SIGNERS["rsa"])


def test_a_mail_that_was_changed_on_its_way_is_found_out() -> None:
    signer = SIGNERS["rsa"]
    mail = sent(signer, issue_mail(), person(1))
    assert not is_genuine(mail.replace(b"Read.", b"Pay! ", 1), signer)
    assert not is_genuine(mail.replace(b"Subject: Siro", b"Subject: Cyro", 1), signer)
    second = mail.replace(b"\r\nFrom:", b"\r\nFrom: Eve <e@evil.example>\r\nFrom:", 1)
    assert not is_genuine(second, signer)


def test_the_headers_for_one_click_are_under_the_signature() -> None:
    names = signed_headers(sent(SIGNERS["rsa"], issue_mail(), person(1)))
    assert {"List-Unsubscribe", "List-Unsubscribe-Post", "List-ID", "Reply-To"} <= {*names}
    assert {"To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"} <= {*names}
    assert names.count("From") == 2


def test_a_mail_without_a_link_to_unsubscribe_is_signed_too() -> None:
    mail = sent(SIGNERS["rsa"], issue_mail(list_id=""), person(1, unsubscribe_url=""))
    assert "List-Unsubscribe" not in signed_headers(mail)
    assert is_genuine(mail, SIGNERS["rsa"])


def test_the_second_chunk_of_a_mailing_is_signed_with_its_own_date() -> None:
    signer, message = SIGNERS["rsa"], issue_mail(attachments=(PDF,))
    first = wire(message, START, signer=signer)
    second = wire(message, START.replace(hour=9), signer=signer, last=first)
    (mail,), _ = second.mail_of(person(2))
    mail = mail.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
    assert b"Date: Sat, 21 Nov 2026 09:00:00 +0000" in mail
    assert is_genuine(mail, signer)


def test_what_arrives_at_a_mail_server_is_genuine() -> None:
    signer = SIGNERS["rsa"]
    with smtp_server(pipelining=True) as server:
        config = SmtpConfig(host=server.host, port=server.port, security=Security.NONE)
        sender = Smtp(config, timeout_s=10, signer=signer)
        recipients = [person(1), person(2)]
        found = list(sender.send(issue_mail(text=".\n..\n.a"), recipients, now=START))
        sender.close()
        assert all(isinstance(answer.outcome, Accepted) for answer in found)
        assert len(server.mails) == 2
        for _, mail in server.mails:
            assert is_genuine(mail, signer)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


def test_the_key_and_selector_of_publication_toml_sign(
    publication: Publication, tmp_path: Path
) -> None:
    (publication.root / "dkim.pem").write_bytes(pem(RSA))
    smtp = SmtpConfig(dkim_key=Path("dkim.pem"), dkim_selector="mail2026")
    delivery = replace(publication.delivery, sender=SenderKind.SMTP, smtp=smtp)
    assert make_sender(replace(publication, delivery=delivery), Secrets())
    (publication.root / "dkim.pem").unlink()
    with pytest.raises(DeliveryError, match="correct dkim_key"):
        make_sender(replace(publication, delivery=delivery), Secrets())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not a private key in PEM form"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "openssl genrsa"),
        (pem(RSA, b"secret"), "has a password"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "must be RSA of 1024 bits or more"),
    ],
)
def test_a_file_that_is_no_good_key_says_what_to_do(
    content: bytes, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "dkim.pem"
    file.write_bytes(content)
    with pytest.raises(DeliveryError, match=told):
        load_signer(file, "mail2026")


def test_a_missing_key_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"dkim\.pem cannot be read: No such file"):
        load_signer(tmp_path / "dkim.pem", "mail2026")


@pytest.mark.parametrize("selector", ["", "a b", "mail;p=x", "a\r\nb", "-x", "sél"])
def test_what_is_no_selector_is_refused(selector: str, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="is no selector: give the name before"):
        load_signer(tmp_path / "dkim.pem", selector)
