"""One collection of one week: decide, store, claim, remember."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Engine

from publisher.collect.belonging import Verdict, judge
from publisher.collect.report import Added, CollectReport, Waiting
from publisher.collect.seen import (
    Seen,
    claim,
    remember_reading,
    seen,
    validators,
    was_read_before,
)
from publisher.collect.shelf import Shelf
from publisher.collect.source import Found, PictureFile, Source, Validators
from publisher.config import Publication
from publisher.errors import PublisherError
from publisher.problems import Problem
from publisher.storage.engine import reading
from publisher.week import Week


@dataclass
class Round:
    """One collection: what is known before, and what has happened so far."""

    publication: Publication
    week: Week
    engine: Engine
    now: datetime
    added: list[Added] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        zone, schedule = self.publication.timezone, self.publication.schedule
        self.start, self.end = self.week.span(zone, schedule.cutoff)
        self.send = schedule.send.in_week(self.week, zone)
        self.shelf = Shelf(self.publication.issues / str(self.week), zone)

    def report(self) -> CollectReport:
        """Return what has happened."""
        return CollectReport(
            week=self.week,
            added=tuple(self.added),
            already=tuple(self.already),
            waiting=tuple(self.waiting),
            problems=tuple(self.problems),
        )

    def collect_from(self, source: Source, limit: int) -> None:
        """Read one source, take what belongs to the week, and remember the reading."""
        known = validators(self.engine, source.address, self.week)
        offer = source.read(known)
        self.problems += offer.problems
        late = source.keeps_everything or was_read_before(self.engine, source.address, self.week)
        with reading(self.engine) as connection:
            before = seen(connection, (found.identity for found in offer.found))
        finished, taken, over = offer.complete, 0, 0
        for found in sorted(offer.found, key=lambda one: _newest_first(one, self.end)):
            if found.identity in before:
                self.already.append(before[found.identity].slug)
                finished = not self._changed(found, before[found.identity], source) and finished
                continue
            verdict, note = judge(
                found.article,
                start=self.start,
                end=self.end,
                send=self.send,
                keeps_everything=source.keeps_everything,
                late=late,
            )
            if verdict is Verdict.WAIT:
                finished = False
                self.waiting.append(
                    Waiting(title=found.article.title, source=source.label, reason=note)
                )
            elif verdict is Verdict.TAKE and taken == limit:
                over += 1
            elif verdict is Verdict.TAKE:
                taken += self._take(found, source, note)
        if over:
            finished = False
            self.problems.append(
                Problem(
                    message=f"{over} more articles wait at the source: {limit} are taken at once;"
                    " collect again, or raise limit for this source",
                    source=source.label,
                )
            )
        if offer.validators is not None:
            # a server that later says "not modified" must not hide what is not stored yet
            told = offer.validators if finished else Validators()
            remember_reading(self.engine, source.address, self.week, told, self.now)

    def _take(self, found: Found, source: Source, note: str) -> bool:
        """Store an article and claim it in one transaction; False if another was quicker."""
        there = self.shelf.holding(found.identity)
        problems: list[Problem] = []
        pictures: dict[str, PictureFile | None] = {}
        twin = None if there else self.shelf.titled(found.article.title)
        if there is None:
            slug = self.shelf.free_slug(found.article.slug)
            found = replace(
                found,
                article=replace(
                    found.article, slug=slug, extra={"fetched": self._fetched(found, source)}
                ),
            )
            pictures = self._pictures(found, source, problems)
        with self.engine.begin() as connection:
            slug = there.slug if there else found.article.slug
            if not claim(
                connection,
                found.identity,
                week=self.week,
                slug=slug,
                source=source.label,
                now=self.now,
            ):
                self.already.append(slug)
                return False
            # if we die between here and the commit, the next run finds the file and claims it
            stored = there or self.shelf.put(found, pictures)
        if there:
            note = "its file was there already"
        self.added.append(
            Added(slug=stored.slug, title=stored.title, source=source.label, note=note)
        )
        self.problems += [
            replace(problem, article=stored.slug) for problem in (*found.problems, *problems)
        ]
        if twin:
            self.problems.append(
                Problem(
                    message=f"has the same headline as {twin.slug}"
                    f"{_from(twin.extra.get('fetched'))}: if it is the same story,"
                    " delete one of the two files",
                    article=stored.slug,
                    source=source.label,
                )
            )
        return True

    def _fetched(self, found: Found, source: Source) -> dict[str, str]:
        return {
            "source": source.label,
            "kind": source.kind.value,
            "id": found.identity,
            "digest": found.digest,
            "at": self.now.isoformat(timespec="seconds"),
        }

    def _pictures(
        self, found: Found, source: Source, problems: list[Problem]
    ) -> dict[str, PictureFile | None]:
        files: dict[str, PictureFile | None] = {}
        for name in found.pictures:
            try:
                files[name] = source.picture(found, name)
            except PublisherError as error:
                files[name] = None
                problems.append(
                    Problem(message=f"taken without a picture: {error}", source=source.label)
                )
        return files

    def _changed(self, found: Found, before: Seen, source: Source) -> bool:
        """Tell the editor, once a collection, what its source has changed since it was taken."""
        mine = self.shelf.holding(found.identity) if before.week == str(self.week) else None
        fetched = mine.extra.get("fetched") if mine else None
        if not mine or not isinstance(fetched, dict) or fetched.get("source") != source.label:
            return False
        if fetched.get("digest") in (found.digest, None):
            return False
        where = f" ({mine.url})" if mine.url else ""
        self.problems.append(
            Problem(
                message=f"changed at the source since it was taken{where}: carry over what"
                f" matters, then set digest: {found.digest} under fetched in its front matter",
                article=mine.slug,
                source=source.label,
            )
        )
        return True


def _newest_first(found: Found, undated: datetime) -> tuple[float, str]:
    return -(found.article.published or undated).timestamp(), found.identity


def _from(fetched: object) -> str:
    source = fetched.get("source") if isinstance(fetched, dict) else None
    return f" from {source}" if source else ""
