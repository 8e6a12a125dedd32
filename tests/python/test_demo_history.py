"""Demo history: what was planted shows in the scores, and ends in the current view."""

import datetime
from pathlib import Path

import duckdb
import pytest

from customer_health.demo import account_history, accounts
from customer_health.demo.writer import write_demo
from customer_health.errors import UserError
from customer_health.readers import table_files
from customer_health.sql import literal

AS_OF = datetime.date(2026, 6, 1)
WEEKS = account_history.WEEKS

# Points of the health score that each measure is worth in the policy run_rate; size never changes.
SCORES = """
    create table scores as
    with every_row as (
        select date '2026-06-01' as as_of_date, * from current_view
        union all by name
        select * from history where as_of_date > date '1900-01-01'
    ),
    cleaned as (
        select
            as_of_date,
            account_id,
            case when annual_revenue between 0 and 1e300 then annual_revenue end as revenue,
            case when total_won_amount between 0 and 1e300 then total_won_amount end as won,
            case when days_since_last_activity >= 0 then days_since_last_activity end as days,
            case when total_activities_30d >= 0 then total_activities_30d end as activities,
            case when number_of_employees >= 0 then number_of_employees end as employees,
            case
                when total_contacts < 0 then null
                when total_contacts = 0 then 0
                else least(1, contacts_with_email / total_contacts)
            end as coverage
        from every_row
        where trim(account_id) <> ''
        qualify row_number() over (
            partition by as_of_date, account_id
            order by data_completeness_score desc nulls last, days_since_last_activity nulls last
        ) = 1
    ),
    scaled as (
        select
            as_of_date,
            account_id,
            days,
            1 - (days - min(days) over same_date)
                / (max(days) over same_date - min(days) over same_date) as recency,
            activities / max(activities) over same_date as activity,
            coverage,
            (revenue - min(revenue) over same_date)
                / (max(revenue) over same_date - min(revenue) over same_date) as revenue,
            won / max(won) over same_date as won,
            (employees - min(employees) over same_date)
                / (max(employees) over same_date - min(employees) over same_date) as employees
        from cleaned
        window same_date as (partition by as_of_date)
    )
    select
        as_of_date,
        account_id,
        days,
        20 * recency + 20 * activity + 30 * coverage + 10 * revenue + 10 * won + 5 * employees
            as score
    from scaled
"""

# By account: the score now, at the begin and at the turn, and how far it ever was from now.
MOVEMENTS = """
    create table movements as
    select
        kind,
        account_id,
        max(score) filter (as_of_date = from_date) as at_begin,
        max(score) filter (as_of_date = turning_date) as at_turn,
        max(score) filter (as_of_date = turning_date - 7) as before_turn,
        max(score) filter (as_of_date = date '2026-06-01' - 91) as quarter_ago,
        arg_max(score, as_of_date) as last_score,
        max(score) - min(score) as range,
        count(*) as row_count
    from scores
    inner join truth using (account_id)
    where score is not null
    group by kind, account_id
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo data of the default size."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, 10_000, customer_count=1, success_count=1)
    return folder


@pytest.fixture(scope="module")
def demo(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the tables, the truth, and the scores that follow from them."""
    connection = duckdb.connect()
    files = {
        "current_view": folder / f"{accounts.TABLE}.parquet",
        "history": folder / f"{account_history.TABLE}.parquet",
        "outcomes": folder / f"{account_history.OUTCOMES}.parquet",
        "truth": folder / "demo_truth" / f"{account_history.TRUTH}.csv",
    }
    for name, path in files.items():
        connection.execute(f"create view {name} as from {literal(str(path))}")
    connection.execute(SCORES)
    connection.execute(MOVEMENTS)
    return connection


def value(connection: duckdb.DuckDBPyConnection, query: str) -> object:
    return connection.execute(query).fetchall()[0][0]


def write_history(folder: Path, count: int, **options: object) -> list[Path]:
    """Write the demo with a single customer; return the history, the outcomes and the truth."""
    paths = write_demo(folder, count, customer_count=1, success_count=1, **options)
    by_name = {path.stem: path for path in paths}
    names = (account_history.TABLE, account_history.OUTCOMES, account_history.TRUTH)
    return [by_name[name] for name in names]


