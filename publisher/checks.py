"""What is looked at before an issue goes out, and what each finding means: block, warn, nothing.

Whoever finds a problem names its check; how bad it is, the publication decides here and
the editor of an issue once more, for that issue alone.
"""

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from publisher.errors import ConfigError
from publisher.problems import Problem, Severity
from publisher.tables import key


class Level(StrEnum):
    """What a finding means."""

    ERROR = "error"
    WARNING = "warning"
    OFF = "off"


def _blocks(help: str) -> Level:
    return key(help, Level.ERROR)  # type: ignore[no-any-return]  # a dataclass field, as `key` makes it


def _warns(help: str) -> Level:
    return key(help, Level.WARNING)  # type: ignore[no-any-return]


def _silent(help: str) -> Level:
    return key(help, Level.OFF)  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """Each check with what its findings mean, and the numbers some of them measure by."""

    missing_picture: Level = _blocks(
        "A picture is not there or broken: `error`, `warning` or `off`"
    )
    alt_text: Level = _blocks("A picture has no alt text")
    credit: Level = _blocks("A picture has no credit")
    ppi: Level = _blocks("A picture has fewer than `least_ppi` pixels an inch at its printed size")
    feed_pictures: Level = _warns(
        "A picture that came from a feed lacks alt text, credit or pixels, which the three"
        " checks before would block"
    )
    overset: Level = _blocks("A page holds more than fits, or text runs over the page's edge")
    glyphs: Level = _blocks("A character is in none of the fonts and prints as a box")
    stand_in: Level = _warns("A font of the machine stood in for a character ours lack")
    leftovers: Level = _blocks("TK, XXX, TODO, ???, lorem ipsum or [[...]] is left in a text")
    duplicates: Level = _blocks("Two articles have the same headline, address or text")
    similar: Level = _warns("A good part of an article stands in another one too")
    repeated_picture: Level = _warns("Two articles print the same picture")
    embargo: Level = _blocks("An article is embargoed beyond the moment of sending")
    protected: Level = _blocks("An article is for its site's members only")
    dead_links: Level = _blocks("A link leads to nothing (found by `publisher check --links`)")
    unsure_links: Level = _warns("A link could not be checked: no answer, or none for machines")
    file_size: Level = _blocks("An edition is larger than its budget")
    file_limit: Level = _blocks("An edition is larger than `most_mb`")
    widows: Level = _warns("One line of a paragraph stands alone in its column")
    stranded: Level = _warns("A heading stands at the foot of a column, its text in the next")
    wide: Level = _warns("A table, chart or line is wider than its column")
    last_page: Level = _warns("The last page of an article is emptier than `least_full`")
    headline: Level = _warns("A headline has more than `most_headline` characters")
    contrast: Level = _warns("A section's colour is too pale to be read on paper")
    alt_repeats: Level = _warns("An alt text repeats the caption or the file's name")
    empty_section: Level = _silent("A section has no article this week")
    least_ppi: int = key("Pixels an inch that a printed picture must have", 150)
    most_headline: int = key("Characters of the longest headline", 90)
    least_full: int = key("How full an article's last page must be, in per cent", 60)
    magazine_mb: float = key("Budget of the magazine, A4 or letter, in MB", 5.0)
    phone_mb: float = key("Budget of the phone edition, in MB", 3.0)
    email_kb: int = key("Budget of the e-mail's HTML, in KB; Gmail hides what is beyond 102", 102)
    most_mb: float = key("Most that any edition for readers' screens may have, in MB", 10.0)

    def __post_init__(self) -> None:
        for name, low, high in (
            ("least_ppi", 36, 1200),
            ("most_headline", 20, 400),
            ("least_full", 0, 100),
            ("email_kb", 20, 10_000),
        ):
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name} must be from {low} to {high}")
        for name in ("magazine_mb", "phone_mb", "most_mb"):
            if not 0 < getattr(self, name) <= 200:
                raise ConfigError(f"{name} must be from 0 to 200")

    @property
    def levels(self) -> dict[str, Level]:
        """What each check's findings mean, by its name."""
        return {name: getattr(self, name) for name in CHECKS}


CHECKS = tuple(f.name for f in dataclasses.fields(Preflight) if isinstance(f.default, Level))


def check_names(names: Iterable[str], where: str) -> None:
    """Raise `ConfigError` if a name is no check."""
    for name in names:
        if name not in CHECKS:
            close = difflib.get_close_matches(name, CHECKS, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise ConfigError(
                f"{where}: there is no check {name}: {hint}Checks are {', '.join(CHECKS)}"
            )


def judge(
    problems: Iterable[Problem], preflight: Preflight, choices: Mapping[str, Level] | None = None
) -> tuple[Problem, ...]:
    """Return the problems as bad as they count, each once; what is off is left out.

    `choices` are the issue's own and win. A problem of no check counts as it was found.
    """
    levels = preflight.levels | dict(choices or {})
    judged: dict[Problem, None] = {}
    for problem in problems:
        level = levels.get(problem.check)
        if level is Level.OFF:
            continue
        found = replace(problem, severity=Severity(level.value)) if level else problem
        judged.setdefault(found)
    return tuple(judged)
