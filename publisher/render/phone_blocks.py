"""Blocks of an article made ready for the phone: what each becomes, and how it behaves."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape, unescape
from pathlib import Path

from publisher.content.article import Kind, Picture
from publisher.render.balance import fit_headline
from publisher.render.blocks import Block, quotes_apart, without_short_ends
from publisher.render.phone_flow import Shape
from publisher.render.phone_sheet import PHONE
from publisher.render.phone_tables import stacked

_HREF = re.compile(r'<a[^>]*\bhref="([^"]*)"')
_CAPTION = re.compile(r"<figcaption[^>]*>(.*?)</figcaption>", re.DOTALL)
_IMAGE = re.compile(r'<img src="([^"]*)"')
_FOOTNOTE = re.compile(r'<span class="footnote">(.*?)</span>', re.DOTALL)
_ENTRY = re.compile(r"(?:<dt\b.*?</dt>\s*)+(?:<dd\b.*?</dd>\s*)+", re.DOTALL)
_DRAWING = re.compile(r'<div class="drawing" style="[^"]*?\bheight: ([\d.]+)pt[^"]*">')
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_ITEM = re.compile(r"<li\b.*?</li>", re.DOTALL)
_TAGS = re.compile(r"<[^>]+>")
#: classes of blocks that stay in one piece, and how they behave
_SHAPES = {
    "pull-quote": Shape.QUOTE,
}
_NOTE_LETTERS, _NOTE_LINE, _NOTE_ABOVE = 52, 4.6, 4.2  #: of a footnote; millimetres


@dataclass(frozen=True, kw_only=True)
class Part:
    """One block of a body and what the phone makes of it."""

    html: str
    shape: Shape
    picture: Picture | None = None
    wide: bool = False  #: marked so by the editor
    kept: bool = False  #: does not begin a screen

    @property
    def notes(self) -> float:
        """Millimetres that its footnotes take, by their length."""
        notes = [_TAGS.sub("", note) for note in _FOOTNOTE.findall(self.html)]
        lines = sum(len(unescape(note)) // _NOTE_LETTERS + 1 for note in notes)
        return lines * _NOTE_LINE + _NOTE_ABOVE if notes else 0.0


@dataclass(frozen=True, kw_only=True)
class Makings:
    """What an article's blocks are made with."""

    kind: Kind
    slug: str
    pictures: Mapping[str, Picture]  #: by the address that stands in the body
    words: Mapping[str, str]
    face: Path  #: of tables
    scale: float  #: by which charts are printed larger than they are drawn


def parts_of(blocks: Sequence[Block], makings: Makings) -> list[Part]:
    """Return a body's blocks as the phone prints them.

    On a data page the chart comes first; answers have a screen of their own, to which the
    questions lead.
    """
    if makings.kind is Kind.DATA:
        blocks = sorted(blocks, key=lambda one: not {"chart", "map"} & one.classes)
    made = [
        part
        for block in quotes_apart(without_short_ends(tuple(blocks)))
        for part in _parts(block, makings)
    ]
    return _with_way_to_answers(made, makings.slug, makings.words)


def _parts(block: Block, makings: Makings) -> list[Part]:
    """Return what a block becomes; lists of terms and wide tables are taken apart."""
    if block.tag == "dl":
        entries = _ENTRY.findall(block.html)
        return [Part(html=f"<dl>{entry}</dl>", shape=Shape.SOLID) for entry in entries]
    if block.tag == "ol" and makings.kind is Kind.QUIZ:
        items = enumerate(_ITEM.findall(block.html), 1)
        lists = (
            f'<ol start="{n}" style="counter-reset: question {n - 1}">{i}</ol>' for n, i in items
        )
        return [Part(html=html, shape=Shape.SOLID) for html in lists]
    if "table" in block.classes:
        rows = stacked(block.html, PHONE.type_width, makings.face)
        if rows:
            return [Part(html=row, shape=Shape.SOLID) for row in rows]
    return [_part(block, makings)]


