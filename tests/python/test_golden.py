"""The golden figures tell what changed, and nothing else."""

import sys
from pathlib import Path

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from golden.figures import Figure, figures_of, read, written
from golden.inputs import INPUTS
from golden.run import differences, file_of
from parity.compare import Relation

RELATION = Relation("marts", "scores", ("id",))
ROWS = "(1, 'High', 0.50), (2, 'Low', null), (3, 'Low', 0.25)"
DECIMAL = "id integer, band varchar, score decimal(9, 2)"


@pytest.fixture
def figures(tmp_path: Path):
    """Return the figures of a mart with these rows and columns."""

    def figures(rows: str, columns: str = DECIMAL) -> list[Figure]:
        path = tmp_path / "figures.duckdb"
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts")
            connection.execute(f"create table marts.scores ({columns})")
            if rows:
                connection.execute(f"insert into marts.scores values {rows}")
        return figures_of(path, [RELATION, Relation("marts", "not_built", ())])

    return figures


def changed(before: list[Figure], now: list[Figure]) -> set[str]:
    """The columns whose lines differ."""
    return {text.split(",")[1] for text in differences(written(before), written(now))}


def test_rows_and_nulls_are_counted_and_survive_the_file(figures, tmp_path: Path) -> None:
    found = figures(ROWS)
    assert [figure[:4] for figure in found] == [
        ("scores", "*", "3", "0"),
        ("scores", "band", "3", "0"),
        ("scores", "id", "3", "0"),
        ("scores", "score", "3", "1"),
    ]
    path = tmp_path / "scores.csv"
    path.write_text(written(found), encoding="utf-8")
    assert read(path) == found


def test_order_of_rows_and_width_of_integers_do_not_matter(figures) -> None:
    wide = DECIMAL.replace("integer", "bigint")
    turned = "(3, 'Low', 0.25), (1, 'High', 0.50), (2, 'Low', null)"
    assert figures(turned, wide) == figures(ROWS)


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ("(1, 'High', 0.51), (2, 'Low', null), (3, 'Low', 0.25)", {"score"}),
        ("(1, 'High', 0.50), (2, 'Low', 0), (3, 'Low', 0.25)", {"score"}),
        ("(1, 'High', 0.50), (2, '', null), (3, 'Low', 0.25)", {"band"}),
        ("(1, 'Low', 0.50), (2, 'High', null), (3, 'Low', 0.25)", set()),
        ("(1, 'High', 0.50), (2, 'Low', null)", {"id", "band", "score"}),
        ("", {"id", "band", "score"}),
    ],
    ids=["digit", "zero for unknown", "blank", "swapped", "lost row", "empty"],
)
def test_a_change_shows_in_its_lines(figures, rows: str, columns: set[str]) -> None:
    assert changed(figures(ROWS), figures(rows)) == {"*", *columns}


def test_every_build_has_its_figures() -> None:
    files = set(file_of(INPUTS[0]).parent.glob("*.csv"))
    assert files == {file_of(source) for source in INPUTS}
