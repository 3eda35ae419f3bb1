"""Page a text on phone screens: pure decisions about order, picture heights and quotes.

A screen holds 28 lines. A picture that does not fit below the text would leave the rest of
its screen empty, so pictures and quotes may stand a paragraph or two earlier or later, be
cropped a little, or (quotes) have a screen of their own. Nothing is cut, nothing squeezed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

_BEAM = 24  #: arrangements kept while one float after the other is placed
_STEPS = (0, 1, -1, 2, -2, 3)  #: blocks a float may be moved by, the dearest last
_SINKS = (0.0, 7.0, 14.0)  #: air above the first lines, millimetres
_FILL_UP = 24.0  #: a float takes up to this much of what would stay empty below it
_SPARE = 0.6  #: millimetres kept, for what is rounded
LEAST_LAST = 0.25  #: a last screen should be no emptier
_CARD = 0.16  #: share of the last screen that the next story's line wants


class Shape(StrEnum):
    """How a block behaves on a screen."""

    TEXT = "text"  #: lines that may run on over the edge
    HEAD = "head"  #: stays with the two lines after it
    SOLID = "solid"  #: stays in one piece and in its place
    PICTURE = "picture"  #: in one piece; may move and be cropped
    QUOTE = "quote"  #: in one piece; may move, take air, or have a screen
    FIGURE = "figure"  #: in one piece; may move
    SCREEN = "screen"  #: begins a screen of its own


@dataclass(frozen=True, kw_only=True)
class Strip:
    """One block as measured; millimetres."""

    shape: Shape
    height: float
    before: float = 0.0  #: space wanted above, collapsed with what stands before
    after: float = 0.0
    less: float = 0.0  #: how much lower it may be
    more: float = 0.0  #: how much taller
    notes: float = 0.0  #: what its footnotes take from the foot of the screen
    hang: float = 0.0  #: room it must have below it besides
    kept: bool = False  #: never begins a screen by itself: some of what precedes it goes along

    @property
    def floats(self) -> bool:
        """Whether it may be moved."""
        return self.shape in (Shape.PICTURE, Shape.QUOTE, Shape.FIGURE)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a text is put on screens."""

    order: tuple[int, ...]
    gains: tuple[float, ...]  #: by block, as written: millimetres taller (or lower) than measured
    screens: frozenset[int] = frozenset()  #: quotes with a screen of their own
    turns: frozenset[int] = frozenset()  #: blocks before which a screen ends by choice
    sink: float = 0.0  #: millimetres of air above the first lines
    fills: tuple[float, ...] = ()  #: by screen, 0 to 1
    starts: frozenset[int] = frozenset()  #: blocks that stand whole at the head of a screen

    @property
    def cost(self) -> float:
        """How far it is from full screens; displacements are not in it."""
        inner = sum(max(0.0, 0.9 - fill) ** 2 * 100 for fill in self.fills[:-1])
        last = self.fills[-1] if self.fills else 1.0
        lonely = max(0.0, LEAST_LAST - last) * 60
        crowded = 1.5 if last > 1 - _CARD else 0.0
        return inner + lonely + crowded + self.sink * 0.02 + len(self.fills) * 0.5


def plan(strips: Sequence[Strip], *, height: float, line: float) -> Plan:
    """Choose order, heights and screens so that no screen is emptier than it need be.

    `height` of a screen and of a `line` of text in millimetres. Deterministic.
    """
    floats = [n for n, strip in enumerate(strips) if strip.floats]
    first = tuple(range(len(strips)))
    beam: list[tuple[float, tuple[int, ...], frozenset[int]]] = [(0.0, first, frozenset())]
    for number in floats:
        tried: dict[tuple[tuple[int, ...], frozenset[int]], float] = {}
        for dear, order, screens in beam:
            for extra, moved, own in _choices(strips, order, screens, number):
                tried.setdefault((moved, own), dear + extra)
        scored = [
            (dear, moved, own, paged(strips, moved, own, height=height, line=line).cost + dear)
            for (moved, own), dear in tried.items()
        ]
        scored.sort(key=lambda one: (one[3], one[1]))
        beam = [one[:3] for one in scored[:_BEAM]]
    best: Plan | None = None
    lowest = 0.0
    for dear, order, screens in beam:
        for sink in _SINKS if strips and strips[order[0]].shape is Shape.TEXT else (0.0,):
            found = paged(strips, order, screens, height=height, line=line, sink=sink)
            if best is None or found.cost + dear < lowest - 1e-9:
                best, lowest = found, found.cost + dear
    return best or Plan(order=(), gains=())


def even(strips: Sequence[Strip], *, height: float, line: float) -> Plan:
    """Spread a list of things that stay whole evenly over as few screens as hold it.

    Such as dates or questions: nine on three screens are three on each, not four, four, one.
    """
    order = tuple(range(len(strips)))
    best = paged(strips, order, height=height, line=line)
    count, low = len(best.fills), height
    while low > height / 2:
        low -= 2.0
        tried = paged(strips, order, height=low, line=line)
        if len(tried.fills) > count or max(tried.fills, default=0.0) >= 1.0:
            break
        fills = tuple(round(fill * low / height, 4) for fill in tried.fills)
        best = replace(tried, turns=tried.starts, fills=fills)
    return best


