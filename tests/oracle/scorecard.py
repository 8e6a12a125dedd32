"""The scorecard in plain Python: bins, weights of evidence, weights, points, probabilities.

Written from docs/learning.md, not from the SQL. Bins are cut from sorted lists, logarithms have 40
digits, and instead of sweeping a matrix each set of signals has its normal equations solved anew
with 60 digits. Only Newton's steps are in doubles: their result depends on where they round.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from functools import cached_property

from . import learning
from .exact import round_half_up
from .learning import ALL, Outcome, Row

DIGITS = 60
MICRO = 10**6
# Log odds beyond these say nothing more: of a probability, and of a weight of least squares.
MOST_LOG_ODDS, MOST_OF_ROUND = 30.0, 7.0
# Added to the curvature of the slope, so that a constant score has the slope 0; and the least
# determinant with which there is a step.
SLOPE_RIDGE, LEAST_DETERMINANT = 0.001, 0.000001
# A signal that explains less than this of what is left never enters.
LEAST_GAIN = Decimal("0.000001")


@dataclass(frozen=True)
class Settings(learning.Settings):
    """The settings customer_health_learning, with those of the scorecard."""

    bin_quantiles: tuple[Fraction, ...] = tuple(Fraction(part, 5) for part in (1, 2, 3, 4))
    min_information_value: Decimal = Decimal("0.01")
    max_candidates: int = 40
    max_signals: int = 12
    min_gain: Decimal = Decimal("0.0002")
    min_own_variance: Decimal = Decimal("0.05")
    ridge: Decimal = Decimal("0.01")
    newton_steps: int = 12
    points_to_double: int = 20
    min_segment_events: int = 200
    has_segments: bool = True


@dataclass(frozen=True)
class Observation:
    """A signal of an account on a day."""

    account_id: str
    as_of_date: date
    signal: str
    value: float | None
    segment: str | None = None


@dataclass(frozen=True)
class Bins:
    """The bins of a signal: the upper bounds of all but the last one, and what is in each."""

    bounds: Sequence[float]
    labels: Counter[int]
    events: Counter[int]

    def of(self, value: float | None) -> int:
        """The bin of a value: 0 for an unknown one, else the first whose bound it does not pass."""
        return 0 if value is None or not self.count else 1 + bisect_left(self.bounds, value)

    @property
    def count(self) -> int:
        """How many bins hold known values."""
        return max((number for number in self.labels if number > 0), default=0)

    def range(self, number: int) -> tuple[float | None, float | None]:
        """The values that a bin is above and up to; None at the ends, and for unknown values."""
        if number == 0:
            return None, None
        return (
            self.bounds[number - 2] if number > 1 else None,
            self.bounds[number - 1] if number <= len(self.bounds) else None,
        )


@dataclass(frozen=True)
class Entered:
    """A signal of the scorecard: its place, the share it explained (in 1e-9), and its weight."""

    place: int
    gain_e9: int
    weight_e6: int


@dataclass(frozen=True)
class Card:
    """The scorecard of a scope."""

    scope: str
    entered: Mapping[str, Entered]
    points: Mapping[tuple[str, int], int]
    usual_points: Mapping[str, int]
    intercept: Decimal
    slope: Decimal
    last_label_on: date

    @property
    def version_start(self) -> str:
        """What the version of the model begins with; a checksum follows."""
        return f"{self.scope} {self.last_label_on} "


@dataclass(frozen=True)
class Learner:
    """All that is learned from signals and outcomes known on a day."""

    as_of: date
    observations: Sequence[Observation]
    outcomes: Sequence[Outcome]
    settings: Settings = field(default_factory=Settings)

    @cached_property
    def labels(self) -> list[Row]:
        """The labels: of each account and day with a signal."""
        segments: dict[tuple[str, date], str | None] = {}
        for one in self.observations:
            place = one.account_id, one.as_of_date
            known = [
                segment for segment in (segments.get(place), one.segment) if segment is not None
            ]
            segments[place] = max(known, default=None)
        slices = [
            learning.Slice(*place, health_score=None, segment=segment)
            for place, segment in segments.items()
        ]
        world = learning.World(self.as_of, slices, self.outcomes, settings=self.settings)
        return learning.labels(world)

    @cached_property
    def current_on(self) -> date | None:
        """The newest day."""
        return max((one.as_of_date for one in self.observations), default=None)

    @cached_property
    def values(self) -> Mapping[tuple[str, date], Mapping[str, float | None]]:
        """The signals of each account and day; of several rows the highest value."""
        found: dict[tuple[str, date], dict[str, float | None]] = defaultdict(dict)
        for one in self.observations:
            of_place = found[one.account_id, one.as_of_date]
            before = of_place.get(one.signal)
            known = [value for value in (before, one.value) if value is not None]
            of_place[one.signal] = max(known, default=None)
        return found

    def value(self, label: Row, signal: str) -> float | None:
        """The value of a signal on a label; None where there is no row of it."""
        return self.values[label["account_id"], label["as_of_date"]].get(signal)

    @cached_property
    def scopes(self) -> Mapping[str, Scope]:
        """All labels, and each segment that has enough of both classes."""
        train = [label for label in self.labels if label["period"] == "train"]
        found = {ALL: Scope(ALL, self, train, has_enough(train, self.settings.min_events))}
        by_segment: dict[str, list[Row]] = defaultdict(list)
        for label in train:
            by_segment[label["segment"]].append(label)
        for segment, labels in by_segment.items():
            enough = has_enough(labels, self.settings.min_segment_events)
            if enough and self.settings.has_segments and segment != ALL:
                found[segment] = Scope(segment, self, labels, True)
        return found

    def scope_of(self, label: Row) -> Scope | None:
        """The scope whose scorecard counts for a label: its segment's, else that of all."""
        for name in (label["segment"], ALL):
            if name in self.scopes and self.scopes[name].card is not None:
                return self.scopes[name]
        return None

    # The rows of the marts

    def signal_information(self) -> list[Row]:
        """The rows of signal_information."""
        return [row for scope in self.scopes.values() for row in scope.information_rows()]

    def churn_scorecard(self) -> list[Row]:
        """The rows of churn_scorecard, but for the checksum in model_version."""
        return [row for scope in self.scopes.values() for row in scope.card_rows()]

    def account_churn_probability(self) -> list[Row]:
        """The rows of account_churn_probability, but for the checksum in model_version."""
        rows = []
        for label in self.labels:
            if label["as_of_date"] != self.current_on:
                continue
            scope = self.scope_of(label)
            row: Row = {
                "account_id": label["account_id"],
                "segment": label["segment"],
                "horizon_days": self.settings.horizon_days,
                "as_of_date": label["as_of_date"],
                "status": "measured",
                **dict.fromkeys(("churn_probability", "points", "scorecard", "model_version")),
            }
            reasons: list[tuple[str | None, int | None]] = []
            if scope is None:
                enough = self.scopes[ALL].is_fitted
                row["status"] = "no signal" if enough else "insufficient outcomes"
            else:
                points, reasons = scope.points(label)
                row |= {
                    "points": points,
                    "churn_probability": scope.probability(points),
                    "scorecard": scope.name,
                    "model_version": scope.card.version_start,
                }
            for place in range(3):
                name, by = reasons[place] if place < len(reasons) else (None, None)
                row |= {f"reason_{place + 1}": name, f"reason_{place + 1}_points": by}
            rows.append(row)
        return rows


