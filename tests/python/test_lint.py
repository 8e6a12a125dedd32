# ruff: noqa: E501
"""What `make lint` runs of our own finds what it must: planted errors, each rule once."""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.lint import manifest as rules

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
BOUNCER = ROOT / ".venv-bouncer/bin/dbt-bouncer"
MANIFEST = ROOT / "target/lint/manifest.json"

# Layout, capitals, names, aliases, ambiguity; in plain SQL, behind Jinja, and in a branch not taken.
PLANTED = {
    "models/good.sql": "select 1 as number\n",
    "models/bad.sql": "SELECT 1 as number,2 as Other from  {{ ref('good') }} g\n",
    "models/branches.sql": "{% if true %}\nselect 1 as number\n{% else %}\nselect\n1 AS number,\n{% endif %}\n",
    "models/looped.sql": "select\n    {% for name in ['a', 'b'] %}\n  1 as {{ name }},\n    {% endfor %}\n    2 AS last\n",
    "models/long.sql": f"select 1 as number -- {'long ' * 40}\n",
    "analyses/bad.sql": "select good.number from {{ ref('good') }} as good, {{ ref('looped') }} as looped\n",
    "tests/singular/bad.sql": "select number\nfrom {{ ref('good') }}\n  where number <> 1 and  Number = 2\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project with the linter's settings of ours, in a repository of its own."""
    folder = tmp_path_factory.mktemp("lint")
    settings = {"name": "customer_health", "version": "0.1.0", "profile": "customer_health"}
    places = {"analysis-paths": ["analyses"], "test-paths": ["tests/singular"]}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings | places))
    for name in (".sqlfluff", "profiles.yml"):
        shutil.copy(ROOT / name, folder)
    for name, text in PLANTED.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / ".gitignore").write_text("target\nlogs\n*.duckdb\n")
    duckdb.connect(str(folder / "work.duckdb")).close()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "planted")
    return folder


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True)


def in_project(project: Path, *command: object) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "CUSTOMER_HEALTH_WORK": str(project / "work.duckdb"),
        "DBT_PROFILES_DIR": str(project),
        "PYTHONPATH": str(ROOT),
    }
    arguments = [str(part) for part in command]
    return subprocess.run(
        arguments, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def ours(project: Path, *arguments: str) -> set[tuple[str, ...]]:
    done = in_project(project, sys.executable, "-m", "tests.lint.sql", *arguments)
    assert done.returncode in (0, 1), done.stderr
    *lines, summary = done.stdout.splitlines()
    assert summary.startswith("sqlfluff: "), done.stdout + done.stderr
    found = set()
    for line in lines:
        place, rule, *_ = line.split(" ")
        found.add((*place.rstrip(":").split(":"), rule))
    assert done.returncode == (1 if found else 0)
    return found


def theirs(project: Path) -> set[tuple[str, ...]]:
    command = (BIN / "sqlfluff", "lint", "--format", "json", "models", "analyses", "tests/singular")
    done = in_project(project, *command)
    return {
        (file["filepath"], str(one["start_line_no"]), str(one["start_line_pos"]), one["code"])
        for file in json.loads(done.stdout[done.stdout.index("[") :])
        for one in file["violations"]
    }


def test_sqlfluff_finds_what_its_own_command_finds(project: Path) -> None:
    found = ours(project)
    assert found == theirs(project)
    assert {file for file, *_ in found} == PLANTED.keys() - {"models/good.sql"}


def test_changed_files_are_linted_alone_and_all_after_a_macro(project: Path) -> None:
    assert ours(project, "--changed") == set()
    git(project, "checkout", "--quiet", "-b", "work")
    (project / "models/bad.sql").write_text(PLANTED["models/bad.sql"] + "\n")
    (project / "models/new.sql").write_text("SELECT 1 as number\n")
    found = ours(project, "--changed")
    assert {file for file, *_ in found} == {"models/bad.sql", "models/new.sql"}
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "committed on the branch")
    assert ours(project, "--changed") == found
    (project / "macros").mkdir()
    (project / "macros/shared.sql").write_text("{% macro shared() %}1{% endmacro %}\n")
    assert {file for file, *_ in ours(project, "--changed")} > {"analyses/bad.sql"}


def node(name: str, path: str, *reads: str, kind: str = "model") -> dict[str, Any]:
    return {
        "name": name,
        "resource_type": kind,
        "original_file_path": path,
        "depends_on": {"nodes": list(reads)},
    }


