"""run and status: the newsroom's machine at work."""

from typing import Annotated

import typer
from rich.table import Table

from publisher.cli.app import JsonOption, app, desk_of, local, out
from publisher.cli.showing import show_json
from publisher.pipeline import record as records
from publisher.pipeline.desk import Desk, this_process
from publisher.pipeline.performing import perform
from publisher.schedule import next_steps, start_clock
from publisher.tasks import Doorbell


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

    desk = desk_of(ctx, who=this_process())
    publication = desk.publication
    bell = Doorbell(publication, desk.secrets, answer=lambda week, step: perform(desk, week, step))
    bell.start()
    clock = start_clock(publication, desk.engine, clock=desk.clock, ring=bell.ring)
    where = (host or publication.web.host, port or publication.web.port)
    out.print(f"[bold]{publication.title}[/] at http://{where[0]}:{where[1]}/ (stop with Ctrl-C)")
    for name, moment in next_steps(publication, desk.clock()):
        out.print(f"  next {name}: {local(desk, moment)}")
    try:
        uvicorn.run(
            create_app(desk), host=where[0], port=where[1], log_level="warning", server_header=False
        )
    finally:
        clock.shutdown()
        bell.stop()
        desk.engine.dispose()


@app.command()
def status(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show the issues with their states, and what happens next."""
    desk = desk_of(ctx)
    issues = records.all_records(desk.engine)
    upcoming = next_steps(desk.publication, desk.clock())
    if as_json:
        show_json(
            {
                "issues": [_plain(record) for record in issues],
                "next": [{"step": name, "at": moment} for name, moment in upcoming],
            }
        )
        return
    out.print(_issues_table(desk, issues))
    for name, moment in upcoming:
        out.print(f"next {name}: [bold]{local(desk, moment)}[/]")


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
