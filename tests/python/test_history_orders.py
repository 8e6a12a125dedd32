"""The history outlives whatever happens between two publishes, in every order.

A project of the history alone, with the real macros and the real settings of its tables, so that a
run takes a moment. What an event does hangs on what the two files hold and on nothing else: each
event is tried once in each state that can be reached, which is every order of them.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import random
import shutil
import signal
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from builds import ROOT, read_parse

from customer_health.engines.duckdb import DuckDB
from customer_health.errors import UserError
from customer_health.publish import publish

PAST, TODAY, NEXT = "2026-03-05", "2026-03-10", "2026-03-17"
SEED = 20260310

PROJECT = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
TO_STORE = "{{ customer_health.date_literals(customer_health.slices().to_store) }}"
POLICY = "{{ var('customer_health_policy') }}"
MODELS = {
    "account_health_slices": f"""
select cast(day as date) as as_of_date, account_id, '{POLICY}' as policy
from raw.accounts cross join unnest([{TO_STORE}]) as days (day) where day > '0001-01-01'
""",
    "account_health_slice_log": f"""
select as_of_date, policy, count(*) as account_count
from {{{{ ref('account_health_slices') }}}} where as_of_date in ({TO_STORE}) group by all
""",
}
SOURCES = """
sources: [{name: history, schema: raw, tables: [{name: salesforce__customer_360_history}]}]
"""
# A work file as `load` makes it, with a mart, since nothing is published without.
NEW = """
create schema raw; create schema marts; create table marts.build as select 1 as id;
create table raw.accounts as select 'a' as account_id;
"""

# Of each table of the history the policy of each date.
Stored = dict[str, dict[str, str]]


class Site:
    """The project, its work file and its published file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work, self.published = folder / "work.duckdb", folder / "published.duckdb"
        self._reader = duckdb.connect()

    def write_project(self) -> None:
        """Write the project; its models are the real ones down to the end of their settings."""
        (self.folder / "models" / "history").mkdir(parents=True)
        for name, select in MODELS.items():
            path = Path("models", "history", f"{name}.sql")
            real = (ROOT / path).read_text(encoding="utf-8")
            settings = real[: real.index("\n) }}") + len("\n) }}")]
            (self.folder / path).write_text(settings + select, encoding="utf-8")
        (self.folder / "models" / "sources.yml").write_text(SOURCES, encoding="utf-8")
        project = {name: PROJECT[name] for name in ("name", "profile", "flags", "vars")}
        history = {**PROJECT["models"]["customer_health"]["history"]}
        del history["+access"]
        project["models"] = {"customer_health": {"history": history}}
        project["on-run-start"] = [hook for hook in PROJECT["on-run-start"] if "history" in hook]
        (self.folder / "dbt_project.yml").write_text(yaml.safe_dump(project), encoding="utf-8")
        for path in ("macros", "profiles.yml"):
            (self.folder / path).symlink_to(ROOT / path)

    def dbt(self, *words: str, parse: Any = None, **variables: Any) -> None:
        """Run dbt. Raises AssertionError with what it says unless it passes."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        options = ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder)]
        options += ["--log-path", str(self.folder / "logs"), "--log-level-file", "none"]
        options += ["--target-path", str(self.folder / "target"), "--vars", json.dumps(variables)]
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                outcome = dbtRunner(manifest=parse).invoke([*words, *options])
        finally:
            DuckDBConnectionManager.close_all_connections()
        assert outcome.success, f"{outcome.exception} {printed.getvalue()[-2000:]}"

    def build(self, day: str, *flags: str, policy: str = "run_rate", keep_days: int = 0) -> None:
        """Run `dbt build` as of a day."""
        words = ["build", "--no-write-json", "--threads", "1", *flags]
        variables = {
            "as_of_date": day,
            "customer_health_policy": policy,
            "customer_health_history": {"keep_days": keep_days, "backfill": "missing"},
        }
        self.dbt(*words, parse=read_parse(self.folder / "target"), **variables)

    def publish(self) -> None:
        """Publish, or fail where a date would be lost."""
        publish(self.work, self.published)

    def remove(self, *files: Path) -> None:
        """Remove files with what DuckDB may have left beside them."""
        for file in files:
            for path in (file, file.with_name(f"{file.name}.wal")):
                path.unlink(missing_ok=True)

    def lose(self) -> None:
        """Put a new work file in the place of the old one."""
        self.remove(self.work)
        self.change(NEW)

    def change(self, sql: str) -> None:
        """Change the work file."""
        with duckdb.connect(str(self.work)) as connection:
            connection.execute(sql)

    def stored(self, file: Path) -> Stored:
        """Return what a file holds of the history."""
        found: Stored = {table: {} for table in MODELS}
        if not file.exists():
            return found
        self._reader.execute(f"attach '{file}' as file (read_only)")
        for table, dates in found.items():
            with contextlib.suppress(duckdb.CatalogException):
                dates.update(
                    self._reader.execute(
                        "select as_of_date::varchar, string_agg(distinct policy)"
                        f" from file.history.{table} group by all order by all"
                    ).fetchall()
                )
        self._reader.execute("detach file")
        return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The project, parsed. dbt keeps its parsed templates, and looks for no garbage."""
    from dbt_common.tests import disable_test_caching, enable_test_caching

    site = Site(tmp_path_factory.mktemp("site"))
    site.write_project()
    enable_test_caching()
    gc.disable()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTOMER_HEALTH_WORK", str(site.work))
        patch.setenv("CUSTOMER_HEALTH_PUBLISHED", str(site.published))
        site.dbt("parse")
        yield site
    gc.enable()
    disable_test_caching()


