"""An issue that was sent from a desk, and what was heard of it."""

from publisher.deliver.feedback.events import Kind
from publisher.deliver.mailing import Mailing, find_mailing
from publisher.pipeline.approving import approve
from publisher.pipeline.desk import Desk
from publisher.pipeline.sending import send_issue
from tests.deliver.invented import Heard, hear
from tests.pipeline.conftest import W47
from tests.pipeline.test_making import rendered

NEWS = {
    "amina@example.org": Heard(
        Kind.DELIVERED, 0.1, opened=1, clicked={"rain-at-last": 2, "https://sirocco.example/": 3}
    ),
    "idir@example.org": Heard(Kind.BLOCKED, 0.1, "=550 5.7.1 blocked"),
}


def sent_issue(desk: Desk) -> Mailing:
    """Send the small issue to its three readers, and hear of two of them."""
    desk = rendered(desk)
    approve(desk, W47, by="ada")
    send_issue(desk, W47)
    mailing = find_mailing(desk.engine, week=W47, list_name=desk.publication.delivery.list_name)
    assert mailing
    hear(desk.engine, mailing, NEWS)
    return mailing
