"""Where templates, styles, fonts and themes stand: the publication's folders first, then ours."""

from pathlib import Path

from publisher.config import Publication
from publisher.errors import ConfigError
from publisher.tables import load_toml

_PACKAGE = Path(__file__).parent.parent
#: our own templates: inside the package when installed, beside it in a checkout
TEMPLATES = next(
    folder for folder in (_PACKAGE / "templates", _PACKAGE.parent / "templates") if folder.is_dir()
)
STATIC = TEMPLATES / "static"
FILE = "theme.toml"
#: the theme that says everything; others build on it unless they say on which
ROOT = "classic"


def own_templates(publication: Publication) -> Path:
    """Return the folder of the publication's own templates, which need not be there."""
    return publication.root / "templates"


def template_folders(publication: Publication) -> tuple[Path, ...]:
    """Return every folder in which a template is looked for, the first that has it wins.

    templates/themes/NAME/ and templates/ of the publication, then the same of ours. A
    theme that builds on another (`like`) is followed by it in both.
    """
    names = lineage(publication)
    own = own_templates(publication)
    return tuple(
        folder
        for base in (own, TEMPLATES)
        for folder in (*(base / "themes" / name for name in names), base)
    )


def lineage(publication: Publication) -> tuple[str, ...]:
    """Return the publication's theme and those it builds on, itself first.

    Raises `ConfigError` for a theme that is not there, or one that builds on itself.
    """
    names: list[str] = []
    name = publication.editions.theme
    while name not in names:
        names.append(name)
        path = theme_file(publication, name)
        like = load_toml(path).get("like", "" if name == ROOT else ROOT)
        if not isinstance(like, str):
            raise ConfigError(f"{path}: like = {like!r} is not allowed: use a text in quotes")
        if not like:
            return tuple(names)
        name = like
    raise ConfigError(f"themes build on one another in a circle: {' -> '.join([*names, name])}")


def theme_file(publication: Publication, name: str) -> Path:
    """Return the theme.toml of a theme, the publication's own first."""
    folders = (own_templates(publication) / "themes", TEMPLATES / "themes")
    known = themes(publication)
    if name not in known:  # also keeps a name such as ../x from leading out of the folders
        have = ", ".join(known)
        raise ConfigError(f'editions.theme = "{name}": there is no such theme: use one of {have}')
    return next(path for folder in folders if (path := folder / name / FILE).is_file())


def themes(publication: Publication) -> tuple[str, ...]:
    """Return the names of all themes there are, in alphabetical order."""
    folders = (own_templates(publication) / "themes", TEMPLATES / "themes")
    return tuple(sorted({path.parent.name for f in folders for path in f.glob(f"*/{FILE}")}))
