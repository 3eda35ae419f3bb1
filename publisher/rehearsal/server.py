"""Run the local SendGrid in a thread."""

import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from publisher.rehearsal.handler import Handler
from publisher.rehearsal.service import SendGridServer


class Server(ThreadingHTTPServer):
    """One thread for each connection, on loopback alone."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Show what is the server's own fault."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as it came


def bind(service: SendGridServer, port: int = 0) -> Server:
    """Return a server for the service on a loopback port, a free one by default."""
    handler = type("ServiceHandler", (Handler,), {"service": service})
    server = Server(("127.0.0.1", port), handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    return server


@contextmanager
def sendgrid_server(tls: ssl.SSLContext | None = None) -> Iterator[SendGridServer]:
    """Run the server in a thread, with TLS if there is a certificate."""
    service = SendGridServer()
    server = bind(service)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        service.url = service.url.replace("http:", "https:")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield service
    finally:
        service.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
        if service.webhook:
            service.webhook.close()
        service.book.close()
