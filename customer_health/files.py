"""A new file takes the place of an old one in one step, and unfinished ones do not pile up.

An unfinished file lies hidden beside its target as `.<stem>.<process>.<suffix>.tmp`, so that a
later run can tell whether the process that wrote it still lives.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from customer_health.errors import UserError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a path to write to; move the file onto `target` at the end, or remove it on an error.

    Readers of `target` see the old file or the new one, whole, also after a power cut. The new one
    has the mode and the owner of the old one, and a symlink stays one. The folder is created;
    leftovers of processes that are gone are removed first.
    """
    if target.is_symlink():
        target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target)
    unfinished = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}.tmp")
    try:
        yield unfinished
        _keep_access(target, unfinished)
        _flush(unfinished)
        unfinished.replace(target)
        _flush(target.parent)
    finally:
        _remove(unfinished)


def _keep_access(target: Path, unfinished: Path) -> None:
    """Give the new file the mode, and as far as we may the owner, of the one that it replaces."""
    if not target.exists():
        return
    old = target.stat()
    # Only root gives files away; a group of one's own, anybody may.
    with suppress(PermissionError):
        os.chown(unfinished, old.st_uid, old.st_gid)
    unfinished.chmod(stat.S_IMODE(old.st_mode))


@contextmanager
def replacing_folder(target: Path, require_own: Callable[[Path], None]) -> Iterator[Path]:
    """Yield a folder to write to; at the end it takes the place of `target`, whole, or not at all.

    `require_own` raises UserError if `target` is a folder of somebody else's files, which must not
    be replaced.
    """
    target = target.absolute()
    require_own(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_folders(target)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.new.tmp")
    old = target.with_name(f".{target.name}.{os.getpid()}.old.tmp")
    unfinished.mkdir()
    try:
        yield unfinished
        for path in unfinished.iterdir():
            _flush(path)
        # Somebody may have put a file there meanwhile.
        require_own(target)
        if target.exists():
            target.rename(old)
        try:
            unfinished.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        _flush(target.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def require_names(target: Path, own: Collection[str]) -> None:
    """Raise UserError if `target` is no folder, or holds other names than `own`."""
    if not target.exists():
        return
    if not target.is_dir():
        raise UserError(f"{target} is no folder; name another one")
    foreign = sorted(path.name for path in target.iterdir() if path.name not in own)
    if foreign:
        raise UserError(
            f"{target} holds {foreign[0]}, which this command did not write; name a folder of its"
            " own, or an empty one"
        )


def _remove_folders(target: Path) -> None:
    """Remove what dead processes left beside `target`, or give back what one had put aside."""
    for leftover in sorted(target.parent.glob(f".{target.name}.*.tmp")):
        process, _, kind = leftover.name[len(target.name) + 2 : -4].partition(".")
        if not process.isdigit() or kind not in ("new", "old") or not leftover.is_dir():
            continue
        if int(process) != os.getpid() and is_alive(int(process)):
            continue
        if kind == "old" and not target.exists():
            leftover.rename(target)
        else:
            shutil.rmtree(leftover)


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


def sum_of(path: Path) -> str:
    """Return the SHA-256 of a file, by which data of the demo are known."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
