"""The package installed in another dbt project: macros through wrappers, and tests of our tests.

On DuckDB, on a real Postgres server and on a real Spark cluster.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1] / "integration"
DBT = str(Path(sys.executable).with_name("dbt"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The package as a dependency of the integration project."""
    run_dbt("deps", tmp_path_factory.mktemp("deps"), {})


def run_dbt(command: str, folder: Path, environment: dict[str, str]) -> None:
    """Run a dbt command in the integration project; fail with what it says unless it passes."""
    result = subprocess.run(
        [DBT, "--quiet", command],
        cwd=PROJECT,
        env={
            **os.environ,
            "CUSTOMER_HEALTH_INTEGRATION_WORK": str(folder / "integration.duckdb"),
            "DBT_PROFILES_DIR": str(PROJECT),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-1000:]


@pytest.mark.parametrize("engine", ["duckdb", "postgres", "spark"])
def test_integration_project(
    engine: str, installed: None, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environment = {"CUSTOMER_HEALTH_TARGET": engine}
    if engine != "duckdb":
        environment |= request.getfixturevalue(engine).environment()
    run_dbt("build", tmp_path, environment)
