"""Shared by the tests of the Python package: a folder of its own, and the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from customer_health.cli import main

Outcome = tuple[int, str, str]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the current directory, with all three paths at their defaults."""
    for name in ("RAW", "WORK", "PUBLISHED"):
        monkeypatch.delenv(f"CUSTOMER_HEALTH_{name}", raising=False)
    monkeypatch.delenv("DBT_TARGET_PATH", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(house: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command in `house`; return its exit status, stdout and stderr."""

    def run(*arguments: object) -> Outcome:
        status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run
