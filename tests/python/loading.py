"""Files to load, and what became of them in the work file of the current directory."""

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb


def declare_sources(house: Path, sources: str) -> None:
    """Make `house` a dbt project that declares the source tables of a YAML text."""
    staging = house / "models" / "staging" / "crm"
    staging.mkdir(parents=True)
    (staging / "_crm__sources.yml").write_text(sources)
    (house / "dbt_project.yml").write_text("name: demo\n")


def query(sql: str) -> list[tuple]:
    """Return the rows of a query of the work file."""
    with duckdb.connect("warehouse/work.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


def write_json(path: Path, texts: Sequence[str]) -> None:
    """Write the texts by number (id, x) as JSON; then an empty one, and NULL with the id -1."""
    records = [{"id": number, "x": text} for number, text in enumerate([*texts, ""])]
    path.with_suffix(".json").write_text(json.dumps([*records, {"id": -1, "x": None}]))


def write_parquet(path: Path, texts: Sequence[str]) -> None:
    """Write the same as parquet."""
    rows = [*enumerate([*texts, ""]), (-1, None)]
    with duckdb.connect() as connection:
        connection.execute("create table t (id bigint, x varchar)")
        connection.executemany("insert into t values (?, ?)", rows)
        connection.execute(f"copy t to '{path.with_suffix('.parquet')}' (format parquet)")
