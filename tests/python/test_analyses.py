"""On the marts of the demo: every analysis gives rows, and every unit test passes."""

import shutil
from pathlib import Path

import duckdb
import pytest
from builds import DEMO_AS_OF, ROOT, dbt, demo_build

ANALYSES = sorted(path.stem for path in (ROOT / "analyses").glob("*.sql"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a work file that holds the marts, and the compiled analyses."""
    folder = tmp_path_factory.mktemp("analyses")
    # dbt opens the file for writing, also when it only compiles.
    shutil.copy(demo_build() / "work.duckdb", folder)
    run(folder, "compile", "--quiet", "--select", *ANALYSES)
    return folder


def run(folder: Path, *arguments: str) -> None:
    """Run a command of dbt on the copy of the demo in `folder`."""
    environment = {"CUSTOMER_HEALTH_WORK": str(folder / "work.duckdb")}
    variables = {"as_of_date": DEMO_AS_OF}
    dbt(*arguments, variables=variables, environment=environment, folder=folder)


@pytest.mark.parametrize("analysis", ANALYSES)
def test_analysis_gives_rows(built: Path, analysis: str) -> None:
    [compiled] = (built / "target").glob(f"compiled/**/analyses/{analysis}.sql")
    with duckdb.connect(str(built / "work.duckdb"), read_only=True) as connection:
        rows = connection.execute(compiled.read_text(encoding="utf-8")).fetchall()
    assert rows


def test_every_unit_test_passes(built: Path) -> None:
    run(built, "test", "--quiet", "--select", "test_type:unit")
