"""collect, compose, render, preview: making the issue."""

from typing import Annotated

import typer
from rich.table import Table

from publisher.cli.app import JsonOption, WeekOption, app, desk_of, err, out, week_of
from publisher.cli.showing import show_explained, show_json, show_made, show_problems
from publisher.compose import proposal
from publisher.config import load_publication
from publisher.content.files import save
from publisher.content.issue import FILE, Issue
from publisher.pipeline import making
from publisher.pipeline.explaining import explain_week
from publisher.week import Week


@app.command()
def collect(ctx: typer.Context, week: WeekOption = "", as_json: JsonOption = False) -> None:
    """Bring this week's new articles in from all sources.

    Run it as often as you like: a second run adds only what is new, and nothing that an
    editor changed is overwritten.
    """
    desk = desk_of(ctx)
    when = week_of(desk, week)
    with out.status(f"Collecting {when} …"):
        report = making.collect_week(desk, when)
    if as_json:
        show_json(report)
        return
    out.print(
        f"{when}: [bold]{len(report.added)}[/] new, {len(report.already)} here already,"
        f" {len(report.waiting)} for other weeks"
    )
    show_problems(report.problems)


@app.command()
def compose(
    ctx: typer.Context,
    week: WeekOption = "",
    write: Annotated[
        bool,
        typer.Option("--write", help="Add the proposal to issue.toml; what you typed stays."),
    ] = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Tell why each article has its kind and place, how it was fitted to its pages,"
            " and what an editor could do.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Arrange the week's articles into an issue and show its running order."""
    desk = desk_of(ctx)
    when = week_of(desk, week)
    composed = making.compose_week(desk, when)
    issue = composed.issue
    if write:
        path = issue.folder / FILE
        existing = path.read_text(encoding="utf-8") if path.exists() else ""
        save(path, proposal.merge_issue_file(existing, issue))
    if explain:
        with err.status(f"Laying out {when} …"):
            told = explain_week(desk, when)
        if as_json:
            show_json(told)
        else:
            show_explained(told)
            show_problems(told.problems)
        return
    if as_json:
        show_json(composed)
        return
    _show_order(issue)
    show_problems(composed.problems)
    if write:
        out.print(f"Written into {issue.folder / FILE}: change what you like.")


def _show_order(issue: Issue) -> None:
    table = Table(title=f"No. {issue.number} · {issue.week} · {issue.cover.title}")
    for heading in ("section", "layout", "headline", "words"):
        table.add_column(heading, justify="right" if heading == "words" else "left")
    for slot in issue.slots:
        for article in slot.articles:
            kind = "cover story" if slot.cover_story else slot.kind
            table.add_row(slot.section.name, kind, article.title, str(article.words))
    out.print(table)


@app.command()
def render(
    ctx: typer.Context,
    week: WeekOption = "",
    edition: Annotated[
        list[str] | None,
        typer.Option(help="Make only this edition (magazine, email, web); may be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the magazine, the e-mail and the web page of an issue."""
    desk = desk_of(ctx)
    when = week_of(desk, week)
    with out.status(f"Rendering {when} …"):
        made = making.render_week(desk, when, only=edition or ())
    if as_json:
        show_json(made)
        return
    show_made(made, desk.publication.root)
    show_problems(made.problems)


@app.command()
def preview(
    ctx: typer.Context,
    week: WeekOption = "",
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8301,
) -> None:
    """Look at the issue in the browser; it is refreshed in place whenever a file is saved."""
    from publisher.pipeline.desk import wall_clock
    from publisher.web.preview import serve_preview

    publication = load_publication(ctx.obj)
    schedule = publication.schedule
    now = wall_clock()
    when = Week.parse(week) if week else Week.collecting(now, publication.timezone, schedule.cutoff)
    serve_preview(publication, when, host="127.0.0.1", port=port, announce=_say)


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
