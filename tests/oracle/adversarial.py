"""Small inputs that are known to break scoring code, and policies that use every setting.

Each `Case` is one raw table as text, as a CSV file would bring it, with the policies that score
it. Cases that concern single rows share one table (`mixed`); what concerns the whole population
(no rows, one row, no variation, ties) needs a table of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .account_health import COLUMNS
from .presets import PRESETS

TABLE = "salesforce__customer_360_view"
AS_OF_DATE = "2026-01-31"

Raw = dict[str, str]

# The columns of the published figures: the least that the presets need.
FEW_COLUMNS = (
    "account_id",
    "days_since_last_activity",
    "total_activities_30d",
    "total_contacts",
    "contacts_with_email",
    "annual_revenue",
    "total_won_amount",
    "account_size_segment",
    "number_of_employees",
    "account_age_days",
    "win_rate_percentage",
    "current_pipeline_amount",
    "industry_normalized",
)

# --------------------------------------------------------------------------------------------
# Policies
# --------------------------------------------------------------------------------------------

EXTRA_POLICIES: dict[str, dict] = {
    # A preset with one key changed: almost everything must be measured. Its name is a reserved
    # word.
    "order": {"extends": "run_rate", "description": "Complete accounts only.", "min_coverage": 1},
    # Three metrics in a dimension, transforms before and after, own winsorizing bounds, a neutral
    # value other than one half, a forecast of one part.
    "winsorized_mix": {
        "description": "Bounds that an outlier does not move.",
        "min_coverage": 0.6,
        "scaled_when_constant": 0.25,
        "dimensions": [
            {
                "dimension": "activity",
                "weight": 0.35,
                "metrics": [
                    {
                        "metric": "days_since_last_activity",
                        "weight": 0.4,
                        "scale": "winsorized",
                        "direction": "lower",
                    },
                    {
                        "metric": "total_activities_30d",
                        "weight": 0.35,
                        "scale": "winsorized",
                        "lower_quantile": 0.1,
                        "upper_quantile": 0.9,
                    },
                    {"metric": "total_activities_90d", "weight": 0.25, "scale": "percentile"},
                ],
            },
            {
                "dimension": "contact_quality",
                "weight": 0.25,
                "metrics": [
                    {"metric": "contact_email_coverage", "weight": 0.6, "scale": "as_is"},
                    {
                        "metric": "total_contacts",
                        "weight": 0.4,
                        "scale": "min_max",
                        "pre_transform": "log1p",
                    },
                ],
            },
            {
                "dimension": "business_value",
                "weight": 0.25,
                "metrics": [
                    {
                        "metric": "annual_revenue",
                        "weight": 0.5,
                        "scale": "min_max",
                        "pre_transform": "log1p",
                    },
                    {
                        "metric": "total_won_amount",
                        "weight": 0.3,
                        "scale": "winsorized",
                        "pre_transform": "sqrt",
                    },
                    {"metric": "current_pipeline_amount", "weight": 0.2, "scale": "percentile"},
                ],
            },
            {
                "dimension": "account_scale",
                "weight": 0.15,
                "metrics": [
                    {"metric": "size_points", "weight": 0.5, "scale": "as_is"},
                    {
                        "metric": "number_of_employees",
                        "weight": 0.5,
                        "scale": "percentile",
                        "post_transform": "sqrt",
                    },
                ],
            },
        ],
        "size_points": {"Small Business": 0.1, "Mid-Market": 0.3, "Large": 0.6, "Enterprise": 0.9},
        "bands": [
            {"band": "High", "at_least": 66.5},
            {"band": "Medium", "at_least": 33.25},
            {"band": "Low", "at_least": 0},
        ],
        "forecast": {
            "horizon_months": 6,
            "parts": {
                "upsell_revenue": {
                    "amount": "total_won_amount",
                    "share": 0.15,
                    "base": 0.1,
                    "slope": 0.9,
                },
            },
        },
        "tiers": [
            {"tier": "A", "at_least_quantile": 0.9},
            {"tier": "B", "above_quantile": 0.6},
            {"tier": "C", "at_least_quantile": 0.3},
            {"tier": "D"},
        ],
    },
    # Peer groups, fixed targets, weights of six decimals, a dimension of its own, no size points.
    "peer_target": {
        "description": "Accounts against their peers and against fixed targets.",
        "min_coverage": 0.3,
        "scaled_when_constant": 0.5,
        "dimensions": [
            {
                "dimension": "activity",
                "weight": 0.333333,
                "metrics": [
                    {
                        "metric": "days_since_last_activity",
                        "weight": 0.469,
                        "scale": "target",
                        "lower": 7,
                        "upper": 60,
                        "direction": "lower",
                    },
                    {
                        "metric": "total_activities_30d",
                        "weight": 0.531,
                        "scale": "min_max",
                        "peer_group": "account_size_segment",
                    },
                ],
            },
            {
                "dimension": "business_value",
                "weight": 0.333333,
                "metrics": [
                    {
                        "metric": "annual_revenue",
                        "weight": 0.123457,
                        "scale": "percentile",
                        "peer_group": "industry",
                    },
                    {
                        "metric": "total_won_amount",
                        "weight": 0.376543,
                        "scale": "winsorized",
                        "peer_group": "account_size_segment",
                    },
                    {
                        "metric": "current_pipeline_amount",
                        "weight": 0.5,
                        "scale": "target",
                        "lower": 0,
                        "upper": 500000,
                        "post_transform": "log1p",
                    },
                ],
            },
            {
                "dimension": "relationship",
                "weight": 0.333334,
                "metrics": [
                    {"metric": "unique_activity_owners", "weight": 0.25, "scale": "min_max"},
                    {"metric": "total_opportunities", "weight": 0.25, "scale": "winsorized"},
                    {
                        "metric": "avg_sales_cycle_days",
                        "weight": 0.5,
                        "scale": "percentile",
                        "direction": "lower",
                        "peer_group": "industry",
                    },
                ],
            },
        ],
        "bands": [
            {"band": "High", "at_least": 60},
            {"band": "Low", "at_least": 0},
        ],
        "forecast": {
            "horizon_months": 6,
            "parts": {
                "run_rate_revenue": {
                    "amount": "total_won_amount",
                    "share": 0.3,
                    "per_account_age": True,
                    "base": 0.5,
                    "slope": 0.5,
                },
                "pipeline_revenue": {
                    "amount": "current_pipeline_amount",
                    "share": 0.5,
                    "times_win_rate": True,
                    "base": 0.4,
                    "slope": 0.8,
                },
                "upsell_revenue": {
                    "amount": "total_won_amount",
                    "share": 0.2,
                    "base": 0,
                    "slope": 1,
                },
            },
        },
        "tiers": [{"tier": "A", "above_quantile": 0.8}, {"tier": "B"}],
    },
    # 0.7 + 0.1 is 0.8 in decimals and less than 0.8 in doubles: an account without the last
    # dimension has exactly the coverage that is asked for. A constant metric with one outlier has
    # winsorizing bounds that are equal.
    "edge_of_coverage": {
        "description": "Weights whose sum in doubles falls short.",
        "min_coverage": 0.8,
        "scaled_when_constant": 0.5,
        "dimensions": [
            {
                "dimension": "activity",
                "weight": 0.7,
                "metrics": [
                    {
                        "metric": "days_since_last_activity",
                        "weight": 0.75,
                        "scale": "target",
                        "lower": 0,
                        "upper": 90,
                        "direction": "lower",
                        "post_transform": "sqrt",
                    },
                    {"metric": "unique_activity_owners", "weight": 0.25, "scale": "winsorized"},
                ],
            },
            {
                "dimension": "contact_quality",
                "weight": 0.1,
                "metrics": [{"metric": "contact_email_coverage", "weight": 1, "scale": "as_is"}],
            },
            {
                "dimension": "business_value",
                "weight": 0.2,
                "metrics": [{"metric": "total_won_amount", "weight": 1, "scale": "percentile"}],
            },
        ],
        "bands": [
            {"band": "High", "at_least": 75},
            {"band": "Medium", "at_least": 50},
            {"band": "Low", "at_least": 0},
        ],
        "forecast": {
            "horizon_months": 6,
            "parts": {
                "pipeline_revenue": {
                    "amount": "current_pipeline_amount",
                    "share": 1,
                    "base": 0,
                    "slope": 1,
                },
            },
        },
        "tiers": [
            {"tier": "A", "above_quantile": 0.75},
            {"tier": "B", "at_least_quantile": 0.25},
            {"tier": "C"},
        ],
    },
}

ALL_POLICIES = (*PRESETS, *EXTRA_POLICIES)

# --------------------------------------------------------------------------------------------
# Cases
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One raw table, and how it is scored."""

    name: str
    rows: list[Raw]
    policy: str  # the active one
    policies: Sequence[str] = ALL_POLICIES
    columns: Sequence[str] = field(default=tuple(COLUMNS))
    as_of_date: str = AS_OF_DATE

    def write(self, folder: Path) -> Path:
        """Write the table as a CSV file into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{TABLE}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self.columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
        return path


INDUSTRIES = (
    "Technology",
    "Financial Services",
    "Healthcare",
    "Manufacturing",
    "Retail",
    "Education",
)
SIZES = ("Small Business", "Mid-Market", "Large", "Enterprise")


def account(number: int, **changes: str) -> Raw:
    """An ordinary account whose figures depend on its number alone; `changes` replace values."""

    def draw(prime: int, below: int) -> int:
        return number * prime % below

    size = draw(5, 4)
    contacts = 3 + draw(37, 41)
    activities = draw(29, 31)
    raw = {
        "account_id": f"001A{number:014d}",
        "account_name": f"Account {number}",
        "account_type": "Customer",
        "billing_country": ("Germany", "France", "Japan")[draw(7, 3)],
        "industry_normalized": INDUSTRIES[draw(11, 6)],
        "account_size_segment": SIZES[size],
        "annual_revenue": f"{137_000 + draw(104_729, 7_919_001)}.{draw(17, 100):02d}",
        "total_won_amount": f"{900 + draw(15_485_863, 489_001)}.{draw(31, 1000):03d}",
        "current_pipeline_amount": f"{draw(32_452_843, 301_007)}.5",
        "number_of_employees": str(15 + size * 400 + draw(67, 389)),
        "account_age_days": str(40 + draw(211, 1777)),
        "total_activities_30d": str(activities),
        "total_activities_90d": str(activities + draw(43, 47)),
        "days_since_last_activity": str(draw(53, 97)),
        "unique_activity_owners": str(1 + draw(13, 7)),
        "activity_trend_30d": str(draw(19, 11) - 5),
        "total_opportunities": str(draw(23, 19)),
        "total_contacts": str(contacts),
        "contacts_with_email": str(contacts - draw(3, 3)),
        "data_completeness_score": str(60 + draw(7, 41)),
        "customer_health_score": str(draw(47, 101)),
        "win_rate_percentage": f"{draw(59, 100)}.{draw(61, 97):02d}",
        "avg_sales_cycle_days": f"{20 + draw(71, 83)}.25",
        "is_high_value_account": str(number % 2),
        "owner_is_active": "1",
        "owner_email": f"owner{draw(3, 9)}@example.com",
        "account_created_date": str(1_500_000_000 + draw(86_413, 200_000_000)),
        "last_won_date": f"2025-{1 + draw(5, 12):02d}-{1 + draw(11, 28):02d}",
    }
    return {**raw, **changes}


EVERY_METRIC = (
    "annual_revenue",
    "total_won_amount",
    "current_pipeline_amount",
    "number_of_employees",
    "account_age_days",
    "total_activities_30d",
    "total_activities_90d",
    "days_since_last_activity",
    "unique_activity_owners",
    "total_opportunities",
    "total_contacts",
    "contacts_with_email",
    "win_rate_percentage",
    "avg_sales_cycle_days",
)


def without(*columns: str) -> Raw:
    """Changes that leave the given columns blank."""
    return dict.fromkeys(columns, "")


def missing_values() -> list[Raw]:
    """Accounts at, below and above the least coverage, and forecasts without an input."""
    return [
        # activity and size: exactly 0.5 of the weight of the presets
        account(101, **without("total_contacts", "annual_revenue", "total_won_amount")),
        account(102, **without("total_contacts", "annual_revenue", "total_won_amount"),
                account_size_segment="Unheard of"),
        account(103, **without("contacts_with_email", "total_activities_30d")),
        account(104, **without("days_since_last_activity", "total_activities_30d")),
        account(105, **without("total_won_amount")),
        account(106, **without("current_pipeline_amount")),
        account(107, **without("win_rate_percentage")),
        account(108, **without("account_age_days")),
        account(109, account_age_days="0"),
        account(110, account_age_days="0", **without("total_won_amount")),
        account(111, **without(*EVERY_METRIC)),
        account(112, **without(*EVERY_METRIC), account_size_segment=""),
        account(113, **without("number_of_employees"), account_size_segment=""),
        account(114, **without("account_age_days", "win_rate_percentage")),
    ]  # fmt: skip


def contact_edges() -> list[Raw]:
    """No contacts, unknown contacts, more e-mail addresses than contacts."""
    return [
        account(121, total_contacts="0", contacts_with_email="0"),
        account(122, total_contacts="0", contacts_with_email=""),
        account(123, total_contacts="0", contacts_with_email="3"),
        account(124, total_contacts="", contacts_with_email="3"),
        account(125, total_contacts="5", contacts_with_email="9"),
        account(126, total_contacts="7", contacts_with_email="7"),
        account(127, total_activities_30d="9", total_activities_90d="4"),
        account(128, total_activities_30d="9", total_activities_90d="9"),
    ]


def odd_labels() -> list[Raw]:
    """Labels in other spellings, unknown labels, names that break careless CSV code."""
    return [
        account(131, industry_normalized=" financial-SERVICES ", account_size_segment="mid market"),
        account(132, industry_normalized="HEALTHCARE", account_size_segment="Small_Business"),
        account(133, industry_normalized="Aerospace", account_size_segment="Gigantic"),
        account(134, industry_normalized="", account_size_segment="   "),
        account(135, industry_normalized="Tech", account_size_segment="enterprise"),
        account(136, account_name='Acme, "Best" & Sons', billing_country="Côte d'Ivoire"),
        account(137, account_name="株式会社 テスト", account_id="Ünïcode-Ä-0001"),
        account(138, account_name="Two\nlines", owner_email="  x@example.com  "),
        account(139, account_name="   ", account_id="lower-case-key"),
        account(140, account_id="LOWER-CASE-KEY"),
    ]


def dirty_values() -> list[Raw]:
    """Text that is no number, numbers out of range, impossible dates, and their good neighbours."""
    bad_numbers = {
        "annual_revenue": "n/a",
        "total_won_amount": "1e400",
        "current_pipeline_amount": "NaN",
        "number_of_employees": "12.5",
        "account_age_days": "-5",
        "total_activities_30d": " 7 ",
        "total_activities_90d": "eleven",
        "days_since_last_activity": "1,234",
        "callable_contacts": "9007199254740994",
        "emailable_contacts": "9007199254740992",
        "win_rate_percentage": "101",
        "data_completeness_score": "100.0",
        "customer_health_score": "-1",
    }
    more_bad_numbers = {
        "annual_revenue": "-0.01",
        "total_won_amount": "Infinity",
        "current_pipeline_amount": "$5",
        "number_of_employees": "0x1F",
        "account_age_days": "1_000",
        "total_activities_30d": "+5",
        "total_activities_90d": "-0",
        "days_since_last_activity": "1e1",
        "activity_trend_30d": "-7",
        "unique_activity_owners": "3.0",
        "total_contacts": "12 contacts",
        "win_rate_percentage": "100",
        "avg_sales_cycle_days": "-inf",
        "avg_lead_conversion_days": "9007199254740993000",
        "data_completeness_score": "100.5",
    }
    return [
        account(151, **bad_numbers),
        account(152, **more_bad_numbers),
        account(153, annual_revenue=".5", total_won_amount="7.", current_pipeline_amount="2.5E3"),
        account(154, is_high_value_account="TRUE", owner_is_active=" False "),
        account(155, is_high_value_account="yes", owner_is_active="2", is_declining_engagement=""),
        account(156, last_won_date="1899-12-31", latest_opportunity_date="1900-01-01"),
        account(157, last_won_date="2026-02-03", latest_opportunity_date="2026-02-01"),
        account(158, last_won_date="2025-02-29", latest_opportunity_date="2024-02-29 13:45:10"),
        account(159, last_won_date="31/12/2024", latest_opportunity_date="yesterday"),
        account(160, account_created_date="soon", last_won_date="2025-06-30T08:15:00"),
        account(161, account_created_date="-3000000000"),
        account(162, account_created_date="99999999999"),
        account(163, account_created_date="-1"),
        account(164, annual_revenue="0", total_won_amount="0", current_pipeline_amount="0"),
    ]


def duplicates() -> list[Raw]:
    """Rows that share a key. The winner must not depend on the order of the rows."""
    key = "001DUPLICATE00000{}".format
    return [
        # rows without a key are rejected one by one
        account(171, account_id=""),
        account(172, account_id="   "),
        # the most complete row stays
        account(173, account_id=key(1), data_completeness_score="70"),
        account(174, account_id=key(1), data_completeness_score="90"),
        account(175, account_id=key(1), data_completeness_score="80"),
        # an unknown or impossible completeness comes last
        account(176, account_id=key(2), data_completeness_score=""),
        account(177, account_id=key(2), data_completeness_score="150"),
        account(178, account_id=key(2), data_completeness_score="10", total_contacts="n/a"),
        # equally complete: the most recently active one; an unknown activity comes last
        account(179, account_id=key(3), data_completeness_score="50", days_since_last_activity=""),
        account(180, account_id=key(3), data_completeness_score="50", days_since_last_activity="9"),
        account(181, account_id=key(3), data_completeness_score="50", days_since_last_activity="4"),
        # equal in both: the first column in source order that differs decides, unknown last
        account(182, account_id=key(4), account_name="", annual_revenue="1"),
        account(182, account_id=key(4), account_name="Beta", annual_revenue="2"),
        account(182, account_id=key(4), account_name="Alpha", annual_revenue="3"),
        account(183, account_id=key(5), total_won_amount="10"),
        account(183, account_id=key(5), total_won_amount="9"),
        account(183, account_id=key(5), total_won_amount="bad"),
        # the same row three times, and keys that are equal after trimming
        *(account(184, account_id=key(6)) for _ in range(3)),
        account(185, account_id=f"  {key(7)}", data_completeness_score="20"),
        account(186, account_id=f"{key(7)} ", data_completeness_score="30"),
    ]


def ties() -> list[Raw]:
    """Forty accounts of four kinds: every cut-off falls on tied forecasts.

    All but one have the same number of owners, so the winsorizing bounds of it are equal.
    """
    kinds = [
        account(201 + kind, current_pipeline_amount=amount)
        for kind, amount in enumerate(("0.1", "123456.7", "123456.7", "98765.43"))
    ]
    rows = []
    for number in range(40):
        changes = {"account_id": f"001TIE{number:012d}", "unique_activity_owners": "3"}
        rows.append({**kinds[number % 4], **changes})
    rows[-1]["unique_activity_owners"] = "500"
    return rows


MIXED = [
    *(account(number) for number in range(1, 41)),
    account(41, annual_revenue="1e15"),
    *missing_values(),
    *contact_edges(),
    *odd_labels(),
    *dirty_values(),
    *duplicates(),
]

CASES = (
    Case("empty", [], policy="run_rate"),
    Case(
        "one_row",
        [{column: account(1)[column] for column in FEW_COLUMNS}],
        policy="pipeline_weighted",
        policies=tuple(PRESETS),
        columns=FEW_COLUMNS,
    ),
    Case(
        "all_equal",
        [account(7, account_id=f"001EQUAL{number:010d}") for number in range(8)],
        policy="winsorized_mix",
    ),
    Case(
        "null_metric",
        [account(number, **without("total_won_amount")) for number in range(1, 13)],
        policy="win_probability",
    ),
    Case(
        "null_everywhere",
        [{"account_id": f"001NULL{number:011d}"} for number in range(5)],
        policy="run_rate",
    ),
    Case("ties", ties(), policy="edge_of_coverage"),
    Case("mixed", MIXED, policy="run_rate"),
    Case("mixed_reversed", MIXED[::-1], policy="peer_target"),
)
