"""What bar and line charts share: the chart asked for, its type size, its broken labels."""

from dataclasses import dataclass

from publisher.content.drawing import Canvas
from publisher.content.numbers import Data

TEXT = 7.5  #: points


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What an author asks for."""

    type: str  #: "bar" or "line"
    data: Data
    unit: str = ""
    highlight: tuple[str, ...] = ()  #: labels (bars) or names (lines) in the accent colour


def wrap(canvas: Canvas, label: str, width: float) -> list[str]:
    """Break a label into at most three lines."""
    lines: list[str] = []
    for word in label.split():
        if lines and (len(lines) == 3 or canvas.measure(f"{lines[-1]} {word}", TEXT) <= width):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]
