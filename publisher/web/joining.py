"""Subscribe, confirm, choose, unsubscribe: the pages that change something, on POST alone.

There are no cookies and no sessions, so a forged request from another site can do no
more than a stranger could: ask that a mail be sent, within the limits of
`publisher.audience.signup`. To confirm, choose or unsubscribe takes a token that only
the owner of the mailbox has. Hence no CSRF tokens; and a news site may have the form to
subscribe on its own pages.
"""

import logging
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form, HTTPException, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from publisher.audience.preferences import choose
from publisher.audience.signup import (
    Gone,
    Question,
    Standing,
    TooMany,
    ask,
    confirm,
    standing_of,
    unsubscribe,
)
from publisher.audience.subscribers import Subscription
from publisher.audience.tokens import BadToken, ExpiredToken, Tokens
from publisher.config import Form as IssueForm
from publisher.errors import AudienceError, PublisherError
from publisher.pipeline.addressing import addresses_of
from publisher.pipeline.desk import Desk
from publisher.pipeline.letters import send_letter
from publisher.render.message import Parts, render_message
from publisher.web.look import Look
from publisher.web.published import published_issues

_log = logging.getLogger(__name__)
#: the address holds a token: it must not be told to other sites, nor kept or indexed
_PRIVATE = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def joining_pages(desk: Desk, look: Look, tokens: Tokens) -> APIRouter:
    """Return the pages on which readers come and go."""
    router = APIRouter()
    base, list_name = look.base, desk.publication.delivery.list_name
    mail = ReaderMail(desk, look)

    @router.api_route("/subscribe", methods=["GET", "HEAD"])
    def subscribe_page() -> Response:
        return look.page("subscribe", email="", called="", wrong="")

    @router.post("/subscribe")
    def subscribe(
        request: Request,
        tasks: BackgroundTasks,
        email: Annotated[str, Form()] = "",
        name: Annotated[str, Form()] = "",
        website: Annotated[str, Form()] = "",
    ) -> Response:
        # people do not see the field "website"; programs fill in all they find
        if not website:
            network = request.client.host if request.client else "unknown"
            try:
                question = ask(
                    desk.engine,
                    tokens,
                    email=email[:500],
                    name=name[:500],
                    list_name=list_name,
                    network=network,
                    now=desk.clock(),
                )
            except TooMany:
                return look.page(
                    "message", status=429, what="too_many", headers={"Retry-After": "3600"}
                )
            except AudienceError:
                return look.page(
                    "subscribe", status=422, wrong="email", email=email[:500], called=name[:500]
                )
            if question:
                # after the answer, which must take as long whoever is asked for
                tasks.add_task(mail.question, question)
        return RedirectResponse(f"{base}/subscribe/sent", 303)

    @router.api_route("/subscribe/sent", methods=["GET", "HEAD"])
    def sent() -> Response:
        return look.page("message", what="sent")

    @router.api_route("/confirm/{token}", methods=["GET", "HEAD"])
    def confirm_page(token: str) -> Response:
        try:
            standing = standing_of(desk.engine, tokens.read_confirm(token, desk.clock()))
        except BadToken:
            return look.page("message", status=404, what="bad_link", headers=_PRIVATE)
        except ExpiredToken:
            return look.page("message", status=410, what="old_link", headers=_PRIVATE)
        if standing is None:
            return look.page("message", status=410, what="old_link", headers=_PRIVATE)
        subscribed = standing.subscription is Subscription.ACTIVE
        return look.page(
            "confirm",
            headers=_PRIVATE,
            subscribed=subscribed,
            address=standing.email,
            preferences_url=_below(base, "preferences", tokens.preferences, standing),
        )

    @router.post("/confirm/{token}")
    def confirm_it(token: str, tasks: BackgroundTasks) -> Response:
        try:
            standing = confirm(desk.engine, tokens, token, desk.clock())
        except BadToken:
            return look.page("message", status=404, what="bad_link", headers=_PRIVATE)
        except (ExpiredToken, Gone):
            return look.page("message", status=410, what="old_link", headers=_PRIVATE)
        if standing.changed:
            tasks.add_task(mail.welcome, standing)
        return RedirectResponse(f"{base}/confirm/{token}", 303, _PRIVATE)

    @router.api_route("/preferences/{token}", methods=["GET", "HEAD"])
    def preferences_page(token: str) -> Response:
        try:
            return preferences(standing_of(desk.engine, tokens.read_preferences(token)))
        except BadToken:
            return look.page("message", status=404, what="bad_link", headers=_PRIVATE)

    @router.post("/preferences/{token}")
    def prefer(token: str, pdf: Annotated[str, Form()] = "") -> Response:
        try:
            if pdf not in set(IssueForm):
                standing = standing_of(desk.engine, tokens.read_preferences(token))
                return preferences(standing, status=422, told="wrong")
            return preferences(choose(desk.engine, tokens, token, IssueForm(pdf)), told="saved")
        except BadToken:
            return look.page("message", status=404, what="bad_link", headers=_PRIVATE)

    def preferences(standing: Standing | None, *, status: int = 200, told: str = "") -> Response:
        left = standing is None or standing.subscription is Subscription.UNSUBSCRIBED
        return look.page(
            "preferences",
            status=200 if left else status,
            headers=_PRIVATE,
            address="" if standing is None or left else masked(standing.email),
            chosen=(standing.form if standing else None) or desk.publication.delivery.pdf,
            told="" if left else told,
            unsubscribe_url=_below(base, "unsubscribe", tokens.unsubscribe, standing),
        )

    @router.api_route("/unsubscribe/{token}", methods=["GET", "HEAD"])
    def unsubscribe_page(token: str) -> Response:
        try:
            standing = standing_of(desk.engine, tokens.read_unsubscribe(token))
        except BadToken:
            return look.page("message", status=404, what="bad_link", headers=_PRIVATE)
        left = standing is None or standing.subscription is Subscription.UNSUBSCRIBED
        return look.page(
            "unsubscribe",
            headers=_PRIVATE,
            left=left,
            address=masked(standing.email) if standing else "",
            preferences_url=_below(base, "preferences", tokens.preferences, standing),
        )

    @router.post("/unsubscribe/{token}")
    def unsubscribe_it(
        token: str, one_click: Annotated[str, Form(alias="List-Unsubscribe")] = ""
    ) -> Response:
        by_program = one_click == "One-Click"  # RFC 8058, section 3.2
        try:
            standing = unsubscribe(
                desk.engine,
                tokens,
                token,
                source="one click" if by_program else "public page",
                now=desk.clock(),
            )
        except BadToken:
            if by_program:
                raise HTTPException(404) from None
            return look.page("message", status=404, what="bad_link", headers=_PRIVATE)
        if by_program:
            return PlainTextResponse("unsubscribed\n", headers=_PRIVATE)
        address = masked(standing.email) if standing else ""
        return look.page(
            "unsubscribe", headers=_PRIVATE, left=True, address=address, preferences_url=""
        )

    return router


