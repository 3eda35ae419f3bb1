"""A mail server that takes everything and keeps nothing, where postfix's is not installed.

`python -m benchmarks.sink PORT`.
"""

import asyncio
import itertools
import os
import sys

_END = b"\r\n.\r\n"
_taken = itertools.count(1)


class Sink(asyncio.Protocol):
    """One connection; commands may come several at a time (RFC 2920)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is a TCP connection
        self.transport = transport
        self.buffer = b""
        self.in_mail = False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every command and every mail."""
        self.buffer += data
        answers = []
        while True:
            mark = _END if self.in_mail else b"\r\n"
            at = self.buffer.find(mark)
            if at < 0:
                break
            line, self.buffer = self.buffer[:at], self.buffer[at + len(mark) :]
            if self.in_mail:
                self.in_mail = False
                os.write(1, b"mesg=%d\r" % next(_taken))  # as smtp-sink -c does
                answers.append(b"250 taken\r\n")
                continue
            command = line[:4].upper()
            self.in_mail = command == b"DATA"
            if command == b"EHLO":
                answers.append(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif self.in_mail:
                answers.append(b"354 go on\r\n")
            else:
                answers.append(b"221 bye\r\n" if command == b"QUIT" else b"250 OK\r\n")
        self.transport.write(b"".join(answers))


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
