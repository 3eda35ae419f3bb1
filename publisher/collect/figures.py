"""Pictures in foreign HTML -> figures with address, alternative text, caption and credit."""

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from publisher.collect.text import living, one_line, plain, web_address, words_of

#: nothing smaller is worth printing, and what is smaller counts readers
_SMALLEST = 32
#: the widest rendition asked for: a spread at print resolution
_WIDEST = 2600
_LONGEST = 800  #: characters of a caption, credit or alternative text
_TRACKERS = re.compile(
    r"(^|[./])(pixel|stats|beacon|counter|doubleclick|feedburner|googlesyndication|google-analytics"
    r"|scorecardresearch|quantserve|feedsportal)\.|/(pixel|tracking|beacon|b|spacer|blank|clear)"
    r"\.(gif|png)|facebook\.com/tr\b|feeds\.feedburner\.com/~|/wp-includes/images/smilies/",
    re.IGNORECASE,
)
_EMOJI = re.compile(r"\b(emoji|wp-smiley|emoticon)\b")
_CREDIT_CLASS = re.compile(r"credit|copyright|photographer|attribution|source", re.IGNORECASE)
_CREDIT_WORD = (
    r"(?:photo(?:graph|graphie|s)?|image|picture|foto|bild|crédits?|credits?|copyright|"
    r"صورة|الصورة|تصوير|عدسة)"
)
_CREDIT_TEXT = re.compile(
    rf"(?:^|(?<=[.!?؟…»”\"])\s+|\s*[(\[|/–—,]\s*)"
    rf"(?:{_CREDIT_WORD}(?:\s+(?:photo|image|by|par|de))*\s*:\s*"
    rf"|(?:photo|picture|image|foto)\s+(?:by|par)\s+|(?P<sign>©|\(c\))\s*)"
    rf"(?P<credit>[^()\[\]|]{{2,120}}?)\s*[)\]]?\.?$",
    re.IGNORECASE,
)
_SIZED = re.compile(r"(-\d{2,5}x\d{2,5}|-scaled|@2x)+(?=\.\w+$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture as a source shows it."""

    address: str
    alt: str = ""
    caption: str = ""
    credit: str = ""

    def markdown(self) -> str:
        """Return the figure in the magazine's syntax."""
        caption = f' "{in_quotes(self.caption)}"' if self.caption else ""
        credit = f'{{ credit="{in_quotes(self.credit)}" }}' if self.credit else ""
        alt = in_quotes(self.alt).replace("[", "(").replace("]", ")")
        return f"![{alt}]({self.address}{caption}){credit}"

    def with_words_of(self, other: "Figure") -> "Figure":
        """Return this picture with the other's words wherever it has none itself."""
        return replace(
            self,
            alt=self.alt or other.alt,
            caption=self.caption or other.caption,
            credit=self.credit or other.credit,
        )

    def shows_the_same_as(self, other: "Figure") -> bool:
        """Tell whether two addresses are renditions of one picture, judged by their names."""
        return _picture_name(self.address) == _picture_name(other.address)


def in_quotes(text: str) -> str:
    """Return text that may stand between straight quotes in Markdown, inside braces too."""
    text = re.sub(r'(^|[\s(\[«“])"', r"\1“", text).replace('"', "”").replace("`", "’")
    for sign, other in (("<", "‹"), (">", "›"), ("{", "("), ("}", ")"), ("\\", "")):
        text = text.replace(sign, other)
    return text.strip()


def _picture_name(address: str) -> str:
    path = unquote(urlsplit(address).path)
    return _SIZED.sub("", path.rpartition("/")[2]).lower() or address


def split_credit(caption: str) -> tuple[str, str]:
    """Return caption and credit of a line such as "The port at dawn. Photo: A. Ben Ali"."""
    match = _CREDIT_TEXT.search(caption)
    if not match:
        return caption, ""
    credit = match["credit"].strip(" .;,")
    return caption[: match.start()].rstrip(" |/–—("), f"© {credit}" if match["sign"] else credit


def take_figures(soup: BeautifulSoup, base: str) -> list[Figure]:
    """Put an empty <figure data-n> where each printable picture stood; return the figures."""
    figures: list[Figure] = []
    for tag in living(soup, "img"):
        if _EMOJI.search(_classes(tag)):
            tag.replace_with(one_line(str(tag.get("alt") or ""))[:8])
    holders = [tag for tag in living(soup, ["figure", "div", "p", "dl"]) if _holds_pictures(tag)]
    for holder in holders:
        if any(other is not holder and holder in other.parents for other in holders):
            continue  # a gallery: its pictures have holders of their own
        if _take(holder, soup, figures, base):
            holder.decompose()
    for gallery in living(soup, "figure", attrs={"data-n": False}):
        inner = gallery.find_all("figure", attrs={"data-n": True})
        if inner:
            caption, credit = _caption(gallery)
            last = int(str(inner[-1]["data-n"]))
            words = Figure(address="", caption=caption, credit=credit)
            figures[last] = figures[last].with_words_of(words)
            gallery.insert_before(*[tag.extract() for tag in inner])
            gallery.decompose()
    _take(soup, soup, figures, base)
    return figures


def _holds_pictures(tag: Tag) -> bool:
    return tag.name == "figure" or bool(re.search(r"\bwp-caption\b(?!-)", _classes(tag)))


def _take(holder: Tag, soup: BeautifulSoup, figures: list[Figure], base: str) -> bool:
    """Replace the pictures of one holder by their places; tell whether there were any."""
    images = holder.find_all("img")
    own = holder is not soup
    caption, credit = _caption(holder) if own and images else ("", "")
    first = len(figures)
    for image in images:
        figure = _figure(image, base)
        if figure is None or any(figure.address == other.address for other in figures):
            image.decompose()
            continue
        figure = replace(figure, credit=figure.credit or credit)
        place = soup.new_tag("figure", attrs={"data-n": str(len(figures))})
        figures.append(figure)
        if own:
            holder.insert_before(place)
            image.decompose()
        else:
            image.replace_with(place)
    if caption and len(figures) > first:
        # the words of several pictures stand under the last
        figures[-1] = replace(figures[-1], caption=caption)
    return bool(images)


def _caption(holder: Tag) -> tuple[str, str]:
    found = holder.find("figcaption") or holder.find(
        class_=re.compile("caption-text|gallery-caption")
    )
    if not isinstance(found, Tag):
        return "", ""
    credit = ""
    for part in found.find_all(["cite", "span", "small", "p", "i", "em", "div"]):
        if part.name == "cite" or _CREDIT_CLASS.search(_classes(part)):
            credit = credit or words_of(part)
            part.decompose()
    caption, in_text = split_credit(words_of(found)[:_LONGEST])
    credit = credit[:_LONGEST]
    labelled = split_credit(credit)[1]
    return caption, labelled or credit or in_text


def _figure(image: Tag, base: str) -> Figure | None:
    address = web_address(_best_source(image), base)
    if not address or _TRACKERS.search(address):
        return None
    for side in ("width", "height"):
        written = str(image.get(side) or "").removesuffix("px")
        if written.isdigit() and int(written[:6]) < _SMALLEST:
            return None
    caption, credit = split_credit(plain(str(image.get("data-image-caption") or ""))[:_LONGEST])
    return Figure(
        address=address,
        alt=one_line(str(image.get("alt") or ""))[:_LONGEST],
        caption=caption,
        credit=plain(str(image.get("data-credit") or ""))[:_LONGEST] or credit,
    )


def _best_source(image: Tag) -> str:
    """Return the largest rendition up to `_WIDEST`, looking behind what loads lazily."""
    offers: list[tuple[float, str]] = []
    for name in ("data-srcset", "data-lazy-srcset", "srcset"):
        for offer in str(image.get(name) or "").split(", "):
            address, _, size = offer.strip().rpartition(" ")
            match = re.fullmatch(r"(\d{1,5})w", size)
            if match and address:
                offers.append((int(match[1]), address))
    small_enough = [offer for offer in offers if offer[0] <= _WIDEST]
    if small_enough:
        return max(small_enough)[1]
    for name in (
        "data-large-file",
        "data-orig-file",
        "data-src",
        "data-lazy-src",
        "data-original",
        "src",
    ):
        value = str(image.get(name) or "")
        if value and not value.startswith("data:"):
            return value
    return ""


def _classes(tag: Tag) -> str:
    value = tag.get("class") or ""
    return " ".join(value) if isinstance(value, list) else str(value)
