"""The e-book edition: an issue as an EPUB 3.3 publication.

https://www.w3.org/TR/epub-33/; the same issue gives the same bytes.
"""

import io
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

from markupsafe import Markup

from publisher.config import Publication
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.content.pictures import measure
from publisher.errors import RenderError
from publisher.problems import Problem
from publisher.render import Rendered
from publisher.render.faces import faces_for
from publisher.render.front import front_picture
from publisher.render.links import Links
from publisher.render.message import words_of
from publisher.render.opening import teaser
from publisher.render.plain import line, shorten
from publisher.render.screen import ScreenPiece, ScreenPress, Sizes
from publisher.render.templates import TEMPLATES, direction, environment, render
from publisher.render.words import words
from publisher.render.xhtml import readable, to_xhtml, without_controls

#: of a picture: the widest e-readers have about 1400 pixels
_SIZES = Sizes(widths=(1200,), quality=72, max_bytes=180_000)
_FILE_BYTES = 5_000_000
_TYPES = {
    ".xhtml": "application/xhtml+xml",
    ".ncx": "application/x-dtbncx+xml",
    ".css": "text/css",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}
_PACKED = (".jpg", ".png", ".woff2")  # packed already; more packing only costs time
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a ZIP file can tell


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the contents."""

    title: str
    href: str
    language: str
    direction: str
    entries: "tuple[Entry, ...]" = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """The neighbours in reading order that belong to one section; the letter has none."""

    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True)
class Item:
    """A file of the book as its package lists it."""

    href: str
    properties: str = ""

    @property
    def id(self) -> str:
        """A name that XML allows."""
        return "i-" + self.href.replace("/", "-")

    @property
    def media_type(self) -> str:
        """What kind of file it is."""
        return _TYPES[Path(self.href).suffix]


class Epub:
    """Makes {title}-{week}.epub in the issue's build folder."""

    name = "epub"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Make the e-book; see `publisher.render.Edition`."""
        book = _Book(issue, publication)
        data = pack(book.files())
        path = issue.build_folder / Links(publication, issue.week).epub_name
        save(path, data)
        problems = list(dict.fromkeys(book.press.problems))
        if len(data) > _FILE_BYTES:
            size = len(data) / 1e6
            message = f"the e-book has {size:.1f} MB, more than 5: use fewer pictures"
            problems.append(Problem(message=message))
        return Rendered(edition=self.name, files=(path,), problems=tuple(problems))


def pack(files: Mapping[str, bytes]) -> bytes:
    """Put files into the container that EPUB wants (OCF 3.3, section 4.2), always the same way."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as container:
        for name, data in {"mimetype": b"application/epub+zip", **files}.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            stored = name == "mimetype" or name.endswith(_PACKED)
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            container.writestr(entry, data, compresslevel=9)
    return out.getvalue()


