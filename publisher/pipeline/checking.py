"""Check: look an issue over, from its texts to its finished pages."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from publisher.checks import judge
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.pipeline import record as records
from publisher.pipeline.desk import Desk
from publisher.pipeline.examining import examine
from publisher.pipeline.known_links import Finding, Standing, link_problems
from publisher.pipeline.linking import Told, check_links
from publisher.pipeline.making import draw_up, render_week
from publisher.pipeline.reporting import is_fresh, read_report, write_report
from publisher.pipeline.states import State
from publisher.problems import Problem, Severity
from publisher.render import Rendered
from publisher.render.preflight.sheet import proof_sheet
from publisher.render.templates import environment
from publisher.week import Week

SHEET = Path("check") / "index.html"  #: in build/


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was found in an issue."""

    issue: Issue
    problems: tuple[Problem, ...]
    sheet: Path  #: the page that shows every problem at its place
    rendered_anew: bool
    links: int | None = None  #: how many addresses were looked at, if that was asked for
    dead: int = 0  #: of these

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the issue from being approved."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


def check_week(
    desk: Desk,
    week: Week,
    *,
    only: Sequence[str] = (),
    links: bool = False,
    told: Told = lambda done, count, address: None,
) -> Checked:
    """Say all that is wrong with a week's issue, and write build/check/index.html.

    What was rendered is taken as it is, as long as no file it was made of has changed
    since; else the issue is composed and rendered. `only` names the editions to look at.
    `links` asks every address that was not asked lately; `told` hears how it goes. An
    approved issue is looked at as it was approved.
    """
    anew = not _up_to_date(desk, week, only)
    if anew:
        render_week(desk, week, only=only)
    composed = draw_up(desk, week)
    issue, publication = composed.issue, desk.publication
    findings: dict[str, Finding] = {}
    if links:
        findings = check_links(issue, publication, now=desk.clock, told=told)
    report = read_report(desk, week)
    shown = [e for e in report.rendered if not only or e.edition in only]
    if _frozen(desk, week):
        # what was approved is what counts, whatever its files say today
        known = link_problems(issue, publication, findings, desk.clock())
        told_already = {problem.message for problem in report.problems}
        new = [p for p in known if p.message not in told_already]
        problems = (*report.problems, *judge(new, publication.preflight, report.relaxed))
    else:
        problems = examine(issue, publication, report.rendered, composed.problems, now=desk.clock())
        write_report(issue, report.rendered, problems, inputs=report.inputs)
        if only:
            problems = examine(issue, publication, shown, composed.problems, now=desk.clock())
    sheet = issue.build_folder / SHEET
    _write_sheet(desk, issue, shown, problems, sheet)
    return Checked(
        issue=issue,
        problems=problems,
        sheet=sheet,
        rendered_anew=anew,
        links=len(findings) if links else None,
        dead=sum(finding.standing is Standing.DEAD for finding in findings.values()),
    )


def _up_to_date(desk: Desk, week: Week, only: Sequence[str]) -> bool:
    """Whether the last rendering still shows the issue, or must not be changed any more."""
    if _frozen(desk, week):
        return True
    record = records.find(desk.engine, week)
    if not only and (record is None or (record.held_state or record.state) is not State.RENDERED):
        return False
    return is_fresh(desk, week, read_report(desk, week), only)


def _frozen(desk: Desk, week: Week) -> bool:
    record = records.find(desk.engine, week)
    return record is not None and not record.editable


def _write_sheet(
    desk: Desk,
    issue: Issue,
    rendered: Sequence[Rendered],
    problems: Sequence[Problem],
    path: Path,
) -> None:
    page = proof_sheet(
        environment(desk.publication), issue, rendered, problems, made_at=desk.clock()
    )
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir(parents=True)
    save(path, page)
