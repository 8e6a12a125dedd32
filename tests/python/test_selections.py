"""A selection builds in an empty warehouse: no node looks at a relation outside of its lineage."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from builds import DEMO_AS_OF, MODELS_AND_SEEDS, customer_health, dbt, duckdb_environment
from golden.inputs import FOUR_BANDS, POLICIES

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "published": {},
    "own policy": {
        "customer_health_policy": "four_bands",
        "customer_health_policies": ["four_bands"],
        "customer_health_extra_policies": {"four_bands": FOUR_BANDS},
    },
    "every scale": {**POLICIES, "customer_health_policy": "every_scale"},
}
# For any other +X stands that no node names a relation outside of its lineage, under three
# settings, and dbt runs no test without its parents.
MARTS = (
    ("--select", "+risk_matrix"),
    ("--select", "+account_health", "+strategy_matrix", "+account_alerts"),
)
# The other selectors are left to that static check: each real build takes a minute.
SUBJECTS = (("--selector", "account_health"), ("--selector", "learning"))
SELECTIONS = (
    *(("published", selection) for selection in MARTS),
    *(("own policy", selection) for selection in MARTS + SUBJECTS),
)
# Of the history only some dates are read, outcomes and signals are kept as they came, and of what a
# load says of itself nothing is rejected.
NOT_COUNTED = {
    *("salesforce__customer_360_history", "account_outcomes", "account_signals", "load_info"),
}
RELATION = re.compile(r'"work"\."\w+"\."\w+"')
INPUT = re.compile(r"'(\w+)'")

Manifest = Mapping[str, Any]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a work file with a small demo in `raw` and nothing else."""
    folder = tmp_path_factory.mktemp("loaded")
    options = ("--accounts", 60, "--weeks", 4, "--as-of", DEMO_AS_OF)
    customer_health("demo", *options, "--out", folder / "raw")
    environment = duckdb_environment(folder / "raw", folder)
    customer_health("load", folder / "raw", environment=environment)
    return folder


@pytest.fixture(scope="module")
def compiled(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Manifest]:
    """The manifest of the whole project with the SQL of its nodes, by the name of the settings."""

    @cache
    def compiled(settings: str) -> Manifest:
        folder = emptied(loaded, tmp_path_factory.mktemp("compiled"))
        run(folder, settings, "compile")
        return artifact(folder, "manifest")

    return compiled


def emptied(loaded: Path, folder: Path) -> Path:
    """Copy the loaded work file into a folder."""
    shutil.copy(loaded / "work.duckdb", folder)
    return folder


def run(folder: Path, settings: str, *words: str) -> None:
    """Run a command of dbt in a folder, with settings by their name."""
    variables = {"as_of_date": DEMO_AS_OF, **SETTINGS[settings]}
    environment = duckdb_environment(folder / "raw", folder)
    dbt(*words, variables=variables, environment=environment, folder=folder, bare=True)


def artifact(folder: Path, name: str) -> Any:
    """Read an artifact of the last command in a folder."""
    return json.loads((folder / "target" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("settings", SETTINGS)
def test_no_node_names_a_relation_outside_of_its_lineage(
    settings: str, compiled: Callable[[str], Manifest]
) -> None:
    manifest = compiled(settings)
    nodes = {**manifest["nodes"], **manifest["sources"]}
    relations = {node.get("relation_name"): name for name, node in nodes.items()}

    @cache
    def lineage(name: str) -> frozenset[str]:
        parents = nodes[name].get("depends_on", {}).get("nodes", [])
        return frozenset({name}).union(*map(lineage, parents))

    read = {
        (name, relations.get(relation, relation))
        for name, node in manifest["nodes"].items()
        for relation in RELATION.findall(node.get("compiled_code") or "")
    }
    # A unit test takes the types of its rows from the relations that it stands in for.
    ids = {node["name"]: name for name, node in nodes.items()}
    read |= {
        (test["depends_on"]["nodes"][0], ids[INPUT.findall(given["input"])[-1]])
        for test in manifest["unit_tests"].values()
        for given in test["given"]
    }
    assert len(read) > len(manifest["nodes"])
    assert sorted((name, other) for name, other in read if other not in lineage(name)) == []


@pytest.mark.parametrize(("settings", "selection"), SELECTIONS, ids=str)
def test_a_selection_builds_in_an_empty_warehouse(
    settings: str, selection: tuple[str, ...], loaded: Path, tmp_path: Path
) -> None:
    run(emptied(loaded, tmp_path), settings, "build", *selection)
    results = artifact(tmp_path, "run_results")["results"]
    assert {result["status"] for result in results} == {"success", "pass"}
    kinds = {result["unique_id"].split(".")[0] for result in results}
    assert kinds >= {"model", "test", "unit_test"}


def test_a_source_row_that_is_counted_twice_is_found(
    loaded: Path, tmp_path: Path, compiled: Callable[[str], Manifest]
) -> None:
    """The test of all sources at once, with one rejected row too many of each."""
    select = ("--select", "+source_rows_reconcile")
    run(emptied(loaded, tmp_path), "published", "build", *select, *MODELS_AND_SEEDS)
    manifest = compiled("published")
    reconcile = manifest["nodes"]["test.customer_health.source_rows_reconcile"]["compiled_code"]
    sources = {source["name"] for source in manifest["sources"].values()}
    with duckdb.connect(tmp_path / "work.duckdb") as connection:
        assert connection.execute(reconcile).fetchall() == []
        insert = "insert into quality.rejected_rows (source, row_count) values (?, 1)"
        connection.executemany(insert, [[source] for source in sorted(sources)])
        found = connection.execute(reconcile).fetchall()
    assert {source for source, *_ in found} == sources - NOT_COUNTED
    assert all(observed == expected + 1 for *_, expected, observed in found)
