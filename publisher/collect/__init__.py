"""The world -> a week's articles: each once, whatever breaks on the way."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from publisher.collect.addresses import Resolve, resolve
from publisher.collect.feed import FeedSource
from publisher.collect.fetch import Fetcher, Limits
from publisher.collect.folder import FolderSource
from publisher.collect.report import Added, CollectReport, Waiting
from publisher.collect.round import Round
from publisher.collect.source import Found, PictureFile, Reading, Source, Validators
from publisher.config import Publication, SourceConfig, SourceKind
from publisher.errors import PublisherError, StorageError
from publisher.problems import Problem
from publisher.week import Week

__all__ = [
    "Added",
    "CollectReport",
    "Found",
    "Limits",
    "PictureFile",
    "Reading",
    "Source",
    "Validators",
    "Waiting",
    "collect",
]
log = logging.getLogger(__name__)


def collect(
    publication: Publication,
    week: Week,
    engine: Engine,
    *,
    now: datetime,
    limits: Limits | None = None,
    resolve: Resolve = resolve,
    progress: Callable[[str], None] | None = None,
) -> CollectReport:
    """Bring the articles of a week into its issue's folder and say what happened.

    Only what is new is added: a second run, or another process at the same time, takes
    no article twice, and no file an editor has is written over. What goes wrong with a
    source or a picture is in the report; only a failing database raises. `now` is aware;
    `progress` is called with each source's name before it is read.
    """
    round_ = Round(publication, week, engine, now)
    for config in publication.sources:
        if progress:
            progress(config.label)
        try:
            with _source(config, publication, limits or Limits(), resolve) as source:
                round_.collect_from(source, config.limit)
        except PublisherError as error:
            if isinstance(error, StorageError):
                raise
            round_.problems.append(Problem(message=str(error), source=config.label))
        except SQLAlchemyError:
            raise
        except OSError as error:
            place = f" {error.filename}" if error.filename else ""
            round_.problems.append(
                Problem(
                    message=f"cannot use{place}: {error.strerror or error}:"
                    " what was not stored is taken at the next collection",
                    source=config.label,
                )
            )
        except Exception as error:  # hostile input found a mistake of ours: the others go on
            log.exception("reading %s failed", config.label)
            round_.problems.append(
                Problem(
                    message=f"reading failed by a mistake in Publisher ({type(error).__name__}):"
                    " the log has the details; the other sources were read",
                    source=config.label,
                )
            )
    return round_.report()


@contextmanager
def _source(
    config: SourceConfig, publication: Publication, limits: Limits, resolve: Resolve
) -> Iterator[Source]:
    if config.kind is SourceKind.FOLDER:
        yield FolderSource(config, publication.root, publication.timezone)
        return
    with Fetcher(
        site=publication.site,
        limits=limits,
        allow_private=config.allow_private,
        resolve=resolve,
    ) as fetcher:
        yield FeedSource(config, fetcher, sections=publication.sections, zone=publication.timezone)
