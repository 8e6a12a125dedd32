"""The sentence for a file that cannot be read: every error names its file."""

import csv
import errno
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from python_calamine import CalamineError

from customer_health.errors import UserError, first_line
from customer_health.raw.contents import zstd

UNREADABLE = (
    duckdb.Error,
    ValueError,
    csv.Error,
    EOFError,
    OSError,
    NotImplementedError,
    RecursionError,
    zlib.error,
    zipfile.BadZipFile,
    zstd.ZstdError,
    CalamineError,
)
DETAIL = re.compile(r"Expected Number of Columns.*|Value with .*|Invalid unicode.*")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let whatever is wrong with a file be a sentence that names it. What we lack is no such."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise unreadable(path, error) from error


def unreadable(path: Path | None, error: BaseException) -> UserError:
    """Return the sentence for a file that cannot be read to its end."""
    detail = DETAIL.search(str(error))
    what = first_line(error) + (f", {detail.group(0)}" if detail else "")
    if isinstance(error, OSError) and error.strerror:
        what = error.strerror
    return UserError(f"{path} cannot be read: {what}; mend or remove the file")
