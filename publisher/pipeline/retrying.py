"""Retry: mail readers once more whom an issue did not reach."""

from collections.abc import Collection

from publisher.deliver.retrying import Failed, failed_readers, plan_again
from publisher.pipeline.carrying import limits_of
from publisher.pipeline.desk import Desk
from publisher.pipeline.telling.proof import sent_mailing
from publisher.week import Week


def failures(
    desk: Desk, week: Week | None = None, *, provider: str = ""
) -> tuple[Week, list[Failed]]:
    """Return whom it makes sense to mail again, of the latest issue unless a week is named.

    `provider` chooses those of one mailbox provider or domain.
    """
    mailing = sent_mailing(desk, week)
    return Week.parse(mailing.week), failed_readers(desk.engine, mailing, provider=provider)


def retry(desk: Desk, week: Week, readers: Collection[int]) -> int:
    """Plan another attempt for these readers and return how many; `send_issue` mails them."""
    capabilities, limits = desk.sender().capabilities, limits_of(desk.publication)
    return plan_again(
        desk.engine,
        sent_mailing(desk, week),
        readers,
        batch=min(capabilities.batch, limits.per_minute or capabilities.batch),
        who=desk.who,
        now=desk.clock(),
    )
