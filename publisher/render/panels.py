"""Panels: advertisements of the house and codes, set for the room at the foot of a page.

Every size is tried from large to small and measured with the theme's own fonts, so that
the words of a panel fill it and never leave it.
"""

from dataclasses import dataclass

from publisher.config import Publication
from publisher.content.article import Article
from publisher.content.qr import qr_data_uri
from publisher.content.typography import typeset
from publisher.errors import ContentError
from publisher.render.balance import Headline, balance, text_width
from publisher.render.lettering import Style
from publisher.render.links import Links
from publisher.render.sheet import MM
from publisher.render.theme import Theme
from publisher.week import Week

LEAST, MOST = 15.0, 84.0  #: millimetres
_SLIM = 36.0  #: millimetres below which a panel has narrow margins and small text
_SIZES = (48.0, 44.0, 40.0, 36.0, 32.0, 28.0, 25.0, 22.0, 19.5, 17.0, 15.0, 13.0)
_QUIET = 28.0  #: points; the title beside a code is no headline
_CODE = (17.0, 38.0)  #: least and most side of a code; smaller ones are not read by every phone
_LINES = 3  #: of a title
_BETWEEN, _BESIDE = 2.6, 7.0  #: millimetres below the title, beside the code
_READ = 100.0  #: the longest line of the words below the title
_PICTURE = 0.42  #: of a panel's width


@dataclass(frozen=True, kw_only=True)
class Copy:
    """What a panel says."""

    name: str
    title: str
    text: str
    address: str
    alt: str  #: of the code
    picture: str = ""  #: its file, relative to the publication
    shows: str = ""  #: what the picture shows
    before: bool = False  #: the code stands before the words, as tall as the panel


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A panel as it is printed; lengths in millimetres."""

    copy: Copy
    height: float
    pad: float
    code: float  #: side of the code; 0 for none
    picture: float  #: width of the picture; 0 for none
    measure: float  #: width of the words beside the code
    title: Headline
    wide: bool  #: the title runs over the code
    text: str
    small: bool  #: the text is set small


def house_copies(publication: Publication, week: Week, words: dict[str, str]) -> tuple[Copy, ...]:
    """Return the house's advertisements: the publication's own, else two invitations."""
    language, title = publication.language, publication.title
    if publication.house:
        return tuple(
            Copy(
                name=f"house-{number}",
                title=typeset(one.title, language),
                text=typeset(one.text, language),
                address=one.url,
                alt=words["qr_page_alt"].format(title=one.title),
                picture=one.picture.as_posix() if one.picture else "",
                shows=one.alt,
            )
            for number, one in enumerate(publication.house, 1)
        )
    links = Links(publication, week)
    invited = words["subscribe_invitation"].format(title=title)
    return (
        Copy(
            name="share",
            title=typeset(words["share_title"], language),
            text=typeset(words["share_text"], language),
            address=links.issue,
            alt=words["qr_page_alt"].format(title=title),
        ),
        Copy(
            name="subscribe",
            title=typeset(words["subscribe_title"].format(title=title), language),
            text=typeset(invited, language),
            address=links.subscribe,
            alt=words["qr_alt"].format(title=title),
        ),
    )


def scan_copy(article: Article, language: str, words: dict[str, str]) -> Copy | None:
    """Return the panel that leads to an article's own page; None if it has no such address."""
    try:
        qr_data_uri(article.url)
    except ContentError:
        return None
    return Copy(
        name=f"scan-{article.slug}",
        title=typeset(words["scan_title"], language),
        text=typeset(words["scan_text"], language),
        address=article.url,
        alt=words["qr_page_alt"].format(title=article.title),
        before=True,
    )


def shortest(copy: Copy, width: float, theme: Theme, language: str) -> float | None:
    """Return the least height in which a panel of this width can be set; None if none will do."""
    least = _CODE[0] + 2 * _pad(LEAST) if copy.before else LEAST
    heights = (least + step for step in range(0, 60, 2))
    return next((h for h in heights if panel(copy, h, width, theme, language)), None)


def panel(copy: Copy, height: float, width: float, theme: Theme, language: str) -> Panel | None:
    """Set a panel as large as it can be; None if its words do not fit."""
    pad = _pad(height)
    inside = height - 2 * pad
    picture = round(width * _PICTURE, 1) if copy.picture and height >= _SLIM else 0.0
    code = 0.0 if picture or inside < _CODE[0] else min(inside, _CODE[1])
    if copy.before and not code:
        return None
    whole = width - picture - (0.0 if copy.before else 2 * pad)
    measure = whole - (code + _BESIDE if code else 0.0)
    sizes = [size for size in _SIZES if size <= _QUIET] if copy.before else _SIZES
    read = min(measure, _READ)
    role = theme.tokens.type
    texts = [(copy.text, True), ("", True)]
    if height >= _SLIM:
        texts.insert(0, (copy.text, False))
    for text, small in texts:
        for size in sizes:
            for wide in (True, False) if code and not copy.before else (False,):
                setter = _Setter(theme, language)
                title = setter.title(copy.title, whole if wide else measure, size)
                if title is None:
                    continue
                tall, headline = title
                below = setter.below(text, role.box if small else role.back_scan, read)
                beneath = max(below, code) if wide else below
                if tall + (_BETWEEN * (2 if wide else 1)) + beneath <= inside:
                    return Panel(
                        copy=copy,
                        height=height,
                        pad=pad,
                        code=round(code, 1),
                        picture=picture,
                        measure=round(read, 1),
                        title=headline,
                        wide=wide,
                        text=text,
                        small=small,
                    )
    return None


def _pad(height: float) -> float:
    return 3.5 if height < _SLIM else 6.0


@dataclass(frozen=True)
class _Setter:
    """Measures words in the theme's type."""

    theme: Theme
    language: str

    @property
    def _arabic(self) -> bool:
        return self.language.startswith("ar")

    def title(self, text: str, measure: float, size: float) -> tuple[float, Headline] | None:
        """Return the height in millimetres of a title, and its lines, if they are few enough."""
        style = self.theme.layout("feature").headline
        face, wide = self.theme.face(style, self.language), measure * MM
        if not self._arabic:
            wide /= 1 + style.tracking / 1000 * 2
        text = style.printed(text)
        lines = balance(text, wide, face, size)
        if len(lines) > _LINES or any(text_width(one, face, size) > wide for one in lines):
            return None
        taller = self.theme.tokens.arabic.taller if self._arabic else 1.0
        return len(lines) * size * 1.08 * taller / MM, Headline(lines, size)

    def below(self, text: str, style: Style, measure: float) -> float:
        """Return the height in millimetres of the text and the address below it."""
        arabic = self.theme.tokens.arabic
        larger, airier = (arabic.larger, arabic.airier) if self._arabic else (1.0, 1.0)
        face = self.theme.face(style, self.language)
        lines = len(balance(text, measure * MM, face, style.size * larger)) if text else 0
        return (lines + 1) * style.leading * airier / MM
