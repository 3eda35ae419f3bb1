"""subscribers add, set, list, remove, import, export: the people who read it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from publisher.audience import changes, exporting, importing, preferences, subscribers
from publisher.audience.subscribers import Subscription
from publisher.cli.app import JsonOption, app, desk_of, local, out
from publisher.cli.showing import show_json
from publisher.config import Form
from publisher.errors import AudienceError
from publisher.pipeline.desk import Desk
from publisher.storage.engine import reading

people = typer.Typer(no_args_is_help=True, help="The people who read it.")
app.add_typer(people, name="subscribers")

ListOption = Annotated[
    str, typer.Option("--list", "-l", metavar="NAME", help="Another list than the usual one.")
]


class Standing(StrEnum):
    """Whom to show."""

    ALL = "all"
    ACTIVE = "active"
    PENDING = "pending"
    UNSUBSCRIBED = "unsubscribed"

    @property
    def subscription(self) -> Subscription | None:
        """The status to look for; None for everybody."""
        return None if self is Standing.ALL else Subscription(self.value)


class Pdf(StrEnum):
    """How a reader gets the issue."""

    LINK = "link"
    ATTACH = "attach"
    TEXT = "text"
    USUAL = "usual"

    @property
    def form(self) -> Form | None:
        """The choice to note; None for the publication's own."""
        return None if self is Pdf.USUAL else Form(self.value)


PdfOption = Annotated[
    Pdf | None,
    typer.Option(
        "--pdf",
        help="How they want the issue: with a link to the PDF, with the PDF attached, as plain"
        " text alone; or as [delivery] says.",
    ),
]


@people.command()
def add(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="Their address.")],
    name: Annotated[str, typer.Option(help="Their name.")] = "",
    language: Annotated[str, typer.Option(help="Their language, such as fr.")] = "",
    pdf: PdfOption = None,
    list_name: ListOption = "",
    again: Annotated[
        bool,
        typer.Option("--again", help="They opted out once and have asked you to come back."),
    ] = False,
) -> None:
    """Subscribe somebody who has given you their consent."""
    desk = desk_of(ctx)
    with desk.engine.begin() as connection:
        added = changes.add(
            connection,
            email,
            list_name=list_name or desk.publication.delivery.list_name,
            now=desk.clock(),
            name=name,
            language=language,
            form=pdf.form if pdf else None,
            again=again,
        )
    out.print(f"{email}: {added}")


@people.command("set")
def change(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="Their address.")],
    pdf: PdfOption = None,
    list_name: ListOption = "",
) -> None:
    """Note how a reader wants the issue, who has asked you; their own page does the same."""
    if pdf is None:
        raise AudienceError("say what to change: --pdf link, attach, text or usual")
    desk = desk_of(ctx)
    chosen = list_name or desk.publication.delivery.list_name
    with desk.engine.begin() as connection:
        preferences.set_form(connection, email, chosen, pdf.form)
    out.print(f"{email}: {_told(desk, pdf.form)}, from the next issue on")


