"""Issue -> editions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.problems import Problem


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """One edition, made."""

    edition: str
    files: tuple[Path, ...]  #: the first is the edition itself
    problems: tuple[Problem, ...] = ()
    pages: int = 0  #: of a paged edition
    anchors: tuple[tuple[str, int], ...] = ()  #: slug and 1-based page where it begins


class Edition(Protocol):
    """One way of putting an issue before its readers."""

    name: str

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Make the edition in `issue.build_folder`, atomically.

        Raises `RenderError` when nothing usable can be made; all else is a problem.
        """
        ...


def build(
    issue: Issue, publication: Publication, editions: Sequence[Edition]
) -> tuple[Rendered, ...]:
    """Make the editions in the order given."""
    return tuple(edition.build(issue, publication) for edition in editions)


def editions_of(publication: Publication) -> tuple[Edition, ...]:
    """Return the editions that the publication makes, in its order."""
    # imported here, for they import this module; and drawing PDFs takes long to import,
    # which commands that draw none need not wait for
    from publisher.render.email import Email
    from publisher.render.magazine import Magazine
    from publisher.render.web import Web

    known: dict[str, Edition] = {e.name: e for e in (Magazine(), Email(), Web())}
    return tuple(known[name] for name in publication.editions.make)
