"""The report expansion_opportunities: adoption and ranked opportunities per customer."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from customer_health.export.forms import (
    UNKNOWN,
    as_json,
    figure,
    money,
    number,
    one_line,
    percent,
    title,
    wrapped,
)
from customer_health.export.lines import (
    ITEMS,
    Lines,
    amount,
    concatenated,
    evaluated,
    members,
    plain,
    text,
    word,
)
from customer_health.export.reading import Marts, Query
from customer_health.sql import literal

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
CUSTOMERS = Query(
    {
        "place": ("decimal(28, 6)", f"-coalesce(total_estimated_revenue, {LOWEST})"),
        "record_number": "bigint",
        **dict.fromkeys(("customer_id", "name", "segment", "arr"), "{text}"),
        **dict.fromkeys(("total_modules", "adopted_modules"), "bigint"),
        **dict.fromkeys(("adoption_rate", "avg_usage_pct", "seat_utilisation"), "{text}"),
        "current_tier": "{text}",
        **dict.fromkeys(("departments_covered", "departments_potential"), "bigint"),
        **dict.fromkeys(("total_estimated_revenue", "realistic_revenue"), "{text}"),
        "opportunity_count": "bigint",
        "on_hold": "boolean",
    },
    "{marts}.customer_success_expansion",
    keys=2,
)
OPPORTUNITIES = Query(
    {
        "place": ("decimal(28, 6)", f"-coalesce(expansion.total_estimated_revenue, {LOWEST})"),
        "record_number": ("bigint", "expansion.record_number"),
        "rank": ("bigint", "opportunities.rank"),
        "type": ("{text}", "opportunities.type"),
        "category": ("{text}", "opportunities.category"),
        "target": ("{text}", "opportunities.target"),
        "estimated_revenue": ("{text}", "opportunities.estimated_revenue"),
        "effort": ("{text}", "opportunities.effort"),
        "priority_score": ("{text}", "opportunities.priority_score"),
        "additional_seats": ("bigint", "opportunities.additional_seats"),
        "on_hold": ("boolean", "opportunities.on_hold"),
        "utilisation": ("{text}", "expansion.seat_utilisation"),
        "current_tier": ("{text}", "expansion.current_tier"),
    },
    "{marts}.customer_success_opportunities as opportunities"
    " inner join {marts}.customer_success_expansion as expansion"
    " on opportunities.customer_id = expansion.customer_id",
    keys=3,
)

# An amount and the sentence of an opportunity, in SQL; `revenue` is a double.
MONEY = """
case
    when revenue is null then 'unknown'
    when revenue < -0.5 then '-$' || format('{:,.0f}', -revenue)
    else '$' || format('{:,.0f}', abs(revenue))
end
"""
RATIONALE = f"""
case category
    when 'seat_expansion' then
        'Seat utilisation is '
        || coalesce(format('{{:,.0f}}%', cast(utilisation as double)), '{UNKNOWN}') || '; needs '
        || coalesce(format('{{:,}}', additional_seats), '{UNKNOWN}') || ' additional seats'
    when 'tier_upgrade' then
        'Upgrade from ' || coalesce(nullif(current_tier, ''), 'no tier') || ' to '
        || coalesce(target, 'None') || ' adds ' || {MONEY}
    when 'module_cross_sell' then
        coalesce(target, 'None') || ' is not adopted yet, worth ' || {MONEY}
    else 'Expand to the department ' || coalesce(target, 'None') || ', worth ' || {MONEY}
end
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
    return evaluated(
        RATIONALE,
        category=category,
        target=target,
        revenue=None if revenue is None else float(revenue),
        additional_seats=additional_seats,
        utilisation=None if utilisation is None else float(utilisation),
        current_tier=current_tier,
    )


def summary(marts: Marts) -> dict[str, Any]:
    """Return the summary of all customers."""
    [(total, revenue, realistic, opportunities)] = marts.rows(SUMMARY)
    return {
        "total_customers": total,
        "total_estimated_revenue": number(revenue) or 0,
        "total_opportunities": int(opportunities or 0),
        "realistic_revenue": number(realistic) or 0,
    }


def lines(project: Path) -> Lines:
    """Return the customers from the highest total down, ties in the order of their file."""
    shape = {
        "customer_id": text("customer_id"),
        "name": text("name"),
        "segment": text("segment"),
        "arr": amount("arr"),
        "adoption_summary": {
            "total_modules": plain("total_modules"),
            "adopted_modules": plain("adopted_modules"),
            "adoption_rate": plain("adoption_rate"),
            "avg_usage_pct": amount("avg_usage_pct"),
            "seat_utilisation": amount("seat_utilisation"),
            "current_tier": text("current_tier"),
            "departments_covered": plain("departments_covered"),
            "departments_potential": plain("departments_potential"),
        },
        "total_estimated_revenue": amount("total_estimated_revenue"),
        "opportunity_count": plain("opportunity_count"),
        "opportunities": ITEMS,
        "realistic_revenue": amount("realistic_revenue"),
        "on_hold": plain("on_hold"),
    }
    begin = {
        "type": word("type"),
        "category": word("category"),
        "estimated_revenue": amount("estimated_revenue"),
        "effort": word("effort"),
        "rationale": text("rationale"),
        "priority_score": plain("priority_score"),
    }
    opportunity = concatenated(
        [
            *members(begin, after=""),
            _target(),
            *members({"on_hold": plain("on_hold")}, before=", "),
        ]
    )
    return Lines(
        CUSTOMERS,
        OPPORTUNITIES,
        ("place", "record_number"),
        "rank",
        shape,
        opportunity,
        {"revenue": "cast(estimated_revenue as double)", "rationale": RATIONALE},
    )


def _target() -> str:
    """Return the SQL of the key that some categories have."""
    cases = " ".join(
        f"when {literal(category)} then {literal(f', {as_json(key)}: ')} || {text('target')}"
        for category, key in TARGETS.items()
    )
    return f"case category {cases} else '' end"


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