def has_enough(labels: Sequence[Row], count: int) -> bool:
    """Whether so many accounts churned, and as many did not."""
    accounts = {label["account_id"] for label in labels}
    churned = {label["account_id"] for label in labels if label["is_churned"]}
    return len(churned) >= count and len(accounts - churned) >= count


class Scope:
    """The training labels that a scorecard is learned from."""

    def __init__(self, name: str, learner: Learner, labels: list[Row], is_fitted: bool) -> None:
        self.name = name
        self.learner = learner
        self.settings = learner.settings
        self.labels = labels
        self.is_fitted = is_fitted
        self.events = sum(label["is_churned"] for label in labels)
        self.others = len(labels) - self.events

    @cached_property
    def bins(self) -> Mapping[str, Bins]:
        """The bins of each signal that has a row in the training period."""
        signals = {
            signal
            for label in self.labels
            for signal in self.learner.values[label["account_id"], label["as_of_date"]]
        }
        return {signal: self._cut(signal) for signal in sorted(signals)}

    def _cut(self, signal: str) -> Bins:
        """The bins of a signal, by quantiles or, where there are few values, one of each."""
        values = [self.learner.value(label, signal) for label in self.labels]
        known = sorted(value for value in values if value is not None)
        distinct = sorted(set(known))
        quantiles = self.settings.bin_quantiles
        if len(distinct) <= len(quantiles) + 1:
            ends = distinct
        else:
            # The lowest value up to which there are as many values as the quantile says.
            ends = [known[math.ceil(part * len(known)) - 1] for part in quantiles]
        bounds = [end for end in sorted(set(ends)) if end < distinct[-1]]
        labels: Counter[int] = Counter({0: 0})
        events: Counter[int] = Counter()
        for label, value in zip(self.labels, values, strict=True):
            number = 0 if value is None else 1 + bisect_left(bounds, value)
            labels[number] += 1
            events[number] += label["is_churned"]
        return Bins(bounds, labels, events)

    @cached_property
    def woes(self) -> Mapping[tuple[str, int], int]:
        """The weight of evidence of each bin, in ten-thousandths."""
        found = {}
        smoothing = self.settings.smoothing
        for signal, bins in self.bins.items():
            for number, count in bins.labels.items():
                events = bins.events[number]
                ratio = Fraction(
                    self.others * (events + smoothing),
                    self.events * (count - events) + smoothing * self.others,
                )
                found[signal, number] = half_up(10_000 * logarithm(ratio))
        return found

    def information(self, signal: str, number: int) -> float:
        """What a bin adds to the information value."""
        events = self.bins[signal].events[number]
        others = self.bins[signal].labels[number] - events
        return (events / self.events - others / self.others) * self.woes[signal, number] / 10_000

    @cached_property
    def information_values(self) -> Mapping[str, Decimal | None]:
        """The information value of each signal; None without enough outcomes."""
        return {
            signal: sum(
                (round_half_up(self.information(signal, number)) for number in bins.labels),
                Decimal(0),
            )
            if self.is_fitted
            else None
            for signal, bins in self.bins.items()
        }

    def status(self, signal: str) -> str:
        """Whether a signal was measured, or why not."""
        bins = self.bins[signal]
        if bins.count == 0:
            return "no value"
        if bins.count == 1 and bins.labels[0] == 0:
            return "constant"
        return "measured" if self.is_fitted else "insufficient outcomes"

    @cached_property
    def ranks(self) -> Mapping[str, int | None]:
        """The rank of each signal by information value; equal ones by name."""
        if not self.is_fitted:
            return dict.fromkeys(self.bins)
        ordered = sorted(
            self.bins, key=lambda signal: (-self.information_values[signal], signal.encode())
        )
        return {signal: place for place, signal in enumerate(ordered, 1)}

    @cached_property
    def candidates(self) -> list[str]:
        """The signals that may enter."""
        return [
            signal
            for signal in self.bins
            if self.status(signal) == "measured"
            and self.information_values[signal] >= self.settings.min_information_value
            and self.ranks[signal] <= self.settings.max_candidates
        ]

    # Weights

    @cached_property
    def rows(self) -> list[Mapping[str, int]]:
        """The weight of evidence of each candidate on each label."""
        return [
            {
                signal: self.woes[signal, self.bins[signal].of(self.learner.value(label, signal))]
                for signal in self.candidates
            }
            for label in self.labels
        ]

    @cached_property
    def rounds(self) -> tuple[Mapping[str, Entered], Mapping[str, Entered]]:
        """The signals that enter in the first round, and those of the second."""
        sums = [sum(row.values()) for row in self.rows]
        first = self._round(sums)
        weighted = [
            sum(row[signal] * entered.weight_e6 for signal, entered in first.items()) // MICRO
            for row in self.rows
        ]
        return first, self._round(weighted)

    def _round(self, scores_e4: Sequence[int]) -> Mapping[str, Entered]:
        """One round of weighted least squares, from a score of each label."""
        if not self.is_fitted or not self.candidates:
            return {}
        intercept, slope = self._fit(scores_e4, lambda score: score / 10_000)
        targets = {
            score: working(float(intercept) + float(slope) * (score / 10_000))
            for score in set(scores_e4)
        }
        moments = Moments(self.candidates)
        for label, row, score in zip(self.labels, self.rows, scores_e4, strict=True):
            variance, of_event, of_other = targets[score]
            moments.add(row, variance, of_event if label["is_churned"] else of_other)
        return select(moments, self.settings)

    def _fit(
        self, scores: Sequence[int], scaled: Callable[[int], float]
    ) -> tuple[Decimal, Decimal]:
        """Intercept and slope of the log odds of churn on a score."""
        counts: Counter[int] = Counter(scores)
        events: Counter[int] = Counter()
        for label, score in zip(self.labels, scores, strict=True):
            events[score] += label["is_churned"]
        groups = [(scaled(score), count, events[score]) for score, count in counts.items()]
        return newton(groups, self.settings.newton_steps)

    # Points and probability

    @cached_property
    def card(self) -> Card | None:
        """The scorecard; None where no signal entered."""
        entered = self.rounds[1]
        if not entered:
            return None
        points, usual = {}, {}
        double = Decimal(self.settings.points_to_double)
        for signal, one in entered.items():
            labels = self.bins[signal].labels
            for number in labels:
                log_odds_e10 = one.weight_e6 * self.woes[signal, number]
                with localcontext() as context:
                    context.prec = DIGITS
                    exact = Decimal(log_odds_e10).scaleb(-10) * double / Decimal(2).ln()
                points[signal, number] = half_up(exact)
            total = sum(points[signal, number] * count for number, count in labels.items())
            usual[signal] = half_up(Fraction(total, len(self.labels)))
        sums = [
            sum(
                points[signal, self.bins[signal].of(self.learner.value(label, signal))]
                for signal in entered
            )
            for label in self.labels
        ]
        intercept, slope = self._fit(sums, self.log_odds)
        last = max(label["as_of_date"] for label in self.labels)
        return Card(self.name, entered, points, usual, intercept, slope, last)

    def log_odds(self, points: int) -> float:
        """The log odds that points stand for."""
        return float(points) * math.log(2.0) / float(self.settings.points_to_double)

    def points(self, label: Row) -> tuple[int, list[tuple[str, int]]]:
        """The points of a label, and the signals with more than usual, the most unusual first."""
        card = self.card
        total, unusual = 0, {}
        for signal in card.entered:
            number = self.bins[signal].of(self.learner.value(label, signal))
            total += card.points[signal, number]
            unusual[signal] = card.points[signal, number] - card.usual_points[signal]
        ordered = sorted(unusual.items(), key=lambda item: (-item[1], item[0].encode()))
        return total, [(signal, by) for signal, by in ordered if by > 0][:3]

    def probability(self, points: int) -> Decimal:
        """The probability of churn that a sum of points stands for."""
        slope = float(self.card.slope)
        exponent = slope * float(points) * math.log(2.0) / float(self.settings.points_to_double)
        return round_half_up(logistic(float(self.card.intercept) + exponent))

    # Rows of the marts

    def information_rows(self) -> Iterable[Row]:
        """The rows of signal_information."""
        current = [
            label
            for label in self.learner.labels
            if label["as_of_date"] == self.learner.current_on
            and self.name in (ALL, label["segment"])
        ]
        for signal, bins in self.bins.items():
            counts = Counter(bins.of(self.learner.value(label, signal)) for label in current)
            index = self._stability(bins.labels, counts) if current else None
            for number, count in bins.labels.items():
                above, up_to = bins.range(number)
                events = bins.events[number]
                is_fitted = self.is_fitted
                entered = self.rounds[1].get(signal)
                yield {
                    "scorecard": self.name,
                    "signal": signal,
                    "bin": number,
                    "above_value": above,
                    "up_to_value": up_to,
                    "label_count": count,
                    "event_count": events if is_fitted else None,
                    "churn_rate": events / count if is_fitted and count else None,
                    "weight_of_evidence": Decimal(self.woes[signal, number]).scaleb(-4)
                    if is_fitted
                    else None,
                    "information": self.information(signal, number) if is_fitted else None,
                    "information_value": self.information_values[signal],
                    "information_rank": self.ranks[signal],
                    "status": self.status(signal),
                    "entered_as": entered.place if entered else None,
                    "current_count": counts[number] if current else None,
                    "stability_index": index,
                    "stability": self._stability_label(index),
                }

    def _stability(self, training: Counter[int], current: Counter[int]) -> Decimal:
        """The population stability index; shares are smoothed, so that no bin is empty."""
        smoothing = self.settings.smoothing

        def share(counts: Counter[int], number: int) -> Fraction:
            total = sum(counts.values()) + smoothing * len(training)
            return (counts[number] + smoothing) / total

        index = Decimal(0)
        for number in training:
            now, then = share(current, number), share(training, number)
            with localcontext() as context:
                context.prec = DIGITS
                moved = Decimal((now - then).numerator) / Decimal((now - then).denominator)
                index += round_half_up(moved * logarithm(now / then))
        return index

    def _stability_label(self, index: Decimal | None) -> str | None:
        if index is None:
            return None
        if index >= self.settings.unstable:
            return "unstable"
        return "moved" if index >= self.settings.moved else "stable"

    def card_rows(self) -> Iterable[Row]:
        """The rows of churn_scorecard."""
        card = self.card
        if card is None:
            return
        for (signal, number), points in card.points.items():
            bins, entered = self.bins[signal], card.entered[signal]
            above, up_to = bins.range(number)
            yield {
                "scorecard": self.name,
                "position": entered.place,
                "signal": signal,
                "bin": number,
                "above_value": above,
                "up_to_value": up_to,
                "label_count": bins.labels[number],
                "event_count": bins.events[number],
                "weight_of_evidence": Decimal(self.woes[signal, number]).scaleb(-4),
                "weight": Decimal(entered.weight_e6).scaleb(-6),
                "points": points,
                "usual_points": card.usual_points[signal],
                "gain_share": entered.gain_e9 / 10**9,
                "intercept": card.intercept,
                "slope": card.slope,
                "model_version": card.version_start,
            }


