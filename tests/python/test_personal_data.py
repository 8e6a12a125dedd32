"""customer_health_personal_data: what names a person is kept, hashed or dropped."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from builds import DEMO_AS_OF, ROOT, build, customer_health, stored_parse

from customer_health.publish import publish
from customer_health.schemas import PRIVATE

# Stands in every address and name of a person that the raw files hold, and nowhere else.
MARK = "planted"
PLANTED = ("owner_id", "account_owner_name", "owner_email", "primary_email")

# What a text column of a mart is called that may name a person; a role is held by anybody.
LOOKS_PERSONAL = re.compile(
    "email|owner(?!_role)|csm|contact|sponsor|champion|person|manager|user|phone|(first|last)_name"
)

# Marts that show persons; all that they read is built with them.
MARTS = (
    *("account_health", "account_health_history", "account_alerts", "account_brief"),
    *("review_calendar", "customer_value_risk", "special_conversion_customers"),
)
STAGED = ("stg_salesforce__accounts", "stg_mapping__accounts", "stg_customer360__customer_values")

Column = tuple[str, str]


def described_columns() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield schema, name and each described column of every model."""
    manifest = json.loads((stored_parse({}, {}) / "manifest.json").read_text(encoding="utf-8"))
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            for column in node["columns"].values():
                yield node["config"]["schema"], node["name"], column


def personal_columns() -> set[Column]:
    """Return the columns of marts and history that are said to hold personal data."""
    return {
        (f"{schema}.{model}", column["name"])
        for schema, model, column in described_columns()
        if column["config"]["meta"].get("contains_personal_data") and schema != "staging"
    }


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo whose every person is planted, in upper case, and a mapping by address."""
    folder = tmp_path_factory.mktemp("personal") / "raw"
    size = ("--accounts", 30, "--weeks", 2)
    customer_health("demo", *size, "--as-of", DEMO_AS_OF, "--out", folder)
    with duckdb.connect() as connection:
        for path in folder.glob("*.parquet"):
            columns = connection.read_parquet(str(path)).columns
            planted = [f"'PLANTED ' || {name} as {name}" for name in PLANTED if name in columns]
            if planted:
                connection.execute(
                    "create or replace table planted as"
                    f" select * replace ({', '.join(planted)}) from read_parquet('{path}')"
                )
                connection.execute(f"copy planted to '{path}'")
        connection.execute(
            f"""
            copy (
                select account_id, primary_email
                from '{folder}/salesforce__customer_360_view.parquet'
                positional join '{folder}/customer360__customer_value_analysis.parquet'
            ) to '{folder}/account_mapping.parquet'
            """
        )
    return folder


@pytest.fixture(scope="module")
def kept(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a build that keeps everything."""
    select = [f"+{model}" for model in (*MARTS, *STAGED)]
    return built(raw, tmp_path_factory.mktemp("kept"), "keep", select)


@pytest.fixture(scope="module")
def hashed(raw: Path, kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same where staging hashes, and the history that is stored already."""
    select = ["base_mapping__account_rows", *STAGED, "account_health_slices"]
    return built(raw, tmp_path_factory.mktemp("hashed"), "hash", select, kept)


@pytest.fixture(scope="module")
def dropped(raw: Path, kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same where whatever showed somebody is built anew, and drops."""
    shown = {table for table, _ in with_marks(kept / "work.duckdb")}
    select = [table.split(".")[1] for table in shown if table.split(".")[0] not in PRIVATE]
    return built(raw, tmp_path_factory.mktemp("dropped"), "drop", select, kept)


def built(
    raw: Path, folder: Path, wanted: str, select: Sequence[str], before: Path | None = None
) -> Path:
    """Build models in `folder`, in the work file of the build `before` if there is one."""
    if before is not None:
        shutil.copy(before / "work.duckdb", folder)
    variables = {"as_of_date": DEMO_AS_OF, "customer_health_personal_data": wanted}
    build(raw, folder, variables, select=select)
    return folder


def published(folder: Path) -> Path:
    """Publish what was built in a folder; return the file that readers open."""
    publish(folder / "work.duckdb", folder / "published.duckdb")
    return folder / "published.duckdb"


def with_marks(file: Path) -> set[Column]:
    """Return the text columns of a file in which a planted person stands."""
    found = set()
    with duckdb.connect(str(file), read_only=True) as connection:
        for table, columns in connection.execute(
            "select table_schema || '.' || table_name, list(column_name)"
            " from information_schema.columns where data_type = 'VARCHAR' group by all"
        ).fetchall():
            searched = ", ".join(f"bool_or(\"{name}\" ilike '%{MARK}%')" for name in columns)
            [row] = connection.execute(f"select {searched} from {table}").fetchall()
            found |= {
                (table, name) for name, is_there in zip(columns, row, strict=True) if is_there
            }
    return found


def texts(file: Path, column: Column) -> set[str]:
    """Return what stands in a column of a file."""
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = connection.execute(f"select distinct {column[1]} from {column[0]}").fetchall()
    return {text for (text,) in rows if text is not None}


def test_a_text_column_that_looks_personal_says_so() -> None:
    silent = [
        f"{model}.{column['name']}"
        for schema, model, column in described_columns()
        if schema == "marts"
        and column["data_type"] == "string"
        and LOOKS_PERSONAL.search(column["name"])
        and (f"marts.{model}", column["name"]) not in personal_columns()
    ]
    assert not silent


def test_columns_with_persons_are_those_that_say_so(kept: Path) -> None:
    found = with_marks(published(kept))
    assert {column for column in found if not column[0].startswith("intermediate.")} == (
        personal_columns()
    )


def test_a_hash_is_the_sha_256_also_of_what_was_stored(kept: Path, hashed: Path) -> None:
    for column in (
        *(("staging.stg_salesforce__accounts", name) for name in PLANTED[:3]),
        ("staging.stg_customer360__customer_values", "primary_email"),
        ("history.account_health_slices", "owner_id"),
    ):
        before, after = (texts(folder / "work.duckdb", column) for folder in (kept, hashed))
        if column[1] == "owner_email":
            before = {address.lower() for address in before}
        assert before
        assert after == {hashlib.sha256(text.encode()).hexdigest() for text in before}, column


def test_addresses_that_joined_join_when_they_are_hashed(kept: Path, hashed: Path) -> None:
    joined = []
    for folder in (kept, hashed):
        with duckdb.connect(str(folder / "work.duckdb"), read_only=True) as connection:
            joined += connection.execute(
                "select count(*) from staging.stg_mapping__accounts"
                " inner join staging.stg_customer360__customer_values using (primary_email)"
            ).fetchone()
    assert joined[0] == joined[1] > 20


def test_nobody_is_found_where_persons_are_dropped(dropped: Path) -> None:
    file = published(dropped)
    assert not with_marks(file)
    filled = {column[1] for column in personal_columns() if texts(file, column)}
    assert filled == {"primary_email"}, "keys are hashed, all else is unknown"
    with duckdb.connect(str(file), read_only=True) as connection:
        schemas = connection.execute(
            "select distinct table_schema from information_schema.tables"
        ).fetchall()
    assert {schema for (schema,) in schemas} == {"history", "intermediate", "marts"}


def test_the_page_on_security_lists_every_column_with_persons() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(\w+\.\w+)` \| `(\w+)` \|", text, re.MULTILINE))
    assert {column for column in listed if not column[0].startswith("staging.")} == (
        personal_columns()
    )
