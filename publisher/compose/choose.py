"""Who is in this issue: overrides, embargoes, sections, kinds, the letter."""

import difflib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from publisher.compose.overrides import apply
from publisher.compose.pieces import Piece, choose_kind, newest_first
from publisher.config import Publication, Section
from publisher.content.article import Article, Kind
from publisher.content.issue import IssueFile, LetterChoice, Override
from publisher.problems import Problem, Severity

_LETTER_TITLES = {"ar": "عزيزي القارئ", "fr": "Chère lectrice, cher lecteur", "en": "Dear reader"}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The issue's pieces, the letter apart."""

    letter: Article | None
    pieces: tuple[Piece, ...]  #: sorted by slug
    absent: frozenset[str]  #: slugs that were there but are not in this issue
    notes: dict[str, str]  #: of what is not among the pieces
    problems: tuple[Problem, ...]


def choose(
    articles: Iterable[Article], choices: IssueFile, publication: Publication, sending: datetime
) -> Chosen:
    """Apply the editor's overrides and decide who is in, in which section and layout.

    `sending` is the aware moment the issue goes out.
    """
    given = sorted(articles, key=lambda article: article.slug)
    problems = unknown_slugs(choices.articles, [a.slug for a in given], "articles")
    notes: dict[str, str] = {}
    pieces: list[Piece] = []
    for original in given:
        override = choices.articles.get(original.slug, Override())
        if override.leave_out:
            notes[original.slug] = "left out by the editor"
            continue
        if original.embargo and original.embargo > sending:
            until = original.embargo.astimezone(sending.tzinfo)
            message = (
                f"embargoed until {until:%Y-%m-%d %H:%M}, but the issue goes out on"
                f" {sending:%Y-%m-%d %H:%M}: it is left out"
            )
            problems.append(
                Problem(
                    message=message,
                    severity=Severity.ERROR,
                    article=original.slug,
                    check="embargo",
                )
            )
            notes[original.slug] = "left out: embargoed"
            continue
        article, found = apply(original, override)
        problems += found
        piece, found = _placed(article, override, publication)
        problems += found
        pieces.append(piece)
    letter, pieces, found = _letter(pieces, choices, publication, notes)
    problems += found + _duplicates(pieces)
    present = {piece.slug for piece in pieces} | ({letter.slug} if letter else set())
    return Chosen(
        letter=letter,
        pieces=tuple(pieces),
        absent=frozenset(a.slug for a in given) - present,
        notes=notes,
        problems=tuple(problems),
    )


def _placed(
    article: Article, override: Override, publication: Publication
) -> tuple[Piece, list[Problem]]:
    """Find section and kind of an article whose overrides are applied."""
    section, rank, where, problems = _section(article, publication)
    words = article.words
    if article.kind:
        kind = article.kind
        source = "issue.toml" if override.kind else "front matter"
        why = f"{kind}: {source} says so"
    else:
        kind, reason = choose_kind(article, section, words)
        why = f"{kind}: {reason}"
    piece = Piece(
        article=replace(article, section=section.name),
        section=section,
        rank=rank,
        kind=kind,
        words=words,
        why=f"{why}{where}",
    )
    return piece, problems


def _section(article: Article, publication: Publication) -> tuple[Section, int, str, list[Problem]]:
    names = [section.name for section in publication.sections]
    for rank, section in enumerate(publication.sections):
        if section.name.casefold() == article.section.casefold():
            return section, rank, "", []
    first = publication.sections[0]
    if not article.section:
        return first, 0, f"; in {first.name}: it names no section", []
    close = difflib.get_close_matches(article.section, names, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    message = (
        f'there is no section "{article.section}": {hint}It stands in {first.name};'
        f" sections are {', '.join(names)}"
    )
    problem = Problem(message=message, article=article.slug)
    return first, 0, f"; in {first.name}: its section is unknown", [problem]


def _letter(
    pieces: Sequence[Piece],
    choices: IssueFile,
    publication: Publication,
    notes: dict[str, str],
) -> tuple[Article | None, list[Piece], list[Problem]]:
    """Take the letter out of the pieces: the editor's, else the newest one."""
    letters = newest_first(piece for piece in pieces if piece.kind is Kind.LETTER)
    others = [piece for piece in pieces if piece.kind is not Kind.LETTER]
    chosen: Article
    if choices.letter:
        taken = {piece.slug for piece in pieces}
        chosen = _written(choices.letter, publication.language, taken)
        notes[chosen.slug] = "letter: written in issue.toml"
        spare, instead = letters, "the one in issue.toml"
    elif letters:
        chosen = letters[0].article
        notes[chosen.slug] = letters[0].why
        spare, instead = letters[1:], f'the newest, "{chosen.title}"'
    else:
        return None, others, []
    problems = []
    for piece in spare:
        message = (
            f"an issue has one letter: {instead} is printed and this one is left out;"
            f' give it another kind under [articles."{piece.slug}"] to keep it'
        )
        problems.append(Problem(message=message, article=piece.slug))
        notes[piece.slug] = "left out: an issue has one letter"
    return chosen, others, problems


def _written(letter: LetterChoice, language: str, taken: set[str]) -> Article:
    """Make the letter that stands in issue.toml an article."""
    slug = "letter"
    while slug in taken:
        slug = f"{slug}-in-issue"
    return Article(
        slug=slug,
        title=letter.title or _LETTER_TITLES.get(language.split("-")[0], _LETTER_TITLES["en"]),
        byline=letter.byline,
        body=letter.text.strip(),
        kind=Kind.LETTER,
    )


def _duplicates(pieces: Sequence[Piece]) -> list[Problem]:
    """Report headlines and addresses that occur twice."""
    problems = []
    for what, key in (("headline", _headline), ("address", lambda piece: piece.article.url)):
        groups: dict[str, list[Piece]] = defaultdict(list)
        for piece in pieces:
            if key(piece):
                groups[key(piece)].append(piece)
        for first, *rest in groups.values():
            for piece in rest:
                message = (
                    f"has the same {what} as {first.slug}:"
                    f' leave one out with [articles."{piece.slug}"] leave_out = true'
                )
                problems.append(
                    Problem(
                        message=message,
                        severity=Severity.ERROR,
                        article=piece.slug,
                        check="duplicates",
                        subject=piece.article.title,
                    )
                )
    return problems


def _headline(piece: Piece) -> str:
    return " ".join(unicodedata.normalize("NFKC", piece.article.title).casefold().split())


def unknown_slugs(named: Iterable[str], known: Sequence[str], where: str) -> list[Problem]:
    """Report slugs in issue.toml that no article of the week has, with close matches."""
    problems = []
    for slug in sorted(set(named) - set(known)):
        close = difflib.get_close_matches(slug, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "is its file in articles/?"
        message = f'issue.toml, {where}: there is no article "{slug}": {hint}'
        problems.append(Problem(message=message, severity=Severity.ERROR))
    return problems
