"""The scorecard against an independent implementation: every column of its three marts.

Bins, counts, points, weights and published decimals must agree to the last digit. Doubles are
bounds of bins, which are values of the source: they agree bit by bit. Only the checksum in
model_version is not computed anew.
"""

from __future__ import annotations

import math
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from oracle.building import Compiled  # noqa: E402
from oracle.compare import compare, report  # noqa: E402
from oracle.learning import ALL, Outcome  # noqa: E402
from oracle.scorecard import Learner, Observation, Scope, Settings, logistic  # noqa: E402

TODAY = date(2026, 6, 1)
PUBLISHED = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][
    "customer_health"
]["customer_health_learning"]
# Small data sets: short horizons, few events, other bins, few signals, other points.
OTHERS = Settings(
    label_every_days=10,
    horizon_days=30,
    test_days=60,
    min_events=5,
    smoothing=Fraction(1),
    moved=Fraction(1, 1000),
    unstable=Fraction(5, 100),
    bin_quantiles=(Fraction(1, 4), Fraction(1, 2), Fraction(9, 10)),
    min_information_value=Decimal("0.001"),
    max_candidates=6,
    max_signals=3,
    min_gain=Decimal("0.01"),
    min_own_variance=Decimal("0.2"),
    ridge=Decimal("0.1"),
    newton_steps=4,
    points_to_double=50,
    min_segment_events=12,
)
MODELS = {
    "int_learning_dates": "intermediate",
    "int_learning_accounts": "intermediate",
    "outcome_labels": "marts",
    "int_learning_signals": "intermediate",
    "int_scorecard_scopes": "intermediate",
    "int_signal_bins": "intermediate",
    "int_scorecard_candidates": "intermediate",
    "int_scorecard_training": "intermediate",
    "int_scorecard_sums": "intermediate",
    "int_scorecard_first_round": "intermediate",
    "int_scorecard_first_moments": "intermediate",
    "int_scorecard_first_weights": "intermediate",
    "int_scorecard_first_scores": "intermediate",
    "int_scorecard_second_round": "intermediate",
    "int_scorecard_second_moments": "intermediate",
    "int_scorecard_second_weights": "intermediate",
    "int_scorecard_points": "intermediate",
    "int_account_scorecard_bins": "intermediate",
    "int_account_points": "intermediate",
    "int_scorecard_calibration": "intermediate",
    "int_churn_probabilities": "intermediate",
    "signal_information": "marts",
    "churn_scorecard": "marts",
    "account_churn_probability": "marts",
}
INPUTS = {
    "staging.stg_outcomes__account_outcomes": (
        "account_id varchar, outcome_date date, outcome varchar, arr decimal(28, 6), reason varchar"
    ),
    "staging.stg_learning__account_signals": (
        "account_id varchar, as_of_date date, signal varchar, value double, segment varchar"
    ),
}
KEYS = {
    "signal_information": ("scorecard", "signal", "bin"),
    "churn_scorecard": ("scorecard", "signal", "bin"),
    "account_churn_probability": ("account_id",),
}


def variables(settings: Settings) -> dict[str, Any]:
    """The settings as dbt variables."""
    learning = dict(PUBLISHED)
    for name in learning.keys() & vars(settings).keys():
        value = getattr(settings, name)
        learning[name] = float(value) if isinstance(value, Decimal | Fraction) else value
    learning |= {
        "signals_from": "account_signals",
        "segment_column": "account_size_segment" if settings.has_segments else "",
        "bin_quantiles": [float(part) for part in settings.bin_quantiles],
        "stability": {"moved": float(settings.moved), "unstable": float(settings.unstable)},
    }
    return {"as_of_date": str(TODAY), "customer_health_learning": learning}


