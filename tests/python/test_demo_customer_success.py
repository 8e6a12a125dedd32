"""Demo customer success: documents in the published shape, a plausible mix, a little dirt."""

import datetime
import json
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from customer_health.demo import accounts, customer_success
from customer_health.demo.writer import write_demo
from customer_health.documents import TABLES
from customer_health.project import source_tables
from customer_health.sql import literal

ROOT = Path(__file__).resolve().parents[2]
COUNT = customer_success.MOST_CUSTOMERS
WEIGHTS = {"usage": 0.30, "engagement": 0.25, "support": 0.20, "relationship": 0.25}
METRIC_WEIGHTS = {
    "usage": (0.35, 0.40, 0.25),
    "engagement": (0.20, 0.30, 0.25, 0.25),
    "support": (0.35, 0.35, 0.30),
    "relationship": (0.35, 0.30, 0.35),
}
YELLOW_FROM = {"enterprise": 50, "mid-market": 45, "smb": 40}


def write(folder: Path, count: int, **options: object) -> dict[str, Path]:
    paths = write_demo(folder, count, customer_count=1, weeks=0, **options)
    return {path.stem: path for path in paths}


def records(path: Path) -> list[dict]:
    return json.loads(path.read_text())["customers"]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    return write(tmp_path_factory.mktemp("demo"), 10_000)


@pytest.fixture(scope="module")
def months(files) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    table = literal(str(files[customer_success.MONTHLY_ARR]))
    connection.execute(f"create view months as from {table}")
    return connection


def clean(record: dict) -> bool:
    """Whether no flaw hit the record."""
    numbers = [value for key in WEIGHTS for value in dict(record.get(key) or {}).values()]
    return (
        isinstance(record.get("arr"), float)
        and record.get("segment", "").lower() in YELLOW_FROM
        and all(record.get(key) for key in WEIGHTS)
        and all(isinstance(value, str) or (value is not None and value >= 0) for value in numbers)
        and "n/a" not in numbers
    )


def band(record: dict) -> str:
    """The class of a record, roughly, by the weights of the method."""
    segment = record["segment"].lower()
    overall = 0.0
    for section, targets in customer_success.TARGETS[segment].items():
        scores = []
        for metric, target in targets.items():
            share = record[section][metric] / abs(target)
            scores.append(min(100, max(0, 100 * (share if target > 0 else 1 - share))))
        if section == "relationship":
            points = {"positive": 100, "neutral": 60, "negative": 20}
            scores.append(points.get(record[section]["renewal_sentiment"], 50))
        of_section = zip(scores, METRIC_WEIGHTS[section], strict=True)
        overall += WEIGHTS[section] * sum(score * weight for score, weight in of_section)
    if overall >= customer_success.GREEN_FROM[segment]:
        return "green"
    return "yellow" if overall >= YELLOW_FROM[segment] else "red"


def test_columns_and_names_are_those_of_the_sources(files):
    described = source_tables(ROOT)
    assert described[customer_success.MONTHLY_ARR] == customer_success.COLUMNS
    written = {name for name in files if name.startswith("customer_success__")}
    assert written == {*TABLES, customer_success.MONTHLY_ARR}


def test_customers_are_the_first_accounts(files):
    table = literal(str(files[accounts.TABLE]))
    ids = duckdb.sql(f"select distinct account_id from {table}").fetchall()
    known = {key for (key,) in ids}
    for name in TABLES:
        found = [record.get("customer_id") for record in records(files[name])]
        assert {key for key in found if key is not None and key.strip()} <= known
        assert COUNT <= len(found) <= COUNT * 1.01


def test_portfolio_mix(files):
    health = [record for record in records(files["customer_success__health"]) if clean(record)]
    assert len(health) > 0.97 * COUNT
    shares = {name: count / len(health) for name, count in Counter(map(band, health)).items()}
    assert shares == pytest.approx({"green": 0.60, "yellow": 0.28, "red": 0.12}, abs=0.05)


