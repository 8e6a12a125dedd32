"""What a BI tool sees: the published file through SQLAlchemy, read-only, while a build runs."""

import time
from pathlib import Path

import pytest
import sqlalchemy
from commands import finish, start
from small_project import write_small_project

URL = "duckdb:///warehouse/customer_health.duckdb"
DOCUMENTED = "    +persist_docs: {relation: true, columns: true}\n"


@pytest.fixture
def project(house: Path, accounts: Path) -> Path:
    """The small project with its comments in the database, and raw files for it."""
    write_small_project(house)
    path = house / "dbt_project.yml"
    path.write_text(path.read_text().replace("  small:\n", f"  small:\n{DOCUMENTED}", 1))
    return house


def seen() -> dict[str, dict[str, str | None]]:
    """Return the comments of the columns of every mart, by mart."""
    engine = sqlalchemy.create_engine(URL, connect_args={"read_only": True})
    try:
        inspector = sqlalchemy.inspect(engine)
        return {
            table: {
                column["name"]: column["comment"]
                for column in inspector.get_columns(table, schema="marts")
            }
            for table in inspector.get_table_names(schema="marts")
        }
    finally:
        engine.dispose()


def test_reader_finds_tables_columns_and_comments_while_a_build_runs(project: Path) -> None:
    assert finish("build").returncode == 0
    expected = {
        "first": {"account_id": None, "marker": "It's the marker"},
        "second": {"account_id": None, "marker": None},
    }
    build, readings = start("build", "--vars", "{marker: two}"), 0
    while build.poll() is None:
        assert seen() == expected
        readings += 1
        time.sleep(0.2)
    build.communicate()
    assert build.returncode == 0
    assert readings > 3
    engine = sqlalchemy.create_engine(URL, connect_args={"read_only": True})
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.text("select distinct marker from marts.second")).all()
        comment = sqlalchemy.inspect(engine).get_table_comment("first", schema="marts")
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="read-only"):
            connection.execute(sqlalchemy.text("delete from marts.second"))
    engine.dispose()
    assert rows == [("two",)]
    assert comment["text"].startswith("The first mart's")
