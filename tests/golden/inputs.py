"""The builds whose figures are kept: data, settings and what is built of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builds import DEMO_AS_OF, build, customer_health, demo_build
from oracle import adversarial, adversarial_customers, customer_success_cases

ADVERSARIAL_AS_OF = adversarial.AS_OF_DATE
RANDOM_CUSTOMERS = 100

CASES = {case.name: case for case in adversarial.CASES}

# Own names for the bands, one more of them than the presets have, and as many tiers.
FOUR_BANDS = {
    "extends": "run_rate",
    "bands": [
        {"band": "Thriving", "at_least": 70},
        {"band": "Steady", "at_least": 50},
        {"band": "Shaky", "at_least": 30.5},
        {"band": "Leaving", "at_least": 0},
    ],
    "tiers": [
        {"tier": "Gold", "above_quantile": 0.9},
        {"tier": "Silver", "at_least_quantile": 0.6},
        {"tier": "Bronze", "above_quantile": 0.3},
        {"tier": "Tin"},
    ],
}

# Every scale in both directions, with each transform before and after, among all and among peers.
EVERY_SCALE = {
    "extends": "run_rate",
    "min_coverage": 0.4,
    "scaled_when_constant": 0.3,
    "dimensions": [
        {
            "dimension": "activity",
            "weight": 0.4,
            "metrics": [
                {
                    "metric": "days_since_last_activity",
                    "weight": 0.3,
                    "scale": "min_max",
                    "direction": "lower",
                    "post_transform": "sqrt",
                },
                {
                    "metric": "total_activities_30d",
                    "weight": 0.3,
                    "scale": "winsorized",
                    "lower_quantile": 0.1,
                    "upper_quantile": 0.9,
                    "pre_transform": "log1p",
                },
                {
                    "metric": "total_activities_90d",
                    "weight": 0.4,
                    "scale": "min_max",
                    "peer_group": "industry",
                },
            ],
        },
        {
            "dimension": "contact_quality",
            "weight": 0.2,
            "metrics": [
                {"metric": "contact_email_coverage", "weight": 0.5, "scale": "as_is"},
                {
                    "metric": "total_contacts",
                    "weight": 0.5,
                    "scale": "target",
                    "lower": 2,
                    "upper": 30,
                    "post_transform": "log1p",
                },
            ],
        },
        {
            "dimension": "business_value",
            "weight": 0.3,
            "metrics": [
                {
                    "metric": "annual_revenue",
                    "weight": 0.25,
                    "scale": "percentile",
                    "direction": "lower",
                },
                {
                    "metric": "total_won_amount",
                    "weight": 0.25,
                    "scale": "percentile",
                    "peer_group": "account_size_segment",
                },
                {
                    "metric": "current_pipeline_amount",
                    "weight": 0.25,
                    "scale": "winsorized",
                    "direction": "lower",
                    "peer_group": "industry",
                },
                {
                    "metric": "win_rate_percentage",
                    "weight": 0.25,
                    "scale": "target",
                    "lower": 10,
                    "upper": 60,
                    "direction": "lower",
                    "pre_transform": "sqrt",
                },
            ],
        },
        {
            "dimension": "account_scale",
            "weight": 0.1,
            "metrics": [
                {"metric": "size_points", "weight": 0.5, "scale": "as_is", "direction": "lower"},
                {
                    "metric": "number_of_employees",
                    "weight": 0.5,
                    "scale": "min_max",
                    "pre_transform": "log1p",
                },
            ],
        },
    ],
}

# Scored in all builds but the demo's, so that these need one parse of the project.
OWN_POLICIES = {
    "edge_of_coverage": adversarial.EXTRA_POLICIES["edge_of_coverage"],
    "four_bands": FOUR_BANDS,
    "every_scale": EVERY_SCALE,
}
POLICIES = {
    "customer_health_policies": ["run_rate", "five_families", *OWN_POLICIES],
    "customer_health_extra_policies": OWN_POLICIES,
}

# What the policies decide before anything else is computed from it.
SCORES = ("+path:models/marts/account_health", "+path:models/marts/revenue")


@dataclass(frozen=True)
class Input:
    """A build: a writer of raw files, the settings, and the selected nodes (none: all).

    Without a writer it is the demo that other tests read too.
    """

    name: str
    write: Callable[[Path], object] | None
    variables: Mapping[str, Any]
    select: tuple[str, ...] = ()

    def build(self, folder: Path) -> Path:
        """Build in a folder; return that of the work file and dbt's artifacts."""
        if self.write is None:
            return demo_build()
        self.write(folder / "raw")
        build(folder / "raw", folder, self.variables, select=self.select)
        return folder


def demo(accounts: int, *options: object) -> Callable[[Path], object]:
    """Return a writer of demo data."""

    def write(raw: Path) -> None:
        customer_health(
            *("demo", "--accounts", accounts, "--seed", 42, "--as-of", DEMO_AS_OF),
            *("--out", raw, *options),
        )

    return write


def adversarial_sources(raw: Path) -> None:
    """Write the mixed cases of all subjects into one folder."""
    tools = customer_success_cases.CASES
    documents = {tool: customer_success_cases.documents(tool, RANDOM_CUSTOMERS) for tool in tools}
    customer_success_cases.write_tables(documents, raw)
    CASES["mixed"].write(raw)
    next(case for case in adversarial_customers.CASES if case.name == "mixed").write(raw)
    # Accounts that meet customers: the cases of one have other ids than those of the other.
    accounts = sorted({row["account_id"].strip() for row in adversarial.MIXED} - {""})
    customers = sorted(
        {
            record["customer_id"]
            for texts in documents.values()
            for record in map(json.loads, texts)
            if isinstance(record, dict) and isinstance(record.get("customer_id"), str)
        }
    )
    pairs = zip(accounts, customers[:: len(customers) // len(accounts)], strict=False)
    lines = [f'"{account}","{customer}",\n' for account, customer in pairs if '"' not in customer]
    (raw / "account_mapping.csv").write_text(
        "account_id,customer_id,primary_email\n" + "".join(lines), encoding="utf-8"
    )


INPUTS = (
    Input("demo", None, {"as_of_date": DEMO_AS_OF}),
    Input("demo_of_60_weeks", demo(1_000, "--weeks", 60), {"as_of_date": DEMO_AS_OF}),
    Input(
        "adversarial",
        adversarial_sources,
        {"as_of_date": ADVERSARIAL_AS_OF, "customer_health_policy": "run_rate", **POLICIES},
    ),
    Input(
        "adversarial_ties",
        CASES["ties"].write,
        {
            "as_of_date": ADVERSARIAL_AS_OF,
            "customer_health_policy": "edge_of_coverage",
            **POLICIES,
        },
        SCORES,
    ),
    Input(
        "four_bands",
        demo(300),
        {"as_of_date": DEMO_AS_OF, "customer_health_policy": "four_bands", **POLICIES},
    ),
    Input(
        "every_scale",
        demo(1_000, "--weeks", 0, "--customers", 10, "--success-customers", 10),
        {"as_of_date": DEMO_AS_OF, "customer_health_policy": "every_scale", **POLICIES},
        SCORES,
    ),
)
