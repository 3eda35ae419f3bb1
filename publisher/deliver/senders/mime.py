"""Message -> the bytes of a mail (RFC 5322): built once, spliced for each reader.

Building MIME anew for every reader costs ten times what a server takes to accept it.
So the body is made once, in pieces cut where the reader's own addresses go; every piece
is encoded as quoted-printable by itself, and soft line breaks join them again.
"""

import binascii
import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import MIMEPart
from email.policy import SMTP
from functools import lru_cache
from hashlib import sha256

from publisher.deliver.sender import PLACEHOLDERS, Attachment, Message, Recipient, own_addresses
from publisher.deliver.senders.headers import (
    date_header,
    list_headers,
    mailbox,
    reader_headers,
    unstructured,
)
from publisher.deliver.senders.pictures import InlinePicture, embedded

_PLACEHOLDER = re.compile("|".join(map(re.escape, PLACEHOLDERS)))
_SOFT = b"=\r\n"  # a line end that vanishes when quoted-printable is decoded


@dataclass(frozen=True)
class Frame:
    """A mail with holes where the reader's own things go."""

    message: Message
    head: bytes  #: header lines that are everybody's
    pieces: tuple[bytes, ...]  #: MIME headers and body, cut where the addresses go
    holes: tuple[tuple[str, bool], ...]  #: between: which placeholder; True where HTML is around


def frame(message: Message, now: datetime, *, embed: bool = False) -> Frame:
    """Build a mail once; `embed` puts its pictures inside, for those who read it offline."""
    seed = sha256("\n".join((message.subject, message.text, message.html)).encode()).hexdigest()
    # no text can hold its own digest: the marks are found where we put them and nowhere else
    marks = {
        (name, rich): f"={number}{'H' if rich else 'T'}{seed}="
        for number, name in enumerate(PLACEHOLDERS)
        for rich in (False, True)
    }
    source = message.html
    inline: list[MIMEPart] = []
    if embed:
        source, pictures = embedded(message)
        inline = [_inline(picture) for picture in pictures]
    root = text = _text_part(message.text, "plain", marks)
    if source:
        rich = _text_part(source, "html", marks)
        root = _multipart("alternative", [text, _with_pictures(rich, inline, seed)], seed)
    if message.attachments:
        root = _multipart("mixed", [root, *map(_attached, message.attachments)], seed)
    body = root.as_bytes(policy=SMTP)
    parts = re.split(f"({'|'.join(marks.values())})".encode(), body)
    holes = {mark.encode(): hole for hole, mark in marks.items()}
    return Frame(
        message=message,
        head=_shared_lines(message, now),
        pieces=tuple(parts[::2]),
        holes=tuple(holes[mark] for mark in parts[1::2]),
    )


def redated(built: Frame, now: datetime) -> Frame:
    """Return the same frame with another Date."""
    return replace(built, head=_shared_lines(built.message, now))


def splice(built: Frame, recipient: Recipient) -> bytes:
    """Return one reader's mail."""
    addresses = own_addresses_quoted(built, recipient)
    mail = [*own_lines(built, recipient), built.head, built.pieces[0]]
    for hole, piece in zip(built.holes, built.pieces[1:], strict=True):
        mail += [addresses[hole], piece]
    return b"".join(mail)


def own_lines(built: Frame, recipient: Recipient) -> list[bytes]:
    """Return the header lines that are the reader's own."""
    own = {
        "To": mailbox(recipient.name, recipient.email),
        **reader_headers(built.message, recipient),
    }
    return [header_line(name, value) for name, value in own.items()]


def own_addresses_quoted(built: Frame, recipient: Recipient) -> dict[tuple[str, bool], bytes]:
    """Return what goes into the holes: the reader's own addresses, quoted-printable."""
    urls = own_addresses(recipient)
    return {
        (name, rich): _quoted(html.escape(urls[name]) if rich else urls[name])
        for name, rich in set(built.holes)
    }


def header_line(name: str, value: str) -> bytes:
    """Return a header with its line end, folded at spaces after 76 characters.

    The value must be clean; a line end in it raises `ValueError`, for it would be an
    attack or a bug.
    """
    if "\r" in value or "\n" in value or not _is_name(name):
        raise ValueError(f"header {name!r} would break the mail")
    if len(name) + len(value) < 75:
        return f"{name}: {value}\r\n".encode()
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > 76 and line.strip() and line != f"{name}:":
            lines.append(line)
            line = ""
        line += " " + word
    lines.append(line)
    return "\r\n".join(lines).encode() + b"\r\n"


@lru_cache(maxsize=64)
def _is_name(name: str) -> bool:
    return bool(re.fullmatch(r"[!-9;-~]+", name))


def _shared_lines(message: Message, now: datetime) -> bytes:
    shared = {
        "From": mailbox(message.from_name, message.from_address),
        "Subject": unstructured(message.subject),
        "Date": date_header(now),
        **list_headers(message),
        "MIME-Version": "1.0",
    }
    if message.reply_to:
        shared["Reply-To"] = mailbox("", message.reply_to)
    return b"".join(header_line(name, value) for name, value in shared.items())


def _text_part(source: str, subtype: str, marks: Mapping[tuple[str, bool], str]) -> MIMEPart:
    names = _PLACEHOLDER.findall(source)
    content, *others = map(_quoted, _PLACEHOLDER.split(source))
    for name, piece in zip(names, others, strict=True):
        content += _SOFT + marks[name, subtype == "html"].encode() + _SOFT + piece
    part = MIMEPart()
    part["Content-Type"] = f"text/{subtype}; charset=utf-8"
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(content.decode("ascii"))
    return part


def _quoted(text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return binascii.b2a_qp(lines.encode("utf-8", "replace")).replace(b"\n", b"\r\n")


def _multipart(subtype: str, parts: Iterable[MIMEPart], seed: str) -> MIMEPart:
    whole = MIMEPart()
    whole["Content-Type"] = f"multipart/{subtype}"
    whole.set_payload(list(parts))
    # fixed, so that the same mail has the same bytes whenever it is made
    whole.set_boundary(f"=_{subtype}_{seed[:24]}")
    return whole


def _with_pictures(rich: MIMEPart, inline: list[MIMEPart], seed: str) -> MIMEPart:
    return _multipart("related", [rich, *inline], seed) if inline else rich


def _inline(picture: InlinePicture) -> MIMEPart:
    kind, _, subtype = picture.media_type.partition("/")
    part = MIMEPart()
    part.set_content(picture.content, kind, subtype, disposition="inline", cid=f"<{picture.name}>")
    return part


def _attached(file: Attachment) -> MIMEPart:
    kind, _, subtype = file.media_type.partition("/")
    part = MIMEPart()
    part.set_content(file.content, kind, subtype, disposition="attachment", filename=file.name)
    return part
