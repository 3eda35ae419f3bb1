"""run and status: the newsroom's machine at work."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated

import typer
from rich.table import Table

from publisher.cli.app import JsonOption, app, desk_of, local, out
from publisher.cli.mailroom import log_to_terminal, mail_jobs
from publisher.cli.showing import show_json
from publisher.deliver.standing import Counts
from publisher.errors import PublisherError
from publisher.pipeline import record as records
from publisher.pipeline import steps
from publisher.pipeline.carrying import MailRoom
from publisher.pipeline.desk import Desk, is_dead, this_process
from publisher.pipeline.performing import perform
from publisher.pipeline.telling.proof import standing
from publisher.schedule import next_steps, start_clock, weekly
from publisher.tasks import Doorbell, MailBell
from publisher.week import Week


@app.command()
def run(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; [web] host if absent.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on; [web] port if absent.")] = 0,
) -> None:
    """Serve the public pages and publish every week by itself, until stopped.

    Several of these may run at once on one database: each step of a week is done once.
    """
    # commands that serve nothing need not wait for these
    import uvicorn

    from publisher.web.app import create_app

    log_to_terminal()
    ending = threading.Event()
    desk = replace(desk_of(ctx, who=this_process()), stopping=ending.is_set)
    publication = desk.publication
    where = (host or publication.web.host, port or publication.web.port)
    with _listening(*where) as listener:
        server = uvicorn.Server(
            uvicorn.Config(create_app(desk), log_config=None, server_header=False)
        )
        for step in steps.give_back_of_the_dead(desk.engine, is_dead):
            out.print(f"  taking up what was broken off: {step}")
        bell = Doorbell(publication, desk.secrets, answer=partial(perform, desk))
        room = MailRoom(desk)
        mail = MailBell(publication, desk.secrets, answer=room.carry)
        bell.start()
        mail.start()
        steps_due = weekly(publication, desk.engine, clock=desk.clock, ring=bell.ring)
        clock = start_clock(publication, [steps_due, *mail_jobs(desk, mail)])
        out.print(f"[bold]{publication.title}[/] is ready at http://{where[0]}:{where[1]}/")
        for name, moment in next_steps(publication, desk.clock()):
            out.print(f"  next {name}: {local(desk, moment)}")
        try:
            server.run(sockets=[listener])  # until SIGTERM or Ctrl-C
        finally:
            ending.set()
            clock.shutdown()
            bell.stop()
            mail.stop()
            room.close()
            desk.engine.dispose()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Take the port before anything is started, so that a taken one stops nothing half way."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # the protocol by name: only then asyncio sends small answers at once (TCP_NODELAY), else
    # the second part of each waits 40 ms for the client's acknowledgement of the first
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise PublisherError(
                f"cannot listen on {host} port {port}: {error.strerror}:"
                " stop what listens there, or choose another with --port"
            ) from None
        listener.listen(1024)
        yield listener


@app.command()
def status(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show the issues with their states, who got the latest, and what happens next."""
    desk = desk_of(ctx)
    issues = records.all_records(desk.engine)
    latest = standing(desk)
    upcoming = next_steps(desk.publication, desk.clock())
    if as_json:
        show_json(
            {
                "issues": [_plain(record) for record in issues],
                "sent": {"week": str(latest[0]), **asdict(latest[1])} if latest else None,
                "next": [{"step": name, "at": moment} for name, moment in upcoming],
            }
        )
        return
    if issues:
        out.print(_issues_table(desk, issues))
    else:
        out.print("There is no issue yet: `publisher collect` begins the first.")
    if latest:
        _show_standing(*latest)
    for name, moment in upcoming:
        out.print(f"next {name}: [bold]{local(desk, moment)}[/]")


def _show_standing(week: Week, counts: Counts) -> None:
    others = [f"{n:,} {name}" for name, n in asdict(counts).items() if n and name != "accepted"]
    told = ", ".join([f"{counts.accepted:,} of {counts.intended:,} accepted", *others])
    out.print(f"{week}: {told}; `publisher report {week}` tells more", highlight=False)


def _issues_table(desk: Desk, issues: list[records.Record]) -> Table:
    table = Table(title=desk.publication.title)
    for heading in ("week", "no.", "state", "since", "note"):
        table.add_column(heading)
    for record in issues:
        note = record.reason or (f"by {record.approved_by}" if record.approved_by else "")
        table.add_row(
            str(record.week), str(record.number), record.state, local(desk, record.updated), note
        )
    return table


def _plain(record: records.Record) -> dict[str, object]:
    return {
        "week": str(record.week),
        "number": record.number,
        "state": record.state,
        "reason": record.reason,
        "updated": record.updated,
    }
