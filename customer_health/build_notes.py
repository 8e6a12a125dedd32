"""What is said beside figures, from the mart build_info: that they are invented, their currency."""

import json
from collections.abc import Iterable

from customer_health.schemas import BUILD_INFO

QUERY = f"select demo_tables, source_rows from {{marts}}.{BUILD_INFO} where is_demo"

CURRENCY = f"select currency from {{marts}}.{BUILD_INFO} where currency is not null"


def demo_note(rows: Iterable[tuple[str, str]]) -> str | None:
    """Return the sentence, given what QUERY found; None where no table is invented."""
    for demo_tables, source_rows in rows:
        invented, loaded = demo_tables.split(", "), json.loads(source_rows)
        if len(invented) == len(loaded):
            return "Demo data: every name and every figure is invented."
        return (
            f"Partly demo data: {len(invented)} of {len(loaded)} tables are invented"
            f" ({', '.join(invented)})."
        )
    return None
