"""Everything that is wrong with an issue, weighed and placed: what `check` and preview show."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from publisher import __version__
from publisher.checks import judge
from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.pipeline.known_links import link_problems, remembered
from publisher.problems import Problem, Severity
from publisher.render import Rendered
from publisher.render.preflight import issue_problems
from publisher.render.preflight.places import locate, paged
from publisher.render.stamps import digest, file_digest
from publisher.render.templates import TEMPLATES

#: what of a publication no edition shows
_OF_NO_PAGE = frozenset({"schedule", "delivery", "sources", "root"})
#: found on pages of one edition: the same words on a page of another are another finding
_OF_A_PAGE = frozenset({"overset", "widows", "stranded", "wide", "last_page"})


def examine(
    issue: Issue,
    publication: Publication,
    rendered: Sequence[Rendered],
    found: Iterable[Problem],
    *,
    now: datetime,
) -> tuple[Problem, ...]:
    """Return every problem of an issue once, as bad as it counts, with its place if it is known.

    `found` is what reading and composing told; of links counts what was asked lately.
    Errors come first, then the order of pages.
    """
    main = paged(rendered)
    of_issue = [
        *found,
        *issue_problems(issue, publication, rendered),
        *link_problems(issue, publication, remembered(issue), now),
    ]
    groups: list[tuple[Rendered | None, Sequence[Problem]]] = [(main, of_issue)]
    groups += [(edition if edition.pages else main, edition.problems) for edition in rendered]
    cache = issue.build_folder / "cache"
    told: dict[tuple[object, ...], Problem] = {}
    for edition, problems in groups:
        judged = judge(problems, publication.preflight, issue.preflight)
        placed = locate(judged, edition, issue.folder, cache) if edition else judged
        for problem in placed:
            told.setdefault(_same(problem), problem)
    return tuple(sorted(told.values(), key=_order))


def _same(problem: Problem) -> tuple[object, ...]:
    if problem.check == "missing_picture" and problem.subject:
        return problem.check, problem.article, problem.subject  # each edition has its own words
    of_a_page = problem.spot if problem.check in _OF_A_PAGE else None
    if not problem.check:
        return (replace(problem, spot=None),)
    place = problem.subject if problem.check == "leftovers" else ""
    return problem.message, problem.article, problem.check, place, of_a_page


def _order(problem: Problem) -> tuple[bool, bool, int]:
    return problem.severity is not Severity.ERROR, problem.page is None, problem.page or 0


def inputs_of(publication: Publication, issue_folder: Path) -> str:
    """Return a name for all that an issue is made of; it changes when something of it does.

    By content, so that a copy on another machine has the same name.
    """
    own = publication.root / "templates"
    files: list[tuple[str, Path]] = []
    for folder in (issue_folder, own, TEMPLATES):
        files += [(path.relative_to(folder).as_posix(), path) for path in folder.rglob("*")]
    settings = {
        name: getattr(publication, name)
        for name in publication.__dataclass_fields__
        if name not in _OF_NO_PAGE
    }
    lines = [__version__, repr(settings), publication.delivery.pdf]
    for name, path in sorted(files):
        if _counts(name) and path.is_file():
            lines += [name, file_digest(path)]
    return digest(*lines)


def _counts(name: str) -> bool:
    """Whether a file may have a part in an issue: editors' backups and what was built have none."""
    first, last = name.partition("/")[0], name.rpartition("/")[2]
    return first != "build" and not last.startswith(".") and not last.endswith(("~", ".pyc"))
