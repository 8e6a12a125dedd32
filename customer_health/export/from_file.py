"""A report straight from a file: load it, build the models of its tool, all in a temporary folder.

Neither the work file nor the published one is touched. dbt compiles the models once after each
change of the project; from then on DuckDB runs what the cache folder has of them.
"""

import datetime
import os
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from customer_health.engines.duckdb import DuckDB
from customer_health.errors import UserError
from customer_health.export.cache import (
    fingerprint,
    keep_statements,
    kept_statements,
    key_of,
)
from customer_health.export.compiled import Statement, compile_tools, run_statements
from customer_health.export.reading import Marts, marts_of_file
from customer_health.export.report import TOOLS
from customer_health.profile import Target
from customer_health.progress import say
from customer_health.raw.entries import DELIMITED, JSON, WHOLE, suffix_of
from customer_health.schemas import RAW
from customer_health.sql import literal
from customer_health.yaml_text import from_yaml

PREFIX = "customer_success__"
# A published file of another build would give its history.
FILES = ("CUSTOMER_HEALTH_WORK", "CUSTOMER_HEALTH_PUBLISHED")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def tool_of(path: Path, tool: str | None) -> str:
    """Return the tool that is named, else the one that the file is named after."""
    if tool is not None:
        return tool
    named = path.name.lower().split(".")[0].removeprefix(PREFIX)
    if named not in TOOLS:
        raise UserError(
            f"{path} does not say which report it is for; add --tool health, churn or expansion"
        )
    return named


@contextmanager
def marts_from_file(
    path: Path, tool: str, project: Path, target: Target, as_of: datetime.date | None
) -> Iterator[Marts]:
    """Yield the marts of the customers in a file. Raises UserError if it holds none."""
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    if target.engine != "duckdb" or target.profiles_dir is None:
        raise UserError(
            "--from builds on DuckDB in the customer_health project; run it there, or name the"
            " project with --project-dir, and leave --target at duckdb"
        )
    suffix = suffix_of(path.name)
    if suffix is None:
        raise UserError(f"{path} is none of {', '.join((*DELIMITED, *JSON, *WHOLE))}")
    with tempfile.TemporaryDirectory(prefix="customer_health_") as folder:
        home = Path(folder)
        raw = home / "raw"
        raw.mkdir()
        _put(path, raw / f"{PREFIX}{tool}{suffix}")
        work = home / "work.duckdb"
        with other_work_file(work):
            DuckDB().load(raw, project)
        _require_records(work, tool, path)
        described = from_yaml((project / "dbt_project.yml").read_text(encoding="utf-8"))
        day = as_of.isoformat() if as_of is not None else day_of(described)
        run_statements(
            work, statements_of(tool, work, project, described, target, home / "compiled"), day
        )
        _tell_left_out(work, tool, path)
        with marts_of_file(work) as marts:
            yield marts


def _put(path: Path, place: Path) -> None:
    """Show the file under the name of its table, without a copy where the system allows it."""
    try:
        place.symlink_to(path.absolute())
    except OSError:
        shutil.copyfile(path, place)


@contextmanager
def other_work_file(path: Path) -> Iterator[None]:
    """Let the loader and dbt write another work file for a while."""
    before = {name: os.environ.get(name) for name in FILES}
    os.environ.update(dict.fromkeys(FILES, str(path)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _require_records(work: Path, tool: str, path: Path) -> None:
    """Raise UserError if nothing in the file is JSON."""
    with duckdb.connect(work, read_only=True) as connection:
        [(usable,)] = connection.execute(
            f"select count(*) from raw.{PREFIX}{tool}"
            " where customer_id is not null or not starts_with(document, '{\"unparsable\":')"
        ).fetchall()
    if not usable:
        raise UserError(
            f'{path} holds no readable customers; it must be JSON as {{"customers": [...]}} or one'
            " object on each line"
        )


def day_of(described: Mapping[str, Any]) -> str:
    """Return the setting as_of_date of the project, today if there is none."""
    variables = described.get("vars") or {}
    own = variables.get("customer_health") or {}
    day = str(own.get("as_of_date", variables.get("as_of_date")) or "")
    if not day:
        # As dbt counts its runs.
        return datetime.datetime.now(datetime.UTC).date().isoformat()
    if not ISO_DAY.fullmatch(day):
        raise UserError(f"setting as_of_date is {day}; write it as YYYY-MM-DD")
    try:
        return datetime.date.fromisoformat(day).isoformat()
    except ValueError as error:
        raise UserError(
            f"setting as_of_date is {day}, a day that never was; give a day of the calendar"
        ) from error


def statements_of(
    tool: str, work: Path, project: Path, described: Mapping[str, Any], target: Target, home: Path
) -> Sequence[Statement]:
    """Return the statements that make the marts of a tool, from the cache or else by dbt.

    `work` has the raw tables, `described` is what dbt_project.yml says, dbt works in `home`.
    """
    hashed = fingerprint(project, described, target)
    columns = _columns(work)
    keys = {name: key_of(hashed, name, columns[PREFIX + name]) for name in TOOLS}
    if (kept := kept_statements(keys[tool])) is not None:
        return kept
    say("Compiling the reports, once after each change of the project ...")
    with other_work_file(home / work.name):
        compiled = compile_tools(tool, work, project, target, home)
    keep_statements({keys[name]: compiled[name] for name in compiled})
    return compiled[tool]


def _columns(work: Path) -> Mapping[str, list[tuple[str, str]]]:
    """Return name and type of the columns of each raw table."""
    columns = defaultdict(list)
    with duckdb.connect(work, read_only=True) as connection:
        for table, name, type_ in connection.execute(
            "select table_name, column_name, data_type from information_schema.columns"
            f" where table_schema = {literal(RAW)} order by table_name, ordinal_position"
        ).fetchall():
            columns[table].append((name, type_))
    return columns


def _tell_left_out(work: Path, tool: str, path: Path) -> None:
    """Say how many records of the file are in no report, and why."""
    records = f"base_{PREFIX}{tool}_records"
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(work))} as work (read_only)")
        [(count, kept)] = connection.execute(
            f"select (select count(*) from work.raw.{PREFIX}{tool}),"
            f" (select count(*) from work.marts.{TOOLS[tool].NEEDED[0]})"
        ).fetchall()
        if count == kept:
            return
        connection.execute("use work")
        reasons = connection.execute(
            f"select rejection, count(*) from staging.{records} where rejection is not null"
            " group by rejection order by rejection"
        ).fetchall()
    words = ", ".join(f"{number:,} {reason}" for reason, number in reasons)
    say(f"{path}: {count - kept:,} of {count:,} records left out ({words})")
