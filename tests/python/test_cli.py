"""The command line: help, one-sentence errors, and the build from raw files to published marts."""

import datetime
import os
import re
import shutil
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import duckdb
import pytest
from commands import finish, last_line

from customer_health import __version__
from customer_health.build import first_cause
from customer_health.engines.duckdb import DuckDB
from customer_health.errors import as_sentence, sentence
from customer_health.summary import summary

COMMANDS = ("demo", "load", "check", "build", "publish", "export")


def test_version(run, capsys):
    with pytest.raises(SystemExit) as stopped:
        run("--version")
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"customer-health {__version__}\n"


def test_help_names_all_commands(run, capsys):
    with pytest.raises(SystemExit) as stopped:
        run("--help")
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert all(re.search(rf"^ +{command} ", printed, re.MULTILINE) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run, capsys, command):
    with pytest.raises(SystemExit) as stopped:
        run(command, "--help")
    assert stopped.value.code == 0
    assert f"usage: customer-health {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "required: COMMAND"),
        (["dmeo"], "invalid choice: 'dmeo'"),
        (["demo", "--accounts", "0"], "0 is not a number of at least 1"),
        (["demo", "--accounts", "many"], "'many'"),
        (["demo", "--weeks", "-1"], "-1 is not a number of at least 0"),
        (["demo", "--as-of", "2026-02-30"], "'2026-02-30' is not a date as YYYY-MM-DD"),
        (["demo", "--format", "xlsx"], "invalid choice: 'xlsx'"),
        (["load", "--vars", "{}"], "unrecognized arguments: --vars"),
        (["publish", "extra"], "unrecognized arguments: extra"),
    ],
)
def test_wrong_use_gives_one_sentence(run, arguments, complaint):
    status, out, err = run(*arguments)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("customer-health: ")
    assert complaint in err
    assert "--help`" in err


@pytest.mark.parametrize("command", ["load", "build", "publish"])
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--target", "oracle"], "profiles.yml: The profile 'small' does not have a target named"),
        (["-t", "oracle"], "The valid target names for this profile are: - duckdb - other"),
        (["--target", "other"], "builds on duckdb, postgres, spark, but the target is on bigquery"),
        (["--profile", "large"], "profiles.yml: Could not find profile named 'large'"),
        (["--profiles-dir", "nowhere"], "there is no nowhere/profiles.yml"),
        (["--project-dir", "nowhere", "--target", "duckdb"], "no profile in nowhere/dbt_project"),
    ],
)
def test_target_that_is_not_there_gives_one_sentence(project, run, command, options, complaint):
    status, out, err = run(command, *options)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert complaint in err


def test_target_may_be_named_and_read_from_vars(project, run):
    Path("salesforce__customer_360_view.csv").write_text("account_id\n1\n")
    sources = Path("models/staging/crm/_crm__sources.yml")
    sources.write_text(sources.read_text().partition("- name: absent")[0])
    assert run("load", ".", "--target", "duckdb", "--profiles-dir", project)[0] == 0
    profiles = Path("profiles.yml")
    by_variable = "target: \"{{ var('t') }}\""
    profiles.write_text(profiles.read_text().replace("target: duckdb", by_variable))
    status, _, err = run("build", "--vars", "{t: oracle}")
    assert (status, err.count("\n")) == (1, 1)
    assert "does not have a target named 'oracle'" in err


def test_target_that_only_the_environment_names_is_not_passed_over(house, run, monkeypatch):
    Path("t.csv").write_text("id\n1\n")
    monkeypatch.setenv("CUSTOMER_HEALTH_TARGET", "postgres")
    status, _, err = run("load", ".")
    assert (status, err.count("\n")) == (1, 1)
    assert "postgres cannot be used, because there is no" in err


def test_unwritable_folder_gives_one_sentence(house, run):
    (house / "file").touch()
    status, _, err = run("demo", "--out", "file/below")
    assert (status, err.count("\n")) == (1, 1)
    assert "demo failed: Not a directory (file/below)" in err


def test_demo_writes_where_it_is_told(house, run):
    status, out, _ = run("demo", "--accounts", 5, "--format", "csv", "--out", "here")
    written = sorted(str(path) for path in Path("here").rglob("*.*"))
    assert (status, sorted(out.splitlines())) == (0, written)
    assert len(written) == 13
    options = ("--customers", 3, "--with-mapping", "--weeks", 0)
    status, out, _ = run("demo", "--accounts", 5, *options)
    assert (status, len(out.splitlines())) == (0, 11)
    assert out.startswith("data/raw/salesforce__customer_360_view.parquet\n")
    assert "\ndata/raw/customer360__mapping.parquet\n" in out


def test_as_of_moves_the_dates(house, run):
    def newest(as_of: str) -> str:
        run("demo", "--accounts", 200, "--as-of", as_of, "--weeks", 0, "--out", as_of)
        accounts = f"'{as_of}/salesforce__*.parquet'"
        query = f"select max(latest_opportunity_date)::date::text from {accounts}"
        return duckdb.execute(query).fetchall()[0][0]

    assert newest("2026-06-01") == "2026-06-01"
    assert newest("2024-02-29") == "2024-02-29"


