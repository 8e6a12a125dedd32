"""What a build made, in a few lines for the terminal: the same figures on every engine."""

from collections.abc import Sequence
from typing import Any

from customer_health.build_notes import CURRENCY, QUERY, demo_note
from customer_health.engines import Engine
from customer_health.errors import shortened
from customer_health.schemas import BUILD_INFO, MARTS, QUALITY

NEEDED = {"account_health", "policies", "health_bands", "risk_matrix"}
NEEDED_PORTFOLIO = {"customer_success_portfolio"}
NEEDED_QUALITY = {"rejected_rows", "value_findings"}
NEEDED_COLUMNS = {"column_findings"}
RISKIEST_CELLS = 3
WORST_COLUMNS = 3

POLICY = "select policy from {marts}.policies where is_active"
# A sum of decimals is exact everywhere, a mean is not.
HEADLINE = """
    select count(*), count(health_score), sum(health_score), sum(predicted_6m_revenue)
    from {marts}.account_health
"""
BANDS = """
    select account_health.health_band, count(*)
    from {marts}.account_health
    left join {marts}.health_bands
        on account_health.policy = health_bands.policy
        and account_health.health_band = health_bands.health_band
    group by account_health.health_band, health_bands.position
    order by health_bands.position nulls last
"""
TIERS = """
    select contribution_tier, count(*)
    from {marts}.account_health
    group by contribution_tier
    order by avg(predicted_6m_revenue) desc nulls last, contribution_tier
"""
CELLS = f"""
    select
        risk_matrix.industry,
        risk_matrix.account_size_segment,
        risk_matrix.low_health_count,
        risk_matrix.scored_count
    from {{marts}}.risk_matrix
    inner join {{marts}}.policies on risk_matrix.policy = policies.policy
    where policies.is_active
    order by risk_matrix.priority_rank
    limit {RISKIEST_CELLS}
"""
PORTFOLIO = """
    select
        health_customer_count,
        green_count,
        yellow_count,
        red_count,
        critical_count,
        high_count,
        arr_at_risk
    from {marts}.customer_success_portfolio
"""
QUALITY_COUNTS = """
    select
        (select coalesce(sum(row_count), 0) from {quality}.rejected_rows),
        (select count(*) from {quality}.value_findings)
"""
COLUMNS = f"""
    select source, column_name, refused_count, value_count, example
    from {{quality}}.column_findings
    where is_told
    order by refused_share desc, source, column_name
    limit {WORST_COLUMNS}
"""


def summary(engine: Engine) -> list[str]:
    """Return the lines of the summary: figures of the active policy, rejects, and places.

    Without a subject its lines are left out.
    """
    lines = []
    if BUILD_INFO in engine.tables(MARTS) and (note := demo_note(_rows(engine, QUERY))):
        lines.append(note)
    if engine.tables(MARTS) >= NEEDED:
        lines += _figures(engine)
    if engine.tables(MARTS) >= NEEDED_PORTFOLIO:
        lines += _portfolio(engine)
    if engine.tables(QUALITY) >= NEEDED_QUALITY:
        lines += _quality(engine)
    if engine.tables(QUALITY) >= NEEDED_COLUMNS:
        lines += _columns(engine)
    return [*lines, *engine.places()]


def _rows(engine: Engine, sql: str) -> Sequence[tuple[Any, ...]]:
    return engine.query(sql.format(marts=engine.schema(MARTS), quality=engine.schema(QUALITY)))


def _figures(engine: Engine) -> list[str]:
    [(policy,)] = _rows(engine, POLICY)
    [(accounts, scored, health, forecast)] = _rows(engine, HEADLINE)
    bands, tiers, cells = (_rows(engine, sql) for sql in (BANDS, TIERS, CELLS))
    known = _rows(engine, CURRENCY) if BUILD_INFO in engine.tables(MARTS) else []
    currency = f" {known[0][0]}" if known else ""
    mean = "none" if health is None else f"{health / scored:.2f}"
    return [
        f"Accounts      {accounts:,}, of them {scored:,} scored by the policy {policy}",
        f"Mean health   {mean}; " + ", ".join(f"{band} {count:,}" for band, count in bands),
        f"6 months      {forecast or 0:,.0f}{currency} predicted; "
        + ", ".join(f"{tier} {count:,}" for tier, count in tiers),
        *(
            f"Risk {rank}        {industry} x {segment}: {low:,} of {count:,} accounts low"
            for rank, (industry, segment, low, count) in enumerate(cells, start=1)
        ),
    ]


def _portfolio(engine: Engine) -> list[str]:
    [(customers, green, yellow, red, critical, high, arr)] = _rows(engine, PORTFOLIO)
    if not customers:
        return []
    at_risk = "unknown" if arr is None else f"{arr:,.0f}"
    return [
        f"Customers     {customers:,}; green {green:,}, yellow {yellow:,}, red {red:,}; churn risk"
        f" critical {critical:,}, high {high:,}, their ARR {at_risk}"
    ]


def _quality(engine: Engine) -> list[str]:
    [(rejected, findings)] = _rows(engine, QUALITY_COUNTS)
    schema = engine.schema(QUALITY).split(".")[-1]
    return [
        f"Rejected      {rejected:,} rows ({schema}.rejected_rows),"
        f" {findings:,} values set to unknown or noted ({schema}.value_findings)"
    ]


def _columns(engine: Engine) -> list[str]:
    return [
        f"Unread {rank}      {refused:,} of {values:,} values of {source}.{column},"
        f" such as '{shortened(example)}'"
        for rank, (source, column, refused, values, example) in enumerate(
            _rows(engine, COLUMNS), start=1
        )
    ]
