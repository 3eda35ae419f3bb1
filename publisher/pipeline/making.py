"""Collect, compose, render: from the world to editions in the issue's build folder."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from publisher.collect import CollectReport, collect
from publisher.compose import Composed, compose
from publisher.compose.proposal import first_issue_file
from publisher.content.articles import picture_sizes, read_articles
from publisher.content.files import save
from publisher.content.issue import FILE, Issue, read_issue_file
from publisher.pipeline import record as records
from publisher.pipeline.desk import Desk
from publisher.pipeline.states import State, check_move
from publisher.problems import Problem, Severity, Spot
from publisher.render import Rendered, build, editions_of
from publisher.week import Week

REPORT = "report.json"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A rendered issue with all that was found on the way."""

    issue: Issue
    rendered: tuple[Rendered, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the issue from being approved."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    def edition(self, name: str) -> Rendered | None:
        """Return an edition, if the publication makes it."""
        return next((r for r in self.rendered if r.edition == name), None)


def collect_week(desk: Desk, week: Week) -> CollectReport:
    """Bring in what is new for a week's issue, opening the issue with the first article."""
    record = records.find(desk.engine, week)
    if record and not record.editable:
        check_move(week, record.state, State.COMPOSED)
    report = collect(desk.publication, week, desk.engine, now=desk.clock())
    if report.added:
        _open(desk, week)
    return report


def compose_week(desk: Desk, week: Week) -> Composed:
    """Compose a week's issue from its folder; raise `EmptyIssue` when nothing is there.

    The first time, an issue.toml is written for the editor with the number and the date;
    later ones are read, never written.
    """
    publication = desk.publication
    folder = desk.folder(week)
    articles, broken = read_articles(folder, publication.timezone)
    choices = read_issue_file(folder)
    # a week without articles must not take a number
    record = _open(desk, week) if articles else records.find(desk.engine, week)
    if record and not record.editable:
        check_move(week, record.state, State.COMPOSED)
    number = record.number if record else publication.first_number
    if choices.number and record and choices.number != number:
        records.renumber(desk.engine, week, choices.number, now=desk.clock())
        number = choices.number
    composed = compose(
        week,
        articles,
        choices,
        publication,
        number=number,
        folder=folder,
        sizes=picture_sizes(folder, articles),
    )
    if not (folder / FILE).exists():
        save(folder / FILE, first_issue_file(composed.issue))
    _advance(desk, week, State.COMPOSED)
    return Composed(issue=composed.issue, problems=(*broken, *composed.problems))


def render_week(desk: Desk, week: Week, only: Sequence[str] = ()) -> Made:
    """Compose and render a week's issue, and note in build/report.json what was found."""
    composed = compose_week(desk, week)
    editions = [
        e for e in editions_of(desk.publication, composed.issue) if not only or e.name in only
    ]
    rendered = build(composed.issue, desk.publication, editions)
    found = (*composed.problems, *(p for edition in rendered for p in edition.problems))
    # what is wrong with a text is found by every edition that prints it
    problems = tuple(dict.fromkeys(found))
    made = Made(issue=composed.issue, rendered=rendered, problems=problems)
    _write_report(made, partial=bool(only))
    if not only:
        _advance(desk, week, State.RENDERED)
    return made


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the last rendering made and found, as build/report.json keeps it."""

    files: tuple[str, ...] = ()  #: of all editions, relative to build/
    pages: int = 0
    problems: tuple[Problem, ...] = ()


def read_report(desk: Desk, week: Week) -> Report:
    """Return what the last rendering made and found; empty if there was none."""
    path = desk.folder(week) / "build" / REPORT
    if not path.is_file():
        return Report()
    found = json.loads(path.read_text(encoding="utf-8"))
    return Report(
        files=tuple(name for edition in found["editions"].values() for name in edition["files"]),
        pages=max((edition["pages"] for edition in found["editions"].values()), default=0),
        problems=tuple(_problem(p) for p in found["problems"]),
    )


def _problem(raw: dict[str, Any]) -> Problem:
    spot = raw.get("spot")
    kind = Severity(raw["severity"])
    return Problem(**{**raw, "severity": kind, "spot": Spot(**spot) if spot else None})


def _open(desk: Desk, week: Week) -> records.Record:
    return records.open_issue(
        desk.engine,
        week,
        first_number=desk.publication.first_number,
        now=desk.clock(),
        who=desk.who,
    )


def _advance(desk: Desk, week: Week, state: State) -> None:
    record = records.get(desk.engine, week)
    if record.state is not State.HELD:  # work on a held issue goes on; the hold stays
        records.move(desk.engine, week, state, now=desk.clock(), who=desk.who)


def _write_report(made: Made, *, partial: bool) -> None:
    folder = made.issue.build_folder
    editions = {
        r.edition: {"files": [str(f.relative_to(folder)) for f in r.files], "pages": r.pages}
        for r in made.rendered
    }
    path = folder / REPORT
    if partial and path.is_file():
        editions = json.loads(path.read_text(encoding="utf-8"))["editions"] | editions
    report = {
        "week": str(made.issue.week),
        "number": made.issue.number,
        "editions": editions,
        "problems": [asdict(problem) for problem in made.problems],
    }
    save(path, json.dumps(report, indent=2, ensure_ascii=False))
