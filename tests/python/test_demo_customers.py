"""Demo customers: duplicates as joins leave them, dirt in small known shares, ids that disagree."""

import datetime
from pathlib import Path

import duckdb
import pytest

from customer_health.demo import (
    customer_activity,
    customer_addresses,
    customer_funnel,
    customer_mapping,
    customer_value,
    customers,
    writer,
)
from customer_health.demo.writer import MOST_CUSTOMERS, write_demo
from customer_health.errors import UserError
from customer_health.project import source_tables
from customer_health.readers import read
from customer_health.sql import identifier, literal

ROOT = Path(__file__).resolve().parents[2]
AS_OF = datetime.date(2026, 6, 1)

# The module of each table by the name of the view in the tests.
TABLES = {
    "activity": customer_activity,
    "funnel": customer_funnel,
    "value": customer_value,
    "address": customer_addresses,
    "mapping": customer_mapping,
}
TIMES = {
    "activity": "activity_analysis_timestamp",
    "funnel": "funnel_analysis_timestamp",
    "value": "analysis_timestamp",
}

# What decides among rows of one time: the ids, then these.
SYSTEM_IDS = tuple(customers.SYSTEMS.values())
DECIDING = {
    "activity": ("composite_engagement_score", "primary_email"),
    "funnel": ("marketing_to_sales_days", "estimated_customer_ltv", "primary_email"),
    "value": ("estimated_customer_ltv", "primary_email"),
}

# More than one row group of DuckDB's, so that threads really share the work.
SEVERAL_ROW_GROUPS = 130_000

# Too few for the customer with 24, 576 and 331,776 rows.
FEW = 900


def write_customers(folder: Path, count: int, **options: object) -> dict[str, Path]:
    """Write the demo with one account and the mapping; return the files by the tests' names."""
    options = {"with_mapping": True} | options
    paths = {
        path.stem: path for path in write_demo(folder, 1, customer_count=count, weeks=0, **options)
    }
    return {name: paths[table.TABLE] for name, table in TABLES.items() if table.TABLE in paths}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A connection with a view per table of the default demo, its key in the column `customer`.

    `best_<table>` holds one row per customer: of the latest run, and of those by the ids.
    """
    connection = duckdb.connect()
    for name, path in write_customers(tmp_path_factory.mktemp("demo"), MOST_CUSTOMERS).items():
        key = ", nullif(lower(trim(primary_email)), '') as customer" if name in TIMES else ""
        connection.execute(f"create view {name} as select *{key} from {literal(str(path))}")
    for name, time in TIMES.items():
        ids = ", ".join(f"nullif(trim({column}), '') nulls last" for column in SYSTEM_IDS)
        figures = ", ".join(DECIDING[name])
        connection.execute(
            f"""
            create table best_{name} as from {name} where customer is not null
            qualify row_number() over (
                partition by customer
                order by case when year({time}) < 2100 then {time} end desc nulls last, {ids},
                    {figures}
            ) = 1
            """
        )
    return connection


# The customers with what decides whether they belong to the cohort, refused values as unknown.
COHORT = """
    with joined as (
        select
            customer,
            case when composite_engagement_score >= 0 and not isnan(composite_engagement_score)
                then composite_engagement_score end as engagement,
            marketing_to_sales_days between 10 and 20 and sales_to_support_days > 30 as is_special,
            zendesk_active, recency_score, frequency_score, monetary_score
        from best_activity
        full join best_funnel using (customer)
        full join best_value using (customer)
    ),
    averages as (
        select
            (select avg(engagement) from joined) as over_customers,
            (
                select avg(composite_engagement_score) from activity
                where customer is not null and composite_engagement_score >= 0
                    and not isnan(composite_engagement_score)
            ) as over_rows
    )
