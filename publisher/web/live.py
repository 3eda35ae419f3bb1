"""The issue, made anew whenever one of its files changes."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from publisher.compose import Composed, compose
from publisher.config import Publication, load_publication
from publisher.content.article import Article
from publisher.content.articles import picture_sizes, read_articles
from publisher.content.issue import Issue, read_issue_file
from publisher.errors import PublisherError
from publisher.pipeline.examining import examine
from publisher.pipeline.known_links import Standing
from publisher.problems import Problem
from publisher.render import Edition, Rendered
from publisher.render.templates import TEMPLATES, direction
from publisher.web.pages import PagePictures
from publisher.web.shown import Mail, Shown, blank, stories_of
from publisher.web.watching import changes
from publisher.week import Week

logger = logging.getLogger(__name__)

Editions = Callable[[Publication, Issue], Sequence[Edition]]
Listener = Callable[[Shown], None]
#: what the preview has a place for; other editions would only let it wait
_SHOWN = frozenset({"magazine", "email", "web"})


@dataclass(frozen=True, kw_only=True)
class Made:
    """A composed issue, and what could not be read for it."""

    composed: Composed
    broken: tuple[Problem, ...]


class Live:
    """Composes and renders one issue again and again; keeps the last good state of everything.

    `refresh` runs in one thread; `shown` may be read in any.
    """

    def __init__(
        self,
        publication: Publication,
        week: Week,
        editions: Editions,
        *,
        announce: Callable[[str], None],
        clock: Callable[[], float] = time.perf_counter,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.publication, self.week = publication, week
        self.pictures = PagePictures()
        self.documents: dict[str, str] = {}  #: HTML of the e-mail and the web edition
        self.rendered: dict[str, Rendered] = {}  #: by edition, the last good ones
        self.shown = blank(publication, week)
        self._editions, self._announce, self._clock, self._now = editions, announce, clock, now
        self._made: Made | None = None  #: the last composition
        self._readable: dict[str, Article] = {}
        self._due: set[str] | None = None  #: editions to make whatever changed; None means all
        self._listeners: set[Listener] = set()
        self._lock = Lock()

    @property
    def folder(self) -> Path:
        """The issue's folder."""
        return self.publication.issues / str(self.week)

    def run(self, stop: Event) -> None:
        """Make the issue, then again after every change, until stopped."""
        for changed in changes(self.publication.root, self.folder, stop):
            try:
                self.refresh(changed)
            except Exception as error:
                # a preview that dies of a typo in a template is of no use
                logger.exception("refreshing the preview")
                self._show(busy=False, errors=(_sentence("the preview", error),))

    def refresh(self, changed: frozenset[Path] = frozenset()) -> None:
        """Read, compose and render what the changed files can have an effect on."""
        started = self._clock()
        names = tuple(sorted(path.name for path in changed))
        self._show(busy=True, changed=names)
        try:
            self.publication = load_publication(self.publication.root)
            made = self._compose()
        except PublisherError as error:
            self._due = None
            self._finish(started, (str(error),))
            return
        self._made = made
        errors = [problem.message for problem in made.broken]
        affected = self._affected(changed)
        failed: set[str] = set()
        for edition in self._editions(self.publication, made.composed.issue):
            if edition.name not in _SHOWN or (
                affected is not None and edition.name not in affected
            ):
                continue
            try:
                self._take(edition.build(made.composed.issue, self.publication), made)
            except Exception as error:
                if not isinstance(error, PublisherError):
                    logger.exception("making the %s edition", edition.name)
                errors.append(_sentence(f"the {edition.name} edition", error))
                failed.add(edition.name)
        self._due = failed
        self._finish(started, tuple(errors), made)

    def ask_links(self) -> bool:
        """Ask the issue's links in a thread of its own; False if that is not possible just now."""
        with self._lock:
            if self.shown.asking or self._made is None:
                return False
            self.shown = replace(self.shown, asking=True)
        Thread(target=self._ask_links, args=(self._made,), name="links", daemon=True).start()
        return True

    def _ask_links(self, made: Made) -> None:
        # what fetches also knows the database, which a preview can do without
        from publisher.pipeline.linking import check_links

        def told(done: int, count: int, _: str) -> None:
            self._show(links=f"Asking link {done + 1} of {count} …")

        try:
            findings = check_links(made.composed.issue, self.publication, now=self._now, told=told)
            dead = sum(finding.standing is Standing.DEAD for finding in findings.values())
            links = "1 link" if len(findings) == 1 else f"{len(findings)} links"
            text = f"{links} looked at, {dead} dead"
        except Exception as error:
            logger.exception("asking links")
            text = _sentence("the check of links", error)
        self._show(asking=False, links=text, problems=self._problems(self._made or made))

    def _problems(self, made: Made) -> tuple[Problem, ...]:
        found = (*made.broken, *made.composed.problems)
        rendered = tuple(self.rendered.values())
        return examine(made.composed.issue, self.publication, rendered, found, now=self._now())

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener with everything that is shown from now on; return how to stop that."""
        with self._lock:
            self._listeners.add(listener)

        def leave() -> None:
            with self._lock:
                self._listeners.discard(listener)

        return leave

    def _compose(self) -> Made:
        publication = self.publication
        articles, broken = read_articles(self.folder, publication.timezone)
        # an article in the middle of an edit stays as it was when it could last be read
        kept = [self._readable[p.article] for p in broken if p.article in self._readable]
        articles = (*articles, *kept)
        self._readable = {article.slug: article for article in articles}
        composed = compose(
            self.week,
            articles,
            read_issue_file(self.folder),
            publication,
            number=publication.first_number,
            folder=self.folder,
            sizes=picture_sizes(self.folder, articles),
        )
        return Made(composed=composed, broken=broken)

    def _affected(self, changed: Iterable[Path]) -> set[str] | None:
        """Return the editions that these files have a part in; None means all."""
        if self._due is None or not changed:
            return None
        affected = set(self._due)
        for path in changed:
            name = _edition_of_template(path, self.publication.root / "templates")
            if name is None:
                return None
            affected.add(name)
        return affected

    def _take(self, rendered: Rendered, made: Made) -> None:
        """Show a new edition at once; others may take longer."""
        issue = made.composed.issue
        name, first = rendered.edition, rendered.files[0]
        news: dict[str, object] = {}
        if name == "magazine":
            data = first.read_bytes()
            news = {
                "pages": self.pictures.open(data),
                "stories": stories_of(issue, rendered.anchors, self.pictures.parts),
                "pdf": first.name,
                "pdf_bytes": len(data),
            }
        elif name == "email":
            html, text = (file.read_text(encoding="utf-8") for file in rendered.files[:2])
            self.documents[name] = html
            news = {"mail": self._mail(made, html, text)}
        elif name == "web":
            self.documents[name] = first.read_text(encoding="utf-8")
            news = {"web": _digest(self.documents[name])}
        self.rendered[name] = rendered
        self._show(**news)

    def _mail(self, made: Made, html: str, text: str) -> Mail:
        issue, sender = made.composed.issue, self.publication.sender
        return Mail(
            digest=_digest(html + text),
            sender=f"{sender.name} <{sender.address}>",
            subject=issue.subject,
            preheader=issue.preheader,
            size=len(html.encode()),
            text=text,
        )

    def _finish(self, started: float, errors: tuple[str, ...], made: Made | None = None) -> None:
        news: dict[str, Any] = {}
        if made:
            issue = made.composed.issue
            news = {
                "title": self.publication.title,
                "direction": direction(self.publication.language),
                "number": issue.number,
                "date": issue.date.isoformat(),
                "line": issue.cover.title,
                "problems": self._problems(made),
            }
        seconds = self._clock() - started
        self._tell(seconds, errors, len(news.get("problems", self.shown.problems)))
        self._show(busy=False, seconds=seconds, errors=errors, **news)

    def _tell(self, seconds: float, errors: tuple[str, ...], problems: int) -> None:
        changed = self.shown.changed
        what = ", ".join(changed[:3]) + (" and more" if len(changed) > 3 else "")
        self._announce(
            f"{what or str(self.week)}: refreshed in {seconds:.1f} s"
            f" ({len(self.shown.pages)} pages, {problems} to look at)"
        )
        for error in errors:
            self._announce(f"  {error}")

    def _show(self, **news: object) -> None:
        with self._lock:
            version = self.shown.version + 1
            self.shown = replace(self.shown, version=version, **news)  # type: ignore[arg-type]  # fields by name
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(self.shown)


def _edition_of_template(path: Path, own: Path) -> str | None:
    """Return the one edition that a template belongs to, if it is of one alone."""
    for folder in (own, TEMPLATES):
        if path.is_relative_to(folder):
            top = path.relative_to(folder).parts[0]
            return top if top in ("email", "web") else None
    return None


def _sentence(what: str, error: Exception) -> str:
    if isinstance(error, PublisherError):
        return str(error)
    return f"{what} could not be made: {type(error).__name__}: {error}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
