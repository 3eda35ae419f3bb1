"""The PDF with the mail: for those who want it, if it is small enough, and said if not."""

import email
import json
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

import pytest
from sqlalchemy import select

from publisher.audience.preferences import set_form
from publisher.config import Form
from publisher.pipeline.approving import approve
from publisher.pipeline.attaching import enclosure, shortfall
from publisher.pipeline.desk import Desk
from publisher.pipeline.sending import outlook, send_issue, send_test
from publisher.storage.engine import reading
from publisher.storage.schema import audit
from tests.pipeline.conftest import W47
from tests.pipeline.test_making import rendered

MB = 1_000_000
PRINTED = b"%PDF-1.7\n" + b"page" * 5000


def with_delivery(desk: Desk, **changes: object) -> Desk:
    """Return the same desk with another [delivery]."""
    delivery = replace(desk.publication.delivery, **changes)  # type: ignore[arg-type]  # checked when called
    return replace(desk, publication=replace(desk.publication, delivery=delivery))


def built(desk: Desk, **sizes: int) -> None:
    """Lay out what a rendering would have left: PDFs of these bytes, by edition."""
    folder = desk.folder(W47) / "build"
    folder.mkdir(parents=True, exist_ok=True)
    editions = {}
    for edition, size in sizes.items():
        name = f"sirocco-2026-W47{'' if edition == 'magazine' else f'-{edition}'}.pdf"
        (folder / name).write_bytes(edition[:1].encode() * size)
        editions[edition] = {"files": [name], "pages": 1}
    report = {"editions": editions, "problems": []}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


