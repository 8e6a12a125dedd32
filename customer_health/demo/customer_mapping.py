"""Demo mapping: `customer360__mapping`, which brings most addresses to their customers.

Its ids are those that the customer has in the activity table, or else in another one.
"""

import datetime

from customer_health.demo.customer_addresses import entities
from customer_health.demo.customers import SYSTEMS, drawn_id, id_of, published
from customer_health.demo.draws import Draws
from customer_health.demo.flaws import Flaws, drawn, spoilt

TABLE = "customer360__mapping"

COLUMNS = {
    "customer360_id": "varchar",
    "marketo_lead_id": "varchar",
    "stripe_customer_id": "varchar",
    "zendesk_user_id": "varchar",
}

# Columns in which text formats say 'n/a' where parquet has NaN.
NOT_AVAILABLE = ()

# Share of the customer360_ids whose row holds ids that no platform knows any more.
STALE = 0.08

# Share of the ids that a row lacks although the customer has them.
LACKING = {"marketo": 0.25, "stripe": 0.15, "zendesk": 0.15}

# Share of the customer360_ids that come twice: once more with the ids of Zendesk alone.
REPEATED = 0.01

DEFECTS: Flaws = {"blank key": (0.003, "customer360_id", "null")}


def query(seed: int, as_of: datetime.date) -> str:
    """Return the SELECT of all columns, in order of the customers; `customers.prepare` comes first.

    Nothing of it depends on `as_of`.
    """
    draws = Draws(seed)
    return f"with\n{entities(draws)},{_mapped(draws, seed)}\n{published(COLUMNS)}"


def _mapped(draws: Draws, seed: int) -> str:
    """One row per customer360_id, and a few more; an id that is nobody's is as stale as others."""
    columns = []
    for system, column in SYSTEMS.items():
        known = ", ".join(
            id_of(seed, table, system, "0") for table in ("activity", "funnel", "value")
        )
        columns.append(
            f"""case
                when is_stale then {drawn_id(system, draws.uniform(f"mapping/{system}/stale"))}
                when copy = 1 and '{system}' <> 'zendesk' then null
                when {draws.chance(f"mapping/{system}", LACKING[system])} then null
                else coalesce({known})
            end as {column}"""
        )
    joined = ",\n            ".join(columns)
    return f"""
    numbered as (
        select
            *,
            kind = 2 or {draws.chance("mapping/stale", STALE)} as is_stale,
            unnest(range(0, 1 + ({draws.chance("mapping/repeated", REPEATED)})::integer)) as copy
        from entities
    ),
    mapped as (
        select
            *,
            {joined},
            {drawn(draws, "mapping/defect", DEFECTS)} as defect
        from numbered
    ),
    spoilt as (
        select
            * replace (
                {spoilt({"defect": DEFECTS})}
            )
        from mapped
    )"""
