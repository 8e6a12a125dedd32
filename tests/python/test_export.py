"""Export: reports of the three tools and documents of a customer, from marts and from a file."""

import io
import json
import re
import shutil
import tracemalloc
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from customer_health.errors import UserError
from customer_health.export import churn, expansion, forms, lines, reading, review
from customer_health.export.reading import PagedMarts, marts_of_file
from customer_health.export.report import TOOLS, write_reports

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = Path("warehouse/customer_health.duckdb")
ID = "A|1 'x' {y}"

SCORES = ("overall", "usage", "engagement", "support", "relationship")
HEALTH = f"""
create table marts.customer_success_health (
    customer_id varchar, record_number bigint, name varchar, segment varchar, arr decimal(28, 6),
    {", ".join(f"{name}_score decimal(4, 1), {name}_trend varchar" for name in SCORES)},
    classification varchar,
    {", ".join(f"{name}_classification varchar" for name in SCORES[1:])},
    priority varchar, signal_coverage decimal(9, 6), coverage_aware_score decimal(4, 1),
    coverage_aware_classification varchar
);
"""
RISK = f"""
create table marts.customer_success_churn_risk (
    customer_id varchar, record_number bigint, name varchar, segment varchar, arr decimal(28, 6),
    risk_score decimal(4, 1), raw_score decimal(4, 1), risk_tier varchar,
    urgency_multiplier decimal(4, 2), days_to_renewal bigint, is_expired boolean,
    {", ".join(f"{name}_score decimal(4, 1)" for name in churn.SIGNAL_SCORES)}
);
"""
EXPANSION = """
create table marts.customer_success_expansion (
    customer_id varchar, record_number bigint, name varchar, segment varchar, arr decimal(28, 6),
    total_modules bigint, adopted_modules bigint, adoption_rate decimal(4, 1),
    avg_usage_pct decimal(28, 6), seat_utilisation decimal(28, 6), current_tier varchar,
    departments_covered bigint, departments_potential bigint,
    total_estimated_revenue decimal(28, 6), realistic_revenue decimal(28, 6),
    opportunity_count bigint, on_hold boolean
);
create table marts.customer_success_opportunities (
    customer_id varchar, rank bigint, type varchar, category varchar, target varchar,
    estimated_revenue decimal(28, 6), effort varchar, priority_score decimal(4, 1),
    additional_seats bigint, on_hold boolean
);
"""
CHILDREN = """
create table marts.customer_success_recommendations (
    customer_id varchar, rule_id varchar, position bigint, recommendation varchar
);
create table marts.customer_success_warnings (
    customer_id varchar, position bigint, source varchar, severity varchar, value varchar
);
"""
TYPES = {
    "as_of_date": "date",
    "contract_end_date": "date",
    "action_items_due_date": "date",
    "is_expired": "boolean",
    "is_expansion_on_hold": "boolean",
    "days_to_renewal": "bigint",
}
TEXTS = ("customer_id", "name", "segment", "priority", "renewal_sentiment", "risk_tier")


