"""Files of raw tables, and the SQL that reads each of them in place.

A file is named after its table: `<table>.csv`, `.csv.gz`, `.parquet`, `.json`, `.jsonl` or
`.ndjson`; a folder `<table>/` holds the parquet parts of one table. Text formats come as text
throughout, since guessing types turns one "n/a" into a failure later; parquet keeps its types.
"""

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from customer_health.errors import UserError, first_line
from customer_health.sql import identifier, literal, literals

SUFFIXES = (".csv", ".csv.gz", ".parquet", ".json", ".jsonl", ".ndjson")
TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
DELIMITERS = ",;\t|"

# The header of a csv file must end within its first million characters.
HEADER_LIMIT = 1_000_000

# Larger csv files are not read through to count their rows; a broken row then shows in the build.
COUNTED_UP_TO_BYTES = 512 * 1024 * 1024

UNREADABLE = (duckdb.Error, UnicodeDecodeError, csv.Error, EOFError, gzip.BadGzipFile, zlib.error)
CSV_DETAIL = re.compile(r"Expected Number of Columns.*|Value with .*|Invalid unicode.*")


@dataclass(frozen=True)
class Relation:
    """What a file holds: the SELECT that reads it and its rows, None if not counted.

    `select` is None for a json file without any record, which has no columns either.
    """

    select: str | None
    row_count: int | None


def table_files(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each table in the folder by its name in lower case, sorted.

    Hidden files, files of other kinds and folders without parquet parts are passed over. An absent
    folder has none. Raises UserError for a file whose name is no table name.
    """
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = _table_name(path)
        if name is None:
            continue
        if not TABLE_NAME.fullmatch(name):
            raise UserError(
                f"{path} cannot be a table, because its name has other characters than letters,"
                " digits and _; rename it"
            )
        found.setdefault(name.lower(), []).append(path)
    return found


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Relation:
    """Return the relation of a file or of a folder of parquet parts.

    Raises UserError, naming the file, when it is broken or its columns have no usable names.
    """
    try:
        if path.is_dir():
            return _read_parquet(connection, _parts(path))
        if path.suffix.lower() == ".parquet":
            return _read_parquet(connection, [path])
        if path.name.lower().endswith((".csv", ".csv.gz")):
            return _read_csv(connection, path)
        return _read_json(connection, path)
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def unreadable(path: Path | None, error: BaseException) -> UserError:
    """Return the sentence for a file that cannot be read to its end."""
    detail = CSV_DETAIL.search(str(error))
    what = first_line(error) + (f", {detail.group(0)}" if detail else "")
    return UserError(f"{path} cannot be read: {what}; mend or remove the file")


def _table_name(path: Path) -> str | None:
    """Return the table that a path is named after, None if it is not one of ours."""
    if path.name.startswith("."):
        return None
    if path.is_dir():
        return path.name if _parts(path) else None
    suffixes = [suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)]
    return path.name[: -len(suffixes[0])] if suffixes else None


def _parts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))


def _read_parquet(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> Relation:
    files = literals(_pattern(path) for path in paths)
    select = f"select * from read_parquet({files}, union_by_name = true, hive_partitioning = false)"
    _check_columns(paths[0], _columns(connection, select))
    counts = connection.execute(f"select sum(num_rows) from parquet_file_metadata({files})")
    return Relation(select, int(counts.fetchall()[0][0]))


def _read_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> Relation:
    delimiter, header = _csv_header(path)
    _check_columns(path, header)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    select = (
        f"select * from read_csv({literal(_pattern(path))}, columns = {{{columns}}},"
        f" auto_detect = false, header = true, delim = {literal(delimiter)}, quote = '\"',"
        " escape = '\"', hive_partitioning = false)"
    )
    if path.stat().st_size > COUNTED_UP_TO_BYTES:
        return Relation(select, None)
    # Every column is read, so that a bad byte anywhere is found now.
    counts = connection.execute(f"select count(*), count(columns(*)) from ({select})")
    return Relation(select, counts.fetchall()[0][0])


def _csv_header(path: Path) -> tuple[str, list[str]]:
    """Return the delimiter, which is the one that splits the header into most names, and these."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        beginning = file.read(HEADER_LIMIT)
    splits = [
        (delimiter, next(csv.reader(io.StringIO(beginning, newline=""), delimiter=delimiter), []))
        for delimiter in DELIMITERS
    ]
    return max(splits, key=lambda split: len(split[1]))


def _read_json(connection: duckdb.DuckDBPyConnection, path: Path) -> Relation:
    objects = f"read_json_objects({literal(_pattern(path))})"
    row_count, others = connection.execute(
        f"select count(*), count(*) filter (json_type(json) <> 'OBJECT') from {objects}"
    ).fetchall()[0]
    if others:
        raise UserError(
            f"{path} holds {others} values that are no objects; it must be a list of objects, or"
            " one object on each line"
        )
    if not row_count:
        return Relation(None, 0)
    keys = connection.execute(
        f"""
        select key
        from (
            select
                unnest(json_keys(json)) as key,
                generate_subscripts(json_keys(json), 1) as position
            from {objects}
        )
        group by key
        order by min(position), key
        """
    ).fetchall()
    names = [key for (key,) in keys]
    _check_columns(path, names)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    select = (
        f"select * from read_json({literal(_pattern(path))}, columns = {{{columns}}},"
        " hive_partitioning = false)"
    )
    return Relation(select, row_count)


def _columns(connection: duckdb.DuckDBPyConnection, select: str) -> list[str]:
    return [name for name, *_ in connection.execute(f"describe {select}").fetchall()]


def _check_columns(path: Path, names: Sequence[str]) -> None:
    """Raise UserError if a name is blank, holds a line break, or occurs twice in whatever case."""
    if not names:
        raise UserError(f"{path} has no columns; its first line must name them")
    if any(not name.strip() for name in names):
        raise UserError(f"{path} has a column without a name; name it or remove it")
    broken = [name for name in names if "\n" in name or "\r" in name]
    if broken:
        raise UserError(f"{path} has a column name with a line break ({broken[0]!r}); rename it")
    repeated = [name for name, times in Counter(map(str.lower, names)).items() if times > 1]
    if repeated:
        raise UserError(
            f"{path} has more than one column {identifier(repeated[0])}; rename or remove one"
        )


def _pattern(path: Path) -> str:
    """Return the absolute path, written so that DuckDB takes no character of it for a wildcard."""
    return re.sub(r"[*?\[]", lambda wildcard: f"[{wildcard.group(0)}]", str(path.absolute()))
