"""Why scores changed, and the way to the next band, computed a second time in plain Python.

    before = day_slice(day, accounts, policy, "mine")  # one day, scored under a policy
    rows = changes(before, after, policy, days=30)     # the split of every change between two days
    rows = next_bands(after)                           # the smallest change that lifts a band

The split follows its description: the points that an account would have with the values of one day
under the bounds of another are scored as such, one account and one metric at a time. The required
value of the next band is found by trying: by bisection over the units in which a metric is counted.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from .account_health import (
    TRANSFORMS,
    AccountScore,
    Contribution,
    Policy,
    Row,
    clip,
    effective_shares,
    give_points,
    metric_specs,
    metric_value,
    score,
)
from .exact import exact, quantile, round_half_up

BOUNDED = ("min_max", "winsorized")
EARLIER = "(earlier policies)"
Bounds = tuple[float, float]

# Stored on every day, whatever the policy.
ALWAYS_STORED = (
    "days_since_last_activity",
    "total_activities_30d",
    "total_contacts",
    "contacts_with_email",
    "contact_email_coverage",
    "annual_revenue",
    "total_won_amount",
    "current_pipeline_amount",
    "win_rate_percentage",
    "number_of_employees",
    "account_age_days",
)
IN_HUNDREDTHS = (
    *("annual_revenue", "total_won_amount", "current_pipeline_amount", "win_rate_percentage"),
    *("avg_sales_cycle_days", "avg_lead_conversion_days"),
)
MAY_BE_NEGATIVE = ("activity_trend_30d",)


@dataclass(frozen=True)
class DaySlice:
    """The accounts of a day, scored under the policy that was active."""

    day: date
    policy: Policy
    rows: dict[str, AccountScore]
    bounds: dict[str, dict[str, Bounds]]  # metric -> peer group -> bounds

    def value(self, account_id: str, metric: str, policy: Policy) -> float | None:
        """What the day knows of a metric; size points are those of `policy`."""
        if metric != "size_points" and metric not in (*ALWAYS_STORED, *names_of(self.policy)):
            return None
        return metric_value(self.rows[account_id].account, metric, policy)

    def bounds_of(self, account_id: str, metric: str) -> Bounds | None:
        """The bounds of the account's peers on this day; None where there were none."""
        spec = spec_of(self.policy, metric)
        if spec is None or metric not in self.bounds:
            return None
        group = peers_of(self.rows[account_id].account, spec)
        return self.bounds[metric].get(group)

    def part(self, account_id: str, metric: str) -> Contribution | None:
        """What the metric gave to the account on this day."""
        parts = self.rows[account_id].contributions
        return next((part for part in parts if part.metric == metric), None)

    def points(self, account_id: str, metric: str) -> Decimal:
        """The points of the metric; 0 where it gave none."""
        part = self.part(account_id, metric)
        return (part.points if part else None) or Decimal(0)


def names_of(policy: Policy) -> list[str]:
    """The metrics of a policy in order."""
    return [spec["metric"] for _, spec in metric_specs(policy)]


def spec_of(policy: Policy, metric: str) -> dict | None:
    """How a policy scores a metric."""
    return next((spec for _, spec in metric_specs(policy) if spec["metric"] == metric), None)


def peers_of(account: Row, spec: Mapping) -> str:
    """The peer group of an account; "" where all are compared."""
    return account[spec["peer_group"]] if spec.get("peer_group") else ""


def day_slice(day: date, accounts: Sequence[Row], policy: Policy, name: str) -> DaySlice:
    """Score a day and keep the bounds between which its metrics lay."""
    scores = score(accounts, policy, name)
    bounds: dict[str, dict[str, Bounds]] = {}
    for _, spec in metric_specs(policy):
        if spec["scale"] not in BOUNDED:
            continue
        before = TRANSFORMS[spec.get("pre_transform")]
        peers: dict[str, list[float]] = {}
        for account in accounts:
            value = metric_value(account, spec["metric"], policy)
            if value is not None:
                peers.setdefault(peers_of(account, spec), []).append(before(value))
        bounds[spec["metric"]] = {
            group: bounds_of_values(values, spec) for group, values in peers.items()
        }
    rows = {row.account["account_id"]: row for row in scores.rows}
    return DaySlice(day, policy, rows, bounds)