def rows_of(path: Path) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"select columns(*)::varchar from {literal(str(path))}"
        ).fetchall()


def test_same_seed_gives_the_same_rows_in_the_same_order(tmp_path):
    def made(name: str, seed: int) -> list[list[tuple]]:
        return [rows_of(path) for path in write_history(tmp_path / name, 300, seed=seed)]

    first = made("first", 7)
    assert first == made("second", 7)
    assert all(one != other for one, other in zip(first, made("other", 8), strict=True))


def test_columns_are_those_of_the_view_and_a_date(demo):
    described = demo.execute("describe history").fetchall()
    assert {name: type_.lower() for name, type_, *_ in described} == {
        "as_of_date": "date",
        **accounts.COLUMNS,
    }


def test_snapshots_are_weekly_and_sorted(folder, demo):
    dates = demo.execute("select distinct as_of_date from history order by 1").fetchall()
    weekly = [(AS_OF - datetime.timedelta(days=7 * week),) for week in range(WEEKS, 0, -1)]
    assert dates == [(account_history.ANCIENT_DAY,), *weekly, (None,)]
    path = literal(str(folder / f"{account_history.TABLE}.parquet"))
    unsorted = f"""
        select count(*) from (
            select as_of_date < lag(as_of_date) over (order by file_row_number) as is_back
            from read_parquet({path}, file_row_number = true)
        ) where is_back
    """
    assert value(demo, unsorted) == 0


def test_kinds_come_in_their_shares(demo):
    kinds = dict(demo.execute("select kind, count(*) from truth group by kind").fetchall())
    shares = account_history.SHARES | {
        kind: account_history.DEPARTED * share
        for kind, share in account_history.DEPARTED_SHARES.items()
    }
    assert kinds.keys() == {"steady", *shares}
    # There are not enough young accounts for their share.
    assert kinds.pop("new_account") >= 50
    assert kinds.pop("steady") >= 1000
    assert kinds == {kind: round(2000 * shares[kind]) for kind in kinds}


def test_bounds_of_the_scores_are_those_of_the_current_view(demo):
    measures = ("days_since_last_activity", "total_activities_30d", "total_won_amount")
    bounds = ", ".join(
        f"min({name}) filter ({name} >= 0), max({name}) filter ({name} < 1e300)"
        for name in (*measures, "number_of_employees")
    )
    revenue = "max(annual_revenue) filter (annual_revenue < 1e300)"
    kept = "days_since_last_activity < 128"
    query = f"select distinct {bounds}, {revenue} from {{}} where {kept}"
    at_once = demo.execute(query.format("current_view")).fetchall()
    by_date = demo.execute(
        query.format("history") + " and as_of_date > date '1900-01-01' group by as_of_date"
    ).fetchall()
    assert by_date == at_once


@pytest.mark.parametrize(
    ("kind", "movement", "low", "high"),
    [
        ("steady", "range", 0, 2),
        ("departed_silently", "range", 0, 2),
        ("gap", "range", 0, 2),
        ("slow_decline", "quarter_ago - last_score", 8, 13),
        ("cliff", "before_turn - at_turn", 12, 31),
        ("cliff", "abs(at_turn - last_score)", 0, 2),
        ("recovery", "at_begin - at_turn", 10, 15),
        ("recovery", "last_score - at_turn", 8, 15),
        ("recovered", "at_begin - at_turn", 10, 15),
        ("recovered", "abs(quarter_ago - last_score)", 0, 2),
        ("seasonal", "range", 5, 7),
        ("seasonal", "abs(quarter_ago - last_score)", 0, 2),
        ("departed_after_decline", "at_turn - last_score", 9, 13),
    ],
)
def test_scores_move_as_planted(demo, kind, movement, low, high):
    # The bad values of a few rows hit one of a hundred steady accounts.
    inside, count = demo.execute(
        f"select count(*) filter ({movement} between {low} and {high}), count({movement})"
        f" from movements where kind = '{kind}'"
    ).fetchall()[0]
    assert count >= 50
    assert inside >= (0.97 if kind == "steady" else 1) * count


