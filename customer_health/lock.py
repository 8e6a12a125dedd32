"""One build at a time on a file, over all of its phases: DuckDB's own lock ends between them."""

import datetime
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from customer_health.errors import UserError


@contextmanager
def held(target: Path) -> Iterator[None]:
    """Hold a lock beside the file until the end, of which nothing is left then.

    The lock is the system's, so that it ends with the process however that ends. Raises UserError,
    with the holder and since when, if another process has it.
    """
    has_folder = target.parent.exists()
    target.parent.mkdir(parents=True, exist_ok=True)
    path = target.with_name(f".{target.name}.lock")
    with _locked(path, target) as lock:
        lock.truncate(0)
        now = datetime.datetime.now(datetime.UTC)
        lock.write(f"process {os.getpid()} (since {now:%Y-%m-%d %H:%M:%S} UTC)")
        lock.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            if not has_folder:
                # Somebody's file may be in it by now.
                with suppress(OSError):
                    target.parent.rmdir()


def _locked(path: Path, target: Path) -> TextIO:
    """Open and lock a file that nobody else has locked."""
    while True:
        lock = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            lock.close()
            raise UserError(
                f"{holder} has {target} open; run this again when it is done"
            ) from error
        # The holder before may have removed the file between our two steps.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                return lock
        lock.close()
