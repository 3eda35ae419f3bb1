"""The bytes of a mail: right for every mail program, and hostile input harmless."""

from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.deliver.sender import Message, Recipient
from publisher.deliver.senders.headers import address_problem, clean, mailbox, phrase
from publisher.deliver.senders.mime import frame, header_line, splice
from tests.deliver.world import PDF, START, issue_mail, person
from tests.servers.smtp import parsed

PICTURE = "https://sirocco.example/cover.jpg?w=600&h=800"


def mail(
    message: Message, recipient: Recipient | None = None, *, embed: bool = False
) -> EmailMessage:
    return parsed(splice(frame(message, START, embed=embed), recipient or person(1)))


def body(found: EmailMessage, kind: str) -> str:
    part = found.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c"))


@settings(deadline=None)
@given(html=lines, text=lines, url=lines.filter(lambda u: "%%" not in u))
def test_any_text_arrives_as_it_left_with_the_address_in_its_places(
    html: str, text: str, url: str
) -> None:
    message = issue_mail(
        html=f"{html}<a href='%%unsubscribe_url%%'>{html}%%unsubscribe_url%%",
        text=f"%%unsubscribe_url%%{text}%%unsubscribe_url%%",
    )
    found = mail(message, person(1, unsubscribe_url=url))
    escaped = url.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace('"', "&quot;").replace("'", "&#x27;")
    assert body(found, "html") == f"{html}<a href='{escaped}'>{html}{escaped}"
    assert body(found, "plain") == f"{url}{text}{url}"


addresses = lines.filter(lambda url: "%%" not in url)


@settings(deadline=None)
@given(text=lines, leave=addresses, choose=addresses)
def test_any_text_alone_arrives_as_one_part_with_both_addresses_in_their_places(
    text: str, leave: str, choose: str
) -> None:
    message = issue_mail(
        html="", text=f"%%preferences_url%%{text}%%unsubscribe_url%%%%preferences_url%%{text}"
    )
    found = mail(message, person(1, unsubscribe_url=leave, preferences_url=choose or "x"))
    assert found.get_content_type() == "text/plain"
    assert body(found, "plain") == f"{choose or 'x'}{text}{leave}{choose or 'x'}{text}"
    assert found.defects == []


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_name_and_no_subject_can_break_out_of_its_header(name: str, subject: str) -> None:
    raw = splice(frame(issue_mail(subject=subject, from_name=name), START), person(1, name=name))
    found = parsed(raw)
    expected = parsed(splice(frame(issue_mail(), START), person(1)))
    assert list(found) == list(expected)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert parseaddr(str(found["To"]))[1] == person(1).email


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_name_is_read_back_as_it_was_written(name: str) -> None:
    found = parsed(header_line("To", mailbox(name, "a@example.org")) + b"\r\n")
    assert found["To"].addresses[0].addr_spec == "a@example.org"
    assert phrase(name).isascii()
    words = clean(name)
    if words.isascii() and "=?" not in words:
        assert found["To"].addresses[0].display_name == words


def test_the_parts_are_nested_as_mail_programs_want_them() -> None:
    message = issue_mail(
        html=f'<img src="{PICTURE.replace("&", "&amp;")}">%%unsubscribe_url%%',
        attachments=(PDF,),
        pictures={PICTURE: b"jpeg", "https://sirocco.example/unused.png": b"png"},
    )
    found = mail(message, embed=True)
    assert [part.get_content_type() for part in found.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/jpeg",
        "application/pdf",
    ]
    assert found.defects == []


def test_an_embedded_picture_is_shown_from_within_and_a_link_to_it_stays_a_link() -> None:
    message = issue_mail(
        html=f'<a href="{PICTURE}"><img src="{PICTURE}"></a>'
        f'<td background="{PICTURE}" style="background:url({PICTURE})">',
        pictures={PICTURE: b"jpeg"},
    )
    found = mail(message, embed=True)
    (picture,) = (p for p in found.walk() if p.get_content_type() == "image/jpeg")
    cid = picture["Content-ID"].strip("<>")
    assert body(found, "html") == (
        f'<a href="{PICTURE}"><img src="cid:{cid}"></a>'
        f'<td background="cid:{cid}" style="background:url(cid:{cid})">'
    )
    assert picture.get_content() == b"jpeg"


def test_a_mail_that_is_sent_leaves_pictures_where_they_are() -> None:
    message = issue_mail(html=f'<img src="{PICTURE}">', pictures={PICTURE: b"jpeg"})
    assert body(mail(message), "html") == f'<img src="{PICTURE}">'


def test_the_same_mail_has_the_same_bytes() -> None:
    message = issue_mail(attachments=(PDF,), pictures={PICTURE: b"x"})
    first, second = (splice(frame(message, START, embed=True), person(1)) for _ in range(2))
    assert first == second


def test_an_attachment_keeps_its_name_in_any_script() -> None:
    file = PDF.__class__(name="الريح 12.pdf", media_type="application/pdf", content=b"x")
    (attached,) = mail(issue_mail(attachments=(file,))).iter_attachments()
    assert attached.get_filename() == "الريح 12.pdf"


def test_a_long_subject_is_folded_and_read_back_whole() -> None:
    for subject in ("word " * 100, "été " * 100):
        raw = splice(frame(issue_mail(subject=subject), START), person(1))
        assert max(len(line) for line in raw.split(b"\r\n")) <= 200
        assert str(parsed(raw)["Subject"]) == subject.strip()


@pytest.mark.parametrize("value", ["a\r\nBcc: b", "a\nb", "a\rb"])
def test_a_line_end_in_a_header_never_gets_out(value: str) -> None:
    with pytest.raises(ValueError, match="would break the mail"):
        header_line("X-Test", value)


def test_further_headers_are_sent_cleaned() -> None:
    found = mail(issue_mail(headers={"X-Issue": "12\r\nBcc: x@y.z"}))
    assert str(found["X-Issue"]) == "12 Bcc: x@y.z"
    assert found["Bcc"] is None


@pytest.mark.parametrize(
    ("address", "smtputf8", "problem"),
    [
        ("lina@example.org", False, ""),
        ("o'brien+news@example.co.uk", False, ""),
        ("lina@exämple.org", False, ""),
        ("jürgen@example.org", True, ""),
        ("jürgen@example.org", False, "SMTPUTF8"),
        ("lina", False, "not an e-mail address"),
        ("a b@example.org", False, "not an e-mail address"),
        ("a@example.org,b@example.org", False, "not an e-mail address"),
        ("<a@example.org>", False, "not an e-mail address"),
        ("a@example.org\nBcc: b", True, "not an e-mail address"),
        ("a@" + "ä" * 80 + ".org", False, "cannot be written in ASCII"),
    ],
)
def test_addresses_are_judged_before_a_server_sees_them(
    address: str, smtputf8: bool, problem: str
) -> None:
    assert problem in address_problem(address, smtputf8=smtputf8)
    assert bool(address_problem(address, smtputf8=smtputf8)) == bool(problem)
