"""customer_health_formats: files written as in another country give the marts of the plain ones."""

import csv
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from builds import DEMO_AS_OF, ROOT, build, customer_health, dbt, duckdb_environment

from customer_health.project import source_tables

COMPARED = {
    "marts": ("policy_scores", "account_health_history", "special_conversion_customers"),
    "quality": ("value_findings",),
}
NUMBER = re.compile(r"(-?)([0-9]+)(?:[.]([0-9]+))?")
DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(.*)")

Written = Callable[[str, str], str]


def german(type_: str, text: str) -> str:
    """Write 1234.5 as 1.234,5 €, 2026-06-30 as 30.06.2026, true as Ja."""
    if type_ == "boolean":
        return {"true": "Ja", "false": "Nein"}.get(text, text)
    if found := NUMBER.fullmatch(text):
        sign, whole, decimals = found.groups("")
        grouped = f"{int(whole):,}".replace(",", ".")
        return f"{sign}{grouped}{',' * bool(decimals)}{decimals} €"
    return DAY.sub(r"\3.\2.\1\4", text)


def american(type_: str, text: str) -> str:
    """Write 1234.5 as $1,234.5, 2026-06-30 as 6/30/2026, true as Yes."""
    if type_ == "boolean":
        return {"true": "Yes", "false": "No"}.get(text, text)
    if found := NUMBER.fullmatch(text):
        sign, whole, decimals = found.groups("")
        return f"{sign}${int(whole):,}{'.' * bool(decimals)}{decimals}"
    if found := DAY.fullmatch(text):
        return f"{int(found[2])}/{int(found[3])}/{found[1]}{found[4]}"
    return text


FORMATS: Mapping[str, tuple[Written, Mapping[str, Any]]] = {
    "german": (
        german,
        {
            "decimal_sign": ",",
            "thousands_sign": ".",
            "units": ["€"],
            "date_order": "dmy",
            "true_words": ["Ja"],
            "false_words": ["Nein"],
        },
    ),
    "american": (
        american,
        {
            "thousands_sign": ",",
            "units": ["$"],
            "date_order": "mdy",
            "true_words": ["Yes"],
            "false_words": ["No"],
        },
    ),
}


def rewrite(source: Path, target: Path, written: Written) -> None:
    """Copy a file; what the project does not declare as text is written anew."""
    types = source_tables(ROOT)
    declared = {**types["salesforce__customer_360_view"], **types[source.stem]}
    with (
        source.open(encoding="utf-8", newline="") as old,
        target.open("w", encoding="utf-8", newline="") as new,
    ):
        rows = csv.DictReader(old)
        writer = csv.DictWriter(new, rows.fieldnames or [])
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {
                    name: text if declared[name] == "varchar" else written(declared[name], text)
                    for name, text in row.items()
                }
            )


def test_marts_are_those_of_plain_files(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("plain", "written")}
    size = ("--accounts", 80, "--customers", 120, "--success-customers", 10, "--weeks", 3)
    out = ("--as-of", DEMO_AS_OF, "--format", "csv", "--out", folders["plain"] / "raw")
    customer_health("demo", *size, *out)
    (folders["written"] / "raw").mkdir(parents=True)
    formats = {}
    for source in (folders["plain"] / "raw").glob("*.csv"):
        name = "american" if source.stem.startswith("customer360") else "german"
        written, formats[source.stem] = FORMATS[name][0], {"every_column": FORMATS[name][1]}
        rewrite(source, folders["written"] / "raw" / source.name, written)
    settings = {"plain": {}, "written": {"customer_health_formats": formats}}
    select = [f"+{name}" for names in COMPARED.values() for name in names]
    with duckdb.connect() as connection:
        for name, folder in folders.items():
            variables = {"as_of_date": DEMO_AS_OF, **settings[name]}
            work = build(folder / "raw", folder, variables, select=select)
            connection.execute(f"attach '{work}' as {name} (read_only)")
        for table in (f"{schema}.{name}" for schema in COMPARED for name in COMPARED[schema]):
            both = [f"select * from {name}.{table}" for name in folders]
            [(count,)] = connection.execute(f"select count(*) from ({both[0]})").fetchall()
            assert count > 0, table
            for first, second in (both, both[::-1]):
                assert connection.execute(f"{first} except all {second}").fetchall() == [], table


@pytest.mark.parametrize(
    ("table", "column", "sentence"),
    [
        (
            "accounts",
            "every_column",
            "unknown key accounts; use only ",
        ),
        ("account_outcomes", "reason", "unknown key reason; use only every_column"),
    ],
)
def test_what_is_no_source_is_refused(
    table: str, column: str, sentence: str, tmp_path: Path
) -> None:
    formats = {table: {column: {"decimal_sign": ","}}}
    variables = {"as_of_date": DEMO_AS_OF, "customer_health_formats": formats}
    environment = duckdb_environment(tmp_path / "raw", tmp_path)
    words = ("build", "--select", "kpis")
    told = dbt(*words, variables=variables, environment=environment, folder=tmp_path, check=False)
    assert told.status != 0
    assert sentence in " ".join(told.output.split())
