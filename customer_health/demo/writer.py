"""Demo tables as files: parquet, csv, or json with one object per line. Documents are json."""

import datetime
import json
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import duckdb

from customer_health.demo import (
    account_history,
    accounts,
    customer_activity,
    customer_addresses,
    customer_funnel,
    customer_mapping,
    customer_success,
    customer_value,
    customers,
)
from customer_health.errors import UserError
from customer_health.files import replacing, sum_of
from customer_health.progress import reported
from customer_health.raw.entries import DEMO_FILES, TRUTH_FOLDER
from customer_health.readers import table_files
from customer_health.sql import literal

FORMATS = {
    "parquet": "format parquet, compression zstd",
    "csv": "format csv, header true",
    "json": "format json",
}

AS_OF = datetime.date(2026, 6, 1)

# As many customers as accounts, up to about the number that the published cohort was drawn from.
MOST_CUSTOMERS = 4_700

# The writer keeps the order of the rows, for which it buffers; this bounds the buffer.
MEMORY_LIMIT = "1500MB"

# The demo tables; each is a module with the name of the table, its columns and its query.
TABLES = (accounts, customer_activity, customer_funnel, customer_value, customer_addresses)


def write_demo(
    folder: Path,
    count: int,
    seed: int = 42,
    as_of: datetime.date = AS_OF,
    format_: str = "parquet",
    customer_count: int | None = None,
    with_mapping: bool = False,
    success_count: int | None = None,
    weeks: int = account_history.WEEKS,
    history_count: int = account_history.MOST_ACCOUNTS,
) -> list[Path]:
    """Write the demo tables into `folder` and return their paths, the accounts first.

    `count` is the number of accounts with a usable key; about 0.4 % more rows come on top.
    `customer_count` is that of customers with an e-mail address (default: as many as accounts, at
    most `MOST_CUSTOMERS`). `with_mapping` adds the table that brings addresses to customers.
    `success_count` is that of customers with customer-success records, who are the first accounts
    (default: eight of nine accounts, at most `customer_success.MOST_CUSTOMERS`). `weeks` is that of
    the snapshots of `history_count` accounts, one a week before `as_of`, 0 for no history; what was
    planted in it lies in `TRUTH_FOLDER`, and so does the list by which a load knows the
    files. The same arguments give the same rows in the same order.
    Dates count back from `as_of`, which is no clock's. All tables are written before the first
    takes its place. Raises UserError if the folder holds one of the tables in another format, or a
    mapping or a history although none is asked for.
    """
    if customer_count is None:
        customer_count = min(count, MOST_CUSTOMERS)
    tables = [*TABLES, customer_mapping] if with_mapping else list(TABLES)
    targets = {folder / f"{table.TABLE}.{format_}": table for table in tables}
    if success_count is None:
        success_count = min(-(-8 * count // 9), customer_success.MOST_CUSTOMERS)
    documents = customer_success.document_files(seed, as_of)
    document_targets = {folder / f"{table}.json": table for table in documents}
    arr_target = folder / f"{customer_success.MONTHLY_ARR}.{format_}"
    names = {target: table.TABLE for target, table in targets.items()}
    names |= document_targets | {arr_target: customer_success.MONTHLY_ARR}
    history_queries = {
        account_history.TABLE: account_history.query(seed, as_of),
        account_history.OUTCOMES: account_history.outcomes(as_of),
    }
    history_targets = {folder / f"{name}.{format_}": name for name in history_queries}
    truth_target = folder / TRUTH_FOLDER / f"{account_history.TRUTH}.csv"
    if weeks:
        names |= history_targets
    _refuse_others(folder, names)
    with ExitStack() as stack, duckdb.connect() as connection:
        connection.execute(f"set memory_limit = {literal(MEMORY_LIMIT)}; set temp_directory = ''")
        accounts.prepare(connection, count)
        customers.prepare(connection, customer_count, seed, as_of)
        for target, table in targets.items():
            if table is not accounts:
                # Most of their rows are one customer's, whom threads cannot share; one alone keeps
                # the order of the rows without a buffer.
                connection.execute("set threads = 1")
            _copy(connection, stack, _select(table, seed, as_of, format_), target, format_)
        portfolio = customer_success.customers(seed, as_of, success_count, count)
        for target, name in document_targets.items():
            unfinished = stack.enter_context(replacing(target))
            customer_success.write_documents(unfinished, name, documents[name], portfolio, seed)
        customer_success.write_monthly_arr(
            connection,
            stack.enter_context(replacing(arr_target)),
            FORMATS[format_],
            portfolio,
            seed,
            as_of,
        )
        if weeks:
            # Several threads would change the order of the rows.
            connection.execute("set threads = 1")
            account_history.prepare(connection, seed, as_of, count, weeks, history_count)
            for target, name in history_targets.items():
                _copy(connection, stack, history_queries[name], target, format_)
            _copy(connection, stack, account_history.truth(), truth_target, "csv")
    return [*names, *([truth_target] if weeks else []), _list(folder, names)]


def _list(folder: Path, files: Iterable[Path]) -> Path:
    """Write the list of the files and their sums, by which a load knows demo data; return it."""
    sums = {path.name: sum_of(path) for path in files}
    target = folder / DEMO_FILES
    with replacing(target) as unfinished:
        unfinished.write_text(json.dumps(sums, indent=1, sort_keys=True), encoding="utf-8")
    return target


def _copy(
    connection: duckdb.DuckDBPyConnection,
    stack: ExitStack,
    rows: str,
    target: Path,
    format_: str,
) -> None:
    """Write the rows of a SELECT; the file takes its place when `stack` closes."""
    unfinished = stack.enter_context(replacing(target))
    with reported(connection, f"writing {target}"):
        connection.execute(f"copy ({rows}) to {literal(str(unfinished))} ({FORMATS[format_]})")


def _refuse_others(folder: Path, names: dict[Path, str]) -> None:
    """Raise UserError if files of the folder would mix with those to be written."""
    files = table_files(folder)
    for target, name in names.items():
        others = [path for path in files.get(name, []) if path != target]
        if others:
            raise UserError(
                f"{others[0]} is there already and would be the same table as {target.name};"
                " remove it or write to another folder with --out"
            )
    for name in (account_history.TABLE, account_history.OUTCOMES):
        if name in files and name not in names.values():
            raise UserError(
                f"{files[name][0]} is there already and would be the past of the new accounts;"
                " remove it or write a history with --weeks"
            )
    if customer_mapping.TABLE in files and customer_mapping.TABLE not in names.values():
        raise UserError(
            f"{files[customer_mapping.TABLE][0]} is there already and would map the new addresses;"
            " remove it or add --with-mapping"
        )


def _select(table: ModuleType, seed: int, as_of: datetime.date, format_: str) -> str:
    """Return the rows of a table; text formats say 'n/a' in some columns instead of NaN."""
    rows = table.query(seed, as_of)
    if format_ == "parquet" or not table.NOT_AVAILABLE:
        return rows
    words = ", ".join(
        f"case when isnan({name}) then 'n/a' else cast({name} as varchar) end as {name}"
        for name in table.NOT_AVAILABLE
    )
    return f"select * replace ({words}) from ({rows})"
