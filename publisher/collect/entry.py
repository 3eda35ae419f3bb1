"""One entry of a feed, whatever its format -> an article of ours."""

import html as markup
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from publisher.collect.clean import Cleaned, clean
from publisher.collect.figures import Figure
from publisher.collect.source import Found, pictures_of
from publisher.collect.text import (
    digest,
    language_of,
    language_tag,
    plain,
    same_address,
    same_title,
    web_address,
    without_tracking,
)
from publisher.config import Section, SourceConfig
from publisher.content.article import Article, Picture, slugify
from publisher.problems import Problem

_STANDFIRST = 400  #: characters; a longer summary is the article's beginning
_SUMMARY_WORDS = 120  #: a description of fewer words may be all there is
_TITLE = 90


#: what WordPress writes before the headline of a post that asks for a password or a login
_CLOSED = re.compile(
    r"(?:protected|private|protégé|privé|محمي|خاص)[\s\u00a0\u202f]*:", re.IGNORECASE
)
#: how sites file what only members may read
_FOR_MEMBERS = frozenset(
    {
        *("members only", "subscribers only", "for members", "for subscribers"),
        *("paywall", "paywalled", "premium"),
        *("abonnés", "réservé aux abonnés", "pour abonnés", "للمشتركين"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What RSS, Atom and JSON Feed have in common; texts are as the feed wrote them."""

    id: str = ""
    url: str = ""
    title: str = ""
    html: str = ""  #: the full text, if the feed carries it
    summary: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None  #: aware
    categories: tuple[str, ...] = ()
    language: str = ""
    picture: Figure | None = None  #: named beside the text
    base: str = ""  #: what relative addresses are relative to


@dataclass(frozen=True)
class Drawn:
    """An entry made into an article."""

    found: Found
    summary_only: bool  #: the feed gave no more than a summary


def draw(
    entry: Entry, source: SourceConfig, sections: Sequence[Section], feed_language: str = ""
) -> Drawn | None:
    """Make an article of a feed's entry; None when there is neither headline nor text.

    Raises `CollectError` when its text is no article's.
    """
    url = without_tracking(web_address(entry.url, entry.base))
    title = plain(entry.title)
    written = entry.html or entry.summary
    cleaned = clean(written, base=url or entry.base, title=title, url=url)
    problems = []
    if not title:
        title = _opening(written)
        if not title:
            return None
        problems.append("came without a headline, so it has its first words: write one")
    identity = _identity(entry, url, source, title)
    slug = _slug(title, url, identity)
    if not url:
        problems.append("came without a link: readers cannot be sent to the article online")
    if entry.published is None:
        problems.append("came without a date, so it was taken into this week: check that it is new")
    lead, body = _lead(entry, cleaned)
    words = plain(entry.summary)
    article = Article(
        slug=slug,
        title=title,
        body=body,
        standfirst=_standfirst(words, plain(written)) if entry.html else "",
        byline=", ".join(dict.fromkeys(filter(None, map(plain, entry.authors)))),
        section=_section(entry.categories, sections) or source.section,
        language=language_of(
            source.language or language_tag(entry.language) or language_tag(feed_language),
            f"{title} {body}",
        ),
        published=entry.published,
        url=url,
        picture=_picture(lead),
        sources=cleaned.sources,
        protected=_protected(entry, title),
    )
    found = Found(
        identity=identity,
        article=article,
        digest=digest(title, written),
        pictures=pictures_of(
            lead.address if lead else "",
            [figure.address for figure in cleaned.figures if f"]({figure.address}" in body],
        ),
        problems=tuple(
            Problem(message=f"“{title}” {problem}", article=slug, source=source.label)
            for problem in problems
        ),
    )
    short = not entry.html and len(plain(written).split()) < _SUMMARY_WORDS
    return Drawn(found, summary_only=cleaned.cut_off or short)


def _protected(entry: Entry, title: str) -> bool:
    """Tell whether the site gives this to its members only, as far as its feed says so."""
    filed = {" ".join(re.findall(r"\w+", plain(one).casefold())) for one in entry.categories}
    asks = "post-password-form" in entry.html or "post-password-form" in entry.summary
    return bool(_CLOSED.match(title)) or asks or bool(filed & _FOR_MEMBERS)


def _identity(entry: Entry, url: str, source: SourceConfig, title: str) -> str:
    if url:
        return same_address(url)
    name = plain(entry.id) or f"{title} {entry.published or ''}"
    return f"{source.url}#{digest(name)}"


def _slug(title: str, url: str, identity: str) -> str:
    """Return a file name: from the headline, else from the address, else a fingerprint."""
    last = re.sub(r"\.\w{2,5}$", "", url.rstrip("/").rpartition("/")[2]) if url else ""
    return (
        slugify(title)
        or slugify(re.sub(r"%[0-9A-Fa-f]{2}", "", last))
        or (f"article-{digest(identity)[:8]}")
    )


def _opening(written: str) -> str:
    text = plain(written)
    sentence = re.split(r"(?<=[.!?؟])\s", text, maxsplit=1)[0].rstrip(".")
    if len(sentence) <= _TITLE:
        return sentence
    return sentence[:_TITLE].rpartition(" ")[0] + "…"


def _standfirst(summary: str, text: str) -> str:
    """Return the summary if an editor wrote it, not if it is the text's own beginning."""
    if (
        not summary
        or len(summary) > _STANDFIRST
        or re.search(r"(\[…\]|\[\.\.\.\]|…|\.\.\.)$", summary)
    ):
        return ""
    start = same_title(summary)
    return "" if same_title(text[: len(summary) + 200]).startswith(start[:80]) else summary


def _section(categories: Sequence[str], sections: Sequence[Section]) -> str:
    for category in categories:
        for section in sections:
            if same_title(plain(category)) == same_title(section.name):
                return section.name
    return ""


def _lead(entry: Entry, cleaned: Cleaned) -> tuple[Figure | None, str]:
    """Choose the lead picture and return it with the text that no longer shows it."""
    named = entry.picture
    for figure in cleaned.figures:
        if named is None or figure.shows_the_same_as(named):
            body = cleaned.body.replace(figure.markdown(), "", 1)
            body = re.sub(r"\n{3,}", "\n\n", body).strip()
            return (figure.with_words_of(named) if named else figure), body
    return named, cleaned.body


def _picture(lead: Figure | None) -> Picture | None:
    if lead is None:
        return None
    return Picture(path=lead.address, alt=lead.alt, caption=lead.caption, credit=lead.credit)


def text_as_html(text: str) -> str:
    """Return plain text as HTML paragraphs."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    return "".join(f"<p>{markup.escape(part)}</p>" for part in parts)


def without_twins(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of a feed that names one article twice, each once, with its date."""
    first: dict[str, Entry] = {}
    for entry in entries:
        name = same_address(entry.url) or entry.id or entry.title
        if name in first and name:
            known = first[name]
            first[name] = replace(known, published=known.published or entry.published)
        else:
            first[name or f"#{len(first)}"] = entry
    return list(first.values())
