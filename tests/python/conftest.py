"""Shared by the tests of the Python package: a folder of its own, and the command line."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from customer_health.cli import main

# Set where no test may skip for want of a server.
REQUIRE_ENGINES = "CUSTOMER_HEALTH_REQUIRE_ENGINES"

# Files of minutes go first: with two at a time, a long one at the end would run alone.
LONGEST_FILES = (
    "test_spark_worker_loss",
    "test_bad_input",
    "test_integration_project",
    "test_dialects",
    "test_history",
)

Outcome = tuple[int, str, str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin; the others stay in the order of their names."""
    places = {name: place for place, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


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
