"""An issue: what stands in issue.toml, and what the composer makes of it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from publisher.checks import Level, check_names
from publisher.config import Section, check_editions
from publisher.content.article import Article, Kind, Picture, stays_below
from publisher.errors import ConfigError
from publisher.tables import key, load_toml, read
from publisher.week import Week

FILE = "issue.toml"


# ---- issue.toml: the editor's choices; everything is optional -----------------

#: how a front page can look: the picture over the whole page, in a frame, or type alone
DESIGNS = ("full", "framed", "type")


@dataclass(frozen=True, kw_only=True)
class LineChoice:
    """A coverline as the editor wrote it."""

    text: str = key("What the cover says")
    story: str = key("Slug of the article it points to", "")


@dataclass(frozen=True, kw_only=True)
class CoverChoice:
    """The editor's cover."""

    story: str = key("Slug of the cover story", "")
    title: str = key("Main line; the story's headline if left out", "")
    kicker: str = key("Small line above the main line", "")
    standfirst: str = key("Line under the main line", "")
    picture: str = key("Cover picture; the story's own if left out", "")
    alt: str = key("What the cover picture shows", "")
    credit: str = key("Credit of the cover picture", "")
    focus: tuple[float, float] | None = key("Focal point, fractions from left and top", None)
    lines: tuple[LineChoice, ...] = key("Coverlines, at most four", ())
    design: str = key("full, framed or type; chosen from the picture if left out", "")

    def __post_init__(self) -> None:
        if self.focus and not all(0 <= part <= 1 for part in self.focus):
            raise ConfigError("focus must be two numbers from 0 to 1, such as [0.5, 0.3]")
        if self.picture and not stays_below(self.picture):
            raise ConfigError("picture must lie below the issue's folder, pictures/name.jpg")
        if len(self.lines) > 4:
            raise ConfigError("lines: a cover carries at most four coverlines")
        if self.design and self.design not in DESIGNS:
            raise ConfigError(f'design = "{self.design}": use one of {", ".join(DESIGNS)}')


@dataclass(frozen=True, kw_only=True)
class LetterChoice:
    """The editor's letter, written straight into issue.toml."""

    title: str = key("Headline of the letter", "")
    byline: str = key("Who signs it", "")
    text: str = key("The letter, in Markdown")


@dataclass(frozen=True, kw_only=True)
class SlotChoice:
    """One place in the running order."""

    article: str = key("Slug of the article", "")
    briefs: tuple[str, ...] = key("Slugs of the briefs of a shared page", ())

    def __post_init__(self) -> None:
        if bool(self.article) == bool(self.briefs):
            raise ConfigError('a slot holds either article = "slug" or briefs = ["slug", ...]')


@dataclass(frozen=True, kw_only=True)
class Override:
    """What the magazine prints instead of what the article says; the article stays as it is."""

    headline: str = key("Another headline", "")
    standfirst: str = key("Another standfirst", "")
    kicker: str = key("Another kicker", "")
    section: str = key("Another section", "")
    kind: Kind | None = key("Another kind, with a layout of its own", None)
    layout: str = key("Another variant of its layout, such as tall", "")
    cut: tuple[str, ...] = key("Paragraphs to leave out: the first words of each", ())
    leave_out: bool = key("Leave the article out of this issue", False)


@dataclass(frozen=True, kw_only=True)
class IssueFile:
    """issue.toml as the editor keeps it."""

    number: int | None = key("Number of the issue", None)
    date: dt.date | None = key("Date on the cover; the day of sending if left out", None)
    subject: str = key("Subject of the e-mail", "")
    preheader: str = key("First line that inboxes show beside the subject", "")
    cover: CoverChoice = key("", default_factory=CoverChoice)
    letter: LetterChoice | None = key("", None)
    slots: tuple[SlotChoice, ...] = key("Running order; articles not named follow after it", ())
    articles: dict[str, Override] = key("Print overrides by slug", default_factory=dict)
    editions: tuple[str, ...] = key("Editions made of this issue; else the publication's", ())
    preflight: dict[str, Level] = key(
        'Checks that count otherwise in this issue, such as `ppi = "warning"`',
        default_factory=dict,
    )

    def __post_init__(self) -> None:
        if self.number is not None and self.number < 1:
            raise ConfigError("number must be 1 or more")
        check_editions(self.editions, "editions")
        check_names(self.preflight, "preflight")


def read_issue_file(folder: Path) -> IssueFile:
    """Read issue.toml of an issue's folder; a folder without one has no choices made."""
    path = folder / FILE
    if not path.is_file():
        return IssueFile()
    return read(IssueFile, load_toml(path), file=f"{folder.name}/{FILE}")


# ---- the composed issue --------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One place in the magazine: an article in its layout, or several briefs on shared pages."""

    kind: Kind
    section: Section
    articles: tuple[Article, ...]  #: print overrides applied; one, unless kind is BRIEF
    cover_story: bool = False

    @property
    def article(self) -> Article:
        """The (first) article."""
        return self.articles[0]


@dataclass(frozen=True, kw_only=True)
class Coverline:
    """A line on the cover that sells an article inside."""

    text: str
    story: str  #: slug
    section: Section


@dataclass(frozen=True, kw_only=True)
class Cover:
    """The front page."""

    title: str
    kicker: str = ""
    standfirst: str = ""
    story: str = ""  #: slug of the cover story
    picture: Picture | None = None
    lines: tuple[Coverline, ...] = ()
    design: str = ""  #: one of `DESIGNS`; empty lets the renderer choose


@dataclass(frozen=True, kw_only=True)
class Issue:
    """A composed issue: everything the editions print, in order."""

    week: Week
    number: int
    date: dt.date
    folder: Path  #: the issue's folder; pictures' paths are relative to it
    cover: Cover
    slots: tuple[Slot, ...]  #: without the letter
    letter: Article | None = None
    subject: str = ""
    preheader: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)  #: why the composer chose, by slug
    editions: tuple[str, ...] = ()  #: to be made; empty means the publication's
    #: checks that count otherwise than in the publication, by name
    preflight: Mapping[str, Level] = field(default_factory=dict)

    @property
    def articles(self) -> tuple[Article, ...]:
        """Every article in reading order, the letter first."""
        rest = tuple(article for slot in self.slots for article in slot.articles)
        return (self.letter, *rest) if self.letter else rest

    @property
    def build_folder(self) -> Path:
        """Where editions are made."""
        return self.folder / "build"
