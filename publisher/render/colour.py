"""Colours that can be read: contrast by WCAG 2.2, and the nearest colour that has enough."""

PAPER, NIGHT = "#fffdf9", "#1b1815"  #: the ground of web and e-mail by day and by night
INK, LIGHT = "#1d1a17", "#ffffff"
READABLE = 4.5  #: least contrast of running text (WCAG 2.2, 1.4.3, level AA)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two `#rrggbb` colours, from 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def legible(colour: str, ground: str, ratio: float = READABLE) -> str:
    """Return the colour, mixed with white or black as little as text on this ground needs."""
    pole = (255, 255, 255) if _luminance(ground) < 0.18 else (0, 0, 0)
    start = _parts(colour)
    for step in range(0, 101, 2):
        mixed = (round(a + (b - a) * step / 100) for a, b in zip(start, pole, strict=True))
        found = "#{:02x}{:02x}{:02x}".format(*mixed)
        if contrast(found, ground) >= ratio:
            return found
    return "#{:02x}{:02x}{:02x}".format(*pole)


def mixed(one: str, other: str, share: float) -> str:
    """Mix two `#rrggbb` colours; `share` is the second one's part, from 0 to 1."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#{:02x}{:02x}{:02x}".format(*(round(a + (b - a) * share) for a, b in pairs))


def ink_on(ground: str) -> str:
    """Return white or our ink, whichever reads better on this ground."""
    return max((LIGHT, INK), key=lambda ink: contrast(ink, ground))


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in _parts(colour))
    )
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
