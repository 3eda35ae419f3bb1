"""The running order: the editor's slots first, then ours."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from publisher.compose.choose import Chosen, unknown_slugs
from publisher.compose.pieces import BRIEF_WORDS, Piece
from publisher.content.article import Kind
from publisher.content.issue import Slot, SlotChoice
from publisher.problems import Problem

PAGE_OF_BRIEFS = 8  #: briefs that share a page or two
LONG_RUN = 2  #: so many long pieces may follow one another
_LONG = (Kind.FEATURE, Kind.INTERVIEW)
_LIGHT = (Kind.OPINION, Kind.DATA, Kind.PHOTO_ESSAY)
_LAST = (Kind.LISTING, Kind.QUIZ)


def arrange(
    chosen: Chosen, choices: Sequence[SlotChoice], cover_story: str
) -> tuple[tuple[Slot, ...], dict[str, str], list[Problem]]:
    """Return the slots in reading order, notes by slug, and what is wrong with the choices."""
    named, notes, problems = _named(chosen, choices, cover_story)
    placed = {article.slug for slot in named for article in slot.articles}
    rest = [piece for piece in chosen.pieces if piece.slug not in placed]
    if cover_story in {piece.slug for piece in rest if piece.kind is Kind.BRIEF}:
        rest = [_grown(piece) if piece.slug == cover_story else piece for piece in rest]
        notes[cover_story] = "laid out as news: a cover story has its own page"
    return (*named, *_automatic(rest, cover_story, _trailing_long(named))), notes, problems


def _named(
    chosen: Chosen, choices: Sequence[SlotChoice], cover_story: str
) -> tuple[list[Slot], dict[str, str], list[Problem]]:
    by_slug = {piece.slug: piece for piece in chosen.pieces}
    slots: list[Slot] = []
    notes: dict[str, str] = {}
    problems: list[Problem] = []
    seen: set[str] = set()
    unknown: list[str] = []
    letter = chosen.letter.slug if chosen.letter else None
    for choice in choices:
        pieces: list[Piece] = []
        for slug in (choice.article,) if choice.article else choice.briefs:
            if slug in seen:
                message = "slots: named twice: it is printed at the first place"
                problems.append(Problem(message=message, article=slug))
            elif slug in by_slug:
                pieces.append(by_slug[slug])
            elif slug == letter:
                message = "slots: the letter has its own page before all slots"
                problems.append(Problem(message=message, article=slug))
            elif slug in chosen.absent:
                message = "slots names it, but it is not in this issue"
                problems.append(Problem(message=message, article=slug))
            else:
                unknown.append(slug)
            seen.add(slug)
        if pieces:
            slots.append(_slot_by_hand(choice, pieces, cover_story))
            notes |= {piece.slug: "placed by issue.toml" for piece in pieces}
            problems += _among_briefs(choice, pieces, cover_story)
    return slots, notes, problems + unknown_slugs(unknown, sorted(by_slug), "slots")


def _slot_by_hand(choice: SlotChoice, pieces: Sequence[Piece], cover_story: str) -> Slot:
    if choice.briefs:
        return _slot(Kind.BRIEF, pieces, cover_story)
    # a slot of its own is a page of its own, which a brief would leave empty
    piece = _grown(pieces[0]) if pieces[0].kind is Kind.BRIEF else pieces[0]
    return _slot(piece.kind, [piece], cover_story)


def _among_briefs(
    choice: SlotChoice, pieces: Sequence[Piece], cover_story: str
) -> Iterator[Problem]:
    for piece in pieces if choice.briefs else ():
        if piece.slug == cover_story:
            message = "the cover story stands among the briefs: give it a slot of its own"
            yield Problem(message=message, article=piece.slug)
        if piece.words >= 2 * BRIEF_WORDS:
            message = (
                f"stands among the briefs with {piece.words} words:"
                f" a brief has up to {BRIEF_WORDS}; cut it or give it a slot of its own"
            )
            yield Problem(message=message, article=piece.slug)


def _automatic(pieces: Sequence[Piece], cover_story: str, run: int) -> Iterator[Slot]:
    """Yield the anatomy of the magazine, light pieces set between long ones.

    `run` is how many long pieces stand before.
    """
    ordered = sorted(pieces, key=lambda piece: piece.running_order)
    of = {kind: [p for p in ordered if p.kind is kind and p.slug != cover_story] for kind in Kind}
    cover = [piece for piece in ordered if piece.slug == cover_story]
    news = of[Kind.NEWS]
    long = cover + sorted(
        (piece for kind in _LONG for piece in of[kind]), key=lambda piece: piece.running_order
    )
    light = [piece for kind in _LIGHT for piece in of[kind]]
    middle = _woven(long, light, news, 0 if news or of[Kind.BRIEF] else run)
    for group in _shared_pages(of[Kind.BRIEF]):
        yield _slot(Kind.BRIEF, group, cover_story)
    for piece in [*news, *middle, *(piece for kind in _LAST for piece in of[kind])]:
        yield _slot(piece.kind, [piece], cover_story)


def _woven(long: list[Piece], light: list[Piece], news: list[Piece], run: int) -> list[Piece]:
    """Set a light piece after every second long one; take it from the news if none is left.

    Takes out of `news` what it uses.
    """
    light = list(light)
    woven: list[Piece] = []
    for piece in long:
        if run == LONG_RUN and (light or news):
            woven.append(light.pop(0) if light else news.pop())
            run = 0
        woven.append(piece)
        run += 1
    return woven + light


def _trailing_long(slots: Sequence[Slot]) -> int:
    run = 0
    for slot in reversed(slots):
        if not (slot.cover_story or slot.kind in _LONG):
            break
        run += 1
    return min(run, LONG_RUN)


def _shared_pages(briefs: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    """Split briefs into groups of at most eight, as equal as can be."""
    groups = -(-len(briefs) // PAGE_OF_BRIEFS)
    start = 0
    for left in range(groups, 0, -1):
        size = -(-(len(briefs) - start) // left)
        yield briefs[start : start + size]
        start += size


def _grown(piece: Piece) -> Piece:
    return replace(piece, kind=Kind.NEWS)


def _slot(kind: Kind, pieces: Sequence[Piece], cover_story: str) -> Slot:
    return Slot(
        kind=kind,
        section=pieces[0].section,
        articles=tuple(piece.article for piece in pieces),
        cover_story=kind is not Kind.BRIEF and pieces[0].slug == cover_story,
    )
