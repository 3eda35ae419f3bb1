"""worker, pause, resume, cancel: mail under way, on one machine or many."""

import signal
import threading
from dataclasses import replace
from typing import Annotated

import typer

from publisher.cli.app import (
    ReasonOption,
    WeekOption,
    app,
    at_a_terminal,
    desk_of,
    out,
    user,
    week_of,
)
from publisher.cli.mailroom import log_to_terminal, mail_jobs
from publisher.errors import PublisherError
from publisher.pipeline import controlling
from publisher.pipeline.carrying import MailRoom
from publisher.pipeline.desk import this_process
from publisher.schedule import start_clock
from publisher.tasks import MailBell


@app.command()
def worker(ctx: typer.Context) -> None:
    """Send what is under way together with all other workers, until stopped.

    Start as many as you like, on any machine that reaches the database (DATABASE_URL).
    On SIGTERM the chunk at hand is finished first; the chunks of a worker that dies are
    taken over by the others.
    """
    log_to_terminal()
    ending = threading.Event()
    desk = replace(desk_of(ctx, who=this_process()), stopping=ending.is_set)
    room = MailRoom(desk)
    bell = MailBell(desk.publication, desk.secrets, answer=room.carry)
    bell.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    clock = start_clock(desk.publication, mail_jobs(desk, bell))
    where = "PostgreSQL" if desk.engine.dialect.name == "postgresql" else "this machine's database"
    out.print(f"A worker of [bold]{desk.publication.title}[/] is ready, on {where}.")
    try:
        ending.wait()
    finally:
        ending.set()
        clock.shutdown()
        bell.stop()
        room.close()
        desk.engine.dispose()
    out.print("Stopped; what was not sent is left to the other workers, or to the next one.")


@app.command()
def pause(
    ctx: typer.Context, week: WeekOption = "", reason: ReasonOption = "paused by hand"
) -> None:
    """Let no more mails of an issue leave until it is resumed."""
    desk = desk_of(ctx)
    when = week_of(desk, week)
    waiting = controlling.pause(desk, when, by=user(), reason=reason)
    out.print(f"{when} is paused; {waiting:,} readers wait. What is under way is finished.")
    out.print(f"`publisher resume --week {when}` lets it go on.")


@app.command()
def resume(ctx: typer.Context, week: WeekOption = "") -> None:
    """Let a paused or stopped issue go on."""
    desk = desk_of(ctx)
    when = week_of(desk, week)
    waiting = controlling.resume(desk, when, by=user())
    out.print(f"{when} goes on: {waiting:,} readers wait. Workers and `publisher run` take it up")
    out.print(f"by themselves; without them, `publisher send --week {when}` does.")


@app.command()
def cancel(
    ctx: typer.Context,
    week: WeekOption = "",
    reason: ReasonOption = "cancelled by hand",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Send nothing more of an issue, for good."""
    desk = desk_of(ctx)
    when = week_of(desk, week)
    controlling.mailing_of(desk, when)
    if not yes:
        if not at_a_terminal():
            raise PublisherError("nobody is here to ask: say --yes to cancel without asking")
        if not typer.confirm(f"Send nothing more of {when}, for good?"):
            raise typer.Exit(1)
    readers = controlling.cancel(desk, when, by=user(), reason=reason)
    out.print(f"{when} is cancelled: {readers:,} readers do not get it.")
    out.print(f"`publisher report {when}` tells who did.")
