"""The report expansion_opportunities: adoption and ranked opportunities per customer."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from customer_health.export.children import Children
from customer_health.export.forms import (
    UNKNOWN,
    figure,
    money,
    number,
    one_line,
    percent,
    title,
    wrapped,
)
from customer_health.export.reading import Marts

REPORT = "expansion_opportunities"
TITLE = "Expansion opportunities"
NEEDED = ("customer_success_expansion", "customer_success_opportunities")

# The key under which an opportunity of a category names its target.
TARGETS = {
    "tier_upgrade": "target_tier",
    "module_cross_sell": "module",
    "department_expansion": "department",
}

# No total is so low, so that customers without one come last.
LOWEST = "cast(-1000000000000000000000 as decimal(28, 6))"

SUMMARY = """
select
    count(*),
    cast(sum(total_estimated_revenue) as {text}),
    cast(sum(realistic_revenue) as {text}),
    sum(opportunity_count)
from {marts}.customer_success_expansion
"""
CUSTOMERS = f"""
select
    -coalesce(total_estimated_revenue, {LOWEST}) as place,
    record_number,
    customer_id,
    name,
    segment,
    cast(arr as {{text}}) as arr,
    total_modules,
    adopted_modules,
    cast(adoption_rate as {{double}}) as adoption_rate,
    cast(avg_usage_pct as {{text}}) as avg_usage_pct,
    cast(seat_utilisation as {{text}}) as seat_utilisation,
    current_tier,
    departments_covered,
    departments_potential,
    cast(total_estimated_revenue as {{text}}) as total_estimated_revenue,
    cast(realistic_revenue as {{text}}) as realistic_revenue,
    opportunity_count,
    on_hold
from {{marts}}.customer_success_expansion
"""
OPPORTUNITIES = f"""
select
    -coalesce(expansion.total_estimated_revenue, {LOWEST}) as place,
    expansion.record_number,
    opportunities.rank,
    opportunities.type,
    opportunities.category,
    opportunities.target,
    cast(opportunities.estimated_revenue as {{text}}) as estimated_revenue,
    opportunities.effort,
    cast(opportunities.priority_score as {{double}}) as priority_score,
    opportunities.additional_seats,
    opportunities.on_hold
from {{marts}}.customer_success_opportunities as opportunities
inner join {{marts}}.customer_success_expansion as expansion
    on opportunities.customer_id = expansion.customer_id
"""


def rationale(
    category: str,
    target: str | None,
    revenue: float | None,
    additional_seats: int | None,
    utilisation: float | None,
    current_tier: str | None,
) -> str:
    """Return the sentence of an opportunity."""
    if category == "seat_expansion":
        used = UNKNOWN if utilisation is None else f"{utilisation:,.0f}%"
        seats = UNKNOWN if additional_seats is None else f"{additional_seats:,}"
        return f"Seat utilisation is {used}; needs {seats} additional seats"
    if category == "tier_upgrade":
        return f"Upgrade from {current_tier or 'no tier'} to {target} adds {money(revenue)}"
    if category == "module_cross_sell":
        return f"{target} is not adopted yet, worth {money(revenue)}"
    return f"Expand to the department {target}, worth {money(revenue)}"


def summary(marts: Marts) -> dict[str, Any]:
    """Return the summary of all customers."""
    [(total, revenue, realistic, opportunities)] = marts.rows(SUMMARY)
    return {
        "total_customers": total,
        "total_estimated_revenue": number(revenue) or 0,
        "total_opportunities": int(opportunities or 0),
        "realistic_revenue": number(realistic) or 0,
    }


def customers(marts: Marts, project: Path) -> Iterator[dict[str, Any]]:
    """Yield the customers from the highest total down, ties in the order of their file."""
    opportunities = Children(marts.stream(OPPORTUNITIES, ("place", "record_number", "rank")))
    for row in marts.stream(CUSTOMERS, ("place", "record_number")):
        record_number, customer_id, name, segment, arr = row[1:6]
        total_modules, adopted_modules, adoption_rate, usage, utilisation, current_tier = row[6:12]
        covered, potential, total, realistic, count, on_hold = row[12:]
        seats = number(utilisation)
        yield {
            "customer_id": customer_id,
            "name": name,
            "segment": segment,
            "arr": number(arr),
            "adoption_summary": {
                "total_modules": total_modules,
                "adopted_modules": adopted_modules,
                "adoption_rate": adoption_rate,
                "avg_usage_pct": number(usage),
                "seat_utilisation": seats,
                "current_tier": current_tier,
                "departments_covered": covered,
                "departments_potential": potential,
            },
            "total_estimated_revenue": number(total),
            "opportunity_count": count,
            "opportunities": [
                _opportunity(opportunity, seats, current_tier)
                for opportunity in opportunities.of(record_number)
            ],
            "realistic_revenue": number(realistic),
            "on_hold": on_hold,
        }


def _opportunity(
    row: tuple[Any, ...], utilisation: float | None, current_tier: str | None
) -> dict[str, Any]:
    *_, type_, category, target, revenue, effort, priority, seats, on_hold = row
    amount = number(revenue)
    opportunity = {
        "type": type_,
        "category": category,
        "estimated_revenue": amount,
        "effort": effort,
        "rationale": rationale(category, target, amount, seats, utilisation, current_tier),
        "priority_score": priority,
    }
    if category in TARGETS:
        opportunity[TARGETS[category]] = target
    opportunity["on_hold"] = on_hold
    return opportunity


def summary_lines(totals: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the summary."""
    yield f"Customers          {totals['total_customers']:,}"
    yield f"Opportunities      {totals['total_opportunities']:,}"
    yield f"Estimated revenue  {money(totals['total_estimated_revenue'])}"
    yield f"Realistic revenue  {money(totals['realistic_revenue'])} (without plays on hold, capped)"


def customer_lines(customer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a customer, without the one that names it."""
    adoption = customer["adoption_summary"]
    yield f"  Segment {title(customer['segment'])}   ARR {money(customer['arr'])}"
    yield f"  Estimated revenue {money(customer['total_estimated_revenue'])}"
    yield f"  Realistic revenue {money(customer['realistic_revenue'])}"
    if customer["on_hold"]:
        yield "  ON HOLD: resolve the churn risk first"
    yield "  Adoption"
    modules = f"{figure(adoption['adopted_modules'])} of {figure(adoption['total_modules'])}"
    yield f"    Modules       {modules} adopted ({percent(adoption['adoption_rate'])})"
    yield f"    Module usage  {percent(adoption['avg_usage_pct'])} on average"
    yield f"    Seats used    {percent(adoption['seat_utilisation'])}"
    yield f"    Plan          {one_line(adoption['current_tier']) or UNKNOWN}"
    yield (
        f"    Departments   {figure(adoption['departments_covered'])} covered,"
        f" {figure(adoption['departments_potential'])} potential"
    )
    if customer["opportunities"]:
        yield "  Opportunities"
    for position, opportunity in enumerate(customer["opportunities"], start=1):
        first = f"    {position}. "
        rest = " " * len(first)
        yield wrapped(opportunity["rationale"], first, rest)
        yield (
            f"{rest}{money(opportunity['estimated_revenue'])}, {opportunity['effort']} effort,"
            f" priority {opportunity['priority_score']}"
        )
