"""An issue as linked data, for search engines and libraries (schema.org, JSON-LD)."""

import json
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from publisher.config import Publication
from publisher.content.article import Article, Kind
from publisher.content.issue import Issue, Slot
from publisher.render.digest import section_of
from publisher.render.links import Links
from publisher.render.opening import teaser
from publisher.render.plain import line

_TYPES = {
    Kind.NEWS: "NewsArticle",
    Kind.BRIEF: "NewsArticle",
    Kind.OPINION: "OpinionNewsArticle",
    Kind.FEATURE: "ReportageNewsArticle",
}


def linked_data(issue: Issue, publication: Publication, image: str) -> Markup:
    """Return the issue as a PublicationIssue, to be put into a script element.

    `image` is the absolute address of its picture, or "". What would end the element or
    be read as markup is escaped the way JSON does it.
    """
    links = Links(publication, issue.week, issue.editions)
    issued: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "PublicationIssue",
        "@id": links.issue,
        "url": links.issue,
        "name": line(f"{publication.title} {issue.number}: {issue.cover.title}"),
        "issueNumber": issue.number,
        "datePublished": issue.date.isoformat(),
        "inLanguage": publication.language,
        "image": image,
        "copyrightNotice": publication.licence,
        "isPartOf": {
            "@type": "Periodical",
            "name": publication.title,
            "url": publication.site,
            "inLanguage": publication.language,
            "publisher": {"@type": "Organization", "name": publication.sender.name},
        },
        "hasPart": [_part(a, slot, publication, links) for a, slot in _placed(issue)],
    }
    text = json.dumps(_said(issued), ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing in it can end the element


def _placed(issue: Issue) -> Iterator[tuple[Article, Slot | None]]:
    if issue.letter:
        yield issue.letter, None
    for slot in issue.slots:
        for article in slot.articles:
            yield article, slot


def _part(
    article: Article, slot: Slot | None, publication: Publication, links: Links
) -> dict[str, Any]:
    return _said(
        {
            "@type": _TYPES.get(slot.kind, "Article") if slot else "Article",
            "headline": line(article.title),
            "description": line(teaser(article)),
            "url": links.story(article),
            "sameAs": article.url,
            "inLanguage": article.language or publication.language,
            "articleSection": section_of(publication, article, slot).name,
            "author": {"@type": "Person", "name": article.byline} if article.byline else "",
            "wordCount": article.words,
        }
    )


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what there is nothing to say of."""
    return {key: value for key, value in values.items() if value != ""}