def _part(block: Block, makings: Makings) -> Part:
    classes = block.classes
    if "picture" in classes:
        found = _IMAGE.search(block.html)
        picture = makings.pictures.get(unescape(found[1])) if found else None
        return Part(html=block.html, shape=Shape.PICTURE, picture=picture, wide="wide" in classes)
    if "qr" in classes:
        return Part(html=_button(block.html), shape=Shape.SOLID)
    if "table" in classes:
        return Part(html=block.html, shape=Shape.FIGURE)
    if "answers" in classes:
        name = f"{escape(makings.slug)}-answers"
        title = escape(makings.words["answers"])
        start = f'<section class="answers" id="{name}"><h2>{title}</h2>'
        html = block.html.replace('<section class="answers">', start, 1)
        return Part(html=html, shape=Shape.SCREEN)
    if "fact-box" in classes:  # its title is a heading of the second rank, like a crosshead
        html = block.html.replace("<h3", "<h2").replace("</h3>", "</h2>")
        return Part(html=html, shape=Shape.FIGURE)
    if "chart" in classes or "map" in classes:
        return Part(html=_enlarged(block.html, makings.scale), shape=Shape.FIGURE)
    for name, shape in _SHAPES.items():
        if name in classes:
            return Part(html=block.html, shape=shape)
    if block.tag in ("h2", "h3") or "question" in classes:
        return Part(html=block.html, shape=Shape.HEAD)
    return Part(html=block.html, shape=Shape.SOLID if block.tag == "hr" else Shape.TEXT)


def _enlarged(html: str, scale: float) -> str:
    """Print a drawing larger than it is drawn, its words with it."""

    def wrapped(match: re.Match[str]) -> str:
        height = float(match[1]) * scale
        opening = f'<div class="enlarged" style="height: {height:.2f}pt">'
        return opening + match[0].replace(' style="', f' style="transform: scale({scale}); ', 1)

    made, count = _DRAWING.subn(wrapped, html, count=1)
    if not count:
        return html
    end = made.rindex("</div>")
    return f"{made[:end]}</div>{made[end:]}"


def _button(html: str) -> str:
    """Turn a QR code into a link to tap: a phone cannot photograph itself."""
    href, caption = _HREF.search(html), _CAPTION.search(html)
    if not href:
        return html
    address = unescape(href[1])
    bare = escape(address.split("://", 1)[-1].rstrip("/"))
    said = caption[1].strip() if caption else ""
    text = f'<span class="say">{said}</span> ' if said else ""
    return f'<p class="tap"><a href="{href[1]}">{text}<span class="where">{bare}</span></a></p>'


def _with_way_to_answers(parts: list[Part], slug: str, words: Mapping[str, str]) -> list[Part]:
    place = next((n for n, part in enumerate(parts) if part.shape is Shape.SCREEN), None)
    if place is None:
        return parts
    label = escape(words["to_answers"])
    html = f'<p class="tap"><a href="#{escape(slug)}-answers">{label}</a></p>'
    return [*parts[:place], Part(html=html, shape=Shape.SOLID), *parts[place:]]


def with_picture(part: Part, url: str, width: float, height: float) -> Part:
    """Print another rendition of a part's picture, at a size in millimetres."""
    size = f'style="width: {round(width, 2)}mm; height: {round(height, 2)}mm"'
    html = _IMAGE.sub(lambda _: f'<img {size} src="{escape(url)}"', part.html, count=1)
    return replace(part, html=html)


def without_picture(part: Part) -> Part:
    """Leave out a part's picture but not its caption, to measure what stands below."""
    return replace(part, html=re.sub(r"<img [^>]*>", "", part.html, count=1))


def with_air(part: Part, millimetres: float, space: float) -> Part:
    """Give a part air beyond the space it has above and below, in millimetres.

    As margins, for the engine counts a padding below twice where a page ends.
    """
    around = round(space + millimetres / 2, 2)
    style = f"margin-top: {around}mm; margin-bottom: {around}mm"
    return replace(part, html=_styled(part.html, style))


def on_screen(part: Part, face: Path, *, rtl: bool) -> Part:
    """Give a quote a screen of its own, as large as it fits there."""
    first = _PARAGRAPH.search(part.html)
    words = " ".join(unescape(_TAGS.sub("", first[1])).split()) if first else ""
    sizes = (38, 34, 31, 28, 25) if rtl else (46, 42, 38, 35, 32, 29, 26)
    size = fit_headline(
        words, measure=PHONE.type_width, face=face, sizes=sizes, max_lines=6 if rtl else 8
    ).size
    html = part.html.replace('class="pull-quote"', 'class="pull-quote screen"', 1)
    return replace(part, html=_styled(html, f"--quote: {size}pt"))


def turned(html: str) -> str:
    """Let a block begin a screen."""
    return _styled(html, "break-before: page")


def _styled(html: str, style: str) -> str:
    if html.split(">", 1)[0].count(' style="'):
        return html.replace(' style="', f' style="{style}; ', 1)
    return re.sub(r"^<(\w+)", rf'<\1 style="{style}"', html, count=1)