def test_history_has_as_many_weeks_and_accounts_as_asked_for(house, run):
    options = ("--weeks", 10, "--history-accounts", 20, "--as-of", "2024-02-29")
    run("demo", "--accounts", 200, *options, "--out", "here")
    query = (
        "select count(distinct as_of_date), min(as_of_date)::text, count(distinct account_id)"
        " from 'here/salesforce__customer_360_history.parquet' where as_of_date > '1900-01-01'"
    )
    # One of five accounts comes on top of those asked for: they have left.
    assert duckdb.execute(query).fetchall() == [(10, "2023-12-21", 24)]


def test_locks_get_their_own_words():
    error = duckdb.IOException(
        'IO Error: Could not set lock on file "/w/work.duckdb": Conflicting lock is held in'
        " /bin/python (PID 12). See also https://duckdb.org"
    )
    assert as_sentence(error, "load") == (
        "load failed: process 12 has /w/work.duckdb open; run this again when it is done"
    )


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "Compilation Error in model scores (models/scores.sql)\n"
            "  customer_health: policy run_rate: weights sum to 0.9,\n  not to 1.\n"
            "  \n  > in macro check (macros/check.sql)\n  > called by model scores",
            "policy run_rate: weights sum to 0.9, not to 1",
        ),
        (
            "Runtime Error in model scores (models/scores.sql)\n"
            '  Binder Error: Referenced column "x" not found\n'
            '  Candidate bindings: "y"\n  \n  LINE 3: select x',
            'Binder Error: Referenced column "x" not found',
        ),
        ("Got 3 results, configured to fail if != 0", "Got 3 results, configured to fail if != 0"),
        ("", "dbt gave no reason"),
    ],
)
def test_cause_is_told_without_the_way_to_it(message, expected):
    assert sentence(message) == expected


def test_first_cause_is_an_error_before_a_failed_test():
    def result(status: str, kind: str, name: str, message: str) -> SimpleNamespace:
        node = SimpleNamespace(resource_type=kind, name=name)
        return SimpleNamespace(status=status, node=node, message=message)

    passed = result("success", "model", "accounts", "OK")
    failed = result("fail", "test", "unique_accounts", "Got 2 results")
    broken = result("error", "model", "scores", "Database Error in model scores (x)\n  no table")
    assert first_cause([passed]) is None
    assert first_cause([passed, failed]) == "test unique_accounts failed: Got 2 results"
    assert first_cause([passed, failed, broken]) == "model scores failed: no table"


PROJECT = {
    "dbt_project.yml": """
        name: small
        profile: small
        flags: {send_anonymous_usage_stats: false}
        models: {small: {+materialized: table}}
        """,
    "profiles.yml": """
        small:
          target: duckdb
          outputs:
            duckdb: {type: duckdb, path: "{{ env_var('CUSTOMER_HEALTH_WORK') }}", threads: 1}
            other: {type: bigquery}
        """,
    "macros/generate_schema_name.sql": """
        {% macro generate_schema_name(custom, node) %}marts{% endmacro %}
        """,
    "models/staging/crm/_crm__sources.yml": """
        sources:
          - name: raw
            tables:
              - name: salesforce__customer_360_view
                columns: [{name: account_id}]
              - name: salesforce__customer_360_history
                columns: [{name: account_id}]
              - name: absent
                columns: [{name: id, data_type: integer}]
        """,
    "models/accounts.sql": """
        select distinct account_id, '{{ var("label", "first") }}' as label
        from {{ source('raw', 'salesforce__customer_360_view') }}
        """,
    "models/accounts.yml": """
        models:
          - name: accounts
            columns:
              - name: label
                data_tests:
                  - accepted_values: {arguments: {values: [first]}}
        """,
}


@pytest.fixture
def project(house: Path) -> Path:
    """A dbt project of one mart, with a test that only some labels pass."""
    for name, content in PROJECT.items():
        path = house / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(content))
    return house


def label() -> list[tuple]:
    with duckdb.connect("warehouse/customer_health.duckdb", read_only=True) as connection:
        return connection.execute(
            "select label, count(*) >= 10000 from marts.accounts group by label"
        ).fetchall()


def days_since_the_newest_demo_date() -> int:
    """How far the demo ends before today, in UTC, on which dbt counts its runs."""
    accounts = "'data/raw/salesforce__customer_360_view.parquet'"
    newest = duckdb.execute(f"select max(latest_opportunity_date)::date from {accounts}")
    return (datetime.datetime.now(datetime.UTC).date() - newest.fetchall()[0][0]).days


