"""Learning from outcomes in plain Python: labels, and how well a score told who would churn.

Written from docs/learning.md, not from the SQL: pairs are counted, lists sorted, shares exact
fractions. What the project rounds before it sums is not rounded here, so that figures of many
terms may differ in the last place.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

from .exact import round_half_up, wilson_interval

FIRST_DAY = date(1900, 1, 1)
ALL = "all"
UNKNOWN = "Unknown"

Row = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """The settings customer_health_learning and customer_health_validation, as far as used here."""

    label_every_days: int = 28
    horizon_days: int = 90
    test_days: int = 180
    min_events: int = 100
    capacity_share: Fraction = Fraction(1, 5)
    smoothing: Fraction = Fraction(1, 2)
    moved: Fraction = Fraction(1, 10)
    unstable: Fraction = Fraction(1, 4)
    top_share: Fraction = Fraction(1, 10)
    calibration_parts: int = 10
    risk_look_back_days: int = 365
    min_group: int = 30
    short_notice: int = 45
    long_notice: int = 60


@dataclass(frozen=True)
class Slice:
    """One account on one stored date."""

    account_id: str
    as_of_date: date
    health_score: Decimal | None
    segment: str | None = "Large"
    policy: str = "run_rate"

    @property
    def health_band(self) -> str:
        """The band by the published bounds."""
        if self.health_score is None:
            return "Unscored"
        return "High" if self.health_score >= 80 else "Medium" if self.health_score >= 50 else "Low"


@dataclass(frozen=True)
class Outcome:
    """What became of an account on a day."""

    account_id: str
    day: date
    outcome: str = "churned"
    arr: Decimal | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Play:
    """A play that was done for an account, or withheld from it."""

    account_id: str
    started_on: date
    play: str = "call"
    scenario: str = "low_adoption"
    is_hold_out: bool = False
    outcome: str | None = None


@dataclass(frozen=True)
class World:
    """All that is known on a day."""

    as_of: date
    slices: Sequence[Slice] = ()
    outcomes: Sequence[Outcome] = ()
    # Account and day of opening.
    alerts: Sequence[tuple[str, date]] = ()
    plays: Sequence[Play] = ()
    # What a scorecard said: probability, and points beyond the usual ones of each signal.
    probabilities: Mapping[tuple[str, date], Decimal] = field(default_factory=dict)
    signals: Mapping[tuple[str, date], Mapping[str, int]] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    def slice_of(self) -> Mapping[tuple[str, date], Slice]:
        """The slices by account and date."""
        return {(one.account_id, one.as_of_date): one for one in self.slices}

    def first_churns(self) -> Mapping[str, Outcome]:
        """The first churn of each account."""
        found: dict[str, Outcome] = {}
        for one in sorted(self.outcomes, key=lambda one: one.day):
            if one.outcome == "churned":
                found.setdefault(one.account_id, one)
        return found

    def first_alert(self, account: str, churned_on: date, within: int) -> date | None:
        """The first alert that was opened at most so many days before the churn."""
        days = [
            day
            for name, day in self.alerts
            if name == account and 1 <= (churned_on - day).days <= within
        ]
        return min(days, default=None)


# Labels


def label_dates(world: World) -> tuple[dict[date, str], date | None]:
    """Each label date with its period, and the current date, which may be a label date too."""
    settings = world.settings
    every, horizon = settings.label_every_days, settings.horizon_days
    stored = sorted({one.as_of_date for one in world.slices})
    grid: dict[int, date] = {}
    for day in stored:
        number = math.ceil(Fraction((day - FIRST_DAY).days, every))
        if FIRST_DAY + timedelta(days=number * every + horizon) <= world.as_of:
            grid[number] = day
    days = sorted(grid.values())
    current = stored[-1] if stored else None
    if not days:
        return {}, current
    shared = max((days[-1] - days[0]).days - horizon, 0)
    test = [
        day
        for day in days
        if (days[-1] - day).days <= settings.test_days and 2 * (days[-1] - day).days <= shared
    ]
    first_test = min(test)
    return {
        day: "test"
        if day >= first_test
        else "train"
        if (first_test - day).days >= horizon
        else "gap"
        for day in days
    }, current


def labels(world: World) -> list[Row]:
    """The rows of outcome_labels."""
    horizon = timedelta(days=world.settings.horizon_days)
    periods, current = label_dates(world)
    churns = world.first_churns()
    of_account: dict[str, list[Outcome]] = defaultdict(list)
    for told in world.outcomes:
        of_account[told.account_id].append(told)
    rows = []
    for one in world.slices:
        day = one.as_of_date
        if day not in periods and day != current:
            continue
        churn = churns.get(one.account_id)
        if churn is not None and churn.day <= day:
            continue
        row: Row = {
            "as_of_date": day,
            "account_id": one.account_id,
            "segment": one.segment or UNKNOWN,
            "period": periods.get(day, "open"),
            "is_churned": None,
            **dict.fromkeys(("churned_on", "days_to_churn", "outcome", "arr", "reason")),
        }
        if day in periods:
            row["is_churned"] = churn is not None and churn.day <= day + horizon
            others = [
                other
                for other in of_account[one.account_id]
                if other.outcome != "churned" and day < other.day <= day + horizon
            ]
            told = max(
                others, key=lambda other: (other.day, _reversed(other.outcome)), default=None
            )
            if row["is_churned"]:
                told = churn
                row["churned_on"], row["days_to_churn"] = churn.day, (churn.day - day).days
            if told is not None:
                row |= {"outcome": told.outcome, "arr": told.arr, "reason": told.reason}
        rows.append(row)
    return rows


def _reversed(text: str) -> tuple[int, ...]:
    """A key that sorts texts backwards."""
    return tuple(-ord(letter) for letter in text)


# Scores


@dataclass(frozen=True)
class Scored:
    """A label with a score: the higher the risk the riskier; probability of a score that is one."""

    account_id: str
    as_of_date: date
    risk: Decimal
    probability: Decimal | None
    is_churned: bool | None
    churned_on: date | None
    arr: Decimal


def scored_labels(world: World, score: str) -> dict[str, list[Scored]]:
    """The labels that have the score, by period; those of today are current."""
    _, current = label_dates(world)
    slices = world.slice_of()
    found: dict[str, list[Scored]] = defaultdict(list)
    for row in labels(world):
        place = row["account_id"], row["as_of_date"]
        if score == "health_score":
            one = slices[place]
            if one.health_score is None or one.policy != "run_rate":
                continue
            risk, probability = 100 - one.health_score, None
        elif place in world.probabilities:
            risk = probability = world.probabilities[place]
        else:
            continue
        key = (*place, risk, probability)
        if row["period"] in ("train", "test"):
            arr = row["arr"] or Decimal(0)
            found[row["period"]].append(Scored(*key, row["is_churned"], row["churned_on"], arr))
        if row["as_of_date"] == current:
            found["current"].append(Scored(*key, None, None, Decimal(0)))
    return found


def status(period: str, rows: Sequence[Scored], settings: Settings) -> str:
    """Whether a period has enough events for a figure."""
    if period == "current":
        return "too recent"
    if len(events(rows)) < settings.min_events:
        return "insufficient outcomes"
    return "measured" if any(not row.is_churned for row in rows) else "only churned"


def events(rows: Iterable[Scored]) -> set[tuple[str, date]]:
    """The churns that labels foretell, each once."""
    return {(row.account_id, row.churned_on) for row in rows if row.is_churned}


def parts(rows: Sequence[Scored], count: int) -> dict[Decimal, int]:
    """The part of each value: by the share of the labels with a higher risk."""
    found, larger = {}, 0
    for risk, same in groupby(sorted((row.risk for row in rows), reverse=True)):
        found[risk] = 1 + math.floor(Fraction(count * larger, len(rows)))
        larger += len(list(same))
    return found


class Training:
    """The parts of the training labels: their lower bounds, sizes and churn rates."""

    def __init__(self, rows: Sequence[Scored], settings: Settings) -> None:
        part_of = parts(rows, settings.calibration_parts)
        self._lowest: dict[int, Decimal] = {}
        for risk, part in part_of.items():
            self._lowest[part] = min(risk, self._lowest.get(part, risk))
        self.sizes = dict.fromkeys(self._lowest, 0)
        churned = dict(self.sizes)
        for row in rows:
            self.sizes[part_of[row.risk]] += 1
            churned[part_of[row.risk]] += bool(row.is_churned)
        is_measured = bool(rows) and status("train", rows, settings) == "measured"
        self.rates = {
            part: round_half_up(
                (churned[part] + settings.smoothing) / (size + 2 * settings.smoothing)
            )
            if is_measured
            else None
            for part, size in self.sizes.items()
        }

    def rate(self, row: Scored) -> Decimal | None:
        """The probability that a label stands for: its own, or the churn rate of its part."""
        if row.probability is not None:
            return row.probability
        return self.rates.get(self.part(row.risk))

    def part(self, risk: Decimal) -> int | None:
        """The part that a risk falls into: the riskiest one whose lower bound it reaches."""
        for part in sorted(self._lowest):
            if risk >= self._lowest[part]:
                return part
        return max(self._lowest, default=None)


def auc(rows: Sequence[Scored]) -> Fraction:
    """The share of pairs of one that churned and one that did not in which the first is riskier."""
    churned = [row.risk for row in rows if row.is_churned]
    others = [row.risk for row in rows if not row.is_churned]
    won = sum(
        2 * (one > other) + (one == other)  # A tie is half a win.
        for one in churned
        for other in others
    )
    return Fraction(won, 2 * len(churned) * len(others))


def captured(
    rows: Sequence[Scored], share: Fraction, worth: Callable[[Scored], Fraction]
) -> Fraction:
    """What the riskiest share of each date is worth; equal values at the limit count in part."""
    total = Fraction(0)
    by_date: dict[date, list[Scored]] = defaultdict(list)
    for row in rows:
        by_date[row.as_of_date].append(row)
    for of_date in by_date.values():
        room = share * len(of_date)
        of_date.sort(key=lambda row: -row.risk)
        for _, group in groupby(of_date, key=lambda row: row.risk):
            same = list(group)
            taken = min(max(room, Fraction(0)), Fraction(len(same)))
            total += taken / len(same) * sum(map(worth, same), Fraction(0))
            room -= len(same)
    return total


def validation(world: World) -> list[Row]:
    """The rows of score_validation."""
    result = []
    for score in SCORES:
        by_period = scored_labels(world, score)
        training = Training(by_period.get("train", []), world.settings)
        for period, rows in by_period.items():
            result.append({"score": score, **_validated(world, period, rows, training)})
    return result


def _validated(world: World, period: str, rows: Sequence[Scored], training: Training) -> Row:
    settings = world.settings
    churned = [row for row in rows if row.is_churned]
    row: Row = {
        "period": period,
        "status": status(period, rows, settings),
        "label_count": len(rows),
        "churned_count": len(churned),
        "event_count": len(events(rows)),
        **dict.fromkeys(FIGURES),
    }
    if row["status"] == "measured":
        top, capacity = settings.top_share, settings.capacity_share
        caught = captured(rows, capacity, lambda one: Fraction(bool(one.is_churned)))
        arr = sum((Fraction(one.arr) for one in churned), Fraction(0))
        row |= {
            "churn_share": Fraction(len(churned), len(rows)),
            "auc": auc(rows),
            "top_lift": captured(rows, top, lambda one: Fraction(bool(one.is_churned)))
            / (top * len(churned)),
            "capacity_precision": caught / (capacity * len(rows)),
            "capacity_recall": caught / len(churned),
            "capacity_arr_recall": captured(
                rows, capacity, lambda one: Fraction(one.arr) if one.is_churned else Fraction(0)
            )
            / arr
            if arr
            else None,
        }
        row |= _probability_figures(rows, training, settings) | _leads(world, rows)
    if period != "train" and training.sizes:
        index = stability_index(rows, training, settings)
        row["stability_index"] = index
        row["stability"] = (
            "unstable"
            if index >= settings.unstable
            else "moved"
            if index >= settings.moved
            else "stable"
        )
    return row


SCORES = ("health_score", "churn_probability")
FIGURES = (
    "churn_share",
    "auc",
    "top_lift",
    "capacity_precision",
    "capacity_recall",
    "capacity_arr_recall",
    "brier_score",
    "log_loss",
    "expected_calibration_error",
    "foretold_count",
    "foretold_share",
    "median_lead_days",
    "short_notice_share",
    "long_notice_share",
    "stability_index",
    "stability",
)


def _probability_figures(
    rows: Sequence[Scored], training: Training, settings: Settings
) -> Mapping[str, Any]:
    rates = [training.rate(row) for row in rows]
    if any(rate is None for rate in rates):
        return {}
    part_of = parts(rows, settings.calibration_parts)
    gaps: dict[int, Fraction] = defaultdict(Fraction)
    squares, loss = Fraction(0), 0.0
    for row, rate in zip(rows, rates, strict=True):
        outcome = int(bool(row.is_churned))
        gaps[part_of[row.risk]] += Fraction(rate) - outcome
        squares += (Fraction(rate) - outcome) ** 2
        limited = min(max(float(rate), 1e-6), 1 - 1e-6)
        loss -= math.log(limited if outcome else 1 - limited)
    return {
        "brier_score": squares / len(rows),
        "log_loss": loss / len(rows),
        "expected_calibration_error": sum(map(abs, gaps.values()), Fraction(0)) / len(rows),
    }


def _leads(world: World, rows: Sequence[Scored]) -> Mapping[str, Any]:
    settings = world.settings
    found = events(rows)
    leads = [
        (churned_on - opened).days
        for account, churned_on in found
        if (opened := world.first_alert(account, churned_on, settings.horizon_days)) is not None
    ]
    shares = {
        "short_notice_share": settings.short_notice,
        "long_notice_share": settings.long_notice,
    }
    return {
        "foretold_count": len(leads),
        "foretold_share": Fraction(len(leads), len(found)),
        "median_lead_days": median(leads),
        **{
            name: Fraction(sum(lead >= days for lead in leads), len(leads)) if leads else None
            for name, days in shares.items()
        },
    }


def median(values: Sequence[int]) -> Fraction | None:
    """The middle value, or the mean of the two in the middle."""
    ordered = sorted(values)
    count = len(ordered)
    if not ordered:
        return None
    return Fraction(ordered[(count - 1) // 2] + ordered[count // 2], 2)


def stability_index(rows: Sequence[Scored], training: Training, settings: Settings) -> float:
    """The population stability index against the parts of the training labels."""
    fallen: dict[int | None, int] = defaultdict(int)
    for row in rows:
        fallen[training.part(row.risk)] += 1
    smoothing, count = float(settings.smoothing), len(training.sizes)
    total = 0.0
    for part, size in training.sizes.items():
        before = (size + smoothing) / (sum(training.sizes.values()) + smoothing * count)
        after = (fallen[part] + smoothing) / (len(rows) + smoothing * count)
        total += (after - before) * math.log(after / before)
    return total


def calibration(world: World) -> list[Row]:
    """The rows of score_calibration."""
    return [row for score in SCORES for row in _calibrated(world, score)]


def _calibrated(world: World, score: str) -> list[Row]:
    settings = world.settings
    by_period = scored_labels(world, score)
    training = Training(by_period.get("train", []), settings)
    result = []
    for period in ("train", "test"):
        rows = by_period.get(period, [])
        if not rows:
            continue
        part_of = parts(rows, settings.calibration_parts)
        is_measured = status(period, rows, settings) == "measured"
        churned_of_all = sum(bool(row.is_churned) for row in rows)
        so_far = 0
        for part in sorted(set(part_of.values())):
            inside = [row for row in rows if part_of[row.risk] == part]
            churned = sum(bool(row.is_churned) for row in inside)
            so_far += churned
            rates = [training.rate(row) for row in inside]
            known = None if None in rates else sum(map(Fraction, rates), Fraction(0))
            lower, upper = wilson_interval(churned, len(inside))
            ends = min(row.risk for row in inside), max(row.risk for row in inside)
            if score == "health_score":
                ends = 100 - ends[1], 100 - ends[0]
            row: Row = {
                "score": score,
                "period": period,
                "part": part,
                "status": status(period, rows, settings),
                "lowest_value": ends[0],
                "highest_value": ends[1],
                "label_count": len(inside),
                "churned_count": churned,
                "arr": sum((row.arr for row in inside), Decimal(0)),
                "churned_arr": sum((row.arr for row in inside if row.is_churned), Decimal(0)),
                "churn_share": Fraction(churned, len(inside)),
                "churn_share_lower": lower,
                "churn_share_upper": upper,
                "expected_share": None if known is None else known / len(inside),
                "lift": None,
                "cumulative_recall": None,
            }
            if is_measured:
                row["lift"] = row["churn_share"] * len(rows) / churned_of_all
                row["cumulative_recall"] = Fraction(so_far, churned_of_all)
            else:
                names = ("churn_share", "churn_share_lower", "churn_share_upper", "expected_share")
                row |= dict.fromkeys(names)
            result.append(row)
    return result


# Single accounts


def _ranked(world: World) -> list[Row]:
    """The labels whose outcome is known with score, band and rank on their date."""
    slices = world.slice_of()
    by_date: dict[date, list[Row]] = defaultdict(list)
    for row in labels(world):
        one = slices[row["account_id"], row["as_of_date"]]
        if row["period"] != "open" and one.health_score is not None and one.policy == "run_rate":
            score = {"health_score": one.health_score, "health_band": one.health_band}
            by_date[row["as_of_date"]].append(row | score)
    return [
        row
        | {
            "risk_rank": 1 + sum(one["health_score"] < row["health_score"] for one in of_date),
            "scored_count": len(of_date),
        }
        for _, of_date in sorted(by_date.items())
        for row in of_date
    ]


def missed_churners(world: World) -> list[Row]:
    """The rows of missed_churners."""
    by_account: dict[str, list[Row]] = defaultdict(list)
    for row in _ranked(world):
        if row["is_churned"]:
            by_account[row["account_id"]].append(row)
    result = []
    for account, rows in by_account.items():
        first = rows[0]
        if first["health_band"] == "Low":
            continue
        churned_on = first["churned_on"]
        alert = world.first_alert(account, churned_on, world.settings.horizon_days)
        low = [row["as_of_date"] for row in rows if row["health_band"] == "Low"]
        result.append(
            {name: value for name, value in first.items() if name in MISSED}
            | {
                "first_low_on": min(low, default=None),
                "first_alert_on": alert,
                "lead_days": None if alert is None else (churned_on - alert).days,
            }
            | _told_by(world, account, first["as_of_date"], 1)
        )
    return result


MISSED = (
    *("account_id", "segment", "churned_on", "as_of_date", "days_to_churn", "health_score"),
    *("health_band", "risk_rank", "scored_count", "arr", "reason"),
)


def false_alarms(world: World) -> list[Row]:
    """The rows of false_alarms."""
    churns = world.first_churns()
    by_account: dict[str, list[Row]] = defaultdict(list)
    for row in _ranked(world):
        by_account[row["account_id"]].append(row)
    result = []
    for account, rows in by_account.items():
        wrong = [row for row in rows if row["health_band"] == "Low" and not row["is_churned"]]
        if not wrong:
            continue
        last = wrong[-1]
        names = ("segment", "as_of_date", "health_score", "risk_rank", "scored_count", "outcome")
        result.append(
            {
                "account_id": account,
                "first_alarm_on": wrong[0]["as_of_date"],
                "alarm_count": len(wrong),
                "label_count": len(rows),
                "churned_later_on": churns[account].day if account in churns else None,
            }
            | {name: last[name] for name in names}
            | _told_by(world, account, last["as_of_date"], -1)
        )
    return result


def _told_by(world: World, account: str, day: date, sign: int) -> Row:
    """The three signals that spoke most for a churn, or against one."""
    points = {
        signal: sign * of_signal
        for signal, of_signal in world.signals.get((account, day), {}).items()
        if sign * of_signal > 0 and signal not in ("health_score", "score_coverage")
    }
    ordered = sorted(points, key=lambda signal: (-points[signal], signal))[:3]
    return {
        f"signal_{place + 1}": ordered[place] if place < len(ordered) else None
        for place in range(3)
    }


# Reasons and plays


def churn_reasons(world: World) -> list[Row]:
    """The rows of churn_reasons, by the segment in the last slice up to the churn."""
    look_back = world.settings.risk_look_back_days
    groups: dict[str, dict[str, list[tuple[Decimal | None, bool, int | None]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for one in world.outcomes:
        if one.outcome != "churned":
            continue
        before = [
            other
            for other in world.slices
            if other.account_id == one.account_id and other.as_of_date <= one.day
        ]
        last = max(before, key=lambda other: other.as_of_date, default=None)
        segment = UNKNOWN if last is None or last.segment is None else last.segment
        signs = [
            other.as_of_date
            for other in before
            if other.health_band == "Low"
            and other.policy == "run_rate"
            and 1 <= (one.day - other.as_of_date).days <= look_back
        ]
        alert = world.first_alert(one.account_id, one.day, look_back)
        signs += [] if alert is None else [alert]
        seen = (one.arr, bool(before or alert), (one.day - min(signs)).days if signs else None)
        for scope in (segment, ALL):
            for reason in (one.reason or UNKNOWN, ALL):
                groups[scope][reason].append(seen)
    result = []
    for segment, by_reason in groups.items():
        of_all = by_reason[ALL]
        total = sum((arr or Decimal(0) for arr, _, _ in of_all), Decimal(0))
        for reason, rows in by_reason.items():
            arr = sum((arr or Decimal(0) for arr, _, _ in rows), Decimal(0))
            days = [days for _, _, days in rows if days is not None]
            others = [len(other) for name, other in by_reason.items() if name != ALL]
            result.append(
                {
                    "segment": segment,
                    "reason": reason,
                    "frequency_rank": 1
                    if reason == ALL
                    else 1 + sum(count > len(rows) for count in others),
                    "churn_count": len(rows),
                    "churn_share": Fraction(len(rows), len(of_all)),
                    "arr": arr,
                    "known_arr_count": sum(arr is not None for arr, _, _ in rows),
                    "arr_share": Fraction(arr) / Fraction(total) if total else None,
                    "observed_count": sum(observed for _, observed, _ in rows),
                    "sign_count": len(days),
                    "median_days_from_first_sign": median(days),
                }
            )
    return result


def intervention_effects(world: World) -> list[Row]:
    """The rows of intervention_effects."""
    scopes: dict[tuple[str, str], dict[str, list[Play]]] = defaultdict(lambda: defaultdict(list))
    for one in world.plays:
        for scope in {(one.play, one.scenario), (one.play, ALL), (ALL, ALL)}:
            scopes[scope][one.account_id].append(one)
    result = []
    for (play, scenario), accounts in scopes.items():
        groups: dict[str, list[str]] = {"treated": [], "hold_out": []}
        both = 0
        for of_account in accounts.values():
            if len({one.is_hold_out for one in of_account}) == 2:
                both += 1
                continue
            first = min(
                of_account,
                key=lambda one: (one.started_on, one.outcome or "~", one.play, one.scenario),
            )
            name = "hold_out" if first.is_hold_out else "treated"
            groups[name].append(_result(world, first))
        row: Row = {"play": play, "scenario": scenario, "both_groups_count": both}
        for name, results in groups.items():
            judged = [one for one in results if one in ("saved", "lost")]
            saved = judged.count("saved")
            lower, upper = wilson_interval(saved, len(judged))
            row |= {
                f"{name}_count": len(results),
                f"{name}_judged_count": len(judged),
                f"{name}_saved_count": saved,
                f"{name}_saved_share": Fraction(saved, len(judged)) if judged else None,
                f"{name}_saved_share_lower": lower,
                f"{name}_saved_share_upper": upper,
            }
        result.append(row | _effect(row, world.settings))
    return result


def _result(world: World, play: Play) -> str:
    horizon = timedelta(days=world.settings.horizon_days)
    if play.started_on + horizon > world.as_of:
        return "too recent"
    if any(
        one.account_id == play.account_id
        and one.outcome == "churned"
        and play.started_on < one.day <= play.started_on + horizon
        for one in world.outcomes
    ):
        return "lost"
    return play.outcome or ("saved" if world.outcomes else "unknown")


def _effect(row: Row, settings: Settings) -> Row:
    names = ("difference", "difference_lower", "difference_upper", "effect")
    judged = row["treated_judged_count"], row["hold_out_judged_count"]
    if row["hold_out_count"] == 0:
        return {"status": "no control group", **dict.fromkeys(names)}
    if 0 in judged:
        return {"status": "too recent", **dict.fromkeys(names)}
    if min(judged) < settings.min_group:
        return {"status": "small groups", **dict.fromkeys(names)}
    share, low, high = (
        [float(row[f"{group}_saved_share{end}"]) for group in ("treated", "hold_out")]
        for end in ("", "_lower", "_upper")
    )
    difference = share[0] - share[1]
    lower = difference - math.hypot(share[0] - low[0], high[1] - share[1])
    upper = difference + math.hypot(high[0] - share[0], share[1] - low[1])
    effect = "better" if lower > 0 else "worse" if upper < 0 else "not shown"
    return {
        "status": "measured",
        "difference": difference,
        "difference_lower": lower,
        "difference_upper": upper,
        "effect": effect,
    }


# No training label may see into the test period.


def leaks(rows: Iterable[Row], horizon_days: int) -> list[Row]:
    """The training labels whose horizon reaches beyond the first test label date."""
    rows = list(rows)
    first_test = min((row["as_of_date"] for row in rows if row["period"] == "test"), default=None)
    return [
        row
        for row in rows
        if first_test is not None
        and row["period"] == "train"
        and row["as_of_date"] + timedelta(days=horizon_days) > first_test
    ]