def bounds_of_values(values: Sequence[float], spec: Mapping) -> Bounds:
    """The extremes, or two quantiles."""
    if spec["scale"] == "min_max":
        return min(values), max(values)
    lower = quantile(values, spec.get("lower_quantile", 0.05))
    upper = quantile(values, spec.get("upper_quantile", 0.95))
    assert lower is not None
    assert upper is not None
    return lower, upper


def unclipped(
    value: float | None, spec: Mapping, bounds: Bounds | None, when_constant: float
) -> float | None:
    """The value between its bounds before the direction; min_max may lie beyond 0 and 1."""
    if value is None:
        return None
    prepared = TRANSFORMS[spec.get("pre_transform")](value)
    if spec["scale"] == "as_is":
        return clip(prepared)
    if spec["scale"] == "target":
        bounds = float(spec["lower"]), float(spec["upper"])
    assert bounds is not None
    lower, upper = bounds
    if lower == upper:
        return when_constant
    scaled = (prepared - lower) / (upper - lower)
    return scaled if spec["scale"] == "min_max" else clip(scaled)


def directed(scaled: float | None, spec: Mapping) -> float | None:
    """Turned round where lower is better, held within [0, 1], transformed again."""
    if scaled is None:
        return None
    scaled = clip(scaled)
    if spec.get("direction", "higher") == "lower":
        scaled = 1.0 - scaled
    return TRANSFORMS[spec.get("post_transform")](scaled)


def scored(scaled: Sequence[float | None], policy: Policy) -> AccountScore:
    """The score of an account with these scaled values."""
    parts = [
        Contribution(dimension["dimension"], spec["metric"], None, value, exact(spec["weight"]))
        for (dimension, spec), value in zip(metric_specs(policy), scaled, strict=True)
    ]
    shares = effective_shares(policy, tuple(value is not None for value in scaled))
    row = AccountScore({}, parts, score_coverage=shares.coverage)
    give_points(row, policy, shares)
    return row


# --------------------------------------------------------------------------------------------
# Changes
# --------------------------------------------------------------------------------------------


def changes(before: DaySlice, after: DaySlice, policy: Policy, days: int) -> list[Row]:
    """The split of the change of every account that has a score on both days."""
    rows: list[Row] = []
    for account_id in sorted(before.rows.keys() & after.rows.keys()):
        scores = [side.rows[account_id].health_score for side in (before, after)]
        if None not in scores:
            rows += changes_of(account_id, before, after, policy, days)
    return rows


def changes_of(
    account_id: str, before: DaySlice, after: DaySlice, policy: Policy, days: int
) -> list[Row]:
    """The split of one account's change: a row per metric of the policy, and what is left."""
    sides = (before, after)
    specs = metric_specs(policy)
    points = {
        (own, other): hypothetical(account_id, sides[own], sides[other], sides, policy)
        for own, other in itertools.product((0, 1), repeat=2)
    }
    for number, side in enumerate(sides):
        # What was stored under this policy is what scoring it anew gives.
        if side.policy == policy:
            stored = [side.points(account_id, spec["metric"]) for _, spec in specs]
            assert points[number, number] == stored, account_id

    values = {
        spec["metric"]: [side.value(account_id, spec["metric"], policy) for side in sides]
        for _, spec in specs
    }
    measured_alike = all((old is None) == (new is None) for old, new in values.values())
    rows: list[Row] = []
    for place, (dimension, spec) in enumerate(specs):
        metric = spec["metric"]
        old, new = values[metric]
        if metric == "size_points":
            segments = [side.rows[account_id].account["account_size_segment"] for side in sides]
            is_same_value = segments[0] == segments[1]
        else:
            is_same_value = old == new
        bounds = [side.bounds_of(account_id, metric) for side in sides]
        if spec["scale"] == "percentile":
            parts = [side.part(account_id, metric) for side in sides]
            ranks = [part.scaled_value if part else None for part in parts]
            is_same_bounds = old != new or None in ranks or ranks[0] == ranks[1]
        else:
            # Fixed targets never move, and where one day has no bounds those of the other count.
            is_same_bounds = (
                spec["scale"] not in BOUNDED or None in bounds or bounds[0] == bounds[1]
            )
        moved = [[points[own, other][place] for other in (0, 1)] for own in (0, 1)]
        whole = moved[1][1] - moved[0][0]
        if is_same_bounds:
            own_change, peer_change = whole, Decimal(0)
        elif is_same_value and measured_alike:
            own_change, peer_change = Decimal(0), whole
        else:
            own_change = (moved[1][0] - moved[0][0] + moved[1][1] - moved[0][1]) / 2
            peer_change = (moved[0][1] - moved[0][0] + moved[1][1] - moved[1][0]) / 2
        stored = [side.points(account_id, metric) for side in sides]
        rows.append(
            {
                "dimension": dimension["dimension"],
                "metric": metric,
                "from_value": None if metric == "size_points" else old,
                "to_value": None if metric == "size_points" else new,
                "from_points": stored[0],
                "to_points": stored[1],
                "own_change": own_change,
                "peer_change": peer_change,
                "policy_change": (stored[1] - moved[1][1]) - (stored[0] - moved[0][0]),
            }
        )
    if any(side.policy != policy for side in sides):
        left = []
        for side in sides:
            known = sum((side.points(account_id, name) for name in names_of(policy)), Decimal(0))
            health_score = side.rows[account_id].health_score
            assert health_score is not None
            left.append(health_score - known)
        rows.append(
            {
                "dimension": None,
                "metric": EARLIER,
                "from_value": None,
                "to_value": None,
                "from_points": left[0],
                "to_points": left[1],
                "own_change": Decimal(0),
                "peer_change": Decimal(0),
                "policy_change": left[1] - left[0],
            }
        )
    pair = {"account_id": account_id, "days": days, "from_date": before.day, "to_date": after.day}
    return [{**pair, **row, "points_change": row["to_points"] - row["from_points"]} for row in rows]


