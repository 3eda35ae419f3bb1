"""The signature of SendGrid's Event Webhook."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.deliver.feedback.events_signed import Doubt, doubt, read_key
from publisher.errors import ConfigError
from publisher.rehearsal.webhook import SIGNATURE, new_key, shown_key, signed_headers

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MOMENT = str(int(NOW.timestamp()))
PRIVATE = new_key()
PUBLIC = read_key(shown_key(PRIVATE))
#: key, signature, timestamp and body from the tests of SendGrid's own library
OFFICIAL_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62g"
    "w+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
OFFICIAL_SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="


def believe(
    body: bytes = b"[]", *, signature: str = "", timestamp: str = MOMENT, now: datetime = NOW
) -> Doubt | None:
    """Ask whether a request is to be believed."""
    return doubt(
        PUBLIC,
        signature=signature,
        timestamp=timestamp,
        body=body,
        now=now,
        within=timedelta(hours=25),
    )


def signed(body: bytes, timestamp: str = MOMENT) -> str:
    """Sign as SendGrid does."""
    return signed_headers(body, PRIVATE, timestamp=int(timestamp))[SIGNATURE]


def test_a_request_that_sendgrid_signed_is_believed() -> None:
    assert believe(b"[1]", signature=signed(b"[1]")) is None


def test_the_key_of_sendgrids_own_examples_is_read() -> None:
    key = read_key(OFFICIAL_KEY)
    told = doubt(
        key,
        signature=OFFICIAL_SIGNATURE,
        timestamp="1600112502",
        body=b"",
        now=NOW,
        within=timedelta(hours=25),
    )
    assert told is Doubt.FORGED


@given(st.binary(max_size=80), st.text(max_size=20), st.text(max_size=20))
def test_nothing_that_is_not_signed_is_believed(body: bytes, signature: str, moment: str) -> None:
    assert believe(body, signature=signature, timestamp=moment) in (Doubt.FORGED, Doubt.UNSIGNED)


@given(st.binary(max_size=80))
def test_random_signatures_are_no_signatures(given_signature: bytes) -> None:
    signature = b64encode(given_signature).decode()
    assert believe(b"[]", signature=signature) in (Doubt.FORGED, Doubt.UNSIGNED)


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (timedelta(hours=25), None),
        (timedelta(hours=25, seconds=1), Doubt.OLD),
        (timedelta(days=4000), Doubt.OLD),
        (timedelta(minutes=-5), None),
        (timedelta(minutes=-5, seconds=-1), Doubt.AHEAD),
    ],
)
def test_a_signature_has_its_time(age: timedelta, told: Doubt | None) -> None:
    assert believe(signature=signed(b"[]"), now=NOW + age) is told


def test_a_signature_holds_for_its_own_moment_alone() -> None:
    later = str(int(MOMENT) + 1)
    assert believe(signature=signed(b"[]"), timestamp=later) is Doubt.FORGED


@pytest.mark.parametrize(
    "text", ["", "AAAA", "-----BEGIN PUBLIC KEY-----", "é", shown_key(PRIVATE)[4:]]
)
def test_what_is_no_key_is_told_in_one_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="copy it whole from SendGrid"):
        read_key(text)
