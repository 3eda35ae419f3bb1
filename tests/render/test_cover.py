"""The front page: three designs, and words that can be read on any picture."""

import random
from collections.abc import Callable
from dataclasses import replace

import pypdfium2
import pytest
from PIL import Image, ImageColor

from publisher.config import Publication
from publisher.content.article import Kind, Picture
from publisher.content.issue import Cover, Coverline, Issue
from publisher.render.pdf import print_pdf
from publisher.render.pdfium import PDFIUM
from publisher.render.setting import Setting
from publisher.render.templates import TEMPLATES
from tests.conftest import ROOT
from tests.render.issues import article, folder_of, issue, picture, slot

SIZE = (1500, 2100)
Pixel = tuple[int, int, int]
Painter = Callable[[], Image.Image]
_SCALE = 2.0  #: pixels a point


def white() -> Image.Image:
    return Image.new("RGB", SIZE, "#ffffff")


def black() -> Image.Image:
    return Image.new("RGB", SIZE, "#000000")


def noise() -> Image.Image:
    count = SIZE[0] * SIZE[1] * 3
    return Image.frombytes("RGB", SIZE, random.Random(3).randbytes(count))  # noqa: S311  # a picture


def checkers() -> Image.Image:
    small = Image.frombytes(
        "L", (50, 70), bytes(255 * ((x + y) % 2) for y in range(70) for x in range(50))
    )
    return small.resize(SIZE, Image.Resampling.NEAREST).convert("RGB")


def halves() -> Image.Image:
    made = white()
    made.paste((0, 0, 0), (0, 0, SIZE[0] // 2, SIZE[1]))
    return made


def lamps() -> Image.Image:
    made = black()
    for left in range(0, SIZE[0], 150):
        for top in range(0, SIZE[1], 210):
            made.paste((255, 250, 230), (left, top, left + 30, top + 40))
    return made


PAINTERS = (white, black, noise, checkers, halves, lamps)


def cover_issue(publication: Publication, shown: Picture | None, **more: object) -> Issue:
    lead = article("rivers", "The rivers under the sand", picture=shown)
    slots = [
        slot(publication, lead, kind=Kind.FEATURE, cover=True),
        slot(publication, article("wind", "We asked the wind", section="Science")),
    ]
    lines = tuple(
        Coverline(text=text, story=one.article.slug, section=one.section)
        for text, one in (("How it all began", slots[0]), ("We asked the wind", slots[1]))
    )
    cover = Cover(
        title="The rivers under the sand",
        kicker="Water",
        standfirst="For two thousand years, tunnels have brought water without a pump.",
        story="rivers",
        picture=shown,
        lines=lines,
    )
    made = issue(publication, slots)
    return replace(made, cover=replace(cover, **more))  # type: ignore[arg-type]  # any field


def painted(publication: Publication, paint: Painter) -> Picture:
    path = folder_of(publication) / "pictures" / f"{paint.__name__}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    paint().save(path)
    return Picture(path=f"pictures/{path.name}", alt="What it shows", credit="Someone, CC0")


def printed(made: Issue, publication: Publication, *, style: str = "") -> pypdfium2.PdfDocument:
    setting = Setting(made, publication)
    html = setting.document([setting.front()]).replace("</style>", f"{style}</style>", 1)
    roots = [made.folder, publication.root / "templates", TEMPLATES]
    return pypdfium2.PdfDocument(print_pdf(html, base=made.folder, roots=roots).data)


def worst_contrast(made: Issue, publication: Publication) -> float:
    """Return the least contrast of any line of words with all but a hundredth of what is below it.

    The cover is printed twice, once without its words; both are rasterised.
    """
    hidden = (
        ".cover :is(.masthead, p, .main, .where, .cover-kicker)"
        " { color: transparent !important; border: 0 !important }"
        " .cover-kicker::before { background: none !important }"
    )
    with PDFIUM:
        words, bare = printed(made, publication), printed(made, publication, style=hidden)
        inks, below = (
            document[0].render(scale=_SCALE).to_pil().convert("RGB") for document in (words, bare)
        )
        text = words[0].get_textpage()
        height = words[0].get_height()
        rects = [text.get_rect(number) for number in range(text.count_rects())]
    assert len(rects) > 5
    cover, found = Setting(made, publication).cover, []
    colours = [ImageColor.getrgb(colour)[:3] for colour in ("#ffffff", "#1b1a17", cover.colour)]
    printed_inks = [_luminance((red, green, blue)) for red, green, blue in colours]
    for left, bottom, right, top in rects:
        box = tuple(round(edge * _SCALE) for edge in (left, height - top, right, height - bottom))
        if box[2] - box[0] < 8 or box[3] - box[1] < 4:
            continue
        ground = sorted(map(_luminance, _pixels(below.crop(box))))
        seen = _ink(inks.crop(box), below.crop(box))
        ink = min(printed_inks, key=lambda one: abs(one - seen))  # thin strokes are never full
        worst = ground[int(len(ground) * (0.99 if ink > 0.5 else 0.01))]
        light, dark = max(ink, worst), min(ink, worst)
        found.append((light + 0.05) / (dark + 0.05))
    return min(found)


def _ink(with_words: Image.Image, without: Image.Image) -> float:
    """Return the luminance of the words: of the pixels they change most."""
    changed = [
        (sum(abs(a - b) for a, b in zip(one, other, strict=True)), _luminance(one))
        for one, other in zip(_pixels(with_words), _pixels(without), strict=True)
    ]
    strongest = max(change for change, _ in changed)
    inks = sorted(light for change, light in changed if change > 0.9 * strongest)
    return inks[len(inks) // 2]


def _pixels(image: Image.Image) -> list[Pixel]:
    parts = image.tobytes()
    return list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))


def _luminance(pixel: Pixel) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in pixel)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("paint", PAINTERS)
@pytest.mark.parametrize("design", ["", "full"])
def test_every_word_of_the_printed_cover_can_be_read(
    publication: Publication, paint: Painter, design: str
) -> None:
    made = cover_issue(publication, painted(publication, paint), design=design)
    assert worst_contrast(made, publication) >= 4.5


