"""An article: Markdown with front matter <-> `Article`."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import frontmatter
import yaml

from publisher.content.files import save
from publisher.errors import ContentError


class Kind(StrEnum):
    """How an article is laid out."""

    FEATURE = "feature"
    NEWS = "news"
    BRIEF = "brief"
    OPINION = "opinion"
    INTERVIEW = "interview"
    LETTER = "letter"
    DATA = "data"
    PHOTO_ESSAY = "photo-essay"
    LISTING = "listing"
    QUIZ = "quiz"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture with all that must be printed or spoken beside it."""

    path: str  #: relative to the folder that holds pictures/, with forward slashes
    alt: str = ""
    caption: str = ""
    credit: str = ""
    focus: tuple[float, float] = (0.5, 0.5)  #: focal point, fractions from left and top


@dataclass(frozen=True, kw_only=True)
class Article:
    """One piece, as its author left it."""

    slug: str
    title: str
    body: str  #: Markdown
    kicker: str = ""
    standfirst: str = ""
    byline: str = ""
    dateline: str = ""
    section: str = ""
    kind: Kind | None = None  #: None lets the composer choose by length
    language: str = ""  #: empty means the publication's
    published: datetime | None = None  #: aware; None means "whenever it was collected"
    url: str = ""  #: where it stands online
    picture: Picture | None = None
    sources: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    embargo: datetime | None = None  #: aware; not to be sent before
    extra: Mapping[str, Any] = field(default_factory=dict)  #: what our fetching keeps: `fetched`

    @property
    def identity(self) -> str:
        """What makes it the same article wherever it is collected: its address, else its slug."""
        return self.url or f"slug:{self.slug}"

    @property
    def words(self) -> int:
        """Words of running text, without markup, block options and addresses."""
        return count_words(self.body)


_MARKUP = re.compile(
    r"^///.*$|^    \w+:.*$|!\[[^\]]*\]\([^)]*\)(\{[^}]*\})?|\]\([^)]*\)|^\[\^[^\]]+\]:|<[^>]+>",
    re.MULTILINE,
)
_WORD = re.compile(r"\w[\w'’.,-]*")


def count_words(body: str) -> int:
    """Count the words of a Markdown text as a reader would."""
    return len(_WORD.findall(_MARKUP.sub(" ", body)))


def slugify(text: str) -> str:
    """Return a short ASCII name for files and anchors; letters without ASCII kin are dropped."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")[:60].strip("-")


def stays_below(path: str) -> bool:
    """Tell whether a picture's path leads below the folder it is relative to."""
    return (
        bool(path)
        and not path.startswith(("/", "~"))
        and not any(c in path for c in "\\:")
        and path.isprintable()
        and ".." not in path.split("/")
    )


_TEXTS = ("title", "kicker", "standfirst", "byline", "dateline", "section", "language", "url")
_OTHERS = "kind published embargo sources corrections picture alt caption credit focus fetched"
_KNOWN = frozenset((*_TEXTS, *_OTHERS.split()))