def _choices(
    strips: Sequence[Strip], order: tuple[int, ...], screens: frozenset[int], number: int
) -> Iterator[tuple[float, tuple[int, ...], frozenset[int]]]:
    """Yield where a float may stand, what that costs, and whether it has a screen."""
    here = order.index(number)
    rest = order[:here] + order[here + 1 :]
    for step in _STEPS:
        place = here + step
        if not 0 <= place <= len(rest) or (step and not _welcome(strips, rest, place)):
            continue
        moved = (*rest[:place], number, *rest[place:])
        dear = 0.5 * abs(step) + 0.4 * (step < 0)
        yield dear, moved, screens
        if strips[number].shape is Shape.QUOTE:
            yield dear + 0.3, moved, screens | {number}


def _welcome(strips: Sequence[Strip], order: Sequence[int], place: int) -> bool:
    """Whether a float may stand there: between blocks of running text, not below a heading."""
    if place == 0 or place == len(order):
        return False
    above, below = strips[order[place - 1]], strips[order[place]]
    return above.shape is Shape.TEXT and below.shape in (Shape.TEXT, Shape.HEAD)


def paged(
    strips: Sequence[Strip],
    order: Sequence[int],
    screens: frozenset[int] = frozenset(),
    *,
    height: float,
    line: float,
    sink: float = 0.0,
) -> Plan:
    """Return how full the screens are if the blocks are printed in this order."""
    pager = _Pager(height, line, sink)
    gains = [0.0] * len(strips)
    for place, number in enumerate(order):
        strip = strips[number]
        last = place + 1 == len(order)
        pager.number = number
        following = None if last else strips[order[place + 1]]
        if number in screens:
            pager.fill_one()
        elif strip.shape is Shape.SCREEN:
            pager.turn()
            pager.run(strip, following)
        elif strip.shape is Shape.TEXT:
            pager.run(strip, following)
        else:
            gains[number] = pager.put(strip, following)
    pager.turn()
    return Plan(
        order=tuple(order),
        gains=tuple(gains),
        screens=screens,
        sink=sink,
        fills=tuple(pager.fills),
        starts=frozenset(pager.starts),
    )


class _Pager:
    """Fills screen after screen as the layout engine would."""

    def __init__(self, height: float, line: float, sink: float) -> None:
        self.fills: list[float] = []
        self.starts: list[int] = []
        self.number = 0  #: of the block that is put down
        self._height, self._line = height, line
        self._used = sink  #: down to the lowest line
        self._space = 0.0  #: wanted below it
        self._notes = 0.0

    def turn(self) -> None:
        """End the screen, unless nothing stands on it."""
        if self._used:
            self.fills.append(round(min((self._used + self._notes) / self._height, 1.0), 4))
        self._used = self._space = self._notes = 0.0

    def fill_one(self) -> None:
        """Give what comes next a screen of its own."""
        self.turn()
        self.fills.append(1.0)

    def put(self, strip: Strip, following: Strip | None) -> float:
        """Put something down in one piece; return how much taller it is made."""
        top, need = self._top(strip), strip.height - strip.less + strip.hang
        if strip.shape is Shape.HEAD and following is not None:
            need += strip.after + self._least(following)
        if following is not None and following.kept:
            need += _tied(strip, following)
        if self._used and need > self._room - top:
            self.turn()
            top = 0.0
        if not self._used and self.fills:
            self.starts.append(self.number)
        gain, left = 0.0, self._room - top - strip.height - strip.hang
        if left < 0:
            gain = max(left, -strip.less)
        elif left < _FILL_UP and following is not None:
            gain = min(left, strip.more)
        gain = round(gain, 2)
        self._down(top + strip.height + gain, strip)
        return gain

    def run(self, strip: Strip, following: Strip | None) -> None:
        """Let lines run on from screen to screen, two at least on each."""
        lines = max(1, round(strip.height / self._line))
        tied = 0.0
        if following is not None and following.kept:
            tied = _tied(strip, following)
        while True:
            top = self._top(strip)
            room = self._room - top + _SPARE
            fitting = int(room / self._line + 0.05)
            whole = not self._used and lines < 4  # too short to be broken, nothing to go along
            if fitting >= lines and (lines * self._line + tied <= room or whole):
                break
            fitting = min(fitting, lines - 2)
            if fitting >= 2:
                lines -= fitting
                self._used = top + fitting * self._line
            elif not self._used:  # a screen too small for two lines: never in practice
                break
            self.turn()
        self._down(self._top(strip) + lines * self._line, strip)

    def _down(self, bottom: float, strip: Strip) -> None:
        self._used, self._space = bottom, strip.after
        self._notes += strip.notes

    def _top(self, strip: Strip) -> float:
        return self._used + max(self._space, strip.before) if self._used else 0.0

    @property
    def _room(self) -> float:
        return self._height - self._notes - _SPARE

    def _least(self, strip: Strip) -> float:
        if strip.shape is Shape.TEXT:
            return min(strip.height, 2 * self._line)
        return strip.height - strip.less


def _tied(strip: Strip, following: Strip) -> float:
    """Return what a block that stays with another takes below it."""
    return max(strip.after, following.before) + following.height + following.hang
