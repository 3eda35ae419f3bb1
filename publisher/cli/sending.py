"""approve, hold, release, reopen, send: letting the issue go."""

from typing import Annotated

import typer
from rich.markup import escape

from publisher.cli import rehearsing
from publisher.cli.app import (
    JsonOption,
    ReasonOption,
    WeekOption,
    app,
    at_a_terminal,
    desk_of,
    out,
    user,
    week_of,
)
from publisher.cli.showing import sending_progress, show_certificate, show_json
from publisher.config import Form, SenderKind
from publisher.deliver.certificate import Certificate
from publisher.errors import PublisherError
from publisher.pipeline import approving, sending
from publisher.pipeline import record as records
from publisher.pipeline.attaching import shortfall
from publisher.pipeline.desk import Desk
from publisher.pipeline.reporting import read_report
from publisher.pipeline.states import State
from publisher.week import Week


@app.command()
def approve(
    ctx: typer.Context,
    week: WeekOption = "",
    despite_errors: Annotated[
        bool, typer.Option("--despite-errors", help="Approve it although errors were found.")
    ] = False,
) -> None:
    """Freeze a rendered issue and let it go out at its time."""
    desk = desk_of(ctx)
    when = week_of(desk, week)
    record = approving.approve(desk, when, by=user(), despite_errors=despite_errors)
    out.print(f"No. {record.number} ({when}) is approved and frozen. It goes out at its time,")
    out.print(f"or now with `publisher send --week {when}`; `publisher reopen` thaws it.")
    if missing := shortfall(desk, when):
        out.print(f"[yellow]{escape(missing)}.[/]")


@app.command()
def hold(ctx: typer.Context, week: WeekOption = "", reason: ReasonOption = "held by hand") -> None:
    """Keep an issue from going out until it is released."""
    desk = desk_of(ctx)
    when = week_of(desk, week)
    approving.hold(desk, when, reason)
    out.print(f"{when} is held. `publisher release --week {when}` lets it go on.")


@app.command()
def release(ctx: typer.Context, week: WeekOption = "") -> None:
    """Let a held issue go on from where it stood."""
    desk = desk_of(ctx)
    when = week_of(desk, week)
    record = approving.release(desk, when)
    out.print(f"{when} is {record.state} again.")


@app.command()
def reopen(ctx: typer.Context, week: WeekOption = "") -> None:
    """Thaw an approved issue that nobody has got yet, to edit it again."""
    desk = desk_of(ctx)
    when = week_of(desk, week)
    approving.reopen(desk, when)
    out.print(f"{when} can be edited again; approve it anew when it is ready.")


@app.command()
def send(
    ctx: typer.Context,
    week: WeekOption = "",
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="Mail a test to one person instead.")
    ] = "",
    pdf: Annotated[
        Form | None,
        typer.Option("--pdf", help="Which readers' mail the test is, if not the usual one."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    resend_uncertain: Annotated[
        bool,
        typer.Option(
            "--resend-uncertain",
            help="Also mail those again of whom nobody knows whether they were mailed.",
        ),
    ] = False,
    rehearse: Annotated[
        bool,
        typer.Option(
            "--rehearse",
            help="Send it all to a SendGrid on this machine instead: nobody is mailed.",
        ),
    ] = False,
    crashes: Annotated[
        int, typer.Option("--crashes", min=0, help="Kill the rehearsal's worker so many times.")
    ] = 0,
    faults: Annotated[
        str,
        typer.Option(
            "--faults",
            metavar="NAMES",
            help="What shall go wrong in a rehearsal: all, or some such as drop,429=0.1.",
        ),
    ] = "",
    events: Annotated[
        bool,
        typer.Option("--events", help="Let it tell in a rehearsal what became of the mails, too."),
    ] = False,
    seed: Annotated[
        int, typer.Option("--seed", help="Other mishaps in a rehearsal, the same for each seed.")
    ] = 0,
    priority: Annotated[
        int | None,
        typer.Option("--priority", help="Workers take the mailing with the highest first; 0 else."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Mail an issue to everyone on the list who has not had it.

    Asks first. A second sending of the same issue mails only those who came since; one
    that was broken off goes on where it stopped.
    """
    rehearsing.check_options(
        rehearse=rehearse,
        others={
            "--to": bool(to),
            "--pdf": pdf is not None,
            "--dry-run": dry_run,
            "--resend-uncertain": resend_uncertain,
            "--priority": priority is not None,
        },
        extras={"--crashes": crashes, "--faults": faults, "--events": events, "--seed": seed},
    )
    if pdf and not to:
        raise PublisherError("--pdf says which mail a test is: give it together with --to ADDRESS")
    desk = desk_of(ctx)
    when = week_of(desk, week)
    if rehearse:
        asked = rehearsing.mishaps(crashes, faults, seed, events=events)
        rehearsing.rehearse(desk, when, asked, as_json=as_json)
        return
    if to:
        sending.send_test(desk, when, to, pdf)
        delivery = desk.publication.delivery
        out.print(f"A test of {when} went to {to} by {delivery.sender}.")
        if delivery.sender is SenderKind.OUTBOX:
            folder = desk.publication.root / delivery.outbox / str(when)
            out.print(f"Nothing left this machine: it is a file in {folder}.", soft_wrap=True)
        return
    if resend_uncertain:
        planned = sending.resend_doubtful(desk, when)
        out.print(f"{planned} in doubt will be mailed again.")
    view = sending.outlook(desk, when)
    if dry_run:
        _show_outlook(desk, when, view, as_json=as_json)
        return
    if view.waiting:
        _ask(desk, when, view, yes=yes)
        _approve_if_asked(desk, when)
    done = _send_with_progress(desk, when, priority)
    if as_json:
        show_json(done)
    else:
        show_certificate(done)


def _show_outlook(desk: Desk, week: Week, view: sending.Outlook, *, as_json: bool) -> None:
    if as_json:
        show_json(view)
        return
    report = read_report(desk, week)
    out.print(f"[bold]{escape(view.subject)}[/]")
    out.print(f"  {view.waiting} would be mailed by {view.sender}; {view.had} have it already")
    if view.shortfall:
        out.print(f"  {escape(view.shortfall)}")
    if report.problems:
        out.print(f"  {len(report.problems)} problems: see `publisher check --week {week}`")
    if report.errors and records.get(desk.engine, week).editable:
        out.print(f"  It would be refused: {len(report.errors)} of them are errors.")
    out.print("Nothing was sent.")


def _ask(desk: Desk, week: Week, view: sending.Outlook, *, yes: bool) -> None:
    if yes:
        return
    if not at_a_terminal():
        raise PublisherError("nobody is here to ask: say --yes to send without asking")
    question = f'Mail "{view.subject}" to {view.waiting} readers by {view.sender}?'
    if not typer.confirm(question):
        out.print(f"Nothing was sent. `publisher preview --week {week}` shows the issue.")
        raise typer.Exit(1)


def _approve_if_asked(desk: Desk, week: Week) -> None:
    """Take the operator's yes for the approval, if there was none yet."""
    if records.get(desk.engine, week).state is State.RENDERED:
        approving.approve(desk, week, by=user())


def _send_with_progress(desk: Desk, week: Week, priority: int | None) -> Certificate:
    with sending_progress(f"Sending {week}") as show:
        return sending.send_issue(desk, week, priority=priority, progress=show)
