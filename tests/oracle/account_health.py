"""Account health, computed a second time: cleaning, scoring and aggregates in plain Python.

    cleaned = clean(rows, as_of_date)              # accounts, rejected rows, value findings
    scores = score(cleaned.accounts, policy, name)  # one `AccountScore` per account
    marts = aggregates([scores, ...])               # mart name -> list of rows

A policy is a plain dict in the shape of the settings. Values come back in the type that carries
their meaning: `Decimal` is a published figure and holds to the last digit, `Fraction` is an exact
value that the reader rounds to the column it is compared with, `float` is a double.

Where the written rules leave a choice open, the docstring of the function says what was chosen.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from . import texts
from .exact import (
    LARGEST_EXACT_DOUBLE,
    correlation,
    covariance,
    distance_to_tie,
    exact,
    mean,
    quantile,
    ratio,
    round_half_up,
    standard_deviation,
    total,
    wilson_interval,
)

Row = dict[str, Any]
Policy = Mapping[str, Any]

# --------------------------------------------------------------------------------------------
# Cleaning
# --------------------------------------------------------------------------------------------

TEXT, LABEL, AMOUNT, COUNT, SIGNED_COUNT, PERCENT, SCORE, FLAG, EPOCH, TIMESTAMP = (
    "text",
    "label",
    "amount",
    "count",
    "signed_count",
    "percent",
    "score",
    "flag",
    "epoch",
    "timestamp",
)

# The 54 columns of the account view in source order, with what each of them holds.
COLUMNS: dict[str, str] = {
    "account_id": TEXT,
    "account_name": TEXT,
    "account_type": TEXT,
    "website": TEXT,
    "phone": TEXT,
    "billing_city": TEXT,
    "billing_state": TEXT,
    "billing_country": TEXT,
    "industry_normalized": LABEL,
    "account_size_segment": LABEL,
    "geographic_region": TEXT,
    "account_maturity_stage": TEXT,
    "company_size_category": TEXT,
    "engagement_temperature": TEXT,
    "activity_frequency_score": TEXT,
    "churn_risk_level": TEXT,
    "upsell_opportunity_score": TEXT,
    "customer_lifecycle_stage": TEXT,
    "relationship_strength": TEXT,
    "annual_revenue": AMOUNT,
    "total_won_amount": AMOUNT,
    "current_pipeline_amount": AMOUNT,
    "number_of_employees": COUNT,
    "account_age_days": COUNT,
    "total_activities_30d": COUNT,
    "total_activities_90d": COUNT,
    "days_since_last_activity": COUNT,
    "unique_activity_owners": COUNT,
    "activity_trend_30d": SIGNED_COUNT,
    "total_opportunities": COUNT,
    "won_opportunities": COUNT,
    "lost_opportunities": COUNT,
    "open_opportunities": COUNT,
    "total_contacts": COUNT,
    "contacts_with_email": COUNT,
    "callable_contacts": COUNT,
    "emailable_contacts": COUNT,
    "total_converted_leads": COUNT,
    "data_completeness_score": SCORE,
    "customer_health_score": SCORE,
    "win_rate_percentage": PERCENT,
    "avg_sales_cycle_days": AMOUNT,
    "avg_lead_conversion_days": AMOUNT,
    "is_high_value_account": FLAG,
    "owner_is_active": FLAG,
    "is_declining_engagement": FLAG,
    "owner_id": TEXT,
    "account_owner_name": TEXT,
    "owner_email": TEXT,
    "account_created_date": EPOCH,
    "last_won_date": TIMESTAMP,
    "latest_opportunity_date": TIMESTAMP,
    "first_lead_conversion_date": TIMESTAMP,
    "latest_lead_conversion_date": TIMESTAMP,
}

LABELS: dict[str, tuple[str, ...]] = {
    "industry_normalized": (
        "Technology",
        "Financial Services",
        "Healthcare",
        "Manufacturing",
        "Retail",
        "Education",
    ),
    "account_size_segment": ("Small Business", "Mid-Market", "Large", "Enterprise"),
}
UNKNOWN = "Unknown"

FIRST_DATE = datetime(1900, 1, 1)
EPOCH_START = datetime(1970, 1, 1)
LAST_SECOND = 253402300799

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}:\d{2}(\.\d{1,6})?)?")


class Cleaned(NamedTuple):
    """What staging makes of the raw rows."""

    accounts: list[Row]  # one per key, in the order of the key
    rejected: list[Row]  # key, reason_code, row_count
    findings: list[Row]  # key, column_name, value, reason_code


class BadValueError(Exception):
    """A value that becomes unknown; the argument is the reason code."""


def clean(rows: Iterable[Mapping[str, Any]], as_of_date: date | str) -> Cleaned:
    """Turn raw rows into accounts, and list what could not be used.

    A row without a key is rejected alone. Rows with the same key are folded: the most complete
    one stays (then the most recently active one, then the smallest value column by column in
    source order), the others are one rejected row with their number. Findings are those of the
    accounts that stay.
    """
    if isinstance(as_of_date, str):
        as_of_date = date.fromisoformat(as_of_date)
    latest = datetime(as_of_date.year, as_of_date.month, as_of_date.day) + timedelta(days=1)

    by_key: dict[str, list[tuple[Row, list[Row], tuple]]] = defaultdict(list)
    rejected: list[Row] = []
    for raw in rows:
        key = texts.key(raw.get("account_id"))
        if key is None:
            rejected.append({"key": None, "reason_code": "missing_key", "row_count": 1})
        else:
            as_they_came = tuple(nulls_last(raw.get(column)) for column in COLUMNS)
            by_key[key].append((*clean_row(key, raw, latest), as_they_came))

    accounts: list[Row] = []
    findings: list[Row] = []
    for key in sorted(by_key):
        candidates = by_key[key]
        account, account_findings, _ = min(
            candidates, key=lambda candidate: (preference(candidate[0]), candidate[2])
        )
        accounts.append(account)
        findings.extend(account_findings)
        dropped = len(candidates) - 1
        if dropped:
            rejected.append({"key": key, "reason_code": "duplicate_key", "row_count": dropped})
    return Cleaned(accounts, rejected, findings)


def preference(account: Row) -> tuple:
    """Sort key of the rows of one account, the best first; unknown values come last."""
    completeness = account["data_completeness_score"]
    others = (
        column
        for column in COLUMNS
        if column not in ("account_id", "data_completeness_score", "days_since_last_activity")
    )
    return (
        nulls_last(None if completeness is None else -completeness),
        nulls_last(account["days_since_last_activity"]),
        *(nulls_last(account[column]) for column in others),
    )


def nulls_last(value: Any) -> tuple:
    """Sort key of a value that may be unknown."""
    return (1,) if value is None else (0, value)


def clean_row(key: str, raw: Mapping[str, Any], latest: datetime) -> tuple[Row, list[Row]]:
    """Clean the values of one row. A column that the row does not have is unknown."""
    account: Row = {}
    findings: list[Row] = []

    def find(column: str, reason_code: str) -> None:
        finding = {"key": key, "column_name": column, "value": as_text(raw.get(column))}
        findings.append({**finding, "reason_code": reason_code})

    for column, kind in COLUMNS.items():
        value = raw.get(column)
        if kind == LABEL:
            account[column], problem = clean_label(column, as_text(value))
            if problem:
                find(column, problem)
            continue
        try:
            account[column] = clean_value(kind, value, latest)
        except BadValueError as problem:
            account[column] = None
            find(column, str(problem))

    contacts, with_email = account["total_contacts"], account["contacts_with_email"]
    if contacts is not None and with_email is not None and with_email > contacts:
        find("contacts_with_email", "exceeds_total_contacts")
    month, quarter = account["total_activities_30d"], account["total_activities_90d"]
    if month is not None and quarter is not None and quarter < month:
        find("total_activities_90d", "below_30d_activity")

    account["account_id"] = key
    account["industry"] = account["industry_normalized"]
    account["contact_email_coverage"] = email_coverage(contacts, with_email)
    return account, findings


def email_coverage(contacts: int | None, with_email: int | None) -> float | None:
    """Share of the contacts that have an e-mail address; 0 where there are no contacts."""
    if contacts is None:
        return None
    if contacts == 0:
        return 0.0
    return None if with_email is None else clip(with_email / contacts)


def as_text(value: Any) -> str | None:
    """Trimmed text; blank text is unknown."""
    if value is None:
        return None
    return texts.trimmed(str(value)) or None


def clean_label(column: str, text: str | None) -> tuple[str, str | None]:
    """The label as the settings spell it, and the reason code where there is none."""
    if text is None or texts.is_nothing(text):
        return UNKNOWN, "missing_label"
    wanted = plain_label(text)
    for label in LABELS[column]:
        if plain_label(label) == wanted:
            return label, None
    return UNKNOWN, "unknown_label"


def plain_label(text: str) -> str:
    """A label without case, hyphens and underscores."""
    return text.lower().replace("-", " ").replace("_", " ")


def clean_value(kind: str, value: Any, latest: datetime) -> Any:
    """The typed value, None where the source has none; raises `BadValueError` with the reason."""
    text = as_text(value)
    if text is None or texts.is_nothing(text, kind == TEXT):
        return None
    if kind == TEXT:
        return text
    if kind == FLAG:
        return clean_flag(text)
    if kind in (EPOCH, TIMESTAMP):
        return clean_moment(kind, value, text, latest)
    return clean_number(kind, text)


def clean_flag(text: str) -> int:
    """0 or 1."""
    if text.lower() not in texts.FLAGS:
        raise BadValueError("not_a_flag")
    return texts.FLAGS[text.lower()]


def clean_number(kind: str, text: str) -> float | int:
    """A finite number in the range of its kind.

    The first rule that is broken gives the reason. A number that no double can hold (1e400) is
    not finite. What is outside 0 to 100 is out of range, also when it is negative.
    """
    if NOT_FINITE.fullmatch(text):
        raise BadValueError("not_finite")
    if not NUMBER.fullmatch(text):
        raise BadValueError("not_a_number")
    number = float(text)
    if math.isinf(number):
        raise BadValueError("not_finite")
    if kind in (PERCENT, SCORE):
        if not 0 <= number <= 100:
            raise BadValueError("out_of_range")
    elif number < 0 and kind != SIGNED_COUNT:
        raise BadValueError("negative")
    elif abs(number) > LARGEST_EXACT_DOUBLE:
        raise BadValueError("too_large")
    if kind in (AMOUNT, PERCENT):
        return number + 0.0
    if number != math.floor(number):
        raise BadValueError("not_whole")
    return int(number)


def clean_moment(kind: str, value: Any, text: str, latest: datetime) -> datetime:
    """A moment between 1900 and the day after the as-of date, without a time zone (UTC)."""
    try:
        if kind == EPOCH:
            seconds = int(text)
            # Beyond the year 9999 they are milliseconds.
            seconds = seconds // 1000 if seconds > LAST_SECOND else seconds
            moment = EPOCH_START + timedelta(seconds=seconds)
        elif isinstance(value, datetime):
            moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        elif isinstance(value, date):
            moment = datetime(value.year, value.month, value.day)
        elif MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(text)
        else:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise BadValueError("impossible_date") from None
    if not FIRST_DATE <= moment <= latest:
        raise BadValueError("impossible_date")
    return moment


# --------------------------------------------------------------------------------------------
# Policies
# --------------------------------------------------------------------------------------------

FORECAST_PARTS = ("run_rate_revenue", "pipeline_revenue", "upsell_revenue")
UNSCORED = "Unscored"


def resolve_policies(presets: Mapping[str, Policy], extra: Mapping[str, Policy]) -> dict[str, dict]:
    """All policies by name: the presets, and the extra ones merged over them key by key.

    An extra policy of the name of a preset changes that preset; `extends` names another policy
    to start from.
    """
    policies = {name: dict(policy) for name, policy in presets.items()}
    for name, changes in extra.items():
        start = policies.get(changes.get("extends", name), {})
        policies[name] = {**start, **{k: v for k, v in changes.items() if k != "extends"}}
    return policies


def metric_specs(policy: Policy) -> list[tuple[dict, dict]]:
    """The metrics of a policy with their dimension, in configuration order."""
    return [
        (dimension, metric) for dimension in policy["dimensions"] for metric in dimension["metrics"]
    ]


def lowest_band(policy: Policy) -> str:
    """The band that counts as low health."""
    return min(policy["bands"], key=lambda band: exact(band["at_least"]))["band"]


def band_of(health_score: Decimal | None, policy: Policy) -> str:
    """The highest band whose threshold the published score reaches."""
    if health_score is None:
        return UNSCORED
    for band in sorted(policy["bands"], key=lambda band: exact(band["at_least"]), reverse=True):
        if Fraction(health_score) >= exact(band["at_least"]):
            return band["band"]
    raise ValueError(f"no band for a score of {health_score}")


# --------------------------------------------------------------------------------------------
# Scaling
# --------------------------------------------------------------------------------------------

TRANSFORMS: dict[str | None, Callable[[float], float]] = {
    None: lambda value: value,
    "sqrt": math.sqrt,
    "log1p": math.log1p,
}


def clip(value: float) -> float:
    """The value within [0, 1]."""
    return min(1.0, max(0.0, value))


def metric_value(account: Row, metric: str, policy: Policy) -> float | None:
    """The measured value of a metric as a double; size points come from the policy."""
    if metric == "size_points":
        value = policy["size_points"].get(account["account_size_segment"])
    else:
        value = account[metric]
    return None if value is None else float(value)


def scale_metric(
    values: Sequence[float | None], groups: Sequence[str], spec: Mapping, when_constant: float
) -> list[float | None]:
    """Scale one metric over all accounts: transform, scale, direction, transform again.

    `groups` names the peers of each account. The neutral value of a constant metric takes the
    place of the scaling step, so direction and the last transform still apply to it.
    """
    before = TRANSFORMS[spec.get("pre_transform")]
    after = TRANSFORMS[spec.get("post_transform")]
    prepared = [None if value is None else before(value) for value in values]

    members: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        if prepared[index] is not None:
            members[group].append(index)

    scaled: list[float | None] = [None] * len(values)
    for indexes in members.values():
        peers = [prepared[index] for index in indexes]
        for index, value in zip(indexes, scale_peers(peers, spec, when_constant), strict=True):
            directed = 1.0 - value if spec.get("direction", "higher") == "lower" else value
            scaled[index] = after(directed)
    return scaled


def scale_peers(values: list[float], spec: Mapping, when_constant: float) -> list[float]:
    """Scale the known values of one peer group to [0, 1]."""
    scale = spec["scale"]
    if scale == "as_is":
        return [clip(value) for value in values]
    if scale == "target":
        lower, upper = float(spec["lower"]), float(spec["upper"])
        return [clip((value - lower) / (upper - lower)) for value in values]
    if scale == "percentile":
        if min(values) == max(values):
            return [when_constant] * len(values)
        ordered = sorted(values)
        rank = {value: index for index, value in reversed(list(enumerate(ordered)))}
        return [rank[value] / (len(values) - 1) for value in values]

    if scale == "min_max":
        lower, upper = min(values), max(values)
    elif scale == "winsorized":
        lower = quantile(values, spec.get("lower_quantile", 0.05))
        upper = quantile(values, spec.get("upper_quantile", 0.95))
    else:
        raise ValueError(f"unknown scale {scale}")
    if lower == upper:
        return [when_constant] * len(values)
    return [clip((value - lower) / (upper - lower)) for value in values]


# --------------------------------------------------------------------------------------------
# Scoring
# --------------------------------------------------------------------------------------------


@dataclass
class Contribution:
    """One metric of one account. The points of a missing metric are unknown, not zero."""

    dimension: str
    metric: str
    raw_value: float | None
    scaled_value: float | None
    weight: Fraction  # nominal: weight of the dimension times weight inside it
    points: Decimal | None = None
    max_points: Decimal | None = None


@dataclass
class AccountScore:
    """Everything that one policy says about one account."""

    account: Row
    contributions: list[Contribution]
    score_coverage: Fraction
    sub_scores: dict[str, Decimal | None] = field(default_factory=dict)
    dimension_points: dict[str, Decimal | None] = field(default_factory=dict)
    health_score: Decimal | None = None
    health_band: str = UNSCORED
    parts: dict[str, Decimal | None] = field(default_factory=dict)
    predicted_6m_revenue: Decimal | None = None
    is_run_rate_unknown: bool = False
    contribution_tier: str = UNSCORED


@dataclass
class PolicyScores:
    """The scores of all accounts under one policy."""

    name: str
    policy: Policy
    rows: list[AccountScore]
    lower_bounds: dict[str, float | None]  # cut-off of each tier, None for the lowest
    closest_tie: float  # of all sums that were rounded into points, in millionths

    @property
    def scored(self) -> list[AccountScore]:
        """The accounts that have a health score."""
        return [row for row in self.rows if row.health_score is not None]

    @property
    def low(self) -> list[AccountScore]:
        """The accounts in the lowest band."""
        lowest = lowest_band(self.policy)
        return [row for row in self.rows if row.health_band == lowest]


def score(accounts: Sequence[Row], policy: Policy, name: str = "") -> PolicyScores:
    """Score all accounts under one policy."""
    specs = metric_specs(policy)
    when_constant = float(policy.get("scaled_when_constant", 0.5))
    columns = []
    for _, spec in specs:
        values = [metric_value(account, spec["metric"], policy) for account in accounts]
        peer_group = spec.get("peer_group")
        groups = [account[peer_group] if peer_group else "" for account in accounts]
        columns.append((values, scale_metric(values, groups, spec, when_constant)))

    nominal = nominal_weights(specs)
    rows = []
    closest_tie = 0.5
    known_shares: dict[tuple[bool, ...], Shares] = {}
    for index, account in enumerate(accounts):
        contributions = [
            Contribution(
                dimension=dimension["dimension"],
                metric=spec["metric"],
                raw_value=values[index],
                scaled_value=scaled[index],
                weight=weight,
            )
            for (dimension, spec), (values, scaled), weight in zip(
                specs, columns, nominal, strict=True
            )
        ]
        measured = tuple(part.scaled_value is not None for part in contributions)
        if measured not in known_shares:
            known_shares[measured] = effective_shares(policy, measured)
        shares = known_shares[measured]
        row = AccountScore(account, contributions, score_coverage=shares.coverage)
        closest_tie = min(closest_tie, give_points(row, policy, shares))
        give_forecast(row, policy)
        rows.append(row)
    return PolicyScores(name, policy, rows, give_tiers(rows, policy), closest_tie)


class Shares(NamedTuple):
    """What a pattern of measured metrics means for the score of an account."""

    coverage: Fraction  # share of the weight that is measured
    weights: list[float]  # points of 100 per metric, re-normalised; 0 for a missing metric
    max_points: list[Decimal]  # the same, published


def nominal_weights(specs: Sequence[tuple[dict, dict]]) -> list[Fraction]:
    """Each metric's share of the policy, rounded like the points so that the shares sum to 1."""
    shares = [exact(dimension["weight"]) * exact(spec["weight"]) for dimension, spec in specs]
    running = [exact(round_half_up(sum(shares[: index + 1]))) for index in range(len(shares))]
    return [after - before for after, before in zip(running, [Fraction(0), *running], strict=False)]