# Least squares


class Moments:
    """Weighted sums of weights of evidence and targets, in whole numbers."""

    def __init__(self, signals: Sequence[str]) -> None:
        self.signals = signals
        self.variance = self.target = self.square = 0
        self.of_woe: Counter[str] = Counter()
        self.of_target: Counter[str] = Counter()
        self.products: Counter[tuple[str, str]] = Counter()

    def add(self, row: Mapping[str, int], variance: int, target: int) -> None:
        """Add a label: the weight is the variance, the target already has it as a factor."""
        self.variance += variance
        self.target += target
        self.square += half_up(Fraction(target * target, variance))
        for place, one in enumerate(self.signals):
            weighted = variance * row[one]
            self.of_woe[one] += weighted
            self.of_target[one] += target * row[one]
            for other in self.signals[place:]:
                self.products[one, other] += weighted * row[other]

    def covariance(self, one: str, other: str) -> Decimal:
        """The weighted covariance of two signals."""
        key = (one, other) if (one, other) in self.products else (other, one)
        product = self.products[key] * self.variance - self.of_woe[one] * self.of_woe[other]
        return Decimal(product) / (Decimal(self.variance) ** 2 * 10**8)

    def with_target(self, signal: str) -> Decimal:
        """The weighted covariance of a signal and the target."""
        product = self.of_target[signal] * self.variance - self.of_woe[signal] * self.target
        return Decimal(product) / (Decimal(self.variance) ** 2 * 10**4)

    def target_variance(self) -> Decimal:
        """The weighted variance of the target."""
        product = self.square * self.variance - self.target * self.target
        return Decimal(product) / Decimal(self.variance) ** 2


