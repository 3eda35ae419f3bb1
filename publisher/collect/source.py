"""What a source offers, and what the week's loop asks of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from publisher.config import SourceKind
from publisher.content.article import Article
from publisher.problems import Problem


@dataclass(frozen=True)
class Validators:
    """What a server gave us to ask "anything new since?" (RFC 9110, 13.1)."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """An article as its source has it now; nothing of it is stored yet.

    Pictures still stand under the names the source knows them by, in the text and as
    `article.picture.path`; `pictures` lists them.
    """

    identity: str  #: what makes it the same article on another day and in another source
    article: Article
    digest: str  #: of the text as fetched, to notice changes at the source
    pictures: tuple[str, ...] = ()
    #: the CSV files its charts name, as the text names them
    tables: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()  #: told if the article is taken


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one look at a source gave."""

    found: tuple[Found, ...] = ()
    problems: tuple[Problem, ...] = ()
    validators: Validators | None = None  #: None: the source has none, or said "not modified"
    complete: bool = True  #: everything it offers was looked at


@dataclass(frozen=True, kw_only=True)
class PictureFile:
    """A picture's bytes, ready to be stored."""

    name: str  #: a file name, such as port-at-dawn.jpg
    data: bytes


class Source(Protocol):
    """A place articles come from."""

    @property
    def label(self) -> str:
        """The name an operator sees."""

    @property
    def address(self) -> str:
        """What its reading is remembered under."""

    @property
    def kind(self) -> SourceKind:
        """What it is; noted with each article."""

    @property
    def keeps_everything(self) -> bool:
        """Whether old articles stay until used, as in a folder, or are history, as in a feed."""

    def read(self, validators: Validators) -> Reading:
        """Look what is there; raise `CollectError` when that cannot be done at all."""

    def picture(self, found: Found, name: str) -> PictureFile:
        """Get one picture of an article; raise a `PublisherError` when it cannot be had."""


def pictures_of(lead: str, body_pictures: Sequence[str]) -> tuple[str, ...]:
    """Return an article's pictures, each once, the lead first."""
    return tuple(dict.fromkeys(name for name in (lead, *body_pictures) if name))
