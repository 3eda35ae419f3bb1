"""Set headlines in lines of even length, and as large as their place allows.

Widths come from the fonts themselves; what the layout engine then prints can only be
narrower, by kerning.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

#: words that should not be left alone at the end of a line
_LEANING = frozenset(
    re.findall(
        r"\w+",
        """a an and as at but by for from if in into is it its no not of on or our than that the
        their this to was were who with au aux ce cette d de des du en et l la le les ou par pour
        qu que sa ses son sur un une""",
    )
)
_MM = 72 / 25.4


@dataclass(frozen=True)
class Headline:
    """A headline broken into lines at a size in points."""

    lines: tuple[str, ...]
    size: float


@lru_cache
def _advances(path: Path) -> tuple[dict[int, float], float]:
    """Return each character's advance and an average, in ems."""
    with TTFont(path, lazy=True) as font:
        em = font["head"].unitsPerEm
        metrics = font["hmtx"].metrics
        widths = {code: metrics[name][0] / em for code, name in font.getBestCmap().items()}
    letters = [widths[code] for code in range(97, 123) if code in widths] or list(widths.values())
    return widths, sum(letters) / len(letters)


def text_width(text: str, face: Path, size: float) -> float:
    """Return the width of a line in points, without kerning.

    Arabic letters count as they stand alone, which is wider than joined.
    """
    widths, average = _advances(face)
    return sum(widths.get(ord(character), average) for character in text) * size


def balance(text: str, measure: float, face: Path, size: float) -> tuple[str, ...]:
    """Break a text into as few lines as the measure (points) needs, as even as can be.

    Plain dynamic programming over the breaks: the sum of squared shortfalls, and a
    little dislike of lines that end with "the" or "of". A word wider than the measure
    gets a line of its own.
    """
    words = text.split(" ")
    space = text_width(" ", face, size)
    widths = [text_width(word, face, size) for word in words]
    count = len(_greedy(widths, space, measure))
    ideal = (sum(widths) + space * (len(words) - count)) / max(count, 1)
    # best[line][end]: cost and the start of the last line
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for _ in range(count):
        reached: dict[int, tuple[float, int]] = {}
        for start, (cost, _unused) in best[-1].items():
            width = -space
            for end in range(start + 1, len(words) + 1):
                width += space + widths[end - 1]
                if width > measure and end > start + 1:
                    break
                leaning = end < len(words) and words[end - 1].casefold() in _LEANING
                total = cost + (width - ideal) ** 2 + (0.12 * measure) ** 2 * leaning
                if end not in reached or total < reached[end][0]:
                    reached[end] = (total, start)
        best.append(reached)
    lines: list[str] = []
    end = len(words)
    if end not in best[count]:  # cannot be: greedy found a way with as many lines
        return (text,)
    for line in range(count, 0, -1):
        start = best[line][end][1]
        lines.append(" ".join(words[start:end]))
        end = start
    return tuple(reversed(lines))


def _greedy(widths: Sequence[float], space: float, measure: float) -> list[float]:
    lines: list[float] = []
    for width in widths:
        if lines and lines[-1] + space + width <= measure:
            lines[-1] += space + width
        else:
            lines.append(width)
    return lines


def fit_headline(
    text: str,
    *,
    measure: float,
    face: Path,
    sizes: Sequence[float],
    max_lines: int,
    tracking: float = 0.0,
) -> Headline:
    """Choose the largest size at which a text fits, and break it into even lines.

    `measure` in millimetres, `sizes` in points from large to small, `tracking` in ems.
    If none fits, the smallest is taken, smaller still for a word wider than the measure.
    """
    measure *= _MM
    for size in sizes:
        room = measure * (1 - tracking)
        lines = balance(text, room, face, size)
        if len(lines) <= max_lines and all(text_width(x, face, size) <= room for x in lines):
            return Headline(lines, size)
    size = sizes[-1]
    widest = max(text_width(word, face, size) for word in text.split(" "))
    size = min(size, max(6.0, round(size * measure / widest, 1) if widest > measure else size))
    return Headline(balance(text, measure, face, size), size)


def tied(text: str) -> str:
    """Tie the last two words together, so that no line is a word alone."""
    words = text.split(" ")
    if len(words) < 6 or len(words[-1]) + len(words[-2]) > 24:
        return text
    return " ".join(words[:-2]) + f" {words[-2]}\u00a0{words[-1]}"
