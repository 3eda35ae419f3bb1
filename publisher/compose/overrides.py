"""Print overrides: what the editor changes for the magazine; the article stays as it is."""

import re
from collections.abc import Iterable
from dataclasses import replace

from publisher.content.article import Article
from publisher.content.issue import Override
from publisher.problems import Problem, Severity

_FENCE = re.compile(r"^(?P<fence>/{3,}|`{3,}|~{3,})(?P<name>.*)$")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`]+|^[#>\s]+|^[-+]\s+|^///+.*$|^ {4}\w+:.*$|\[\^[^\]]+\]", re.MULTILINE)
_NOTE = re.compile(r"\[\^([^\]]+)\](?!:)")
_QUOTES = str.maketrans("’‘“”\u00a0\u202f", "''\"\"  ")


def apply(article: Article, override: Override) -> tuple[Article, list[Problem]]:
    """Return the article as it is to be printed, and the cuts that found no paragraph."""
    body, problems = cut(article.body, override.cut, article.slug)
    printed = replace(
        article,
        title=override.headline or article.title,
        standfirst=override.standfirst or article.standfirst,
        kicker=override.kicker or article.kicker,
        section=override.section or article.section,
        kind=override.kind or article.kind,
        layout=override.layout or article.layout,
        body=body,
    )
    return printed, problems


def cut(body: str, openings: Iterable[str], slug: str) -> tuple[str, list[Problem]]:
    """Leave out the paragraph that begins with each of these words.

    Words are compared as they are read: Markdown's signs, the kind of quotation mark and
    capitals make no difference. A block such as a fact box or a quote goes as a whole if
    no running paragraph begins so.
    """
    problems = []
    for opening in openings:
        wanted = _plain(opening)
        units = _units(body)
        hits = [
            n for n, (text, _) in enumerate(units) if wanted and _plain(text).startswith(wanted)
        ]
        running = [n for n in hits if not units[n][1]] or hits
        if not running:
            message = f'cut: no paragraph begins with "{opening}": copy its first words again'
            problems.append(Problem(message=message, severity=Severity.ERROR, article=slug))
            continue
        if len(running) > 1:
            message = (
                f'cut: {len(running)} paragraphs begin with "{opening}":'
                " the first is left out; give more of its words"
            )
            problems.append(Problem(message=message, article=slug))
        kept = [text for n, (text, _) in enumerate(units) if n != running[0]]
        body = _without_lost_notes("\n\n".join(kept), units[running[0]][0])
    return body, problems


def _units(body: str) -> list[tuple[str, bool]]:
    """Split into paragraphs and whole blocks: (text, is a block)."""
    units: list[tuple[str, bool]] = []
    lines: list[str] = []
    fences: list[str] = []
    block = False

    def close() -> None:
        nonlocal block
        if any(line.strip() for line in lines):
            units.append(("\n".join(lines).strip("\n"), block))
        lines.clear()
        block = False

    for line in body.split("\n"):
        match = _FENCE.match(line)
        if match and fences and match["fence"] == fences[-1] and not match["name"].strip():
            fences.pop()
            lines.append(line)
            if not fences:
                close()
        elif match and (match["name"].strip() or not match["fence"].startswith("/")):
            if not fences:
                close()
                block = True
            fences.append(match["fence"])
            lines.append(line)
        elif not line.strip() and not fences:
            close()
        else:
            lines.append(line)
    close()
    return units


def _plain(text: str) -> str:
    # the first line of a block is its fence; what a reader sees first comes after it
    words = _MARKS.sub("", _LINK.sub(r"\1", text)).translate(_QUOTES)
    return " ".join(words.split()).casefold()


def _without_lost_notes(body: str, removed: str) -> str:
    """Drop footnotes that only the removed text pointed to."""
    for name in set(_NOTE.findall(removed)) - set(_NOTE.findall(body)):
        note = re.compile(rf"^\[\^{re.escape(name)}\]:.*\n?(?:^(?: {{4}}|\t).*\n?)*", re.MULTILINE)
        body = note.sub("", body)
    return body.strip()