"""


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return connection.execute(query).fetchall()


def value(connection: duckdb.DuckDBPyConnection, query: str) -> object:
    return rows(connection, query)[0][0]


def rows_of(path: Path) -> list[tuple]:
    """All rows in their order, NaN as text, because no NaN equals another."""
    with duckdb.connect() as connection:
        return rows(connection, f"select columns(*)::varchar from {literal(str(path))}")


def contents(paths: dict[str, Path]) -> dict[str, list[tuple]]:
    return {name: rows_of(path) for name, path in paths.items()}


def test_same_options_give_the_same_rows_in_the_same_order(tmp_path):
    first = contents(write_customers(tmp_path / "first", 60, seed=7))
    assert first == contents(write_customers(tmp_path / "second", 60, seed=7))
    other = contents(write_customers(tmp_path / "other", 60, seed=8))
    assert all(first[name] != other[name] for name in TABLES)


def test_threads_change_nothing():
    def fingerprint(threads: int) -> tuple:
        with duckdb.connect() as connection:
            connection.execute(f"set threads = {threads}")
            customers.prepare(connection, SEVERAL_ROW_GROUPS, 42, AS_OF)
            connection.execute(f"create table made as {customer_value.query(42, AS_OF)}")
            return rows(connection, "select count(*), bit_xor(hash(made, rowid)) from made")[0]

    assert fingerprint(threads=1) == fingerprint(threads=4)


def test_more_customers_keep_the_first_ones(tmp_path):
    few = contents(write_customers(tmp_path / "few", 200))
    many = contents(write_customers(tmp_path / "many", 400))
    assert all(many[name][: len(few[name])] == few[name] for name in TABLES)
    assert all(len(many[name]) > len(few[name]) for name in TABLES)


def test_dates_count_back_from_the_day_given(tmp_path):
    day = datetime.date(2024, 2, 29)
    path = write_customers(tmp_path, FEW, as_of=day)["funnel"]
    with duckdb.connect() as connection:
        newest = value(
            connection,
            f"select max(funnel_analysis_timestamp) filter (year(funnel_analysis_timestamp) < 2100)"
            f" from {literal(str(path))}",
        )
    assert newest == datetime.datetime(2024, 2, 28, 4)


def test_tables_have_the_declared_columns_and_types(sample):
    declared = source_tables(ROOT)
    for name, table in TABLES.items():
        written = {
            column: type_.lower()
            for column, type_, *_ in sample.execute(f"describe {name}").fetchall()
            if column != "customer"
        }
        assert list(written.items()) == list(declared[table.TABLE].items())
        assert written == table.COLUMNS


def test_rows_come_n_n2_and_n4_times(sample):
    counted = rows(
        sample,
        """
        select in_value, count(*), min(in_activity), max(in_activity), min(in_funnel),
            max(in_funnel)
        from (select customer, count(*) as in_value from value group by 1)
        inner join (select customer, count(*) as in_activity from activity group by 1)
            using (customer)
        inner join (select customer, count(*) as in_funnel from funnel group by 1) using (customer)
        where customer is not null
        group by in_value order by in_value
        """,
    )
    assert [times for times, *_ in counted] == [1, 2, 3, 24]
    for times, _, *counts in counted:
        assert counts == [times**2, times**2, times**4, times**4]
    numbers = {times: number for times, number, *_ in counted}
    assert numbers[24] == 1
    assert 140 <= numbers[2] <= 240
    assert 25 <= numbers[3] <= 75


def test_every_customer_is_in_one_table_at_least_and_some_not_in_all(sample):
    assert (
        value(
            sample,
            "select count(distinct customer) from (select customer from activity union all"
            " select customer from funnel union all select customer from value)",
        )
        == MOST_CUSTOMERS
    )
    for name in TIMES:
        present = value(sample, f"select count(distinct customer) from {name}")
        assert 0.990 <= present / MOST_CUSTOMERS < 1


def test_fifty_customers_have_duplicates_but_not_the_extreme_ones(tmp_path):
    paths = write_customers(tmp_path, 50)
    with duckdb.connect() as connection:
        times = rows(
            connection,
            f"select count(*) as times from {literal(str(paths['value']))}"
            " group by lower(trim(primary_email))",
        )
    assert {2, 3} <= {count for (count,) in times} <= {1, 2, 3}
    assert all(rows_of(path) for path in paths.values())


def test_single_customer_is_enough(tmp_path):
    assert len(rows_of(write_customers(tmp_path, 1)["funnel"])) == 1


@pytest.mark.parametrize(
    ("table", "label", "condition", "low", "high"),
    [
        ("activity", "blank key", "customer is null", 0.0005, 0.004),
        ("funnel", "blank key", "customer is null", 0.0005, 0.004),
        ("value", "blank key", "customer is null", 0.0005, 0.004),
        ("activity", "upper-case key", "primary_email = upper(primary_email)", 0.004, 0.02),
        ("funnel", "blanks around the key", "primary_email <> trim(primary_email)", 0.007, 0.03),
        ("value", "spelling of the key", "primary_email <> customer", 0.02, 0.06),
        ("activity", "negative engagement", "composite_engagement_score < 0", 2e-4, 3e-3),
        ("activity", "not a number", "isnan(composite_engagement_score)", 3e-4, 4e-3),
        ("activity", "health", "customer_health_score = 130", 3e-4, 4e-3),
        ("activity", "days", "days_since_last_activity < 0", 2e-4, 3e-3),
        ("activity", "flags", "zendesk_active = 2 or in_marketo = 3", 5e-4, 5e-3),
        ("activity", "future", "activity_analysis_timestamp > '2100-01-01'", 2e-4, 3e-3),
        ("activity", "no time", "activity_analysis_timestamp is null", 5e-4, 5e-3),
        ("activity", "no engagement", "composite_engagement_score is null", 1e-3, 7e-3),
        ("activity", "no health", "customer_health_score is null", 5e-3, 2e-2),
        ("activity", "no risk", "activity_risk_level is null", 1e-3, 1e-2),
        ("activity", "no velocity", "engagement_velocity is null", 1e-3, 1e-2),
        ("activity", "blank id", "marketo_lead_id = ''", 5e-4, 7e-3),
        ("activity", "published rule", "engagement_velocity = 'Increasing'", 5e-4, 5e-3),
        ("activity", "unknown velocity", "engagement_velocity in ('Surging', 'n/a')", 7e-4, 6e-3),
        ("activity", "unknown risk", "activity_risk_level = 'Severe'", 5e-4, 5e-3),
        ("activity", "older labels", "activity_risk_level like '% Activity Risk'", 0.03, 0.08),
        (
            "activity",
            "unusual velocity",
            "engagement_velocity <> trim(engagement_velocity)"
            " or engagement_velocity = upper(engagement_velocity)",
            0.002,
            0.010,
        ),
        ("funnel", "negative value", "estimated_customer_ltv < 0", 3e-4, 4e-3),
        ("funnel", "infinite value", "isinf(estimated_customer_ltv)", 2e-4, 4e-3),
        ("funnel", "health", "customer_health_score = 130", 3e-4, 4e-3),
        ("funnel", "days not a number", "isnan(marketing_to_sales_days)", 3e-4, 4e-3),
        ("funnel", "sales first", "marketing_to_sales_days < 0", 1e-3, 2e-2),
        ("funnel", "support first", "sales_to_support_days < 0", 4e-3, 2e-2),
        ("funnel", "no value", "estimated_customer_ltv is null", 5e-3, 2e-2),
        ("funnel", "no tier", "customer_tier is null", 5e-3, 2e-2),
        ("funnel", "unknown tier", "customer_tier = 'Diamond'", 5e-4, 5e-3),
        ("funnel", "no channel", "trim(primary_engagement_channel) = ''", 2e-3, 1.5e-2),
        ("value", "negative value", "estimated_customer_ltv < 0", 3e-4, 4e-3),
        ("value", "not a number", "isnan(estimated_customer_ltv)", 3e-4, 4e-3),
        ("value", "no value", "estimated_customer_ltv is null", 5e-3, 2e-2),
        ("value", "health", "customer_health_score = 130", 3e-4, 4e-3),
        ("value", "no health", "customer_health_score is null", 5e-3, 2e-2),
        ("value", "monetary", "monetary_score not in (1, 2, 3, 4, 5)", 2e-4, 3e-3),
        ("value", "recency", "recency_score <> round(recency_score)", 2e-4, 3e-3),
        ("value", "frequency", "frequency_score = 0", 2e-4, 3e-3),
        ("value", "no tier", "customer_tier is null", 5e-3, 2e-2),
        ("value", "unknown tier", "customer_tier = 'Diamond'", 5e-4, 5e-3),
        ("value", "lower-case tier", "customer_tier = lower(customer_tier)", 1e-3, 1e-2),
        ("address", "blank key", "trim(customer360_id) = ''", 5e-4, 5e-3),
        ("address", "no system", "source_system is null", 1e-3, 1e-2),
        ("address", "no country", "country is null", 3e-3, 2e-2),
        ("address", "no rank", "rank is null", 1e-3, 1e-2),
        ("mapping", "blank key", "customer360_id is null", 5e-4, 8e-3),
    ],
)
def test_dirt_comes_in_its_share(sample, table, label, condition, low, high):
    # The customer with 331,776 rows has no dirt and would hide that of all others.
    others = (
        f"regexp_matches(customer, '[^0-9]{customers.EXTREME}@')" if table in TIMES else "false"
    )
    share = value(
        sample,
        f"select count(*) filter ({condition}) / count(*) from {table}"
        f" where ({others}) is not true",
    )
    assert low <= share <= high, label


def test_duplicates_differ_in_ids_and_some_in_times_and_figures(sample):
    figures = {
        "activity": "composite_engagement_score",
        "funnel": "marketing_to_sales_days",
        "value": "estimated_customer_ltv",
    }
    for table, time in TIMES.items():
        several, other_ids, other_times, same_times, other_figures, same_figures = rows(
            sample,
            f"""
            select count(*), count(*) filter (ids > 1), count(*) filter (runs > 1),
                count(*) filter (runs = 1), count(*) filter (figures > 1),
                count(*) filter (figures = 1)
            from (
                select count(*) as times, count(distinct {time}) as runs,
                    count(distinct ({", ".join(SYSTEM_IDS)})) as ids,
                    count(distinct {figures[table]}) as figures
                from {table} where customer is not null group by customer
            )
            where times > 1
            """,
        )[0]
        assert other_ids >= 0.8 * several, table
        assert other_times > 20, table
        assert other_figures > 20, table
        assert same_figures > 20, table
        assert table != "value" or same_times > 20


def test_latest_time_is_tied_among_rows_that_decide_otherwise(sample):
    """The order by the ids decides, for some customers also whether they belong to the cohort."""
    tied = rows(
        sample,
        """
        select
            count(*) filter (times > 1),
            count(*) filter (times > 1 and decisions > 1)
        from (
            select customer, count(*) as times, count(distinct (
                marketing_to_sales_days between 10 and 20 and sales_to_support_days > 30
            )) as decisions
            from funnel
            inner join (
                select customer, max(funnel_analysis_timestamp) as funnel_analysis_timestamp
                from funnel where year(funnel_analysis_timestamp) < 2100 group by customer
            ) using (customer, funnel_analysis_timestamp)
            group by customer
        )
        """,
    )[0]
    assert tied[0] > 150
    assert tied[1] > 10


def test_ids_agree_between_tables_for_some_customers_only(sample):
    for column in SYSTEM_IDS:
        share = value(
            sample,
            f"select avg((best_activity.{column} = best_funnel.{column})::integer)"
            " from best_activity inner join best_funnel using (customer)",
        )
        assert 0.25 < share < 0.55, column


def test_cohort_is_about_a_fifth_and_depends_on_the_average(sample):
    over_customers, over_rows, members, row_members = rows(
        sample,
        f"""{COHORT}
        select any_value(over_customers), any_value(over_rows),
            count(*) filter (is_special and engagement > over_customers),
            count(*) filter (is_special and engagement > over_rows)
        from joined, averages
        """,
    )[0]
    assert over_customers == pytest.approx(8.0, abs=0.3)
    assert over_rows == pytest.approx(9.0, abs=0.3)
    assert members == pytest.approx(959, rel=0.05)
    assert row_members == pytest.approx(867, rel=0.05)


def test_join_before_deduplication_gives_hundreds_of_times_as_many(sample):
    naive = value(
        sample,
        f"""{COHORT}
        select count(*)
        from activity
        inner join funnel using (customer)
        cross join averages
        where marketing_to_sales_days between 10 and 20 and sales_to_support_days > 30
            and composite_engagement_score > over_customers
        """,
    )
    assert 331_776 <= naive <= 400_000


def test_members_look_like_the_published_ones(sample):
    recency, frequency, monetary, active = rows(
        sample,
        f"""{COHORT}
        select avg(recency_score), avg(frequency_score),
            avg(monetary_score) filter (monetary_score <= 5),
            avg(zendesk_active) filter (zendesk_active <= 1)
        from joined, averages where is_special and engagement > over_customers
        """,
    )[0]
    assert (recency, frequency, monetary) == pytest.approx((2.95, 2.95, 2.95), abs=0.08)
    assert active == pytest.approx(0.27, abs=0.03)


def test_tiers_are_equally_frequent_and_worth_more_and_more(sample):
    tiers = {
        tier: (count, worth)
        for tier, count, worth in rows(
            sample,
            "select customer_tier, count(*), median(estimated_customer_ltv) from best_value"
            " group by customer_tier",
        )
    }
    shares = [tiers[tier][0] / MOST_CUSTOMERS for tier in customers.TIERS]
    assert shares == pytest.approx([0.2] * 5, abs=0.03)
    worths = [tiers[tier][1] for tier in customers.TIERS]
    assert worths == sorted(worths)
    assert worths[-1] > 10 * worths[0]


def test_lifetime_values_of_two_tables_disagree(sample):
    agreeing, correlation = rows(
        sample,
        """
        select avg((estimated_customer_ltv = funnel_ltv)::integer),
            corr(ln(estimated_customer_ltv), ln(funnel_ltv))
        from best_value
        inner join (
            select customer, estimated_customer_ltv as funnel_ltv from best_funnel
            where estimated_customer_ltv > 0 and isfinite(estimated_customer_ltv)
        ) using (customer)
        where estimated_customer_ltv > 0 and isfinite(estimated_customer_ltv)
        """,
    )[0]
    assert 0.03 < agreeing < 0.2
    assert 0.9 < correlation < 0.999


def test_labels_and_channels_are_those_of_the_two_lists(sample):
    def labels(column: str, table: str) -> set[str]:
        found = rows(sample, f"select distinct {column} from {table} where trim({column}) <> ''")
        return {label for (label,) in found}

    assert labels("primary_engagement_channel", "activity") == set(customer_activity.CHANNELS)
    assert labels("primary_engagement_channel", "funnel") == set(customer_funnel.CHANNELS)
    assert not set(customer_activity.CHANNELS) & set(customer_funnel.CHANNELS)
    known = {*customers.RISK_LEVELS, "Low Activity Risk", "High Activity Risk"}
    assert known <= labels("activity_risk_level", "activity")
    assert set(customers.VELOCITIES) <= labels("engagement_velocity", "activity")


def test_all_eight_combinations_of_platforms_occur(sample):
    shares = rows(
        sample,
        "select count(*) / sum(count(*)) over () from best_activity where in_marketo <= 1"
        " group by (in_marketo, in_stripe, in_zendesk) having in_stripe is not null",
    )
    assert len(shares) == 8
    assert min(shares)[0] > 0.1


def test_addresses_reach_customers_by_the_mapping_alone(sample):
    texts = " union all ".join(
        f"select {column} as text from {table}"
        for table in TIMES
        for column in (*SYSTEM_IDS, "primary_email", "primary_organization")
    )
    for column in customer_addresses.COLUMNS:
        shared = value(
            sample,
            f"select count(*) from address where trim({column}::varchar) in"
            f" (select trim(text) from ({texts}) where trim(text) <> '')",
        )
        assert shared == 0, column
    matched = value(
        sample,
        f"""
        select count(distinct customer) / {MOST_CUSTOMERS}
        from best_activity
        inner join mapping on best_activity.marketo_lead_id = mapping.marketo_lead_id
            or best_activity.stripe_customer_id = mapping.stripe_customer_id
            or best_activity.zendesk_user_id = mapping.zendesk_user_id
        where customer360_id is not null
        """,
    )
    assert 0.65 < matched < 0.85


def test_addresses_come_from_ten_countries_and_three_systems(sample):
    countries = rows(sample, "select country from address where country <> '' group by country")
    systems = rows(
        sample, "select distinct lower(source_system) from address where source_system <> ''"
    )
    assert len(countries) == 10
    assert {system for (system,) in systems} == {"marketo", "stripe", "zendesk"}
    several, tied = rows(
        sample,
        """
        select avg((addresses > 1)::integer), count(*) filter (firsts > 1)
        from (
            select count(*) as addresses, count(*) filter (rank = 1) as firsts
            from address group by customer360_id
        )
        """,
    )[0]
    assert 0.3 < several < 0.6
    assert tied > 20


def test_names_are_not_those_of_the_accounts(tmp_path):
    accounts, activity, *_ = write_demo(tmp_path, 3000, customer_count=FEW, weeks=0)
    with duckdb.connect() as connection:
        shared = value(
            connection,
            f"""
            select count(*) from {literal(str(activity))}
            where primary_organization in (select account_name from {literal(str(accounts))})
                or regexp_extract(lower(primary_email), '@(.*)[.]example', 1) in (
                    select regexp_extract(website, 'www[.](.*)[.]example', 1)
                    from {literal(str(accounts))}
                )
            """,
        )
    assert shared == 0


def as_typed(columns: dict[str, str], select: str) -> str:
    """Return the rows with their types: 'n/a' as NaN, an empty text as none, as CSV has it."""
    values = (
        f"nullif({identifier(name)}, '') as {identifier(name)}"
        if type_ == "varchar"
        else f"cast(replace({identifier(name)}::varchar, 'n/a', 'nan') as {type_})"
        f" as {identifier(name)}"
        for name, type_ in columns.items()
    )
    return f"select {', '.join(values)} from ({select})"


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_text_formats_hold_the_same_rows(tmp_path, format_):
    parquet = write_customers(tmp_path / "parquet", FEW)
    texts = write_customers(tmp_path / format_, FEW, format_=format_)
    with duckdb.connect() as connection:
        for name, table in TABLES.items():
            written = as_typed(table.COLUMNS, f"from {literal(str(parquet[name]))}")
            loaded = as_typed(table.COLUMNS, read(connection, texts[name]).select)
            assert value(connection, f"select count(*) from ({written})") > FEW
            for one, other in ((written, loaded), (loaded, written)):
                assert value(connection, f"select count(*) from ({one} except all {other})") == 0


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_numbers_are_not_available_in_text_formats_only(tmp_path, format_):
    paths = write_customers(tmp_path, FEW, format_=format_)
    said = 0
    with duckdb.connect() as connection:
        for name in TIMES:
            (column,) = TABLES[name].NOT_AVAILABLE
            select = read(connection, paths[name]).select
            said += value(connection, f"select count(*) from ({select}) where {column} = 'n/a'")
    assert said > 0


def test_extreme_customer_is_written_in_bounded_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "MEMORY_LIMIT", "150MB")
    path = write_customers(tmp_path, customers.EXTREME + 1, format_="csv")["funnel"]
    assert path.stat().st_size > 100e6


def test_mapping_is_written_when_asked_for(tmp_path):
    assert "mapping" not in write_customers(tmp_path, 10, with_mapping=False)
    assert "mapping" in write_customers(tmp_path, 10)


def test_mapping_of_an_earlier_demo_is_refused(tmp_path):
    write_customers(tmp_path, 10)
    with pytest.raises(UserError, match="would map the new addresses; remove it or add"):
        write_customers(tmp_path, 10, with_mapping=False)


def test_another_format_of_any_table_is_refused(tmp_path):
    (tmp_path / f"{customer_funnel.TABLE}.csv").write_text("primary_email\n")
    with pytest.raises(UserError, match=r"funnel_analysis\.csv is there already"):
        write_customers(tmp_path, 10)
    assert len(list(tmp_path.iterdir())) == 1


def test_failure_in_the_last_table_leaves_all_earlier_files(tmp_path, monkeypatch):
    paths = write_customers(tmp_path, 10)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    before = [path.read_bytes() for path in files]
    monkeypatch.setattr(customer_mapping, "query", lambda *_: "select error('no')")
    with pytest.raises(duckdb.Error):
        write_customers(tmp_path, 10, seed=43)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == files
    assert [path.read_bytes() for path in files] == before
    assert set(paths.values()) < set(files)
