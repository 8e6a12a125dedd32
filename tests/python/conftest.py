"""Shared by the tests of the Python package: a folder of its own, and the command line."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import pytest
from engines.servers import (
    PostgresServer,
    ServerUnavailable,
    SparkCluster,
    postgres_server,
    skip_without,
    spark_cluster,
)

from customer_health.cli import main

# Set where no test may skip for want of a server.
REQUIRE_ENGINES = "CUSTOMER_HEALTH_REQUIRE_ENGINES"

# Files of minutes go first: with two at a time, a long one at the end would run alone.
LONGEST_FILES = (
    "test_spark_worker_loss",
    "test_dialects",
    "test_selections",
    "test_oracle_accounts",
    "test_bad_input",
    "test_oracle_conversion",
    "test_history",
    "test_settings",
    "test_site",
    "test_cli",
    "test_analyses",
    "test_oracle_scorecard",
    "test_oracle_signals",
    "test_source_formats",
    "test_export_from_file",
    "test_documentation",
)

# Files whose tests share the servers of the run, and one that ends a cluster of its own: two at
# once would take both cores from everybody else.
ENGINE_FILES = (
    "test_spark_worker_loss",
    "test_integration_project",
    "test_spark_engine",
    "test_postgres",
    "test_engine_servers",
)

SHOWN_FILES = 25

Outcome = tuple[int, str, str]
Server = TypeVar("Server")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin, and keep those together that share builds or servers."""
    places = {name: place for place, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
    for item in items:
        stem = item.path.stem
        item.add_marker(pytest.mark.xdist_group("servers" if stem in ENGINE_FILES else stem))
        if stem in ENGINE_FILES:
            item.add_marker(pytest.mark.engines)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the costliest files took: the time of CI is a budget."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration
    terminalreporter.section("seconds by file")
    for name, total in seconds.most_common(SHOWN_FILES):
        terminalreporter.write_line(f"{total:6.0f}  {name}")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The Postgres server of the run; who writes makes a database of its own."""
    yield from running(postgres_server(tmp_path_factory.mktemp("postgres")))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    """The Spark cluster of the run; who writes first clears what is in the way."""
    yield from running(spark_cluster(tmp_path_factory.mktemp("spark")))


def running(server: AbstractContextManager[Server]) -> Iterator[Server]:
    """Yield the server while it runs; skip the test where it cannot be started."""
    try:
        with server as started:
            yield started
    except ServerUnavailable as error:
        skip_without(error)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the current directory, with all settings at their defaults."""
    for name in list(os.environ):
        if name.startswith(("CUSTOMER_HEALTH_", "DBT_", "PG")) and name != REQUIRE_ENGINES:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def raw(house: Path) -> Path:
    """The folder of raw files in `house`."""
    folder = house / "data" / "raw"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def accounts(raw: Path) -> Path:
    """The file of the one table that the small project declares."""
    path = raw / "accounts.csv"
    path.write_text("account_id,amount\n1,2.5\n2,\n")
    return path


@pytest.fixture
def run(house: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command in `house`; return its exit status, stdout and stderr."""

    def run(*arguments: object) -> Outcome:
        status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run
