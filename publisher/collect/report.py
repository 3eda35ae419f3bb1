"""What a collection tells the operator."""

from dataclasses import dataclass

from publisher.problems import Problem
from publisher.week import Week


@dataclass(frozen=True, kw_only=True)
class Added:
    """An article that came into the issue."""

    slug: str
    title: str
    source: str
    note: str = ""  #: why it is here, if that is not plain from its date


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An article that belongs to a later issue."""

    title: str
    source: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CollectReport:
    """What one collection did."""

    week: Week
    added: tuple[Added, ...] = ()
    already: tuple[str, ...] = ()  #: slugs of what is in an issue, or was taken out by an editor
    waiting: tuple[Waiting, ...] = ()
    problems: tuple[Problem, ...] = ()
