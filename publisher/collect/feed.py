"""A feed as a source: fetched if it has changed, its entries made into articles."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from publisher.collect.entry import Entry, draw, without_twins
from publisher.collect.fetch import Fetcher
from publisher.collect.source import Found, PictureFile, Reading, Validators
from publisher.collect.syndication import parse_feed
from publisher.collect.text import plain
from publisher.config import Section, SourceConfig, SourceKind
from publisher.content.article import slugify
from publisher.content.pictures import normalise
from publisher.errors import CollectError, ContentError
from publisher.problems import Problem

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json,"
    " application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_PICTURES = "image/jpeg, image/png, image/webp, image/avif, image/gif;q=0.8, image/*;q=0.5"
_SMALLEST = 64  #: pixels; smaller pictures are icons and counters


log = logging.getLogger(__name__)


class FeedSource:
    """An RSS, Atom or JSON feed, read over HTTP."""

    kind = SourceKind.FEED
    keeps_everything = False

    def __init__(
        self,
        config: SourceConfig,
        fetcher: Fetcher,
        *,
        sections: Sequence[Section],
        zone: ZoneInfo,
    ) -> None:
        self.config, self.fetcher, self.sections, self.zone = config, fetcher, sections, zone

    @property
    def label(self) -> str:
        """The name an operator sees."""
        return self.config.label

    @property
    def address(self) -> str:
        """The feed's address."""
        return self.config.url

    def read(self, validators: Validators) -> Reading:
        """Fetch the feed, if it has changed, and make articles of its entries."""
        answer = self.fetcher.get(
            self.config.url,
            accept=_ACCEPT,
            etag=validators.etag,
            last_modified=validators.last_modified,
            max_bytes=self.fetcher.limits.feed_bytes,
        )
        if answer.not_modified:
            return Reading()
        entries, language, broken = parse_feed(answer)
        problems = [self._problem(broken)] if broken else []
        if answer.moved_to:
            problems.append(
                self._problem(f"the feed has moved: set url = {answer.moved_to!r} for this source")
            )
        most = self.fetcher.limits.entries
        found, told, whole = self._draw_all(entries[:most], language)
        return Reading(
            found=found,
            problems=(*problems, *told),
            validators=Validators(answer.etag, answer.last_modified),
            complete=whole and len(entries) <= most and not broken,
        )

    def _draw_all(
        self, entries: Sequence[Entry], language: str
    ) -> tuple[tuple[Found, ...], list[Problem], bool]:
        found: list[Found] = []
        problems: list[Problem] = []
        short, whole = 0, True
        for entry in without_twins(entries):
            try:
                drawn = draw(self._local(entry), self.config, self.sections, language)
            except CollectError as error:
                problems.append(self._problem(f"“{plain(entry.title)}” ({entry.url}): {error}"))
                continue
            except Exception as error:  # one hostile entry must not cost the others
                whole = False
                log.exception("an entry of %s cannot be read: %s", self.config.url, entry.url)
                problems.append(
                    self._problem(
                        f"“{plain(entry.title)}” ({entry.url}) was not taken by a mistake in"
                        f" Publisher ({type(error).__name__}): the log has the details"
                    )
                )
                continue
            if drawn is None:
                problems.append(
                    self._problem("an entry has neither headline nor text, so it was not taken")
                )
                continue
            short += drawn.summary_only
            found.append(drawn.found)
        if short:
            problems.append(
                self._problem(
                    f"{short} of {len(found)} entries hold a summary only, so articles are taken"
                    " with that: ask the site for full text in its feed, or paste the text in"
                )
            )
        return tuple(found), problems, whole

    def _local(self, entry: Entry) -> Entry:
        """Return the entry with its date in the publication's zone, as editors read it."""
        moment = entry.published
        return replace(entry, published=moment.astimezone(self.zone)) if moment else entry

    def _problem(self, message: str) -> Problem:
        return Problem(message=message, source=self.label)

    def picture(self, found: Found, name: str) -> PictureFile:
        """Download a picture and make it normal; icons and counters are refused."""
        answer = self.fetcher.get(
            name, accept=_PICTURES, max_bytes=self.fetcher.limits.picture_bytes
        )
        try:
            normal = normalise(answer.body)
        except ContentError as error:
            kind = f" ({answer.media_type})" if answer.media_type else ""
            raise CollectError(f"{name} is no picture we can use{kind}: {error}") from None
        if max(normal.size.width, normal.size.height) < _SMALLEST:
            raise CollectError(f"{name} is too small to print")
        stem = slugify(PurePosixPath(unquote(urlsplit(name).path)).stem)[:40].strip("-")
        return PictureFile(
            name=f"{stem or found.article.slug[:40].strip('-')}.{normal.extension}",
            data=normal.data,
        )
