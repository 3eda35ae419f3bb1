"""The issues that the public may see, and their files."""

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from sqlalchemy import func, or_, select

from publisher.content.pictures import measure
from publisher.errors import ConfigError, ContentError
from publisher.pipeline.approving import APPROVED
from publisher.pipeline.desk import Desk
from publisher.pipeline.states import State
from publisher.render.links import Links
from publisher.storage.engine import reading
from publisher.storage.schema import issues, mailings
from publisher.week import Week

_PUBLIC = (State.SENDING, State.SENT)
#: the web edition itself: page, style, and what keeps it for reading without a network
_THE_PAGE = ("", "style.css", "offline.js", "worker.js")
#: what else may be asked for, and where it lies below the built editions
_BESIDE_THE_PAGE = {
    "pictures": (".jpg", ".jpeg", ".png", ".webp", ".gif", ".svg"),
    "fonts": (".woff2", ".css"),
    "stories": (".html",),
}


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_STORY = re.compile(r"\w[\w .-]*")  # slugs may be in any script


@dataclass(frozen=True, kw_only=True)
class Face:
    """What an issue says of itself."""

    line: str = ""
    description: str = ""
    date: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file of an issue that a reader may keep."""

    kind: str  #: phone, magazine, letter or epub
    name: str
    size: int  #: bytes


@dataclass(frozen=True, kw_only=True)
class PublishedIssue:
    """An issue that readers have, or are getting just now."""

    week: Week
    number: int
    line: str  #: the main line of its cover
    description: str
    date: dt.date  #: as on the cover
    published: dt.datetime  #: when it was approved; aware
    updated: dt.datetime  #: aware
    downloads: tuple[Download, ...]  #: the magazine first
    has_page: bool
    cover: tuple[int, int] | None  #: width and height in pixels

    @property
    def path(self) -> str:
        """Its address below the public pages'."""
        return f"/issues/{self.week}/"

    @property
    def pdf(self) -> Download | None:
        """The PDF to offer where there is room for one alone."""
        pdfs = {d.kind: d for d in self.downloads if d.kind != "epub"}
        return next((pdfs[kind] for kind in ("magazine", "letter", "phone") if kind in pdfs), None)

    @property
    def phone(self) -> Download | None:
        """The PDF for phones."""
        return next((d for d in self.downloads if d.kind == "phone"), None)


def published_issues(desk: Desk) -> list[PublishedIssue]:
    """Return the public issues, newest first.

    An issue that is held while it is being sent stays public: some readers have it.
    """
    query = (
        select(issues, func.min(mailings.c.created).label("approved"))
        .outerjoin(mailings, mailings.c.week == issues.c.week)
        .where(
            or_(
                issues.c.state.in_(_PUBLIC),
                (issues.c.state == State.HELD) & issues.c.held_state.in_(_PUBLIC),
            )
        )
        .group_by(issues.c.week)
        .order_by(issues.c.week.desc())
    )
    with reading(desk.engine) as connection:
        rows = connection.execute(query).all()
    return [
        _issue(desk, Week.parse(row.week), row.number, row.approved or row.updated, row.updated)
        for row in rows
    ]


def public_folder(desk: Desk, week: str) -> tuple[Week, Path] | None:
    """Return a public issue's week and built editions; None if the public may not see it."""
    try:
        parsed = Week.parse(week)
    except ConfigError:
        return None
    if str(parsed) != week:
        return None
    query = select(issues.c.state, issues.c.held_state).where(issues.c.week == week)
    with reading(desk.engine) as connection:
        row = connection.execute(query).one_or_none()
    if row is None or (row.held_state or row.state) not in _PUBLIC:
        return None
    return parsed, _built(desk, parsed)


def public_file(desk: Desk, week: str, path: str) -> Path | None:
    """Return the file behind an address below a public issue's, if there is one.

    Only what belongs to the editions is found: their page, PDF, cover, pictures, fonts.
    """
    found = public_folder(desk, week)
    if found is None:
        return None
    parsed, built = found
    folder, _, name = path.rpartition("/")
    if not folder and path in _THE_PAGE:
        file = built / "web" / (path or "index.html")
    elif path in _names(desk, parsed).values():
        file = built / path
    elif path == "cover.jpg":
        file = built / path if (built / path).is_file() else built / "web" / path
    elif (_STORY if folder == "stories" else _NAME).fullmatch(name) and Path(
        name
    ).suffix in _BESIDE_THE_PAGE.get(folder, ()):
        file = built / "web" / folder / name
    else:
        return None
    inside = file.resolve().is_relative_to(built.resolve())
    return file if inside and file.is_file() else None


def _built(desk: Desk, week: Week) -> Path:
    build = desk.folder(week) / "build"
    approved = build / APPROVED
    return approved if approved.is_dir() else build


def _names(desk: Desk, week: Week) -> dict[str, str]:
    """Return the files that readers may keep; the printer's is not one of them."""
    links = Links(desk.publication, week, ("magazine",))
    return {
        "magazine": links.pdf_name,
        "phone": links.phone_name,
        "letter": links.letter_name,
        "epub": links.epub_name,
    }


def _issue(
    desk: Desk, week: Week, number: int, published: dt.datetime, updated: dt.datetime
) -> PublishedIssue:
    built = _built(desk, week)
    page = built / "web" / "index.html"
    face = _face(page, page.stat().st_mtime_ns) if page.is_file() else Face()
    cover = next((c for c in (built / "cover.jpg", built / "web/cover.jpg") if c.is_file()), None)
    zone = desk.publication.timezone
    return PublishedIssue(
        week=week,
        number=number,
        line=face.line.removeprefix(f"{desk.publication.title} {number}: "),
        description=face.description,
        date=face.date or published.astimezone(zone).date(),
        published=published,
        updated=updated,
        downloads=tuple(
            Download(kind=kind, name=name, size=(built / name).stat().st_size)
            for kind, name in _names(desk, week).items()
            if (built / name).is_file()
        ),
        has_page=page.is_file(),
        cover=_size(cover, cover.stat().st_mtime_ns) if cover else None,
    )


@lru_cache(maxsize=1000)
def _size(path: Path, _changed: int) -> tuple[int, int] | None:
    try:
        size = measure(path)
    except ContentError:
        return None
    return size.width, size.height


@lru_cache(maxsize=1000)
def _face(path: Path, _changed: int) -> Face:
    """Return what the web edition's head says; it is frozen with the issue, issue.toml is not."""
    reader = _Head()
    reader.feed(path.read_text(encoding="utf-8"))
    return Face(
        line=reader.found.get("og:title", ""),
        description=reader.found.get("description", ""),
        date=reader.date,
    )


class _Head(HTMLParser):
    """Reads the meta elements and the first date of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.date: dt.date | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta":
            name = given.get("property") or given.get("name", "")
            self.found.setdefault(name, given.get("content", ""))
        elif tag == "time" and self.date is None:
            try:
                self.date = dt.date.fromisoformat(given.get("datetime", ""))
            except ValueError:
                return