def with_magazine(desk: Desk) -> Desk:
    """Render the e-mail for real, and lay a PDF beside it as if it had been printed too."""
    desk = rendered(desk)
    build = desk.folder(W47) / "build"
    (build / "sirocco-2026-W47.pdf").write_bytes(PRINTED)
    report = json.loads((build / "report.json").read_text(encoding="utf-8"))
    report["editions"]["magazine"] = {
        **report["editions"]["email"],
        "files": ["sirocco-2026-W47.pdf"],
    }
    (build / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return desk


def choose(desk: Desk, **forms: Form) -> None:
    with desk.engine.begin() as connection:
        for name, form in forms.items():
            set_form(connection, f"{name}@example.org", "readers", form)


def mails(desk: Desk) -> dict[str, EmailMessage]:
    """Return the mails of the week by their readers' names."""
    found = {}
    for file in (desk.publication.root / "outbox" / str(W47)).glob("*.eml"):
        mail = email.message_from_bytes(file.read_bytes(), policy=default)
        found[parseaddr(str(mail["To"]))[1].partition("@")[0]] = mail
    return found


# ---- which PDF -------------------------------------------------------------------


def test_the_magazine_is_attached_with_a_name_that_tells_title_and_week(desk: Desk) -> None:
    built(desk, magazine=2 * MB, phone=1 * MB)
    found = enclosure(desk, W47)
    assert found.attachment is not None
    assert found.attachment.name == "sirocco-2026-W47.pdf"
    assert found.attachment.media_type == "application/pdf"
    assert len(found.attachment.content) == 2 * MB
    assert found.shortfall == ""


def test_a_magazine_that_exists_on_us_letter_alone_is_the_magazine(desk: Desk) -> None:
    built(desk, letter=1 * MB, phone=1 * MB)
    found = enclosure(desk, W47)
    assert found.attachment is not None
    assert found.attachment.name == "sirocco-2026-W47-letter.pdf"
    assert found.shortfall == ""


@pytest.mark.parametrize(("size", "attached"), [(2 * MB, True), (2 * MB + 1, False)])
def test_the_limit_itself_is_allowed(desk: Desk, size: int, attached: bool) -> None:
    built(desk, magazine=size)
    found = enclosure(with_delivery(desk, attach_limit_mb=2.0), W47)
    assert (found.attachment is not None) is attached


def test_of_a_magazine_that_is_too_large_the_phone_edition_is_attached(desk: Desk) -> None:
    built(desk, magazine=3 * MB, phone=1 * MB)
    found = enclosure(with_delivery(desk, attach_limit_mb=2.0), W47)
    assert found.attachment is not None
    assert found.attachment.name == "sirocco-2026-W47-phone.pdf"
    assert found.shortfall == (
        "sirocco-2026-W47.pdf has 3.0 MB and attach_limit_mb is 2:"
        " who wants it attached gets the phone edition with the mail"
    )


def test_where_nothing_is_small_enough_the_link_alone_is_mailed(desk: Desk) -> None:
    built(desk, magazine=3 * MB, phone=3 * MB)
    found = enclosure(with_delivery(desk, attach_limit_mb=2.0), W47)
    assert found.attachment is None
    assert found.shortfall.endswith("who wants it attached gets the mail with the link alone")


def test_where_no_pdf_is_made_there_is_none_to_attach(desk: Desk) -> None:
    built(desk)
    assert enclosure(desk, W47).attachment is None
    assert enclosure(desk, W47).shortfall.startswith("there is no magazine to attach")


def test_a_pdf_that_was_made_once_and_is_no_edition_any_more_is_not_attached(desk: Desk) -> None:
    built(desk, magazine=3 * MB, phone=1 * MB)
    built(desk, magazine=3 * MB)
    assert enclosure(with_delivery(desk, attach_limit_mb=2.0), W47).attachment is None


def test_nobody_is_bothered_with_a_limit_that_concerns_nobody(desk: Desk) -> None:
    built(desk, magazine=3 * MB)
    small = with_delivery(desk, attach_limit_mb=2.0)
    assert shortfall(small, W47) == ""
    assert shortfall(with_delivery(small, pdf=Form.ATTACH), W47) != ""
    choose(small, amina=Form.ATTACH)
    assert "3.0 MB" in shortfall(small, W47)


# ---- the whole way ---------------------------------------------------------------


def test_every_reader_gets_the_issue_as_she_chose(desk: Desk) -> None:
    choose(desk, amina=Form.ATTACH, idir=Form.TEXT)
    desk = with_magazine(desk)
    approve(desk, W47, by="ada")
    built(desk, magazine=10)  # what is made after the approval changes nothing
    send_issue(desk, W47)
    found = mails(desk)
    (pdf,) = found["amina"].iter_attachments()
    assert pdf.get_filename() == "sirocco-2026-W47.pdf"
    assert pdf.get_content() == PRINTED
    assert not any(part.get_filename() == "sirocco-2026-W47.pdf" for part in found["lea"].walk())
    assert found["lea"].get_body(("html",)) is not None
    assert found["idir"].get_content_type() == "text/plain"
    text = str(found["idir"].get_content())
    assert "/unsubscribe/" in text
    assert "/preferences/" in text
    assert " ".join(desk.publication.sender.postal.split()) in " ".join(text.split())
    for mail in found.values():
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    own = {str(m.get_body(("plain",))).partition("/preferences/")[2][:40] for m in found.values()}
    assert len(own) == 3


def test_an_attachment_over_the_limit_is_put_on_record_and_everybody_gets_the_link(
    desk: Desk,
) -> None:
    choose(desk, amina=Form.ATTACH)
    desk = with_delivery(with_magazine(desk), attach_limit_mb=0.001)
    assert "attach_limit_mb is 0.001" in outlook(desk, W47).shortfall
    approve(desk, W47, by="ada")
    assert outlook(desk, W47).shortfall == ""  # it has been told
    with reading(desk.engine) as connection:
        (details,) = connection.scalars(
            select(audit.c.details).where(audit.c.act == "magazine not attached")
        )
    assert "attach_limit_mb is 0.001" in details["reason"]
    assert send_issue(desk, W47).accepted == 3
    assert not any(
        part.get_content_type() == "application/pdf"
        for mail in mails(desk).values()
        for part in mail.walk()
    )


def test_a_test_shows_any_form(desk: Desk) -> None:
    desk = with_magazine(desk)
    kinds = {}
    for form in (None, *Form):
        send_test(desk, W47, f"{form or 'usual'}@example.org", form)
    for name, mail in mails(desk).items():
        kinds[name] = [part.get_content_type() for part in mail.walk()]
    assert kinds["text"] == ["text/plain"]
    assert "application/pdf" in kinds["attach"]
    assert "application/pdf" not in kinds["link"]
    assert kinds["usual"] == kinds["link"]