def write_marts(path: Path, *statements: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(path) as connection:
        connection.execute("create schema marts")
        for statement in statements:
            connection.execute(statement)


def insert(table: str, **cells: object) -> str:
    values = ", ".join(
        "null" if cell is None else "'" + str(cell).replace("'", "''") + "'"
        for cell in cells.values()
    )
    return f"insert into marts.{table} ({', '.join(cells)}) values ({values})"


def health(customer_id: str, record_number: int, **cells: object) -> str:
    scores = {f"{name}_score": 70.5 for name in SCORES}
    labels = {f"{name}_trend": "stable" for name in SCORES}
    labels |= {f"{name}_classification": "green" for name in SCORES[1:]}
    cells = {
        **{"customer_id": customer_id, "record_number": record_number, "name": "Nordwind"},
        **{"segment": "mid-market", "arr": 18000, "classification": "green", "priority": "low"},
        **{"signal_coverage": 1, "coverage_aware_score": 70.5},
        **{"coverage_aware_classification": "green"},
        **scores,
        **labels,
        **cells,
    }
    return insert("customer_success_health", **cells)


def risk(customer_id: str, record_number: int, **cells: object) -> str:
    cells = {
        **{"customer_id": customer_id, "record_number": record_number, "name": "Zeta"},
        **{"segment": "SMB", "arr": "1000.5", "risk_score": 10, "raw_score": 10},
        **{"risk_tier": "low", "urgency_multiplier": 1, "days_to_renewal": 365},
        **{"is_expired": False},
        **{f"{name}_score": 10 for name in churn.SIGNAL_SCORES},
        **cells,
    }
    return insert("customer_success_churn_risk", **cells)


def reviewed(**cells: object) -> list[str]:
    """The table account_review with one customer, of whom `cells` are known."""
    columns = dict.fromkeys(review.COLUMNS)
    types = []
    for column in columns:
        is_text = column in TEXTS or column.endswith(("classification", "trend", "segment", "tier"))
        types.append(f"{column} {TYPES.get(column, 'varchar' if is_text else 'decimal(28, 6)')}")
        if column.endswith("classification") or column in ("priority", "risk_tier"):
            columns[column] = "unscored"
        elif column.endswith("_trend"):
            columns[column] = "no_data"
    columns |= {"as_of_date": "2026-06-01", "warning_count": 0, "opportunity_count": 0}
    return [
        f"create table marts.account_review ({', '.join(types)})",
        insert("account_review", **{**columns, **cells}),
    ]


@pytest.fixture
def project(house: Path) -> Path:
    """A folder with what exports read of the project, but without its profile."""
    described = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    (house / "dbt_project.yml").write_text(yaml.safe_dump({"vars": described["vars"]}))
    for part in (review.TEMPLATES, review.SEEDS):
        shutil.copytree(ROOT / part, house / part)
    return house


@pytest.fixture
def marts(project: Path) -> Path:
    """Three customers in each table, whose order in the table is not the one in the report."""
    write_marts(
        PUBLISHED,
        HEALTH + RISK + EXPANSION + CHILDREN,
        health("H-3", 3, name="Tab\tCo \x1b[31m", arr="7.5", segment="smb"),
        health("H-1", 1, overall_score=62.3, classification="yellow", signal_coverage="0.71"),
        health(
            "H-2",
            2,
            name=None,
            segment=None,
            arr=None,
            overall_score=None,
            classification="unscored",
            signal_coverage=0,
            coverage_aware_score=None,
        ),
        *(
            insert(
                "customer_success_recommendations",
                customer_id=customer,
                rule_id=rule,
                position=position,
                recommendation=f"Do {rule} of {customer}.",
            )
            for customer, rule, position in [
                ("H-3", "U1", 1),
                ("H-1", "R3", 2),
                ("H-1", "E2", 1),
            ]
        ),
        risk("C-1", 1),
        risk("C-2", 2, risk_score=None, risk_tier="unscored", days_to_renewal=None, arr=None),
        risk("C-3", 3, risk_score=91.5, risk_tier="critical", is_expired=True, days_to_renewal=0),
        risk("C-4", 4, risk_score=91.5, risk_tier="critical", arr=500, segment=None),
        *(
            insert(
                "customer_success_warnings",
                customer_id="C-4",
                position=position,
                source=source,
                severity=severity,
                value=value,
            )
            for position, source, severity, value in [
                (2, "dau_mau_change", "high", "-0.125"),
                (1, "login_trend", "critical", "-20"),
                (3, "contract_type", "medium", "month-to-month"),
            ]
        ),
        *(
            insert(
                "customer_success_expansion",
                customer_id=customer,
                record_number=number,
                name=customer,
                arr=100000,
                current_tier="starter",
                seat_utilisation=94.5,
                total_estimated_revenue=total,
                realistic_revenue=total,
                opportunity_count=count,
                on_hold=on_hold,
            )
            for customer, number, total, count, on_hold in [
                ("E-1", 1, None, 0, None),
                ("E-2", 2, 0, 0, False),
                ("E-3", 3, "105000", 2, True),
            ]
        ),
        *(
            insert(
                "customer_success_opportunities",
                customer_id="E-3",
                rank=rank,
                type=type_,
                category=category,
                target=target,
                estimated_revenue=revenue,
                effort=effort,
                priority_score=priority,
                additional_seats=seats,
                on_hold=True,
            )
            for rank, type_, category, target, revenue, effort, priority, seats in [
                (2, "upsell", "tier_upgrade", "Professional", 80000, "medium", 80, None),
                (1, "expansion", "seat_expansion", None, 25000, "low", 37.5, 1200),
            ]
        ),
    )
    return PUBLISHED


def report(run, *arguments: object) -> dict:
    status, out, err = run("export", "customer-success", "--format", "json", *arguments)
    assert (status, err) == (0, "")
    return json.loads(out)


def test_health_report_has_the_published_shape_in_the_order_of_the_file(marts, run):
    made = report(run, "--tool", "health")
    assert made["report"] == "customer_health_scores"
    assert made["summary"] == {
        **{"total_customers": 3, "average_score": 66.4, "green_count": 1, "yellow_count": 1},
        **{"red_count": 0, "unscored_count": 1},
    }
    first, second, third = made["customers"]
    assert [first["customer_id"], second["customer_id"], third["customer_id"]] == [
        *("H-1", "H-2", "H-3"),
    ]
    assert list(first)[:9] == [
        *("customer_id", "name", "segment", "arr", "overall_score", "classification"),
        *("dimensions", "trends", "recommendations"),
    ]
    assert first["dimensions"]["support"] == {
        **{"score": 70.5, "weight": "20%", "classification": "green"},
    }
    assert first["recommendations"] == ["Do E2 of H-1.", "Do R3 of H-1."]
    assert (first["arr"], type(first["arr"]), third["arr"]) == (18000, int, 7.5)
    assert (second["arr"], second["overall_score"], second["recommendations"]) == (None, None, [])


def test_churn_report_begins_with_the_highest_risk(marts, run):
    made = report(run, "--tool", "churn")
    assert [customer["customer_id"] for customer in made["customers"]] == [
        *("C-3", "C-4", "C-1", "C-2"),
    ]
    assert made["summary"]["total_arr_at_risk"] == 1500.5
    assert (made["summary"]["critical_count"], made["summary"]["unscored_count"]) == (2, 1)
    customer = made["customers"][1]
    assert customer["risk_label"] == "CRITICAL"
    assert customer["signal_scores"]["usage_decline"] == {"score": 10.0, "weight": "30%"}
    assert customer["warning_signals"] == [
        {"severity": "critical", "signal": "Logins down by 20 percentage points"},
        {"severity": "high", "signal": "Daily use (DAU/MAU) down by 0.12"},
        {"severity": "medium", "signal": "Contract runs month-to-month"},
    ]
    assert len(customer["recommended_actions"]) == 6
    assert made["customers"][3]["recommended_actions"] == []


def test_expansion_report_names_its_targets(marts, run):
    made = report(run, "--tool", "expansion")
    assert [customer["customer_id"] for customer in made["customers"]] == ["E-3", "E-2", "E-1"]
    seats, tier = made["customers"][0]["opportunities"]
    assert seats["rationale"] == "Seat utilisation is 94%; needs 1,200 additional seats"
    assert "target_tier" not in seats
    assert tier["target_tier"] == "Professional"
    assert tier["rationale"] == "Upgrade from starter to Professional adds $80,000"
    assert made["summary"]["total_estimated_revenue"] == 105000


def test_all_reports_are_one_document(marts, run):
    made = report(run)
    assert [part["report"] for part in made["reports"]] == [
        *("customer_health_scores", "churn_risk_analysis", "expansion_opportunities"),
    ]


def test_text_fits_72_columns_and_sends_no_commands_to_the_terminal(marts, run):
    status, out, err = run("export", "customer-success")
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 72
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out) is None
    for line in (
        "Tab Co  [31m (H-3)",
        "  Segment SMB   ARR $8",
        "  Health     - NOT SCORED   Priority low",
        "  Measured 71% of the signals, score of it 70.5",
        "  Risk    91.5 CRITICAL",
        "          10.0 from the signals x 1, contract has expired",
        "  ON HOLD: resolve the churn risk first",
        "    1. Seat utilisation is 94%; needs 1,200 additional seats",
        "    Modules       unknown of unknown adopted (unknown)",
        "    Seats used    94.5%",
    ):
        assert line in out.splitlines(), line


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "unknown"),
        (0, "0"),
        (-0.0, "0"),
        (87.0, "87"),
        (66.666667, "66.666667"),
        (1234567.25, "1,234,567.25"),
        (10**15 + 0.5, "1,000,000,000,000,000.5"),
        (1e22, "10,000,000,000,000,000,000,000"),
    ],
)
def test_figures_keep_their_digits(value, expected):
    assert forms.figure(value) == expected
    assert forms.percent(value) == (expected if value is None else f"{expected}%")


