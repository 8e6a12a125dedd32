"""Demo tables as files: parquet, csv, or json with one object per line."""

import datetime
from pathlib import Path

import duckdb

from customer_health.demo import accounts
from customer_health.errors import UserError
from customer_health.files import replacing
from customer_health.progress import reported
from customer_health.readers import table_files
from customer_health.sql import literal

FORMATS = {
    "parquet": "format parquet, compression zstd",
    "csv": "format csv, header true",
    "json": "format json",
}

AS_OF = datetime.date(2026, 6, 1)

# The writer keeps the order of the rows, for which it buffers; this bounds the buffer.
MEMORY_LIMIT = "1500MB"


def write_demo(
    folder: Path,
    count: int,
    seed: int = 42,
    as_of: datetime.date = AS_OF,
    format_: str = "parquet",
) -> Path:
    """Write the demo tables into `folder` and return the path of the accounts.

    `count` is the number of accounts with a usable key; about 0.4 % more rows come on top. The
    same arguments give the same rows in the same order. Dates count back from `as_of`, which is
    no clock's. Raises UserError if the folder holds the table in another format.
    """
    target = folder / f"{accounts.TABLE}.{format_}"
    others = [path for path in table_files(folder).get(accounts.TABLE, []) if path != target]
    if others:
        raise UserError(
            f"{others[0]} is there already and would be the same table as {target.name};"
            " remove it or write to another folder with --out"
        )
    with replacing(target) as unfinished, duckdb.connect() as connection:
        connection.execute(f"set memory_limit = {literal(MEMORY_LIMIT)}; set temp_directory = ''")
        accounts.prepare(connection, count)
        rows = accounts.query(seed, as_of)
        with reported(connection, f"writing {target}"):
            connection.execute(f"copy ({rows}) to {literal(str(unfinished))} ({FORMATS[format_]})")
    return target
