"""demo: the whole road of one week, on this machine alone."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from publisher.audience import changes
from publisher.cli.app import app, desk_of, out, week_of
from publisher.cli.showing import show_problems, size_of
from publisher.collect import CollectReport
from publisher.config import SenderKind
from publisher.deliver.certificate import Certificate
from publisher.errors import AudienceError, ConfigError
from publisher.pipeline import approving, making, sending
from publisher.pipeline import record as records
from publisher.pipeline.desk import Desk
from publisher.pipeline.states import State
from publisher.problems import Problem, Severity
from publisher.week import Week

#: addresses of RFC 2606: mail to them can reach nobody
READERS = (
    ("Amina Berrada", "amina@example.org"),
    ("Youssef Khalil", "youssef@example.com"),
    ("Léa Fontaine", "lea@example.net"),
    ("سلمى المنصوري", "salma@example.org"),
    ("Idir Aït Ahmed", "idir@example.net"),
)


@app.command()
def demo(
    ctx: typer.Context,
    week: Annotated[
        str, typer.Option("--week", "-w", metavar="YYYY-Www", help="The issue's week.")
    ] = "",
) -> None:
    """Walk the whole road once: collect, compose, render, approve, and mail to an outbox.

    Five invented readers are subscribed, and the mail is written into files. Refused where
    another sender is configured: real readers would count as mailed.
    """
    desk = desk_of(ctx)
    _refuse_real_mail(desk)
    when = week_of(desk, week)
    _subscribe_readers(desk)
    with out.status(f"Collecting {when} …"):
        report = making.collect_week(desk, when) if _editable(desk, when) else None
    rows = [("collected", _collected(report), _place(desk, desk.folder(when)))]
    if _editable(desk, when):
        with out.status("Laying out the magazine (the first time takes a while) …"):
            made = making.render_week(desk, when)
        rows += [
            (rendered.edition, size_of(rendered), _place(desk, rendered.files[0]))
            for rendered in made.rendered
        ]
        approving.approve(desk, when, by="demo")
        problems = made.problems
    else:
        rows += _approved(desk, when)
        problems = ()  # they were looked at before it was approved
    certificate = _send(desk, when)
    outbox = desk.publication.root / desk.publication.delivery.outbox
    rows.append(("mailed", _mailed(certificate), _place(desk, outbox)))
    _show(desk, when, rows)
    _show_findings(problems)


def _refuse_real_mail(desk: Desk) -> None:
    sender = desk.publication.delivery.sender
    if sender is not SenderKind.OUTBOX:
        raise ConfigError(
            f'this publication mails by {sender}: the demo is for sender = "outbox",'
            " for it would mark the issue as sent"
        )


def _editable(desk: Desk, week: Week) -> bool:
    record = records.find(desk.engine, week)
    return record is None or record.editable


def _subscribe_readers(desk: Desk) -> None:
    for name, email in READERS:
        # who tried the unsubscribe link stays unsubscribed
        with suppress(AudienceError), desk.engine.begin() as connection:
            changes.add(
                connection,
                email,
                name=name,
                list_name=desk.publication.delivery.list_name,
                now=desk.clock(),
                source="the demo",
            )


def _collected(report: CollectReport | None) -> str:
    if report is None:
        return "nothing: the issue is approved"
    return f"{len(report.added)} new articles, {len(report.already)} here already"


def _approved(desk: Desk, week: Week) -> list[tuple[str, str, str]]:
    folder = desk.folder(week) / "build" / approving.APPROVED
    names = {".pdf": "magazine", ".html": "web"}
    return [
        (names[path.suffix], "as approved before", _place(desk, path))
        for path in sorted(folder.rglob("*"))
        if path.suffix in names and path.parent.name != "email"
    ]


def _send(desk: Desk, week: Week) -> Certificate:
    if records.get(desk.engine, week).state is State.HELD:
        approving.release(desk, week)
    with out.status("Mailing …"):
        return sending.send_issue(desk, week)


def _mailed(certificate: Certificate) -> str:
    return f"{certificate.accepted} of {certificate.intended} readers have it"


def _place(desk: Desk, path: Path) -> str:
    return str(path.relative_to(desk.publication.root))


def _show_findings(problems: tuple[Problem, ...]) -> None:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    show_problems(errors)
    hints = len(problems) - len(errors)
    if hints:
        out.print(f"{hints} hints for the editor are in the preview, beside the pages.")


def _show(desk: Desk, week: Week, rows: list[tuple[str, str, str]]) -> None:
    record = records.get(desk.engine, week)
    table = Table(title=f"{desk.publication.title} No. {record.number}, {week}: {record.state}")
    for heading in ("what", "made", "where"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    out.print(table)
    out.print("Look at it: [bold]make preview[/], or open the PDF and an .eml file.")
