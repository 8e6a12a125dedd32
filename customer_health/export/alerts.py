"""Alerts that were opened, came back or were resolved since a day: one JSON object a line, or CSV.

An alert has at most one line of each event. One that came back is no longer resolved, so it has the
line of its return only, beside that of its opening if this is as new.
"""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TextIO

from customer_health.csv_files import CsvWriter
from customer_health.errors import UserError
from customer_health.export.forms import as_json, number
from customer_health.export.reading import Marts

FORMATS = ("json", "csv")
NEEDED = ("account_alerts", "alert_history", "alert_rules")

# What a line holds -> the expression; dates as texts, because Spark's driver gives them so.
FIELDS = {
    "event": "events.event",
    "event_on": "cast(events.event_on as {text})",
    "alert_id": "history.alert_id",
    "entity_type": "history.entity_type",
    "entity_id": "history.entity_id",
    "entity_name": "alerts.entity_name",
    "account_id": "history.account_id",
    "rule_id": "history.rule_id",
    "severity": "history.severity",
    "driving_signals": "history.driving_signals",
    "action": "rules.action",
    "opened_on": "cast(history.opened_on as {text})",
    "last_seen_on": "cast(history.last_seen_on as {text})",
    "reopened_on": "cast(history.reopened_on as {text})",
    "reopened_count": "history.reopened_count",
    "resolved_on": "cast(history.resolved_on as {text})",
    "resolution": "history.resolution",
    "days_open": "history.days_open",
    "opened_value": "history.opened_value",
    "last_value": "history.last_value",
    "rank": "alerts.rank",
    "priority": "alerts.priority",
    "owner_id": "alerts.owner_id",
    "owner_rank": "alerts.owner_rank",
    "is_within_capacity": "alerts.is_within_capacity",
}
QUERY = """
    select
        row_number() over (order by events.event_on, events.event, history.alert_id) as line,
        {fields}
    from (
        select alert_id, 'opened' as event, opened_on as event_on from {marts}.alert_history
        union all
        select alert_id, 'reopened' as event, reopened_on as event_on from {marts}.alert_history
        union all
        select alert_id, 'resolved' as event, resolved_on as event_on from {marts}.alert_history
    ) as events
    inner join {marts}.alert_history as history on events.alert_id = history.alert_id
    left join {marts}.account_alerts as alerts on events.alert_id = alerts.alert_id
    left join {marts}.alert_rules as rules on history.rule_id = rules.rule_id
    where events.event_on >= cast('{since}' as date)
"""


def write_alerts(marts: Marts, since: datetime.date, format_: str, out: TextIO) -> None:
    """Write a line for each event since the day, that day included, in their order."""
    if missing := sorted(set(NEEDED) - marts.names()):
        raise UserError(
            f"the published marts lack {missing[0]}; build with actions among"
            " customer_health_subjects"
        )
    if format_ == "csv":
        writer = CsvWriter(out, list(FIELDS))
        for values in _events(marts, since):
            writer.write(values)
        return
    for values in _events(marts, since):
        out.write(as_json(dict(zip(FIELDS, values, strict=True))) + "\n")


def _events(marts: Marts, since: datetime.date) -> Iterator[list[Any]]:
    fields = ",\n        ".join(f"{sql} as {name}" for name, sql in FIELDS.items())
    # What is left in braces is for the marts to fill in.
    sql = QUERY.replace("{fields}", fields).replace("{since}", since.isoformat())
    for _, *cells in marts.stream(sql, ["line"]):
        yield [number(cell) if isinstance(cell, Decimal) else cell for cell in cells]
