"""A report straight from a file: load it, build the models of its tool, all in a temporary folder.

Neither the work file nor the published one is touched.
"""

import datetime
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from customer_health.build import first_cause
from customer_health.engines.duckdb import DuckDB
from customer_health.errors import UserError, sentence
from customer_health.export.reading import Marts, marts_of_file
from customer_health.export.report import TOOLS
from customer_health.profile import Target
from customer_health.progress import say
from customer_health.readers import SUFFIXES
from customer_health.sql import literal

PREFIX = "customer_success__"


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
    suffix = next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), None)
    if suffix is None:
        raise UserError(f"{path} is none of {', '.join(SUFFIXES)}")
    with tempfile.TemporaryDirectory(prefix="customer_health_") as folder:
        home = Path(folder)
        raw = home / "raw"
        raw.mkdir()
        _put(path, raw / f"{PREFIX}{tool}{suffix}")
        work = home / "work.duckdb"
        with _environment(CUSTOMER_HEALTH_WORK=str(work), CUSTOMER_HEALTH_TARGET="duckdb"):
            engine = DuckDB()
            engine.load(raw, project)
            _require_records(work, tool, path)
            try:
                _run_dbt(tool, project, target, home, as_of)
            finally:
                engine.let_go()
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
def _environment(**values: str) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
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


def _run_dbt(
    tool: str, project: Path, target: Target, home: Path, as_of: datetime.date | None
) -> None:
    """Build the marts of the tool with all that they stand on; dbt says nothing on stdout."""
    # dbt takes seconds to import.
    from dbt.cli.main import dbtRunner

    variables: dict[str, object] = {"customer_health_subjects": ["customer_success"]}
    if as_of is not None:
        variables["as_of_date"] = as_of.isoformat()
    say(f"Building the {tool} report ...")
    outcome = dbtRunner().invoke(
        [
            *("--log-level", "none", "--log-level-file", "none", "--no-write-json"),
            *("build", "--project-dir", str(project), "--profiles-dir", str(target.profiles_dir)),
            *("--target", target.name, "--target-path", str(home / "target")),
            *("--log-path", str(home / "logs"), "--vars", json.dumps(variables)),
            *("--resource-type", "seed", "--resource-type", "model", "--select"),
            *(f"+{mart}" for mart in TOOLS[tool].NEEDED),
        ]
    )
    if outcome.success:
        return
    results = getattr(outcome.result, "results", [])
    raise UserError(first_cause(results) or f"dbt failed: {sentence(str(outcome.exception))}")


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