def test_flaws_are_few_and_of_many_kinds(files):
    health = records(files["customer_success__health"])
    churn = records(files["customer_success__churn"])
    ids = Counter(record.get("customer_id") for record in health)
    flaws = {
        "duplicate": sum(count > 1 for count in ids.values()),
        "no id": sum("customer_id" not in record for record in health),
        "null arr": sum(record["arr"] is None for record in health),
        "text arr": sum(isinstance(record["arr"], str) for record in health),
        "unknown segment": sum(record.get("segment") == "strategic" for record in health),
        "no section": sum("support" not in record for record in health),
        "broken section": sum(record.get("support") == [] for record in health),
        "no previous": sum("previous_period" not in record for record in health),
        "no date": sum("contract_end_date" not in record for record in churn),
        "bad date": sum(record.get("contract_end_date") == "2026-02-30" for record in churn),
        "expired": sum(
            "2026-03" < record.get("contract_end_date", "") < "2026-06" for record in churn
        ),
    }
    assert all(flaws.values()), flaws
    assert sum(map(clean, health)) > 0.97 * len(health)


def test_same_seed_gives_the_same_files(tmp_path):
    def contents(folder: str, **options: object) -> list[bytes]:
        files = write(tmp_path / folder, 300, **options)
        return [path.read_bytes() for name, path in files.items() if "success" in name]

    assert contents("first", seed=7) == contents("second", seed=7)
    assert all(map(bytes.__ne__, contents("first", seed=7), contents("other", seed=8)))


def test_more_customers_keep_the_first_ones(tmp_path):
    few = records(write(tmp_path / "few", 300, success_count=50)["customer_success__churn"])
    many = records(write(tmp_path / "many", 300, success_count=90)["customer_success__churn"])
    assert len(many) > len(few) >= 50
    assert many[: len(few)] == few


def test_dates_count_back_from_the_day(tmp_path):
    files = write(tmp_path, 200, as_of=datetime.date(2024, 2, 29))
    table = literal(str(files["customer_success__monthly_arr"]))
    found = duckdb.sql(f"select min(month), max(month) from {table}").fetchall()
    assert found == [(datetime.date(2022, 9, 1), datetime.date(2024, 2, 1))]


def test_formats(tmp_path):
    files = write(tmp_path, 200, format_="csv")
    assert files["customer_success__monthly_arr"].suffix == ".csv"
    assert {files[name].suffix for name in TABLES} == {".json"}


def test_small_demos(tmp_path):
    for count in (1, 2, 9):
        assert records(write(tmp_path / str(count), count)["customer_success__health"])
    files = write(tmp_path / "more", 5, success_count=500)
    assert 3 <= len(records(files["customer_success__health"])) <= 6


def test_months_tell_of_new_lost_grown_and_cut_customers(months):
    [counts] = months.execute(
        """
        with cleaned as (
            select customer_id, month, max(arr) as arr from months
            where arr >= 0 and customer_id is not null group by all
        ),
        moved as (
            select
                customer_id, month, arr,
                lag(arr) over (partition by customer_id order by month) as before,
                min(month) over (partition by customer_id) as first_month,
                max(month) over (partition by customer_id) as last_month,
                (select min(month) from months) as first_of_all,
                (select max(month) from months) as last_of_all
            from cleaned
        )
        select
            count(distinct month),
            count(distinct customer_id),
            count(distinct case when first_month > first_of_all then customer_id end),
            count(distinct case when last_month < last_of_all or arr = 0 then customer_id end),
            count(case when arr > before * 1.04 then 1 end),
            count(case when arr < before * .96 and arr > 0 then 1 end)
        from moved
        """
    ).fetchall()
    month_count, customers, new, lost, grown, cut = counts
    assert month_count == customer_success.MONTHS
    assert customers == COUNT * (1 + customer_success.FORMER)
    assert 0.1 < new / customers < 0.3
    assert 0.08 < lost / customers < 0.14
    assert grown > 2 * cut > 100
