"""The voices of the phone edition: the theme's faces at sizes made for a phone."""

from dataclasses import dataclass, replace
from pathlib import Path

from publisher.content.article import Kind
from publisher.render.lettering import Style
from publisher.render.places import Place
from publisher.render.theme import Theme


@dataclass(frozen=True, kw_only=True)
class Voice:
    """A style with the file it is measured in."""

    style: Style
    path: Path
    arabic: bool = False

    @property
    def tracking(self) -> float:
        """Ems between letters; Arabic has none."""
        return 0.0 if self.arabic else self.style.tracking / 1000

    def printed(self, text: str) -> str:
        """Return a text as this voice prints it, in capitals or not."""
        return self.style.printed(text)


@dataclass(frozen=True)
class Voices:
    """The faces of a publication's theme."""

    theme: Theme

    def of(self, style: Style, language: str) -> Voice:
        """Return a style as a language prints it."""
        arabic = language.split("-")[0] == "ar"
        return Voice(style=style, path=self.theme.face(style, language), arabic=arabic)

    def headline(self, place: Place) -> Voice:
        """Return the face of a place's headline, in Arabic always bold."""
        return self.of(bold(headline_style(self.theme, place), place.language), place.language)

    def plain(self, role: str, language: str) -> Voice:
        """Return the face of a role of `theme.tokens.type`, such as "standfirst"."""
        return self.of(getattr(self.theme.tokens.type, role), language)


def headline_style(theme: Theme, place: Place) -> Style:
    """Return the style of a place's headline."""
    layouts = theme.tokens.layouts
    story = place.cover_story and place.kind in (Kind.FEATURE, Kind.NEWS)
    return (layouts["cover-story"] if story else layouts[str(place.kind)]).headline


def bold(style: Style, language: str) -> Style:
    """Return a headline's style in a language: Arabic ones are bold, whatever the theme's are."""
    return replace(style, weight=700) if language.split("-")[0] == "ar" else style


def sized(style: Style, size: float, leading: float = 0.0) -> str:
    """Return a theme's style at another size in points, as CSS declarations."""
    return str(replace(style, size=size, leading=leading))
