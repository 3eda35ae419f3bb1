"""E-mail addresses: which are right, and which are the same reader's."""

import re
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from publisher.errors import AudienceError
from publisher.storage.suppressions import email_hash

# what nearly all addresses look like; whatever does not match is looked at more closely
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*", re.ASCII)
_PLAIN_DOMAIN = re.compile(r"[A-Za-z0-9.-]+", re.ASCII)
_LONGEST = 254  # RFC 5321 section 4.5.3.1, with erratum 1690 of RFC 3696
_LONGEST_LOCAL = 64


@dataclass(frozen=True, slots=True)
class Address:
    """An address that mail can be sent to."""

    email: str  #: as its owner writes it, the domain in ASCII (IDNA) and lower case
    key: str  #: the same for every spelling of one reader's address
    name: str = ""  #: from "Name <address>"

    @property
    def hash(self) -> str:
        """The hash under which an opt-out remembers it."""
        return email_hash(self.key)


def parse_address(text: str) -> Address:
    """Read an address as people write it; nothing is looked up in the DNS.

    Raises `AudienceError` saying what is wrong with it.
    """
    text = text.strip().removeprefix("mailto:")
    local, _, domain = text.rpartition("@")
    if (
        len(text) <= _LONGEST
        and len(local) <= _LONGEST_LOCAL
        and _PLAIN_LOCAL.fullmatch(local)
        and _PLAIN_DOMAIN.fullmatch(domain)
    ):
        found = _plain_domain(domain)
        if found:
            return Address(f"{local}@{found}", f"{local}@{found}".casefold())
    return _checked(text)


@lru_cache(maxsize=65_536)
def _plain_domain(domain: str) -> str:
    """Return the domain as mail servers know it; empty if the whole address needs a look.

    A list has few domains: the checks of each are made once.
    """
    try:
        return validate_email(f"x@{domain}", check_deliverability=False).ascii_domain
    except EmailNotValidError:
        return ""


def _checked(text: str) -> Address:
    try:
        found = validate_email(
            text[:1000],
            check_deliverability=False,
            allow_smtputf8=False,  # neither SendGrid nor most relays can deliver those
            allow_display_name=True,
            strict=True,
        )
    except EmailNotValidError as error:
        reason = str(error).rstrip(".")
        shown = text if len(text) <= 80 else f"{text[:80]}..."
        raise AudienceError(f'"{shown}" is not an e-mail address: {reason}') from None
    email = str(found.ascii_email)
    return Address(email, email.casefold(), found.display_name or "")
