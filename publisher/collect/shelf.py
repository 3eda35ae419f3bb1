"""An issue's folder while articles are put into it; what lies there is never overwritten."""

import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.collect.source import Found, PictureFile
from publisher.collect.text import same_address, same_title
from publisher.content.article import Article, format_article, slugify
from publisher.content.articles import read_articles
from publisher.content.files import save
from publisher.content.graphics import with_files

_ALT = r"!\[(?:[^\[\]\\]|\\.)*\]"


class Shelf:
    """The articles/, pictures/ and data/ folders of one issue."""

    def __init__(self, folder: Path, zone: ZoneInfo) -> None:
        self.articles, self.pictures = folder / "articles", folder / "pictures"
        self.data = folder / "data"
        self._by_identity: dict[str, Article] = {}
        self._titles: dict[str, Article] = {}
        self._slugs: set[str] = set()
        # one that cannot be read keeps its name; composing will say what is wrong with it
        readable, _ = read_articles(folder, zone)
        for article in readable:
            self._note(article)

    def _note(self, article: Article) -> None:
        self._slugs.add(article.slug.casefold())
        self._by_identity[identity_of(article)] = article
        self._titles.setdefault(same_title(article.title), article)

    def holding(self, identity: str) -> Article | None:
        """Return the article if its file is here, as the editor left it."""
        return self._by_identity.get(identity)

    def titled(self, title: str) -> Article | None:
        """Return an article here with the same headline."""
        return self._titles.get(same_title(title))

    def free_slug(self, slug: str) -> str:
        """Return the slug, or the first of slug-2, slug-3, ... that is free."""
        number, free = 1, slug
        while free.casefold() in self._slugs or (self.articles / f"{free}.md").exists():
            number += 1
            free = f"{slug}-{number}"
        return free

    def put(self, found: Found, pictures: Mapping[str, PictureFile | None]) -> Article:
        """Write an article and its pictures; return it as written.

        `pictures` names a file for each of the article's pictures, or None for one that
        could not be had: it is taken out of the text if it is a web address, and left
        for the editor to supply if it is a path.
        """
        places = {
            name: f"pictures/{self._place(picture, self.pictures)}" if picture else None
            for name, picture in pictures.items()
        }
        article = with_pictures(found.article, places)
        tables = {
            name: f"data/{self._place(PictureFile(name=Path(name).name, data=data), self.data)}"
            for name, data in found.tables.items()
        }
        article = replace(article, body=with_files(article.body, tables))
        while True:
            article = replace(article, slug=self.free_slug(article.slug))
            path = self.articles / f"{article.slug}.md"
            if save_new(path, format_article(article).encode()):
                break
            self._slugs.add(article.slug.casefold())  # another process was quicker
        self._note(article)
        return article

    def _place(self, picture: PictureFile, folder: Path) -> str:
        """Store a picture or table and return its name; other content of that name gets another."""
        given = Path(picture.name)
        stem, suffix = slugify(given.stem) or "picture", given.suffix.lower()
        mark = hashlib.sha256(picture.data).hexdigest()
        for name in (f"{stem}{suffix}", f"{stem}-{mark[:8]}{suffix}", f"{stem}-{mark}{suffix}"):
            path = folder / name
            if save_new(path, picture.data) or path.read_bytes() == picture.data:
                return name
        return self._place(replace(picture, name=f"{secrets.token_hex(8)}{suffix}"), folder)


def identity_of(article: Article) -> str:
    """Return what makes a stored article the same as one in a source."""
    fetched = article.extra.get("fetched")
    kept = fetched.get("id") if isinstance(fetched, dict) else None
    return kept if isinstance(kept, str) and kept else same_address(article.identity)


def with_pictures(article: Article, places: Mapping[str, str | None]) -> Article:
    """Return the article with its pictures under their paths in the issue's folder."""
    body, lead = article.body, article.picture
    for name, path in places.items():
        target = rf"\(\s*<?{re.escape(name)}>?(?=[\s)])"
        if path:
            # names we gave hold nothing that means something in a replacement
            body = re.sub(rf"({_ALT}){target}", rf"\1({path}", body)
        elif _on_the_web(name):
            body = re.sub(
                rf'^{_ALT}{target}(?:\s+"[^\n]*?")?\s*\)(?:\{{[^\n]*\}})?[ \t]*$\n*',
                "",
                body,
                flags=re.M,
            )
        if lead and lead.path == name:
            if path:
                lead = replace(lead, path=path)
            elif _on_the_web(name):
                lead = None
    return replace(article, body=body.strip(), picture=lead)


def _on_the_web(name: str) -> bool:
    return name.startswith(("http://", "https://"))


def save_new(path: Path, data: bytes) -> bool:
    """Write a file whole or not at all; False if there is one of that name already."""
    if path.exists():
        return False
    temporary = path.parent / f".{secrets.token_hex(8)}.tmp"
    save(temporary, data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:
        # a file system without links: the small gap between looking and moving is what it has
        if path.exists():
            return False
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True
