"""The places that list the columns of the account view agree with each other."""

import re
from pathlib import Path

import yaml

from customer_health.demo.accounts import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "models/staging/salesforce/_salesforce__sources.yml"

# What a rule of staging cleans -> the types that the source may declare for it.
TYPES = {
    "text": {"varchar"},
    "key": {"varchar"},
    "industry": {"varchar"},
    "size_segment": {"varchar"},
    "amount": {"double"},
    "percentage": {"double"},
    "count": {"integer"},
    "signed_count": {"integer"},
    "score": {"integer"},
    "flag": {"integer"},
    "epoch_seconds": {"bigint"},
    "timestamp": {"timestamp"},
}


# Columns that speak of the row, not of the account.
OF_THE_ROW = {"is_deleted": "integer", "currency_iso_code": "varchar"}


def declared() -> dict[str, str]:
    """Columns of the account as the YAML file of the source declares them: name -> type."""
    source = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"][0]
    types = {column["name"]: column["data_type"] for column in source["tables"][0]["columns"]}
    assert {name: types.pop(name) for name in OF_THE_ROW} == OF_THE_ROW
    return types


def ruled() -> dict[str, str]:
    """Columns of the source table as staging cleans them: name -> rule."""
    text = (ROOT / "macros/staging/salesforce_account_columns.sql").read_text(encoding="utf-8")
    return dict(re.findall(r"^        '(\w+)': '(\w+)',$", text, re.MULTILINE))


def test_staging_has_a_rule_for_every_declared_column_in_order() -> None:
    assert len(declared()) == 54
    assert list(ruled()) == list(declared())


def test_rules_fit_the_declared_types() -> None:
    wrong = {
        name: (rule, declared()[name])
        for name, rule in ruled().items()
        if declared()[name] not in TYPES[rule]
    }
    assert not wrong


def test_demo_writes_every_declared_column() -> None:
    assert set(COLUMNS) == set(declared())


def test_metric_catalogue_names_columns_of_staging() -> None:
    text = (ROOT / "macros/policy/metric_catalogue.sql").read_text(encoding="utf-8")
    metrics = set(re.findall(r"'(\w+)': (?:'|\{'unit')", text)) - {"unit", "can_be_negative"}
    numeric = {"amount", "percentage", "count", "signed_count", "score"}
    known = {name for name, rule in ruled().items() if rule in numeric}
    assert metrics - known == {"contact_email_coverage", "size_points"}
    # The CRM's own score is recency in disguise and is never an input of ours.
    assert "customer_health_score" not in metrics