def effective_shares(policy: Policy, measured: Sequence[bool]) -> Shares:
    """Re-normalise the weights over what is measured: inside the dimension, then across."""
    flags = iter(measured)
    coverage = Fraction(0)
    across = Fraction(0)
    parts: list[Fraction] = []
    for dimension in policy["dimensions"]:
        outer = exact(dimension["weight"])
        inner = [
            exact(spec["weight"]) if next(flags) else Fraction(0) for spec in dimension["metrics"]
        ]
        coverage += outer * sum(inner)
        if any(inner):
            across += outer
        parts.extend(outer * weight / (sum(inner) or 1) for weight in inner)
    weights = [100 * part / (across or 1) for part in parts]
    running = [round_half_up(sum(weights[: index + 1])) for index in range(len(weights))]
    max_points = [after - before for before, after in pairwise([Decimal(0), *running])]
    return Shares(coverage, [float(weight) for weight in weights], max_points)


def give_points(row: AccountScore, policy: Policy, shares: Shares) -> float:
    """Fill in sub-scores, points, score and band; returns the closest rounding tie.

    Points are the differences of the rounded running sums, so they add up to the score exactly;
    so do the maximum points, to 100. Both are unknown for a missing metric and for an account
    without a score. Sub-scores are given for every dimension that has a measured metric.
    """
    for dimension in policy["dimensions"]:
        name = dimension["dimension"]
        row.sub_scores[name] = sub_score(
            [part.scaled_value for part in row.contributions if part.dimension == name],
            [exact(spec["weight"]) for spec in dimension["metrics"]],
        )
        row.dimension_points[name] = None
    if shares.coverage == 0 or shares.coverage < exact(policy["min_coverage"]):
        return 0.5

    running, published, closest_tie = 0.0, Decimal(0), 0.5
    for part, weight, max_points in zip(
        row.contributions, shares.weights, shares.max_points, strict=True
    ):
        if part.scaled_value is None:
            continue
        running += weight * part.scaled_value
        closest_tie = min(closest_tie, distance_to_tie(running))
        part.points = round_half_up(running) - published
        part.max_points = max_points
        published += part.points
        before = row.dimension_points[part.dimension] or Decimal(0)
        row.dimension_points[part.dimension] = before + part.points
    row.health_score = published
    row.health_band = band_of(published, policy)
    return closest_tie


