"""On the marts of a small demo: every analysis gives rows, and every unit test passes."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
ANALYSES = sorted(path.stem for path in (ROOT / "analyses").glob("*.sql"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a work file that holds the marts, and the compiled analyses."""
    folder = tmp_path_factory.mktemp("analyses")
    for program, *arguments in (
        ["customer-health", "demo", "--accounts", "1000", "--out", str(folder / "raw")],
        ["customer-health", "load", str(folder / "raw")],
        ["dbt", "seed", "--quiet"],
        ["dbt", "run", "--quiet"],
        ["dbt", "compile", "--quiet", "--select", *ANALYSES],
    ):
        run(folder, program, *arguments)
    return folder


def run(folder: Path, program: str, *arguments: str) -> None:
    """Run a program of the environment in the project, with its files in `folder`."""
    result = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "CUSTOMER_HEALTH_WORK": str(folder / "work.duckdb"),
            "DBT_PROFILES_DIR": str(ROOT),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]


@pytest.mark.parametrize("analysis", ANALYSES)
def test_analysis_gives_rows(built: Path, analysis: str) -> None:
    [compiled] = (built / "target").glob(f"compiled/**/analyses/{analysis}.sql")
    with duckdb.connect(str(built / "work.duckdb"), read_only=True) as connection:
        rows = connection.execute(compiled.read_text(encoding="utf-8")).fetchall()
    assert rows


def test_every_unit_test_passes(built: Path) -> None:
    run(built, "dbt", "test", "--quiet", "--select", "test_type:unit")
