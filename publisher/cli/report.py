"""report: who got an issue, what became of it, what was read."""

import sys
import webbrowser
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from publisher.cli.app import JsonOption, app, desk_of, err, local, out
from publisher.cli.showing import show_json
from publisher.deliver.certificate import Certificate, Unserved
from publisher.deliver.providers import OTHERS, advice, complaint_sentence
from publisher.errors import PublisherError
from publisher.pipeline.desk import Desk
from publisher.pipeline.telling.page import page_file, write_page
from publisher.pipeline.telling.proof import NAMES_IN_JSON, Proof, as_data, prove, sent_mailing
from publisher.pipeline.telling.roll_csv import write_roll, write_roll_file
from publisher.pipeline.telling.words import NOBODY_TELLS, settlement, share
from publisher.week import Week

_NAMES, _DOUBTS, _STORIES, _PROVIDERS = 20, 10, 15, 8  #: lines a terminal has patience for


@app.command()
def report(
    ctx: typer.Context,
    week: Annotated[
        str, typer.Argument(metavar="YYYY-Www", help="The latest issue sent if absent.")
    ] = "",
    as_json: JsonOption = False,
    table: Annotated[
        str,
        typer.Option(
            "--csv",
            metavar="FILE",
            help="Write one row for every reader to a new file, or to - for the next program"
            " (then without the byte order mark that spreadsheets want).",
        ),
    ] = "",
    chart: Annotated[
        Path | None,
        typer.Option(
            "--chart", metavar="FILE.html", help="Write the page of charts here; it names nobody."
        ),
    ] = None,
    show: Annotated[
        bool,
        typer.Option("--open", help="Show the page of charts in the browser."),
    ] = False,
) -> None:
    """Prove who got an issue, and tell what became of it.

    First the certificate: everybody who was meant to get the issue is accepted,
    suppressed, refused, uncertain, cancelled or waiting, and who is not accepted is named.
    Then what was delivered, opened and clicked, article by article.
    """
    desk = desk_of(ctx)
    when = Week.parse(week) if week else None
    if table:
        _write_table(desk, when, table)
    if as_json:
        show_json(as_data(prove(desk, when, named=NAMES_IN_JSON)))
    if chart or show:
        _write_chart(desk, when, chart, show=show)
    if not (table or as_json or chart or show):
        _show(desk, prove(desk, when))


def _write_table(desk: Desk, week: Week | None, where: str) -> None:
    mailing = sent_mailing(desk, week)
    if where == "-":
        write_roll(desk, mailing, sys.stdout)
        return
    written = write_roll_file(desk, mailing, Path(where))
    err.print(f"{written:,} readers of {mailing.week} written to {where}", soft_wrap=True)


def _write_chart(desk: Desk, week: Week | None, chart: Path | None, *, show: bool) -> None:
    if chart and chart.suffix.lower() not in (".html", ".htm"):
        raise PublisherError(f"{chart} is no name for a page: give it one that ends in .html")
    proof = prove(desk, week)
    path = chart or page_file(desk, proof.week)
    write_page(desk, proof, path)
    err.print(f"The charts of {proof.week}: {path}", soft_wrap=True)
    if show and not webbrowser.open(path.resolve().as_uri()):
        err.print("There is no browser here to open it in: open the file yourself.")


def _show(desk: Desk, proof: Proof) -> None:
    certificate = proof.certificate
    out.print(f"[bold]{escape(certificate.sentence)}[/]", highlight=False)
    began = local(desk, proof.figures.began)
    facts = [f'"{certificate.subject}"', certificate.state]
    facts += [f"sent from {began}"] if began else []
    out.print(f"  {escape(', '.join(facts))}", highlight=False, soft_wrap=True)
    if certificate.reason:
        out.print(f"  {escape(certificate.reason)}", highlight=False, soft_wrap=True)
    _show_names(certificate)
    _show_incidents(desk, certificate)
    if not proof.figures.heard:
        out.print(f"\n{escape(NOBODY_TELLS)}", soft_wrap=True)
        return
    out.print(_figures_table(proof))
    _show_stories(proof)
    _show_providers(proof)
    acts, delivered = proof.figures.acts, proof.figures.tally.delivered
    out.print(f"\n{escape(complaint_sentence(acts.complained, delivered))}", soft_wrap=True)