@pytest.fixture
def site(project: Site) -> Site:
    """The project with a new work file, and nothing published."""
    project.remove(project.published)
    shutil.rmtree(project.folder / "dropped_dates", ignore_errors=True)
    project.lose()
    return project


# Between two of these nothing changes on disk.
WRITES = {"alter", "commit", "copy", "create", "delete", "insert"}


def killed(moment: int, build: Callable[[], None]) -> bool:
    """Build in a process that `kill -9` ends before its nth statement that writes; tell whether."""
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    if child := os.fork():
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    execute, writes = DuckDBCursorWrapper.execute, 0

    def execute_or_die(cursor: Any, sql: str, bindings: Any = None) -> Any:
        nonlocal writes
        # Before each statement dbt has a comment.
        writes += sql.rpartition("*/")[2].split(maxsplit=1)[0].lower() in WRITES
        if writes == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(cursor, sql, bindings)

    DuckDBCursorWrapper.execute = execute_or_die
    try:
        build()
    finally:
        os._exit(0)


# The day and the policy of each.
BUILDS = {
    "build": (TODAY, "run_rate"),
    "past date": (PAST, "run_rate"),
    "changed policy": (TODAY, "win_probability"),
}


def expected(before: Stored, day: str, policy: str) -> Stored:
    """Return what is stored after a build, by the rules of docs/history.md."""
    # Today's figures are not those of a day before the newest one.
    if day < max(before["account_health_slice_log"], default=day):
        return before
    return {table: {**dates, day: policy} for table, dates in before.items()}


def attempt(site: Site, event: str, chance: random.Random) -> None:
    """Let an event happen, half of the builds with `--full-refresh`. Fails if it loses anything."""
    work, published = site.stored(site.work), site.stored(site.published)
    # Of a date that both have, the work file's slice is the newer one.
    both = {table: published[table] | work[table] for table in MODELS}
    if event in BUILDS:
        day, policy = BUILDS[event]
        site.build(day, *chance.choice([(), ("--full-refresh",)]), policy=policy)
        site.publish()
        assert site.stored(site.published) == expected(both, day, policy)
        return
    if event == "lost file":
        site.lose()
    elif event == "killed":
        # Or built to its end and never published, where it writes less.
        killed(chance.randint(1, 11), lambda: site.build(TODAY))
    else:
        DuckDB().restore_history()
        assert site.stored(site.work) == both
    assert site.stored(site.published) == published


