"""The application, its one global option, and how errors leave it."""

import shutil
import sys
from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import DBAPIError
from typer.core import TyperGroup

from publisher import __version__
from publisher.errors import PublisherError
from publisher.pipeline.desk import Desk, open_desk
from publisher.storage.engine import explain
from publisher.week import Week

out = Console()
err = Console(stderr=True)
_DATABASE = "publisher.database"  #: where a command's context keeps the database's address


class OperatorGroup(TyperGroup):
    """Turns what an operator can mend into a sentence and an exit code, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; see the class."""
        try:
            return super().invoke(ctx)
        except PublisherError as error:
            _complain(str(error))
            raise typer.Exit(error.exit_code) from None
        except DBAPIError as error:
            if _DATABASE not in ctx.meta:
                raise
            _complain(explain(error, ctx.meta[_DATABASE]))
            raise typer.Exit(1) from None
        except BrokenPipeError:
            raise  # whoever reads us, such as head, has had enough
        except OSError as error:
            _complain(f"{_trouble(error)}: mend that and run the same command again")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            err.print("publisher: stopped; run the same command again to go on")
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=OperatorGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # locals may hold secrets and readers' addresses
    help="""Turn a week of articles into a magazine and mail it to its readers.

    The road is [bold]collect[/] → [bold]compose[/] → [bold]render[/] → [bold]approve[/] →
    [bold]send[/]; [bold]publisher run[/] walks it every week by itself.
    """,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def _global(
    ctx: typer.Context,
    folder: Annotated[
        Path,
        typer.Option(
            "--publication",
            "-C",
            metavar="DIR",
            envvar="PUBLISHER_PUBLICATION",
            help="The publication's folder.",
        ),
    ] = Path(),
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    ctx.obj = folder


WeekOption = Annotated[
    str,
    typer.Option("--week", "-w", metavar="YYYY-Www", help="The issue's week; this week if absent."),
]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why, for those who ask later.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def desk_of(ctx: typer.Context, *, who: str = "operator") -> Desk:
    """Open the publication the command was given."""
    desk = open_desk(ctx.obj, who=who)
    ctx.meta[_DATABASE] = desk.engine.url
    return desk


def week_of(desk: Desk, text: str) -> Week:
    """Return the week an operator named, or the one that is being collected."""
    return Week.parse(text) if text else desk.collecting_week()


def local(desk: Desk, moment: datetime | None) -> str:
    """Write a moment as the publication's clock shows it."""
    if moment is None:
        return ""
    return f"{moment.astimezone(desk.publication.timezone):%a %d %b %H:%M}"


def user() -> str:
    """Return who types, for the record."""
    try:
        return getuser()
    except (KeyError, OSError):
        return "operator"  # a container's user may have no name


def at_a_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def _complain(text: str) -> None:
    err.print(f"[bold red]publisher:[/] {escape(text)}", soft_wrap=True)


def _trouble(error: OSError) -> str:
    """Say which file it was; copying a folder tells it in a list of (from, to, reason)."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        _, place, reason = error.args[0][-1]
        return f"cannot write {place}: {reason}"
    place = f" {error.filename}" if error.filename else " a file"
    return f"cannot use{place}: {error.strerror or error}"