def _show_names(certificate: Certificate) -> None:
    def state(reader: Unserved) -> str:
        return reader.state

    for name, readers in groupby(sorted(certificate.unserved, key=state), key=state):
        named = list(readers)
        for reader in named[:_NAMES]:
            out.print(f"  {name:<10} {_person(reader.email, reader.reason)}", soft_wrap=True)
        if len(named) > _NAMES:
            out.print(f"  {name:<10} … and {len(named) - _NAMES:,} more", highlight=False)
    shown = min(_NAMES, len(certificate.unserved))
    if certificate.unnamed or len(certificate.unserved) > shown:
        out.print(
            f"  All names: `publisher report {certificate.week} --csv readers.csv`", soft_wrap=True
        )
    if certificate.uncertain:
        out.print(
            "  Nobody knows whether the uncertain were mailed. Evidence settles most of it by"
            " itself; `publisher send --resend-uncertain` mails the rest again.",
            soft_wrap=True,
        )
    if certificate.refused:
        out.print(
            f"  `publisher retry {certificate.week}` tries the refused once more.", soft_wrap=True
        )


def _show_incidents(desk: Desk, certificate: Certificate) -> None:
    if certificate.doubled:
        out.print(f"\n[bold]{len(certificate.doubled):,} may have got it twice[/]")
        for reader in certificate.doubled[:_NAMES]:
            out.print(f"  {_person(reader.email, reader.why)}", soft_wrap=True)
        _more(certificate.doubled, _NAMES)
    if certificate.settlements:
        out.print("\n[bold]Doubts that were settled[/]")
        for one in certificate.settlements[:_DOUBTS]:
            out.print(f"  {local(desk, one.at)}  {escape(settlement(one))}", soft_wrap=True)
        _more(certificate.settlements, _DOUBTS)


def _more(things: Sequence[object], shown: int) -> None:
    if len(things) > shown:
        out.print(f"  … and {len(things) - shown:,} more: --json tells them all", highlight=False)


def _person(email: str, why: str) -> str:
    return f"{escape(email)}  [dim]{escape(why)}[/]"


def _figures_table(proof: Proof) -> Table:
    tally, acts = proof.figures.tally, proof.figures.acts
    grid = Table(title=f"\nWhat became of {tally.accepted:,} mails", title_justify="left")
    grid.add_column("")
    grid.add_column("readers", justify="right")
    grid.add_column("rate", justify="right")
    grid.add_column("")
    heard = (("delivered", ""), ("deferred", "the provider tries again"))
    failed = (("blocked", "refused for now"), ("dropped", "not tried"), ("bounced", "came back"))
    for name, note in (*heard, *failed, ("unheard", "nothing is known yet")):
        _add(grid, name, getattr(tally, name), tally.accepted, "of accepted", note)
    grid.add_section()
    for name, machine in (("opened", acts.machine_opened), ("clicked", acts.machine_clicked)):
        notes = ["an estimate"] if name == "opened" else []
        notes += [f"not counted: {machine:,} by machines alone"] if machine else []
        note = "; ".join(notes)
        _add(grid, name, getattr(acts, name), tally.delivered, "of delivered", note)
    for name in ("unsubscribed", "complained"):
        _add(grid, name, getattr(acts, name), tally.delivered, "of delivered", "")
    return grid


def _add(grid: Table, name: str, number: int, whole: int, of: str, note: str) -> None:
    rate = f"{share(number, whole)} {of}" if whole else ""
    grid.add_row(name, f"{number:,}", rate, note)


def _show_stories(proof: Proof) -> None:
    clicked: Iterable[tuple[str, int, int]] = [
        *((story.title, story.readers, story.machines) for story in proof.stories),
        *((link.link, link.readers, link.machines) for link in proof.links),
    ]
    rows = [row for row in clicked if row[1]]
    if not rows:
        return
    grid = Table(title="\nWhat they went on to read", title_justify="left")
    grid.add_column("article or link", overflow="fold")
    grid.add_column("readers", justify="right")
    for title, readers, _ in sorted(rows, key=lambda row: -row[1])[:_STORIES]:
        grid.add_row(escape(title), f"{readers:,}")
    out.print(grid)


def _show_providers(proof: Proof) -> None:
    providers = [one for one in proof.figures.providers if one.name != OTHERS]
    if not providers:
        return
    grid = Table(title="\nProvider by provider", title_justify="left")
    for heading in ("", "mails", "delivered", "deferred", "blocked", "bounced", "dropped"):
        grid.add_column(heading, justify="right" if heading else "left")
    troubled = [one for one in providers[_PROVIDERS:] if one.troubled]
    for one in (*providers[:_PROVIDERS], *troubled[:_PROVIDERS]):
        figures = (one.mails, one.delivered, one.deferred, one.blocked, one.bounced, one.dropped)
        grid.add_row(escape(one.name), *(f"{figure:,}" if figure else "–" for figure in figures))
    out.print(grid)
    for one in providers:
        if one.troubled:
            out.print(f"[yellow]{escape(advice(one))}[/]", soft_wrap=True)
            if one.reason:
                out.print(f"  {escape(one.name)} says: {escape(one.reason)}", soft_wrap=True)
