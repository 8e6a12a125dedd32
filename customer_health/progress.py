"""Messages for whoever waits: on stderr, so that stdout stays for results."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

FIRST_REPORT_AFTER = 2.0
SECONDS_BETWEEN_REPORTS = 10.0


def say(message: str) -> None:
    """Print a message at once."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def reported(connection: duckdb.DuckDBPyConnection, task: str) -> Iterator[None]:
    """Report how far the statement running on `connection` is, if it takes longer than a moment."""
    connection.execute("set enable_progress_bar = true; set enable_progress_bar_print = false")
    finished = threading.Event()
    reporter = threading.Thread(target=_report, args=(connection, task, finished), daemon=True)
    reporter.start()
    try:
        yield
    finally:
        finished.set()
        reporter.join()


def _report(connection: duckdb.DuckDBPyConnection, task: str, finished: threading.Event) -> None:
    started = time.monotonic()
    pause = FIRST_REPORT_AFTER
    while not finished.wait(pause):
        percent = max(connection.query_progress(), 0)
        say(f"{task}: {percent:.0f} % after {time.monotonic() - started:.0f} s")
        pause = SECONDS_BETWEEN_REPORTS