def _below(base: str, page: str, make: Callable[[int, str], str], standing: Standing | None) -> str:
    """Return the path of another page of the same reader's; empty if we know nothing of her."""
    if standing is None:
        return ""
    return f"{base}/{page}/{make(standing.subscriber, standing.list_name)}"


def masked(email: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


class ReaderMail:
    """The mails that answer a reader's form."""

    def __init__(self, desk: Desk, look: Look) -> None:
        self.desk, self.look, self.addresses = desk, look, addresses_of(desk)

    def question(self, question: Question) -> None:
        """Ask the owner of an address whether they would like to subscribe."""
        url = f"{self.desk.publication.public_url}/confirm/{question.token}"
        parts = render_message(self.look.env, "confirm", confirm_url=url)
        self._send(parts, question.email, question.subscriber)

    def welcome(self, standing: Standing) -> None:
        """Greet a new reader, with the latest issue."""
        issues = published_issues(self.desk)
        root = self.desk.publication.public_url
        latest = f"{root}{issues[0].path}" if issues and issues[0].has_page else ""
        parts = render_message(
            self.look.env,
            "welcome",
            latest_url=latest,
            unsubscribe_url=self.addresses.unsubscribe(standing.subscriber, standing.list_name),
            preferences_url=self.addresses.preferences(standing.subscriber, standing.list_name),
        )
        self._send(parts, standing.email, standing.subscriber)

    def _send(self, parts: Parts, email: str, subscriber: int) -> None:
        leave = self.addresses.unsubscribe(subscriber, self.desk.publication.delivery.list_name)
        try:
            send_letter(self.desk, [email], parts, unsubscribe_url=leave)
        except PublisherError as error:
            # the reader may ask again; the operator must know
            _log.error("a mail to a reader could not be sent: %s", error)
