"""How words are set: styles as typographers write them, and the roles a theme gives them to."""

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from publisher.errors import ConfigError
from publisher.tables import key

WEIGHTS = {
    "light": 300,
    "regular": 400,
    "medium": 500,
    "semibold": 600,
    "bold": 700,
    "black": 900,
}
FAMILIES = ("text", "subhead", "display", "sans", "arabic")
_SIZE = re.compile(r"(?P<size>\d+(?:\.\d+)?)?(?:/(?P<leading>\d+(?:\.\d+)?))?")
_TRACKING = re.compile(r"[+-]\d+")
_RATIO = 4.0  #: a leading below it is a multiple of the size


@dataclass(frozen=True, kw_only=True)
class Style:
    """How some words are set, written as typographers do: "sans bold 8.5/10 caps +60".

    Family, weight, italic, size/leading in points, capitals, tracking in thousandths of
    an em. A leading below 4 is a multiple of the size; a missing one is the text's.
    """

    EXAMPLE: ClassVar[str] = 'family, weight and size such as "sans bold 8.5/10 caps +60"'

    family: str
    weight: int = 400
    italic: bool = False
    size: float = 0.0  #: points; 0 where the place decides
    leading: float = 0.0  #: points, or a multiple of the size; 0 for the text's own
    caps: bool = False
    tracking: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a style as it is written in theme.toml; raise `ConfigError` if it is none."""
        family, *words = text.split() or [""]
        if family not in FAMILIES:
            raise ConfigError(f'"{text}" must begin with one of {", ".join(FAMILIES)}')
        weight, italic, caps, tracking, size, leading = 400, False, False, 0, 0.0, 0.0
        for word in words:
            if word in WEIGHTS:
                weight = WEIGHTS[word]
            elif word == "italic":
                italic = True
            elif word == "caps":
                caps = True
            elif _TRACKING.fullmatch(word):
                tracking = int(word)
            elif match := _SIZE.fullmatch(word):
                size, leading = float(match["size"] or 0), float(match["leading"] or 0)
            else:
                raise ConfigError(f'"{text}": {word} is neither weight, size, caps nor tracking')
        return cls(
            family=family,
            weight=weight,
            italic=italic,
            size=size,
            leading=leading,
            caps=caps,
            tracking=tracking,
        )

    @property
    def relative(self) -> bool:
        """Whether the leading is a multiple of the size."""
        return self.leading < _RATIO

    @property
    def font(self) -> str:
        """Return the CSS shorthand `font`."""
        size = f"calc({self.size:g}pt * var(--larger, 1))" if self.size else "1em"
        if not self.leading:
            leading = "var(--leading)"
        elif self.relative:
            leading = f"calc({self.leading:g} * var(--taller, 1))"
        else:
            leading = f"calc({self.leading:g}pt * var(--airier, 1))"
        slant = "italic " if self.italic else ""
        return f"{slant}{self.weight} {size}/{leading} var(--{self.family})"

    @property
    def spaced(self) -> str:
        """Return the CSS value of `letter-spacing`."""
        return f"calc({self.tracking / 1000:g}em * var(--tracked, 1))" if self.tracking else "0"

    @property
    def case(self) -> str:
        """Return the CSS value of `text-transform`."""
        return "uppercase" if self.caps else "none"

    def printed(self, text: str) -> str:
        """Return a text as this style prints it, in capitals or not."""
        return text.upper() if self.caps else text

    def __str__(self) -> str:
        """Return CSS declarations, for `{{ type.kicker }}` in a style sheet."""
        return f"font: {self.font}; letter-spacing: {self.spaced}; text-transform: {self.case}"


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The type of everything but headlines, by what it is for."""

    text: Style = key("Running text; its leading is the baseline grid")
    crosshead: Style = key("Headings within the text")
    footnote: Style = key("Footnotes")
    footnote_call: Style = key("The number of a footnote in the text")
    kicker: Style = key("Line above a headline")
    kicker_large: Style = key("The same on an opening page")
    standfirst: Style = key("Paragraph below a headline")
    byline: Style = key("Who wrote it")
    byline_large: Style = key("The same where the writer counts: opinion")
    dateline: Style = key("Where it was written")
    caption: Style = key("Below a picture")
    credit: Style = key("Who took a picture")
    opening_caption: Style = key("Caption on an opening page")
    pull_quote: Style = key("Quotation set apart")
    pull_quote_large: Style = key("The same in opinion")
    quote_mark: Style = key("The large mark before a quotation in opinion")
    quoted: Style = key("Who said it")
    question: Style = key("Question of an interview")
    box: Style = key("Text of a fact box")
    box_title: Style = key("Title of a fact box")
    chart_title: Style = key("Title of a chart or map")
    chart_title_large: Style = key("The same on a data page")
    source: Style = key("Where data come from")
    table: Style = key("Tables")
    after: Style = key("Sources, corrections and link after a piece")
    flag: Style = key("Name of the section at the head of a page")
    folio: Style = key("Line at the foot of a page")
    folio_number: Style = key("Page number")
    page_title: Style = key("Title of contents")
    page_title_large: Style = key("Title of the briefs")
    page_title_small: Style = key("The same where the page is short of room")
    cover_strap: Style = key("Line below the masthead")
    cover_kicker: Style = key("Line above the cover's main line")
    cover_standfirst: Style = key("Words below the cover's main line")
    cover_standfirst_large: Style = key("The same on a cover of type alone")
    cover_standfirst_small: Style = key("The same beside a framed picture")
    coverline: Style = key("Coverlines")
    coverline_section: Style = key("The section above a coverline")
    contents_about: Style = key("Section and writer in the contents")
    contents_standfirst: Style = key("Words below a title in roomy contents")
    contents_label: Style = key("Title below a picture in the contents")
    contents_number: Style = key("Page number on a picture in the contents")
    contents_date: Style = key("Number and date of the issue in the contents")
    letter_about: Style = key("The house, beside the editor's letter")
    brief_text: Style = key("Text of a brief")
    brief_text_small: Style = key("The same where the page is short of room")
    brief_text_large: Style = key("The same where a page has one or two only")
    brief_after: Style = key("Sources after a brief")
    brief_large: Style = key("Headline of a brief where a page has one or two only")
    essay_caption: Style = key("Caption on a photo essay's pages")
    listing_date: Style = key("Day of a listing")
    listing_text: Style = key("What happens on it")
    quiz_question: Style = key("Question of a quiz")
    quiz_number: Style = key("Its number")
    quiz_answers: Style = key("Answers, upside down")
    code: Style = key("Words beside a QR code in the text")
    filler_title: Style = key("Line above teasers")
    teaser: Style = key("Title of a teaser")
    teaser_section: Style = key("Its section")
    teaser_page: Style = key("Its page")
    back_call: Style = key("Invitation on the back page")
    back_scan: Style = key("Words beside the back page's code")
    back_scan_title: Style = key("The first of them")
    colophon: Style = key("Small print of the back page")
    colophon_title: Style = key("Its title")
