"""send --rehearse: the whole mailing, mailed to nobody."""

from collections.abc import Mapping, Sequence

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from publisher.cli.app import out
from publisher.cli.showing import show_json
from publisher.deliver.certificate import Certificate
from publisher.deliver.sending import Progress as SendingProgress
from publisher.errors import PublisherError
from publisher.pipeline.desk import Desk
from publisher.pipeline.rehearsal import rehearsing as stage
from publisher.pipeline.rehearsal.both_books import Books
from publisher.pipeline.rehearsal.rehearsing import Rehearsal, mishaps
from publisher.pipeline.rehearsal.stage import Mishaps
from publisher.week import Week

__all__ = ["check_options", "mishaps", "rehearse"]
_FEW = 5  #: names shown of each kind
_FINDINGS = {
    "doubled": "were mailed twice",
    "lost": "are accepted by the ledger, and SendGrid never had their mail",
    "unrecorded": "were mailed, and the ledger does not know it",
    "strangers": "were mailed, and are not in the mailing",
    "misaddressed": "were mailed at another address than the ledger says",
}


def check_options(
    *, rehearse: bool, others: Mapping[str, object], extras: Mapping[str, object]
) -> None:
    """Refuse options that make no sense together, by whether they were given."""
    if rehearse:
        wrong = [name for name, given in others.items() if given]
        if wrong:
            raise PublisherError(
                f"--rehearse and {wrong[0]} do not go together: a rehearsal sends the whole"
                " mailing, to nobody"
            )
    elif wrong := [name for name, given in extras.items() if given]:
        raise PublisherError(f"{wrong[0]} is for rehearsals: add --rehearse")


def rehearse(desk: Desk, week: Week, asked: Mishaps, *, as_json: bool) -> None:
    """Rehearse, show how it went, and fail if the books do not agree."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=out, transient=True) as bar:
        task = bar.add_task(f"Rehearsing {week}", total=None)

        def show(progress: SendingProgress) -> None:
            bar.update(task, completed=progress.settled, total=progress.intended)

        done = stage.rehearse(desk, week, asked, progress=show)
    if as_json:
        show_json({"good": done.good, **done.__dict__})
    else:
        _show(done)
    if not done.good:
        raise typer.Exit(1)


def _show(done: Rehearsal) -> None:
    told = f"Rehearsed with a SendGrid on this machine; nobody was mailed.{_instead(done)}"
    out.print(told, soft_wrap=True)
    out.print(f"[bold]{escape(done.certificate.sentence)}[/]", soft_wrap=True)
    _show_unserved(done.certificate)
    _show_books(done.books)
    went_wrong = [f"{number} x {word}" for word, number in sorted(done.faults.items())]
    if done.crashes_asked:
        went_wrong.append(f"{done.crashes} of {done.crashes_asked} crashes")
    if done.stops:
        went_wrong.append(f"started again {done.stops} x after it had stopped")
    if went_wrong:
        out.print(
            f"Went wrong on purpose (seed {done.seed}): {', '.join(went_wrong)}", soft_wrap=True
        )
    if done.reason:
        out.print(f"[bold red]It stopped:[/] {escape(done.reason)}", soft_wrap=True)
    if done.events:
        out.print(f"{done.events:,} events told, some twice and out of order, and taken in")
    out.print(
        f"{done.requests:,} requests, {done.seconds:.1f} s, {done.readers_per_s:,.0f} readers/s,"
        f" at most {done.peak_mb:.0f} MB of memory"
    )


def _instead(done: Rehearsal) -> str:
    if done.configured == done.rehearsed:
        return ""
    return f" \\[delivery] sends by {done.configured}: this says nothing about that."


def _show_unserved(certificate: Certificate) -> None:
    """Tell why readers were not accepted, with a few names each; --json has them all."""
    groups: dict[tuple[str, str], list[str]] = {}
    for reader in certificate.unserved:
        groups.setdefault((reader.state, reader.reason), []).append(reader.email)
    for (state, reason), names in groups.items():
        why = f" {reason}:" if reason else ""
        out.print(f"  {len(names):,} {state}:{escape(why)} {_few(names)}", soft_wrap=True)
    if certificate.unnamed:
        out.print(f"  and {certificate.unnamed:,} more")


def _few(names: Sequence[str], count: int = 0) -> str:
    shown = escape(", ".join(names[:_FEW]))
    return f"{shown}, ..." if max(count, len(names)) > _FEW else shown


def _show_books(books: Books) -> None:
    if books.agree:
        out.print(
            f"[green]The books agree:[/] the ledger has {books.accepted:,} accepted,"
            f" SendGrid {books.mails:,} mails to {books.readers:,} readers",
            soft_wrap=True,
        )
    else:
        out.print("[bold red]The books do not agree:[/]")
    for name, told in _FINDINGS.items():
        finding = getattr(books, name)
        if finding.count:
            few = _few(finding.names, finding.count)
            out.print(f"  {finding.count:,} {told}: {few}", soft_wrap=True)
    if books.doubtful_mailed:
        out.print(f"  Of those in doubt, {books.doubtful_mailed:,} were mailed.")