def select(moments: Moments, settings: Settings) -> dict[str, Entered]:
    """Let the signals enter one by one, the one that explains most of what is left first."""
    with localcontext() as context:
        context.prec = DIGITS
        chosen: dict[str, int] = {}
        for _ in range(settings.max_signals):
            best: tuple[int, bytes, str] | None = None
            left = moments.target_variance() - explained(moments, list(chosen), settings)
            for signal in moments.signals:
                gain = (
                    None if signal in chosen else gain_of(signal, list(chosen), moments, settings)
                )
                # What explains too little of the rest, or nothing of it, stays out.
                if gain is None or left <= 0 or gain < left * max(settings.min_gain, LEAST_GAIN):
                    continue
                offer = (-half_up(gain / left * 10**9), signal.encode(), signal)
                best = offer if best is None else min(best, offer)
            if best is None:
                break
            chosen[best[2]] = -best[0]
        weights = solve(moments, list(chosen), settings)
        return {
            signal: Entered(place, gain_e9, max(half_up(weights[signal] * MICRO), 0))
            for place, (signal, gain_e9) in enumerate(chosen.items(), 1)
        }


def gain_of(signal: str, chosen: list[str], moments: Moments, settings: Settings) -> Decimal | None:
    """How much more a signal explains; None where it repeats others or speaks against itself."""
    with_all = solve(moments, [*chosen, signal], settings)
    if with_all is None or with_all[signal] <= 0:
        return None
    own = moments.covariance(signal, signal) * (1 + settings.ridge)
    gain = explained(moments, [*chosen, signal], settings) - explained(moments, chosen, settings)
    # What the others leave of its own variance: what it explains is its weight squared times this.
    left_of_own = gain / with_all[signal] ** 2
    return gain if left_of_own > own * settings.min_own_variance else None


