"""An article dressed for screens: what the web edition and the e-book print alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from markupsafe import Markup

from publisher.config import Publication, Section
from publisher.content.article import Article, Kind, Picture
from publisher.content.issue import Issue, Slot
from publisher.content.markdown import Look, Medium, render_body
from publisher.content.pictures import Size, measure, rendition
from publisher.errors import ContentError
from publisher.problems import Problem
from publisher.render.colour import legible
from publisher.render.digest import section_of
from publisher.render.templates import STATIC, TEMPLATES, direction
from publisher.render.words import words

_WIDE_KINDS = (Kind.FEATURE, Kind.PHOTO_ESSAY)
_LOOK = Look(
    family="'Publisher Sans', 'Publisher Arabic', sans-serif",
    regular=STATIC / "fonts" / "sans-regular.ttf",
    bold=STATIC / "fonts" / "sans-semibold.ttf",
    arabic=STATIC / "fonts" / "amiri-regular.ttf",
    arabic_bold=STATIC / "fonts" / "amiri-bold.ttf",
    width=70.0,  # its 7.5 pt letters are 12 pixels on a phone, 17 on a desk
)
_HEADING = re.compile(r"<(/?)h([2-5])(?=[ >])")
_SOURCE = re.compile(r'src="(pictures/[^"]+)"')


@dataclass(frozen=True, kw_only=True)
class ScreenPicture:
    """A picture with addresses relative to the page, in one size or several."""

    src: str
    srcset: str = ""
    sizes: str = ""
    width: int  #: pixels of the largest one
    height: int
    alt: str
    caption: str = ""
    credit: str = ""

    @property
    def tall(self) -> bool:
        """Whether it would fill more than a screen at the width of the text."""
        return self.height > 1.15 * self.width


@dataclass(frozen=True, kw_only=True)
class ScreenPiece:
    """An article as a page prints it."""

    slug: str
    kind: str
    section: Section
    kicker: str
    title: str
    standfirst: str
    byline: str
    dateline: str
    language: str
    direction: str  #: "ltr" or "rtl"
    words: Mapping[str, str]  #: of its language
    body: Markup
    picture: ScreenPicture | None
    opens: bool  #: headline and picture across the page
    cover_story: bool
    sources: tuple[str, ...]
    corrections: tuple[str, ...]
    url: str
    host: str


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The sizes a picture is made in, and what a browser is told to choose by."""

    widths: tuple[int, ...]  #: pixels, the smallest first
    quality: int = 74
    max_bytes: int | None = None
    text: str = ""  #: `sizes` of a picture as wide as the text
    wide: str = ""


class ScreenPress:
    """Prepares an issue's pieces and pictures and notes the problems."""

    def __init__(
        self,
        issue: Issue,
        publication: Publication,
        *,
        pictures: Path,
        sizes: Sizes,
        below: int,
    ) -> None:
        """`below` is how far headings in an article stand below level two, pieces' own."""
        self.issue, self.publication = issue, publication
        self.pictures, self.sizes, self.below = pictures, sizes, below
        self.problems: list[Problem] = []
        self._tags: dict[str, str] = {}  #: address of an inner picture -> its attributes
        self._words: dict[str, Mapping[str, str]] = {}

    def pieces(self) -> list[list[ScreenPiece]]:
        """Return the pieces in reading order; those that share pages are one group."""
        groups = [[self.piece(a, slot) for a in slot.articles] for slot in self.issue.slots]
        letter = self.issue.letter
        return [[self.piece(letter, None)], *groups] if letter else groups

    def piece(self, article: Article, slot: Slot | None) -> ScreenPiece:
        """Dress one article; without a slot it is the editor's letter."""
        section = section_of(self.publication, article, slot)
        kind = slot.kind if slot else Kind.LETTER
        language = article.language or self.publication.language
        cover_story = bool(slot and slot.cover_story)
        opens = cover_story or (kind in _WIDE_KINDS and article.picture is not None)
        body = render_body(
            article,
            medium=Medium.WEB,
            picture_url=self.inner_picture,
            look=replace(
                _LOOK,
                accent=legible(section.colour, _LOOK.paper),
                maps=self.publication.maps,
            ),
        )
        self.problems.extend(body.problems)
        picture = None
        if article.picture:
            try:
                picture = self.show(article.picture, opens)
            except ContentError as error:
                self.problems.append(
                    Problem(
                        message=str(error),
                        article=article.slug,
                        check="missing_picture",
                        subject=article.picture.path,
                    )
                )
        among = slot is not None and len(slot.articles) > 1  # they share a page and its heading
        return ScreenPiece(
            slug=article.slug,
            kind=kind.value,
            section=section,
            kicker=article.kicker or section.name,
            title=article.title,
            standfirst=article.standfirst,
            byline=article.byline,
            dateline=article.dateline,
            language=language,
            direction=direction(language),
            words=self.words(language),
            body=self.finish(body.html, self.below + among),
            picture=picture,
            opens=opens,
            cover_story=cover_story,
            sources=article.sources,
            corrections=article.corrections,
            url=article.url,
            host=urlsplit(article.url).netloc.removeprefix("www."),
        )

    def words(self, language: str) -> Mapping[str, str]:
        """Return the editions' words in a piece's language."""
        if language not in self._words:
            folders = (TEMPLATES, self.publication.root / "templates")
            self._words[language] = words(language, *folders)
        return self._words[language]

    def finish(self, html: str, deeper: int) -> Markup:
        """Put headings below the article's own and give pictures their sizes."""
        html = _HEADING.sub(lambda m: f"<{m[1]}h{min(6, int(m[2]) + deeper)}", html)
        html = _SOURCE.sub(lambda m: self._tags.get(m[1], m[0]), html)
        return Markup(html)  # noqa: S704 - render_body escapes and sanitises

    def inner_picture(self, picture: Picture, wide: bool) -> str:
        """Make a picture of the running text; see `PictureUrl`."""
        shown = self.show(picture, wide)
        several = f' srcset="{shown.srcset}" sizes="{shown.sizes}"' if shown.srcset else ""
        tall = ' class="tall"' if shown.tall else ""
        self._tags[shown.src] = (
            f'src="{shown.src}"{several} width="{shown.width}" height="{shown.height}"'
            f'{tall} loading="lazy" decoding="async"'
        )
        return shown.src

    def show(self, picture: Picture, wide: bool) -> ScreenPicture:
        """Make a picture in every size it has pixels for; raise `ContentError` if it is lost."""
        made: dict[int, tuple[str, Size]] = {}
        for width in self.sizes.widths:
            path = rendition(
                self.issue.folder / picture.path,
                self.pictures,
                width=width,
                quality=self.sizes.quality,
                max_bytes=self.sizes.max_bytes,
            )
            size = measure(path)
            made.setdefault(size.width, (f"pictures/{path.name}", size))
        small, large = next(iter(made.values())), list(made.values())[-1]
        several = len(made) > 1
        return ScreenPicture(
            src=small[0],
            srcset=", ".join(f"{src} {w}w" for w, (src, _) in made.items()) if several else "",
            sizes=(self.sizes.wide if wide else self.sizes.text) if several else "",
            width=large[1].width,
            height=large[1].height,
            alt=picture.alt,
            caption=picture.caption,
            credit=picture.credit,
        )
