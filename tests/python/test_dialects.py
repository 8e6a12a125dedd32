"""What docs/engines.md says of other engines is what the SQL shows; no window gathers all rows."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dialects import facts, spark_plans
from dialects.compiled import ARGUMENT, END, FIRST_MACRO, Marks, Project, Statement
from dialects.facts import BIGQUERY, DATABRICKS, SNOWFLAKE
from dialects.report import Report, known_adapter, uses
from engines.servers import ServerUnavailable, skip_without

DIALECTS = Path(__file__).resolve().parents[1] / "dialects"


def run(script: str) -> subprocess.CompletedProcess[str]:
    # A work file or target folder of the shell must not reach the builds in there.
    environment = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("CUSTOMER_HEALTH_", "DBT_"))
    }
    return subprocess.run(
        [sys.executable, str(DIALECTS / script)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def report_of(sql: str, dialect: facts.Dialect) -> Report:
    statement = Statement("model.m", "models/m.sql", sql, [None] * len(sql))
    report = Report()
    report.add(dialect, Project([statement], [], [], {}))
    return report


def lacked(sql: str, dialect: facts.Dialect) -> set[str]:
    report = report_of(sql, dialect)
    assert not report.unknown
    return {finding.word for finding in report.found}


# The document


def test_document_shows_what_other_engines_lack() -> None:
    result = run("report.py")
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.mark.parametrize(
    ("word", "sql"),
    [
        (facts.WHOLE_DIVISION, "select a // b from t"),
        (facts.ARRAY, "select quantile_disc(a, [0.5, 0.75]) from t"),
        (facts.ELEMENT, "select (a)[1] from t"),
        (facts.ELEMENT, "select a[1] from t"),
        (facts.INTERVAL, "select a + interval '2' day from t"),
        (facts.VALUES, "select a from (values (1), (2)) as t (a)"),
        (facts.UNION, "select a from t union select a from u"),
        (facts.NO_TABLE, "select a from (select 1 as a where false) as t"),
        (facts.QUOTE, "select 'it''s' as a"),
        (facts.BACKSLASH, "select 'a\\b' as a"),
        ("quantile_disc()", "select quantile_disc(a, 0.5) from t"),
        ("decimal(38, 6)", "select cast(a as decimal(38,6)) from t"),
        ("timestamp with time zone", "select try_cast(a as timestamp with time zone) from t"),
    ],
)
def test_syntax_is_recognised(word: str, sql: str) -> None:
    assert word in {use.word for use in uses(sql, "duckdb")}


@pytest.mark.parametrize(
    ("absent", "sql"),
    [
        (facts.UNION, "select a from t union all select a from u"),
        (facts.NO_TABLE, "select a from t where a in (select b from u where b > 0)"),
        (facts.QUOTE, "select '' as a"),
        ("written()", "select a from (values (1)) as written (a)"),
        ("in()", "select a from t where a in (1, 2)"),
    ],
)
def test_other_syntax_is_not_mistaken_for_it(absent: str, sql: str) -> None:
    assert absent not in {use.word for use in uses(sql, "duckdb")}


def test_engines_lack_what_their_documentation_lacks() -> None:
    sql = "select hash(a) // 2 as a, cast(b as decimal(38, 6)) as b from t"
    assert lacked(sql, SNOWFLAKE) == {facts.WHOLE_DIVISION}
    assert lacked(sql, BIGQUERY) == {"hash()", facts.WHOLE_DIVISION, "decimal(38, 6)"}
    assert lacked("select cast(a as decimal(28, 6)) as a from t", BIGQUERY) == set()
    assert lacked("select xxhash64(a) as a from t", DATABRICKS) == set()


def test_reserved_names_are_found_but_not_the_syntax_itself() -> None:
    window = "sum(a) over (order by a rows between unbounded preceding and current row)"
    assert lacked(f"select {window} as b from t", BIGQUERY) == set()
    assert lacked("with groups as (select 1 as a) select a from groups", BIGQUERY) == {"groups"}


@pytest.mark.parametrize(
    "sql",
    ["select soundex(a) from t", "select cast(a as uuid) from t", "select a::integer from t"],
)
def test_what_nobody_looked_up_is_reported(sql: str) -> None:
    assert report_of(sql, SNOWFLAKE).unknown


def test_unreadable_sql_is_reported() -> None:
    assert report_of("select sum(a) from t where qualify", BIGQUERY).unknown


def test_engines_that_the_project_never_names_share_one_compilation() -> None:
    assert known_adapter(DATABRICKS) == ("databricks", "spark")
    assert known_adapter(BIGQUERY) == known_adapter(SNOWFLAKE)


def test_an_argument_belongs_to_the_caller_of_the_macro() -> None:
    marks = Marks()
    marks.names += ["outer", "inner"]
    outer, inner = chr(FIRST_MACRO), chr(FIRST_MACRO + 1)
    sql, writers = marks.removed(
        f"a{outer}b{inner}c{ARGUMENT}d{ARGUMENT}e{END}{END}{END}f{END}g",
    )
    # e was handed to the outer macro, which handed it on with a d of its own.
    assert dict(zip(sql, writers, strict=True)) == {
        "a": None,
        "b": "outer",
        "c": "inner",
        "d": "outer",
        "e": None,
        "f": "outer",
        "g": None,
    }


# Spark's plans

GATHERED = """== Physical Plan ==
AdaptiveSparkPlan isFinalPlan=false
+- Project [a#1]
   +- Window [row_number() windowspecdefinition(a#1 ASC NULLS FIRST) AS n#2], [a#1 ASC]
      +- Sort [a#1 ASC NULLS FIRST], false, 0
         +- Exchange SinglePartition, ENSURE_REQUIREMENTS, [plan_id=5]
            +- FileScan parquet t[a#1]
"""


def test_window_over_one_partition_is_found() -> None:
    assert len(spark_plans.single_partition_windows(GATHERED)) == 1
    spread = GATHERED.replace("Exchange SinglePartition", "Exchange hashpartitioning(b#3, 4)")
    assert not spark_plans.single_partition_windows(spread)


def test_window_over_one_partition_is_found_beside_a_join() -> None:
    join = """== Physical Plan ==
+- Window [sum(a#1L) windowspecdefinition(specifiedwindowframe(RowFrame)) AS n#2L]
   +- BroadcastHashJoin [k#3], [k#4], Inner, BuildRight, false, false
      :- Exchange SinglePartition, ENSURE_REQUIREMENTS, [plan_id=5]
      :  +- FileScan parquet t[a#1L,k#3]
      +- BroadcastExchange HashedRelationBroadcastMode(List(input[0])), [plan_id=6]
         +- FileScan parquet u[k#4]
"""
    assert len(spark_plans.single_partition_windows(join)) == 1


def test_only_sums_over_buckets_may_be_gathered() -> None:
    sums = "Window [sum(bucket_count#1L) windowspecdefinition(b#2 ASC) AS n#3L], [b#2 ASC]"
    both = sums.replace("[sum", "[sum(a#4L) windowspecdefinition(b#2 ASC) AS m#5L, sum")
    row_number = GATHERED.splitlines()[3].strip(" +-")
    assert not spark_plans.single_partition_windows(GATHERED.replace(row_number, sums))
    assert len(spark_plans.single_partition_windows(GATHERED.replace(row_number, both))) == 1


def test_no_window_of_the_project_has_a_single_partition() -> None:
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        skip_without(ServerUnavailable("PySpark needs `make env TARGET=spark` and Java"))
    result = run("spark_plans.py")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
