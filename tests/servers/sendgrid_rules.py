"""The rules of SendGrid's v3 Mail Send, as its documentation tells them."""

import json
import re
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Container
from typing import Any

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}")
_RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type"),
    *("content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc"),
}
_KNOWN = {
    *("personalizations", "from", "reply_to", "reply_to_list", "subject", "content"),
    *("attachments", "template_id", "headers", "categories", "custom_args", "send_at"),
    *("batch_id", "asm", "ip_pool_name", "mail_settings", "tracking_settings"),
}


def complaints(
    body: Any, *, poisoned: Container[str] = frozenset()
) -> list[tuple[str, str | None]]:
    """Return what v3 Mail Send finds wrong with a body: message and field.

    `poisoned` are addresses it calls invalid although they look well.
    """
    if not isinstance(body, dict):
        return [("Bad Request", None)]
    found: list[tuple[str, str | None]] = [
        (f"Invalid field: {name}", name) for name in body if name not in _KNOWN
    ]
    found += _about_people(body, poisoned)
    found += _about_mail(body)
    custom = body.get("custom_args", {})
    for place, person in enumerate(body.get("personalizations", [])):
        merged = {**custom, **person.get("custom_args", {})}
        where = f"personalizations.{place}.custom_args"
        if not all(isinstance(v, str) and v for v in merged.values()):
            found.append(("The custom_args values must be non-empty strings.", where))
        if len(json.dumps(merged).encode()) > 10_000:
            found.append(("The custom_args must not exceed 10,000 bytes.", where))
    return found


def _about_people(body: dict[str, Any], poisoned: Container[str]) -> list[tuple[str, str]]:
    people = body.get("personalizations")
    if not isinstance(people, list) or not 1 <= len(people) <= 1000:
        return [("There must be 1 to 1000 personalizations.", "personalizations")]
    found: list[tuple[str, str]] = []
    seen: set[str] = set()
    for place, person in enumerate(people):
        where = f"personalizations.{place}"
        everybody = [a for kind in ("to", "cc", "bcc") for a in person.get(kind, [])]
        if not person.get("to"):
            found.append(("The to array is required for all personalizations.", f"{where}.to"))
        for address in everybody:
            email = address.get("email", "")
            if email.lower() in seen:
                found.append(("Each email address should be unique.", where))
            seen.add(email.lower())
            if not _EMAIL.fullmatch(email) or email in poisoned:
                found.append(("Does not contain a valid address.", f"{where}.to.0.email"))
            if re.search(r"[;,]", address.get("name", "")):
                found.append(("The name must not contain ; or ,", f"{where}.to.0.name"))
        texts = person.get("substitutions", {})
        if not all(isinstance(v, str) for v in texts.values()):
            found.append(("Substitutions must be strings.", f"{where}.substitutions"))
        if len("".join(f"{k}{v}" for k, v in texts.items()).encode()) > 10_000:
            found.append(("Substitutions exceed 10000 bytes.", f"{where}.substitutions"))
        found += _about_headers(person.get("headers", {}), f"{where}.headers")
    if len(seen) > 1000:
        found.append(("There are more than 1000 recipients.", "personalizations"))
    return found


def _about_headers(headers: dict[str, Any], where: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in headers.items():
        if name.lower() in _RESERVED:
            found.append((f"The header {name} is reserved.", where))
        if not isinstance(value, str) or not value.isascii() or re.search(r"[\r\n]", value):
            found.append((f"The header {name} is not properly encoded.", where))
    return found


def _about_mail(body: dict[str, Any]) -> list[tuple[str, str]]:
    found = _about_headers(body.get("headers", {}), "headers")
    if not _EMAIL.fullmatch(body.get("from", {}).get("email", "")):
        found.append(("The from object must be provided with a valid email.", "from.email"))
    if not body.get("subject"):
        found.append(("The subject is required.", "subject"))
    kinds = [part.get("type") for part in body.get("content", [])]
    if not kinds or not all(part.get("value") for part in body["content"]):
        found.append(("The content value must be a string at least one character long.", "content"))
    if kinds != sorted(kinds, key=["text/plain", "text/html"].index):
        found.append(("text/plain must come first, followed by text/html.", "content"))
    categories = body.get("categories", [])
    if len(categories) > 10 or len(set(categories)) != len(categories):
        found.append(("At most 10 unique categories are allowed.", "categories"))
    if not all(isinstance(c, str) and c.isascii() and len(c) <= 255 for c in categories):
        found.append(("A category must be a text of at most 255 characters.", "categories"))
    if body.get("send_at", 0) > time.time() + 72 * 3600:
        found.append(("Scheduling is limited to 72 hours.", "send_at"))
    for place, file in enumerate(body.get("attachments", [])):
        try:
            b64decode(file["content"], validate=True)
        except (NotBase64, KeyError, TypeError):
            found.append(("The attachment content must be base64.", f"attachments.{place}.content"))
        if not file.get("filename") or not file["filename"].isascii():
            found.append(("The filename must be ASCII.", f"attachments.{place}.filename"))
    return found