def explained(moments: Moments, signals: list[str], settings: Settings) -> Decimal:
    """The variance of the target that signals explain together."""
    weights = solve(moments, signals, settings)
    return sum(
        (weight * moments.with_target(signal) for signal, weight in weights.items()), Decimal(0)
    )


def solve(moments: Moments, signals: list[str], settings: Settings) -> dict[str, Decimal] | None:
    """The weights of the signals by their normal equations; None where one has no variance."""
    rows = [
        [
            *(
                moments.covariance(one, other) * (1 + settings.ridge if one == other else 1)
                for other in signals
            ),
            moments.with_target(one),
        ]
        for one in signals
    ]
    for place, row in enumerate(rows):
        if row[place] <= 0:
            return None
        for other in rows[place + 1 :]:
            factor = other[place] / row[place]
            for column in range(place, len(row)):
                other[column] -= factor * row[column]
    weights: dict[str, Decimal] = {}
    for place in reversed(range(len(signals))):
        known = sum(
            (
                rows[place][column] * weights[signals[column]]
                for column in range(place + 1, len(signals))
            ),
            Decimal(0),
        )
        weights[signals[place]] = (rows[place][-1] - known) / rows[place][place]
    return weights


# Log odds


def newton(groups: Sequence[tuple[float, int, int]], steps: int) -> tuple[Decimal, Decimal]:
    """Intercept and slope of log odds on a score, from groups of score, labels and events.

    From the base rate and slope 0, a number of Newton's steps, whose terms are rounded to
    millionths before they are summed.
    """
    events = sum(group[2] for group in groups)
    others = sum(group[1] for group in groups) - events
    intercept, slope = math.log(events / others), 0.0
    for _ in range(steps):
        sums = [0] * 5
        for score, labels, churned in groups:
            probability = logistic(intercept + slope * score)
            residual = churned - labels * probability
            variance = labels * probability * (1 - probability)
            terms = (
                residual,
                residual * score,
                variance,
                variance * score,
                variance * score * score,
            )
            for place, term in enumerate(terms):
                sums[place] += int(round_half_up(term).scaleb(6))
        gradient, gradient_of_slope, level, cross, curve = (total / MICRO for total in sums)
        curve += SLOPE_RIDGE
        determinant = level * curve - cross * cross
        if determinant > LEAST_DETERMINANT:
            intercept, slope = (
                intercept + (curve * gradient - cross * gradient_of_slope) / determinant,
                slope + (level * gradient_of_slope - cross * gradient) / determinant,
            )
    return round_half_up(intercept), round_half_up(slope)


