"""The cover: which story, which picture, which lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from publisher.compose.choose import Chosen, unknown_slugs
from publisher.compose.headlines import short_headline, short_standfirst
from publisher.compose.pieces import Piece, newest_first
from publisher.config import Publication, Section
from publisher.content.article import Kind, Picture
from publisher.content.issue import Cover, CoverChoice, Coverline
from publisher.problems import Problem, Severity

TITLE = 60  #: characters of a main line proposed by us
STANDFIRST = 160
LINE = 52  #: characters of a coverline proposed by us
LINES = 3
#: what makes a reader open the magazine, strongest first
STRENGTH = (
    Kind.FEATURE,
    Kind.INTERVIEW,
    Kind.OPINION,
    Kind.PHOTO_ESSAY,
    Kind.DATA,
    Kind.NEWS,
)
#: pixels that print a full A4 page at 150 per inch
FULL_PAGE = (1240, 1754)

Sizes = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class CoverPage:
    """The cover with its story, and why."""

    cover: Cover
    story: Piece | None
    notes: dict[str, str]
    problems: tuple[Problem, ...]


def make_cover(
    chosen: Chosen, choice: CoverChoice, publication: Publication, sizes: Sizes
) -> CoverPage:
    """Fill what the editor left open of the cover."""
    by_slug = {piece.slug: piece for piece in chosen.pieces}
    pointed = [line.story for line in choice.lines if line.story]
    problems = [
        *_missing([choice.story] if choice.story else [], chosen, "cover.story"),
        *_missing(pointed, chosen, "cover.lines", letter=True),
    ]
    story, why = _story(chosen.pieces, choice, sizes)
    notes = {story.slug: f"cover story: {why}"} if story else {}
    picture = _picture(choice, story, chosen.pieces)
    if picture is None and choice.design != "type":
        problems.append(
            Problem(
                message="the cover has no picture: give an article one,"
                " or set cover.picture in issue.toml"
            )
        )
    if choice.lines:
        lines = tuple(
            Coverline(
                text=line.text, story=line.story, section=_section(line.story, by_slug, publication)
            )
            for line in choice.lines
        )
    else:
        picked = _coverlines(chosen.pieces, story)
        lines = tuple(
            Coverline(text=short_headline(p.article.title, LINE), story=p.slug, section=p.section)
            for p in picked
        )
        notes |= {
            piece.slug: f"coverline: {piece.kind} in {piece.section.name}" for piece in picked
        }
    article = story.article if story else None
    cover = Cover(
        title=choice.title or (short_headline(article.title, TITLE) if article else ""),
        kicker=choice.kicker or (article.kicker or article.section if article else ""),
        standfirst=choice.standfirst
        or (short_standfirst(article.standfirst, STANDFIRST) if article else ""),
        story=story.slug if story else "",
        picture=picture,
        lines=lines,
        design=choice.design,
    )
    return CoverPage(cover=cover, story=story, notes=notes, problems=tuple(problems))


def _missing(
    named: Sequence[str], chosen: Chosen, where: str, *, letter: bool = False
) -> list[Problem]:
    """Report slugs the cover cannot point to: unknown, left out, or the letter."""
    known = [piece.slug for piece in chosen.pieces]
    reasons = dict.fromkeys(chosen.absent, "it is not in this issue")
    if chosen.letter and letter:
        known.append(chosen.letter.slug)
    elif chosen.letter:
        reasons[chosen.letter.slug] = "the letter cannot be the cover story"
    problems = [
        Problem(
            message=f"issue.toml, {where} names it, but {reasons[slug]}",
            severity=Severity.ERROR,
            article=slug,
        )
        for slug in dict.fromkeys(named)
        if slug in reasons
    ]
    return problems + unknown_slugs(set(named) - set(reasons), known, where)


def _story(pieces: Sequence[Piece], choice: CoverChoice, sizes: Sizes) -> tuple[Piece | None, str]:
    named = next((piece for piece in pieces if piece.slug == choice.story), None)
    if named:
        return named, "the editor's choice"
    able = [piece for piece in pieces if piece.kind in STRENGTH]
    pictured = [piece for piece in able if piece.article.picture]
    features = [piece for piece in pictured if piece.kind is Kind.FEATURE]
    sharp = [piece for piece in features if _fills_a_page(piece, sizes)]
    if sharp:
        return _longest(sharp), "the longest feature with a picture large enough for the cover"
    if features:
        return _longest(features), "the longest feature with a picture"
    if pictured:
        return newest_first(pictured)[0], "the newest piece with a picture"
    if able:
        return _longest(able), "the longest piece; none has a picture"
    if pieces:
        return min(pieces, key=lambda piece: piece.running_order), "the first piece"
    return None, ""


def _longest(pieces: Sequence[Piece]) -> Piece:
    return min(pieces, key=lambda piece: (-piece.words, *piece.running_order))


def _fills_a_page(piece: Piece, sizes: Sizes) -> bool:
    """Say whether its picture prints sharp on a full page; an unknown size may."""
    path = piece.article.picture.path if piece.article.picture else ""
    width, height = sizes.get(path, FULL_PAGE)
    return width >= FULL_PAGE[0] and height >= FULL_PAGE[1]


def _picture(choice: CoverChoice, story: Piece | None, pieces: Sequence[Piece]) -> Picture | None:
    """Return the editor's picture, else the story's; alt and credit follow a known picture."""
    own = story.article.picture if story else None
    if choice.picture:
        known = [own, *(piece.article.picture for piece in pieces)]
        same = [picture for picture in known if picture and picture.path == choice.picture]
        own = same[0] if same else Picture(path=choice.picture)
    if own is None:
        return None
    return replace(
        own,
        alt=choice.alt or own.alt,
        credit=choice.credit or own.credit,
        focus=choice.focus or own.focus,
    )


def _section(slug: str, by_slug: Mapping[str, Piece], publication: Publication) -> Section:
    piece = by_slug.get(slug)
    return piece.section if piece else publication.sections[0]


def _coverlines(pieces: Sequence[Piece], story: Piece | None) -> list[Piece]:
    """Pick pieces the cover should sell: strong ones, each from another section."""
    ranked = sorted(
        (piece for piece in pieces if piece is not story and piece.kind in STRENGTH),
        key=lambda piece: (
            STRENGTH.index(piece.kind),
            not piece.article.picture,
            -piece.words,
            *piece.running_order,
        ),
    )
    taken = {story.section.name} if story else set()
    picked: list[Piece] = []
    for piece in ranked:
        if len(picked) < LINES and piece.section.name not in taken:
            picked.append(piece)
            taken.add(piece.section.name)
    # two lines are the least a cover needs; a section may then speak twice
    for piece in ranked:
        if len(picked) < LINES - 1 and piece not in picked:
            picked.append(piece)
    return picked