@pytest.mark.parametrize(
    "name", ["mountain-pass", "dandelions-at-dusk", "fig-in-red-bowl", "stream"]
)
def test_the_demos_pictures_carry_a_full_cover(publication: Publication, name: str) -> None:
    folder = folder_of(publication) / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    source = ROOT / "issues" / "inbox" / "pictures" / f"{name}.jpg"
    (folder / source.name).write_bytes(source.read_bytes())
    shown = Picture(path=f"pictures/{source.name}", alt="What it shows", credit="Someone, CC0")
    made = cover_issue(publication, shown)
    assert Setting(made, publication).cover.design == "full"
    assert worst_contrast(made, publication) >= 4.5


def test_a_restless_picture_is_framed_and_a_calm_one_fills_the_page(
    publication: Publication,
) -> None:
    designs = {
        paint.__name__: Setting(
            cover_issue(publication, painted(publication, paint)), publication
        ).cover.design
        for paint in (white, black, checkers, halves)
    }
    assert designs == {"white": "full", "black": "full", "checkers": "framed", "halves": "framed"}


def test_few_pixels_are_framed_very_few_make_way_for_type(publication: Publication) -> None:
    for size, design in (((1000, 700), "framed"), ((300, 200), "type")):
        shown = picture(folder_of(publication), f"p{size[0]}", size=size)
        assert Setting(cover_issue(publication, shown), publication).cover.design == design
    assert Setting(cover_issue(publication, None), publication).cover.design == "type"


@pytest.mark.parametrize("design", ["full", "framed", "type"])
def test_an_editor_names_the_design(publication: Publication, design: str) -> None:
    made = cover_issue(publication, painted(publication, white), design=design)
    setting = Setting(made, publication)
    assert setting.cover.design == design
    assert f'class="cover {design}' in setting.front()


def test_a_design_that_needs_a_picture_is_told_when_there_is_none(
    publication: Publication,
) -> None:
    setting = Setting(cover_issue(publication, None, design="framed"), publication)
    assert setting.cover.design == "type"
    assert any("needs a picture" in problem.message for problem in setting.plates.problems)


@pytest.mark.parametrize("height", [0.25, 0.4, 0.6, 0.8])
def test_the_focal_point_is_not_under_the_main_line(
    publication: Publication, height: float
) -> None:
    shown = replace(picture(folder_of(publication), "tall", size=(1500, 4200)), focus=(0.5, height))
    spot = Image.new("RGB", (1500, 4200), "black")
    at = round(4200 * height)
    spot.paste((255, 255, 255), (700, at - 40, 800, at + 40))
    spot.save(folder_of(publication) / shown.path)
    cover = Setting(cover_issue(publication, shown), publication).cover
    assert cover.lead is not None
    with Image.open(folder_of(publication) / cover.lead.url) as crop:
        box = crop.convert("L").point([255 * (level > 128) for level in range(256)]).getbbox()
        assert box is not None
        seen = (box[1] + box[3]) / 2 / crop.height * 297
    below_masthead, foot_of_words = 75, 150
    if cover.where == "low":
        assert below_masthead < seen < cover.main_top
    else:
        assert seen > foot_of_words


def test_a_main_line_goes_up_where_the_focal_point_is_low(publication: Publication) -> None:
    shown = picture(folder_of(publication), "wide", size=(2600, 2100))
    low = replace(shown, focus=(0.5, 0.8))
    assert Setting(cover_issue(publication, shown), publication).cover.where == "low"
    assert Setting(cover_issue(publication, low), publication).cover.where == "high"


def test_a_full_cover_shows_no_needless_shade(publication: Publication) -> None:
    setting = Setting(cover_issue(publication, painted(publication, white)), publication)
    assert setting.cover.shade == ""
    assert setting.cover.inks.main == "#1b1a17"


def test_a_long_main_line_stays_above_the_coverlines_in_every_design(
    publication: Publication,
) -> None:
    long = "An exceedingly long and winding main line about water, sand and memory in the desert"
    for design in ("full", "framed", "type"):
        made = cover_issue(publication, painted(publication, noise), design=design, title=long)
        with PDFIUM:
            document = printed(made, publication)
            text = document[0].get_textpage()
            rects = {
                text.get_text_bounded(*text.get_rect(n)).strip(): text.get_rect(n)
                for n in range(text.count_rects())
            }
        lowest = min(rect[1] for words, rect in rects.items() if "pump" in words)
        first = max(rect[3] for words, rect in rects.items() if "How it all" in words)
        assert lowest > first, design
