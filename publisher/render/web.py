"""The web edition: one readable page with every article, complete in build/web/."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from markupsafe import Markup

from publisher.config import Publication, Section
from publisher.content.article import Article, Kind, Picture
from publisher.content.files import save
from publisher.content.issue import Issue, Slot
from publisher.content.markdown import Look, Medium, render_body
from publisher.content.pictures import measure, rendition
from publisher.errors import ContentError
from publisher.problems import Problem
from publisher.render import Rendered
from publisher.render.colour import legible
from publisher.render.digest import section_of
from publisher.render.front import front_picture
from publisher.render.links import Links
from publisher.render.message import words_of
from publisher.render.opening import teaser
from publisher.render.plain import line, shorten
from publisher.render.templates import STATIC, direction, environment, render

_WIDE_KINDS = (Kind.FEATURE, Kind.PHOTO_ESSAY)
_SMALL, _LARGE = 800, 1600  #: pixels; phones take the small one, sharp and wide screens the large
_SIZES = "(min-width: 42rem) 38rem, 100vw"
_WIDE_SIZES = "(min-width: 72rem) 66rem, 100vw"
_LOOK = Look(
    family="'Publisher Sans', 'Publisher Arabic', sans-serif",
    regular=STATIC / "fonts" / "sans-regular.ttf",
    bold=STATIC / "fonts" / "sans-semibold.ttf",
)
_HEADING = re.compile(r"<(/?)h([2-5])(?=[ >])")
_SOURCE = re.compile(r'src="(pictures/[^"]+)"')
_FONT = re.compile(r"url\(([\w.-]+\.woff2)\)")


@dataclass(frozen=True, kw_only=True)
class WebPicture:
    """A picture in two sizes, with addresses relative to the page."""

    src: str
    srcset: str
    sizes: str
    width: int  #: pixels of the larger one
    height: int
    alt: str
    caption: str = ""
    credit: str = ""

    @property
    def tall(self) -> bool:
        """Whether it would fill more than a screen at the width of the text."""
        return self.height > 1.15 * self.width


@dataclass(frozen=True, kw_only=True)
class Piece:
    """An article as the page prints it."""

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
    body: Markup
    picture: WebPicture | None
    opens: bool  #: headline and picture across the page
    cover_story: bool
    sources: tuple[str, ...]
    corrections: tuple[str, ...]
    url: str
    host: str


class Web:
    """The issue as a web page: build/web/index.html and what it needs beside it.

    The page asks for nothing from elsewhere and runs no script: a server may send
    `default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'`
    (the style attributes carry the sections' colours).
    """

    name = "web"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Write the page, its style, fonts and pictures; see `Edition`."""
        folder = issue.build_folder / "web"
        press = _Press(issue, publication, folder)
        env = environment(publication)
        html = render(
            env,
            "web/issue/page.html",
            issue=issue,
            links=press.links,
            cover=press.cover(words_of(env)["cover_of"]),
            card=press.card(),
            description=_description(issue),
            pieces=press.pieces(),
        )
        style = render(env, "static/web.css") + render(env, "web/issue/issue.css")
        _save_fonts(publication, folder / "fonts")
        save(folder / "style.css", style)
        save(folder / "index.html", html)
        _drop_unused(folder / "pictures", html, issue.build_folder / "email" / "body.html")
        return Rendered(
            edition=self.name,
            files=(folder / "index.html", folder / "style.css"),
            problems=tuple(dict.fromkeys(press.problems)),
        )


class _Press:
    """Prepares pieces and pictures for one page and notes the problems."""

    def __init__(self, issue: Issue, publication: Publication, folder: Path) -> None:
        self.issue, self.publication, self.folder = issue, publication, folder
        self.links = Links(publication, issue.week)
        self.problems: list[Problem] = []
        self._tags: dict[str, str] = {}  #: address of an inner picture -> its attributes

    def pieces(self) -> list[list[Piece]]:
        """Return the pieces in reading order; those that share pages are one group."""
        groups = [[self.piece(a, slot) for a in slot.articles] for slot in self.issue.slots]
        letter = self.issue.letter
        return [[self.piece(letter, None)], *groups] if letter else groups

    def piece(self, article: Article, slot: Slot | None) -> Piece:
        section = section_of(self.publication, article, slot)
        kind = slot.kind if slot else Kind.LETTER
        language = article.language or self.publication.language
        cover_story = bool(slot and slot.cover_story)
        opens = cover_story or (kind in _WIDE_KINDS and article.picture is not None)
        body = render_body(
            article,
            medium=Medium.WEB,
            picture_url=self.inner_picture,
            look=replace(_LOOK, accent=legible(section.colour, _LOOK.paper)),
        )
        self.problems.extend(body.problems)
        picture = None
        if article.picture:
            try:
                picture = self.show(article.picture, opens)
            except ContentError as error:
                self.problems.append(Problem(message=str(error), article=article.slug))
        return Piece(
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
            body=self.finish(body.html, deeper=2 if kind is Kind.BRIEF else 1),
            picture=picture,
            opens=opens,
            cover_story=cover_story,
            sources=article.sources,
            corrections=article.corrections,
            url=article.url,
            host=urlsplit(article.url).netloc.removeprefix("www."),
        )

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

    def show(self, picture: Picture, wide: bool) -> WebPicture:
        """Make a picture in two sizes; raise `ContentError` if it is lost."""
        source = self.issue.folder / picture.path
        small, large = (
            rendition(source, self.folder / "pictures", width=width, quality=74)
            for width in (_SMALL, _LARGE)
        )
        size, small_size = measure(large), measure(small)
        several = size.width > small_size.width
        return WebPicture(
            src=f"pictures/{small.name}",
            srcset=(
                f"pictures/{small.name} {small_size.width}w, pictures/{large.name} {size.width}w"
                if several
                else ""
            ),
            sizes=_WIDE_SIZES if wide else _SIZES,
            width=size.width,
            height=size.height,
            alt=picture.alt,
            caption=picture.caption,
            credit=picture.credit,
        )

    def cover(self, wording: str) -> WebPicture | None:
        """Put the cover beside the page as cover.jpg."""
        front = front_picture(self.issue, self.publication)
        if front is None:
            return None
        save(self.folder / "cover.jpg", front.read_bytes())
        size = measure(front)
        title = self.issue.cover.title
        return WebPicture(
            src="cover.jpg",
            srcset="",
            sizes="",
            width=size.width,
            height=size.height,
            alt=wording.format(title=self.publication.title, number=self.issue.number, line=title),
        )

    def card(self) -> str:
        """Make the picture that social sites show beside a link; return its public address."""
        picture = self.issue.cover.picture
        if picture is None:
            return ""
        try:
            made = rendition(
                self.issue.folder / picture.path,
                self.folder / "pictures",
                width=1200,
                height=630,
                focus=picture.focus,
            )
        except ContentError:
            return ""  # told where the cover is printed
        return self.links.picture(made.name)


def _description(issue: Issue) -> str:
    story = next((a for a in issue.articles if a.slug == issue.cover.story), None)
    text = issue.cover.standfirst or (teaser(story) if story else "")
    return line(shorten(text, 200))


def _save_fonts(publication: Publication, folder: Path) -> None:
    """Copy the style sheet of the faces and the files it names; a publication may have its own."""
    ours = STATIC / "fonts" / "web"
    own = publication.root / "templates" / "static" / "fonts" / "web"
    source = own if (own / "fonts.css").is_file() else ours
    css = (source / "fonts.css").read_text(encoding="utf-8")
    for name in sorted(set(_FONT.findall(css))):
        target = folder / name
        data = (source / name).read_bytes()
        if not target.is_file() or target.stat().st_size != len(data):
            save(target, data)
    save(folder / "fonts.css", css)


def _drop_unused(pictures: Path, html: str, mail: Path) -> None:
    """Remove the pictures that neither the page nor the mail shows any more."""
    shown = html + (mail.read_text(encoding="utf-8") if mail.is_file() else "")
    for path in pictures.glob("[!.]*"):
        if path.name not in shown:
            path.unlink(missing_ok=True)
