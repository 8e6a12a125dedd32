"""The stored dates of DuckDB files, exported, imported and dropped: `customer-health history`."""

from pathlib import Path

import duckdb
import pytest

from customer_health.publish import publish

WORK = Path("warehouse/work.duckdb")
PUBLISHED = Path("warehouse/customer_health.duckdb")
DAYS = ("2026-01-01", "2026-01-08", "2026-01-15")
COPY = Path("warehouse/dropped_dates/slices.2026-01-08.parquet")


@pytest.fixture
def site(house: Path) -> None:
    """A work file with three dates, published; the project knows the table, and one more."""
    models = house / "models" / "history"
    models.mkdir(parents=True)
    for table in ("slices", "log"):
        (models / f"{table}.sql").touch()
    WORK.parent.mkdir()
    days = ", ".join(f"(date '{day}', {number})" for number, day in enumerate(DAYS))
    with duckdb.connect(WORK) as connection:
        connection.execute(
            f"""
            create schema marts; create schema history;
            create table marts.policies as select 1 as id;
            create table history.log (as_of_date date);
            create table history.slices as from (values {days}) as days (as_of_date, points);
            """
        )
    publish(WORK, PUBLISHED)


def rows(path: Path) -> list[tuple[str, int]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(
            "select cast(as_of_date as varchar), points from history.slices order by all"
        ).fetchall()


ALL = list(zip(DAYS, range(3), strict=True))


def test_exported_dates_come_back_into_a_new_work_file(site, run):
    assert run("history", "export", "kept") == (0, "kept/log.parquet\nkept/slices.parquet\n", "")
    WORK.unlink()
    PUBLISHED.unlink()
    status, out, err = run("history", "import", "kept")
    assert (status, out) == (0, "")
    assert "3 of the stored dates (2026-01-01 to 2026-01-15); it is taken over from kept" in err
    assert rows(WORK) == ALL
    assert WORK.stat().st_mode & 0o777 == 0o600
    assert run("history", "import", "kept") == (0, "", "")


def test_what_the_work_file_has_of_a_date_stays(site, run):
    run("history", "export", "kept")
    with duckdb.connect(WORK) as connection:
        connection.execute("update history.slices set points = 7 where points = 0")
        connection.execute("delete from history.slices where points = 1")
    assert run("history", "import", "kept")[0] == 0
    assert rows(WORK) == [(DAYS[0], 7), *ALL[1:]]


def test_a_dropped_date_is_gone_after_a_publish_and_can_come_back(site, run):
    run("history", "export", "kept")
    assert run("history", "drop", DAYS[1]) == (0, f"{COPY}\n", "")
    assert rows(WORK) == [ALL[0], ALL[2]]
    assert COPY.stat().st_mode & 0o777 == 0o600
    assert rows(PUBLISHED) == ALL
    assert run("history", "restore") == (0, "", "")
    publish(WORK, PUBLISHED)
    assert rows(PUBLISHED) == [ALL[0], ALL[2]]
    for folder in (COPY.parent, "kept"):
        assert run("history", "import", folder)[0] == 0
    publish(WORK, PUBLISHED)
    assert rows(PUBLISHED) == ALL
    with duckdb.connect(WORK) as connection:
        connection.execute("delete from history.slices where points = 1")
    # The note of the drop is gone: the date is missed again.
    assert "1 of the stored dates" in run("history", "restore")[2]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("drop", "2026-01-02"), f"{WORK} has nothing stored of 2026-01-02"),
        (("import", "empty"), "empty holds no .parquet file of `customer-health history export`"),
        (
            ("import", "strange"),
            "x.parquet is none of the tables of the history (log, slices)",
        ),
        (("import", "other"), "other/log.parquet' has no column as_of_date, so it is no history"),
    ],
)
def test_what_is_no_history_is_refused(words, sentence, site, run):
    for folder in ("empty", "strange", "other"):
        Path(folder).mkdir()
    duckdb.execute("copy (select 1 as a) to 'strange/x.parquet'")
    duckdb.execute("copy (select 1 as a) to 'other/log.parquet'")
    status, out, err = run("history", *words)
    assert (status, out) == (1, "")
    assert sentence in err
    assert rows(WORK) == ALL


@pytest.mark.parametrize("words", [("drop", "2026-01-01"), ("export", "kept")])
def test_without_files_nothing_is_made(words, house, run):
    status, _, err = run("history", *words)
    assert status == 1
    assert err.startswith("customer-health: there is no ")
    assert not WORK.exists()