def read_article(path: Path, zone: ZoneInfo) -> Article:
    """Read an article's file; its slug is the file's name.

    Moments without an offset are taken in `zone`. Raises `ContentError` naming the
    file, the key and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ContentError(f"{path.name} is not UTF-8: save it as UTF-8 text") from None
    except OSError as error:
        raise ContentError(f"{path.name} cannot be read: {error.strerror}") from None
    return parse_article(text, slug=path.stem, zone=zone, name=path.name)


def parse_article(text: str, *, slug: str, zone: ZoneInfo, name: str = "") -> Article:
    """Parse front matter and body; see `read_article`."""
    name = name or f"{slug}.md"
    try:
        meta, body = frontmatter.parse(text)
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f" near line {place.line + 2}" if place else ""
        raise ContentError(
            f"{name}: the front matter is not valid YAML{line}:"
            " put values with a colon or a # in quotes"
        ) from None
    except ValueError as error:  # PyYAML raises it bare for 2026-13-45
        raise ContentError(f"{name}: the front matter holds an impossible value: {error}") from None
    return _Reader(name, meta, zone).article(slug, body.strip())


class _Reader:
    """Turns one front matter into an `Article`, naming file and key in every refusal."""

    def __init__(self, name: str, meta: Mapping[str, Any], zone: ZoneInfo) -> None:
        self.name, self.meta, self.zone = name, meta, zone

    def article(self, slug: str, body: str) -> Article:
        texts = {key: self.text(key) for key in _TEXTS}
        if not texts["title"]:
            raise ContentError(f"{self.name}: title is missing: every article needs a headline")
        unknown = sorted(set(map(str, self.meta)) - _KNOWN)
        if unknown:
            raise ContentError(
                f"{self.name}: unknown key {unknown[0]}: allowed are {', '.join(sorted(_KNOWN))}"
            )
        return Article(
            slug=slug,
            body=body,
            kind=self.kind(),
            published=self.moment("published"),
            embargo=self.moment("embargo"),
            picture=self.picture(),
            sources=self.texts("sources"),
            corrections=self.texts("corrections"),
            extra={"fetched": self.meta["fetched"]} if "fetched" in self.meta else {},
            **texts,
        )

    def refuse(self, key: str, allowed: str) -> ContentError:
        return ContentError(
            f"{self.name}: {key} = {self.meta[key]!r} is not allowed: use {allowed}"
        )

    def text(self, key: str) -> str:
        value = self.meta.get(key)
        if value is None:
            return ""
        if isinstance(value, (dict, list)):
            raise self.refuse(key, "one line of text")
        return " ".join(str(value).split())

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.meta.get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, list) and all(isinstance(v, (str, int, float)) for v in value):
            return tuple(str(v).strip() for v in value)
        raise self.refuse(key, "a list of texts")

    def kind(self) -> Kind | None:
        if not self.meta.get("kind"):
            return None
        try:
            return Kind(str(self.meta["kind"]).strip().lower().replace(" ", "-"))
        except ValueError:
            raise self.refuse("kind", "one of " + ", ".join(Kind)) from None

    def moment(self, key: str) -> datetime | None:
        value = self.meta.get(key)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                value = None
        elif value is None:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time(12), self.zone)
        if not isinstance(value, datetime):
            raise self.refuse(key, "a date and time such as 2026-11-16T09:00:00+01:00")
        return value if value.tzinfo else value.replace(tzinfo=self.zone)

    def picture(self) -> Picture | None:
        path = self.text("picture")
        if not path:
            return None
        if not stays_below(path):
            raise self.refuse("picture", "a path below the article's folder, pictures/name.jpg")
        return Picture(
            path=path,
            alt=self.text("alt"),
            caption=self.text("caption"),
            credit=self.text("credit"),
            focus=self.focus(),
        )

    def focus(self) -> tuple[float, float]:
        value = self.meta.get("focus", [0.5, 0.5])
        try:
            x, y = (float(part) for part in value)
        except (TypeError, ValueError):
            x = y = -1.0
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise self.refuse("focus", "two numbers from 0 to 1, such as [0.5, 0.3]")
        return x, y


def format_article(article: Article) -> str:
    """Return the text of an article's file; `parse_article` gives the same article back."""
    meta: dict[str, Any] = {key: getattr(article, key) for key in _TEXTS}
    meta["kind"] = article.kind.value if article.kind else ""
    meta["published"] = article.published
    meta["embargo"] = article.embargo
    if article.picture:
        picture = article.picture
        meta |= {
            "picture": picture.path,
            "alt": picture.alt,
            "caption": picture.caption,
            "credit": picture.credit,
        }
        if picture.focus != (0.5, 0.5):
            meta["focus"] = list(picture.focus)
    meta["sources"] = list(article.sources)
    meta["corrections"] = list(article.corrections)
    meta |= article.extra
    kept = {key: value for key, value in meta.items() if value not in (None, "", [])}
    head = yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{head}---\n\n{article.body}\n"


def save_article(article: Article, folder: Path) -> Path:
    """Write an article into a folder atomically and return its path."""
    path = folder / f"{article.slug}.md"
    save(path, format_article(article))
    return path
