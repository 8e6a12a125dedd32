"""The analysts' pages are up to date, and metrics give the figures of the marts."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from builds import build, customer_health

from customer_health.documentation.__main__ import ROOT, pages, read_models
from customer_health.documentation.examples import ACCOUNTS, AS_OF, EXAMPLES
from customer_health.documentation.manifest import Column, marts
from customer_health.documentation.pages import references, unit


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The work file and the manifest of the demo that the example queries are run on."""
    folder = tmp_path_factory.mktemp("documentation")
    raw = folder / "raw"
    customer_health("demo", "--accounts", ACCOUNTS, "--as-of", AS_OF, "--out", raw)
    selected = [f"+{mart}" for mart in read_models()]
    work_file = build(raw, folder, {"as_of_date": AS_OF}, select=selected)
    return work_file, folder / "target" / "manifest.json"


def test_pages_are_as_committed(demo: tuple[Path, Path]) -> None:
    stale = [
        name
        for name, text in pages(*demo).items()
        if (ROOT / "docs" / name).read_text(encoding="utf-8") != text
    ]
    assert not stale, "run `make docs` and commit what it writes"


def test_there_are_ten_queries_and_every_one_has_rows(demo: tuple[Path, Path]) -> None:
    assert len(EXAMPLES) == 10
    with duckdb.connect(demo[0], read_only=True) as connection:
        for example in EXAMPLES:
            assert connection.execute(example.sql).fetchall(), example.question


def test_every_mart_has_a_key_and_every_reference_a_mart(demo: tuple[Path, Path]) -> None:
    found = marts(demo[1])
    assert [mart.name for mart in found.values() if not mart.key] == []
    for mart in found.values():
        for parent, column in references(mart, found).values():
            assert column in {own.name for own in found[parent].columns}


@pytest.mark.parametrize(
    ("name", "type_", "description", "expected"),
    [
        ("account_count", "bigint", "Number of accounts.", "number"),
        ("short_notice_share", "decimal(9, 6)", "Share within so many days.", "share"),
        ("adoption_rate", "decimal(4, 1)", "Adopted modules in percent of all.", "percent"),
        ("arr_at_risk", "decimal(28, 6)", "ARR at risk.", "currency units"),
        ("account_count_arr", "decimal(28, 6)", "", "number"),
        ("health_score", "decimal(9, 6)", "0-100 points.", "points"),
        ("account_name", "string", "Name, 0-100.", ""),
        ("as_of_date", "date", "", "date"),
    ],
)
def test_unit_of_a_column(name: str, type_: str, description: str, expected: str) -> None:
    assert unit(Column(name, type_, description)) == expected


def metricflow_sql(manifest: Path, metrics: list[str], by: list[str]) -> str:
    """Return the SQL that MetricFlow makes of metrics."""
    from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
    from metricflow.protocols.sql_client import SqlEngine
    from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
    from metricflow_semantics.model.dbt_manifest_parser import (
        parse_manifest_from_dbt_generated_manifest,
    )
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    class Client:
        sql_engine_type = SqlEngine.DUCKDB
        sql_plan_renderer = DuckDbSqlPlanRenderer()

    text = manifest.with_name("semantic_manifest.json").read_text(encoding="utf-8")
    lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(text))
    client: Any = Client()
    request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=by or None)
    return MetricFlowEngine(lookup, client).explain(request).sql_statement.sql


def test_metrics_give_the_figures_of_the_marts(demo: tuple[Path, Path]) -> None:
    work_file, manifest = demo
    metrics = ["average_health", "low_health_rate", "predicted_revenue", "account_count"]
    with duckdb.connect(work_file, read_only=True) as connection:
        [found] = connection.execute(metricflow_sql(manifest, metrics, [])).fetchall()
        [expected] = connection.execute(
            """
            select
                avg(health_score),
                count(*) filter (health_band = 'Low') / count(health_score),
                sum(predicted_6m_revenue),
                count(*)
            from marts.account_health
            """
        ).fetchall()
        assert [float(value) for value in found] == pytest.approx([float(v) for v in expected])
        sql = metricflow_sql(manifest, ["low_health_rate"], ["account__industry"])
        by_industry = dict(connection.execute(sql).fetchall())
        expected_rates = connection.execute(
            """
            select industry, count(*) filter (health_band = 'Low') / count(health_score)
            from marts.account_health
            group by industry
            """
        ).fetchall()
        assert by_industry == pytest.approx(
            {industry: float(rate) for industry, rate in expected_rates}, abs=1e-6
        )
        [found] = connection.execute(
            metricflow_sql(manifest, ["arr", "arr_at_risk"], [])
        ).fetchall()
        expected = connection.execute(
            """
            select sum(arr), sum(arr) filter (risk_tier in ('critical', 'high'))
            from marts.customer_success_churn_risk
            """
        ).fetchone()
        assert found == expected


def test_metrics_and_semantic_models_are_described(demo: tuple[Path, Path]) -> None:
    manifest = json.loads(demo[1].with_name("semantic_manifest.json").read_text(encoding="utf-8"))
    names = {metric["name"] for metric in manifest["metrics"]}
    assert names >= {"average_health", "low_health_rate", "predicted_revenue", "arr_at_risk"}
    described = [*manifest["metrics"], *manifest["semantic_models"]]
    assert [node["name"] for node in described if not node["description"]] == []