def logistic(log_odds: float) -> float:
    """The probability that log odds stand for."""
    return 1 / (1 + math.exp(-min(max(log_odds, -MOST_LOG_ODDS), MOST_LOG_ODDS)))


def working(log_odds: float) -> tuple[int, int, int]:
    """What a label weighs in a round, in millionths: variance, and target of an event and other."""
    held = min(max(log_odds, -MOST_OF_ROUND), MOST_OF_ROUND)
    probability = logistic(held)
    variance = probability * (1 - probability)
    return (
        half_up(MICRO * variance),
        half_up(MICRO * (variance * held + 1 - probability)),
        half_up(MICRO * (variance * held - probability)),
    )


def logarithm(value: Fraction) -> Decimal:
    """The natural logarithm, to 40 digits and more."""
    with localcontext() as context:
        context.prec = DIGITS
        return (Decimal(value.numerator) / Decimal(value.denominator)).ln()


def half_up(value: float | Decimal | Fraction) -> int:
    """A number rounded to a whole one, ties upwards."""
    if isinstance(value, Decimal):
        return int((value + Decimal("0.5")).to_integral_value(rounding=ROUND_FLOOR))
    if isinstance(value, float):
        return math.floor(value + 0.5)
    return math.floor(value + Fraction(1, 2))