def test_every_order_of_events_keeps_every_date(site: Site, tmp_path: Path) -> None:
    """The same date twice is a build after a build, or after one under another policy."""
    chance = random.Random(SEED)
    known: dict[str, Path] = {}
    waiting: deque[tuple[Path, str]] = deque()

    def arrive(way: str) -> None:
        state = json.dumps([site.stored(site.work), site.stored(site.published)])
        if state not in known:
            known[state] = tmp_path / str(len(known))
            known[state].mkdir()
            for file in filter(Path.exists, (site.work, site.published)):
                shutil.copy(file, known[state])
            waiting.append((known[state], way))

    arrive("nothing")
    while waiting:
        files, way = waiting.popleft()
        for event in (*BUILDS, "lost file", "killed", "restore"):
            site.remove(site.work, site.published)
            shutil.copytree(files, site.folder, dirs_exist_ok=True)
            try:
                attempt(site, event, chance)
            except Exception as error:
                raise AssertionError(f"after {way}: {event}") from error
            arrive(f"{way}, {event}")
    # Six contents of the published file, the work file like it or new; and what kills left.
    assert len(known) > 11


def test_killed_before_a_statement_that_writes(site: Site) -> None:
    """A build that takes the history over, stores a date and drops another one."""
    site.build(PAST)
    site.build(TODAY)
    site.publish()
    published = site.stored(site.published)
    moment = 0
    is_killed = True
    while is_killed:
        # Every second one is tried: each costs a build.
        moment += 2
        site.lose()
        is_killed = killed(moment, lambda: site.build(NEXT, keep_days=10))
        assert site.stored(site.published) == published
        # What it left, a whole build makes good: before it only the copies may be there.
        DuckDB().restore_history()
        kept = {date for dates in site.stored(site.work).values() for date in dates}
        copies = {path.name.split(".")[1] for path in (site.folder / "dropped_dates").glob("*")}
        assert {PAST, TODAY} <= kept | copies
    assert moment > 20
    assert site.stored(site.work) == {
        table: {TODAY: "run_rate", NEXT: "run_rate"} for table in MODELS
    }
    site.publish()


def test_what_retention_drops_is_kept_in_a_file_and_can_come_back(site: Site) -> None:
    site.build(PAST)
    site.build(TODAY)
    site.publish()
    site.build(NEXT, keep_days=10)
    site.publish()
    assert PAST not in site.stored(site.published)["account_health_slices"]
    DuckDB().let_go()
    copies = site.folder / "dropped_dates"
    assert sorted(path.name for path in copies.iterdir()) == sorted(
        f"{table}.{PAST}.parquet" for table in MODELS
    )
    assert {path.stat().st_mode & 0o777 for path in copies.iterdir()} == {0o600}
    DuckDB().import_history(copies, MODELS)
    assert set(site.stored(site.work)["account_health_slices"]) == {PAST, TODAY, NEXT}


def test_a_date_that_is_stored_again_is_missed_when_it_is_lost(site: Site) -> None:
    site.build(PAST)
    site.build(TODAY)
    DuckDB().drop_history(TODAY)
    site.publish()
    site.build(TODAY)
    site.publish()
    assert TODAY in site.stored(site.published)["account_health_slices"]
    for table in MODELS:
        site.change(f"delete from history.{table} where as_of_date = '{TODAY}'")
    with pytest.raises(UserError, match=f"lacks 1 dates .* is {TODAY}"):
        site.publish()


def test_columns_that_the_work_file_lacks_come_with_the_dates(site: Site) -> None:
    site.build(PAST)
    site.change("alter table history.account_health_slices add column points double default 7")
    site.publish()
    site.lose()
    # As an older project leaves it.
    site.change(
        "create schema history; create table history.account_health_slices as"
        " select date '2026-01-01' as as_of_date, 'a' as account_id, 'old' as policy"
    )
    site.build(TODAY)
    with duckdb.connect(str(site.work), read_only=True) as connection:
        rows = connection.execute(
            "select as_of_date::varchar, points from history.account_health_slices order by all"
        ).fetchall()
    assert rows == [("2026-01-01", None), (PAST, 7.0), (TODAY, None)]


def test_the_work_file_may_be_the_published_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTOMER_HEALTH_PUBLISHED", str(site.work))
    site.build(TODAY)
    assert TODAY in site.stored(site.work)["account_health_slices"]