def sub_score(scaled: Sequence[float | None], weights: Sequence[Fraction]) -> Decimal | None:
    """Weighted mean of the measured metrics of one dimension, in points of 100."""
    measured = [
        (weight, value) for weight, value in zip(weights, scaled, strict=True) if value is not None
    ]
    if not measured:
        return None
    weighted = sum(float(weight) * value for weight, value in measured)
    return round_half_up(100.0 * weighted / float(sum(weight for weight, _ in measured)))


def give_forecast(row: AccountScore, policy: Policy) -> None:
    """Fill in the parts of the six-month forecast and their total.

    A part that the policy does not have is 0 for every account. A part is unknown where the
    score or one of its inputs is; only an age of 0 or an unknown age makes a run-rate part 0.
    The parts are differences of rounded running sums over the known parts; one unknown part
    makes the total unknown.
    """
    forecast = policy["forecast"]
    running, published = 0.0, Decimal(0)
    for name in FORECAST_PARTS:
        form = forecast["parts"].get(name)
        if form is None:
            row.parts[name] = Decimal(0)
            continue
        if form.get("per_account_age") and not row.account["account_age_days"]:
            row.is_run_rate_unknown = True
        amount = forecast_part(row, form, forecast["horizon_months"])
        if amount is None:
            row.parts[name] = None
            continue
        running += amount
        row.parts[name] = round_half_up(running) - published
        published += row.parts[name]
    if row.health_score is not None and None not in row.parts.values():
        row.predicted_6m_revenue = published


