"""Return paths that say whose mail came back (VERP): bounces+TOKEN@example.org.

A bounce quotes the mail it is about badly, cut short or not at all, but it always goes
to the envelope's sender; so each reader's mail gets one of its own.
"""

import re

from publisher.deliver.senders.headers import ascii_domain
from publisher.errors import DeliveryError

LONGEST_TOKEN = 39  #: letters of a token that carries any mailing and subscriber
_TOKEN = re.compile(r"[a-z2-7]{30,48}")
_LONGEST_LOCAL = 64  # octets before the @ (RFC 5321, 4.5.3.1.1)


def address(base: str, token: str) -> str:
    """Return the return path that carries a token; see `token_of`.

    The token must be of a to z and 2 to 7, for servers on the way change the case of
    what stands before the @. Raises `DeliveryError` if the address grows too long.
    """
    local, _, domain = base.rpartition("@")
    marked = f"{local}+{token}"
    if len(marked.encode()) > _LONGEST_LOCAL:
        raise DeliveryError(
            f"bounces = {base} in [delivery.smtp] is too long to take a mark of"
            f" {len(token)} letters: use at most {_LONGEST_LOCAL - 1 - len(token)} letters"
            " before the @"
        )
    return ascii_domain(f"{marked}@{domain}")


def token_of(recipient: str) -> str | None:
    """Return the token of an address a bounce came to, in lower case; None if it has none.

    Says nothing about who made the token.
    """
    local, at, _ = recipient.strip().strip("<>").rpartition("@")
    _, plus, token = local.rpartition("+")
    token = token.lower()
    return token if at and plus and _TOKEN.fullmatch(token) else None
