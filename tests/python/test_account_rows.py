"""Accounts that the CRM has deleted, amounts in several currencies, and ids of 15 characters.

The same accounts are written plainly, and as a CRM with the first two writes them: what staging
makes of both has to be equal.
"""

from pathlib import Path

import duckdb
import pytest
from builds import DEMO_AS_OF, CommandFailed, build

from customer_health.demo.writer import write_demo
from customer_health.sql import literal

VIEW, HISTORY = "salesforce__customer_360_view", "salesforce__customer_360_history"
AMOUNTS = ("annual_revenue", "total_won_amount", "current_pipeline_amount")
READ = ("stg_salesforce__accounts", "stg_salesforce__account_snapshots")
SELECT = ("+rejected_rows", "+value_findings", *(f"+{model}" for model in READ), "+build_info")
VARIABLES = {
    "as_of_date": DEMO_AS_OF,
    "customer_health_history": {"keep_days": 0, "backfill": "all"},
}
# Powers of two keep doubles exact. Of USD the rate changed in April.
RATES = """
    currency,rate_to_base,valid_from
    usd,0.5,2026-04-01
    USD,0.25,
    USD,0.125,2026-07-01
    GBP,2,2020-01-01
    GBP,-2,2026-05-01
    ,1,
    CHF,1,31.12.2026
    GBP,4,2020-01-01
"""
WORTH = """
    case currency_iso_code when 'GBP' then 2 when 'USD' then
    case when {day} < date '2026-04-01' then 0.25 else 0.5 end else 1 end
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of accounts with a history."""
    folder = tmp_path_factory.mktemp("plain")
    write_demo(folder, 60, customer_count=1, success_count=1, weeks=12)
    return folder