def forecast_part(row: AccountScore, form: Mapping, horizon_months: float) -> float | None:
    """One part of the forecast in doubles, in the written order from left to right.

    amount [/ (account_age_days / 30) * horizon_months] [* win_rate / 100] * share
    * (base + slope * (h / 100))
    """
    amount = row.account[form["amount"]]
    if row.health_score is None or amount is None:
        return None
    value = float(amount)
    if form.get("times_win_rate") and row.account["win_rate_percentage"] is None:
        return None
    if form.get("per_account_age"):
        age = row.account["account_age_days"]
        if not age:
            return 0.0
        value = value / (age / 30.0) * float(horizon_months)
    if form.get("times_win_rate"):
        value = value * row.account["win_rate_percentage"] / 100.0
    share_of_health = float(row.health_score) / 100.0
    value *= float(form["share"])
    return value * (float(form["base"]) + float(form["slope"]) * share_of_health)


def give_tiers(rows: Sequence[AccountScore], policy: Policy) -> dict[str, float | None]:
    """Fill in the tiers from the published forecasts; returns the cut-off of each tier."""
    known = [
        float(row.predicted_6m_revenue) for row in rows if row.predicted_6m_revenue is not None
    ]
    ladder: list[tuple[str, bool, float | None]] = []
    for tier in policy["tiers"]:
        inclusive = "at_least_quantile" in tier
        probability = tier.get("at_least_quantile", tier.get("above_quantile"))
        cut_off = None if probability is None else quantile(known, probability)
        ladder.append((tier["tier"], inclusive, cut_off))
    for row in rows:
        if row.predicted_6m_revenue is None:
            continue
        value = float(row.predicted_6m_revenue)
        row.contribution_tier = next(
            tier
            for tier, inclusive, cut_off in ladder
            if cut_off is None or value > cut_off or (inclusive and value == cut_off)
        )
    return {tier: cut_off for tier, _, cut_off in ladder}