def test_report_goes_to_a_file_that_is_whole_or_not_there(marts, run, monkeypatch):
    out = Path("reports_out/health.json")
    command = ("export", "customer-success", "--tool", "health", "--format", "json", "--out", out)
    assert run(*command) == (0, "", "")
    before = out.read_text()
    assert json.loads(before)["report"] == "customer_health_scores"

    def broken(*_: object) -> None:
        raise UserError("the disk is gone")

    monkeypatch.setattr("customer_health.export.health.summary", broken)
    assert run(*command)[0] == 1
    assert out.read_text() == before
    assert [path.name for path in out.parent.iterdir()] == ["health.json"]


class Nowhere:
    """A file that only counts what it gets."""

    written = 0

    def write(self, text: str) -> None:
        self.written += len(text)


def write_many(path: Path, customers: int, recommendations: int = 0) -> None:
    """Write marts with many customers, each with recommendations of 200 characters."""
    write_marts(
        path,
        HEALTH + CHILDREN,
        health("H-0", 0),
        "insert into marts.customer_success_health by name"
        " select customer_success_health.* replace ('H-' || n as customer_id, n as record_number)"
        f" from marts.customer_success_health, range(1, {customers}) as numbers (n)",
        "insert into marts.customer_success_recommendations"
        " select customer_id, 'rule', position, rpad(customer_id, 200, '.')"
        f" from marts.customer_success_health, range({recommendations}) as places (position)",
    )


