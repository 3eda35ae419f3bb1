"""The web edition: one readable page with every article, complete in build/web/.

Beside the page lies a service worker that keeps it for reading without a network.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from jinja2.sandbox import ImmutableSandboxedEnvironment

from publisher.config import Publication
from publisher.content.article import Article
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.content.pictures import measure, rendition
from publisher.errors import ContentError
from publisher.problems import Problem
from publisher.render import Rendered
from publisher.render.card import HEIGHT, WIDTH, save_card
from publisher.render.faces import all_faces, faces_for
from publisher.render.front import front_picture
from publisher.render.linked import linked_data
from publisher.render.links import Links
from publisher.render.message import words_of
from publisher.render.numerals import page_number
from publisher.render.opening import teaser
from publisher.render.plain import line, shorten
from publisher.render.screen import ScreenPicture, ScreenPiece, ScreenPress, Sizes
from publisher.render.templates import environment, render

_SIZES = Sizes(
    widths=(800, 1600),  # phones take the small one, sharp and wide screens the large
    text="(min-width: 42rem) 38rem, 100vw",
    wide="(min-width: 72rem) 66rem, 100vw",
)
_SHOWN = re.compile(r'<img src="(pictures/[^"]+)"(?: srcset="([^"]+)")?')


class Web:
    """The issue as a web page: build/web/index.html and what it needs beside it.

    The page asks for nothing from elsewhere, and reads the same without scripts: its one
    script starts the service worker. A server may send `default-src 'self'; img-src
    'self' data:; style-src 'self' 'unsafe-inline'` (the style attributes carry the
    sections' colours).
    """

    name = "web"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Write the page, its style, fonts, pictures and service worker; see `Edition`."""
        folder = issue.build_folder / "web"
        links = Links(publication, issue.week, issue.editions)
        press = ScreenPress(issue, publication, pictures=folder / "pictures", sizes=_SIZES, below=1)
        env = environment(publication)
        cover = _cover(issue, publication, folder, words_of(env)["cover_of"])
        card = _card(issue, publication, folder, words_of(env)["issue_number"]) if cover else ""
        address = links.picture(card) if card else ""
        pieces = press.pieces()
        html = render(
            env,
            "web/issue/page.html",
            issue=issue,
            links=links,
            cover=cover,
            card={"url": address, "width": WIDTH, "height": HEIGHT} if card else None,
            description=_description(issue),
            linked_data=linked_data(issue, publication, address),
            pieces=pieces,
        )
        files = {
            "index.html": html.encode(),
            "style.css": (
                render(env, "static/web.css") + render(env, "web/issue/issue.css")
            ).encode(),
            "offline.js": render(env, "web/issue/offline.js").encode(),
            **{f"fonts/{name}": data for name, data in all_faces(publication).items()},
        }
        for name, data in files.items():
            save(folder / name, data)
        save(
            folder / "worker.js",
            render(env, "web/issue/worker.js", **_to_keep(files, cover, publication)),
        )
        problems: list[Problem] = list(dict.fromkeys(press.problems))
        stories = _Stories(issue, env, links, folder, address)
        shown = html + "".join(stories.save(piece) for group in pieces for piece in group)
        _drop_unused(folder / "pictures", shown, issue.build_folder / "email" / "body.html")
        _drop_others(folder / "stories", {piece.slug for group in pieces for piece in group})
        return Rendered(
            edition=self.name,
            files=(folder / "index.html", folder / "style.css"),
            problems=tuple(problems),
        )


@dataclass(frozen=True)
class _Stories:
    """Gives every story an address of its own, by which it is shared."""

    issue: Issue
    env: ImmutableSandboxedEnvironment
    links: Links
    folder: Path
    card: str  #: address of the issue's own card, or ""

    def save(self, piece: ScreenPiece) -> str:
        """Write a story's page and return it."""
        article = next(a for a in self.issue.articles if a.slug == piece.slug)
        html = render(
            self.env,
            "web/issue/story.html",
            issue=self.issue,
            links=self.links,
            piece=piece,
            address=self.links.share(piece.slug),
            description=line(shorten(teaser(article), 200)),
            card=self._card(article),
        )
        save(self.folder / "stories" / f"{piece.slug}.html", html)
        return html

    def _card(self, article: Article) -> dict[str, object] | None:
        card: dict[str, object] = {"width": WIDTH, "height": HEIGHT}
        if article.picture:
            try:
                made = rendition(
                    self.issue.folder / article.picture.path,
                    self.folder / "pictures",
                    width=WIDTH,
                    height=HEIGHT,
                    focus=article.picture.focus,
                )
            except ContentError:
                pass  # told where the picture is shown
            else:
                size = measure(made)  # a small picture is not made larger
                url = self.links.picture(made.name)
                alt = article.picture.alt
                return {"url": url, "alt": alt, "width": size.width, "height": size.height}
        return {**card, "url": self.card, "alt": self.issue.cover.title} if self.card else None


def _cover(
    issue: Issue, publication: Publication, folder: Path, wording: str
) -> ScreenPicture | None:
    """Put the cover beside the page as cover.jpg."""
    front = front_picture(issue, publication)
    if front is None:
        return None
    save(folder / "cover.jpg", front.read_bytes())
    size = measure(front)
    title = issue.cover.title
    alt = wording.format(title=publication.title, number=issue.number, line=title)
    return ScreenPicture(src="cover.jpg", width=size.width, height=size.height, alt=alt)


def _card(issue: Issue, publication: Publication, folder: Path, numbering: str) -> str:
    """Make the picture that social sites show beside a link; return its name."""
    numbered = numbering.format(number=page_number(issue.number, publication.language))
    front = folder / "cover.jpg"
    return save_card(issue, publication, front, numbered, folder / "pictures").name


def _description(issue: Issue) -> str:
    story = next((a for a in issue.articles if a.slug == issue.cover.story), None)
    text = issue.cover.standfirst or (teaser(story) if story else "")
    return line(shorten(text, 200))


def _to_keep(
    files: dict[str, bytes], cover: ScreenPicture | None, publication: Publication
) -> dict[str, object]:
    """Return what the service worker keeps.

    Of each picture the small one stands for all; of the faces, those that the text needs.
    """
    needed = {f"fonts/{name}" for name in faces_for(set(files["index.html"].decode()), publication)}
    small, stand_in = [], {}
    for src, srcset in _SHOWN.findall(files["index.html"].decode()):
        small.append(src)
        for other in srcset.split(", "):
            if other and (name := other.split()[0]) != src:
                stand_in[name] = src
    whole = hashlib.sha256()
    for name, data in sorted(files.items()):
        whole.update(f"{name}\0".encode() + hashlib.sha256(data).digest())
    kept = (n for n in files if n.endswith((".css", ".js")) or n in needed)
    page = ["./", *kept]
    pictures = dict.fromkeys([*(["cover.jpg"] if cover else []), *small])
    return {
        "version": whole.hexdigest()[:16],
        "page": page,
        "pictures": list(pictures),
        "stand_in": stand_in,
    }


def _drop_unused(pictures: Path, html: str, mail: Path) -> None:
    """Remove the pictures that neither the page nor the mail shows any more."""
    shown = html + (mail.read_text(encoding="utf-8") if mail.is_file() else "")
    for path in pictures.glob("[!.]*"):
        if path.name not in shown:
            path.unlink(missing_ok=True)


def _drop_others(stories: Path, slugs: set[str]) -> None:
    """Remove the pages of stories that the issue no longer has."""
    for path in stories.glob("*.html"):
        if path.stem not in slugs:
            path.unlink(missing_ok=True)