@dataclass
class _Book:
    """Gathers the files of one e-book."""

    issue: Issue
    publication: Publication
    made: dict[str, bytes] = field(default_factory=dict)  #: by address in the book
    chapters: list[Item] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.env = environment(self.publication)
        self.language = self.publication.language
        own = self.publication.root / "templates"
        folders = (TEMPLATES, TEMPLATES / "magazine", own, own / "magazine")
        self.env.globals |= {
            "issue": self.issue,
            "words": words(self.language, *folders),
            "links": Links(self.publication, self.issue.week, self.issue.editions),
        }
        self.pictures = self.issue.build_folder / "cache"
        self.press = ScreenPress(
            self.issue, self.publication, pictures=self.pictures, sizes=_SIZES, below=0
        )

    def files(self) -> dict[str, bytes]:
        """Return every file of the container but the first, by path."""
        cover = self.cover()
        contents = Item(href="contents.xhtml", properties="nav")
        groups = self.press.pieces()
        entries = [(g[0].section.name, self.chapter(n, g)) for n, g in enumerate(groups, 1)]
        parts = [
            Part(name=name, entries=tuple(entry for _, entry in found))
            for name, found in groupby(entries, key=lambda pair: pair[0])
        ]
        colophon = self.page("colophon")
        context = {"parts": parts, "cover_page": cover, "colophon": colophon}
        self.write(contents.href, "epub/contents.html", **context)
        self.write("contents.ncx", "epub/ncx.xml", **context, identifier=self.identifier)
        self.keep_styles()
        self.keep_pictures()
        chapters = [*([cover] if cover else []), contents, *self.chapters, colophon]
        package = self.rendered(
            "epub/package.xml",
            identifier=self.identifier,
            spine=chapters,
            items=self.items(chapters),
            languages=self.languages(groups),
            description=self.description(),
            all_described=self.described(groups),
            visual=any(name.startswith("pictures/") for name in self.made),
            has_cover="cover.jpg" in self.made,
        )
        return {
            "META-INF/container.xml": self.rendered("epub/container.xml"),
            "EPUB/package.opf": package,
            **{f"EPUB/{name}": data for name, data in self.made.items()},
        }

    @property
    def identifier(self) -> uuid.UUID:
        """A name for the issue that no other has, and that stays when it is made again."""
        return uuid.uuid5(uuid.NAMESPACE_URL, Links(self.publication, self.issue.week).issue)

    # ---- pages -----------------------------------------------------------------------

    def cover(self) -> Item | None:
        """Make the cover's page."""
        front = front_picture(self.issue, self.publication)
        if front is None:
            return None
        self.made["cover.jpg"] = front.read_bytes()
        size = measure(front)
        return self.page("cover", width=size.width, height=size.height)

    def page(self, name: str, **context: Any) -> Item:
        item = Item(href=f"{name}.xhtml")
        self.write(item.href, f"epub/{name}.html", **context)
        return item

    def chapter(self, number: int, group: list[ScreenPiece]) -> Entry:
        """Make the page of one article or of briefs that share one; return its line."""
        group = [replace(piece, body=self.body(piece)) for piece in group]
        href = f"chapter-{number:02}.xhtml"
        drawn = any("<svg" in piece.body for piece in group)
        self.chapters.append(Item(href=href, properties="svg" if drawn else ""))
        if len(group) == 1:
            self.write(href, "epub/article.html", piece=group[0])
            return _entry(group[0], href)
        self.write(href, "epub/briefs.html", pieces=group)
        return Entry(
            title=self.words["in_brief"],
            href=href,
            language=self.language,
            direction=direction(self.language),
            entries=tuple(_entry(piece, f"{href}#{anchor(piece.slug)}") for piece in group),
        )

    def body(self, piece: ScreenPiece) -> Markup:
        """Return an article's text as XHTML."""
        return Markup(to_xhtml(piece.body, self.keep_drawing))  # noqa: S704 - sanitised, mended

    # ---- files -----------------------------------------------------------------------

    def write(self, href: str, template: str, **context: Any) -> None:
        self.made[href] = self.rendered(template, **context)

    def rendered(self, template: str, **context: Any) -> bytes:
        """Render a template; raise `RenderError` when what comes out is no XML."""
        env, given = self.env, {"language": self.language, **context}
        env.filters |= {"anchor": anchor, "readable": readable}
        text = without_controls(render(env, template, **given))
        data = text.lstrip().encode()
        try:
            ElementTree.fromstring(data)  # noqa: S314 - ours or an editor's
        except ElementTree.ParseError as error:
            raise RenderError(
                f"templates/{template} makes no well-formed XML ({error}): close every element,"
                " write &#160; instead of &nbsp;"
            ) from None
        return data

    def keep_drawing(self, address: str) -> str:
        """Keep a picture that stands in a data: address as a file."""
        kind, _, drawing = address.partition(",")
        if not kind.startswith("data:image/svg+xml"):
            return ""
        data = unquote_to_bytes(drawing)
        name = f"pictures/{uuid.uuid5(uuid.NAMESPACE_OID, data.hex())}.svg"
        self.made[name] = data
        return name

    def keep_styles(self) -> None:
        """Embed the style sheets, and of the faces those that the text needs."""
        self.made["style.css"] = render(self.env, "epub/style.css").encode()
        text = set("".join(d.decode() for n, d in self.made.items() if n.endswith(".xhtml")))
        for name, data in faces_for(text, self.publication).items():
            self.made[f"fonts/{name}"] = data

    def keep_pictures(self) -> None:
        pages = "".join(d.decode() for n, d in self.made.items() if n.endswith(".xhtml"))
        for path in sorted(self.pictures.glob("*")):
            if f'"pictures/{path.name}"' in pages:
                self.made[f"pictures/{path.name}"] = path.read_bytes()

    def items(self, chapters: Iterable[Item]) -> list[Item]:
        """Return everything the package must list, in a steady order."""
        known = {item.href: item for item in chapters}
        known["cover.jpg"] = Item(href="cover.jpg", properties="cover-image")
        return [known.get(name, Item(href=name)) for name in sorted(self.made)]

    # ---- what the package says of itself ---------------------------------------------

    @property
    def words(self) -> Mapping[str, str]:
        return words_of(self.env)

    def languages(self, groups: list[list[ScreenPiece]]) -> list[str]:
        return list(dict.fromkeys([self.language, *(p.language for g in groups for p in g)]))

    def description(self) -> str:
        story = next((a for a in self.issue.articles if a.slug == self.issue.cover.story), None)
        return line(shorten(self.issue.cover.standfirst or (teaser(story) if story else ""), 300))

    def described(self, groups: list[list[ScreenPiece]]) -> bool:
        """Tell whether every picture has words for those who cannot see it."""
        leads = [piece.picture for group in groups for piece in group if piece.picture]
        text = "".join(piece.body for group in groups for piece in group)
        return all(lead.alt for lead in leads) and 'alt=""' not in text


def anchor(slug: str) -> str:
    """Return a slug as an id may be written."""
    return "-".join(slug.split())


def _entry(piece: ScreenPiece, href: str) -> Entry:
    return Entry(title=piece.title, href=href, language=piece.language, direction=piece.direction)
