"""The task engine: a doorbell that carries a week and a step's name, nothing more.

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


class Doorbell:
    """Rings for steps and, once started, answers the ringing in a thread of this process."""

    def __init__(
        self, publication: Publication, secrets: Secrets, answer: Callable[[Week, str], object]
    ) -> None:
        self._huey = _queue(publication, secrets)

        def perform(week: str, step: str) -> None:
            try:
                answer(Week.parse(week), step)
            except Exception:
                # the step stays unfinished in the database, so the clock rings again
                _log.exception("%s of %s failed", step, week)

        self._task = self._huey.task(name="perform")(perform)
        self._consumer: Consumer | None = None

    def ring(self, week: Week, step: str) -> None:
        """Ask whoever answers to perform a step."""
        self._task(str(week), step)

    def start(self) -> None:
        """Begin to answer; call it from the main thread, before setting signal handlers."""
        self._consumer = self._huey.create_consumer(
            workers=1, periodic=False, max_delay=1.0, check_worker_health=False
        )
        self._consumer.start()

    def stop(self) -> None:
        """Finish the step at hand, then stop answering."""
        if self._consumer:
            self._consumer.stop(graceful=True)
            self._consumer = None
        self._huey.storage.close()


def _queue(publication: Publication, secrets: Secrets) -> Huey:
    name = f"publisher-{publication.slug}"
    options = {"results": False, "utc": True}
    if secrets.database_url:
        # Huey speaks libpq's URLs; SQLAlchemy's driver suffix means nothing to it
        scheme, _, rest = secrets.database_url.partition("://")
        if scheme.startswith("postgres"):
            # polling once a second is enough, and needs no connection that only listens
            return PostgresHuey(name, dsn=f"postgresql://{rest}", blocking=False, **options)
    path = publication.root / "publisher.db.tasks"
    return SqliteHuey(name, filename=str(path), **options)
