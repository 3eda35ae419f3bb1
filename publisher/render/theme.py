"""The theme: type, grid, colours and fonts of the paged editions, read from theme.toml.

One place for every design decision. Style sheets print these values (as
`{{ type.kicker }}` or `var(--ink)`), and Python measures with the same ones, so that no
number stands twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from publisher.config import Maps, Publication
from publisher.content.article import Kind
from publisher.errors import ConfigError
from publisher.render.folders import lineage, template_folders, theme_file
from publisher.render.lettering import Roles, Style
from publisher.render.tokens import (
    LAYOUTS,
    Arabic,
    Colours,
    Contents,
    Cover,
    DropCap,
    EndMark,
    Families,
    Layout,
    Masthead,
    Page,
    Rules,
    Teasers,
)
from publisher.tables import key, load_toml, read


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """theme.toml, as it is written."""

    about: str = key("What the theme looks like, in a sentence")
    like: str = key("Theme this one builds on: what it does not say, that one does", "classic")
    page: Page = key("Margins and columns")
    type: Roles = key("Sizes and faces of everything but headlines")
    fonts: Families = key("Families and their files")
    arabic: Arabic = key("How Arabic is set beside Latin")
    colours: Colours = key("Colours that are not the publication's or a section's")
    rules: Rules = key("Weights of lines, corners")
    masthead: Masthead = key("The magazine's name on the cover")
    dropcap: DropCap = key("The large first letter")
    end: EndMark = key("What ends a piece")
    cover: Cover = key("The front page")
    contents: Contents = key("The list of contents")
    teasers: Teasers = key("Other stories at the foot of a page that is not full")
    layouts: dict[str, Layout] = key("How each kind is set; KIND-VARIANT changes a variant")


@dataclass(frozen=True, kw_only=True)
class Face:
    """A font file, as a style sheet declares it."""

    family: str
    weight: int
    italic: bool
    path: Path

    @property
    def uri(self) -> str:
        """Return the file's address."""
        return self.path.as_uri()


@dataclass(frozen=True, kw_only=True)
class Theme:
    """A publication's theme, with the files it needs found."""

    name: str
    tokens: Tokens
    faces: tuple[Face, ...]
    maps: Maps = Maps()  #: how the publication draws disputed land

    @property
    def lists(self) -> dict[str, str]:
        """Return the CSS font-family list of each family, with what stands in for it."""
        names = self.tokens.fonts.families()
        last = [_css(name) for name in ("arabic", *self.tokens.fonts.fallback)]
        found = {}
        for name in names:
            others = [_css("text"), *last[1:]] if name == "arabic" else last
            found[name] = ", ".join([_css(name), *others])
        return found

    def layout(self, kind: str, variant: str = "") -> Layout:
        """Return how a kind is set; a variant without a table of its own is set like its kind."""
        layouts = self.tokens.layouts
        return layouts.get(f"{kind}-{variant}") or layouts[kind]

    def face(self, style: Style, language: str = "") -> Path:
        """Return the file a style is printed in, for measuring; Arabic has its own family."""
        arabic = language.split("-")[0] == "ar"
        wanted = _css("arabic" if arabic else style.family)
        faces = [face for face in self.faces if face.family == wanted]
        slanted = style.italic and not arabic
        return min(
            faces, key=lambda face: (face.italic != slanted, abs(face.weight - style.weight))
        ).path


def load_theme(publication: Publication) -> Theme:
    """Read the theme that `[editions] theme` names; raise `ConfigError` for what is wrong in it.

    What a theme does not say, the one it builds on says; a font's file is looked for in
    fonts/ of the theme, then in those of the folders templates are looked for in.
    """
    states = tuple(
        (path, path.stat().st_mtime_ns)
        for name in lineage(publication)
        for path in (theme_file(publication, name),)
    )
    known = _THEMES.get(publication.editions.theme)
    if known is None or known[0] != (publication.root, publication.maps, states):
        found = _read_theme(publication)
        known = ((publication.root, publication.maps, states), found)
        _THEMES[publication.editions.theme] = known
    return known[1]


#: the last themes by name, with what they were read from: every part of a magazine asks
_THEMES: dict[str, tuple[Any, "Theme"]] = {}


def _read_theme(publication: Publication) -> Theme:
    raw: dict[str, Any] = {}
    for name in reversed(lineage(publication)):
        raw = _over(raw, load_toml(theme_file(publication, name)))
    file = f"templates/themes/{publication.editions.theme}/theme.toml"
    layouts = raw.get("layouts")
    if isinstance(layouts, dict):
        raw["layouts"] = {name: _whole(name, layouts) for name in layouts}
    tokens = read(Tokens, raw, file=file)
    _check(tokens, file)
    tokens = replace(
        tokens,
        layouts={
            name: replace(how, template=_template(name), variant=_variant(name))
            for name, how in tokens.layouts.items()
        },
    )
    folders = template_folders(publication)
    faces = tuple(
        Face(
            family=_css(family),
            weight=weight,
            italic=italic,
            path=_font(name, folders, f"{file}: fonts.{family}"),
        )
        for family, files in tokens.fonts.all().items()
        for weight, italic, name in files.files()
    )
    return Theme(name=publication.editions.theme, tokens=tokens, faces=faces, maps=publication.maps)


def _check(tokens: Tokens, file: str) -> None:
    """Refuse a theme in which the layout of a kind is missing or one is named like none."""
    missing = [name for name in LAYOUTS if name not in tokens.layouts]
    if missing:
        raise ConfigError(f"{file}: layouts.{missing[0]} is missing: say how that kind is set")
    for name in tokens.layouts:
        if not any(name == kind or name.startswith(f"{kind}-") for kind in LAYOUTS):
            known = ", ".join(LAYOUTS)
            raise ConfigError(
                f"{file}: unknown key layouts.{name}: use {known}, or one of them with -VARIANT"
            )


def _kind(name: str) -> str:
    return max((kind for kind in LAYOUTS if f"{name}-".startswith(f"{kind}-")), key=len)


def _template(name: str) -> str:
    """Return the template of a layout: its kind's."""
    kind = _kind(name)
    return "briefs" if kind == Kind.BRIEF else kind


def _variant(name: str) -> str:
    """Return the variant a layout is for; empty for the kind itself."""
    return name.removeprefix(_kind(name)).removeprefix("-")


def _css(family: str) -> str:
    return f'"Publisher {family.title()}"'


def _over(base: Mapping[str, Any], own: Mapping[str, Any], at: str = "") -> dict[str, Any]:
    """Lay a theme's table over the one it builds on; a family of fonts replaces the other whole."""
    found = dict(base)
    for name, value in own.items():
        below = base.get(name)
        if isinstance(value, dict) and isinstance(below, dict) and at != "fonts":
            found[name] = _over(below, value, name)
        else:
            found[name] = value
    return found


def _whole(name: str, layouts: Mapping[str, Any]) -> Any:
    """Return a layout's table; a variant's is laid over its kind's."""
    table = layouts[name]
    bases = [base for base in layouts if name.startswith(f"{base}-")]
    if not bases or not isinstance(table, dict):
        return table
    base = layouts[max(bases, key=len)]
    return _over(base, table) if isinstance(base, dict) else table


def _font(name: str, folders: tuple[Path, ...], place: str) -> Path:
    if Path(name).name != name:
        raise ConfigError(f"{place}: {name} must be the plain name of a file in fonts/")
    for folder in folders:
        for path in (folder / "fonts" / name, folder / "static" / "fonts" / name):
            if path.is_file():
                return path.resolve()
    raise ConfigError(f"{place}: there is no fonts/{name}: put it beside theme.toml")
