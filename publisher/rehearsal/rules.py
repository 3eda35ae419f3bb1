"""The rules of SendGrid's v3 Mail Send, as its documentation tells them.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors and, for the limits,
https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
"""

import json
import re
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Container, Iterator
from functools import lru_cache
from typing import Any

from publisher.rehearsal.settings_rules import about_settings

#: message and field, as the service's error body has them
Complaint = tuple[str, str | None]

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}")
_LONGEST_EMAIL = 320
_BAD_NAME = re.compile(r"[;,\r\n]")  # of a recipient; of files and types too
_HEADER = re.compile(r"[!-9;-~]+")
_RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type"),
    *("content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc"),
}
_KNOWN = {
    *("personalizations", "from", "reply_to", "reply_to_list", "subject", "content"),
    *("attachments", "template_id", "sections", "headers", "categories", "custom_args"),
    *("send_at", "batch_id", "asm", "ip_pool_name", "mail_settings", "tracking_settings"),
}
_KNOWN_OF_PERSON = {
    *("to", "cc", "bcc", "from", "subject", "headers", "substitutions"),
    *("dynamic_template_data", "custom_args", "send_at"),
}
_AHEAD = 72 * 3600
_BYTES = 10_000  #: of substitutions, and of custom args, for one personalization
_ORDER = {"text/plain": 0, "text/html": 1}


def complaints(
    body: Any, *, poisoned: Container[str] = frozenset(), now: float | None = None
) -> list[Complaint]:
    """Return what v3 Mail Send finds wrong with a body: message and field.

    `poisoned` are addresses it calls invalid although they look well; `now` is in Unix
    seconds, this moment if absent.
    """
    if not isinstance(body, dict):
        return [("Bad Request", None)]
    moment = time.time() if now is None else now
    return [
        *((f"Additional property {name} is not allowed", name) for name in body.keys() - _KNOWN),
        *_about_people(body, poisoned, moment),
        *_about_mail(body, moment),
        *_about_content(body),
        *_about_files(body),
        *about_settings(body),
    ]


def _about_people(
    body: dict[str, Any], poisoned: Container[str], now: float
) -> Iterator[Complaint]:
    people = body.get("personalizations")
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        yield "The personalizations field is required and must be an array.", "personalizations"
        return
    if not people:
        yield "You must have at least one personalization.", "personalizations"
    if len(people) > 1000:
        told = (
            "The personalization block is limited to 1000 personalizations per API request."
            f" You have provided {len(people)} personalizations. Please consider splitting this"
            " into multiple requests and resending your request."
        )
        yield told, "personalizations"
    seen: set[str] = set()
    recipients = 0
    shared = body.get("custom_args", {})
    for place, person in enumerate(people):
        where = f"personalizations.{place}"
        for name in person.keys() - _KNOWN_OF_PERSON:
            yield f"Additional property {name} is not allowed", f"{where}.{name}"
        if not person.get("to"):
            told = "The to parameter is required for all personalization objects."
            yield told, f"{where}.to"
        for kind in ("to", "cc", "bcc"):
            addresses = person.get(kind, [])
            recipients += len(addresses)
            for number, address in enumerate(addresses):
                yield from _about_address(address, f"{where}.{kind}.{number}", poisoned)
                email = str(address.get("email", "")).lower()
                if email in seen:
                    told = (
                        "Each unique email address in the personalizations array should only be"
                        f" included once. You have included [{email}] more than once."
                    )
                    yield told, where
                seen.add(email)
        yield from _about_substitutions(person.get("substitutions", {}), where)
        yield from _about_headers(person.get("headers", {}), f"{where}.headers")
        yield from _about_custom_args(shared, person.get("custom_args", {}), where)
        yield from _about_send_at(person, f"{where}.send_at", now)
        if "from" in person:
            yield from _about_address(person["from"], f"{where}.from")
    if recipients > 1000:
        told = "There is a limit of 1000 total recipients (to + cc + bcc) per request."
        yield told, "personalizations"


def _about_address(
    address: Any, where: str, poisoned: Container[str] = frozenset()
) -> Iterator[Complaint]:
    email = address.get("email") if isinstance(address, dict) else None
    if not isinstance(email, str) or not _EMAIL.fullmatch(email) or email in poisoned:
        yield "Does not contain a valid address.", f"{where}.email"
    elif len(email) > _LONGEST_EMAIL:
        yield "The email exceeds the maximum total length of 320 characters", f"{where}.email"
    name = address.get("name", "") if isinstance(address, dict) else ""
    if not isinstance(name, str) or _BAD_NAME.search(name):
        yield "The name must be a string without ; and ,", f"{where}.name"


def _about_substitutions(texts: Any, where: str) -> Iterator[Complaint]:
    where = f"{where}.substitutions"
    if not isinstance(texts, dict) or not all(isinstance(v, str) for v in texts.values()):
        told = (
            "The substitution values must be an object of key/value pairs, where the values are"
            " all strings."
        )
        yield told, where
    elif len("".join((*texts, *texts.values())).encode()) > _BYTES:
        yield f"The substitutions may not exceed {_BYTES:,} bytes per personalization.", where


def _about_custom_args(shared: Any, own: Any, where: str) -> Iterator[Complaint]:
    where = f"{where}.custom_args"
    if not isinstance(shared, dict) or not isinstance(own, dict):
        yield "Invalid type. Expected: object.", where
        return
    merged = {**shared, **own}
    if not all(isinstance(value, str) for value in merged.values()):
        yield "All values of custom arguments object must be strings", where
    elif not all(merged.values()):
        yield "custom_args cannot be empty.", where
    elif sum(map(len, (*merged, *merged.values()))) > _BYTES // 16 and _weight(merged) > _BYTES:
        told = (
            "The combined size of both global and personalization custom arguments may not"
            " exceed 10,000 bytes per personalization."
        )
        yield told, where


