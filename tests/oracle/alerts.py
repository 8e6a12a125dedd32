"""Alerts in plain Python, one date after the other: what the SQL does by windows over all dates.

Nothing here is shared with the SQL: rules are read from the settings, measures are made from the
rows of the history, and the life cycle is a loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Key = tuple[str, str, str]

COMPARISONS = ("above", "below", "at_least", "at_most")
LOOK_BACK = 30


@dataclass(frozen=True)
class Seen:
    """What a rule says of an entity on a date."""

    status: str
    severity: str
    value: Decimal | None
    signals: str | None


@dataclass(frozen=True)
class Alert:
    """One alert as it stands after a date."""

    opened_on: date
    last_seen_on: date
    opened_value: Decimal | None
    last_value: Decimal | None
    severity: str
    signals: str | None
    resolved_on: date | None = None
    resolution: str | None = None
    reopened_count: int = 0
    reopened_on: date | None = None


def fold(
    dates: Sequence[date],
    observed: Mapping[tuple[Key, date], Seen],
    rules: Iterable[str],
    cool_down: int,
    expire_after: int,
    before: Mapping[Key, Alert] | None = None,
) -> dict[date, dict[Key, Alert]]:
    """Return the alerts that are open or cooling after each date, the earliest date first."""
    rules = set(rules)
    alerts = dict(before or {})
    keys = {key for key, _ in observed} | set(alerts)
    slices: dict[date, dict[Key, Alert]] = {}
    for day in sorted(dates):
        for key in keys:
            seen = observed.get((key, day))
            alert = _next(alerts.get(key), day, seen, key[2] in rules, cool_down, expire_after)
            if alert is not None:
                alerts[key] = alert
        slices[day] = {
            key: alert
            for key, alert in alerts.items()
            if alert.resolved_on is None or (day - alert.resolved_on).days <= cool_down
        }
    return slices


def _next(
    alert: Alert | None,
    day: date,
    seen: Seen | None,
    is_rule: bool,
    cool_down: int,
    expire_after: int,
) -> Alert | None:
    is_open = alert is not None and alert.resolved_on is None
    if not is_rule:
        if is_open:
            return replace(alert, resolved_on=day, resolution="rule_removed")
        return alert
    if is_open:
        if seen is None:
            if (day - alert.last_seen_on).days > expire_after:
                return replace(alert, resolved_on=day, resolution="no_data")
            return alert
        if seen.status == "clear":
            return replace(alert, resolved_on=day, resolution="closed")
        return _refreshed(alert, day, seen)
    if seen is None or seen.status != "fires":
        return alert
    if alert is not None and (day - alert.resolved_on).days <= cool_down:
        again = replace(
            alert,
            resolved_on=None,
            resolution=None,
            reopened_count=alert.reopened_count + 1,
            reopened_on=day,
        )
        return _refreshed(again, day, seen)
    return Alert(day, day, seen.value, seen.value, seen.severity, seen.signals)


def _refreshed(alert: Alert, day: date, seen: Seen) -> Alert:
    return replace(
        alert,
        last_seen_on=day,
        last_value=seen.value,
        severity=seen.severity,
        signals=seen.signals,
    )


# Measures and rules


def measures(
    history: Sequence[Row], day: date, settings: Row, bands: Sequence[Row], months: int
) -> dict[str, dict[str, Any]]:
    """Return what rules can compare on a date: account -> measure -> value."""
    found = {}
    for account in {row["account_id"] for row in history}:
        rows = sorted(
            (row for row in history if row["account_id"] == account and row["as_of_date"] <= day),
            key=lambda row: row["as_of_date"],
        )
        if rows and rows[-1]["as_of_date"] == day:
            found[account] = _measures_of(rows, day, settings, bands, months)
    return found


def _measures_of(
    rows: Sequence[Row], day: date, settings: Row, bands: Sequence[Row], months: int
) -> dict[str, Any]:
    now = rows[-1]
    age = [(day - row["as_of_date"]).days for row in rows]
    looked_back = [
        row for row, days in zip(rows, age, strict=True) if days <= settings["look_back_days"]
    ]
    earlier = [
        row
        for row, days in zip(rows, age, strict=True)
        if LOOK_BACK <= days <= LOOK_BACK + settings["tolerance_days"]
    ]
    score = now["health_score"]
    floor = Decimal(str(bands[-2]["at_least"])) if len(bands) > 1 else None
    scores = [row["health_score"] for row in earlier if row["health_score"] is not None]
    lowest = bands[-1]["band"]
    higher = [row for row in looked_back if row["health_band"] not in (lowest, "Unscored")]

    unchanged = None
    if now["current_pipeline_amount"] is not None:
        since = now["as_of_date"]
        for row in reversed(looked_back):
            if row["current_pipeline_amount"] != now["current_pipeline_amount"]:
                break
            since = row["as_of_date"]
        unchanged = (day - since).days

    def band(row: Row) -> int | None:
        forecast = row["predicted_6m_revenue"]
        if forecast is None:
            return None
        return sum(forecast >= bound * months for bound in settings["forecast_bands"])

    forecasts = [band(row) for row in earlier if band(row) is not None]
    return {
        **now,
        "points_above_low_health": None if score is None or floor is None else score - floor,
        "health_score_change_30d": None if score is None or not scores else score - scores[-1],
        "days_since_higher_band": (day - higher[-1]["as_of_date"]).days if higher else None,
        "days_pipeline_unchanged": unchanged,
        "forecast_band_change_30d": (
            None if band(now) is None or not forecasts else band(now) - forecasts[-1]
        ),
    }


def status(rule: Row, values: Row) -> str | None:
    """Return what a rule says of an entity: fires, holds, clear, or None where it is unknown."""
    population = _all(_is_met(condition, values) for condition in rule.get("where", []))
    if population is not True:
        return "clear" if population is False else None
    opens = _all(_is_met(condition, values) for condition in rule.get("opens_when", []))
    met = [_is_met(condition, values) for condition in rule["any_of"]]
    held = [_holds(condition, values) for condition in rule["any_of"]]
    if True in met:
        return "fires" if opens is True else "holds"
    if True in held:
        return "holds"
    return None if None in held else "clear"


def first_value(rule: Row, values: Row) -> Any:
    """Return the measure of the first condition that is met, or else of the first that holds."""
    for judge in (_is_met, _holds):
        for condition in rule["any_of"]:
            if judge(condition, values):
                return values[condition["measure"]]
    return None


def _all(answers: Iterable[bool | None]) -> bool | None:
    answers = list(answers)
    if False in answers:
        return False
    return None if None in answers else True


def _comparison(condition: Row) -> str:
    [comparison] = [name for name in COMPARISONS if name in condition]
    return comparison


def _is_met(condition: Row, values: Row) -> bool | None:
    value = values[condition["measure"]]
    if "is" in condition:
        return None if value in (None, "Unscored", "Unknown") else value == condition["is"]
    if value is None:
        return None
    comparison = _comparison(condition)
    threshold = condition[comparison]
    return {
        "above": value > threshold,
        "below": value < threshold,
        "at_least": value >= threshold,
        "at_most": value <= threshold,
    }[comparison]


def _holds(condition: Row, values: Row) -> bool | None:
    value = values[condition["measure"]]
    if value is None:
        return None
    comparison = _comparison(condition)
    closes = condition.get("closes", condition[comparison])
    return value > closes if comparison in ("above", "at_least") else value < closes
