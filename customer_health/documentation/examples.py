"""docs/example_queries.md: questions, queries over the marts, and what they give on a demo."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from customer_health.documentation.pages import table

# The demo of the page: small, and of fixed days, so that its figures never change.
ACCOUNTS, AS_OF = 1000, "2026-06-01"

# Built too: the tests compute the metrics of models/semantic on the same demo.
ALSO_BUILT = ("policy_bands",)

GENERATED = (
    "<!-- Written by `make docs`; the queries are in customer_health/documentation/examples.py. -->"
)


@dataclass(frozen=True)
class Example:
    """A question with its query; `reads` are the marts that the query needs."""

    question: str
    answer: str
    reads: tuple[str, ...]
    sql: str


EXAMPLES = (
    Example(
        "Which valuable accounts are in low health?",
        "The first accounts to call: top tier of the forecast, lowest band of the score.",
        ("account_health",),
        """
select account_name, industry, account_size_segment, health_score, predicted_6m_revenue
from marts.account_health
where health_band = 'Low' and contribution_tier = 'A'
order by predicted_6m_revenue desc
limit 5
""",
    ),
    Example(
        "Why does an account have its score?",
        "The contributions of the first of them: `points` add up to the score.",
        ("account_health", "account_health_contributions"),
        """
select dimension, metric, raw_value, scaled_value, points, max_points
from marts.account_health_contributions
where account_id = (
    select account_id
    from marts.account_health
    where health_band = 'Low' and contribution_tier = 'A'
    order by predicted_6m_revenue desc
    limit 1
)
order by max_points - points desc
""",
    ),
    Example(
        "Where is low health most frequent?",
        "The interval says how sure the share is; small samples are marked.",
        ("risk_matrix", "policies"),
        """
select
    risk_matrix.industry,
    risk_matrix.account_size_segment,
    risk_matrix.low_health_count,
    risk_matrix.scored_count,
    risk_matrix.low_health_rate,
    risk_matrix.low_health_rate_lower,
    risk_matrix.low_health_rate_upper,
    risk_matrix.risk_level
from marts.risk_matrix
inner join marts.policies on risk_matrix.policy = policies.policy
where policies.is_active and not risk_matrix.is_small_sample
order by risk_matrix.priority_rank
limit 5
""",
    ),
    Example(
        "What do low-health accounts have in common?",
        "Medians of the low-health accounts beside those of all.",
        ("low_health_profile", "policies"),
        """
select
    profile.metric,
    max(case when profile.cohort = 'low' then profile.median end) as low_median,
    max(case when profile.cohort = 'all' then profile.median end) as all_median
from marts.low_health_profile as profile
inner join marts.policies on profile.policy = policies.policy
where policies.is_active
group by profile.metric
order by profile.metric
""",
    ),
    Example(
        "How much revenue does each policy expect, by tier?",
        "Tiers are quantiles of the forecast: A holds most of the money under every policy.",
        ("contribution_tiers",),
        """
select policy, tier, account_count, total, share, mean_health
from marts.contribution_tiers
where tier <> 'Unscored'
order by policy, tier
""",
    ),
    Example(
        "How often do two policies put an account into another band?",
        "Read this before acting on a band.",
        ("policy_agreement",),
        """
select
    policy_a,
    policy_b,
    sum(account_count) as accounts,
    sum(case when band_a <> band_b then account_count else 0 end) as in_another_band
from marts.policy_agreement
where policy_a <> policy_b
group by policy_a, policy_b
order by policy_a, policy_b
""",
    ),
    Example(
        "Which accounts get worse ever faster?",
        "Scores of the snapshots as a trajectory; changes are in points.",
        ("account_health", "account_trajectory"),
        """
select
    accounts.account_name,
    trajectory.health_score,
    trajectory.change_30d,
    trajectory.change_90d,
    trajectory.recent_slope_per_week,
    trajectory.turning_point_on
from marts.account_trajectory as trajectory
inner join marts.account_health as accounts on trajectory.account_id = accounts.account_id
where trajectory.trajectory_state = 'accelerating_decline'
order by trajectory.change_90d, accounts.account_id
limit 5
""",
    ),
    Example(
        "What should people work on today?",
        "Open alerts in the order of their priority, within what their owners can do.",
        ("account_alerts",),
        """
select rank, entity_type, entity_name, rule_id, severity, driving_signals, days_open, priority
from marts.account_alerts
where is_within_capacity
order by rank
limit 5
""",
    ),
    Example(
        "Which customers are worth what, at which risk?",
        "Every customer is in exactly one cell; each cell has its strategy.",
        ("value_risk_matrix",),
        """
select value_level, risk_level, strategy, customer_count, mean_ltv, total_ltv
from marts.value_risk_matrix
order by value_level, risk_level
""",
    ),
    Example(
        "How much recurring revenue is at risk, and when does it come up for renewal?",
        "ARR of the customers whose churn risk is critical or high, by the days to renewal.",
        ("customer_success_churn_risk",),
        """
select
    case
        when is_expired then '0 expired'
        when days_to_renewal is null then '5 unknown'
        when days_to_renewal <= 30 then '1 within 30 days'
        when days_to_renewal <= 90 then '2 within 90 days'
        when days_to_renewal <= 180 then '3 within 180 days'
        else '4 later'
    end as renewal,
    count(*) as customers,
    sum(arr) as arr_at_risk
from marts.customer_success_churn_risk
where risk_tier in ('critical', 'high')
group by 1
order by 1
""",
    ),
)


def page(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the page with the results that the marts of a connection give."""
    lines = [
        "# Ten example queries",
        "",
        GENERATED,
        "",
        "Against the published file, or the schema `marts` of any engine. The results are those of"
        f" a demo of {ACCOUNTS:,} accounts",
        f"as of {AS_OF}:",
        "",
        "```",
        f"customer-health demo --accounts {ACCOUNTS} --as-of {AS_OF}",
        f"customer-health build --vars '{{as_of_date: {AS_OF}}}'",
        "duckdb -readonly warehouse/customer_health.duckdb",
        "```",
        "",
    ]
    for number, example in enumerate(EXAMPLES, start=1):
        lines += [f"## {number}. {example.question}", "", example.answer, ""]
        lines += ["```sql", example.sql.strip(), "```", "", *_result(connection, example), ""]
    return "\n".join(lines)


def _result(connection: duckdb.DuckDBPyConnection, example: Example) -> Iterator[str]:
    cursor = connection.execute(example.sql)
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    numbers = [
        place
        for place in range(len(names))
        if any(isinstance(row[place], int | float | Decimal) for row in rows)
    ]
    yield from table(names, ([shown(cell) for cell in row] for row in rows), numbers)


def shown(cell: Any) -> str:
    """Return a cell as the page has it: thousands separated, at most six decimals."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float | Decimal):
        text = f"{cell:,.6f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(cell)
