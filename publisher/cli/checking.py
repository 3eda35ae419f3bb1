"""check: what stands between an issue and its readers."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Annotated

import typer
from rich.markup import escape

from publisher.cli.app import JsonOption, WeekOption, app, desk_of, out, week_of
from publisher.cli.showing import show_json
from publisher.config import EDITIONS, check_editions
from publisher.pipeline.checking import Checked, check_week
from publisher.problems import Problem, Severity

_PLACE = 16  #: characters for the page


@app.command()
def check(
    ctx: typer.Context,
    week: WeekOption = "",
    links: Annotated[
        bool,
        typer.Option("--links", help="Ask every address the issue leads to whether it is there."),
    ] = False,
    edition: Annotated[
        list[str] | None,
        typer.Option(help=f"Look at this edition only ({', '.join(EDITIONS)}); may be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List what must be mended before an issue goes out, article by article, page by page.

    Composes and renders what has changed, and writes a page with a picture of every
    place, build/check/index.html. Ends with exit code 1 when something blocks sending.
    """
    check_editions(edition or (), "--edition")
    desk = desk_of(ctx)
    when = week_of(desk, week)
    with out.status(f"Looking {when} over …") as status:

        def told(done: int, count: int, address: str) -> None:
            status.update(f"Link {done + 1} of {count}: {escape(address[:70])}")

        checked = check_week(desk, when, only=edition or (), links=links, told=told)
    if as_json:
        show_json(_plain(checked))
    else:
        _show(checked, str(checked.sheet.relative_to(desk.publication.root)))
    if checked.errors:
        raise typer.Exit(1)


def _plain(checked: Checked) -> dict[str, object]:
    """Return what scripts want to know."""
    return {
        "week": str(checked.issue.week),
        "errors": len(checked.errors),
        "warnings": len(checked.problems) - len(checked.errors),
        "rendered_anew": checked.rendered_anew,
        "links": checked.links,
        "dead_links": checked.dead,
        "sheet": str(checked.sheet),
        "problems": checked.problems,
    }


def _show(checked: Checked, sheet: str) -> None:
    titles = {article.slug: article.title for article in checked.issue.articles}
    for slug, problems in _by_article(checked):
        name = titles.get(slug, slug) or "The issue"
        out.print(f"\n[bold]{escape(name)}[/]", highlight=False)
        for problem in problems:
            _show_problem(problem)
    errors, warnings = len(checked.errors), len(checked.problems) - len(checked.errors)
    if checked.links is not None:
        links = _count(checked.links, "link")
        out.print(f"\n{links} looked at, {checked.dead} dead.", highlight=False)
    if not checked.problems:
        out.print("\n[green]Nothing to mend and nothing to look at.[/]")
        return
    verdict = (
        f"[bold red]{_count(errors, 'error')}[/] to mend before it can go out"
        if errors
        else "[green]Nothing stands in the way of sending[/]"
    )
    out.print(f"\n{verdict}; {_count(warnings, 'warning')}.", highlight=False)
    out.print(f"Every place with its picture: {sheet}", highlight=False, soft_wrap=True)


def _by_article(checked: Checked) -> Iterator[tuple[str, Sequence[Problem]]]:
    """Yield the problems of the issue, then of each article in the order of the magazine."""
    order = {article.slug: n for n, article in enumerate(checked.issue.articles, 1)}

    def place(problem: Problem) -> tuple[int, str]:
        return order.get(problem.article, 0), problem.article

    for (_, slug), problems in groupby(sorted(checked.problems, key=place), key=place):
        yield slug, list(problems)


def _show_problem(problem: Problem) -> None:
    error = problem.severity is Severity.ERROR
    mark = "[red]error  [/]" if error else "[yellow]warning[/]"
    check = f" [dim]({problem.check})[/]" if problem.check else ""
    place = problem.where.ljust(_PLACE if len(problem.where) > 8 else 8)
    out.print(f"  {mark} {place} {escape(problem.message)}{check}", highlight=False, soft_wrap=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