def test_memory_does_not_grow_with_the_customers(project):
    write_many(Path("big.duckdb"), 30_000)
    with marts_of_file(Path("big.duckdb")) as big:
        tracemalloc.start()
        nowhere = Nowhere()
        write_reports(big, ["health"], "json", project, nowhere)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert nowhere.written > 20_000_000
    assert peak < nowhere.written / 2


def test_database_memory_does_not_grow_with_their_items(project, monkeypatch):
    write_many(Path("big.duckdb"), 30_000, recommendations=30)
    monkeypatch.setattr(reading, "MEMORY_LIMIT", "100MB")
    with marts_of_file(Path("big.duckdb")) as big:
        nowhere = Nowhere()
        write_reports(big, ["health"], "json", project, nowhere)
    assert nowhere.written > 180_000_000


class PagesOfDuckDB:
    """An engine that answers whole queries over a DuckDB file, as the servers do."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.queries = 0

    def schema(self, layer: str) -> str:
        return layer

    def tables(self, layer: str) -> set[str]:
        sql = f"select table_name from duckdb_tables() where schema_name = '{layer}'"
        return {name for (name,) in self.query(sql)}

    def query(self, sql: str) -> list[tuple]:
        self.queries += 1
        return self._connection.execute(sql).fetchall()


def test_pages_give_the_same_rows_as_one_stream(marts):
    order = ("place", "record_number")
    sql = churn.CUSTOMERS.sql
    with marts_of_file(marts) as file:
        expected = list(file.stream(sql, order))
    with duckdb.connect(marts, read_only=True) as connection:
        for page in (1, 2, 4, 5):
            engine = PagesOfDuckDB(connection)
            assert list(PagedMarts(engine, page).stream(sql, order)) == expected
            assert engine.queries == 4 // page + 1


@pytest.mark.parametrize("tool", TOOLS)
def test_report_of_a_server_is_the_one_of_a_file(marts, project, tool):
    made = []
    with marts_of_file(marts) as file, duckdb.connect(marts, read_only=True) as connection:
        for place in (file, PagedMarts(PagesOfDuckDB(connection), 2)):
            out = io.StringIO()
            write_reports(place, [tool], "json", project, out)
            made.append(out.getvalue())
    assert made[0] == made[1]
    assert json.loads(made[0])["customers"]


def test_json_in_sql_is_that_of_python():
    texts = ["", "plain", "\u00e9\u2028\x7f", 'a "b" \\c\\u001F', *map(chr, range(1, 0x24)), None]
    figures = ["0.000000", "7.500000", "-3.000000", "0.000001", "9007199254740992.000000", None]
    figures += ["12345678901.123456", "123456789012345678901.000000", "0.100000"]
    cases = [(lines.text, text, text) for text in texts]
    cases += [(lines.amount, figure, forms.number(figure)) for figure in figures]
    cases += [(lines.plain, double, double) for double in (1.0, 0.35, 1e-06, 0.1 + 0.2, None)]
    cases += [(lines.plain, flag, flag) for flag in (True, False, 12)]
    for form, value, expected in cases:
        assert lines.evaluated(form("value"), value=value) == forms.as_json(expected), value
    shape = {"a": {"b": lines.plain("value")}, "c": lines.constant("it's")}
    assert lines.evaluated(lines.object_(shape), value=5) == '{"a": {"b": 5}, "c": "it\'s"}'


def test_sentences():
    assert [
        churn.signal(*warning)
        for warning in [("login_trend", "-20.5"), ("dau_mau_change", "-0.125"), ("a_new_one", "7")]
    ] == [
        *("Logins down by 20.5 percentage points", "Daily use (DAU/MAU) down by 0.12"),
        "A new one: 7",
    ]
    assert expansion.rationale("tier_upgrade", "Plus", 2500.5, None, None, "") == (
        "Upgrade from no tier to Plus adds $2,500"
    )
    assert expansion.rationale("seat_expansion", None, 0, None, None, None) == (
        "Seat utilisation is unknown; needs unknown additional seats"
    )
    for amount in (1234.5, 2.5, -0.4, -0.5, -5000, 0, 1e15, None):
        said = expansion.rationale("module_cross_sell", "api", amount, None, None, None)
        assert said == f"api is not adopted yet, worth {forms.money(amount)}"


def test_forms():
    assert [forms.money(amount) for amount in (1234.5, 2.5, -0.4, -5000, None)] == [
        *("$1,234", "$2", "$0", "-$5,000", "unknown"),
    ]
    assert [forms.number(text) for text in ("7.500000", "0E-6", Decimal("12"), None)] == [
        *(7.5, 0, 12, None),
    ]
    assert forms.title(None) == "Unknown"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["customer-success", "--tool", "nps"], "invalid choice: 'nps'"),
        (["customer-success", "--as-of", "2026-06-01"], "--as-of goes with --from"),
        (["customer-success", "--out", "."], ". is a folder; name a file"),
        (["customer-success", "--from", "no.json", "--tool", "churn"], "there is no file no.json"),
        (["customer-success", "--from", "no.json"], "does not say which report"),
        (
            ["customer-success", "--from", "dbt_project.yml", "--tool", "churn"],
            "--from builds on DuckDB in the customer_health project",
        ),
        (["review", "--customer", "Z-9"], "the published marts lack account_review"),
        (["review"], "required: --customer"),
        (["review", "--customer", "Z", "--document", "all"], "name a folder with --out"),
        (["review", "--customer", "Z", "--document", "memo"], "invalid choice: 'memo'"),
        ([], "required: WHAT"),
    ],
)
def test_wrong_use_gives_one_sentence(marts, run, arguments, complaint):
    status, out, err = run("export", *arguments)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert complaint in err


def test_without_published_marts_there_is_one_sentence(project, run):
    status, out, err = run("export", "customer-success")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "there is no published file warehouse/customer_health.duckdb" in err
    write_marts(PUBLISHED, HEALTH)
    status, out, err = run("export", "customer-success", "--tool", "health")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "lack customer_success_recommendations" in err


def test_outside_of_the_project_there_is_one_sentence(marts, run):
    shutil.rmtree("seeds")
    status, _, err = run("export", "customer-success", "--tool", "churn")
    assert (status, err.count("\n")) == (1, 1)
    assert "there is no seeds/customer_success/risk_tier_playbooks.csv" in err
    Path("dbt_project.yml").unlink()
    status, _, err = run("export", "customer-success", "--tool", "health")
    assert (status, err.count("\n")) == (1, 1)
    assert "there is no dbt_project.yml" in err


# Documents of one customer


@pytest.fixture
def account(project: Path) -> Path:
    """One customer of whom much is known, with characters that Markdown and SQL would read."""
    known = {
        **{"customer_id": ID, "name": "Pipe | Co", "segment": "smb", "arr": 120000},
        **{"contract_end_date": "2026-08-30", "days_to_renewal": 90, "is_expired": False},
        **{"classification": "yellow", "overall_score": 55.5, "previous_overall_score": 61.7},
        **{"overall_trend": "declining", "priority": "critical", "signal_coverage": 0.9},
        **{"benchmark_segment": "smb", "peer_count": 12, "peer_median_overall_score": 60},
        **{"login_frequency": 41.5, "login_frequency_target": 70},
        **{"dau_mau_ratio": 0.35, "dau_mau_ratio_target": 0.3},
        **{"open_tickets": 25, "open_tickets_max": 20, "risk_score": 64.7, "risk_tier": "high"},
        **{"usage_decline_score": 80, "warning_count": 2, "licensed_seats": 100},
        **{"active_seats": 95, "seat_utilisation": 95, "current_tier": "enterprise_plus"},
        **{"total_estimated_revenue": 25000, "realistic_revenue": 0},
        **{"is_expansion_on_hold": True, "recommendation_count": 1},
        **{"action_items_due_date": "2026-06-03"},
    }
    write_marts(
        PUBLISHED,
        CHILDREN + EXPANSION,
        *reviewed(**known),
        insert(
            "customer_success_recommendations",
            customer_id=ID,
            position=1,
            recommendation="Plan a session.",
        ),
        insert(
            "customer_success_warnings",
            customer_id=ID,
            position=1,
            source="champion_left",
            severity="critical",
            value="yes",
        ),
        insert(
            "customer_success_warnings",
            customer_id=ID,
            position=2,
            source="a_new_source",
            severity="medium",
            value="7",
        ),
        insert(
            "customer_success_opportunities",
            customer_id=ID,
            rank=1,
            category="seat_expansion",
            estimated_revenue=25000,
            effort="low",
            additional_seats=25,
            on_hold=True,
        ),
    )
    return PUBLISHED


def document(run, name: str, customer: str = ID) -> str:
    status, out, err = run("export", "review", "--customer", customer, "--document", name)
    assert (status, err) == (0, "")
    return out


def test_internal_review_shows_risks_peers_and_red_flags(account, run):
    out = document(run, "qbr-internal")
    for line in (
        "| Customer | Pipe \\| Co (A\\|1 'x' {y}), SMB |",
        "| Health | Needs attention, 55.5 of 100, trend declining |",
        "| Churn risk | 64.7 of 100, tier high |",
        "| Renewal | 2026-08-30, 90 days left |",
        "- The health score is 6.2 points down. Hear their view before ours.",
        "- Login frequency: 41.5; the target of the segment is at least 70.",
        "- Feature adoption: not measured. Ask for it.",
        "- Open tickets: 25; should be below 20. Bring owner and date.",
        "- No expansion talk today: the risk comes first.",
        "| Usage decline | 80.0 |",
        "| Overall | 55.5 | 61.7 | -6.2 | declining | ____ | 60.0 | -4.5 |",
        "| Usage | ____ | ____ | ____ | ____ | ____ | ____ | ____ |",
        "| Plan a session. | CSM ____ | 2026-06-03 |",
    ):
        assert line in out.splitlines(), line
    assert "Red flags to listen for" in out
    assert "- Daily among monthly users" not in out
    assert [int(end) - int(begin) for begin, end in re.findall(r"^\*\*(\d+)-(\d+) ", out, re.M)]
    assert "| 2026-06-09 |" in out, "the steps of the tier have their dates"


def test_external_review_asks_and_keeps_internal_figures_to_itself(account, run):
    out = document(run, "qbr")
    assert "3. Who leads our work together now" in out
    assert "4. What should we know that we have not asked?" in out
    for word in ("risk", "churn", "score", "55.5", "64.7", "25,000", "$", "peer", "internal"):
        assert word not in out.lower(), word
    minutes = [int(found) for found in re.findall(r"^\| (\d+) \| [A-Z]", out, re.M)]
    assert sum(minutes) == 60
    assert "| Plan | Enterprise Plus, 100 seats |" in out


def test_all_documents_are_written_and_nothing_is_left_unfilled(account, run):
    status, out, err = run(
        "export", "review", "--customer", ID, "--document", "all", "--out", "made"
    )
    assert (status, err) == (0, "")
    paths = [Path(line) for line in out.splitlines()]
    assert [path.name.rpartition("_")[2] for path in paths] == [
        f"{name}.md" for name in review.DOCUMENTS
    ]
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# ")
        assert re.search(r"\{[{%#]|None|nan|\n\n\n", text) is None, path


def test_documents_of_invented_data_say_so(account, run):
    with duckdb.connect(str(account)) as connection:
        connection.execute(
            "create table marts.build_info as select true as is_demo, 'health' as demo_tables,"
            """ '{"health": 1}' as source_rows, 'EUR' as currency"""
        )
    said = "> Demo data: every name and every figure is invented. Amounts in EUR."
    for name in review.DOCUMENTS:
        assert document(run, name).startswith(said)


def test_what_no_data_fills_stays_a_labelled_blank(project, run):
    write_marts(PUBLISHED, CHILDREN + EXPANSION, *reviewed(customer_id="bare"))
    for name in review.DOCUMENTS:
        out = document(run, name, "bare")
        assert out.startswith("# ")
        assert "bare" in out.splitlines()[0], "an unknown name gives way to the id"
        assert re.search(r"None|unscored|no_data|\n\n\n", out) is None
    assert "| Seats in use | ____ of ____ | ____ |" in document(run, "onboarding", "bare")


def test_unknown_customer_gives_one_sentence(account, run):
    for customer in ("A-1", "a|1 'x' {y}", "' or '1'='1", "{marts}"):
        status, out, err = run("export", "review", "--customer", customer)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert "there is no customer" in err


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        (None, "there is no template reports/templates/onboarding.md"),
        ("{{ nmae }}", "onboarding.md cannot be filled: 'nmae' is undefined"),
        ("{% if %}", "onboarding.md cannot be filled: Expected an expression"),
        ("{{ seed('no') }}", "there is no seeds/customer_success/no.csv"),
    ],
)
def test_template_that_cannot_be_filled_gives_one_sentence(account, run, template, complaint):
    path = Path("reports/templates/onboarding.md")
    path.unlink()
    if template is not None:
        path.write_text(template)
    status, out, err = run("export", "review", "--customer", ID, "--document", "onboarding")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert complaint in err


def test_no_two_customers_share_a_file():
    ids = ["a/b", "a_b", "a%2Fb", "A", "..", "x" * 300, "x" * 301]
    names = {review.file_name(customer) for customer in ids}
    assert len(names) == len(ids)
    assert all(len(name) <= 100 and "/" not in name for name in names)


def test_columns_of_the_review_are_those_of_the_mart():
    path = ROOT / "models/marts/customer_success/_account_review__models.yml"
    [model] = yaml.safe_load(path.read_text())["models"]
    assert {*review.COLUMNS} <= {column["name"] for column in model["columns"]}
