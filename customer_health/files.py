"""A new file takes the place of an old one in one step, and unfinished ones do not pile up.

An unfinished file lies hidden beside its target as `.<stem>.<process>.<suffix>.tmp`, so that a
later run can tell whether the process that wrote it still lives.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a path to write to; move the file onto `target` at the end, or remove it on an error.

    Readers of `target` see the old file or the new one, whole, also after a power cut. The folder
    is created; leftovers of processes that are gone are removed first.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target)
    unfinished = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}.tmp")
    try:
        yield unfinished
        _flush(unfinished)
        unfinished.replace(target)
        _flush(target.parent)
    finally:
        _remove(unfinished)


def remove_leftovers(target: Path) -> None:
    """Remove what dead processes, or an earlier one of our own number, left beside `target`."""
    for leftover in target.parent.glob(f".{target.stem}.*{target.suffix}.tmp"):
        process = leftover.name.removeprefix(f".{target.stem}.").split(".")[0]
        if process.isdigit() and (int(process) == os.getpid() or not is_alive(int(process))):
            _remove(leftover)


def _remove(unfinished: Path) -> None:
    """Remove an unfinished file with the write-ahead log that DuckDB may have put beside it."""
    unfinished.unlink(missing_ok=True)
    unfinished.with_name(f"{unfinished.name}.wal").unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _flush(path: Path) -> None:
    """Have the disk hold what was written: a file's content, or a folder's entries."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
