"""build/report.json: what the last rendering of an issue made, and what was found wrong in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from publisher.checks import Level
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.pipeline.desk import Desk
from publisher.pipeline.examining import inputs_of
from publisher.problems import Problem, Severity, Spot
from publisher.render import Rendered
from publisher.week import Week

REPORT = "report.json"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the last rendering made and found, as build/report.json keeps it."""

    files: tuple[str, ...] = ()  #: of all editions, relative to build/
    pages: int = 0
    problems: tuple[Problem, ...] = ()
    rendered: tuple[Rendered, ...] = ()  #: each edition with what its maker found
    inputs: Mapping[str, str] = field(default_factory=dict)  #: by edition: what it was made of
    embargoes: Mapping[str, datetime] = field(default_factory=dict)  #: by slug, aware
    relaxed: Mapping[str, Level] = field(default_factory=dict)  #: checks the issue's editor weighed

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the issue from being approved."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


def read_report(desk: Desk, week: Week) -> Report:
    """Return what the last rendering made and found; empty if there was none."""
    folder = desk.folder(week) / "build"
    path = folder / REPORT
    if not path.is_file():
        return Report()
    found = json.loads(path.read_text(encoding="utf-8"))
    rendered = tuple(_rendered(name, raw, folder) for name, raw in found["editions"].items())
    return Report(
        files=tuple(name for edition in found["editions"].values() for name in edition["files"]),
        pages=max((edition.pages for edition in rendered), default=0),
        problems=tuple(_problem(p) for p in found["problems"]),
        rendered=rendered,
        inputs={name: raw.get("inputs", "") for name, raw in found["editions"].items()},
        embargoes={
            slug: datetime.fromisoformat(until)
            for slug, until in found.get("embargoes", {}).items()
        },
        relaxed={name: Level(level) for name, level in found.get("relaxed", {}).items()},
    )


def is_fresh(desk: Desk, week: Week, report: Report, only: Sequence[str] = ()) -> bool:
    """Whether the editions (all, or `only` these) show the issue as its files are now."""
    made = {edition.edition: edition for edition in report.rendered}
    state = inputs_of(desk.publication, desk.folder(week))
    return bool(made) and all(
        name in made
        and report.inputs.get(name) == state
        and all(file.is_file() for file in made[name].files)
        for name in only or made
    )


def write_report(
    issue: Issue,
    rendered: Sequence[Rendered],
    problems: Sequence[Problem],
    *,
    inputs: Mapping[str, str],
) -> None:
    """Note what was made and found in build/report.json; `rendered` are all editions there are.

    `inputs` tells by edition what state of the issue's files it was made of.
    """
    folder = issue.build_folder
    report = {
        "week": str(issue.week),
        "number": issue.number,
        "editions": {
            edition.edition: {
                "files": [str(file.relative_to(folder)) for file in edition.files],
                "pages": edition.pages,
                "inputs": inputs.get(edition.edition, ""),
                "anchors": [list(anchor) for anchor in edition.anchors],
                "problems": [asdict(problem) for problem in edition.problems],
            }
            for edition in rendered
        },
        "embargoes": {a.slug: a.embargo.isoformat() for a in issue.articles if a.embargo},
        "relaxed": dict(issue.preflight),
        "problems": [asdict(problem) for problem in problems],
    }
    save(folder / REPORT, json.dumps(report, indent=2, ensure_ascii=False))


def _rendered(name: str, raw: Mapping[str, Any], folder: Path) -> Rendered:
    return Rendered(
        edition=name,
        files=tuple(folder / file for file in raw["files"]),
        pages=raw["pages"],
        anchors=tuple((slug, page) for slug, page in raw.get("anchors", [])),
        problems=tuple(_problem(problem) for problem in raw.get("problems", [])),
    )


def _problem(raw: dict[str, Any]) -> Problem:
    spot = raw.get("spot")
    kind = Severity(raw["severity"])
    return Problem(**{**raw, "severity": kind, "spot": Spot(**spot) if spot else None})
