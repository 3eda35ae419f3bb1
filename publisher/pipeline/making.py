"""Collect, compose, render: from the world to editions in the issue's build folder."""

from collections.abc import Sequence
from dataclasses import dataclass

from publisher.collect import CollectReport, collect
from publisher.compose import Composed, compose
from publisher.compose.proposal import first_issue_file
from publisher.content.articles import picture_sizes, read_articles
from publisher.content.files import save
from publisher.content.issue import FILE, Issue, read_issue_file
from publisher.pipeline import record as records
from publisher.pipeline.desk import Desk
from publisher.pipeline.examining import examine, inputs_of
from publisher.pipeline.reporting import Report, read_report, write_report
from publisher.pipeline.states import State, check_move
from publisher.problems import Problem, Severity
from publisher.render import Rendered, build, editions_of
from publisher.render.workshop import workshop
from publisher.week import Week


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


def draw_up(desk: Desk, week: Week) -> Composed:
    """Compose a week's issue from its folder as it is; nothing is written and nothing moves."""
    publication, folder = desk.publication, desk.folder(week)
    articles, broken = read_articles(folder, publication.timezone)
    record = records.find(desk.engine, week)
    composed = compose(
        week,
        articles,
        read_issue_file(folder),
        publication,
        number=record.number if record else publication.first_number,
        folder=folder,
        sizes=picture_sizes(folder, articles),
    )
    return Composed(issue=composed.issue, problems=(*broken, *composed.problems))


def render_week(desk: Desk, week: Week, only: Sequence[str] = ()) -> Made:
    """Compose and render a week's issue, and note in build/report.json what was found."""
    workshop().start()  # the engine takes a second to load: it does so while we read
    composed = compose_week(desk, week)
    editions = [
        e for e in editions_of(desk.publication, composed.issue) if not only or e.name in only
    ]
    state = inputs_of(desk.publication, composed.issue.folder)
    rendered = build(composed.issue, desk.publication, editions)
    before = read_report(desk, week)
    whole = (*_others(desk, composed.issue, rendered, before), *rendered) if only else rendered
    problems = examine(composed.issue, desk.publication, whole, composed.problems, now=desk.clock())
    made = Made(issue=composed.issue, rendered=rendered, problems=problems)
    inputs = {**before.inputs, **dict.fromkeys((e.edition for e in rendered), state)}
    write_report(composed.issue, whole, problems, inputs=inputs)
    if not only:
        _advance(desk, week, State.RENDERED)
    return made


def _others(
    desk: Desk, issue: Issue, rendered: Sequence[Rendered], before: Report
) -> tuple[Rendered, ...]:
    """Return the editions of the issue that were made before and are still there."""
    new = {edition.edition for edition in rendered}
    wanted = {edition.name for edition in editions_of(desk.publication, issue)} - new
    return tuple(
        edition
        for edition in before.rendered
        if edition.edition in wanted and all(file.is_file() for file in edition.files)
    )


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
