"""The trajectory of an account's score, in plain Python: fractions, lists and the written rules.

Written from docs/trajectory.md, not from the SQL: no packed numbers, no sums of products.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .exact import round_half_up

CHANGES = (7, 30, 90)


@dataclass(frozen=True)
class Settings:
    """The setting customer_health_trajectory; these defaults are the published ones."""

    window_weeks: int = 13
    recovery_look_back_weeks: int = 26
    dead_band: Decimal = Decimal(5)
    acceleration: Decimal = Decimal("0.5")
    turning_tolerance: Decimal = Decimal(1)
    confirming_slices: int = 2
    min_slices: int = 4
    min_half_slices: int = 3
    min_span_days: int = 21
    change_tolerance_days: int = 14
    across_policies: bool = False


@dataclass(frozen=True)
class Slice:
    """One account on one date."""

    account_id: str
    as_of_date: date
    health_score: Decimal | None
    policy: str = "run_rate"
    policy_version: str = "v1"

    @property
    def health_band(self) -> str:
        """The band by the published bounds."""
        if self.health_score is None:
            return "Unscored"
        return "High" if self.health_score >= 80 else "Medium" if self.health_score >= 50 else "Low"


Point = tuple[date, Decimal]


def trajectories(slices: Iterable[Slice], settings: Settings) -> list[dict[str, Any]]:
    """The rows of account_trajectory."""
    by_account: dict[str, list[Slice]] = defaultdict(list)
    for one in sorted(slices, key=lambda one: one.as_of_date):
        by_account[one.account_id].append(one)
    newest = max((one[-1].as_of_date for one in by_account.values()), default=None)
    window = timedelta(weeks=settings.window_weeks)
    return [
        trajectory(of_account, newest, settings)
        for of_account in by_account.values()
        if newest - of_account[-1].as_of_date <= window
    ]


def trajectory(slices: Sequence[Slice], newest: date, settings: Settings) -> dict[str, Any]:
    """The row of one account; its slices come in the order of their dates."""
    last = slices[-1]
    end, now = last.as_of_date, last.health_score
    start = end - timedelta(weeks=settings.window_weeks)
    inside = [one for one in slices if one.as_of_date >= start]
    known = [
        (one.as_of_date, one.health_score)
        for one in slices
        if one.health_score is not None
        and (
            settings.across_policies
            or (one.policy, one.policy_version) == (last.policy, last.policy_version)
        )
    ]
    points = [point for point in known if point[0] >= start]
    older, recent = halves(points, settings)
    state, turning_point = read(known, points, now, older, recent, settings)
    gaps = [
        (after.as_of_date - before.as_of_date).days for before, after in itertools.pairwise(inside)
    ]
    highest = max((score for _, score in points), default=None)
    lowest = min((score for _, score in points), default=None)
    return {
        "account_id": last.account_id,
        "health_score": now,
        "health_band": last.health_band,
        "trajectory_state": state,
        **{f"change_{days}d": change(known, end, now, days, settings) for days in CHANGES},
        "slope_per_week": slope(points),
        "older_slope_per_week": older,
        "recent_slope_per_week": recent,
        "acceleration": None if older is None or recent is None else recent - older,
        "highest_score": highest,
        "highest_on": max((day for day, score in points if score == highest), default=None),
        "lowest_score": lowest,
        "lowest_on": max((day for day, score in points if score == lowest), default=None),
        "turning_point_on": turning_point,
        "slice_count": len(inside),
        "scored_slice_count": len(points),
        "first_slice_on": inside[0].as_of_date,
        "last_slice_on": end,
        "longest_gap_days": max(gaps, default=None),
        "is_in_newest_slice": end == newest,
        "policy": last.policy,
        "policy_version": last.policy_version,
        "as_of_date": newest,
    }


def change(
    known: Sequence[Point], end: date, now: Decimal | None, days: int, settings: Settings
) -> Decimal | None:
    """The change against the newest score that is so many days old, and not much older."""
    if now is None:
        return None
    latest = end - timedelta(days=days)
    earliest = latest - timedelta(days=settings.change_tolerance_days)
    before = [score for day, score in known if earliest <= day <= latest]
    return now - before[-1] if before else None


def slope(points: Sequence[Point]) -> Decimal | None:
    """Least squares in points per week, rounded once: the deviations from both means."""
    if len({day for day, _ in points}) < 2:
        return None
    weeks = [Fraction(day.toordinal(), 7) for day, _ in points]
    scores = [Fraction(score) for _, score in points]
    mean_week, mean_score = sum(weeks) / len(weeks), sum(scores) / len(scores)
    shared = sum(
        (week - mean_week) * (score - mean_score) for week, score in zip(weeks, scores, strict=True)
    )
    return round_half_up(shared / sum((week - mean_week) ** 2 for week in weeks))


def halves(points: Sequence[Point], settings: Settings) -> tuple[Decimal | None, Decimal | None]:
    """The slopes of the older and the recent half of the time; the middle belongs to both."""
    if not points:
        return None, None
    middle = Fraction(points[0][0].toordinal() + points[-1][0].toordinal(), 2)
    older = [point for point in points if point[0].toordinal() <= middle]
    recent = [point for point in points if point[0].toordinal() >= middle]
    return tuple(
        slope(half) if len(half) >= settings.min_half_slices else None for half in (older, recent)
    )


def read(
    known: Sequence[Point],
    points: Sequence[Point],
    now: Decimal | None,
    older: Decimal | None,
    recent: Decimal | None,
    settings: Settings,
) -> tuple[str, date | None]:
    """The state and its turning point."""
    if (
        now is None
        or len(points) < settings.min_slices
        or (points[-1][0] - points[0][0]).days < settings.min_span_days
    ):
        return "insufficient_history", None
    fell_from = away([(day, score - now) for day, score in points], settings)
    rose_from = away([(day, now - score) for day, score in points], settings)
    if fell_from is None and rose_from is None:
        return "stable", None

    if rose_from is None or (fell_from is not None and fell_from > rose_from):
        leg = [point for point in points if rose_from is None or point[0] > rose_from]
        peak = max(score for _, score in leg)
        turning_point = leg_turns(leg, lambda score: peak - score <= settings.turning_tolerance)
        is_faster = (
            older is not None
            and recent is not None
            and recent < 0
            and older - recent >= settings.acceleration
        )
        return "accelerating_decline" if is_faster else "declining", turning_point

    leg = [point for point in points if fell_from is None or point[0] > fell_from]
    trough = min(score for _, score in leg)
    trough_on = max(day for day, score in leg if score == trough)
    turning_point = leg_turns(leg, lambda score: score - trough <= settings.turning_tolerance)
    if fell_from is not None:
        return "recovering", turning_point
    oldest = points[-1][0] - timedelta(weeks=settings.recovery_look_back_weeks)
    before = [score for day, score in known if oldest <= day < trough_on]
    fell = bool(before) and max(before) - trough > settings.dead_band
    if fell and now - max(before) <= settings.dead_band:
        return "recovering", turning_point
    return "improving", turning_point


def away(distances: Sequence[tuple[date, Decimal]], settings: Settings) -> date | None:
    """The last date on which the score stood a dead band away, if that is no outlier."""
    days = [day for day, distance in distances if distance > settings.dead_band]
    is_confirmed = len(days) >= settings.confirming_slices
    return days[-1] if is_confirmed or (days and days[0] == distances[0][0]) else None


def leg_turns(leg: Sequence[Point], is_near: Any) -> date:
    """The last date of a leg on which the score was near its extreme."""
    return max(day for day, score in leg if is_near(score))
