"""The package installed in another dbt project: macros through wrappers, and tests of our tests.

On DuckDB, on a real Postgres server and on a real Spark cluster.
"""

import json
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
    result = dbt([command], folder, environment)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-1000:]


def dbt(
    words: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a dbt command in the integration project."""
    return subprocess.run(
        [DBT, "--quiet", *words],
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


@pytest.mark.parametrize("engine", ["duckdb", "postgres", "spark"])
def test_integration_project(
    engine: str, installed: None, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environment = {"CUSTOMER_HEALTH_TARGET": engine}
    if engine != "duckdb":
        environment |= request.getfixturevalue(engine).environment()
    run_dbt("build", tmp_path, environment)
    if engine == "duckdb":
        rules_without_a_key_are_refused(tmp_path, environment)


def rules_without_a_key_are_refused(folder: Path, environment: dict[str, str]) -> None:
    """Rules of rows say how a failing row is shown; the parse of the build is used again."""
    arguments = json.dumps({"model": "rows", "not_null": ["label"]})
    words = ["run-operation", "customer_health.test_rules", "--args", arguments]
    result = dbt(words, folder, environment)
    assert result.returncode != 0
    sentence = (
        "macro test_rules, argument shown_by is empty; give the columns of the key, or shown_by"
    )
    assert sentence in " ".join(result.stdout.split())