# --------------------------------------------------------------------------------------------
# Account-level marts
# --------------------------------------------------------------------------------------------


def account_health(scores: PolicyScores) -> list[Row]:
    """One row per account: identifiers, cleaned inputs, sub-scores, score, forecast, tier."""
    rows = []
    for row in scores.rows:
        published = {f"{name}_score": value for name, value in row.sub_scores.items()}
        rows.append({**row.account, **published, "policy": scores.name, **headline(row)})
    return rows


def headline(row: AccountScore) -> Row:
    """The published figures of one account."""
    return {
        "score_coverage": row.score_coverage,
        "health_score": row.health_score,
        "health_band": row.health_band,
        **row.parts,
        "predicted_6m_revenue": row.predicted_6m_revenue,
        "is_run_rate_unknown": row.is_run_rate_unknown,
        "contribution_tier": row.contribution_tier,
    }


def account_health_contributions(scores: PolicyScores) -> list[Row]:
    """One row per account and metric."""
    return [
        {
            "policy": scores.name,
            "account_id": row.account["account_id"],
            "dimension": part.dimension,
            "metric": part.metric,
            "raw_value": part.raw_value,
            "scaled_value": part.scaled_value,
            "weight": part.weight,
            "points": part.points,
            "max_points": part.max_points,
        }
        for row in scores.rows
        for part in row.contributions
    ]