def hypothetical(
    account_id: str, own: DaySlice, other: DaySlice, sides: Sequence[DaySlice], policy: Policy
) -> list[Decimal]:
    """The points with the values of one day under the bounds of another."""
    when_constant = float(policy.get("scaled_when_constant", 0.5))
    scaled: list[float | None] = []
    for _, spec in metric_specs(policy):
        metric = spec["metric"]
        value = own.value(account_id, metric, policy)
        if spec["scale"] == "percentile":
            values = [side.value(account_id, metric, policy) for side in sides]
            is_same = values[0] == values[1]
            wanted = other if is_same else own
            parts = [side.part(account_id, metric) for side in (wanted, *sides)]
            ranks = [part.scaled_value for part in parts if part and part.scaled_value is not None]
            scaled.append(ranks[0] if value is not None and ranks else None)
            continue
        bounds = other.bounds_of(account_id, metric)
        if bounds is None:
            rest = (side.bounds_of(account_id, metric) for side in sides)
            bounds = next((found for found in rest if found is not None), None)
        scaled.append(directed(unclipped(value, spec, bounds, when_constant), spec))
    return [part.points or Decimal(0) for part in scored(scaled, policy).contributions]


# --------------------------------------------------------------------------------------------
# The next band
# --------------------------------------------------------------------------------------------


def next_bands(day: DaySlice) -> list[Row]:
    """One row per account below the top band and metric."""
    bands = sorted(day.policy["bands"], key=lambda band: exact(band["at_least"]), reverse=True)
    rows: list[Row] = []
    for account_id, row in sorted(day.rows.items()):
        health_score = row.health_score
        if health_score is None or health_score >= exact(bands[0]["at_least"]):
            continue
        next_band = [band for band in bands if exact(band["at_least"]) > health_score][-1]
        answers = [
            answer(day, account_id, place, Decimal(str(next_band["at_least"])))
            for place in range(len(row.contributions))
        ]
        reachable = [found for found in answers if found["is_reachable"]]
        smallest = min(reachable, key=smallness, default=None)
        rows += [
            {
                "account_id": account_id,
                "health_score": health_score,
                "next_band": next_band["band"],
                "points_needed": Decimal(str(next_band["at_least"])) - health_score,
                **found,
                "is_smallest": found is smallest,
            }
            for found in answers
        ]
    return rows


def smallness(row: Row) -> Decimal:
    """Sort key of reachable metrics; of equals the first metric of the policy wins."""
    return round_half_up(row["scaled_change"], 9)