@people.command("list")
def show(
    ctx: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of an address or a name.")] = "",
    standing: Annotated[Standing, typer.Option("--status", help="Whom to show.")] = Standing.ALL,
    after: Annotated[int, typer.Option(help="Go on after this number.")] = 0,
    limit: Annotated[int, typer.Option(help="How many at most.")] = 50,
    list_name: ListOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show who is on the list."""
    desk = desk_of(ctx)
    chosen = list_name or desk.publication.delivery.list_name
    with reading(desk.engine) as connection:
        found = subscribers.page(
            connection,
            chosen,
            after=after,
            limit=limit,
            subscription=standing.subscription,
            search=search,
        )
        counts = subscribers.count(connection, chosen)
        forms = preferences.count_forms(connection, chosen, desk.publication.delivery.pdf)
    if as_json:
        show_json({"list": chosen, "counts": counts, "forms": forms, "subscribers": found})
        return
    table = Table(title=f"{chosen}: {counts.active} active")
    for heading in ("number", "address", "name", "pdf", "status", "since"):
        table.add_column(heading)
    for person in found:
        blocked = person.status is subscribers.Status.BLOCKED
        standing_now = person.status if blocked else person.subscription
        since = local(desk, person.since)
        pdf = person.form or ""
        table.add_row(str(person.id), person.email, person.name, pdf, standing_now, since)
    out.print(table)
    out.print(
        f"{counts.active} active, {counts.pending} not confirmed,"
        f" {counts.unsubscribed} unsubscribed, {counts.blocked} blocked"
    )
    out.print(
        f"Of the active, {forms[Form.LINK]} get a link to the PDF, {forms[Form.ATTACH]} the PDF"
        f" attached, {forms[Form.TEXT]} plain text"
    )
    if len(found) == limit:
        out.print(f"More: publisher subscribers list --after {found[-1].id}")


@people.command()
def remove(
    ctx: typer.Context, email: Annotated[str, typer.Argument(help="Their address.")]
) -> None:
    """Forget somebody for good; no import brings them back."""
    desk = desk_of(ctx)
    with desk.engine.begin() as connection:
        known = changes.remove(connection, email, now=desk.clock())
    if not known:
        raise AudienceError(
            f"{email} was not known; it is noted all the same, so that no import adds it"
        )
    out.print(f"{email} is forgotten; a hash of the address stays, so that no import adds it.")


@people.command("import")
def bring_in(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV file.", exists=True, dir_okay=False)],
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="WHAT=HEADING",
            help="Say which column holds what, such as email=Courriel; may be repeated.",
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="If it is not recognised, such as cp1252.")] = "",
    delimiter: Annotated[str, typer.Option(help='If it is not recognised, such as ";".')] = "",
    list_name: ListOption = "",
    as_json: JsonOption = False,
) -> None:
    """Import readers who have given you their consent.

    Whoever has opted out stays out. Rows that cannot be used are written beside the file.
    """
    desk = desk_of(ctx)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(f"Importing {file.name}", total=None)
        summary = importing.import_csv(
            desk.engine,
            file,
            list_name=list_name or desk.publication.delivery.list_name,
            now=desk.clock(),
            columns=_mapping(column or ()),
            encoding=encoding,
            delimiter=delimiter,
            progress=lambda read, size: bar.update(task, completed=read, total=size),
        )
    if as_json:
        show_json(summary)
        return
    table = Table(title=f"{summary.rows} rows of {file.name}")
    for heading in ("added", "there already", "opted out", "rejected"):
        table.add_column(heading, justify="right")
    figures = (summary.added, summary.already, summary.opted_out, summary.rejected)
    table.add_row(*map(str, figures))
    out.print(table)
    if summary.rejected_file:
        out.print(f"The rejected rows, with reasons: {summary.rejected_file}", soft_wrap=True)


@people.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="File to write: NAME.csv or NAME.jsonl.")],
    standing: Annotated[Standing, typer.Option("--status", help="Whom to write.")] = Standing.ALL,
    list_name: ListOption = "",
) -> None:
    """Write the list to a file: CSV for spreadsheets, JSON lines for programs."""
    desk = desk_of(ctx)
    suffix = file.suffix.lstrip(".").lower()
    if suffix not in set(exporting.Form):
        raise AudienceError(f"{file.name} is no kind we write: name it ….csv or ….jsonl")
    try:
        with file.open("x", encoding="utf-8", newline="") as target:
            # readers' addresses are nobody else's business
            file.chmod(0o600)
            written = exporting.export(
                desk.engine,
                list_name or desk.publication.delivery.list_name,
                target,
                form=exporting.Form(suffix),
                subscription=standing.subscription,
            )
    except FileExistsError:
        raise AudienceError(f"{file} is there already: choose another name") from None
    except OSError as error:
        raise AudienceError(f"{file} cannot be written: {error.strerror}") from None
    out.print(f"{written} readers written to {file}")


def _told(desk: Desk, form: Form | None) -> str:
    words = {
        Form.LINK: "with a link to the PDF",
        Form.ATTACH: "with the PDF attached",
        Form.TEXT: "as plain text",
    }
    return words[form] if form else f"as usual, {words[desk.publication.delivery.pdf]}"


def _mapping(pairs: list[str] | tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        what, equals, heading = pair.partition("=")
        if not equals or not heading:
            raise AudienceError(f'--column "{pair}": write it like email=Courriel')
        mapping[what.strip()] = heading.strip()
    return mapping
