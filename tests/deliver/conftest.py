"""The servers that the tests of delivery talk to."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.deliver.hearsay import Teller, mail_with_links
from tests.servers.sendgrid import SendGridServer, sendgrid_server
from tests.servers.smtp import SmtpServer, smtp_server


@pytest.fixture
def sendgrid() -> Iterator[SendGridServer]:
    """A SendGrid on loopback."""
    with sendgrid_server() as server:
        yield server


@pytest.fixture
def mail_server() -> Iterator[SmtpServer]:
    """A mail server on loopback, without TLS and login."""
    with smtp_server() as server:
        yield server


@pytest.fixture
def tell(engine: Engine) -> Teller:
    """Make events of a mailing with six links to five readers."""
    return Teller(mail_with_links(engine))
