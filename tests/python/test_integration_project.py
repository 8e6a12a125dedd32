"""The package installed in another dbt project: macros through wrappers, and tests of our tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1] / "integration"
DBT = str(Path(sys.executable).with_name("dbt"))


@pytest.mark.parametrize("command", [["deps"], ["build", "--quiet"]], ids=["deps", "build"])
def test_integration_project(command: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "integration"
    folder.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "CUSTOMER_HEALTH_INTEGRATION_WORK": str(folder / "integration.duckdb"),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    result = subprocess.run(
        [DBT, *command], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-1000:]
