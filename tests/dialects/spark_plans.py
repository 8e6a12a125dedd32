"""What Spark plans for every model and test: no window may have all its rows in one partition.

    python tests/dialects/spark_plans.py [--show MODEL ...]

builds a small demo in DuckDB, gives its tables to a local Spark, and lets it explain the SQL that
dbt-spark would run. It does so with settings that use every key of a policy, and with those of a
single policy, where constants leave a window nothing to partition by. Nothing is computed in Spark.
The exit status is 1 if a plan has such a window; --show prints plans.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engines.servers import JAVA_OPTIONS

from customer_health.demo.writer import write_demo
from customer_health.sql import identifier, literal, qualified
from dialects.compiled import (
    ROOT,
    VARIABLES,
    Project,
    Statement,
    compile_as,
    create_sources,
    run_dbt,
)

WINDOW = re.compile(r"\bover\s*\(", re.IGNORECASE)
SUMMED = re.compile(r"\((\w*)#?\w*\) windowspecdefinition")

# One policy that ranks within all accounts: policy, date and peer group are constants.
ONE_POLICY: Mapping[str, Any] = {
    # Those that score by a policy; learning and the customer subjects partition by other keys.
    "customer_health_subjects": ["account_health", "trajectory", "actions"],
    "as_of_date": "2026-06-01",
    "customer_health_policy": "single",
    "customer_health_policies": ["single"],
    "customer_health_extra_policies": {
        "single": {
            "extends": "win_probability",
            "dimensions": [
                {
                    "dimension": "business_value",
                    "weight": 1,
                    "metrics": [
                        {"metric": "annual_revenue", "weight": 1, "scale": "percentile"},
                    ],
                }
            ],
        }
    },
}
SETTINGS = {"every key": VARIABLES, "one policy": ONE_POLICY}

SPARK_SETTINGS = {
    "spark.master": "local[1]",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "768m",
    "spark.driver.extraJavaOptions": JAVA_OPTIONS,
    "spark.sql.shuffle.partitions": "4",
}


def session_settings() -> dict[str, str]:
    """Return the settings of a session that dbt-spark gets from profiles.yml."""
    profiles = yaml.safe_load((ROOT / "profiles.yml").read_text(encoding="utf-8"))
    parameters = profiles["customer_health"]["outputs"]["spark"]["server_side_parameters"]
    return {name.removeprefix("set:hiveconf:"): value for name, value in parameters.items()}


@dataclass
class Operator:
    """An operator of a physical plan with those that it reads from."""

    text: str
    inputs: list[Operator] = field(default_factory=list)

    @property
    def all(self) -> Iterator[Operator]:
        """This operator and everything below it."""
        yield self
        for operator in self.inputs:
            yield from operator.all


def plan(explained: str) -> Operator:
    """Return the tree that Spark's EXPLAIN prints below `== Physical Plan ==`."""
    root = Operator("plan")
    # The way down to the last operator: its column in the text, and the operator.
    way: list[tuple[int, Operator]] = [(-1, root)]
    for line in explained.splitlines():
        if line.startswith("==") or not line.strip(" :"):
            continue
        column = re.match(r"[ :+\-*()0-9]*", line).end()
        operator = Operator(line[column:])
        while way[-1][0] >= column:
            way.pop()
        way[-1][1].inputs.append(operator)
        way.append((column, operator))
    return root


def gathered_windows(explained: str) -> list[Operator]:
    """Return the windows of a plan for which Spark moves all rows into one partition."""
    return [
        operator
        for operator in plan(explained).all
        if operator.text.startswith("Window") and _gathers(operator)
    ]


def single_partition_windows(explained: str) -> list[str]:
    """Return those of them whose rows grow with the data."""
    return [window.text for window in gathered_windows(explained) if not _is_bounded(window)]


def _is_bounded(window: Operator) -> bool:
    """Whether a window only sums over buckets, of which there are few however many the rows."""
    summed = SUMMED.findall(window.text)
    return bool(summed) and all(column.startswith("bucket_") for column in summed)


def _gathers(operator: Operator) -> bool:
    """Whether rows reach the operator through one partition, not spread by a key."""
    for below in operator.inputs:
        if below.text.startswith("Exchange SinglePartition"):
            return True
        if not below.text.startswith(("Exchange", "BroadcastExchange")) and _gathers(below):
            return True
    return False


# --------------------------------------------------------------------------------------------
# A Spark that knows the project's tables
# --------------------------------------------------------------------------------------------


def build(folder: Path, variables: Mapping[str, Any], accounts: int) -> tuple[Path, Project]:
    """Build a demo in DuckDB; return the work file and the SQL for Spark."""
    work_file = folder / "work.duckdb"
    write_demo(folder / "raw", accounts)
    create_sources(work_file)
    with duckdb.connect(str(work_file)) as connection:
        for file in (folder / "raw").glob("*.parquet"):
            table = qualified("raw", file.stem)
            connection.execute(f"create or replace table {table} as from {literal(str(file))}")
    untested = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    run_dbt("build", folder, variables, work_file, *untested)
    return work_file, compile_as(["spark"], folder, variables, work_file, is_marked=False)


