"""bounces: what mail servers and mailbox providers write back."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from publisher.cli.app import JsonOption, app, desk_of, err, out
from publisher.cli.showing import show_json
from publisher.deliver.feedback.mailparts import LONGEST
from publisher.pipeline.bounces.bookkeeping import Outcome
from publisher.pipeline.bounces.bouncing import Tally, read_bounces, take

_log = logging.getLogger(__name__)
_SAID = {
    Outcome.BOUNCED: "bounced for good",
    Outcome.SOFT: "bounced this time",
    Outcome.BLOCKED: "refused because of us or of the mail, which counts against no reader",
    Outcome.DELAYED: "delayed",
    Outcome.DELIVERED: "delivered",
    Outcome.COMPLAINED: "complained of as spam",
    Outcome.UNSUBSCRIBED: "unsubscribed by the mailbox provider",
    Outcome.REPLY: "automatic replies",
    Outcome.NOTED: "of no consequence",
    Outcome.KNOWN: "known already",
}


@app.command()
def bounces(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Mails in files, read instead of the mailbox.")
    ] = None,
    pipe: Annotated[
        bool,
        typer.Option("--pipe", help="Read one mail from standard input, for a mail server."),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Look again at what earlier readings left.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read the mailbox of bounces and complaints, and stop mailing whom it cannot reach.

    A report is believed only if it holds a mark that we put into that reader's mail.
    Mails that are none of ours are left as they are.
    """
    if pipe:
        raise typer.Exit(_from_pipe(ctx))
    desk = desk_of(ctx)
    if files:
        tally = Tally()
        tally.add(*take(desk, [_read(file) for file in files], dry_run=dry_run))
    else:
        tally = read_bounces(desk, again=again, dry_run=dry_run)
    if as_json:
        show_json(tally)
    else:
        _show(tally, dry_run=dry_run)


def _from_pipe(ctx: typer.Context) -> int:
    """Take one mail; return 0, or EX_TEMPFAIL so that the mail server tries again later."""
    try:
        stream = sys.stdin.buffer
        mail = stream.read(LONGEST)
        while stream.read(LONGEST):
            pass  # a mail server whose pipe breaks takes that for a failure
        desk = desk_of(ctx)
        take(desk, [mail], keep_all=True)
    except Exception as error:
        # whatever it is, the mail is safest in the mail server's queue
        err.print(f"publisher: the mail is not taken yet: {escape(str(error))}", soft_wrap=True)
        _log.debug("a mail from the pipe could not be taken", exc_info=True)
        return os.EX_TEMPFAIL
    return 0


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(LONGEST)


def _show(tally: Tally, *, dry_run: bool) -> None:
    out.print(f"[bold]{tally.read:,} mails read[/]")
    for outcome, said in _SAID.items():
        if tally.counts[outcome]:
            out.print(f"  {tally.counts[outcome]:>6,} {said}")
    left = tally.counts[Outcome.UNPROVEN] + tally.counts[Outcome.UNKNOWN]
    if left:
        out.print(f"  {left:>6,} left as they are:")
    for one in tally.left:
        out.print(f"         {escape(one.subject or '(no subject)')}: {escape(one.reason)}")
    if tally.passed:
        out.print(f"  {tally.passed:>6,} passed by, for earlier readings left them (see --again)")
    if tally.gone:
        verb = "would be" if dry_run else "are"
        out.print(f"{tally.gone:,} addresses {verb} mailed no more.")
    if dry_run:
        out.print("Nothing was changed.")
