"""Issue -> editions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
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
    #: by article or shared page: how it was fitted, and what an editor could do
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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


#: where each edition is made: module below this package, and class
_MAKERS = {
    "magazine": ("magazine", "Magazine"),
    "letter": ("magazine", "Letter"),
    "phone": ("phone", "Phone"),
    "print": ("proof", "Print"),
    "epub": ("epub", "Epub"),
    "email": ("email", "Email"),
    "web": ("web", "Web"),
}


def editions_of(publication: Publication, issue: Issue) -> tuple[Edition, ...]:
    """Return the editions that are made of an issue, in the order its maker wrote them.

    Their modules are imported here: they import this one, and what draws PDFs takes long
    to import, which commands that draw none need not wait for.
    """
    found: list[Edition] = []
    for name in issue.editions or publication.editions.make:
        module, maker = _MAKERS[name]
        found.append(getattr(import_module(f"publisher.render.{module}"), maker)())
    return tuple(found)
