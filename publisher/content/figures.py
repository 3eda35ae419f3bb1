"""Pictures in a body: found in the tree, checked, and set as figures."""

from collections.abc import Iterator
from html import escape
from urllib.parse import unquote
from xml.etree import ElementTree

from publisher.content.article import Article, Picture, stays_below
from publisher.content.body import PictureUrl
from publisher.content.making import Making
from publisher.errors import PublisherError
from publisher.problems import Problem, Severity


def wanting_severity(article: Article) -> Severity:
    """Return how bad it is if alt text or credit are missing.

    Our own article waits for them. One from a feed goes out without: it would hold up an
    automatic issue every week, for what nobody here could write.
    """
    return Severity.WARNING if article.from_feed else Severity.ERROR


def picture_problems(
    picture: Picture, slug: str, severity: Severity = Severity.ERROR
) -> Iterator[Problem]:
    """Say what must be printed or spoken beside a picture and is missing."""
    for value, check, message in (
        (
            picture.alt,
            "alt_text",
            "has no alt text: say what it shows, for readers who cannot see it",
        ),
        (picture.credit, "credit", 'has no credit: add credit="Name, licence"'),
    ):
        if not value.strip():
            yield Problem(
                message=f"the picture {picture.path} {message}",
                severity=severity,
                article=slug,
                check=check if severity is Severity.ERROR else "feed_pictures",
                subject=picture.path,
            )


def set_figures(
    root: ElementTree.Element, making: Making, picture_url: PictureUrl
) -> tuple[Picture, ...]:
    """Turn images into figures that stand beside paragraphs, and return their pictures."""
    pictures = []
    parents = {child: parent for parent in root.iter() for child in parent}
    for image in list(root.iter("img")):
        place = image
        while parents[place].tag not in ("div", "aside", "section", "blockquote", "li", "dd"):
            place = parents[place]
        alone = place.tag == "p" and not _words(place)
        figure = ElementTree.Element("figure")
        picture = _picture(image, making)
        html = _figure(picture, image, making, picture_url) if picture else ""
        if html and picture:
            pictures.append(picture)
            figure.set("id", making.keep(html))
        if not alone:
            making.complain(
                f"the picture {image.get('src', '')} stands within a line:"
                " put it in a paragraph of its own"
            )
        _lift(parents[image], image)
        if parents[image].tag == "a" and not _words(parents[image]):
            _lift(parents[parents[image]], parents[image])  # a link that held but the picture
        home = parents[place]
        if html:
            _after(home, place, figure)
            parents[figure] = home
    for paragraph in list(root.iter("p")):
        if not len(paragraph) and not (paragraph.text or "").strip() and paragraph in parents:
            parents[paragraph].remove(paragraph)
    return tuple(pictures)


def _words(paragraph: ElementTree.Element) -> bool:
    return bool("".join(paragraph.itertext()).strip())


def _after(
    home: ElementTree.Element, place: ElementTree.Element, figure: ElementTree.Element
) -> None:
    """Insert behind an element and the figures that were lifted out of it before."""
    siblings = list(home)
    at = siblings.index(place) + 1 if place in siblings else len(siblings)
    while (
        at < len(siblings)
        and siblings[at].tag == "figure"
        and siblings[at].get("lifted") is not None
    ):
        at += 1
    figure.set("lifted", "")  # the sanitiser drops what it does not know
    home.insert(at, figure)


def _lift(parent: ElementTree.Element, image: ElementTree.Element) -> None:
    """Take an image out of its line; the text behind it stays."""
    place = list(parent).index(image)
    tail = image.tail or ""
    if place:
        parent[place - 1].tail = (parent[place - 1].tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(image)


def _picture(image: ElementTree.Element, making: Making) -> Picture | None:
    path = unquote(image.get("src", "")).strip()
    if not stays_below(path):
        making.complain(
            f"the picture {path[:120]} is left out:"
            " only pictures below the article's folder are printed, such as pictures/name.jpg",
            Severity.ERROR,
            check="missing_picture",
            subject=path,
        )
        return None
    return Picture(
        path=path,
        alt=image.get("alt", "").strip(),
        caption=image.get("title", "").strip(),
        credit=image.get("credit", "").strip(),
        focus=_focus(image.get("focus", ""), path, making),
    )


def _focus(text: str, path: str, making: Making) -> tuple[float, float]:
    if not text:
        return 0.5, 0.5
    try:
        x, y = (float(part) for part in text.replace(",", " ").split())
    except ValueError:
        x = y = -1.0
    if not (0 <= x <= 1 and 0 <= y <= 1):
        making.complain(f'the focus of {path} is no place in it: write focus="0.5 0.3"')
        return 0.5, 0.5
    return x, y


def _figure(
    picture: Picture, image: ElementTree.Element, making: Making, picture_url: PictureUrl
) -> str:
    wide = "wide" in image.get("class", "").split()
    try:
        address = picture_url(picture, wide)
    except PublisherError as error:
        making.complain(
            f"{error}; the picture is left out",
            Severity.ERROR,
            check="missing_picture",
            subject=picture.path,
        )
        return ""
    making.problems += picture_problems(picture, making.slug, making.wanting)
    parts = [
        f'<span class="{name}">{making.text(words)}</span>'
        for name, words in (("caption", picture.caption), ("credit", picture.credit))
        if words
    ]
    caption = f"<figcaption>{' '.join(parts)}</figcaption>" if parts else ""
    alt = escape(picture.alt)
    kind = "picture wide" if wide else "picture"
    return f'<figure class="{kind}"><img src="{escape(address)}" alt="{alt}">{caption}</figure>'