@pytest.fixture(scope="module")
def crm(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same accounts, with deleted ones among them and amounts of three currencies."""
    folder = tmp_path_factory.mktemp("crm")
    with duckdb.connect() as connection:
        for table, day in ((VIEW, f"date '{DEMO_AS_OF}'"), (HISTORY, "as_of_date")):
            source = literal(str(plain / f"{table}.parquet"))
            amounts = ", ".join(
                f"case when {name} > 0 and isfinite({name}) then {name} / {WORTH.format(day=day)}"
                f" else {name} end as {name}"
                for name in AMOUNTS
            )
            connection.execute(f"""
                create or replace table rows as
                select *, ['EUR', 'usd ', 'GBP', null][1 + (hash(account_id) % 4)::integer] as code
                from {source}
            """)
            connection.execute(f"""
                copy (
                    select * exclude (code, currency_iso_code) replace ({amounts}),
                        code as currency_iso_code, false as is_deleted
                    from (select *, upper(trim(code)) as currency_iso_code from rows)
                    union all by name
                    select * exclude (code) replace (100 as data_completeness_score),
                        'JPY' as currency_iso_code, true as is_deleted
                    from rows where account_id like '%E' or account_id is null
                ) to {literal(str(folder / f"{table}.parquet"))}
            """)
    (folder / "exchange_rates.csv").write_text(
        "\n".join(line.strip() for line in RATES.split("\n")[1:])
    )
    return folder


@pytest.fixture(scope="module")
def built(
    plain: Path, crm: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]:
    """What was built of both."""
    made = tmp_path_factory.mktemp("built")
    chosen = VARIABLES | {"customer_health_currency": "EUR"}
    return tuple(
        duckdb.connect(build(raw, made / raw.name, variables, select=SELECT), read_only=True)
        for raw, variables in ((plain, VARIABLES), (crm, chosen))
    )


@pytest.mark.parametrize("model", READ)
def test_the_same_accounts_come_out(built, model):
    rows, others = (
        connection.execute(f"select * from staging.{model} order by all").fetchall()
        for connection in built
    )
    assert len(rows) >= 60
    assert rows == others


def test_deleted_rows_are_rejected_as_such(built, crm):
    plain, connection = built
    for table in (VIEW, HISTORY):
        expected = connection.execute(
            f"select count(*) from {literal(str(crm / f'{table}.parquet'))} where is_deleted"
        ).fetchone()
        assert expected[0] > 0
        query = f"from quality.rejected_rows where source = '{table}' and reason_code"
        assert (
            connection.execute(f"select sum(row_count) {query} = 'deleted'").fetchone() == expected
        )
        others = f"select key, reason_code, row_count {query} <> 'deleted' order by all"
        assert connection.execute(others).fetchall() == plain.execute(others).fetchall()


def test_rates_that_cannot_be_used_are_rejected(built):
    found = built[1].execute(
        "select key, reason_code from quality.rejected_rows where source = 'exchange_rates'"
        " order by all"
    )
    assert found.fetchall() == [
        ("CHF", "impossible_date"),
        ("GBP 2020-01-01", "duplicate_key"),
        ("GBP 2026-05-01", "impossible_rate"),
        (None, "missing_key"),
    ]


def test_the_marts_name_the_currency(built):
    assert [
        connection.execute("select currency from marts.build_info").fetchall()
        for connection in built
    ] == [[(None,)], [("EUR",)]]


def test_without_a_rate_an_amount_is_unknown_and_a_finding(crm, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / f"{VIEW}.parquet").symlink_to(crm / f"{VIEW}.parquet")
    with pytest.raises(
        CommandFailed, match=r"has amounts in 3 currencies [(]EUR, GBP, USD[)]; say in"
    ):
        build(raw, tmp_path / "none", {"as_of_date": DEMO_AS_OF}, select=["build_info"])
    variables = {"as_of_date": DEMO_AS_OF, "customer_health_currency": "GBP"}
    work = build(raw, tmp_path / "some", variables, select=["+value_findings"])
    with duckdb.connect(work, read_only=True) as connection:
        [[refused, unknown]] = connection.execute(f"""
            select
                (
                    select count(*) from quality.value_findings
                    where reason_code = 'no_exchange_rate'
                ),
                (select count(*) from (
                    unpivot (select {", ".join(f"c.{name}" for name in AMOUNTS)}
                    from staging.base_salesforce__accepted_accounts as c
                    where upper(trim(currency_iso_code)) in ('USD', 'EUR'))
                    on columns(*)
                ) where value >= 0 and isfinite(value))
        """).fetchall()
        assert refused == unknown > 20
        [[known]] = connection.execute("""
            select count(*)
            from staging.stg_salesforce__accounts as accounts
            inner join staging.base_salesforce__accepted_accounts as came using (account_id)
            where trim(came.currency_iso_code) in ('EUR', 'usd')
                and accounts.total_won_amount is not null
        """).fetchall()
        assert known == 0


def salesforce_suffix(identity: str) -> str:
    """The three characters of a CRM id of 18, by the publisher's rule."""
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    chunks = (identity[:5], identity[5:10], identity[10:])
    return "".join(
        signs[sum(2**place for place, letter in enumerate(chunk) if letter.isupper())]
        for chunk in chunks
    )


def test_ids_of_15_characters_meet_those_of_18(tmp_path):
    ids = ["0015g00001LR1WJ", "001A0000006vm9r", "001aaBBccDDee1Z", "001ZZZZZZZZZZZZ"]
    full = [identity + salesforce_suffix(identity) for identity in ids]
    assert full[1] == "001A0000006vm9rIAA"
    raw = tmp_path / "raw"
    raw.mkdir()
    others = ["001-00000000000", "00QA0000006vm9r", "123456789012345"]
    outcomes = [*ids[:2], *full[2:], *others]
    (raw / "account_outcomes.csv").write_text(
        "account_id,outcome_date,outcome\n"
        + "".join(f'"{identity}",2026-05-01,renewed\n' for identity in outcomes)
    )
    (raw / "account_mapping.csv").write_text(
        "account_id,customer_id\n"
        + "".join(f'"=""{identity}""",c\n' for identity in [*full[:2], *ids[2:]])
    )
    work = build(
        raw,
        tmp_path,
        {"as_of_date": DEMO_AS_OF},
        select=["+stg_outcomes__account_outcomes", "+stg_mapping__accounts"],
    )
    with duckdb.connect(work, read_only=True) as connection:
        for table, expected in (
            ("stg_outcomes__account_outcomes", full + others),
            ("stg_mapping__accounts", full),
        ):
            found = connection.execute(f"select account_id from staging.{table}").fetchall()
            assert sorted(identity for (identity,) in found) == sorted(expected)
