"""Demo accounts: the same for the same seed, shaped like a CRM, dirty in small known shares."""

import datetime
from pathlib import Path

import duckdb
import pytest

from customer_health.demo import accounts
from customer_health.demo.writer import write_demo
from customer_health.errors import UserError
from customer_health.sql import literal

AS_OF = datetime.date(2026, 6, 1)

# More than one row group of DuckDB's, so that threads really share the work.
SEVERAL_ROW_GROUPS = 130_000

SAMPLE = 20_000


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A connection whose view `rows` shows the demo accounts of the default seed."""
    path = write_accounts(tmp_path_factory.mktemp("demo"), SAMPLE)
    connection = duckdb.connect()
    connection.execute(f"create view rows as from {literal(str(path))}")
    return connection


def write_accounts(folder: Path, count: int, **options: object) -> Path:
    """Write the demo with a single customer, no history, and return the file of the accounts."""
    return write_demo(folder, count, customer_count=1, weeks=0, **options)[0]


def value(connection: duckdb.DuckDBPyConnection, query: str) -> object:
    return connection.execute(query).fetchall()[0][0]


def rows_of(path: Path) -> list[tuple]:
    """All rows in their order, NaN as text, because no NaN equals another."""
    with duckdb.connect() as connection:
        return connection.execute(
            f"select columns(*)::varchar from {literal(str(path))}"
        ).fetchall()


def fingerprint(threads: int, seed: int) -> tuple:
    """A figure for the content and one for the order of the rows that DuckDB computes."""
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {threads}")
        accounts.prepare(connection, SEVERAL_ROW_GROUPS)
        query = accounts.query(seed, AS_OF)
        connection.execute(f"create table made as {query}")
        return connection.execute(
            "select count(*), bit_xor(hash(made)), bit_xor(hash(made, rowid)) from made"
        ).fetchall()[0]


def test_same_seed_gives_the_same_rows_in_the_same_order(tmp_path):
    first = rows_of(write_accounts(tmp_path / "first", 3000, seed=7))
    assert first == rows_of(write_accounts(tmp_path / "second", 3000, seed=7))
    assert first != rows_of(write_accounts(tmp_path / "other", 3000, seed=8))


def test_threads_change_nothing():
    assert fingerprint(threads=1, seed=42) == fingerprint(threads=4, seed=42)
    assert fingerprint(threads=4, seed=42) != fingerprint(threads=4, seed=43)


def test_more_accounts_keep_the_first_ones(tmp_path):
    few = rows_of(write_accounts(tmp_path / "few", 900))
    many = rows_of(write_accounts(tmp_path / "many", 1800))
    assert many[: len(few)] == few


def test_columns_are_those_of_the_crm_view(sample):
    described = sample.execute("describe rows").fetchall()
    assert {name: type_.lower() for name, type_, *_ in described} == accounts.COLUMNS
    assert len(described) == 54


def test_every_account_has_one_usable_key(sample):
    keys = sample.execute(
        "select count(distinct account_id), min(length(account_id)), max(length(account_id)),"
        " bool_and(starts_with(account_id, '001')) from rows where trim(account_id) <> ''"
    ).fetchall()
    assert keys == [(SAMPLE, 18, 18, True)]


@pytest.mark.parametrize(
    ("label", "condition", "low", "high"),
    [
        ("blank key", "account_id is null or trim(account_id) = ''", 0.0003, 0.002),
        ("negative revenue", "annual_revenue < 0", 0.0002, 0.002),
        ("negative won amount", "total_won_amount < 0 and not isinf(total_won_amount)", 1e-4, 2e-3),
        ("negative employees", "number_of_employees < 0", 1e-4, 0.002),
        ("negative contacts", "total_contacts < 0", 1e-4, 0.002),
        ("negative activities", "total_activities_30d < 0", 1e-4, 0.002),
        ("not a number", "isnan(annual_revenue)", 0.0002, 0.002),
        ("infinite", "isinf(current_pipeline_amount) or isinf(total_won_amount)", 0.0005, 0.003),
        ("more e-mails", "contacts_with_email > total_contacts", 0.0008, 0.004),
        ("win rate", "win_rate_percentage in (140, -5)", 0.0004, 0.003),
        ("unknown segment", "account_size_segment = 'Tiny'", 0.0004, 0.002),
        ("unknown industry", "industry_normalized = 'Space Mining'", 0.0004, 0.002),
        ("no industry", "industry_normalized is null", 0.001, 0.004),
        ("future", "account_created_date > epoch(timestamp '2100-01-01')", 0.0002, 0.002),
        ("past", "account_created_date < epoch(timestamp '1900-01-01')", 0.0002, 0.002),
        ("stray industry", "industry_normalized <> trim(industry_normalized)", 0.0004, 0.002),
        ("stray segment", "contains(account_size_segment, '_')", 1e-4, 0.002),
        ("quarter below month", "total_activities_90d < total_activities_30d", 0.004, 0.015),
        ("no contacts", "total_contacts = 0", 0.001, 0.006),
        ("no age", "account_age_days = 0", 0.0005, 0.004),
        ("no opportunities", "total_opportunities = 0", 0.005, 0.02),
        ("no recency", "days_since_last_activity is null", 0.0008, 0.005),
        ("foreign names", "regexp_matches(account_name, '[^ -~]')", 0.003, 0.01),
        ("formula names", "starts_with(account_name, '=')", 0.0005, 0.003),
    ],
)
def test_dirt_comes_in_its_share(sample, label, condition, low, high):
    share = value(sample, f"select count(*) filter ({condition}) / count(*) from rows")
    assert low <= share <= high, label


def test_some_keys_come_twice_and_some_three_times(sample):
    repeats = dict(
        sample.execute(
            "select times, count(*) from (select count(*) as times from rows"
            " where trim(account_id) <> '' group by account_id) group by times"
        ).fetchall()
    )
    assert repeats.keys() == {1, 2, 3}
    assert 20 <= repeats[2] <= 70
    assert 1 <= repeats[3] <= 20


def test_copies_are_exact_or_changed(sample):
    kinds = sample.execute(
        """
        select count(*) filter (variants = 1), count(*) filter (variants > 1)
        from (
            select count(*) as times, count(distinct data_completeness_score) as variants
            from rows where trim(account_id) <> '' group by account_id
        )
        where times > 1
        """
    ).fetchall()
    assert min(kinds[0]) > 5


def test_revenue_outliers_need_a_thousand_accounts(tmp_path):
    huge = "select count(*) filter (annual_revenue > 2e10 and not isnan(annual_revenue)) from {}"
    counts = [
        value(duckdb.connect(), huge.format(literal(str(write_accounts(tmp_path / str(n), n)))))
        for n in (998, 5000)
    ]
    assert counts == [0, 2]


def test_population_is_shaped_like_a_crm(sample):
    segments = dict(
        sample.execute(
            "select account_size_segment, count(*) / sum(count(*)) over () from rows group by 1"
        ).fetchall()
    )
    expected = {"Small Business": 0.17, "Mid-Market": 0.37, "Large": 0.30, "Enterprise": 0.16}
    for segment, share in expected.items():
        assert segments[segment] == pytest.approx(share, abs=0.02)
    sample.execute(
        "create or replace view plain as from rows where isfinite(annual_revenue)"
        " and annual_revenue between 1 and 2e10 and total_won_amount > 0"
        " and isfinite(total_won_amount) and number_of_employees > 0 and total_activities_30d >= 0"
    )

    def figure(expression: str) -> float:
        return value(sample, f"select {expression} from plain")

    assert figure("corr(customer_health_score, days_since_last_activity)") < -0.98
    assert figure("corr(total_activities_30d, days_since_last_activity)") < -0.03
    assert figure("corr(ln(annual_revenue), ln(total_won_amount))") > 0.7
    assert figure("corr(ln(annual_revenue), ln(number_of_employees))") > 0.8
    assert figure("avg(annual_revenue) / median(annual_revenue)") > 3


def test_states_exist_in_north_america_only(sample):
    assert value(
        sample,
        "select bool_and((billing_state is not null) = (geographic_region = 'North America'))"
        " from rows",
    )


def test_addresses_of_owners_are_nobodys(sample):
    assert value(sample, "select bool_and(owner_email like '%@example.com') from rows")


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_text_formats_hold_the_same_rows(tmp_path, format_):
    names = "account_id, account_name, annual_revenue, account_created_date, last_won_date"
    parquet, text = (
        f"select {names} from {literal(str(write_accounts(tmp_path / kind, 2000, format_=kind)))}"
        for kind in ("parquet", format_)
    )
    with duckdb.connect() as connection:
        assert value(connection, f"select count(*) from ({parquet})") > 2000
        assert value(connection, f"select count(*) from ({parquet} except all {text})") == 0


def test_another_format_of_the_table_is_refused(tmp_path):
    write_demo(tmp_path, 10)
    with pytest.raises(UserError, match="would be the same table"):
        write_demo(tmp_path, 10, format_="csv")


def test_failure_leaves_the_earlier_file_and_nothing_else(tmp_path, monkeypatch):
    paths = write_demo(tmp_path, 10)
    before = [path.read_bytes() for path in paths]
    monkeypatch.setattr(accounts, "query", lambda *_: "select error('no')")
    with pytest.raises(duckdb.Error):
        write_demo(tmp_path, 10, seed=43)
    assert [path.read_bytes() for path in paths] == before
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(paths)
