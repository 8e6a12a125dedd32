"""One stored parse stands for all builds that differ in what only compiling reads."""

import json
from pathlib import Path
from typing import Any

import pytest
from builds import (
    LEARNING,
    OWN_POLICIES,
    POLICIES,
    READ_WHEN_COMPILING,
    _decisive,
    published_variables,
    stored_parse,
)
from golden.inputs import POLICIES as GOLDEN_POLICIES
from oracle import adversarial_customers

PUBLISHED = published_variables()
CUSTOMERS = adversarial_customers.CASES[-1].variables

# What decides which nodes run, on what, and as what.
DECIDED = ("config", "columns", "checksum", "refs", "sources", "raw_code", "fqn", "contract")


def other_blocks(**blocks: dict[str, Any]) -> dict[str, Any]:
    """Settings in which these blocks have other values, all else as published."""
    return {name: {**PUBLISHED[name], **changes} for name, changes in blocks.items()}


OTHERS = {
    "as_of_date": "2020-02-29",
    "customer_health_future_dates": "allow",
    "customer_health_formats": {"account_outcomes": {"every_column": {"decimal_sign": ","}}},
    "customer_health_currency": "EUR",
    "customer_health_personal_data": "hash",
    "customer_health_policy": "win_probability",
    POLICIES: ["mine", "win_probability"],
    OWN_POLICIES: {
        "mine": {
            "extends": "run_rate",
            "bands": [{"band": "Good", "at_least": 33}, {"band": "Bad", "at_least": 0}],
            "dimensions": [
                {
                    "dimension": "activity",
                    "weight": 1,
                    "metrics": [
                        {"metric": "total_activities_90d", "weight": 0.5, "scale": "winsorized"},
                        {
                            "metric": "days_since_last_activity",
                            "weight": 0.5,
                            "scale": "target",
                            "lower": 0,
                            "upper": 60,
                            "pre_transform": "log1p",
                        },
                    ],
                },
            ],
        },
    },
    **{name: CUSTOMERS[name] for name in CUSTOMERS.keys() & READ_WHEN_COMPILING},
    **other_blocks(
        customer_health_history={"keep_days": 20, "backfill": "all"},
        customer_health_trajectory={"window_weeks": 9, "dead_band": 3, "across_policies": True},
        customer_health_validation={"top_share": 0.2, "calibration_parts": 5},
        customer_health_alerts={"cool_down_days": 3, "replay_from": "2019-01-01"},
        customer_health_learning={"segment_column": "", "bin_quantiles": [0.5], "max_signals": 3},
    ),
}


def parsed(folder: Path) -> dict[str, Any]:
    """What a parse says of every node."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    nodes = {**manifest["nodes"], **manifest["sources"], **manifest["unit_tests"]}
    return {
        identity: {
            **{name: node.get(name) for name in DECIDED},
            "depends_on": node.get("depends_on", {}).get("nodes"),
        }
        for identity, node in nodes.items()
    }


def test_a_parse_does_not_hang_on_what_compiling_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert OTHERS.keys() == READ_WHEN_COMPILING | {LEARNING, POLICIES, OWN_POLICIES}
    assert all(PUBLISHED[name] != value for name, value in OTHERS.items())
    shared = stored_parse({}, {})
    assert stored_parse(OTHERS, {}) == shared
    monkeypatch.setattr("builds._decisive", dict)
    other = stored_parse(OTHERS, {})
    assert other != shared
    assert parsed(other) == parsed(shared)


def test_a_parse_hangs_on_the_peer_groups_of_the_active_policy() -> None:
    with_peers, without = (
        _decisive({**GOLDEN_POLICIES, "customer_health_policy": name})
        for name in ("every_scale", "run_rate")
    )
    assert with_peers != without