def policy_scores(policies: Sequence[PolicyScores]) -> list[Row]:
    """One row per policy and account."""
    return [
        {"policy": scores.name, "account_id": row.account["account_id"], **headline(row)}
        for scores in policies
        for row in scores.rows
    ]


# --------------------------------------------------------------------------------------------
# Aggregates
# --------------------------------------------------------------------------------------------

RISK_LEVELS = (("High", "0.7"), ("Elevated", "0.4"), ("Watch", "0.2"), ("Stable", "0"))
RISK_ORDER = (*(level for level, _ in RISK_LEVELS), UNSCORED)
SMALL_SAMPLE = 30

PROFILE_METRICS = (
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


def aggregates(policies: Sequence[PolicyScores]) -> dict[str, list[Row]]:
    """Every aggregate mart over all scored policies.

    A mart of cells holds the cells that have accounts and no others. A mart that describes a
    policy as a whole (profile, importance, tiers, summary, attainment) always has all its rows.
    """
    by_policy = {
        "risk_matrix": risk_matrix,
        "risk_by_industry": risk_by_industry,
        "low_health_profile": low_health_profile,
        "dimension_importance": dimension_importance,
        "contribution_tiers": contribution_tiers,
        "band_by_tier": band_by_tier,
        "health_forecast_summary": health_forecast_summary,
    }
    marts = {
        mart: [row for scores in policies for row in rows_of(scores)]
        for mart, rows_of in by_policy.items()
    }
    marts["kpi_attainment"] = kpi_attainment(policies[0])
    marts["policy_agreement"] = policy_agreement(policies)
    return marts


def group_by(rows: Iterable[AccountScore], key: Callable[[AccountScore], Any]) -> dict:
    """The rows by key, in the order of the keys."""
    groups: dict[Any, list[AccountScore]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {group: groups[group] for group in sorted(groups)}


def forecast_total(rows: Iterable[AccountScore]) -> Decimal | None:
    """Exact sum of the forecasts: 0 for no accounts, unknown where no account has one."""
    return total(row.predicted_6m_revenue for row in rows)


def risk_matrix(scores: PolicyScores) -> list[Row]:
    """Low health by industry and size; a cell without accounts is absent."""
    return risk_cells(scores, ("industry", "account_size_segment"))


def risk_by_industry(scores: PolicyScores) -> list[Row]:
    """Low health by industry."""
    return risk_cells(scores, ("industry",))


def risk_cells(scores: PolicyScores, columns: tuple[str, ...]) -> list[Row]:
    """Low health by the given columns, ranked: level, then number, then the labels."""
    lowest = lowest_band(scores.policy)
    cells = []
    groups = group_by(scores.rows, lambda row: tuple(row.account[column] for column in columns))
    for labels, members in groups.items():
        scored = sum(row.health_score is not None for row in members)
        low = [row for row in members if row.health_band == lowest]
        rate = ratio(len(low), scored)
        lower, upper = wilson_interval(len(low), scored)
        cells.append(
            {
                "policy": scores.name,
                **dict(zip(columns, labels, strict=True)),
                "account_count": len(members),
                "scored_count": scored,
                "low_health_count": len(low),
                "low_health_rate": rate,
                "low_health_rate_lower": lower,
                "low_health_rate_upper": upper,
                "low_health_predicted_revenue": forecast_total(low),
                "is_small_sample": scored < SMALL_SAMPLE,
                "risk_level": risk_level(rate),
            }
        )
    cells.sort(
        key=lambda cell: (
            RISK_ORDER.index(cell["risk_level"]),
            -cell["low_health_count"],
            *(cell[column] for column in columns),
        )
    )
    return [{**cell, "priority_rank": rank} for rank, cell in enumerate(cells, start=1)]


def risk_level(rate: Fraction | None) -> str:
    """The first rung that the low-health rate reaches."""
    if rate is None:
        return UNSCORED
    return next(level for level, at_least in RISK_LEVELS if rate >= exact(at_least))


def low_health_profile(scores: PolicyScores) -> list[Row]:
    """What low-health accounts have in common: each metric for low, not low and all accounts.

    Means are taken over decimals: a value counts with its six published places. Differences are
    those of the published means, so that a reader can check them on the row.
    """
    lowest = lowest_band(scores.policy)
    cohorts = {
        "low": [row for row in scores.scored if row.health_band == lowest],
        "not_low": [row for row in scores.scored if row.health_band != lowest],
        "all": scores.rows,
    }
    profile = []
    for metric in PROFILE_METRICS:
        published = {
            row.account["account_id"]: round_half_up(row.account[metric])
            for row in scores.rows
            if row.account[metric] is not None
        }
        mean_of_all = published_mean(published.values())
        for cohort, members in cohorts.items():
            measured = [row.account for row in members if row.account[metric] is not None]
            average = published_mean(published[account["account_id"]] for account in measured)
            known = average is not None and mean_of_all is not None
            difference = average - mean_of_all if known else None
            profile.append(
                {
                    "policy": scores.name,
                    "metric": metric,
                    "cohort": cohort,
                    "account_count": len(measured),
                    "mean": average,
                    "median": quantile((account[metric] for account in measured), "0.5"),
                    "difference_from_all": difference,
                    "relative_difference_from_all": ratio(difference, mean_of_all),
                }
            )
    return profile


def published_mean(values: Iterable[Decimal]) -> Decimal | None:
    """Mean of published values, rounded once."""
    average = mean(values)
    return None if average is None else round_half_up(average)


def dimension_importance(scores: PolicyScores) -> list[Row]:
    """How much each dimension moves the score, over scored accounts.

    A missing dimension contributes 0 points. The shares of the variance sum to 1; they are
    unknown where all scores are equal.
    """
    health = [row.health_score for row in scores.scored]
    variance = covariance(health, health)
    importance = []
    for dimension in scores.policy["dimensions"]:
        name = dimension["dimension"]
        points = [row.dimension_points[name] or Decimal(0) for row in scores.scored]
        importance.append(
            {
                "policy": scores.name,
                "dimension": name,
                "nominal_weight": exact(dimension["weight"]),
                "contribution_sd": standard_deviation(points),
                "variance_share": ratio(covariance(points, health), variance),
            }
        )
    return importance


def contribution_tiers(scores: PolicyScores) -> list[Row]:
    """Cut-off, accounts, total, mean, share and average health per tier.

    Every tier of the policy has a row, `Unscored` only where there are such accounts. The total
    of a tier without accounts is 0; the share is unknown where all forecasts sum to 0.
    """
    everything = forecast_total(scores.rows)
    names = [tier["tier"] for tier in scores.policy["tiers"]]
    if any(row.contribution_tier == UNSCORED for row in scores.rows):
        names.append(UNSCORED)
    tiers = []
    for name in names:
        members = [row for row in scores.rows if row.contribution_tier == name]
        amount = forecast_total(members)
        tiers.append(
            {
                "policy": scores.name,
                "tier": name,
                "lower_bound": scores.lower_bounds.get(name),
                "account_count": len(members),
                "total": amount,
                "mean": mean(row.predicted_6m_revenue for row in members),
                "share": ratio(amount, everything),
                "mean_health": mean(row.health_score for row in members),
            }
        )
    return tiers


def band_by_tier(scores: PolicyScores) -> list[Row]:
    """Accounts and forecast by health band and tier; an empty combination is absent."""
    groups = group_by(scores.rows, lambda row: (row.health_band, row.contribution_tier))
    return [
        {
            "policy": scores.name,
            "health_band": band,
            "contribution_tier": tier,
            "account_count": len(members),
            "predicted_6m_revenue_total": forecast_total(members),
        }
        for (band, tier), members in groups.items()
    ]


def health_forecast_summary(scores: PolicyScores) -> list[Row]:
    """One row per policy: the distribution of the score and how the forecast follows it.

    The correlation is taken over the accounts that have a forecast.
    """
    health = [row.health_score for row in scores.scored]
    both = [row for row in scores.scored if row.predicted_6m_revenue is not None]
    top_tier = scores.policy["tiers"][0]["tier"]
    bands = Counter(row.health_band for row in scores.rows)
    return [
        {
            "policy": scores.name,
            "account_count": len(scores.rows),
            "scored_count": len(health),
            "unscored_count": bands[UNSCORED],
            "mean_health_score": mean(health),
            "median_health_score": exact(statistics.median(health)) if health else None,
            "min_health_score": min(health, default=None),
            "max_health_score": max(health, default=None),
            "predicted_6m_revenue_total": forecast_total(scores.rows),
            "health_forecast_correlation": correlation(
                [row.health_score for row in both], [row.predicted_6m_revenue for row in both]
            ),
            "low_health_count": len(scores.low),
            "low_health_top_tier_count": sum(
                row.contribution_tier == top_tier for row in scores.low
            ),
        }
    ]


def policy_agreement(policies: Sequence[PolicyScores]) -> list[Row]:
    """For each two policies (in the order given): accounts and forecasts by bands."""
    agreement = []
    for index, first in enumerate(policies):
        for second in policies[index + 1 :]:
            cells: dict[tuple[str, str], list[tuple[AccountScore, AccountScore]]]
            cells = defaultdict(list)
            for row_a, row_b in zip(first.rows, second.rows, strict=True):
                cells[row_a.health_band, row_b.health_band].append((row_a, row_b))
            for (band_a, band_b), pairs in sorted(cells.items(), key=lambda cell: cell[0]):
                agreement.append(
                    {
                        "policy_a": first.name,
                        "policy_b": second.name,
                        "band_a": band_a,
                        "band_b": band_b,
                        "account_count": len(pairs),
                        "predicted_6m_revenue_a": forecast_total(row for row, _ in pairs),
                        "predicted_6m_revenue_b": forecast_total(row for _, row in pairs),
                    }
                )
    return agreement


KPIS_WITHOUT_SOURCE = {"key_roles_covered": 3.0, "multi_threading": 0.7, "qbr_attendance": 0.8}


def kpi_attainment(scores: PolicyScores) -> list[Row]:
    """Share of the accounts that reach each KPI, of those that have a measured value.

    The win rate is held against the median of the industry. KPIs that the account view cannot
    answer have a row without figures.
    """
    accounts = [row.account for row in scores.rows]
    rates = defaultdict(list)
    for account in accounts:
        if account["win_rate_percentage"] is not None:
            rates[account["industry"]].append(account["win_rate_percentage"])
    medians = {industry: quantile(values, "0.5") for industry, values in rates.items()}

    def pipeline_to_won(account: Row) -> Fraction | None:
        return ratio(account["current_pipeline_amount"], account["total_won_amount"])

    kpis: dict[str, list[bool | None]] = {
        "activity_frequency": [at_least(row["total_activities_30d"], 5) for row in accounts],
        "activity_recency": [at_most(row["days_since_last_activity"], 14) for row in accounts],
        "email_coverage": [at_least(row["contact_email_coverage"], 0.8) for row in accounts],
        "pipeline_to_won": [at_least(pipeline_to_won(row), 0.5) for row in accounts],
        "win_rate_in_industry": [
            at_least(row["win_rate_percentage"], medians.get(row["industry"])) for row in accounts
        ],
    }
    attainment = []
    for kpi_id, reached in kpis.items():
        measured = [outcome for outcome in reached if outcome is not None]
        attainment.append(
            {
                "kpi_id": kpi_id,
                "status": "measured" if measured else "no data",
                "measured_count": len(measured),
                "attained_count": sum(measured),
                "attainment_rate": ratio(sum(measured), len(measured)),
            }
        )
    for kpi_id in KPIS_WITHOUT_SOURCE:
        attainment.append(
            {
                "kpi_id": kpi_id,
                "status": "no data",
                "measured_count": 0,
                "attained_count": None,
                "attainment_rate": None,
            }
        )
    return attainment


def at_least(value: Any, threshold: float | None) -> bool | None:
    """Whether a measured value reaches the threshold."""
    return None if value is None or threshold is None else value >= threshold


def at_most(value: Any, threshold: float) -> bool | None:
    """Whether a measured value stays within the threshold."""
    return None if value is None else value <= threshold
