"""An article's Markdown -> the body an edition prints."""

import markdown
import nh3

from publisher.content.article import Article
from publisher.content.body import Body, Look, Medium, PictureUrl

__all__ = ["Body", "Look", "Medium", "PictureUrl", "render_body"]


def render_body(article: Article, *, medium: Medium, picture_url: PictureUrl, look: Look) -> Body:
    """Turn an article's Markdown into sanitised HTML, with what was found wrong in it."""
    html = markdown.markdown(article.body, extensions=["tables", "def_list", "sane_lists"])
    return Body(html=nh3.clean(html), words=article.words)
