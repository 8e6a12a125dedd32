"""Messages for whoever waits: on stderr, so that stdout stays for results.

A long command is made of stages. On a terminal the current one is a line that moves; elsewhere each
says one line at its end, fit for a log.
"""

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

FIRST_REPORT_AFTER = 2.0
SECONDS_BETWEEN_REPORTS = 10.0
SECONDS_BETWEEN_PICTURES = 0.5

NAME_WIDTH = 14
TEXT_WIDTH = 54

# To the beginning of the line, and nothing of what was there.
ERASE = "\r\x1b[K"


class Stage:
    """A part of a command: `now` says how far it is, `result` what it has made."""

    def __init__(self, name: str) -> None:
        self.now = ""
        self.result = ""
        self._name = name
        self._started = time.monotonic()

    @property
    def line(self) -> str:
        """The line of its end."""
        return self._line(self.result, _duration(self._seconds))

    @property
    def picture(self) -> str:
        """The line that moves, on a terminal of any width."""
        line = self._line(self.now, "{}:{:02}".format(*divmod(self._seconds, 60)))
        return line[: shutil.get_terminal_size().columns - 1]

    @property
    def _seconds(self) -> int:
        return int(time.monotonic() - self._started)

    def _line(self, text: str, took: str) -> str:
        return f"{self._name:<{NAME_WIDTH}}{text:<{TEXT_WIDTH}}  {took:>8}"


class Screen:
    """Stderr: lines that stay, and below them the line of the current stage, if it moves."""

    def __init__(self) -> None:
        self.is_verbose = False
        self._lock = threading.RLock()
        self._stage: Stage | None = None
        self._is_drawn = False

    def say(self, message: str) -> None:
        """Print a line that stays."""
        with self._lock:
            self._erase()
            print(message, file=sys.stderr, flush=True)
            self.draw()

    def draw(self) -> None:
        """Draw the line of the current stage anew."""
        with self._lock:
            if self._stage is not None and self.moves:
                sys.stderr.write(f"{ERASE}{self._stage.picture}")
                sys.stderr.flush()
                self._is_drawn = True

    def begin(self, stage: Stage | None) -> Stage | None:
        """Make a stage the current one, or none; return the one before."""
        with self._lock:
            before, self._stage = self._stage, stage
            self._erase()
            self.draw()
            return before

    def detail(self, message: str) -> None:
        """Tell of a step: in a stage it shows while it lasts, and stays if everything shall."""
        with self._lock:
            if self._stage is None or self.is_verbose:
                self.say(message)
            else:
                self._stage.now = message
                self.draw()

    @property
    def moves(self) -> bool:
        """Whether a line can be drawn over; between all of dbt's lines it would not last."""
        is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        return is_terminal and not self.is_verbose

    def _erase(self) -> None:
        if self._is_drawn:
            sys.stderr.write(ERASE)
            self._is_drawn = False


_screen = Screen()
say = _screen.say
detail = _screen.detail


def show_details(shown: bool) -> None:
    """Let each step have a line that stays, or not."""
    _screen.is_verbose = shown


@contextmanager
def stage(name: str) -> Iterator[Stage]:
    """Show a stage while it lasts; its line follows, also on an error, if it has a result."""
    current = Stage(name)
    before = _screen.begin(current)
    finished = threading.Event()
    if _screen.moves:
        threading.Thread(target=_redraw, args=(finished,), daemon=True).start()
    try:
        yield current
    finally:
        finished.set()
        _screen.begin(before)
        if current.result:
            say(current.line)


def _redraw(finished: threading.Event) -> None:
    while not finished.wait(SECONDS_BETWEEN_PICTURES):
        _screen.draw()


def _duration(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else "{} min {} s".format(*divmod(seconds, 60))


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
        detail(f"{task}: {percent:.0f} % after {time.monotonic() - started:.0f} s")
        pause = SECONDS_BETWEEN_REPORTS