def give_tables(spark: Any, folder: Path, work_file: Path, project: Project) -> set[str]:
    """Make Spark's tables and views those of the DuckDB build; return the names of the views."""
    views = {}
    (folder / "tables").mkdir()
    with duckdb.connect(str(work_file), read_only=True) as connection:
        listed = connection.execute(
            "select table_schema, table_name, table_type from information_schema.tables"
        ).fetchall()
        kinds = {(schema, name): kind for schema, name, kind in listed}
        for relation in project.relations.values():
            schema, name = relation.split(".")
            spark.sql(f"create database if not exists {schema}")
            # On a server the schema ends in the name of the set that is built.
            built = (schema.partition("__")[0], name)
            if kinds[built] == "VIEW":
                views[f"model.customer_health.{name}"] = relation
                continue
            file = str(folder / "tables" / f"{relation}.parquet")
            columns = _columns_for_spark(connection, *built)
            connection.execute(
                f"copy (select {columns} from {qualified(*built)}) to {literal(file)}"
            )
            spark.catalog.createTable(relation, path=file, source="parquet")
    # dbt compiles a model after those that it reads.
    for statement in project.statements:
        if relation := views.get(statement.name):
            spark.sql(f"create view {relation} as {for_spark(statement.sql, project)}")
    return set(views.values())


def _columns_for_spark(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> str:
    """Return the columns, whole numbers of 128 bits as the decimals that Spark has for them."""
    described = connection.execute(f"describe {qualified(schema, table)}").fetchall()
    return ", ".join(
        f"cast({identifier(name)} as decimal(38, 0)) as {identifier(name)}"
        if type_ == "HUGEINT"
        else identifier(name)
        for name, type_, *_ in described
    )


def for_spark(sql: str, project: Project) -> str:
    """Return the SQL with Spark's names of the relations."""
    for quoted, relation in project.relations.items():
        sql = sql.replace(quoted, relation)
    return sql


def with_windows(project: Project, views: set[str]) -> Iterator[tuple[Statement, str]]:
    """Yield the models and tests that have a window, be it by a view they read, and their SQL."""
    statements = [(s, for_spark(s.sql, project)) for s in project.statements]
    sources: set[str] = set()
    found: list[tuple[Statement, str]] = []
    while len(found) < len(
        now := [
            (statement, sql)
            for statement, sql in statements
            if WINDOW.search(sql) or any(view in sql for view in sources)
        ]
    ):
        found = now
        names = {statement.name.rpartition(".")[2] for statement, _ in found}
        sources = {view for view in views if view.partition(".")[2] in names}
    yield from found


def main() -> int:
    """Explain everything; return 1 if a window has a single partition."""
    parser = argparse.ArgumentParser(description="Windows in Spark's plans of models and tests.")
    parser.add_argument("--show", nargs="+", default=[], metavar="MODEL", help="print these plans")
    parser.add_argument("--accounts", type=int, default=300, metavar="N", help="default 300")
    options = parser.parse_args()
    from pyspark.sql import SparkSession

    failed = 0
    with tempfile.TemporaryDirectory(prefix="customer_health_plans_") as temporary:
        home = Path(temporary)
        builder = SparkSession.builder.config("spark.sql.warehouse.dir", str(home / "warehouse"))
        spark = builder.config(map=SPARK_SETTINGS | session_settings()).getOrCreate()
        spark.sparkContext.setLogLevel("FATAL")
        try:
            for settings, variables in SETTINGS.items():
                folder = home / settings.replace(" ", "_")
                work_file, project = build(folder, variables, options.accounts)
                views = give_tables(spark, folder, work_file, project)
                failed += _print_plans(spark, settings, project, views, options.show)
                for row in spark.sql("show databases").collect():
                    if row[0] != "default":
                        spark.sql(f"drop database {row[0]} cascade")
        finally:
            spark.stop()
    return min(failed, 1)


def _print_plans(
    spark: Any, settings: str, project: Project, views: set[str], shown: Sequence[str]
) -> int:
    """Print what is wrong, and the plans to show; return the number of windows that are wrong."""
    for statement in project.statements:
        if statement.name.rpartition(".")[2] in shown:
            text = _explain(spark, for_spark(statement.sql, project))
            print(f"{settings}, {statement.name}\n{text}")
    windows = bounded = failed = 0
    for statement, sql in with_windows(project, views):
        text = _explain(spark, sql)
        windows += sum(operator.text.startswith("Window") for operator in plan(text).all)
        wrong = single_partition_windows(text)
        failed += len(wrong)
        bounded += len(gathered_windows(text)) - len(wrong)
        for window in wrong:
            print(f"{settings}: {statement.name} has a window in a single partition: {window}")
    print(
        f"{settings}: {windows} windows; in a single partition {failed}, and {bounded} that only"
        " sum over buckets"
    )
    return failed


def _explain(spark: Any, sql: str) -> str:
    return spark.sql(f"explain {sql}").first()[0]


if __name__ == "__main__":
    sys.exit(main())