def test_cliffs_are_two_to_eight_weeks_ago(demo):
    assert demo.execute(
        "select date '2026-06-01' - max(turning_date), date '2026-06-01' - min(turning_date)"
        " from truth where kind = 'cliff'"
    ).fetchall() == [(14, 56)]


def test_silence_grows_no_faster_than_time_passes(demo):
    assert (
        value(
            demo,
            """
        select count(*) from (
            select
                days - lag(days) over one_account
                    - (as_of_date - lag(as_of_date) over one_account) as excess
            from scores
            where account_id in (select account_id from truth)
            window one_account as (partition by account_id order by as_of_date)
        ) where excess > 0
        """,
        )
        == 0
    )


def test_ages_count_back_exactly(demo):
    differing = """
        select count(*)
        from history
        inner join current_view using (account_id)
        where history.as_of_date > date '1900-01-01'
            and history.account_age_days
                <> current_view.account_age_days - (date '2026-06-01' - history.as_of_date)
    """
    assert value(demo, differing) == 0
    assert value(demo, "select min(account_age_days) from history") >= 0


@pytest.mark.parametrize(
    "column",
    [name for name, type_ in accounts.COLUMNS.items() if type_ == "timestamp"],
)
def test_no_date_is_after_its_snapshot(demo, column):
    known, late = demo.execute(
        f"select count({column}), count(*) filter ({column} > as_of_date) from history"
        " where as_of_date > date '1900-01-01'"
    ).fetchall()[0]
    assert known > 1000
    assert late == 0


def test_counts_fit_together(demo):
    assert (
        value(
            demo,
            "select count(*) from history where won_opportunities + lost_opportunities"
            " + open_opportunities <> total_opportunities or won_opportunities < 0"
            " or lost_opportunities < 0 or open_opportunities < 0 or total_activities_90d < 0",
        )
        == 0
    )


def test_pipelines_of_some_are_frozen_and_of_others_move(demo):
    frozen = value(
        demo,
        """
        select avg((pipelines = 1)::integer) from (
            select account_id, count(distinct current_pipeline_amount) as pipelines
            from history
            where as_of_date between date '2026-06-01' - 35 and date '2026-06-01' - 1
                and current_pipeline_amount > 0
            group by account_id
        )
        """,
    )
    assert 0.1 < frozen < 0.4


def test_new_accounts_have_no_rows_before_they_came(demo):
    firsts = demo.execute(
        "select from_date, min(as_of_date), count(*) from truth inner join history"
        " using (account_id) where kind = 'new_account' group by account_id, from_date"
    ).fetchall()
    assert all(planted == first for planted, first, _ in firsts)
    assert len({count for *_, count in firsts}) > 10


def test_gaps_are_missing_weeks_and_some_end_today(demo):
    assert (
        value(
            demo,
            "select count(*) from truth inner join history using (account_id) where kind = 'gap'"
            " and as_of_date >= from_date and as_of_date < turning_date",
        )
        == 0
    )
    assert value(demo, "select max(row_count) from movements where kind = 'gap'") <= WEEKS
    returned = "select count(*) from truth where kind = 'gap' and turning_date = date '2026-06-01'"
    assert value(demo, returned) >= 20


def test_departed_accounts_leave_and_churn_in_the_next_week(demo):
    assert demo.execute(
        """
        select bool_and(last_seen < outcome_date), bool_and(outcome_date - last_seen < 7),
            bool_and(outcome = 'churned'), bool_and(outcome_date <= date '2026-06-01'),
            count(*) >= 300, max(outcome_date) - min(outcome_date) > 100
        from (
            select account_id, outcome, outcome_date, max(as_of_date) as last_seen
            from truth inner join history using (account_id)
            where starts_with(kind, 'departed')
            group by all
        )
        """
    ).fetchall() == [(True,) * 6]
    departed = "select account_id from truth where starts_with(kind, 'departed')"
    assert value(demo, f"select count(*) from current_view where account_id in ({departed})") == 0


