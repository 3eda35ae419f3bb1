"""Make the faces for scripts that the magazine's own faces lack.

    apt-get download fonts-droid-fallback && dpkg -x fonts-droid-fallback*.deb droid
    npm pack @expo-google-fonts/nanum-gothic @fontsource/noto-serif-hebrew \
        @fontsource/noto-serif @fontsource/noto-sans-{tifinagh,symbols-2} \
        @fontsource/noto-sans-{ethiopic,nko,armenian,georgian,devanagari}
    for each .tgz: mkdir NAME && tar xzf NAME-*.tgz -C NAME
    PYTHONHASHSEED=0 python docs/fallback_fonts.py FOLDER templates/static/fonts

FOLDER is where all that was unpacked. The same files give the same bytes.
"""

import sys
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph

#: Noto's cuts for one script each, all of them 1000 units to the em
_SCRIPTS = {
    "noto-serif-hebrew-hebrew": range(0x0590, 0x0600),
    "noto-serif-greek-ext": range(0x1F00, 0x2000),
    "noto-sans-ethiopic-ethiopic": range(0x1200, 0x13A0),
    "noto-sans-nko-nko": range(0x07C0, 0x0800),
    "noto-sans-armenian-armenian": range(0x0530, 0x0590),
    "noto-sans-georgian-georgian": range(0x10A0, 0x1100),
    "noto-sans-devanagari-devanagari": range(0x0900, 0x0980),
}
_JOINERS = (0x200C, 0x200D, 0x25CC)
#: white space and its width in ems: Pango takes it from the face of the letter before it
#: and prints a box when that face has none
_SPACES = {
    **dict.fromkeys((0x20, 0xA0), 0.25),
    **{0x2002: 0.5, 0x2003: 1.0, 0x2004: 0.333, 0x2005: 0.25, 0x2006: 0.167},
    **{0x2007: 0.5, 0x2008: 0.25, 0x2009: 0.2, 0x200A: 0.1, 0x202F: 0.2, 0x205F: 0.222},
    **dict.fromkeys((0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x202F)), 0.0),
    **dict.fromkeys((0x2060, *range(0x2066, 0x206A), 0xFEFF), 0.0),
}


def ideographs() -> set[int]:
    """Return the Han characters of everyday text in China, Japan, Taiwan and Hong Kong.

    They are those of GB 2312, of JIS X 0208 and of Big5's first level: every character of
    the lists that schools teach.
    """
    ninety_four = range(0xA1, 0xFF)
    return {
        *_two_bytes("gb2312", range(0xB0, 0xF8), ninety_four),
        *_two_bytes("euc_jp", range(0xB0, 0xF5), ninety_four),
        *_two_bytes("big5", range(0xA4, 0xC7), (*range(0x40, 0x7F), *ninety_four)),
        *map(ord, "塡剝頰喩箋遡遜餌餅謎煎"),  # added to Japan's list after JIS X 0208
    }


def syllables() -> set[int]:
    """Return the Korean syllables of KS X 1001, which are nearly all that are written."""
    return _two_bytes("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF))


def _two_bytes(codec: str, first: Iterable[int], second: Iterable[int]) -> set[int]:
    found = set()
    for pair in product(first, tuple(second)):
        try:
            found.add(ord(bytes(pair).decode(codec)))
        except UnicodeDecodeError:
            continue
    return found


def cut(source: Path, characters: Iterable[int]) -> TTFont:
    """Return a face with some characters only, without hints."""
    options = Options(
        hinting=False, notdef_outline=True, layout_features=["*"], name_IDs=["*"], glyph_names=False
    )
    options.drop_tables += ["vhea", "vmtx", "DSIG", "BASE", "STAT"]
    font = TTFont(source, recalcTimestamp=False)
    font.flavor = None
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=set(characters))
    subsetter.subset(font)
    return font


def spaced(font: TTFont) -> TTFont:
    """Give a face the white space it lacks."""
    em, known = font["head"].unitsPerEm, font.getBestCmap()
    missing = {code: round(width * em) for code, width in _SPACES.items() if code not in known}
    for width in sorted(set(missing.values())):
        font["glyf"][f"blank{width}"] = Glyph()
        font["hmtx"][f"blank{width}"] = (width, 0)
    font.setGlyphOrder(font["glyf"].glyphOrder)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {code: f"blank{width}" for code, width in missing.items()}
    return font


def named(font: TTFont, family: str) -> TTFont:
    """Give a face a name of its own: a cut must not pass for the whole."""
    table = font["name"]
    for number, text in ((1, family), (3, family), (4, family), (6, family.replace(" ", ""))):
        table.removeNames(nameID=number)
        table.setName(text, number, 3, 1, 0x409)
    for number in (16, 17, 21, 22):
        table.removeNames(nameID=number)
    return font


def main(source: Path, target: Path) -> None:
    """Write the faces."""

    def save(font: TTFont, family: str, name: str) -> None:
        named(spaced(font), family).save(target / name)

    def slice_of(name: str, characters: Iterable[int]) -> TTFont:
        return cut(next(source.rglob(f"{name}-400-normal.woff2")), characters)

    kana = (*range(0x3000, 0x3130), *range(0x31A0, 0x31C0), *range(0x31F0, 0x3200))
    square = (*range(0x3200, 0x3400), *range(0xFE30, 0xFE50), *range(0xFF00, 0xFFF0))
    droid = next(source.rglob("DroidSansFallbackFull.ttf"))
    save(cut(droid, {*kana, *square, *ideographs()}), "Publisher Cjk", "cjk.ttf")
    nanum = next(source.rglob("NanumGothic_400Regular.ttf"))
    save(cut(nanum, syllables()), "Publisher Hangul", "hangul.ttf")
    tifinagh = slice_of("noto-sans-tifinagh-tifinagh", (*range(0x2D30, 0x2D80), *_JOINERS))
    save(tifinagh, "Publisher Tifinagh", "tifinagh.ttf")
    symbols = slice_of("noto-sans-symbols-2-symbols", range(0x2000, 0x2C00))
    save(symbols, "Publisher Symbols", "symbols.ttf")
    with TemporaryDirectory() as scratch:
        parts = []
        for name, characters in _SCRIPTS.items():
            part = Path(scratch, f"{name}.ttf")
            slice_of(name, {*characters, *_JOINERS}).save(part)
            parts.append(str(part))
        merged = Merger().merge(parts)
    merged["name"].setName("Copyright 2022 The Noto Project Authors", 0, 3, 1, 0x409)
    merged.recalcTimestamp = False
    merged["head"].created = merged["head"].modified = 0
    save(merged, "Publisher Scripts", "scripts.ttf")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
