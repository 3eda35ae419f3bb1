"""How readers want the issue: as a link, with the PDF, or as plain text.

A choice holds from the next issue on: who is in a mailing already gets it in the form
that was hers when the mailing was planned.
"""

from dataclasses import replace

from sqlalchemy import Connection, Engine, func, select, update

from publisher.audience.signup import Standing, standing_of
from publisher.audience.subscribers import Status, Subscription, find, form_of
from publisher.audience.tokens import Tokens
from publisher.config import Form
from publisher.errors import AudienceError
from publisher.storage.schema import lists, subscribers, subscriptions


def choose(engine: Engine, tokens: Tokens, token: str, form: Form) -> Standing | None:
    """Note the choice of the reader whose link this is; return how she stands then.

    None if we know nothing of her any more. Who has unsubscribed has nothing to choose
    and stays as she is. Raises `BadToken`.
    """
    claim = tokens.read_preferences(token)
    standing = standing_of(engine, claim)
    if standing is None or standing.subscription is Subscription.UNSUBSCRIBED:
        return standing
    with engine.begin() as connection:
        note_form(connection, claim.subscriber, claim.list_name, form)
    return replace(standing, form=form)


def set_form(connection: Connection, email: str, list_name: str, form: Form | None) -> None:
    """Note a reader's choice on the operator's word; None stands for the publication's own.

    Raises `AudienceError` if nobody of that address is on the list.
    """
    person = find(connection, email, list_name)
    if person is None:
        raise AudienceError(
            f"{email} is not on the list {list_name}:"
            " look for them with `publisher subscribers list PART-OF-ADDRESS`"
        )
    note_form(connection, person.id, list_name, form)


def note_form(
    connection: Connection, subscriber_id: int, list_name: str, form: Form | None
) -> None:
    """Write a reader's choice down."""
    list_id = select(lists.c.id).where(lists.c.name == list_name).scalar_subquery()
    connection.execute(
        update(subscriptions)
        .where(subscriptions.c.subscriber_id == subscriber_id, subscriptions.c.list_id == list_id)
        .values(pdf=form or "")
    )


def count_forms(connection: Connection, list_name: str, standard: Form) -> dict[Form, int]:
    """Count the active readers of a list by the form they get; `standard` if they chose none."""
    rows = connection.execute(
        select(subscriptions.c.pdf, func.count())
        .join_from(subscriptions, subscribers)
        .join(lists)
        .where(
            lists.c.name == list_name,
            subscriptions.c.status == Subscription.ACTIVE,
            subscribers.c.status == Status.ENABLED,
        )
        .group_by(subscriptions.c.pdf)
    )
    counts = dict.fromkeys(Form, 0)
    for chosen, n in rows:
        counts[form_of(chosen) or standard] += n
    return counts
