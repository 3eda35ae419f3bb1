"""Bounces that only people were meant to read: qmail, old Exim, sendmail and Exchange.

Conservative: a mail is a bounce only if a mail system wrote it and it says so.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from publisher.deliver.feedback.causes import status_in
from publisher.deliver.feedback.mailparts import Mail, header, parse_headers, text_of, words

_LOOKED_AT = 20_000  # characters
_SYSTEM = re.compile(
    r"mailer-?daemon|postmaster|mail[- ]?delivery|mail (administrator|deliver\w* \w*system)"
    r"|system administrator|qmail",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver(able|ed)|delivery (status notification|(to the following|has) \w*|failed|failure)"
    r"|(could|can|was|were) ?n[o']t (be |been )?(deliver|reach)|cannot be (deliver|reach)"
    r"|returned (mail|to sender)|failure notice|permanent (fatal )?error|not (been )?delivered"
    r"|unable to deliver|n[o']t able to deliver|did not reach|mail delivery (failed|system)"
    r"|message (could|status)|non[- ]?remis|nicht zugestellt|unzustellbar",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"delay(ed)?\b|(will|shall) (continue|keep|be|still) \w*(try|retr)|do not need to resend"
    r"|still (being )?(tr|attempt)|warning message only|not yet been delivered",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"^[ \t]*-{2,} ?(below this line is a copy|this is a copy|(original|returned|unsent|undelivered)"
    r" (message|mail)|message headers|headers of the)[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_ABOUT = re.compile(r"^\s*[<'\"(]?([^\s<>'\"():;,]{1,64}@[^\s<>'\"():;,]{1,255})", re.MULTILINE)
_TELLING = re.compile(r"\b[45]\d\d[ \-]|[45]\.\d{1,3}\.\d{1,3}|reason|does not exist|unknown|full")
_TAG = re.compile(r"<[!/a-zA-Z][^<>]*>")
_MICROSOFT = re.compile(r"complaint about message from", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a bounce says in words."""

    delayed: bool
    address: str
    status: str
    diagnostic: str
    returned: Mail | None  #: headers of the mail it is about, if the text holds them


def bounce(mail: Mail, found: Sequence[Mail]) -> Told | None:
    """Return what a bounce without machine-readable parts says; None if it is no bounce."""
    text = _written(found)
    copy = _COPY.search(text)
    said, returned = (text[: copy.start()], text[copy.end() :]) if copy else (text, "")
    subject, failed = words(mail, "Subject"), header(mail, "X-Failed-Recipients")
    if not _by_a_system(mail) or not (failed or _FAILED.search(f"{subject}\n{said}")):
        return None
    diagnostic = _diagnostic(said)
    about = _ABOUT.search(failed or said)
    delayed = bool(_DELAYED.search(subject) or _DELAYED.search(said))
    return Told(
        delayed=delayed,
        address=about[1] if about else "",
        status=status_in(diagnostic),
        diagnostic=diagnostic,
        returned=parse_headers(returned) if returned else None,
    )


def is_complaint(mail: Mail) -> bool:
    """Whether it is a complaint in Microsoft's older form: a mail with ours attached."""
    sender = header(mail, "From").lower()
    return "staff@hotmail.com" in sender and bool(_MICROSOFT.search(words(mail, "Subject")))


def _by_a_system(mail: Mail) -> bool:
    if header(mail, "Return-Path") == "<>" and mail.get("From") is None:
        return True
    return bool(_SYSTEM.search(words(mail, "From")))


def _written(found: Sequence[Mail]) -> str:
    """Return what people are meant to read: plain text, else the words of the HTML."""
    for kind in ("text/plain", "text/html"):
        part = next((p for p in found if p.get_content_type() == kind), None)
        if part is not None:
            text = text_of(part)[:_LOOKED_AT]
            return text if kind == "text/plain" else html.unescape(_TAG.sub("\n", text))
    return ""


def _diagnostic(said: str) -> str:
    """Return the paragraph that tells why, on one line."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", said)]
    for part in paragraphs:
        if status_in(part) or re.search(r"(?<![\d.])[45]\d\d[ \-]", part):
            return part[:2000]
    for part in paragraphs:
        if _ABOUT.search(part) and _TELLING.search(part):
            return part[:2000]
    return " ".join(paragraphs)[:2000]
