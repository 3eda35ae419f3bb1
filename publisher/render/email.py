"""The e-mail edition: HTML that no mail program clips, and plain text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from publisher.config import Publication
from publisher.content.article import Picture
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.content.pictures import measure, rendition
from publisher.errors import ContentError
from publisher.problems import Problem
from publisher.render import Rendered
from publisher.render.digest import Digest, Room, Shown, digest
from publisher.render.front import front_picture
from publisher.render.links import Links
from publisher.render.message import PREFERENCES, UNSUBSCRIBE, Parts, render_message, words_of
from publisher.render.opening import teaser
from publisher.render.plain import line, shorten
from publisher.render.templates import environment

#: Gmail shows the first 102 KB and hides the rest, the unsubscribe link with it
LIMIT = 102_000
#: bytes that each of a reader's own addresses may have
ADDRESS = 400
PREHEADER = 140  #: characters; inboxes show 40 to 140
_LEAD = (528, 297)  #: pixels on the page
_THUMB = (148, 148)
_COVER = 250


class Email:
    """The issue as a mail: build/email/{body.html, body.txt, subject.txt}."""

    name = "email"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Write the mail and its pictures; see `Edition`."""
        fitted = fit(issue, publication)
        folder = issue.build_folder / "email"
        files = (folder / "body.html", folder / "body.txt", folder / "subject.txt")
        contents = (fitted.parts.html, fitted.parts.text, fitted.parts.subject + "\n")
        for path, content in zip(files, contents, strict=True):
            save(path, content)
        return Rendered(edition=self.name, files=files, problems=fitted.problems)


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A mail within the limit, and what that cost."""

    parts: Parts
    problems: tuple[Problem, ...]


def fit(issue: Issue, publication: Publication) -> Fitted:
    """Render the mail with as much of the issue as stays below `LIMIT`."""
    env = environment(publication)
    pictures = _Pictures(issue, publication, words_of(env))
    context: dict[str, Any] = {
        "issue": issue,
        "links": Links(publication, issue.week, issue.editions),
        "cover": pictures.cover(),
        "preheader": _preheader(issue),
    }
    attempts = (
        _Attempt(chosen, render_message(env, "issue", digest=chosen, **context))
        for chosen in (digest(issue, publication, pictures.show, room) for room in rooms())
    )
    wanted = fitted = next(attempts)
    while fitted.size > LIMIT and (smaller := next(attempts, None)):
        fitted = smaller
    return Fitted(parts=fitted.parts, problems=(*pictures.problems, *_cuts(wanted, fitted)))


@dataclass(frozen=True)
class _Attempt:
    digest: Digest
    parts: Parts

    @cached_property
    def size(self) -> int:
        return final_size(self.parts.html)


def rooms() -> Iterator[Room]:
    """Yield how much the mail may hold, less every time: lower stories lose their teasers first."""
    room = Room()
    yield room
    for stories in range(room.stories - 1, -1, -1):
        yield (room := replace(room, stories=stories))
    yield (room := replace(room, briefs=90))
    yield (room := replace(room, briefs=0))
    yield (room := replace(room, letter=300))
    yield (room := replace(room, letter=0))
    for titles in (100, 50, 25, 10, 0):
        yield replace(room, titles=titles)


def final_size(html: str) -> int:
    """Return the bytes a reader's mail program gets: UTF-8, with addresses of the reader's own."""
    own = (UNSUBSCRIBE, PREFERENCES)
    addresses = sum(html.count(name) * (ADDRESS - len(name)) for name in own)
    return len(html.encode()) + addresses


def _cuts(wanted: _Attempt, fitted: _Attempt) -> Iterator[Problem]:
    """Say what the limit cost."""
    if fitted is wanted:
        return
    whole, chosen = wanted.digest, fitted.digest
    told = {story.slug for story in chosen.stories}
    lost = [story.title for story in whole.stories if story.slug not in told]
    costs = [f"the teasers of {len(lost)} stories ({'; '.join(lost)})"] if lost else []
    if [b.text for b in chosen.briefs] != [b.text for b in whole.briefs[: len(chosen.briefs)]]:
        some = any(brief.text for brief in chosen.briefs)
        costs.append("the ends of the briefs" if some else "the texts of the briefs")
    if whole.letter != chosen.letter:
        costs.append("part of the letter")
    if chosen.left_out:
        costs.append(f"{chosen.left_out} titles")
    yield Problem(
        message=f"the e-mail would have {wanted.size // 1000} KB and Gmail hides what is beyond"
        f" 102: left out are {', '.join(costs)}; shorten standfirsts to get them back"
    )
    if fitted.size > LIMIT:
        yield Problem(
            message=f"the e-mail still has {fitted.size // 1000} KB and Gmail will hide its end:"
            " its template holds too much besides the stories"
        )


def _preheader(issue: Issue) -> str:
    if issue.preheader:
        return line(issue.preheader)
    story = next((a for a in issue.articles if a.slug == issue.cover.story), None)
    text = issue.cover.standfirst or (teaser(story, PREHEADER) if story else issue.cover.kicker)
    return line(shorten(text, PREHEADER))


class _Pictures:
    """Makes the mail's pictures beside the web edition's, once each, and notes what is lost."""

    def __init__(self, issue: Issue, publication: Publication, words: Mapping[str, str]) -> None:
        self.issue, self.publication, self.words = issue, publication, words
        self.links = Links(publication, issue.week, issue.editions)
        self.folder = issue.build_folder / "web" / "pictures"
        self.problems: list[Problem] = []
        self._made: dict[tuple[Picture, bool], Shown | None] = {}

    def show(self, picture: Picture, leading: bool) -> Shown | None:
        key = (picture, leading)
        if key not in self._made:
            self._made[key] = self._show(picture, *(_LEAD if leading else _THUMB))
        return self._made[key]

    def _show(self, picture: Picture, width: int, height: int) -> Shown | None:
        try:
            made = rendition(
                self.issue.folder / picture.path,
                self.folder,
                width=2 * width,
                height=2 * height,
                focus=picture.focus,
                quality=72,
                max_bytes=160_000 if width == _LEAD[0] else 40_000,
            )
        except ContentError as error:
            self.problems.append(Problem(message=f"e-mail: {error}"))
            return None
        return Shown(
            url=self.links.picture(made.name),
            width=width,
            height=height,
            alt=line(picture.alt),
            credit=line(picture.credit),
        )

    def cover(self) -> Shown | None:
        front = front_picture(self.issue, self.publication)
        if front is None:
            return None
        size = measure(front)
        return Shown(
            url=self.links.cover,
            width=_COVER,
            height=round(_COVER / size.ratio),
            alt=self.words["cover_of"].format(
                title=self.publication.title,
                number=self.issue.number,
                line=self.issue.cover.title,
            ),
        )
