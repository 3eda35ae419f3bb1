"""The signature of SendGrid's Event Webhook: ECDSA on P-256 with SHA-256.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

import binascii
from base64 import b64decode
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from publisher.errors import ConfigError

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_AHEAD = timedelta(minutes=5)  #: how far another machine's clock may be ahead of ours
_SHA256 = ec.ECDSA(hashes.SHA256())


class Doubt(StrEnum):
    """Why a request is not believed."""

    UNSIGNED = "carries no signature"
    FORGED = "carries a signature that is not SendGrid's"
    OLD = "was signed too long ago"
    AHEAD = "was signed in the future"


def read_key(text: str) -> ec.EllipticCurvePublicKey:
    """Read the public key as SendGrid shows it (DER in base64), with or without PEM's frame.

    Raises `ConfigError`.
    """
    lines = (line for line in text.splitlines() if "-----" not in line)
    try:
        key = load_der_public_key(b64decode("".join("".join(lines).split()), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ConfigError(
            "publication.toml: delivery.sendgrid.webhook_key is not a verification key: copy it"
            " whole from SendGrid, Settings, Mail Settings, Event Webhook, Signature Verification"
        )
    return key


def doubt(
    key: ec.EllipticCurvePublicKey,
    *,
    signature: str,
    timestamp: str,
    body: bytes,
    now: datetime,
    within: timedelta,
) -> Doubt | None:
    """Say why a request is not to be believed, or None if it is.

    `timestamp` is the header's text, which is signed together with the raw body; a
    request that was heard and is sent again by somebody else later than `within` is old.
    """
    if not signature or not timestamp:
        return Doubt.UNSIGNED
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 11):
        return Doubt.FORGED
    try:
        given = b64decode(signature, validate=True)
        key.verify(given, timestamp.encode() + body, _SHA256)
    except (InvalidSignature, ValueError):  # binascii.Error is a kind of it
        return Doubt.FORGED
    age = now.timestamp() - int(timestamp)
    if age > within.total_seconds():
        return Doubt.OLD
    return Doubt.AHEAD if -age > _AHEAD.total_seconds() else None
