"""init: a new publication that renders at once."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from publisher.cli.app import app, out
from publisher.config import FILE, load_publication
from publisher.content.files import save
from publisher.errors import ConfigError
from publisher.render.templates import TEMPLATES
from publisher.tables import load_toml

_START = TEMPLATES / "start"


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    title: Annotated[str, typer.Option(help="Name of the magazine.")] = "",
    tagline: Annotated[str, typer.Option(help="Line under the name.")] = "",
    site: Annotated[str, typer.Option(help="Address of your site.")] = "https://example.org",
    address: Annotated[
        str, typer.Option(help="Address the mail comes from.")
    ] = "weekly@example.org",
    postal: Annotated[
        str, typer.Option(help="Your postal address, as the law wants it in bulk mail.")
    ] = "Street, Town, Country",
    language: Annotated[
        str, typer.Option(help="en, fr, ar, ...; the examples come in one of these three.")
    ] = "en",
    timezone: Annotated[str, typer.Option(help="Such as Africa/Tunis.")] = "",
) -> None:
    """Make a new publication with three example articles.

    Nothing that is there already is touched.
    """
    if (folder / FILE).exists():
        raise ConfigError(f"{folder / FILE} is there already: choose another folder")
    if (folder / "issues").exists():
        raise ConfigError(f"{folder / 'issues'} is there already: choose another folder")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file: choose another name for the folder")
    base = language.split("-")[0]
    texts = base if base in {path.name for path in (_START / "inbox").iterdir()} else "en"
    words = load_toml(_START / "words" / f"{texts}.toml")
    values = {
        "words": words,
        "title": " ".join(title.split()) or folder.resolve().name.replace("-", " ").title(),
        "tagline": tagline or words["tagline"],
        "site": site.rstrip("/"),
        "address": address,
        "postal": postal,
        "language": language,
        "timezone": timezone or _zone_of_this_machine(),
    }
    env = Environment(  # noqa: S701 - makes TOML and Markdown, not HTML
        loader=FileSystemLoader(_START), undefined=StrictUndefined, keep_trailing_newline=True
    )
    env.filters["toml"] = lambda value: json.dumps(value, ensure_ascii=False)
    env.filters["md"] = lambda value: value.replace("*", r"\*").replace("_", r"\_")
    # examples in another language than the magazine's say so
    spoken = values | {"language": language if texts == base else texts}
    files = {
        FILE: env.get_template("publication.toml").render(values),
        ".gitignore": env.get_template("gitignore").render(values),
        **{
            f"issues/inbox/{path.name}": env.get_template(f"inbox/{texts}/{path.name}").render(
                spoken
            )
            for path in sorted((_START / "inbox" / texts).glob("*.md"))
        },
    }
    # checked elsewhere first, so that a bad option leaves nothing behind
    with TemporaryDirectory() as scratch:
        save(Path(scratch, FILE), files[FILE])
        load_publication(Path(scratch))
    for target, text in files.items():
        save(folder / target, text)
    cd = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    out.print(f"[bold]{values['title']}[/] is ready in {folder}. Now look at it:")
    out.print(f"  {cd}publisher collect && publisher preview", highlight=False)


@app.command()
def templates() -> None:
    """Show where the templates are that a publication may override."""
    out.print(str(TEMPLATES), soft_wrap=True, highlight=False)


def _zone_of_this_machine() -> str:
    """Return the zone that this machine's clock is set to, or UTC."""
    link = Path("/etc/localtime")
    name = str(link.resolve()).partition("zoneinfo/")[2] if link.is_symlink() else ""
    try:
        return ZoneInfo(name).key if name else "UTC"
    except (KeyError, ValueError, OSError):
        return "UTC"
