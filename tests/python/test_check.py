"""Check: what a folder would give is told at once, and nothing is made."""

from pathlib import Path

import pytest
from loading import declare_sources

TABLE = "salesforce__customer_360_view"
SOURCES = f"""
sources:
  - name: raw
    tables:
      - name: {TABLE}
        columns:
          - {{name: account_id, data_type: varchar}}
          - {{name: account_size_segment, data_type: varchar}}
          - {{name: annual_revenue, data_type: double}}
          - {{name: total_contacts, data_type: integer}}
          - {{name: contacts_with_email, data_type: integer}}
          - {{name: is_high_value_account, data_type: integer}}
          - {{name: account_created_date, data_type: bigint}}
          - {{name: last_won_date, data_type: timestamp}}
      - name: account_outcomes
        columns: [{{name: account_id, data_type: varchar}}, {{name: outcome_date, data_type: date}}]
"""
SETTINGS = """
name: demo
vars:
  customer_health:
    customer_health_policies: [run_rate, mine]
    customer_health_extra_policies: {mine: {extends: run_rate, dimensions: [{metric: size_points}]}}
    customer_health_presets:
      run_rate:
        dimensions: [{dimension: value, metrics: [{metric: contact_email_coverage}]}]
        forecast: {parts: {won: {amount: annual_revenue}}}
      other: {dimensions: [{metric: last_won_date}]}
"""
HEADER = (
    "account_id,account_size_segment,annual_revenue,total_contacts,contacts_with_email,"
    "is_high_value_account,account_created_date,last_won_date\n"
)


@pytest.fixture
def raw(raw: Path, house: Path) -> Path:
    """The folder of raw files, beside a dbt project with a policy of its own."""
    declare_sources(house, SOURCES)
    (house / "dbt_project.yml").write_text(SETTINGS)
    return raw


def test_what_is_plain_is_not_told(raw, run):
    (raw / f"{TABLE}.csv").write_text(
        f"{HEADER}1,Large, 1.5 ,3,2,true,1700000000,2026-06-30\n2,Large,1e3,,,true,2026-06-30,\n"
        "3,,-7,3,2,0,,2026-06-30T12:30:00.5+02:00\n"
    )
    (raw / "notes.txt").write_text("x")
    status, out, err = run("check")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "raw.account_outcomes  0 rows  no file, made empty (absent)",
        f"raw.{TABLE}  3 rows  data/raw/{TABLE}.csv",
        "data/raw/notes.txt  passed over: text for people",
    ]
    assert not Path("warehouse").exists()


def test_what_would_be_refused_is_told_with_examples(raw, run):
    (raw / f"{TABLE}.csv").write_text(
        f'{HEADER}1,Large,"$ 1,5",3,2,maybe,x,30/06/2026\n2,Large,22.5%,,,1,5,2026-02-30\n'
        "3,Large,,3,2,0,5,2026-06-30\n"
    )
    status, out, _ = run("check")
    assert status == 0
    told = [line.split("  ", 1) for line in out.splitlines() if " refused " in line]
    assert dict(told) == {
        f"raw.{TABLE}.annual_revenue": "2 of 2 values refused (100.0 %), such as '$ 1,5', '22.5%'",
        f"raw.{TABLE}.is_high_value_account": "1 of 3 values refused (33.3 %), such as 'maybe'",
        f"raw.{TABLE}.account_created_date": "1 of 3 values refused (33.3 %), such as 'x'",
        f"raw.{TABLE}.last_won_date": (
            "2 of 3 values refused (66.7 %), such as '2026-02-30', '30/06/2026'"
        ),
    }


def test_all_missing_columns_are_named(raw, run):
    (raw / f"{TABLE}.csv").write_text("account_id,Annual Revenue\n1,2\n")
    status, out, err = run("check")
    assert (status, err.count("\n")) == (1, 1)
    assert (
        f"raw.{TABLE}  columns absent, so unknown: is_high_value_account, account_created_date,"
        " last_won_date" in out
    )
    for column, policy in {
        "account_size_segment": "mine",
        "annual_revenue": "run_rate",
        "total_contacts": "run_rate",
        "contacts_with_email": "run_rate",
    }.items():
        assert f"{column} (policy {policy}" in err
    assert "annual_revenue (policy run_rate, is it 'annual revenue'?)" in err


def test_typed_columns_and_files_that_do_not_load(raw, run):
    (raw / f"{TABLE}.csv").write_text(f"{HEADER}1,2\n")
    status, out, err = run("check")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert f"data/raw/{TABLE}.csv cannot be read: line 2 has 2 values" in err
    status, out, err = run("check", "nowhere")
    assert (status, out) == (1, "")
    assert "the folder nowhere does not exist" in err


def test_a_project_without_policies_needs_the_key_alone(raw, house, run):
    (house / "dbt_project.yml").write_text("name: demo\n")
    (raw / f"{TABLE}.csv").write_text("annual_revenue\n1\n")
    status, _, err = run("check")
    assert status == 1
    assert f"raw.{TABLE} lacks required columns: account_id (the key)" in err


def test_what_has_a_format_of_its_own_is_not_judged(raw, run, house):
    formats = f"{{{TABLE}: {{annual_revenue: {{decimal_sign: ','}}}}}}"
    (house / "dbt_project.yml").write_text(f"{SETTINGS}    customer_health_formats: {formats}\n")
    (raw / f"{TABLE}.csv").write_text(f'{HEADER}1,Large,"1,5",3,"2,0",true,,\n')
    status, out, err = run("check")
    assert (status, err) == (0, "")
    [refused] = [line for line in out.splitlines() if "refused" in line]
    assert "contacts_with_email  1 of 1 values refused" in refused
