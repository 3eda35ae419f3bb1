"""The picture that social sites show beside a link to an issue: its cover beside its main line."""

import hashlib
import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps, features

from publisher.config import Publication
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.content.typography import typeset
from publisher.render.balance import fit_headline
from publisher.render.colour import mixed
from publisher.render.sheet import MM
from publisher.render.templates import STATIC, day, direction

#: pixels, as Open Graph's readers ask for
WIDTH, HEIGHT = 1200, 630
_EDGE, _GAP = 56, 56
_INK, _PAPER, _SOFT = "#1d1a17", "#f6f0e6", "#5c544b"
_FONTS = STATIC / "fonts"


def save_card(issue: Issue, publication: Publication, front: Path, numbered: str, to: Path) -> Path:
    """Draw the card into a folder and return it; its name tells its content.

    `front` is the cover as a picture, `numbered` how the issue's number is written.
    """
    data = draw_card(issue, publication, front, numbered)
    path = to / f"card-{hashlib.sha256(data).hexdigest()[:20]}.jpg"
    if not path.is_file():
        save(path, data)
    return path


def draw_card(issue: Issue, publication: Publication, front: Path, numbered: str) -> bytes:
    """Return a JPEG of 1200 x 630 pixels; the same issue gives the same bytes."""
    language = publication.language
    rtl = direction(language) == "rtl"
    card = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(card)
    cover = _cover(front)
    left = WIDTH - _EDGE - cover.width if not rtl else _EDGE
    top = (HEIGHT - cover.height) // 2
    ground = mixed(publication.colour, "#000000", 0.15)
    half = cover.width // 2 + _EDGE
    draw.rectangle((WIDTH - half, 0, WIDTH, HEIGHT) if not rtl else (0, 0, half, HEIGHT), ground)
    card.paste(cover, (left, top))
    draw.rectangle(
        (left - 1, top - 1, left + cover.width, top + cover.height),
        outline=mixed(_INK, _PAPER, 0.7),
    )

    room = WIDTH - 2 * _EDGE - cover.width - _GAP
    start = _EDGE if not rtl else WIDTH - _EDGE
    text = _Writer(draw, start, rtl)
    arabic = language.split("-")[0] in ("ar", "fa", "ur")
    black, bold = ("amiri-bold", "amiri-bold") if arabic else ("display-black", "display-bold")
    plain = "amiri-regular" if arabic else "sans-regular"
    name = fit_headline(
        publication.title, measure=room / MM, face=_face(black), sizes=(92, 76, 60, 48), max_lines=1
    )
    y = text.write(name.lines, name.size, _face(black), _EDGE, ground, 1.55 if arabic else 1.0)
    date = day(issue.date, language)
    y = text.write((f"{numbered}  ·  {date}",), 26, _face(plain), y, _SOFT, leading=1.5)
    line = fit_headline(
        typeset(issue.cover.title, language),
        measure=room / MM,
        face=_face(bold),
        sizes=(88, 80, 72, 64, 56, 50, 44, 38, 32),
        max_lines=4,
    )
    leading = 1.45 if arabic else 1.1
    tall = ((len(line.lines) - 1) * leading + 0.75 + 0.45 * rtl) * line.size
    place = max(y + 24, HEIGHT - _EDGE - tall)
    text.write(line.lines, line.size, _face(bold), place, _INK, leading)
    out = io.BytesIO()
    card.save(out, "JPEG", quality=88, optimize=True, progressive=True, subsampling=0)
    return out.getvalue()


def _face(name: str) -> Path:
    return _FONTS / f"{name}.ttf"


def _cover(front: Path) -> Image.Image:
    """Return the cover as high as the card has room for it."""
    high = HEIGHT - 2 * _EDGE
    with Image.open(front) as image:
        wide = min(round(high * image.width / image.height), WIDTH // 2 - _EDGE)
        return ImageOps.fit(image.convert("RGB"), (wide, high), Image.Resampling.LANCZOS)


class _Writer:
    """Sets lines one below the other, from the side its language begins at."""

    def __init__(self, draw: ImageDraw.ImageDraw, start: float, rtl: bool) -> None:
        self.draw, self.start, self.rtl = draw, start, rtl
        #: without Raqm, Pillow joins no Arabic letters; its own layout serves all else
        self.shapes = features.check_feature("raqm")

    def write(
        self,
        lines: tuple[str, ...],
        size: float,
        face: Path,
        top: float,
        colour: str,
        leading: float,
    ) -> float:
        """Write lines with the first one's capitals at `top`; return where the next may begin."""
        engine = ImageFont.Layout.RAQM if self.shapes else ImageFont.Layout.BASIC
        font = ImageFont.truetype(face, size, layout_engine=engine)
        high = (0.95 if self.rtl else 0.7) * size
        for line in lines:
            self.draw.text(
                (self.start, top + high),
                line,
                colour,
                font,
                anchor="rs" if self.rtl else "ls",
                direction=("rtl" if self.rtl else "ltr") if self.shapes else None,
            )
            top += size * leading
        return top
