"""Message and recipients -> the body of SendGrid's v3 Mail Send, as a plain dict.

The official package's `Mail` helper would put all readers on one To: line; so only its
transport is used (see `sendgrid.py`) and the body is made here. Rules:
https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
"""

import html
import re
import unicodedata
from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from publisher.config import SendgridConfig
from publisher.deliver.sender import (
    PLACEHOLDERS,
    Attachment,
    Message,
    Recipient,
    Reference,
    own_addresses,
)
from publisher.deliver.senders.headers import ascii_domain, clean, list_headers, reader_headers
from publisher.deliver.senders.pictures import InlinePicture, embedded

#: a substitution is put in as it is: HTML needs one that is escaped for it
_IN_HTML = {name: name.replace("url", "html") for name in PLACEHOLDERS}
_LINK = re.compile(
    rf"<a\b(?![^>]*clicktracking)(?=[^>]*(?:{'|'.join(PLACEHOLDERS)}))", re.IGNORECASE
)
#: custom args: they come back at the top level of every event, so they carry our prefix
MAILING_ARG, CHUNK_ARG = "publisher_mailing", "publisher_chunk"
ATTEMPT_ARG, READER_ARG = "publisher_attempt", "publisher_reader"


def mail_send_body(
    message: Message,
    recipients: Sequence[Recipient],
    reference: Reference | None,
    config: SendgridConfig,
) -> dict[str, Any]:
    """Return the JSON body of one request; every reader has a personalization of her own.

    All headers stand in every personalization, for List-Unsubscribe works only there.
    """
    shared = list_headers(message)
    source, pictures = embedded(message) if message.embed else (message.html, ())
    own = [name for name in PLACEHOLDERS if name in message.html or name in message.text]
    content = [{"type": "text/plain", "value": message.text}]
    if source:
        content.append({"type": "text/html", "value": _html(source)})
    body: dict[str, Any] = {
        "personalizations": [
            _personalization(message, recipient, reference, shared, own) for recipient in recipients
        ],
        "from": _address(message.from_name, message.from_address),
        "subject": clean(message.subject),
        "content": content,
        "categories": categories(message, reference, config),
        # SendGrid's own unsubscribe headers and footer would replace ours
        "tracking_settings": {"subscription_tracking": {"enable": False}},
    }
    if message.reply_to:
        body["reply_to"] = _address("", message.reply_to)
    files = [_attachment(file) for file in message.attachments] + [_inline(p) for p in pictures]
    if files:
        body["attachments"] = files
    if reference:
        body["custom_args"] = {
            MAILING_ARG: reference.token or str(reference.mailing),
            CHUNK_ARG: str(reference.chunk),
            ATTEMPT_ARG: str(reference.attempt),
        }
    if config.sandbox:
        body["mail_settings"] = {"sandbox_mode": {"enable": True}}
    return body


def categories(message: Message, reference: Reference | None, config: SendgridConfig) -> list[str]:
    """Return the operator's categories, the week, and one by which the mailing is found again."""
    own = [message.week] if message.week else []
    if reference:
        own.append(mailing_category(message, reference))
    return list(dict.fromkeys([*config.categories, *own]))


def mailing_category(message: Message, reference: Reference) -> str:
    """Return the category that only this mailing of this publication has."""
    return f"{message.domain}/{message.week}/{reference.token or reference.mailing}"


def _personalization(
    message: Message,
    recipient: Recipient,
    reference: Reference | None,
    shared: dict[str, str],
    own: Sequence[str],
) -> dict[str, Any]:
    addresses = own_addresses(recipient)
    personalization: dict[str, Any] = {
        "to": [_address(recipient.name, recipient.email)],
        "headers": {**shared, **reader_headers(message, recipient)},
        "substitutions": {name: addresses[name] for name in own}
        | {_IN_HTML[name]: html.escape(addresses[name]) for name in own},
    }
    if reference:
        personalization["custom_args"] = {READER_ARG: str(recipient.subscriber_id)}
    return personalization


def _address(name: str, address: str) -> dict[str, str]:
    # SendGrid reads ; and , in a name as the end of the address
    name = clean(re.sub(r"[;,]", " ", clean(name)))[:120]
    email = {"email": ascii_domain(address)}
    return {**email, "name": name} if name else email


def _html(source: str) -> str:
    # the link must lead to us: behind SendGrid's redirect one-click would be two clicks
    untracked = _LINK.sub("<a clicktracking=off", source)
    for name, escaped in _IN_HTML.items():
        untracked = untracked.replace(name, escaped)
    return untracked


def _attachment(file: Attachment) -> dict[str, str]:
    return {
        "content": _base64(file.content),
        "type": file.media_type,
        "filename": ascii_name(file.name),
        "disposition": "attachment",
    }


def _inline(picture: InlinePicture) -> dict[str, str]:
    return {
        "content": _base64(picture.content),
        "type": picture.media_type,
        "filename": ascii_name(picture.file),
        "disposition": "inline",
        "content_id": picture.name,
    }


def ascii_name(name: str) -> str:
    """Return a file name in ASCII; SendGrid takes no other."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._ ()-]+", "-", plain).strip(" -") or "attachment"


@lru_cache(maxsize=2)
def _base64(content: bytes) -> str:
    # the same PDF goes out once for every chunk
    return b64encode(content).decode("ascii")