def test_outcomes_are_those_of_the_truth_and_a_few_unusable_rows(demo):
    assert demo.execute(
        "select count(*) from (select account_id, outcome, outcome_date from truth"
        " where outcome is not null except select account_id, outcome, outcome_date from outcomes)"
    ).fetchall() == [(0,)]
    assert value(demo, "select count(*) from outcomes") == 7 + value(
        demo, "select count(outcome) from truth"
    )
    assert value(demo, "select count(*) from truth where outcome_date > date '2026-06-01'") == 0
    labels = dict(demo.execute("select outcome, count(*) from truth group by 1").fetchall())
    assert min(labels[label] for label in ("contracted", "expanded", "renewed")) >= 50


@pytest.mark.parametrize(
    "condition",
    [
        "account_id is null",
        "as_of_date is null",
        "as_of_date < date '1900-01-01'",
        "total_activities_30d < 0",
        "contacts_with_email > total_contacts",
        "isinf(current_pipeline_amount)",
        "account_size_segment = 'Tiny'",
    ],
)
def test_some_rows_are_bad(demo, condition):
    share = value(demo, f"select count(*) filter ({condition}) / count(*) from history")
    assert 0 < share < 0.002


def test_some_rows_come_twice(demo):
    kinds = demo.execute(
        "select count(distinct data_completeness_score) from history where account_id is not null"
        " group by account_id, as_of_date having count(*) > 1"
    ).fetchall()
    assert {variants for (variants,) in kinds} == {1, 2}


def test_without_weeks_there_is_no_history(tmp_path):
    paths = write_demo(tmp_path, 10, weeks=0)
    assert not [path for path in paths if "history" in path.name or "outcomes" in path.name]
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(paths)


def test_history_of_other_accounts_is_refused(tmp_path):
    write_demo(tmp_path, 10)
    with pytest.raises(UserError, match="would be the past of the new accounts"):
        write_demo(tmp_path, 10, weeks=0)


def test_truth_is_no_table(folder):
    assert account_history.TRUTH not in table_files(folder)
    assert account_history.TABLE in table_files(folder)


@pytest.mark.parametrize(("count", "weeks"), [(1, 1), (3, 30), (40, 3)])
def test_few_accounts_and_weeks_will_do(tmp_path, count, weeks):
    history, outcomes, truth = write_history(tmp_path, count, weeks=weeks)
    rows = rows_of(history)
    assert 0 < len({row[1] for row in rows}) <= 2 * count
    assert len({row[0] for row in rows}) <= weeks + 2
    assert len(rows_of(truth)) >= len(rows_of(outcomes)) - 7


def test_accounts_beyond_the_pool_hold_the_bounds(monkeypatch):
    monkeypatch.setattr(account_history, "POOL", 50)
    with duckdb.connect() as connection:
        account_history.prepare(connection, 42, AS_OF, 3000, 4, 10)
        most = value(connection, "select max_total_activities_30d from history_bounds")
        accounts.prepare(connection, 3000)
        rows = accounts.query(42, AS_OF)
        assert most == value(connection, f"select max(total_activities_30d) from ({rows})")
        history = account_history.query(42, AS_OF)
        by_date = connection.execute(
            f"select distinct max(total_activities_30d) from ({history})"
            " where as_of_date > date '1900-01-01' group by as_of_date"
        ).fetchall()
        assert by_date == [(most,)]


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_text_formats_hold_the_same_rows(tmp_path, format_):
    names = "as_of_date, account_id, account_name, days_since_last_activity, last_won_date"
    parquet, text = (
        f"select {names} from {literal(str(write_history(tmp_path / kind, 100, format_=kind)[0]))}"
        for kind in ("parquet", format_)
    )
    with duckdb.connect() as connection:
        assert value(connection, f"select count(*) from ({parquet})") > 2000
        assert value(connection, f"select count(*) from ({parquet} except all {text})") == 0
