"""customer_health_private_marts: its names are held to the marts, and the publish finds it."""

import json
from pathlib import Path

import pytest
from builds import READ_WHEN_COMPILING, dbt, duckdb_environment, stored_parse

SETTING = "customer_health_private_marts"


def test_the_publish_finds_the_setting_in_the_manifest() -> None:
    manifest = json.loads((stored_parse({}, {}) / "manifest.json").read_text(encoding="utf-8"))
    [node] = [node for node in manifest["nodes"].values() if node["alias"] == "build_info"]
    assert node["config"]["meta"] == {"private_marts": []}


def test_an_unknown_mart_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = duckdb_environment(tmp_path / "raw", tmp_path)
    # Names are checked when a run starts: the parse without the setting, made before, will do.
    stored_parse({}, environment)
    monkeypatch.setattr("builds.READ_WHEN_COMPILING", READ_WHEN_COMPILING | {SETTING})
    outcome = dbt(
        *("run", "--select", "build_info"),
        variables={SETTING: ["risk_matrix", "acount_health"]},
        environment=environment,
        folder=tmp_path,
        check=False,
    )
    assert outcome.status != 0
    [line] = {line.strip() for line in outcome.output.splitlines() if "customer_health: " in line}
    assert f"setting {SETTING} names acount_health, which is no mart of this build" in line
    assert "; write account_health, or take it out" in line
