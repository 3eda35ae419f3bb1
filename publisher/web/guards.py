"""What every answer carries, and how much a request may bring."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: bytes: an address, a name and a token; a real form has some hundred
LARGEST_BODY = 16_384

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Below:
    """Finds the pages below the path of the public address as well as at the root.

    Some proxies take that path off before they pass a request on, others leave it.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app, self.path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the path taken off if it is there."""
        if scope["type"] == "http" and self.path and scope["path"].startswith(f"{self.path}/"):
            scope = {**scope, "root_path": self.path}
        await self.app(scope, receive, send)


class SafeHeaders:
    """Adds the headers that keep browsers from being helpful to attackers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the answer's headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, complete)


class SmallBodies:
    """Refuses requests with more than `LARGEST_BODY`, however they announce it."""

    def __init__(self, app: ASGIApp, larger: Mapping[str, int] | None = None) -> None:
        """Take the paths that may bring more, and how many bytes."""
        self.app, self.larger = app, larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while it stays small; raises a 413 to whoever reads on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        largest = self.larger.get(path, LARGEST_BODY)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > largest:
            scope["too_large"] = True
        had = 0

        async def measured() -> Message:
            nonlocal had
            if scope.get("too_large"):
                raise HTTPException(413)
            message = await receive()
            had += len(message.get("body", b""))
            if had > largest:
                raise HTTPException(413)
            return message

        await self.app(scope, measured, send)
