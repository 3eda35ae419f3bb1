"""The task engine: bells that carry a week and a step's name, or a chunk's number, no more.

Rings may be lost or doubled: the database decides who acts, and the clock rings again
for what is not done. So any engine would do; Huey keeps its queue in a SQLite file, or
in PostgreSQL where DATABASE_URL says so.
"""

import logging
from collections.abc import Callable

from huey import PostgresHuey, SqliteHuey
from huey.api import Huey
from huey.consumer import Consumer

from publisher.config import Publication, Secrets
from publisher.week import Week

_log = logging.getLogger(__name__)


class _Bell:
    """A queue, and a thread of this process that answers it once started."""

    def __init__(self, huey: Huey) -> None:
        self._huey = huey
        self._consumer: Consumer | None = None

    def start(self) -> None:
        """Begin to answer; call it from the main thread, before setting signal handlers."""
        self._consumer = self._huey.create_consumer(
            workers=1, periodic=False, max_delay=1.0, check_worker_health=False
        )
        self._consumer.start()

    def stop(self) -> None:
        """Finish what is at hand, then stop answering."""
        if self._consumer:
            self._consumer.stop(graceful=True)
            self._consumer = None
        self._huey.storage.close()


class Doorbell(_Bell):
    """Rings for steps of a week."""

    def __init__(
        self, publication: Publication, secrets: Secrets, answer: Callable[[Week, str], object]
    ) -> None:
        super().__init__(_queue(publication, secrets, f"publisher-{publication.slug}"))

        def perform(week: str, step: str) -> None:
            try:
                answer(Week.parse(week), step)
            except Exception:
                # the step stays unfinished in the database, so the clock rings again
                _log.exception("%s of %s failed", step, week)

        self._task = self._huey.task(name="perform")(perform)

    def ring(self, week: Week, step: str) -> None:
        """Ask whoever answers to perform a step."""
        self._task(str(week), step)


class MailBell(_Bell):
    """Rings for chunks of a mailing; workers on other machines answer the same queue."""

    def __init__(
        self, publication: Publication, secrets: Secrets, answer: Callable[[int, int], object]
    ) -> None:
        super().__init__(_queue(publication, secrets, f"publisher-{publication.slug}-mail"))

        def carry(mailing: int, chunk: int) -> None:
            try:
                answer(mailing, chunk)
            except Exception:
                # the ledger knows how far it came: the chunk is rung for again, or in doubt
                _log.exception("chunk %s of mailing %s failed", chunk, mailing)

        self._task = self._huey.task(name="carry")(carry)

    def ring(self, mailing: int, chunk: int) -> None:
        """Ask whoever answers to send a chunk."""
        self._task(mailing, chunk)

    @property
    def unanswered(self) -> int:
        """How many rings nobody has answered yet."""
        return int(self._huey.pending_count())


def _queue(publication: Publication, secrets: Secrets, name: str) -> Huey:
    options = {"results": False, "utc": True}
    if secrets.database_url:
        # Huey speaks libpq's URLs; SQLAlchemy's driver suffix means nothing to it
        scheme, _, rest = secrets.database_url.partition("://")
        if scheme.startswith("postgres"):
            # polling once a second is enough, and needs no connection that only listens
            return PostgresHuey(name, dsn=f"postgresql://{rest}", blocking=False, **options)
    path = publication.root / "publisher.db.tasks"
    return SqliteHuey(name, filename=str(path), **options)
