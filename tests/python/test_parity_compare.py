"""The comparison of engines must see every kind of difference, and nothing else.

Two or three DuckDB files stand for the engines: what is planted in one of them must be reported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parity import compare as parity
from parity.compare import Comparison, Relation
from parity.readers import Column, DuckDbReader, parsed, portable_type

MART = Relation("marts", "account_health", ("account_id", "as_of_date"))
FINDINGS = Relation("quality", "value_findings", ("source", "key"), ("source", "key"))

COLUMNS = """
    account_id varchar, as_of_date date, health_band varchar, health_score decimal(9, 6),
    account_count bigint, is_small_sample boolean, annual_revenue double
"""
ROWS = """
    ('a', date '2026-06-01', 'High', 99.000001, 0, false, 0.1),
    ('B', date '2026-06-01', 'Low', 12.5, null, true, null),
    ('ä', date '2026-06-01', null, null, 7, null, 0.0),
    ('ä', date '2026-06-02', '', 0, 7, true, 1e300)
"""
VALUES = 4 * 7

Compare = Callable[..., Comparison]


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Path]:
    """Write a file with one mart, changed by a statement."""

    def build(name: str, *changes: str, columns: str = COLUMNS) -> Path:
        path = tmp_path / f"{name}.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts; create schema quality")
            connection.execute(f"create table marts.account_health ({columns})")
            connection.execute(
                "insert into marts.account_health by name"
                f" select * from (values {ROWS}) as example (account_id, as_of_date, health_band,"
                " health_score, account_count, is_small_sample, annual_revenue)"
            )
            for change in changes:
                connection.execute(change)
        return path

    return build


@pytest.fixture
def readers() -> Iterator[Callable[..., list[DuckDbReader]]]:
    """Open files as if they were engines: postgres, spark."""
    with ExitStack() as stack:

        def open_readers(*files: Path) -> list[DuckDbReader]:
            engines = zip(parity.ENGINES, files, strict=False)
            return [
                stack.enter_context(closing(DuckDbReader(file, engine=engine)))
                for engine, file in engines
            ]

        yield open_readers


@pytest.fixture
def compared(build: Callable[..., Path], readers: Callable[..., list[DuckDbReader]]) -> Compare:
    """Compare the mart as it is with the mart after some changes."""

    def compared(*changes: str, columns: str = COLUMNS, mart: Relation = MART) -> Comparison:
        files = build("good"), build("changed", *changes, columns=columns)
        return parity.compare(readers(*files), mart)

    return compared


def test_equal_marts_do_not_differ(compared: Compare) -> None:
    outcome = compared()
    assert (outcome.row_count, outcome.value_count) == (4, VALUES)
    assert outcome.differing == {"postgres": 0}
    assert outcome.examples == []


def test_order_of_the_rows_does_not_matter(compared: Compare) -> None:
    outcome = compared(
        "create table sorted as from marts.account_health order by account_id desc",
        "delete from marts.account_health",
        "insert into marts.account_health from sorted",
    )
    assert (outcome.value_count, outcome.differing_count) == (VALUES, 0)


@pytest.mark.parametrize(
    ("change", "column", "values"),
    [
        ("health_score = 99.000002 where account_id = 'a'", "health_score", "99.000002"),
        ("account_count = null where account_id = 'a'", "account_count", "postgres None"),
        ("account_count = 0 where account_id = 'B'", "account_count", "duckdb None, postgres 0"),
        ("health_band = 'Low' where account_id = 'a'", "health_band", "'High', postgres 'Low'"),
        ("health_band = 'high' where account_id = 'a'", "health_band", "'high'"),
        ("health_band = '' where health_band is null", "health_band", "duckdb None, postgres ''"),
        ("is_small_sample = null where account_id = 'B'", "is_small_sample", "None"),
        ("is_small_sample = true where account_id = 'a'", "is_small_sample", "True"),
        ("annual_revenue = 0.1 + 2e-17 where account_id = 'a'", "annual_revenue", "0.1000"),
        ("annual_revenue = 'nan' where account_id = 'a'", "annual_revenue", "nan"),
    ],
)
def test_a_changed_value_is_one_difference(
    compared: Compare, change: str, column: str, values: str
) -> None:
    outcome = compared(f"update marts.account_health set {change}")
    assert outcome.differing == {"postgres": 1}
    assert outcome.value_count == VALUES
    [example] = outcome.examples
    assert example.startswith("account_health account_id=")
    assert f" {column}: " in example
    assert values in example


def test_the_sign_of_zero_is_a_difference(compared: Compare) -> None:
    """An update would keep the zero that is there: DuckDB, too, calls both equal."""
    outcome = compared(
        "create table zero as from marts.account_health where annual_revenue = 0",
        "delete from marts.account_health where annual_revenue = 0",
        "insert into marts.account_health select * replace (-annual_revenue as annual_revenue)"
        " from zero",
    )
    assert outcome.differing == {"postgres": 1}
    assert outcome.examples[0].endswith("annual_revenue: duckdb 0.0, postgres -0.0")


def test_nan_is_nan(build: Callable, readers: Callable) -> None:
    change = "update marts.account_health set annual_revenue = 'nan'"
    outcome = parity.compare(readers(build("one", change), build("two", change)), MART)
    assert outcome.differing_count == 0


def test_a_missing_row_differs_in_all_its_values(compared: Compare) -> None:
    outcome = compared("delete from marts.account_health where account_id = 'B'")
    assert outcome.differing == {"postgres": 7}
    assert outcome.row_count == 4
    assert outcome.value_count == VALUES - 7
    assert outcome.examples[0].endswith("on duckdb, not on postgres")


def test_a_further_row_differs_in_all_its_values(compared: Compare) -> None:
    outcome = compared("insert into marts.account_health (account_id) values ('aa')")
    assert outcome.differing == {"postgres": 7}
    assert outcome.examples[0].endswith(
        "account_id='aa' as_of_date=None: on postgres, not on duckdb"
    )


def test_a_doubled_row_differs(compared: Compare) -> None:
    outcome = compared(
        "insert into marts.account_health from marts.account_health where account_id = 'B'"
    )
    assert outcome.differing == {"postgres": 7}


def test_an_empty_mart_differs_from_a_full_one(compared: Compare) -> None:
    assert compared("delete from marts.account_health").differing == {"postgres": VALUES}


@pytest.mark.parametrize(
    ("change", "example"),
    [
        ("add column more integer", "column more: duckdb absent, postgres integer"),
        ("drop column health_band", "column health_band: duckdb text, postgres absent"),
        (
            "alter column account_count type integer",
            "column account_count: duckdb bigint, postgres integer",
        ),
        (
            "alter column health_score type decimal(10, 6)",
            "column health_score: duckdb decimal(9,6), postgres decimal(10,6)",
        ),
    ],
)
def test_a_changed_column_is_one_difference(compared: Compare, change: str, example: str) -> None:
    outcome = compared(f"alter table marts.account_health {change}")
    assert outcome.differing == {"postgres": 1}
    assert outcome.examples == [f"account_health {example}"]


def test_another_order_of_the_columns_differs(compared: Compare) -> None:
    columns = COLUMNS.replace("account_id varchar,", "") + ", account_id varchar"
    outcome = compared(columns=columns)
    assert outcome.differing == {"postgres": 1}
    assert outcome.value_count == VALUES
    assert "another order" in outcome.examples[0]


def test_a_key_of_another_type_is_not_matched(compared: Compare) -> None:
    outcome = compared("alter table marts.account_health alter column as_of_date type varchar")
    assert outcome.value_count == 0
    assert outcome.differing == {"postgres": 2}
    assert "cannot be matched" in outcome.examples[1]


def test_a_mart_without_a_key_is_a_difference(compared: Compare) -> None:
    outcome = compared(mart=Relation("marts", "account_health", ()))
    assert outcome.differing == {"postgres": 1}
    assert "no test rules" in outcome.examples[0]


def test_a_mart_that_an_engine_lacks_is_a_difference(compared: Compare) -> None:
    outcome = compared("drop table marts.account_health")
    assert outcome.differing == {"postgres": 1}
    assert outcome.examples == ["account_health is absent on postgres"]


def test_each_engine_is_held_against_the_first(build: Callable, readers: Callable) -> None:
    wrong = "update marts.account_health set health_score = health_score + 0.000001"
    gone = "delete from marts.account_health where account_id = 'a'"
    files = build("good"), build("one", wrong), build("two", gone)
    outcome = parity.compare(readers(*files), MART)
    assert outcome.differing == {"postgres": 3, "spark": 7}
    assert "duckdb Decimal('99.000001'), postgres Decimal('99.000002'), spark no row" in "".join(
        outcome.examples
    )


def test_only_the_first_differences_are_shown(compared: Compare) -> None:
    outcome = compared("update marts.account_health set health_score = 1, account_count = 1")
    assert outcome.differing == {"postgres": 8}
    assert len(outcome.examples) == parity.SHOWN


def test_findings_are_bags_of_rows(build: Callable, readers: Callable) -> None:
    create = "create table quality.value_findings (source varchar, key varchar, value varchar)"
    insert = "insert into quality.value_findings values ('crm', null, '5'), ('crm', null, '6')"
    other_text = insert.replace("5", "5.0")
    equal = readers(build("one", create, insert), build("two", create, other_text))
    outcome = parity.compare(equal, FINDINGS)
    assert (outcome.row_count, outcome.value_count, outcome.differing_count) == (2, 4, 0)
    more = build(
        "three", create, insert, "insert into quality.value_findings (source) values ('crm')"
    )
    outcome = parity.compare(readers(build("four", create, insert), more), FINDINGS)
    assert outcome.differing == {"postgres": 2}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """What dbt writes about a mart, its key, a table of rejects and a private model."""

    def model(name: str, schema: str) -> dict:
        return {
            "resource_type": "model",
            "alias": name,
            "config": {"schema": schema},
            "columns": {column: {} for column in ("account_id", "health_score")},
        }

    test = {
        "resource_type": "test",
        "attached_node": "model.p.account_health",
        "test_metadata": {"name": "rules", "kwargs": {"key": list(MART.key)}},
    }
    nodes = {
        "model.p.account_health": model("account_health", "marts"),
        "model.p.rejected_rows": model("rejected_rows", "quality"),
        "model.p.private": model("private", "intermediate"),
        "test.p.key": test,
        "seed.p.kpis": {"resource_type": "seed"},
    }
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    return path


def test_keys_come_from_the_manifest(manifest: Path) -> None:
    columns = parity.QUALITY["rejected_rows"]
    assert parity.relations_of(manifest) == [
        MART,
        Relation("quality", "rejected_rows", columns, columns),
    ]


def test_all_relations_are_compared(build: Callable, readers: Callable, manifest: Path) -> None:
    """A mart that dbt does not know and rejects that are nowhere are differences."""
    forgotten = "create table marts.forgotten as select 1 as one"
    lines: list[str] = []
    files = readers(build("one", forgotten), build("two", forgotten))
    count = parity.compare_all(files, parity.relations_of(manifest), lines.append)
    assert count == 2
    text = "\n".join(lines)
    assert "forgotten has no test rules" in text
    assert "quality.rejected_rows is on no engine" in text
    assert lines[-1].split() == ["in", "all", "4", str(VALUES), "2"]


def test_rows_out_of_order_stop_the_merge() -> None:
    rows = iter([(Decimal(2),), (Decimal(1),)])
    with pytest.raises(ValueError, match="spark sorts"):
        list(parity.merged({"spark": rows}, [0]))


@pytest.mark.parametrize(
    ("data_type", "expected"),
    [
        *(("VARCHAR", "text"), ("character varying(20)", "text"), ("string", "text")),
        *(("DECIMAL(9,6)", "decimal(9,6)"), ("numeric(9, 6)", "decimal(9,6)")),
        *(("numeric", "decimal"), ("decimal(38,0)", "decimal(38,0)")),
        *(("int", "integer"), ("INTEGER", "integer"), ("bigint", "bigint")),
        *(("double precision", "double"), ("DOUBLE", "double"), ("date", "date")),
        *(("timestamp without time zone", "timestamp"), ("timestamp_ntz", "timestamp")),
        ("timestamp(3) with time zone", "timestamp with time zone"),
    ],
)
def test_types_have_one_name(data_type: str, expected: str) -> None:
    assert portable_type(data_type) == expected


def test_parsing_keeps_null() -> None:
    assert parsed(["1", None, "x"], [(0, int), (1, int)]) == (1, None, "x")


def test_columns_have_common_types(build: Callable, readers: Callable) -> None:
    [reader] = readers(build("good"))
    types = [column.type for column in reader.columns("marts", "account_health")]
    assert types == ["text", "date", "text", "decimal(9,6)", "bigint", "boolean", "double"]
    assert reader.columns("marts", "absent") == []
    assert Column("a", "text") != Column("a", "integer")