def answer(day: DaySlice, account_id: str, place: int, at_least: Decimal) -> Row:
    """What one metric would need to reach a score, all else as it is."""
    row = day.rows[account_id]
    dimension, spec = metric_specs(day.policy)[place]
    metric = spec["metric"]
    current = row.contributions[place].raw_value
    found = {
        "dimension": dimension["dimension"],
        "metric": metric,
        "direction": spec.get("direction", "higher"),
        "current_value": None if metric == "size_points" else current,
        "required_value": None,
        "change": None,
        "scaled_change": None,
        "score_after": None,
        "is_reachable": False,
    }
    if metric == "size_points":
        return {**found, "reason": "not_a_lever"}
    if spec["scale"] == "percentile":
        return {**found, "reason": "scaled_by_percentile"}
    if current is None:
        return {**found, "reason": "not_measured"}

    trial = Trial(day, account_id, place)
    value = trial.first_value(current, at_least)
    if value is None:
        return {**found, "reason": "not_enough"}
    before = row.contributions[place].scaled_value
    assert before is not None
    after = trial.scaled(value)
    return {
        **found,
        "reason": "reachable",
        "is_reachable": True,
        "required_value": value,
        "change": value - current,
        "scaled_change": after - before,
        "score_after": trial.score(value),
    }


class Trial:
    """One metric of one account, tried with other values under the bounds of the day."""

    def __init__(self, day: DaySlice, account_id: str, place: int) -> None:
        self.policy = day.policy
        self.place = place
        self.row = day.rows[account_id]
        _, self.spec = metric_specs(day.policy)[place]
        self.bounds = day.bounds_of(account_id, self.spec["metric"])
        self.when_constant = float(day.policy.get("scaled_when_constant", 0.5))

    def raw_scaled(self, value: float) -> float:
        """The value between its bounds; beyond 1 it would move them."""
        scaled = unclipped(value, self.spec, self.bounds, self.when_constant)
        assert scaled is not None
        is_lower = self.spec.get("direction", "higher") == "lower"
        return 1.0 - scaled if is_lower else scaled

    def scaled(self, value: float) -> float:
        """The scaled value as it is scored."""
        scaled = unclipped(value, self.spec, self.bounds, self.when_constant)
        found = directed(scaled, self.spec)
        assert found is not None
        return found

    def score(self, value: float) -> Decimal:
        """The score of the account with this value."""
        scaled = [part.scaled_value for part in self.row.contributions]
        scaled[self.place] = self.scaled(value)
        found = scored(scaled, self.policy).health_score
        assert found is not None
        return found

    def first_value(self, current: float, at_least: Decimal) -> float | None:
        """The value nearest to the current one that reaches the score; None where none does."""
        if self.bounds is not None and self.bounds[0] == self.bounds[1]:
            return None
        metric = self.spec["metric"]
        units, most = 1, None
        if metric == "contact_email_coverage":
            units = most = int(self.row.account["total_contacts"])
        elif metric in IN_HUNDREDTHS:
            units = 100
        least = None if metric in MAY_BE_NEGATIVE else 0
        if units == 0:
            return None
        sign = -1 if self.spec.get("direction", "higher") == "lower" else 1
        start = nearest_unit(current, units, sign)

        def value_of(steps: int) -> float:
            return (start + sign * steps) / units

        def is_last(steps: int) -> bool:
            return self.raw_scaled(value_of(steps)) >= 1

        if sign < 0:
            most_steps = None if least is None else start - least
        else:
            most_steps = None if most is None else most - start
        furthest = last_step(is_last, most_steps)
        if self.score(value_of(furthest)) < at_least:
            return None
        low, high = -1, furthest
        while high - low > 1:
            middle = (low + high) // 2
            if self.score(value_of(middle)) >= at_least:
                high = middle
            else:
                low = middle
        return value_of(high) if self.raw_scaled(value_of(high)) <= 1 else None


def nearest_unit(current: float, units: int, sign: int) -> int:
    """The whole unit at the current value, or the first one beyond it in the better direction."""
    nearest = round(current * units)
    if nearest / units == current:
        return nearest
    is_beyond = (nearest / units - current) * sign > 0
    return nearest if is_beyond else nearest + sign


def last_step(is_last: Callable[[int], bool], most: int | None) -> int:
    """The first step from which on nothing more is to be gained, at most `most`."""
    high = 1 if most is None else min(1, most)
    while high != most and not is_last(high):
        high = 2 * high if most is None else min(2 * high, most)
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_last(middle) else (middle, high)
    return high


def describe(row: Mapping[str, Any]) -> str:
    """A row in the message of a failing test."""
    return ", ".join(f"{name} {value}" for name, value in row.items())
