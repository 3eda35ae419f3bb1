"""A newsroom's process with a clock moved by hand: what `publisher run` does, hour by hour.

    python -m tests.road.newsroom FOLDER

Reads moments from standard input; at each it ticks, performs what rings, says what it did
and ends with a line "done". The database is DATABASE_URL's; SendGrid is where
publication.toml says.
"""

import sys
from datetime import datetime
from pathlib import Path

from publisher.pipeline.desk import open_desk, this_process
from publisher.pipeline.performing import perform
from publisher.schedule import tick
from publisher.week import Week


def main() -> None:
    """Live through the moments."""
    now = datetime.fromisoformat("2026-11-16T00:00:00+01:00")
    desk = open_desk(Path(sys.argv[1]), who=this_process(), clock=lambda: now)

    def answer(week: Week, step: str) -> None:
        result = perform(desk, week, step)
        if result:
            say(f"{week} {step}: {result}")

    for line in sys.stdin:
        now = datetime.fromisoformat(line.strip())
        while tick(desk.publication, desk.engine, now, answer):
            pass  # the steps of a week follow one another
        say("done")
    desk.engine.dispose()


def say(text: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