def _weight(merged: dict[str, str]) -> int:
    return len(json.dumps(merged, ensure_ascii=False).encode())


def _about_headers(headers: Any, where: str) -> Iterator[Complaint]:
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        yield "All values of the headers object must be strings.", where
        return
    if len({name.lower() for name in headers}) < len(headers):
        yield "The headers cannot contain duplicate keys.", where
    for name, value in headers.items():
        for told in _wrong_with(name):
            yield told, where
        if not value.isascii() or "\r" in value or "\n" in value:
            yield f"The value of the header {name} is not properly encoded.", where


@lru_cache(maxsize=256)
def _wrong_with(header: str) -> tuple[str, ...]:
    found = []
    if header.lower() in _RESERVED:
        found.append(f"Header cannot be one of the reserved keys. You provided {header}.")
    if not _HEADER.fullmatch(header):
        found.append("Header keys cannot contain non-ASCII characters or empty spaces.")
    return tuple(found)


def _about_send_at(holder: dict[str, Any], where: str, now: float) -> Iterator[Complaint]:
    moment = holder.get("send_at", 0)
    if isinstance(moment, bool) or not isinstance(moment, int):
        yield "The send_at parameter is expecting a Unix timestamp as an integer.", where
    elif moment > now + _AHEAD:
        yield "Scheduling more than 72 hours in advance is forbidden.", where


def _about_mail(body: dict[str, Any], now: float) -> Iterator[Complaint]:
    yield from _about_headers(body.get("headers", {}), "headers")
    yield from _about_send_at(body, "send_at", now)
    if "from" not in body:
        yield "The from object must be provided for every email send.", "from"
    else:
        yield from _about_address(body["from"], "from")
    if "reply_to" in body:
        yield from _about_address(body["reply_to"], "reply_to")
    if "reply_to" in body and "reply_to_list" in body:
        yield "Use either reply_to or reply_to_list.", "reply_to_list"
    for number, address in enumerate(body.get("reply_to_list", [])):
        yield from _about_address(address, f"reply_to_list.{number}")
    people = body.get("personalizations") or [{}]
    everybody = all(isinstance(person, dict) and person.get("subject") for person in people)
    if not (body.get("subject") or body.get("template_id") or everybody):
        told = (
            "The subject is required. You can get around this requirement if you use a template"
            " with a subject defined or if every personalization has a subject defined."
        )
        yield told, "subject"
    yield from _about_categories(body.get("categories", []))


def _about_categories(categories: Any) -> Iterator[Complaint]:
    if not isinstance(categories, list) or not all(isinstance(c, str) for c in categories):
        yield "Categories must be an array of strings.", "categories"
        return
    if len(categories) > 10:
        told = "There is a limit of 10 categories for each email that is sent."
        yield f"{told} You provided {len(categories)} categories.", "categories"
    if len(set(categories)) < len(categories):
        yield "The categories must be a unique list.", "categories"
    for category in categories:
        if len(category) > 255:
            yield "Each category must not be longer than 255 characters.", "categories"
        if not category.isascii():
            yield "Categories can not contain non-ASCII characters.", "categories"


def _about_content(body: dict[str, Any]) -> Iterator[Complaint]:
    parts = body.get("content")
    if body.get("template_id") and not parts:
        return
    if not isinstance(parts, list) or not parts:
        told = "There must be at least one defined content block."
        yield f"{told} We typically suggest both text/plain and text/html.", "content"
        return
    kinds = []
    for number, part in enumerate(parts):
        kind, value = part.get("type"), part.get("value")
        if not isinstance(kind, str) or not kind:
            told = "Your content type must be a string with length of at least one character."
            yield told, f"content.{number}.type"
            kind = ""
        if _BAD_NAME.search(kind):
            yield "Cannot contain ';', or CRLF characters.", f"content.{number}.type"
        if not isinstance(value, str) or not value:
            told = "The content value must be a string at least one character in length."
            yield told, f"content.{number}.value"
        kinds.append(_ORDER.get(kind, 2))
    if kinds != sorted(kinds):
        told = (
            "Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in"
            " your email: text/plain needs to be first, followed by text/html, followed by any"
            " other content."
        )
        yield told, "content"


def _about_files(body: dict[str, Any]) -> Iterator[Complaint]:
    for place, file in enumerate(body.get("attachments", [])):
        where = f"attachments.{place}"
        try:
            decoded = b64decode(file["content"], validate=True)
        except (NotBase64, KeyError, TypeError, ValueError):
            yield "The attachment content must be base64 encoded.", f"{where}.content"
        else:
            if not decoded:
                told = "The attachment content must be a string at least one character in length."
                yield told, f"{where}.content"
        name = file.get("filename")
        if not isinstance(name, str) or not name:
            yield "filename is required.", f"{where}.filename"
        elif not name.isascii() or _BAD_NAME.search(name):
            yield "The filename must be ASCII, without ';', ',' and CRLF.", f"{where}.filename"
        if _BAD_NAME.search(str(file.get("type", "text/plain"))) or file.get("type") == "":
            yield "The type cannot contain ';', or CRLF characters.", f"{where}.type"
        if file.get("disposition", "attachment") not in ("attachment", "inline"):
            told = 'The disposition of your attachment can be either "inline" or "attachment".'
            yield told, f"{where}.disposition"
        content_id = file.get("content_id", "x")
        if not isinstance(content_id, str) or _BAD_NAME.search(content_id):
            told = "The content ID of your attachment cannot contain CRLF characters."
            yield told, f"{where}.content_id"
