"""The headers of our mails, for every sender alike; nothing a reader typed can add one."""

import re
import unicodedata
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from publisher.deliver.sender import Message, Recipient

_ATEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~. -]*")
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]]+@[^\s@<>(),;:\\\"\[\]]+")
_NAME_LIMIT = 120  # a name is no place for a novel, and header lines end at 998 bytes


def clean(text: str) -> str:
    """Put a text on one line without control characters, so that it cannot become a header."""
    if text.isascii() and text.isprintable():  # nearly always, and twenty times as fast
        return " ".join(text.split())
    kept = (" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join("".join(kept).split())


def phrase(text: str) -> str:
    """Return a display name in ASCII, quoted or encoded as RFC 5322 and RFC 2047 want it."""
    text = clean(text)[:_NAME_LIMIT]
    if not text.isascii():
        return Header(text, "utf-8", maxlinelen=75).encode(linesep="")
    if _ATEXT.fullmatch(text) and "." not in text and "=?" not in text:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unstructured(text: str) -> str:
    """Return a subject in ASCII, encoded as RFC 2047 wants it if it holds more."""
    text = clean(text)
    if text.isascii() and "=?" not in text:
        return text
    return Header(text, "utf-8", maxlinelen=75).encode(linesep="")


def mailbox(name: str, address: str) -> str:
    """Return `name <address>` for From, To and Reply-To."""
    address = ascii_domain(address)
    return f"{phrase(name)} <{address}>" if clean(name) else address


def ascii_domain(address: str) -> str:
    """Return the address with an internationalised domain in its ASCII form."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def address_problem(address: str, *, smtputf8: bool) -> str:
    """Say why an address cannot be mailed, or return an empty text.

    `smtputf8` tells whether the sender can mail to letters beyond ASCII before the @.
    """
    if not _ADDRESS.fullmatch(address) or clean(address) != address:
        return "this is not an e-mail address"
    local, _, domain = ascii_domain(address).rpartition("@")
    if not domain.isascii():
        return f"the domain {domain} cannot be written in ASCII"
    if not local.isascii() and not smtputf8:
        return (
            "the address has letters beyond ASCII before the @, and the mail server"
            " does not take those (SMTPUTF8)"
        )
    return ""


def message_id(domain: str, *parts: object) -> str:
    """Return an id that is the same for the same mailing and subscriber (RFC 5322, 3.6.4)."""
    return f"{'.'.join(str(part) for part in parts)}@{domain}"


def letter_id(message: Message, email: str, now: datetime) -> str:
    """Return an id for mail outside any mailing, such as a confirmation."""
    seed = "\n".join((email, message.subject, message.text, now.isoformat()))
    return message_id(message.domain, sha256(seed.encode("utf-8", "replace")).hexdigest()[:24])


def list_headers(message: Message) -> dict[str, str]:
    """Return the headers that are the same for every reader, without From and Subject.

    List-ID is RFC 2919, List-Help and List-Archive RFC 2369, Archived-At RFC 5064;
    Feedback-ID is Gmail's `issue:list:product:sender`. A mail to one person says
    Auto-Submitted (RFC 3834) instead; an issue was approved by a human being.
    """
    headers: dict[str, str] = {}
    if message.list_id:
        name = clean(message.list_name)
        headers["List-ID"] = (
            f"{phrase(name)} <{message.list_id}>" if name else f"<{message.list_id}>"
        )
        headers["Precedence"] = "bulk"
        feedback = (message.week or "mail", message.list_id, "publisher", message.domain)
        headers["Feedback-ID"] = ":".join(re.sub(r"[^\w.-]+", "-", part) for part in feedback)
    else:
        headers["Auto-Submitted"] = "auto-generated"
    if message.archive_url:
        headers["List-Archive"] = f"<{_uri(message.archive_url)}>"
    if message.web_url:
        headers["Archived-At"] = f"<{_uri(message.web_url)}>"
    if message.list_id and message.reply_to:
        headers["List-Help"] = f"<mailto:{_mail_uri(message.reply_to)}?subject=help>"
    headers.update({name: unstructured(value) for name, value in message.headers.items()})
    return headers


def reader_headers(message: Message, recipient: Recipient) -> dict[str, str]:
    """Return the headers of one reader's mail, without To and Date (RFC 8058, RFC 2369)."""
    headers = {"Message-ID": f"<{recipient.message_id}>"}
    if recipient.unsubscribe_url:
        ways = [f"<{_uri(recipient.unsubscribe_url)}>"]
        if message.reply_to:
            ways.append(f"<mailto:{_mail_uri(message.reply_to)}?subject=unsubscribe>")
        headers["List-Unsubscribe"] = ", ".join(ways)
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def date_header(now: datetime) -> str:
    """Return a moment as the Date header has it."""
    return format_datetime(now)


def _uri(url: str) -> str:
    return quote(url, safe="!#$%&'*+/:;=?@_~.,-[]()")


@lru_cache(maxsize=16)  # the same in every mail of an issue
def _mail_uri(address: str) -> str:
    return quote(ascii_domain(address), safe="@+.-_")
