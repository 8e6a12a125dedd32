"""The whole way from raw files to published marts: demo data if need be, load, dbt, publish."""

import datetime
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from customer_health import settings
from customer_health.demo.writer import write_demo
from customer_health.engines import CAREFULLY, Engine, Published, Publishing
from customer_health.errors import UserError, sentence
from customer_health.load import remarks
from customer_health.nodes import Nodes, counted, failures
from customer_health.profile import Target
from customer_health.progress import detail, say, stage
from customer_health.project import FAILED_STATUSES, log_file, require_whole
from customer_health.readers import table_files
from customer_health.unread_settings import require_read_settings

DEMO_ACCOUNTS = 10_000

# Said on the terminal by us, and kept in dbt's own log.
CALM = ("--log-level", "none", "--no-use-colors")
LOG_LEVEL_VARIABLE = "DBT_LOG_LEVEL_FILE"


def build(
    engine: Engine,
    target: Target,
    folder: Path,
    project: Path,
    dbt_arguments: Sequence[str],
    verbose: bool = False,
    demo: bool = False,
    publishing: Publishing = CAREFULLY,
) -> Published:
    """Load `folder`, build and test the dbt project, publish its marts; `engine` is locked.

    Writes demo accounts first if `demo` says so, or where the default folder holds no tables and
    nothing was ever built. `dbt_arguments` follow `dbt build`, whose own output goes to its log
    only unless `verbose`. Raises UserError with dbt's first cause when anything fails; the
    published marts then stay.
    """
    require_read_settings(project, dbt_arguments)
    if not table_files(folder) and not demo:
        _require_nothing_was_there(engine, folder)
        demo = True
    if demo:
        say(f"Writing demo data of {DEMO_ACCOUNTS:,} accounts to {folder}.")
        with stage("Demo"):
            # The day on which dbt counts this run, so that view and history end on its as_of_date.
            write_demo(folder, DEMO_ACCOUNTS, as_of=datetime.datetime.now(datetime.UTC).date())
    with stage("Load") as load:
        tables = engine.load(folder, project)
        for table in tables:
            detail(table.line)
        for line in remarks(folder, project):
            detail(line)
        empty = sum(table.path is None for table in tables)
        without = f", {empty:,} of them without a file and empty" if empty else ""
        load.result = f"{counted(len(tables), 'table')}{without}"
    os.environ.update(engine.prepare())
    try:
        _run_dbt(target, project, dbt_arguments, verbose, publishing.untested)
    finally:
        engine.let_go()
    with stage("Publish") as publish:
        published = engine.publish(project, publishing)
        publish.result = (
            f"{counted(published.table_count, 'table')}, {counted(published.view_count, 'view')}"
        )
    return published


def _require_nothing_was_there(engine: Engine, folder: Path) -> None:
    """Raise UserError if invented data would stand for data that are only missing."""
    if not settings.raw_folder_is_named() and not engine.has_built():
        return
    state = "holds no table files" if folder.is_dir() else "does not exist"
    raise UserError(
        f"the folder {folder} {state}, and it was named or something was built before, so nothing"
        " is made up for it; put <table>.csv, .parquet or .json there, or ask for demo data with"
        " --demo"
    )


def _run_dbt(
    target: Target, project: Path, arguments: Sequence[str], verbose: bool, untested: bool
) -> None:
    """Run `dbt build` in this process.

    Raises UserError with the first cause if it does not pass, or if it leaves something out.
    """
    with stage("Build") as running:
        running.now = "starting dbt"
        # dbt takes seconds to import.
        from dbt.cli.main import dbtRunner

        running.now = "reading the project"
        nodes = Nodes()

        def count(event: Any) -> None:
            if nodes.take(event):
                running.now, running.result = nodes.now, nodes.result
            elif event.info.name == "JinjaLogInfo" and not verbose:
                say(event.data.msg)

        outcome = dbtRunner(callbacks=[count]).invoke(_command(target, project, arguments, verbose))
    results = getattr(outcome.result, "results", None) or []
    told = list(failures(results, target.engine))
    # A failure without rows is the sentence at the end.
    for line in told if outcome.success or len(told) > 1 else ():
        say(line)
    if told and (log := log_file(project)).is_file():
        say(f"More is in {log}.")
    if not outcome.success:
        cause = first_cause(results) or f"dbt build failed: {sentence(str(outcome.exception))}"
        raise UserError(f"{cause}; nothing was published, the last good marts stay")
    require_whole(project, "build", {result.node.unique_id for result in results}, untested)


def _command(target: Target, project: Path, arguments: Sequence[str], verbose: bool) -> list[str]:
    """Return the arguments for dbt; those of the user come last and so have the last word."""
    command = ["build", "--project-dir", str(project)]
    if target.profiles_dir is not None:
        command += ["--profiles-dir", str(target.profiles_dir), "--target", target.name]
    # Unit tests prove the SQL, not the data: they belong to `make test`.
    if not any("resource-type" in argument for argument in arguments):
        command += ["--exclude-resource-type", "unit_test"]
    if not verbose:
        command += CALM
        if LOG_LEVEL_VARIABLE not in os.environ:
            command += ["--log-level-file", "info"]
    return [*command, *arguments]


def first_cause(results: Iterable[Any]) -> str | None:
    """Return what the first failed node of a dbt run says, errors before failed tests."""
    failed = [result for result in results if result.status in FAILED_STATUSES]
    failed.sort(key=lambda result: result.status == "fail")
    if not failed:
        return None
    node = failed[0].node
    return f"{node.resource_type} {node.name} failed: {sentence(failed[0].message or 'no reason')}"
