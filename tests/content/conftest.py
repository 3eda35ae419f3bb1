"""One article's Markdown in, one body out."""

from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest

from publisher.content.article import Article, Picture
from publisher.content.body import Body, Look, Medium
from publisher.content.markdown import render_body


@dataclass(frozen=True)
class Rendered:
    """A body with what tests ask of it."""

    body: Body

    @property
    def html(self) -> str:
        return self.body.html

    @property
    def said(self) -> str:
        return "\n".join(problem.message for problem in self.body.problems)

    @property
    def text(self) -> str:
        return " ".join(_read(self.html).words.split())

    @property
    def tags(self) -> list[tuple[str, dict[str, str | None]]]:
        return _read(self.html).tags


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


@pytest.fixture
def render() -> Callable[..., Rendered]:
    """Return a function that renders Markdown as an article's body."""

    def render(
        markdown: str,
        medium: Medium = Medium.PRINT,
        picture_url: Callable[[Picture, bool], str] = lambda picture, wide: picture.path,
        **article: Any,
    ) -> Rendered:
        named = {"slug": "salt", "title": "Salt", "language": "en", **article}
        return Rendered(
            render_body(
                Article(body=markdown, **named),
                medium=medium,
                picture_url=picture_url,
                look=Look(),
            )
        )

    return render
