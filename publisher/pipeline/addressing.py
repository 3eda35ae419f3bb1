"""The addresses in a mail that are one reader's own: to leave, to choose, to bounce to."""

from dataclasses import dataclass

from publisher.audience.tokens import Tokens
from publisher.config import SenderKind
from publisher.deliver.senders import verp
from publisher.pipeline.desk import Desk
from publisher.storage.settings import signing_keys


@dataclass(frozen=True)
class Addresses:
    """Makes the addresses of a publication's readers; each is the same every time."""

    base: str  #: public address of the pages, without a slash at the end
    bounces: str  #: where bounces go; empty if to the sender's address
    tokens: Tokens

    def unsubscribe(self, subscriber: int, list_name: str) -> str:
        """Return where a reader unsubscribes."""
        return f"{self.base}/unsubscribe/{self.tokens.unsubscribe(subscriber, list_name)}"

    def preferences(self, subscriber: int, list_name: str) -> str:
        """Return where a reader says how she wants the issue."""
        return f"{self.base}/preferences/{self.tokens.preferences(subscriber, list_name)}"

    def return_path(self, mailing: int, subscriber: int) -> str:
        """Return where a bounce of this mail goes; empty if to the sender's address."""
        if not self.bounces:
            return ""
        return verp.address(self.bounces, self.tokens.bounce(mailing, subscriber))


def addresses_of(desk: Desk) -> Addresses:
    """Return the maker of addresses for the readers of a publication."""
    delivery = desk.publication.delivery
    by_smtp = delivery.sender is SenderKind.SMTP
    return Addresses(
        base=desk.publication.public_url,
        bounces=delivery.smtp.bounces if by_smtp else "",
        tokens=Tokens(signing_keys(desk.engine, desk.secrets)),
    )
