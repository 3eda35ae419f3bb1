"""Tables and JSON that several commands print."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from publisher.cli.app import out
from publisher.deliver.certificate import Certificate
from publisher.deliver.sending import Progress as SendingProgress
from publisher.pipeline.explaining import Explained
from publisher.pipeline.making import Made
from publisher.problems import Problem, Severity

_NAMES = 100  #: more stand in the report


def show_problems(problems: Iterable[Problem]) -> None:
    """List problems, errors first; print nothing when there are none."""
    ordered = sorted(problems, key=lambda problem: problem.severity is not Severity.ERROR)
    if not ordered:
        return
    out.print(f"\n[bold]{len(ordered)} to look at[/]")
    for problem in ordered:
        mark = "[red]error[/]  " if problem.severity is Severity.ERROR else "[yellow]warning[/]"
        out.print(f"  {mark} {escape(str(problem))}", soft_wrap=True)


def show_made(made: Made, root: Path) -> None:
    """Show what was made and where it lies."""
    issue = made.issue
    table = Table(title=f"No. {issue.number} · {issue.week} · {issue.cover.title}")
    for heading in ("edition", "what", "where"):
        table.add_column(heading, overflow="fold")
    for rendered in made.rendered:
        table.add_row(rendered.edition, size_of(rendered), str(rendered.files[0].relative_to(root)))
    out.print(table)


def show_explained(explained: Explained) -> None:
    """Tell of each article why it stands where it does and how it was fitted."""
    shared: tuple[int | None, tuple[str, ...]] | None = None
    for told in explained.articles:
        where = f"p. {told.page}" if told.page else ""
        if told.page and told.pages > 1:
            where = f"pp. {told.page}-{told.page + told.pages - 1}"
        out.print(
            f"[bold]{escape(told.title)}[/]  {where}"
            f"  [dim]{escape(told.section)} {escape(told.article)}, {told.words} words[/]",
            soft_wrap=True,
        )
        facts = [told.why] if told.why else []
        # of briefs on a shared page it is told once
        if (told.page, told.fitted) != shared:
            facts += told.fitted
        shared = told.page, told.fitted
        for fact in facts:
            out.print(f"    {escape(fact)}", soft_wrap=True)
    for slug, why in explained.absent.items():
        out.print(f"[dim]{escape(slug)}[/]: {escape(why)}", soft_wrap=True)


def size_of(rendered: Any) -> str:
    """Say how large an edition is: pages and megabytes, or kilobytes."""
    size = sum(file.stat().st_size for file in rendered.files[:1])
    weight = f"{size / 1e6:.1f} MB" if size > 500_000 else f"{size / 1000:.0f} KB"
    return f"{rendered.pages} pages, {weight}" if rendered.pages else weight


def show_certificate(certificate: Certificate) -> None:
    """Show who got the issue and who did not, with names."""
    out.print(f"[bold]{escape(certificate.sentence)}[/]")
    for reader in certificate.unserved[:_NAMES]:
        out.print(f"  {reader.state:<10} {escape(reader.email)}  {escape(reader.reason)}")
    more = len(certificate.unserved[_NAMES:]) + certificate.unnamed
    if more:
        out.print(
            f"  … and {more:,} more: `publisher report {certificate.week} --csv readers.csv`"
            " writes them all",
            highlight=False,
            soft_wrap=True,
        )


@contextmanager
def sending_progress(title: str) -> Iterator[Callable[[SendingProgress], None]]:
    """Show a bar while mails go out; yields what is to be told of the progress."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def show(progress: SendingProgress) -> None:
            bar.update(
                task,
                completed=progress.settled,
                total=progress.intended,
                description=progress.note or title,
            )

        yield show


def show_json(value: Any) -> None:
    """Print dataclasses, and anything made of them and plain data, as JSON."""
    out.print_json(json.dumps(value, default=_plainly, ensure_ascii=False))


def _plainly(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    return str(value)