class Warehouse(Compiled):
    """The models from signals and outcomes to probabilities."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__(MODELS, INPUTS, variables(settings), folder)
        self.settings = settings

    def check(self, learner: Learner) -> dict[str, list[dict[str, Any]]]:
        """Build the models and compare each mart with the oracle; return the oracle's rows."""
        assert learner.settings == self.settings
        self.build(
            {
                "staging.stg_outcomes__account_outcomes": [
                    (one.account_id, one.day, one.outcome, one.arr, one.reason)
                    for one in learner.outcomes
                ],
                "staging.stg_learning__account_signals": [
                    (one.account_id, one.as_of_date, one.signal, one.value, one.segment)
                    for one in learner.observations
                ],
            }
        )
        differences, told, versions = [], {}, defaultdict(set)
        for name, key in KEYS.items():
            expected = getattr(learner, name)()
            table = self.read(name)
            for row in table.rows:
                for column, value in row.items():
                    assert not (isinstance(value, float) and math.isnan(value)), (name, column)
                if row.get("model_version") is not None:
                    versions[row["scorecard"]].add(row["model_version"])
                    start, _, checksum = row["model_version"].rpartition(" ")
                    assert checksum.isdigit()
                    row["model_version"] = f"{start} "
            differences += compare(table, key, expected)
            told[name] = expected
        assert not differences, report(differences)
        # A scorecard has one version, the same in each mart.
        assert all(len(found) == 1 for found in versions.values())
        return told


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(Settings(), tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(OTHERS, tmp_path_factory.mktemp("others"))


def random_learner(
    seed: int, settings: Settings, accounts: int, dates: int, churn: float
) -> Learner:
    """Accounts with signals of all kinds, of which some foretell churn."""
    dice = random.Random(seed)
    every = settings.label_every_days
    days = [TODAY - timedelta(days=every * back) for back in range(dates)][::-1]
    observations, outcomes = [], []
    for number in range(accounts):
        name = f"a{number}"
        segment = dice.choice(["Large", "Large", "Small", None])
        usage, risk = dice.gauss(50, 15), dice.random()
        gone = None
        for day in days:
            usage += dice.gauss(0, 4)
            ties = min(int(risk * 4), 3)
            odds = churn * (0.2 + risk * 2) * (2 if usage < 45 else 0.6)
            if gone is None and dice.random() < odds:
                gone = day + timedelta(days=dice.randrange(1, every + 1))
                outcomes.append(Outcome(name, gone))
            if dice.random() < 0.03:
                continue
            values = {
                "usage": usage,
                # Says the same in other words.
                "twice usage": 2 * usage,
                # Goes together with usage.
                "logins": round(usage / 10 + dice.gauss(0, 1)),
                # Heavy ties: four values, and nearly always the same.
                "ties": float(ties),
                "mostly nothing": 0.0 if dice.random() < 0.9 else dice.uniform(0, risk),
                "noise": dice.gauss(0, 1e9),
                "constant": 7.0,
                "never known": None,
                "often unknown": None if dice.random() < risk else usage * 1e-6,
            }
            if dice.random() < 0.5:
                values["rarely there"] = -usage
            observations += [
                Observation(name, day, signal, value, segment) for signal, value in values.items()
            ]
            # Of several rows of a day the highest value counts.
            if dice.random() < 0.02:
                observations.append(Observation(name, day, "ties", ties - 1.0, segment))
            if gone is not None and dice.random() < 0.9:
                break
    return Learner(TODAY, observations, outcomes, settings)


def statuses(told: Mapping[str, list[dict[str, Any]]]) -> dict[str, str]:
    """The status of each signal among all accounts."""
    rows = told["signal_information"]
    return {row["signal"]: row["status"] for row in rows if row["scorecard"] == ALL}


def check_likelihood(scope: Scope) -> None:
    """Newton's steps end where the likelihood is largest, and the points keep the churn rate.

    Terms are rounded to millionths, some hundreds of which are summed: hence the tolerance.
    """
    if scope.card is None:
        return
    sums = [scope.log_odds(scope.points(label)[0]) for label in scope.labels]
    events = [bool(label["is_churned"]) for label in scope.labels]

    def likelihood(intercept: float, slope: float) -> float:
        return math.fsum(
            math.log(logistic(odds) if event else logistic(-odds))
            for odds, event in (
                (intercept + slope * one, e) for one, e in zip(sums, events, strict=True)
            )
        )

    intercept, slope = float(scope.card.intercept), float(scope.card.slope)
    best = likelihood(intercept, slope)
    for step in (0.001, -0.001):
        assert likelihood(intercept + step, slope) < best
        assert likelihood(intercept, slope + step) < best
    expected = math.fsum(logistic(intercept + slope * one) for one in sums)
    assert math.isclose(expected, sum(events), rel_tol=1e-5)


@pytest.mark.parametrize(("seed", "churn"), [(0, 0.08), (1, 0.1)])
def test_random_signals_under_the_published_settings(
    published: Warehouse, seed: int, churn: float
) -> None:
    learner = random_learner(seed, Settings(), 900 if seed == 0 else 1300, 14, churn)
    told = published.check(learner)
    scorecards = {row["scorecard"] for row in told["churn_scorecard"]}
    assert scorecards == ({ALL} if seed == 0 else {ALL, "Large"})
    for scope in learner.scopes.values():
        check_likelihood(scope)
    assert statuses(told)["constant"] == "constant"
    assert statuses(told)["never known"] == "no value"
    # Of two signals that say the same one enters.
    entered = {row["signal"] for row in told["churn_scorecard"]}
    assert "usage" not in entered or "twice usage" not in entered
    assert {"ties"} < entered
    assert {row["status"] for row in told["account_churn_probability"]} == {"measured"}


@pytest.mark.parametrize("seed", [11, 12, 14, 16, 17, 20, 21, 24, 28])
def test_random_signals_under_other_settings(others: Warehouse, seed: int) -> None:
    dice = random.Random(seed)
    accounts, dates = dice.choice([12, 60, 200]), dice.choice([4, 16, 24])
    others.check(random_learner(seed, OTHERS, accounts, dates, dice.choice([0.0, 0.03, 0.1, 0.6])))


# The bad inputs of which the project has been asked.


def cohort(
    settings: Settings,
    count: int,
    churned: int,
    values: Callable[[int], Mapping[str, float | None]],
    segment: Callable[[int], str | None] = lambda number: None,
) -> Learner:
    """Accounts whose signals never change, the first of which churn in the training period."""
    every = settings.label_every_days
    days = [TODAY - timedelta(days=every * back) for back in range(24 if every == 10 else 14)]
    gone = TODAY - timedelta(days=130 if every == 10 else 250)
    observations = [
        Observation(f"a{number}", day, signal, value, segment(number))
        for number in range(count)
        for day in days
        if number >= churned or day < gone
        for signal, value in values(number).items()
    ]
    return Learner(
        TODAY, observations, [Outcome(f"a{number}", gone) for number in range(churned)], settings
    )


def told_of_accounts(told: Mapping[str, list[dict[str, Any]]]) -> tuple[set[str], int]:
    """The statuses of the accounts of today, and how many have a probability."""
    rows = told["account_churn_probability"]
    assert rows
    known = sum(row["churn_probability"] is not None for row in rows)
    return {row["status"] for row in rows}, known


def check_insufficient(told: Mapping[str, list[dict[str, Any]]]) -> None:
    """No figure, and a status that says why."""
    assert told_of_accounts(told) == ({"insufficient outcomes"}, 0)
    assert not told["churn_scorecard"]
    for row in told["signal_information"]:
        assert row["status"] != "measured"
        assert row["event_count"] is None
        assert row["information_value"] is None
        assert row["information_rank"] is None
        assert row["stability"] is not None


def usage(number: int) -> dict[str, float | None]:
    """A signal that foretells churn: the first accounts use little."""
    return {"usage": float(number % 7 + (number > 40) * 3)}


def test_five_events_give_no_scorecard(published: Warehouse) -> None:
    check_insufficient(published.check(cohort(Settings(), 300, 5, usage)))


def test_five_events_are_enough_where_the_settings_say_so(others: Warehouse) -> None:
    told = others.check(cohort(OTHERS, 60, 5, usage))
    assert told_of_accounts(told) == ({"measured"}, 55)
    assert statuses(told) == {"usage": "measured"}


def test_a_churn_counts_once_however_many_labels_foretell_it(published: Warehouse) -> None:
    learner = cohort(Settings(), 400, 60, usage)
    assert learner.scopes[ALL].events > 100
    check_insufficient(published.check(learner))


def test_without_outcomes(published: Warehouse) -> None:
    check_insufficient(published.check(cohort(Settings(), 120, 0, usage)))


def test_without_signals(published: Warehouse) -> None:
    learner = cohort(Settings(), 120, 110, lambda number: {})
    assert not any(published.check(learner).values())


def test_one_class_only(others: Warehouse) -> None:
    everybody = cohort(OTHERS, 60, 60, usage)
    # Those of today are new, so that there is somebody to tell about.
    new = cohort(OTHERS, 70, 0, usage).observations
    today = [one for one in new if one.account_id > "a59" and one.as_of_date == TODAY]
    check_insufficient(
        others.check(replace(everybody, observations=[*everybody.observations, *today]))
    )
    check_insufficient(others.check(cohort(OTHERS, 60, 0, usage)))


def test_accounts_without_outcome_and_outcomes_without_account(others: Warehouse) -> None:
    learner = cohort(OTHERS, 60, 12, usage)
    outcomes = [
        *learner.outcomes,
        # Before the first signal, of nobody known, a second churn and a renewal before it.
        Outcome("a30", date(2020, 1, 1)),
        Outcome("never seen", TODAY - timedelta(days=130)),
        Outcome("a1", TODAY - timedelta(days=3)),
        Outcome("a2", TODAY - timedelta(days=135), "renewed"),
        Outcome("a2", TODAY - timedelta(days=135), "expanded"),
        Outcome("a40", TODAY - timedelta(days=131), "contracted"),
    ]
    told = others.check(replace(learner, outcomes=outcomes))
    accounts = {row["account_id"] for row in told["account_churn_probability"]}
    # Who had churned before the first signal has no label and no probability.
    assert accounts == {f"a{number}" for number in range(12, 60)} - {"a30"}
    assert told_of_accounts(told) == ({"measured"}, 47)
    before = others.check(learner)["churn_scorecard"]
    assert sum(row["event_count"] for row in before) == sum(
        row["event_count"] for row in told["churn_scorecard"]
    )


def test_signals_that_tell_nothing_beside_one_that_does(others: Warehouse) -> None:
    told = others.check(
        cohort(
            OTHERS,
            80,
            20,
            lambda number: {**usage(number), "constant": 0.0, "never known": None},
        )
    )
    assert statuses(told) == {
        "usage": "measured",
        "constant": "constant",
        "never known": "no value",
    }
    assert {row["signal"] for row in told["churn_scorecard"]} == {"usage"}
    assert told_of_accounts(told) == ({"measured"}, 60)


@pytest.mark.parametrize("value", [7.0, None])
def test_enough_outcomes_but_no_signal(others: Warehouse, value: float | None) -> None:
    told = others.check(cohort(OTHERS, 80, 20, lambda number: {"the same": value}))
    assert statuses(told) == {"the same": "no value" if value is None else "constant"}
    assert told_of_accounts(told) == ({"no signal"}, 0)
    assert not told["churn_scorecard"]


def test_a_segment_in_which_no_signal_tells_anything_has_the_scorecard_of_all(
    others: Warehouse,
) -> None:
    # In the one segment usage tells all, in the other it is always the same.
    told = others.check(
        cohort(
            OTHERS,
            120,
            60,
            lambda number: {"usage": 50.0 if number % 2 else float(number >= 55) + number % 3},
            lambda number: "flat" if number % 2 else "steep",
        )
    )
    assert {row["scorecard"] for row in told["signal_information"]} == {ALL, "flat", "steep"}
    assert {row["scorecard"] for row in told["churn_scorecard"]} == {ALL, "steep"}
    assert {
        (row["segment"], row["scorecard"], row["status"])
        for row in told["account_churn_probability"]
    } == {("flat", ALL, "measured"), ("steep", "steep", "measured")}


def test_a_signal_that_tells_everything(others: Warehouse) -> None:
    # Newton's steps have no end in sight: what they reach after some is published.
    told = others.check(cohort(OTHERS, 200, 100, lambda number: {"oracle": float(number < 100)}))
    assert told_of_accounts(told) == ({"measured"}, 100)


def test_nothing_at_all(published: Warehouse) -> None:
    assert not any(published.check(Learner(TODAY, [], [], Settings())).values())
