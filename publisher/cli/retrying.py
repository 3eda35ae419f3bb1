"""retry: mail readers once more whom an issue did not reach."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from publisher.cli.app import JsonOption, app, at_a_terminal, desk_of, out
from publisher.cli.showing import sending_progress, show_certificate, show_json
from publisher.deliver.retrying import Cause, Failed
from publisher.errors import PublisherError
from publisher.pipeline.retrying import failures, retry
from publisher.pipeline.sending import outlook, send_issue
from publisher.week import Week

_NAMES = 20
_WORDS = {
    Cause.REFUSED: "refused by the mail service",
    Cause.BLOCKED: "blocked by the reader's provider",
    Cause.BOUNCED: "came back, though the address may be well",
    Cause.DROPPED: "not tried by the mail service",
}


@app.command("retry")
def retry_failed(
    ctx: typer.Context,
    week: Annotated[
        str, typer.Argument(metavar="YYYY-Www", help="The latest issue sent if absent.")
    ] = "",
    provider: Annotated[
        str,
        typer.Option(
            "--provider",
            metavar="NAME",
            help="Only readers of one mailbox provider or domain: Outlook, topnet.tn, ...",
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show who would be mailed, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Mail readers once more whom an issue did not reach.

    Those whom the mail service refused, and those whose mail did not arrive for a reason
    that may pass. Never readers who have it or may have it, whose address is dead, who
    complained or who unsubscribed. Shows them and asks first.
    """
    desk = desk_of(ctx)
    when, found = failures(desk, Week.parse(week) if week else None, provider=provider)
    if dry_run and as_json:
        show_json({"week": str(when), "readers": found})
        return
    if not as_json:
        _show(when, found)
    if dry_run or not found:
        return
    newcomers = outlook(desk, when).waiting
    _ask(len(found), newcomers, yes=yes)
    again = retry(desk, when, [one.subscriber_id for one in found])
    with sending_progress(f"Sending {when}") as show:
        done = send_issue(desk, when, progress=show)
    if as_json:
        show_json({"retried": again, "certificate": done})
        return
    out.print(f"{again:,} readers were planned once more.", highlight=False)
    show_certificate(done)


def _show(week: Week, found: Sequence[Failed]) -> None:
    if not found:
        out.print(f"There is nobody in {week} whom it makes sense to mail again.")
        return
    for cause, number in sorted(Counter(one.cause for one in found).items()):
        out.print(f"[bold]{number:,}[/] {_WORDS[cause]}", highlight=False)
        alike = [one for one in found if one.cause is cause]
        for one in alike[:_NAMES]:
            out.print(f"  {escape(one.email)}  [dim]{escape(one.reason)}[/]", soft_wrap=True)
        if len(alike) > _NAMES:
            out.print(
                f"  … and {number - _NAMES:,} more: --dry-run --json tells all", highlight=False
            )


def _ask(readers: int, newcomers: int, *, yes: bool) -> None:
    if yes:
        return
    if not at_a_terminal():
        raise PublisherError("nobody is here to ask: say --yes to mail them without asking")
    whom = "this reader" if readers == 1 else f"these {readers:,} readers"
    since = f", and {newcomers:,} who came since or still wait," if newcomers else ""
    if not typer.confirm(f"Mail {whom} once more{since} now?"):
        out.print("Nobody was mailed.")
        raise typer.Exit(1)