def test_build_goes_from_nothing_to_published_marts_and_keeps_them_when_it_fails(project):
    first = finish("build")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "Writing demo data of 10,000 accounts to data/raw." in first.stderr
    assert "\nPublished     warehouse/customer_health.duckdb\n" in first.stdout
    assert first.stdout.endswith("Site          site/index.html\n")
    assert days_since_the_newest_demo_date() <= 1
    assert label() == [("first", True)]

    failed = finish("build", "--vars", "{label: second}")
    assert failed.returncode == 1
    assert last_line(failed).startswith("customer-health: test accepted_values_accounts_label")
    assert last_line(failed).endswith("nothing was published, the last good marts stay.")
    assert label() == [("first", True)]
    publish = finish("publish")
    assert (publish.returncode, publish.stdout) == (1, "")
    assert "the last dbt build did not pass" in last_line(publish)
    assert label() == [("first", True)]

    untested = finish("build", "--exclude-resource-type", "test")
    assert untested.returncode == 1
    assert "left out 1 of the project's models and tests" in last_line(untested)
    assert finish("build", "--untested", "--exclude-resource-type", "test").returncode == 0

    for path in (project / "data" / "raw").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    empty = finish("build")
    assert empty.returncode == 1
    assert "data/raw holds no table files, and it was named or something" in last_line(empty)
    assert list((project / "data" / "raw").iterdir()) == []
    assert label() == [("first", True)]

    (project / "models" / "accounts.sql").write_text("select {{ ref('nowhere') }}")
    (project / "data" / "raw" / "absent.csv").write_text("id\n1\n")
    unparsable = finish("build")
    assert unparsable.returncode == 1
    assert "nowhere" in last_line(unparsable)
    assert label() == [("first", True)]


def test_second_build_at_once_gives_one_sentence(project):
    (project / "data" / "raw").mkdir(parents=True)
    (project / "data" / "raw" / "absent.csv").write_text("id\n1\n")
    (project / "warehouse").mkdir()
    with duckdb.connect("warehouse/work.duckdb"):
        second = finish("build")
    assert (second.returncode, second.stdout, second.stderr.count("\n")) == (1, "", 1)
    assert f"process {os.getpid()} has " in second.stderr


def test_a_named_folder_that_is_absent_is_not_filled_with_demo_data(project, monkeypatch):
    monkeypatch.setenv("CUSTOMER_HEALTH_RAW", "not/mounted")
    result = finish("build")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "the folder not/mounted does not exist, and it was named" in result.stderr
    assert not Path("not").exists()
    assert not Path("warehouse").exists()


def test_summary_tells_the_figures_of_the_active_policy(house):
    published, work = Path("warehouse/customer_health.duckdb"), Path("warehouse/work.duckdb")
    published.parent.mkdir()
    with duckdb.connect(published) as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.policies as
                select * from (values ('mine', true), ('other', false)) as t (policy, is_active);
            create table marts.account_health as
                select * from (values
                    ('mine', 80.0, 'High', 1000.4, 'A'),
                    ('mine', 40.0, 'Low', 200.0, 'B'),
                    ('mine', null, 'Unscored', null, 'Unscored')
                ) as t (policy, health_score, health_band, predicted_6m_revenue, contribution_tier);
            create table marts.health_bands as
                select * from (values ('mine', 'High', 1), ('mine', 'Low', 2)) as
                    t (policy, health_band, position);
            create table marts.risk_matrix as
                select * from (values
                    ('other', 'Retail', 'Large', 9, 9, 1),
                    ('mine', 'Energy', 'Large', 1, 2, 2),
                    ('mine', 'Retail', 'Large', 1, 1, 1)
                ) as t (policy, industry, account_size_segment, low_health_count, scored_count,
                        priority_rank);
            """
        )
    with duckdb.connect(work) as connection:
        connection.execute(
            """
            create schema quality;
            create table quality.rejected_rows as select 2 as row_count union all select 3;
            create table quality.value_findings as from range(7);
            create table quality.column_findings as
                select * from (values
                    ('t', 'a', 10, 2, 0.2, '$ 1', true),
                    ('t', 'b', 10, 9, 0.9, ' 2 ', true),
                    ('t', 'c', 10, 1, 0.1, 'x', false)
                ) as t (source, column_name, value_count, refused_count, refused_share, example,
                        is_told);
            """
        )
    assert summary(DuckDB()) == [
        "Accounts      3, of them 2 scored by the policy mine",
        "Mean health   60.00; High 1, Low 1, Unscored 1",
        "6 months      1,200 predicted; A 1, B 1, Unscored 1",
        "Risk 1        Retail x Large: 1 of 1 accounts low",
        "Risk 2        Energy x Large: 1 of 2 accounts low",
        "Rejected      5 rows (quality.rejected_rows),"
        " 7 values set to unknown or noted (quality.value_findings)",
        "Unread 1      9 of 10 values of t.b, such as '2'",
        "Unread 2      2 of 10 values of t.a, such as '$ 1'",
        f"Work file     {work}",
        f"Published     {published}",
    ]
