"""What `publisher run` and `publisher worker` look after while mail is under way."""

import logging

from publisher.pipeline.bounces.bouncing import read_bounces
from publisher.pipeline.carrying import ring_for_chunks, tell_of_stops, tend
from publisher.pipeline.desk import Desk
from publisher.pipeline.hearing import hear
from publisher.schedule import Job
from publisher.tasks import MailBell


def mail_jobs(desk: Desk, bell: MailBell) -> list[Job]:
    """Return the jobs that keep mailings going; each process may do them at any time."""

    def ring() -> None:
        ring_for_chunks(desk.engine, desk.clock(), unanswered=bell.unanswered, ring=bell.ring)

    jobs = [
        Job(name="chunks to be sent", seconds=2, work=ring),
        Job(name="chunks that are lost or in doubt", seconds=10, work=lambda: tend(desk)),
        Job(name="mailings that have stopped", seconds=30, work=lambda: tell_of_stops(desk)),
        Job(name="what the mail service tells", seconds=5, work=lambda: hear(desk)),
    ]
    if desk.publication.delivery.bounces.kind:
        jobs.append(
            Job(name="the mailbox of bounces", seconds=300, work=lambda: read_bounces(desk))
        )
    return jobs


def log_to_terminal() -> None:
    """Say on the terminal what happens, and nothing of what libraries have to say."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for name in ("apscheduler", "fontTools", "httpx", "huey", "uvicorn", "weasyprint"):
        logging.getLogger(name).setLevel(logging.WARNING)
