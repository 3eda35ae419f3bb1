"""What an editor must mend before an issue goes out, found in the texts themselves."""

import re
from collections.abc import Iterable, Iterator

from publisher.content.article import Article
from publisher.problems import Problem, Severity

#: what journalists write where something is still to come
_TO_COME = re.compile(r"\b(?:TK(?:TK)*|XXX+|TODO|FIXME)\b")
_LONG_HEADLINE = 90  #: characters


def text_problems(articles: Iterable[Article]) -> Iterator[Problem]:
    """Yield what is unfinished in the articles' texts, and headlines too long to be read."""
    for article in articles:
        texts = {
            "headline": article.title,
            "kicker": article.kicker,
            "standfirst": article.standfirst,
            "byline": article.byline,
            "caption": article.picture.caption if article.picture else "",
            "text": article.body,
        }
        for place, text in texts.items():
            match = _TO_COME.search(text)
            if match:
                around = " ".join(text[max(0, match.start() - 30) : match.end() + 20].split())
                yield Problem(
                    message=f"“{match[0]}” is left in the {place} (“{around}”): fill it in",
                    severity=Severity.ERROR,
                    article=article.slug,
                )
        if len(article.title) > _LONG_HEADLINE:
            yield Problem(
                message=f"the headline has {len(article.title)} characters:"
                " give it a shorter one in issue.toml",
                article=article.slug,
            )
