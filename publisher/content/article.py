"""An article: Markdown with front matter <-> `Article`."""

import re
import reprlib
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

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
    layout: str = (
        ""  #: variant of its kind's layout, such as "tall"; empty lets the renderer choose
    )
    language: str = ""  #: empty means the publication's
    published: datetime | None = None  #: aware; None means "whenever it was collected"
    url: str = ""  #: where it stands online
    picture: Picture | None = None
    sources: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    embargo: datetime | None = None  #: aware; not to be sent before
    protected: bool = False  #: for members of its site only, not to be given away
    data: Mapping[str, Any] = field(default_factory=dict)  #: tables of figures, by name
    extra: Mapping[str, Any] = field(default_factory=dict)  #: what our fetching keeps: `fetched`
    #: the folder its file was read from; CSV files lie there
    home: Path | None = field(default=None, compare=False)

    @property
    def identity(self) -> str:
        """What makes it the same article wherever it is collected: its address, else its slug."""
        return self.url or f"slug:{self.slug}"

    @property
    def from_feed(self) -> bool:
        """Whether it was fetched from a feed, whose pictures seldom tell alt text and credit."""
        fetched = self.extra.get("fetched")
        return isinstance(fetched, Mapping) and fetched.get("kind") == "feed"

    @property
    def words(self) -> int:
        """Words of running text, without markup, block options and addresses."""
        return count_words(self.body)


_MARKUP = re.compile(
    r"^ {0,3}/{3,}.*$"  # fences of blocks
    r"|^ {4,}(?:\w+:|- ).*$"  # and their options
    r"|!\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?"  # pictures
    r"|\]\([^)]*\)|\]\[[^\]]*\]"  # where links lead
    r"|^ {0,3}\[[^\]^][^\]]*\]: .*$"  # addresses of links
    r"|</?[a-zA-Z][^>]*>|<\w+:[^>]*>",
    re.MULTILINE,
)
_FIGURES = re.compile(r"^ {0,3}(/{3,}) *(?:chart|map)\b.*?^ {0,3}\1 *$", re.MULTILINE | re.DOTALL)
_NOTE = re.compile(r"^ {0,3}\[\^[^\]]+\]:|\[\^[^\]]+\]", re.MULTILINE)
_NUMBERED = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)


def count_words(body: str) -> int:
    """Count the words of a Markdown text as a reader would.

    Figures of charts, addresses and markup are not read; footnotes and boxes are.
    """
    text = _NOTE.sub(" ", _FIGURES.sub(" ", body))
    text = _NUMBERED.sub(" ", _MARKUP.sub(" ", text))
    # between spaces and dashes, so that vowel signs (Arabic) and apostrophes split nothing
    return sum(any(map(str.isalnum, word)) for word in re.split(r"[\s—–]+", text))


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


