"""Take foreign mails apart: whatever stands in them, however broken, long or deep they are.

`email` of the standard library reads nearly anything, but some hostile mails take it
minutes, or all of its stack; those are turned away before it sees them.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser, HeaderParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Mail = Message[str, str]
else:
    Mail = Message  # it takes parameters only for type checkers

LONGEST = 256_000  #: bytes read of one mail; what matters stands at the beginning
_HEADER_LIMIT = 4000  # characters of one header
_DEEPEST = 60  # parts that hold others; reports have five
_BOUNDARIES = 5000  # lines that may part it
_PARTS = 200  # parts looked at
_NESTING = re.compile(rb"boundary[ \t\n]*=|content-type:[ \t\n]*message/", re.IGNORECASE)
# parameters of these are read in quadratic time
_STRUCTURE = re.compile(rb"(?im)^content-[a-z-]+:[^\n]*(?:\n[ \t][^\n]*)*")
_CHARSET = re.compile(
    r"utf-?8|us-ascii|iso-8859-\d{1,2}|(windows-|cp)125\d|koi8-[ru]|gb2312|gbk|gb18030|big5"
    r"|shift_jis|euc-(jp|kr)|iso-2022-jp",
    re.IGNORECASE,
)
_WORD = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")


class TooStrange(Exception):
    """A mail so deep or distorted that reading it would cost too much."""


def parse(raw: bytes) -> Mail:
    """Read a mail, of a long one the beginning; raises `TooStrange`."""
    plain = raw[:LONGEST].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if sum(1 for _ in _NESTING.finditer(plain)) > _DEEPEST:
        raise TooStrange("its parts are nested too deep")
    if plain.count(b"\n--") > _BOUNDARIES:
        raise TooStrange("it has too many parts")
    if any(len(found[0]) > _HEADER_LIMIT for found in _STRUCTURE.finditer(plain)):
        raise TooStrange("a header that tells its structure is too long")
    return BytesParser(policy=compat32).parsebytes(plain)


def parse_headers(text: str) -> Mail:
    """Read the header lines at the beginning of a text."""
    return HeaderParser(policy=compat32).parsestr(text.lstrip("\r\n"), headersonly=True)


def parts(mail: Mail) -> Iterator[Mail]:
    """Go through a report's own parts, in order, without entering mails that it carries."""
    left = [mail]
    for _ in range(_PARTS):
        if not left:
            return
        part = left.pop(0)
        yield part
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            left = [sub for sub in part.get_payload() if isinstance(sub, Message)] + left


def header(mail: Mail, name: str) -> str:
    """Return a header's value on one line, as it was sent; empty if there is none."""
    return " ".join(str(mail.get(name, ""))[:_HEADER_LIMIT].split())


def headers(mail: Mail, *names: str) -> list[str]:
    """Return all values of the headers of these names, the first fifty of each."""
    found = [value for name in names for value in mail.get_all(name, [])[:50]]
    return [" ".join(str(value)[:_HEADER_LIMIT].split()) for value in found]


def words(mail: Mail, name: str) -> str:
    """Return a header meant for people, its encoded words (RFC 2047) decoded."""
    value = header(mail, name)
    try:
        pieces = decode_header(value)
    except (HeaderParseError, binascii.Error, ValueError):
        return value
    decoded = (
        piece if isinstance(piece, str) else _decoded(piece, charset or "latin-1")
        for piece, charset in pieces
    )
    return " ".join("".join(decoded).split())


def text_of(part: Mail) -> str:
    """Return the text of a part, decoded as well as can be."""
    content = _plainly(part).get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    return _decoded(content, part.get_param("charset") or "utf-8").replace("\r\n", "\n")


def fields_of(part: Mail) -> list[Mail]:
    """Return the groups of fields in a part such as message/delivery-status.

    The parser takes most of these parts for mails, and is misled when they are encoded,
    which RFC 3464 forbids and RFC 6533 allows; so their lines are put together again.
    """
    lines = "\n\n".join(_lines(sub) for sub in _inner(part))
    encoding = header(part, "Content-Transfer-Encoding").lower()
    if encoding == "base64":
        try:
            lines = binascii.a2b_base64("".join(lines.split())).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return []
    elif encoding == "quoted-printable":
        lines = quopri.decodestring(lines.encode("utf-8", "replace")).decode("utf-8", "replace")
    groups = re.split(r"\n[ \t]*\n", lines.replace("\r\n", "\n"))
    return [parse_headers(group) for group in groups if group.strip()]


def carried(part: Mail) -> Mail | None:
    """Return the mail, or the headers of one, that a part brings back; None if it is none."""
    kind = part.get_content_type()
    if kind in ("text/rfc822-headers", "text/rfc822-header"):
        return parse_headers(text_of(part))
    if kind in (
        "message/rfc822",
        "message/global",
        "message/global-headers",
        "message/rfc822-headers",
    ):
        inner = _inner(part)
        encoding = header(part, "Content-Transfer-Encoding").lower()
        if encoding in ("base64", "quoted-printable"):
            found = fields_of(part)
            return found[0] if found else None
        return inner[0] if inner else None
    return None


def value_of(field: str) -> str:
    """Return what follows the type in a field such as `rfc822; ada@example.org`.

    Letters of utf-8 addresses may be written as \\x{F6} (RFC 6533, section 3).
    """
    kind, semicolon, value = field.partition(";")
    value = value if semicolon else kind
    return _WORD.sub(lambda found: _letter(int(found[1], 16)), value).strip().strip("<>")


def moment_of(text: str) -> datetime | None:
    """Return a moment as mails write it, aware, in UTC; None if it is none."""
    try:
        moment = parsedate_to_datetime(text[:100])
        # -0000 means that the zone is not told (RFC 5322, 3.3)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _inner(part: Mail) -> list[Mail]:
    payload = _plainly(part).get_payload()
    if isinstance(payload, list):
        return [sub for sub in payload if isinstance(sub, Message)][:_PARTS]
    return [parse_headers(payload)] if isinstance(payload, str) else []


def _plainly(part: Mail) -> Mail:
    """Take away a charset that is written as RFC 2231 allows: `get_payload` cannot bear it."""
    if isinstance(part.get_param("charset"), tuple):
        part.del_param("charset")
    return part


def _lines(mail: Mail) -> str:
    fields = [f"{name}: {value}" for name, value in mail.items()]
    body = _plainly(mail).get_payload()
    return "\n".join(fields) + (f"\n\n{body}" if isinstance(body, str) else "")


def _letter(number: int) -> str:
    # surrogates are no letters, and control characters none of an address
    sound = 0x20 < number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return chr(number) if sound else "?"


def _decoded(content: bytes, charset: object) -> str:
    # the name comes from outside: some codecs are slow, and some are no charsets
    known = isinstance(charset, str) and _CHARSET.fullmatch(charset)
    try:
        return content.decode(charset if known else "latin-1", "replace")  # type: ignore[arg-type]
    except LookupError:
        return content.decode("latin-1")