def planted(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A manifest of nodes whose ids are their names; each model has a test."""
    tests = {
        f"test_{each['name']}": {
            **node(f"test_{each['name']}", "", kind="test"),
            "attached_node": each["name"],
        }
        for each in nodes
        if each["resource_type"] == "model"
    }
    return {"nodes": {each["name"]: each for each in nodes} | tests, "sources": {}}


OTHERS = (
    node("source", "", kind="source"),
    node("seed", "seeds/seed.csv", kind="seed"),
    node("stg", "models/staging/salesforce/stg.sql"),
    node("stg_other", "models/staging/mapping/stg_other.sql"),
    node("int_earlier", "models/intermediate/account_health/int_earlier.sql"),
    node("int_own", "models/intermediate/conversion/int_own.sql"),
    node("earlier", "models/marts/account_health/earlier.sql"),
    node("own", "models/marts/conversion/own.sql"),
    node("later", "models/marts/learning/later.sql"),
    node("quality", "models/quality/quality.sql"),
)
DOORS = {
    "models/staging/salesforce/x.sql": {"source", "seed", "stg"},
    "models/intermediate/conversion/x.sql": {"seed", "stg", "stg_other", "int_own", "earlier"},
    "models/marts/conversion/x.sql": {"seed", "int_own", "own", "earlier"},
    "models/quality/x.sql": {"seed", "stg", "stg_other", "quality"},
    "models/history/x.sql": {"stg", "stg_other", "int_earlier", "int_own"},
}  # fmt: skip
NO_EXCEPTIONS: Mapping[str, Any] = {"doors": [], "tests": []}


@pytest.mark.parametrize("path", DOORS)
def test_doors_are_one_way(path: str) -> None:
    for other in OTHERS:
        found = list(
            rules.findings(planted(*OTHERS, node("x", path, other["name"])), NO_EXCEPTIONS)
        )
        expected = [] if other["name"] in DOORS[path] else [f"x reads {other['name']}"]
        assert [sentence.split(":")[0] for sentence in found] == expected


def test_exceptions_hold_as_long_as_they_are_needed() -> None:
    breach = planted(*OTHERS, node("x", "models/marts/conversion/x.sql", "stg"))
    entry = {"since": "2026-11-30", "reason": "known", "reads": {"x": ["stg"]}}
    assert list(rules.findings(breach, {"doors": [entry], "tests": []})) == []
    entry = {"since": "2026-11-30", "reason": "known", "reads": {"x": ["stg", "own"]}}
    [sentence] = rules.findings(breach, {"doors": [entry], "tests": []})
    assert sentence == "x reads own: an exception that nothing needs"
    [sentence] = rules.findings(breach, {"doors": [{"reads": {"x": ["stg"]}}], "tests": []})
    assert sentence.startswith("an exception of doors lacks its date or its reason")


def test_every_model_has_a_test_of_its_data() -> None:
    untested = planted(*OTHERS)
    del untested["nodes"]["test_own"]
    assert list(rules.findings(untested, NO_EXCEPTIONS)) == ["own: no test of its data"]
    entry = {"since": "2026-11-30", "reason": "known", "models": ["own", "later"]}
    [sentence] = rules.findings(untested, {"doors": [], "tests": [entry]})
    assert sentence == "later: an exception from tests that nothing needs"


def test_names_of_tests_are_short() -> None:
    named = planted(*OTHERS)
    named["nodes"]["test_own"]["name"] = "a" * 60
    named["unit_tests"] = {"unit_test": {"name": "b" * 61}}
    [sentence] = rules.findings(named, NO_EXCEPTIONS)
    assert sentence == f"{'b' * 61}: a name of more than 60 characters"


def breach_all(manifest: dict[str, Any]) -> None:
    """Break every rule of dbt-bouncer.yml."""
    nodes = manifest["nodes"]

    def model(name: str) -> dict[str, Any]:
        return nodes[f"model.customer_health.{name}"]

    mart, staged, between = (
        model(name) for name in ("account_health", "stg_mapping__accounts", "int_policy_cells")
    )
    mart["access"] = mart["config"]["access"] = "private"
    staged["access"] = staged["config"]["access"] = "public"
    mart["config"]["contract"]["enforced"] = mart["contract"]["enforced"] = False
    mart["columns"]["account_id"] |= {"data_type": None, "description": ""}
    mart["description"] = ""
    mart["raw_code"] += " ;"
    between["raw_code"] += " -- \nunion all select * from marts.policies"
    staged["name"] = "mapped"
    between["name"] = "policy_cells"
    between["patch_path"] = None
    staged["patch_path"] = "customer_health://models/elsewhere/_elsewhere__models.yml"
    for exposure in manifest["exposures"].values():
        exposure["depends_on"]["nodes"] = [between["unique_id"]]
        exposure["description"] = ""
        exposure["owner"] = {"name": None, "email": None}
    for source in manifest["sources"].values():
        source["description"] = source["source_description"] = ""
    for seed in nodes.values():
        if seed["resource_type"] == "seed":
            seed["description"] = ""
    manifest["unit_tests"] = {}


@pytest.mark.skipif(not BOUNCER.exists(), reason="needs `make bouncer`")
@pytest.mark.skipif(not MANIFEST.exists(), reason="needs `make bouncer`")
def test_each_rule_of_dbt_bouncer_can_fail(tmp_path: Path) -> None:
    settings = yaml.safe_load((ROOT / "dbt-bouncer.yml").read_text(encoding="utf-8"))
    settings["dbt_artifacts_dir"] = str(tmp_path)
    (tmp_path / "dbt-bouncer.yml").write_text(yaml.safe_dump(settings))
    sound = json.loads(MANIFEST.read_text(encoding="utf-8"))
    broken = copy.deepcopy(sound)
    breach_all(broken)
    expected = {
        f"{check['name']}:{position}" for position, check in enumerate(settings["manifest_checks"])
    }
    assert failing(tmp_path, sound) == set()
    assert failing(tmp_path, broken) == expected


def failing(folder: Path, manifest: dict[str, Any]) -> set[str]:
    """The checks that fail on a manifest, each with its place in the list."""
    (folder / "manifest.json").write_text(json.dumps(manifest))
    report = folder / "report.json"
    subprocess.run(
        [BOUNCER, "run", "--config-file", folder / "dbt-bouncer.yml", "--output-file", report],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return {
        ":".join(result["check_run_id"].split(":")[:2])
        for result in json.loads(report.read_text(encoding="utf-8"))
        if result["outcome"] == "failed"
    }
