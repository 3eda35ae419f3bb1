"""Draws Vega specifications, one JSON line in, one JSON line out; see `vega`.

Runs in a process of its own, so that V8's memory is never that of a rendering process.
Whoever starts it may vanish without a word: it ends with its input, or when idle.
"""

import json
import signal
import sys

import vl_convert

IDLE = 60  #: seconds


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin.buffer:
        signal.alarm(IDLE)
        try:
            # an empty list of addresses: no specification reads files or the network
            answer = {"svg": vl_convert.vega_to_svg(json.loads(line), allowed_base_urls=[])}
        except ValueError as error:
            answer = {"error": str(error)[:500]}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    signal.alarm(IDLE)
    main()