_TEXTS = (
    *("title", "kicker", "standfirst", "byline", "dateline"),
    *("section", "layout", "language", "url"),
)
_OTHERS = "kind published embargo protected sources corrections picture alt caption credit focus data fetched"
_ADDRESS = re.compile(r"https?://[^\s/]\S*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
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
    return replace(parse_article(text, slug=path.stem, zone=zone, name=path.name), home=path.parent)


def parse_article(text: str, *, slug: str, zone: ZoneInfo, name: str = "") -> Article:
    """Parse front matter and body; see `read_article`."""
    name = name or f"{slug}.md"
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        meta, body = frontmatter.parse(text, handler=_AsWritten())
    except _Twice as twice:
        raise ContentError(f"{name}: {twice} stands twice in the front matter") from None
    except (yaml.YAMLError, RecursionError) as error:
        place = getattr(error, "problem_mark", None)
        line = f" near line {place.line + 1}" if place else ""
        raise ContentError(
            f"{name}: the front matter is not valid YAML{line}:"
            " put values with a colon or a # in quotes"
        ) from None
    return _Reader(name, meta, zone).article(slug, body.strip())


class _Twice(Exception):
    """A key that stands twice in the front matter."""


class _Loader(yaml.BaseLoader):
    """YAML that leaves every value as it is written.

    Full YAML would turn the headline No into false and 12:30 into 750; aliases, with
    which a few lines can hold gigabytes, are refused.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if keys.count(key) > 1:
                raise _Twice(key)
        if len(keys) != len(node.value):
            raise yaml.YAMLError("a key must be a word")
        return super().construct_mapping(node, deep)


class _AsWritten(YAMLHandler):
    def load(self, fm: str, **kwargs: Any) -> Any:
        return yaml.load(fm, Loader=_Loader)  # noqa: S506  # builds texts, lists and tables only


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80


class _Reader:
    """Turns one front matter into an `Article`, naming file and key in every refusal."""

    def __init__(self, name: str, meta: Mapping[str, Any], zone: ZoneInfo) -> None:
        self.name, self.meta, self.zone = name, meta, zone

    def article(self, slug: str, body: str) -> Article:
        texts: dict[str, Any] = {key: self.text(key) for key in _TEXTS}
        if texts["url"] and not _ADDRESS.fullmatch(texts["url"]):
            raise self.refuse("url", "a web address such as https://example.org/story")
        if texts["language"] and not _LANGUAGE.fullmatch(texts["language"]):
            raise self.refuse("language", "a code such as en, fr or ar")
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
            protected=self.yes("protected"),
            picture=self.picture(),
            sources=self.texts("sources"),
            corrections=self.texts("corrections"),
            data=self.tables(),
            extra={"fetched": self.meta["fetched"]} if self.meta.get("fetched") else {},
            **texts,
        )

    def refuse(self, key: str, allowed: str) -> ContentError:
        return ContentError(
            f"{self.name}: {key} = {_SHORT.repr(self.meta[key])} is not allowed: use {allowed}"
        )

    def text(self, key: str) -> str:
        value = self.meta.get(key)
        if value is None:
            return ""
        if isinstance(value, (dict, list)):
            raise self.refuse(key, "one line of text")
        return " ".join(str(value).split())

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.meta.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise self.refuse(key, "a list of texts, those with a colon in quotes")
        return tuple(text for v in values if (text := " ".join(v.split())))

    def kind(self) -> Kind | None:
        written = self.text("kind")
        if not written:
            return None
        try:
            return Kind(written.lower().replace(" ", "-"))
        except ValueError:
            raise self.refuse("kind", "one of " + ", ".join(Kind)) from None

    def tables(self) -> Mapping[str, Any]:
        value = self.meta.get("data") or {}
        if not isinstance(value, dict) or not all(
            isinstance(table, (str, list)) for table in value.values()
        ):
            raise self.refuse(
                "data", "a table of figures under a name of its own, data: {rain: ...}"
            )
        return {str(name): table for name, table in value.items()}

    def moment(self, key: str) -> datetime | None:
        written = self.text(key)
        if not written:
            return None
        try:
            if len(written) == len("2026-11-16"):
                return datetime.combine(date.fromisoformat(written), time(12), self.zone)
            value = datetime.fromisoformat(written)
        except ValueError:
            raise self.refuse(key, "a date and time such as 2026-11-16T09:00:00+01:00") from None
        return value if value.tzinfo else value.replace(tzinfo=self.zone)

    def yes(self, key: str) -> bool:
        written = self.text(key).casefold()
        if written not in ("", "true", "yes", "false", "no"):
            raise self.refuse(key, "true or false")
        return written in ("true", "yes")

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
            parts = value.replace(",", " ").split() if isinstance(value, str) else value
            x, y = (float(part) for part in parts)
        except (TypeError, ValueError):
            x = y = -1.0
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise self.refuse("focus", "two numbers from 0 to 1, such as [0.5, 0.3]")
        return x, y


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines, such as tables, line by line."""


def _as_lines(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _as_lines)


def format_article(article: Article) -> str:
    """Return the text of an article's file; `parse_article` gives the same article back."""
    meta: dict[str, Any] = {key: getattr(article, key) for key in _TEXTS}
    meta["kind"] = article.kind.value if article.kind else ""
    meta["published"] = article.published
    meta["embargo"] = article.embargo
    meta["protected"] = article.protected or None
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
    meta["data"] = dict(article.data)
    meta |= article.extra
    kept = {key: value for key, value in meta.items() if value not in (None, "", [], {})}
    head = yaml.dump(kept, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=sys.maxsize)
    return f"---\n{head}---\n\n{article.body}\n"


def save_article(article: Article, folder: Path) -> Path:
    """Write an article into a folder atomically and return its path."""
    path = folder / f"{article.slug}.md"
    save(path, format_article(article))
    return path
