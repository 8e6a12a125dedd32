"""What the comparisons with an oracle share: running the project, and reading what it built."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from oracle.compare import Table

ROOT = Path(__file__).resolve().parents[2]


def run(arguments: list[str], environment: dict[str, str]) -> None:
    """Run a module of this Python in the project; a failure shows the end of its output."""
    result = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        output = (result.stdout + result.stderr)[-6000:]
        pytest.fail(f"{' '.join(arguments[:3])} failed:\n{output}", pytrace=False)


def read_query(work_file: Path, query: str, name: str) -> Table:
    """Read the result of a query of a work file as a table of the given name."""
    with duckdb.connect(str(work_file), read_only=True) as connection:
        cursor = connection.execute(query)
        types = {column[0]: str(column[1]) for column in cursor.description}
        rows = [dict(zip(types, row, strict=True)) for row in cursor.fetchall()]
    return Table(name, types, rows)


def read_table(work_file: Path, schema: str, name: str) -> Table:
    """Read a table of a work file."""
    return read_query(work_file, f'select * from "{schema}"."{name}"', name)
