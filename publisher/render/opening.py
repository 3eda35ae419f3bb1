"""How an article begins, in plain words: for teasers, mails and descriptions."""

import re
from html import unescape

import markdown
import nh3

from publisher.content.article import Article
from publisher.render.plain import shorten

_BLOCK = re.compile(r"^///[^\n]*\n.*?^///[ \t]*$", re.MULTILINE | re.DOTALL)
#: paragraphs that are no running text: headings, pictures, lists, tables, notes, code
_APART = re.compile(r"^(#|!\[|[-*+] |\d+[.)] |\||\[\^|>|```|~~~| {4}|\t|:|[-*_]{3,}\s*$)")
_MARKS = re.compile(r"\[\^[^\]]+\]|\{[^}\n]*\}")


def paragraphs(article: Article) -> list[str]:
    """Return the article's paragraphs of running text, without any markup."""
    body = _BLOCK.sub("\n", article.body.replace("\r\n", "\n"))
    found = (_plain(part) for part in re.split(r"\n\s*\n", body) if not _APART.match(part))
    return [text for text in found if text]


def opening(article: Article, limit: int) -> str:
    """Return the first paragraphs of an article, cut after a word at `limit` characters.

    Whole paragraphs are kept apart by a blank line.
    """
    taken: list[str] = []
    for text in paragraphs(article):
        left = limit - sum(map(len, taken))
        if taken and len(text) > left:
            break
        taken.append(shorten(text, left))
    return "\n\n".join(taken)


def teaser(article: Article, limit: int = 240) -> str:
    """Return what makes one want to read an article: its standfirst, else how it begins."""
    return shorten(article.standfirst or opening(article, limit), limit)


def _plain(markup: str) -> str:
    html = markdown.markdown(_MARKS.sub("", markup))
    return " ".join(unescape(nh3.clean(html, tags=set())).split())
