"""The magazine edition: an issue as a PDF, and its cover as a picture."""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2

from publisher.config import Publication
from publisher.content.article import Kind
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.problems import Problem, Severity
from publisher.render import Rendered
from publisher.render.blocks import postponed
from publisher.render.fits import Fits, Fitted
from publisher.render.fitting import fit, fled, merit
from publisher.render.pdf import NO_ALT, Leaf, Printed, Remark, Ruler, print_pdf
from publisher.render.pdfium import PDFIUM
from publisher.render.places import Place
from publisher.render.preflight import text_problems
from publisher.render.setting import Setting
from publisher.render.templates import TEMPLATES

COVER_WIDTH = 1000  #: pixels
_COVER_BYTES = 200_000
_FILE_BYTES = 5_000_000
_MOVES = 6  #: blocks of one article that may be moved
#: millimetres taken from the picture, where gaps are closed to save a nearly empty last page
_LESS = (0.0, 15.0, 30.0, 45.0)
#: pages that are designed with room
UNFILLED = frozenset({Kind.LETTER, Kind.PHOTO_ESSAY})


class Magazine:
    """Makes {title}-{week}.pdf and cover.jpg in the issue's build folder."""

    name = "magazine"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Make the magazine; see `publisher.render.Edition`."""
        setting = Setting(issue, publication)
        roots = _roots(issue, publication)
        html = _html(setting, Ruler(base=issue.folder, roots=roots))
        printed = print_pdf(html, base=issue.folder, roots=roots)
        path = issue.build_folder / f"{publication.slug}-{issue.week}.pdf"
        picture = issue.build_folder / "cover.jpg"
        save(path, printed.data)
        save(picture, cover_picture(printed.data))
        return Rendered(
            edition=self.name,
            files=(path, picture),
            problems=_problems(setting, printed),
            pages=len(printed.leaves),
            anchors=tuple(
                (article.slug, page)
                for article in issue.articles
                if (page := printed.page_of(article.slug))
            ),
        )


def magazine_html(issue: Issue, publication: Publication) -> str:
    """Return the whole magazine as one HTML document, as it is laid out."""
    ruler = Ruler(base=issue.folder, roots=_roots(issue, publication))
    return _html(Setting(issue, publication), ruler)


def _html(setting: Setting, ruler: Ruler) -> str:
    fits = Fits(setting.issue.build_folder / "cache" / "fits.json")
    middle = [_fitted(setting, place, ruler, fits) for place in setting.places]
    fits.save()
    return setting.document([setting.front(), setting.contents(), *middle, setting.back()])


def _fitted(setting: Setting, place: Place, ruler: Ruler, fits: Fits) -> str:
    """Return a place as HTML, its last page as full as honest means make it."""
    start, low, high = setting.dresser.bounds(place)
    key = fits.key(setting.document([setting.part(place, size=start)]), start, low, high)
    fitted = fits.get(key)
    if fitted is None:
        fitted = _fit(setting, place, ruler)
        fits.put(key, fitted)
    else:
        setting.dresser.arrange(place, fitted.order)
    teasers: Sequence[Mapping[str, Any]] = ()
    if setting.dresser.variant(place) == "side":
        teasers = setting.teasers(place, 1)  # its own column has the room, however long the text
    elif place.kind not in UNFILLED:
        teasers = setting.teasers(place, 3, room=fitted.room * setting.sheet.type_height)
    return setting.part(place, size=fitted.size, teasers=teasers)


def _fit(setting: Setting, place: Place, ruler: Ruler) -> Fitted:
    def lay(size: float) -> Sequence[Leaf]:
        part = setting.part(place, size=size)
        leaves = ruler.leaves(setting.document([part]))
        # of a photo essay only the opening has text to fit; every plate after it is a page
        after = part.count('<section class="plate ') - 1
        return leaves[: len(leaves) - after] if after > 0 else leaves

    start, low, high = setting.dresser.bounds(place)
    fitted = partial(
        fit,
        lay,
        low=low,
        high=high,
        height=setting.dresser.give(place),
        stretch=place.article.picture is not None,
    )
    first = best = fitted(start=start)
    for less in _LESS if place.kind is not Kind.BRIEF else ():
        if less and not best.remainder:
            break
        size, before = max(low, round(first.size - less, 1)), setting.dresser.order(place)
        if _close_gaps(setting, place, partial(lay, size)):
            found = fitted(start=size)
            if merit(found, first.size) > merit(best, first.size):
                best = found
            else:
                setting.dresser.arrange(place, before)
    return Fitted(best.size, setting.dresser.order(place), best.room)


def _close_gaps(setting: Setting, place: Place, lay: Callable[[], Sequence[Leaf]]) -> bool:
    """Let text run on where a figure or box did not fit at the end of a column.

    The block is printed a paragraph later, as long as that closes more than it opens.
    """
    lost, numbers = fled(lay())
    dresser, moved = setting.dresser, False
    for _ in range(_MOVES):
        for number in numbers:
            before = dresser.order(place)
            behind = postponed(dresser.blocks(place), number)
            if behind is None:
                continue
            later = list(before)
            later.insert(behind, later.pop(number))
            dresser.arrange(place, later)
            now, left = fled(lay())
            if now < lost:
                lost, numbers, moved = now, left, True
                break
            dresser.arrange(place, before)
        else:
            break
    return moved


def _roots(issue: Issue, publication: Publication) -> list[Path]:
    return [issue.folder, publication.root / "templates", TEMPLATES]


def cover_picture(pdf: bytes, width: int = COVER_WIDTH) -> bytes:
    """Return the first page as a JPEG of this width in pixels, at most 200 KB."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            page = document[0]
            image = page.render(scale=width / page.get_width()).to_pil().convert("RGB")
        finally:
            document.close()
    for quality in (84, 78, 72, 66, 60, 52, 44):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= _COVER_BYTES:
            break
    return out.getvalue()


def _problems(setting: Setting, printed: Printed) -> tuple[Problem, ...]:
    found = [*text_problems(setting.issue.articles), *setting.dresser.problems]
    found += setting.plates.problems
    found += [_problem(remark, setting) for remark in printed.remarks]
    if len(printed.data) > _FILE_BYTES:
        size = len(printed.data) / 1e6
        found.append(Problem(message=f"the PDF has {size:.1f} MB, more than 5: use fewer pictures"))
    return tuple(dict.fromkeys(found))


def _problem(remark: Remark, setting: Setting) -> Problem:
    article = setting.plates.owner(remark.subject) or _writer(remark.subject, setting.issue)
    severity = Severity.ERROR if remark.serious else Severity.WARNING
    return Problem(
        message=remark.text,
        severity=setting.plates.severity(article) if remark.text == NO_ALT else severity,
        article=article,
        page=remark.page,
    )


def _writer(characters: str, issue: Issue) -> str:
    """Return the article in which characters stand that no font has."""
    if not characters or len(characters) > 40:
        return ""
    for article in issue.articles:
        text = article.title + article.standfirst + article.body
        if any(character in text for character in characters if ord(character) > 0x7F):
            return article.slug
    return ""
