"""The special-conversion cohort and the value x risk framework, computed a second time.

    cleaned = clean(tables, as_of_date)        # one row per key and table, rejected rows, findings
    customers = join(cleaned, settings)        # one `Customer` per e-mail address
    marts = aggregates(cleaned, settings)      # mart name -> list of rows

`tables` has a list of raw rows by table name; an absent table has no rows. Values come back in the
type that carries their meaning: `Decimal` is a published figure, `Fraction` an exact value that the
reader rounds to the column it is compared with, `float` a double.

Every figure that is added up is first rounded to six decimals; sums, means and comparisons with
means are then exact. Only the two indices and their cut-offs are computed in doubles, in the order
in which the settings name their parts. Where the written rules leave a choice open, the docstring
of the function says what was chosen.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from . import texts
from .exact import (
    LARGEST_EXACT_DOUBLE,
    MICRO,
    correlation,
    exact,
    f_statistic,
    in_micros,
    linear_quantile,
    mean,
    paulson_p_value,
    ratio,
    round_half_up,
    total,
)

Row = dict[str, Any]
Tables = Mapping[str, Sequence[Mapping[str, Any]]]

# --------------------------------------------------------------------------------------------
# Sources
# --------------------------------------------------------------------------------------------

ACTIVITY = "customer360__customer_activity_metrics"
FUNNEL = "customer360__conversion_funnel_analysis"
VALUE = "customer360__customer_value_analysis"
ADDRESS = "customer360__address"
MAPPING = "customer360__mapping"

TEXT, AMOUNT, SIGNED_AMOUNT, COUNT, SIGNED_COUNT, PERCENT, RFM, FLAG, TIMESTAMP = (
    "text",
    "amount",
    "signed_amount",
    "count",
    "signed_count",
    "percent",
    "rfm",
    "flag",
    "timestamp",
)


def typed(columns: str) -> dict[str, str]:
    """Columns in their order, written as `kind: name name ...` in lines."""
    kinds = {}
    for line in columns.strip().splitlines():
        kind, _, names = line.partition(":")
        kinds.update(dict.fromkeys(names.split(), kind.strip()))
    return kinds


IDS = ("marketo_lead_id", "stripe_customer_id", "zendesk_user_id")

# The columns of each table in source order, with what each of them holds.
COLUMNS: dict[str, dict[str, str]] = {
    ACTIVITY: typed(
        """
        text: marketo_lead_id stripe_customer_id zendesk_user_id primary_email
        text: primary_organization customer_segment customer_journey_pattern lifecycle_stage
        amount: composite_engagement_score weighted_engagement_score
        percent: customer_health_score
        text: activity_grade
        amount: activity_priority_score
        count: days_since_last_activity
        amount: weeks_since_last_activity months_since_last_activity
        count: account_age_days active_channel_count
        text: primary_engagement_channel
        amount: marketing_engagement_score sales_engagement_score support_engagement_score
        amount: marketing_depth sales_depth support_depth
        text: engagement_velocity activity_momentum engagement_maturity
        amount: estimated_monthly_activities predicted_next_month_activity
        amount: seasonally_adjusted_activity
        flag: active_30_days active_60_days active_90_days active_180_days active_365_days
        text: activity_risk_level
        amount: cross_platform_consistency activity_efficiency
        text: recommended_activity_intervention
        flag: in_marketo in_stripe in_zendesk is_unsubscribed is_email_invalid do_not_call
        flag: is_delinquent stripe_deleted zendesk_active zendesk_suspended zendesk_deleted
        timestamp: customer_first_touchpoint customer_last_activity marketo_registration_date
        timestamp: stripe_registration_date zendesk_registration_date activity_analysis_timestamp
        """
    ),
    FUNNEL: typed(
        """
        text: marketo_lead_id stripe_customer_id zendesk_user_id primary_email
        text: primary_organization customer_segment customer_tier lifecycle_stage
        flag: reached_awareness reached_conversion reached_support
        amount: journey_completeness_score
        text: customer_journey_pattern
        amount: funnel_efficiency
        signed_amount: marketing_to_sales_days sales_to_support_days
        text: awareness_to_conversion_speed conversion_to_support_speed journey_velocity
        amount: revenue_velocity_monthly
        text: awareness_engagement_quality conversion_engagement_quality
        text: support_engagement_quality cross_stage_engagement_consistency
        amount: weighted_engagement_score
        text: primary_engagement_channel
        amount: next_stage_conversion_probability predictive_full_journey_probability
        text: drop_off_risk value_realization_pattern optimization_recommendation
        amount: expected_optimization_value
        text: intervention_priority success_target funnel_performance_grade
        amount: journey_efficiency_index
        text: activity_grade
        percent: customer_health_score
        amount: estimated_customer_ltv
        count: account_age_days
        timestamp: customer_first_touchpoint customer_last_activity funnel_analysis_timestamp
        """
    ),
    VALUE: typed(
        """
        text: marketo_lead_id stripe_customer_id zendesk_user_id primary_email
        text: primary_organization customer_segment customer_tier rfm_segment rfm_score
        amount: rfm_avg_score
        rfm: recency_score frequency_score monetary_score
        amount: estimated_customer_ltv adjusted_ltv expected_annual_revenue
        text: revenue_tier strategic_classification value_stability upsell_potential
        amount: churn_probability potential_revenue_loss
        percent: revenue_risk_percentage portfolio_contribution_pct
        text: concentration_risk
        amount: investment_priority_score
        text: acquisition_roi_assessment recommended_engagement_model
        text: investment_recommendation success_target development_opportunity
        percent: customer_health_score
        text: lifecycle_stage risk_category
        count: account_age_days days_since_last_activity
        timestamp: analysis_timestamp
        """
    ),
    ADDRESS: typed(
        """
        text: customer360_id source_system address_type address_line_1 address_line_2 city
        text: state_code state country_code country country_alt_name postal_code
        signed_count: priority rank
        """
    ),
    MAPPING: typed("text: customer360_id marketo_lead_id stripe_customer_id zendesk_user_id"),
}
TABLES = tuple(COLUMNS)
CUSTOMER_TABLES = (ACTIVITY, FUNNEL, VALUE)

# The columns that decide between rows of one key before all others do.
LATEST = {
    ACTIVITY: "activity_analysis_timestamp",
    FUNNEL: "funnel_analysis_timestamp",
    VALUE: "analysis_timestamp",
}
DECIDING = {ADDRESS: ("rank", "priority")}

UNCLASSIFIED = "Unclassified"
TIERS = ("Basic", "Bronze", "Silver", "Gold", "Platinum", UNCLASSIFIED)

# Label as it may come -> label, and label -> its place on the risk index.
RISK_LABELS = {
    "Very Low": "Very Low",
    "Low": "Low",
    "Medium": "Medium",
    "High": "High",
    "Critical": "Critical",
    "Low Activity Risk": "Low",
    "High Activity Risk": "High",
}
RISK_INDEX = {"Very Low": 0.0, "Low": 0.25, "Medium": 0.5, "High": 0.75, "Critical": 1.0}
VELOCITY_INDEX = {
    "Accelerating": 0.0,
    "Stable": 0.25,
    "Volatile": 0.6,
    "Declining": 0.85,
    "Stagnant": 1.0,
}
LABELS: dict[str, dict[str, str]] = {
    "activity_risk_level": RISK_LABELS,
    "engagement_velocity": {label: label for label in VELOCITY_INDEX},
    "customer_tier": {label: label for label in TIERS if label != UNCLASSIFIED},
}
LABEL_COLUMNS = {
    ACTIVITY: ("activity_risk_level", "engagement_velocity"),
    FUNNEL: ("customer_tier",),
    VALUE: ("customer_tier",),
}

# --------------------------------------------------------------------------------------------
# Cleaning
# --------------------------------------------------------------------------------------------

FIRST_DATE = datetime(1900, 1, 1)

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?")

# Kind -> least value, greatest value, whole numbers only.
RANGES: dict[str, tuple[int, int, bool]] = {
    AMOUNT: (0, LARGEST_EXACT_DOUBLE, False),
    SIGNED_AMOUNT: (-LARGEST_EXACT_DOUBLE, LARGEST_EXACT_DOUBLE, False),
    COUNT: (0, LARGEST_EXACT_DOUBLE, True),
    SIGNED_COUNT: (-LARGEST_EXACT_DOUBLE, LARGEST_EXACT_DOUBLE, True),
    PERCENT: (0, 100, False),
    RFM: (1, 5, True),
    FLAG: (0, 1, True),
}


class Cleaned(NamedTuple):
    """What staging makes of the raw rows."""

    rows: dict[str, dict[str, Row]]  # table -> key -> the row that stays
    rejected: list[Row]  # source, key, reason_code, row_count
    findings: list[Row]  # source, key, column_name, reason_code
    engagement_scores: list[float]  # the known scores of all activity rows that have a key


class BadValueError(Exception):
    """A value that becomes unknown; the argument is the reason code."""


def clean(tables: Tables, as_of_date: date | str) -> Cleaned:
    """Turn raw rows into one row per key and table, and list what could not be used.

    A row without a key is rejected alone. Of the rows that share a key one stays, the others are
    one rejected row with their number. Findings are those of the rows that stay.
    """
    if isinstance(as_of_date, str):
        as_of_date = date.fromisoformat(as_of_date)
    # A day of grace for time zones: the day after counts to its end.
    too_late = datetime(as_of_date.year, as_of_date.month, as_of_date.day) + timedelta(days=2)

    cleaned = Cleaned({table: {} for table in TABLES}, [], [], [])
    for table in TABLES:
        by_key: dict[str, list[tuple[Row, list[Row], tuple]]] = defaultdict(list)
        for raw in tables.get(table, ()):
            key = key_of(table, raw)
            if key is None:
                cleaned.rejected.append(rejection(table, None, "missing_key", 1))
                continue
            as_they_came = tuple(nulls_last(text_of(raw.get(column))) for column in COLUMNS[table])
            by_key[key].append((*clean_row(table, key, raw, too_late), as_they_came))
        for key, candidates in sorted(by_key.items()):
            row, findings, _ = min(
                candidates, key=lambda entry: (preference(table, entry[0]), entry[2])
            )
            cleaned.rows[table][key] = map_labels(table, row)
            cleaned.findings.extend(findings)
            if len(candidates) > 1:
                folded = rejection(table, key, "duplicate_key", len(candidates) - 1)
                cleaned.rejected.append(folded)
            if table == ACTIVITY:
                scores = (row["composite_engagement_score"] for row, *_ in candidates)
                cleaned.engagement_scores.extend(score for score in scores if score is not None)
    return cleaned


def rejection(table: str, key: str | None, reason_code: str, row_count: int) -> Row:
    """A rejected row."""
    return {"source": table, "key": key, "reason_code": reason_code, "row_count": row_count}


def key_of(table: str, raw: Mapping[str, Any]) -> str | None:
    """The key of a row: e-mail addresses in lower case, ids as they are."""
    if table in CUSTOMER_TABLES:
        email = texts.key(raw.get("primary_email"))
        return email and email.lower()
    return texts.key(raw.get("customer360_id"))


def preference(table: str, row: Row) -> tuple:
    """Sort key of the rows of one key, the best first; unknown values come last.

    Labels compare as they came, because they are mapped only in the row that stays. Rows that are
    equal in all this differ at most in how they are written: those texts decide last, since one of
    them may be refused and the other blank.
    """
    latest = row.get(LATEST.get(table, ""))
    first = DECIDING.get(table, IDS)
    others = (column for column in COLUMNS[table] if column not in (*first, LATEST.get(table)))
    return (
        nulls_last(None if latest is None else FIRST_DATE - latest),
        *(nulls_last(row[column]) for column in (*first, *others) if column != "primary_email"),
    )


def nulls_last(value: Any) -> tuple:
    """Sort key of a value that may be unknown; texts by their bytes."""
    if value is None:
        return (1,)
    return (0, value.encode() if isinstance(value, str) else value)


def clean_row(
    table: str, key: str, raw: Mapping[str, Any], too_late: datetime
) -> tuple[Row, list[Row]]:
    """Clean the values of one row. A column that the table lacks is unknown without a finding."""
    row: Row = {}
    findings: list[Row] = []

    def find(column: str, reason_code: str) -> None:
        finding = {"source": table, "key": key, "column_name": column}
        findings.append({**finding, "reason_code": reason_code})

    for column, kind in COLUMNS[table].items():
        try:
            row[column] = clean_value(kind, raw.get(column), too_late)
        except BadValueError as problem:
            row[column] = None
            find(column, str(problem))
    for column in LABEL_COLUMNS.get(table, ()):
        if row[column] is None or texts.is_nothing(row[column]):
            if column in raw:
                find(column, "missing_label")
        elif row[column] is not None and mapped_label(column, row[column]) == UNCLASSIFIED:
            find(column, "unknown_label")
    return row, findings


def map_labels(table: str, row: Row) -> Row:
    """The row with its labels in the spelling of this generation."""
    labels = {column: mapped_label(column, row[column]) for column in LABEL_COLUMNS.get(table, ())}
    return {**row, **labels}


def mapped_label(column: str, text: str | None) -> str:
    """The label that a text stands for, whatever its case; missing and unknown: Unclassified."""
    for label, mapped in LABELS[column].items():
        if text is not None and text.lower() == label.lower():
            return mapped
    return UNCLASSIFIED


def text_of(value: Any) -> str | None:
    """A value as it came, as text; CSV files do not tell empty from unknown."""
    return None if value is None else str(value) or None


def as_text(value: Any) -> str | None:
    """Text without blanks around it; blank text is unknown."""
    return None if value is None else texts.trimmed(str(value)) or None


def clean_value(kind: str, value: Any, too_late: datetime) -> Any:
    """The typed value, None where the source has none; raises `BadValueError` with the reason."""
    text = as_text(value)
    if text is None or texts.is_nothing(text, kind == TEXT):
        return None
    if kind == TEXT:
        return text
    if kind == TIMESTAMP:
        return clean_moment(value, text, too_late)
    return clean_number(kind, text)


def clean_number(kind: str, text: str) -> float | int:
    """A finite number in the range of its kind; the first rule that is broken gives the reason.

    Below zero is `negative` where zero is the least value, `too_large` where it is far below; a
    range that ends at 5 or 100 has `out_of_range` on both sides.
    """
    if kind == FLAG:
        number = texts.FLAGS.get(text.lower(), text)
        if isinstance(number, str):
            number = float(number) if NUMBER.fullmatch(number) else None
        if number not in (0, 1):
            raise BadValueError("not_a_flag")
        return int(number)
    if NOT_FINITE.fullmatch(text):
        raise BadValueError("not_finite")
    if not NUMBER.fullmatch(text):
        raise BadValueError("not_a_number")
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise BadValueError("not_finite")
    least, greatest, whole = RANGES[kind]
    if not least <= number <= greatest:
        if greatest <= 100:
            raise BadValueError("out_of_range")
        raise BadValueError("negative" if number < least == 0 else "too_large")
    if not whole:
        return number + 0.0
    if number != int(number):
        raise BadValueError("not_whole")
    return int(number)


def clean_moment(value: Any, text: str, too_late: datetime) -> datetime:
    """A moment from 1900 to the end of the day after the as-of date, without a zone (UTC)."""
    try:
        if isinstance(value, datetime):
            moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        elif isinstance(value, date):
            moment = datetime(value.year, value.month, value.day)
        elif MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(text)
        else:
            raise ValueError(text)
    except ValueError:
        raise BadValueError("impossible_date") from None
    if not FIRST_DATE <= moment < too_late:
        raise BadValueError("impossible_date")
    return moment


# --------------------------------------------------------------------------------------------
# Customers
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    """The settings that change figures; the defaults are the published ones."""

    ltv_source: str = "value"
    least_marketing_days: str = "10"
    most_marketing_days: str = "20"
    sales_days_above: str = "30"
    high_monetary_at_least: int = 4
    low_monetary_at_most: int = 2
    red_sales_days_above: str = "30"
    red_health_below: str = "70"
    value_weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "ltv": 0.35,
            "health": 0.25,
            "monetary": 0.20,
            "frequency": 0.10,
            "platforms": 0.10,
        }
    )
    risk_weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "risk": 0.40,
            "velocity": 0.25,
            "sales_to_support_days": 0.20,
            "zendesk_inactive": 0.10,
            "channel": 0.05,
        }
    )


@dataclass
class Customer:
    """One customer; what a table does not say is None, a label that it does not say Unclassified.

    The figures after `address` come from the whole population.
    """

    primary_email: str
    ids: tuple[str | None, ...]
    customer_tier: str
    marketing_to_sales_days: float | None
    sales_to_support_days: float | None
    composite_engagement_score: float | None
    recency_score: int | None
    frequency_score: int | None
    monetary_score: int | None
    value_ltv: float | None
    funnel_ltv: float | None
    ltv: float | None
    health: float | None
    activity_channel: str | None
    funnel_channel: str | None
    platforms: str
    number_of_platforms: int | None
    zendesk_active: int | None
    activity_risk_level: str
    engagement_velocity: str
    customer360_id: str | None = None
    address: Row | None = None

    is_member: bool = False
    tier_mean_ltv: Decimal | None = None
    others_mean_ltv: Decimal | None = None
    value_level: str = ""
    risk_level: str = ""
    is_red_flag: bool = False
    value_index: Decimal | None = None
    risk_index: Decimal | None = None
    value_tertile: str = ""
    risk_tertile: str = ""
    closest_tie: float = 0.5  # how near the unrounded indices are to a tie, in millionths

    @property
    def ltv_6(self) -> Decimal | None:
        """LTV as it is added up."""
        return six(self.ltv)

    @property
    def health_6(self) -> Decimal | None:
        """Health score as it is added up."""
        return six(self.health)

    @property
    def strategy(self) -> str:
        """How to treat the customer."""
        return STRATEGIES[self.value_level, self.risk_level]


def six(value: float | None) -> Decimal | None:
    """A double rounded half up to six decimals."""
    return None if value is None else round_half_up(value)


class Engagement(NamedTuple):
    """Engagement scores whose exact mean is the bound of the cohort."""

    sum_micros: int
    count: int

    @classmethod
    def of(cls, scores: Iterable[float | None]) -> Engagement:
        """The known ones among the scores."""
        micros = in_micros(round_half_up(score) for score in scores if score is not None)
        return cls(sum(micros), len(micros))

    @property
    def mean(self) -> Fraction | None:
        """The exact mean; None without a known score."""
        return Fraction(self.sum_micros, self.count * MICRO) if self.count else None


def join(cleaned: Cleaned, settings: Settings) -> list[Customer]:
    """One customer per e-mail address that occurs in a customer table, with every figure."""
    rows = cleaned.rows
    emails = sorted({email for table in CUSTOMER_TABLES for email in rows[table]})
    customers = [customer(email, rows, settings) for email in emails]
    find_addresses(customers, rows)
    bound = Engagement.of(one.composite_engagement_score for one in customers)
    for one in customers:
        one.is_member = is_member(one, bound, settings)
    set_tier_means(customers)
    for one in customers:
        one.risk_level = risk_level(one)
        one.is_red_flag = is_red_flag(one, settings)
    set_value_levels(customers, settings)
    set_indices(customers, settings)
    set_tertiles(customers)
    return customers


def customer(email: str, rows: Mapping[str, Mapping[str, Row]], settings: Settings) -> Customer:
    """What the three customer tables say about one customer."""
    activity = rows[ACTIVITY].get(email, {})
    funnel = rows[FUNNEL].get(email, {})
    value = rows[VALUE].get(email, {})

    tier = value.get("customer_tier", UNCLASSIFIED)
    if tier == UNCLASSIFIED:
        tier = funnel.get("customer_tier", UNCLASSIFIED)
    flags = [activity.get(f"in_{platform}") for platform in ("marketo", "stripe", "zendesk")]
    are_known = None not in flags
    ltvs = {
        "value": value.get("estimated_customer_ltv"),
        "funnel": funnel.get("estimated_customer_ltv"),
    }
    return Customer(
        primary_email=email,
        ids=tuple(first_known(row.get(name) for row in (activity, funnel, value)) for name in IDS),
        customer_tier=tier,
        marketing_to_sales_days=funnel.get("marketing_to_sales_days"),
        sales_to_support_days=funnel.get("sales_to_support_days"),
        composite_engagement_score=activity.get("composite_engagement_score"),
        recency_score=value.get("recency_score"),
        frequency_score=value.get("frequency_score"),
        monetary_score=value.get("monetary_score"),
        value_ltv=ltvs["value"],
        funnel_ltv=ltvs["funnel"],
        ltv=ltvs[settings.ltv_source],
        health=first_known(row.get("customer_health_score") for row in (activity, value, funnel)),
        activity_channel=activity.get("primary_engagement_channel"),
        funnel_channel=funnel.get("primary_engagement_channel"),
        platforms="-".join(map(str, flags)) if are_known else UNCLASSIFIED,
        number_of_platforms=sum(flags) if are_known else None,
        zendesk_active=activity.get("zendesk_active"),
        activity_risk_level=activity.get("activity_risk_level", UNCLASSIFIED),
        engagement_velocity=activity.get("engagement_velocity", UNCLASSIFIED),
    )


def first_known(values: Iterable[Any]) -> Any:
    """The first value that is known."""
    return next((value for value in values if value is not None), None)


def find_addresses(customers: Iterable[Customer], rows: Mapping[str, Mapping[str, Row]]) -> None:
    """Give each customer a customer360_id, and its address if there is one.

    The smallest customer360_id (by bytes) among the mapping rows that share the customer's Marketo
    id; without any, his Stripe id; without any, his Zendesk id. It counts even if no address has
    it: the mapping is not searched again.
    """
    by_id: dict[tuple[int, str], list[str]] = defaultdict(list)
    for customer360_id, mapping in rows[MAPPING].items():
        for place, name in enumerate(IDS):
            if mapping[name] is not None:
                by_id[place, mapping[name]].append(customer360_id)
    for one in customers:
        for place, known_id in enumerate(one.ids):
            candidates = by_id.get((place, known_id), ()) if known_id is not None else ()
            if candidates:
                one.customer360_id = min(candidates, key=str.encode)
                one.address = rows[ADDRESS].get(one.customer360_id)
                break


def is_member(one: Customer, engagement: Engagement, settings: Settings) -> bool:
    """Whether a customer belongs to the cohort; what is unknown keeps him out.

    The score stands for its six decimals, the mean for itself: it is not rounded.
    """
    known = (one.marketing_to_sales_days, one.sales_to_support_days, one.composite_engagement_score)
    if None in known or engagement.mean is None:
        return False
    return (
        exact(settings.least_marketing_days)
        <= Fraction(one.marketing_to_sales_days)
        <= exact(settings.most_marketing_days)
        and Fraction(one.sales_to_support_days) > exact(settings.sales_days_above)
        and Fraction(round_half_up(one.composite_engagement_score)) > engagement.mean
    )


def set_tier_means(customers: Sequence[Customer]) -> None:
    """The mean LTV of each tier, and of its customers outside the cohort, to six decimals."""
    for tier in TIERS:
        of_tier = [one for one in customers if one.customer_tier == tier]
        tier_mean = mean(one.ltv_6 for one in of_tier)
        others_mean = mean(one.ltv_6 for one in of_tier if not one.is_member)
        for one in of_tier:
            one.tier_mean_ltv = None if tier_mean is None else round_half_up(tier_mean)
            one.others_mean_ltv = None if others_mean is None else round_half_up(others_mean)


# --------------------------------------------------------------------------------------------
# Value and risk
# --------------------------------------------------------------------------------------------

LEVELS = ("High", "Medium", "Low")
UNSCORED = "Unscored"
HIGH_RISK = ("High", "Critical")
LOW_RISK = ("Low", "Very Low")
SLOWING = ("Declining", "Stagnant")

STRATEGIES = {
    ("High", "High"): "urgently retain",
    ("High", "Medium"): "proactively engage",
    ("High", "Low"): "nurture as VIP",
    ("Medium", "High"): "watch closely",
    ("Medium", "Medium"): "standard care",
    ("Medium", "Low"): "upsell opportunity",
    ("Low", "High"): "low-touch automation",
    ("Low", "Medium"): "low priority",
    ("Low", "Low"): "self-service",
}


def set_value_levels(customers: Sequence[Customer], settings: Settings) -> None:
    """High and Low are on one side of the tier's exact mean LTV, with a monetary score to match."""
    sums: dict[str, list[int]] = defaultdict(list)
    for one in customers:
        if one.ltv is not None:
            sums[one.customer_tier].extend(in_micros([one.ltv_6]))
    for one in customers:
        one.value_level = "Medium"
        if one.ltv is None or one.monetary_score is None:
            continue
        of_tier = sums[one.customer_tier]
        side = in_micros([one.ltv_6])[0] * len(of_tier) - sum(of_tier)
        if side > 0 and one.monetary_score >= settings.high_monetary_at_least:
            one.value_level = "High"
        elif side < 0 and one.monetary_score <= settings.low_monetary_at_most:
            one.value_level = "Low"


def risk_level(one: Customer) -> str:
    """High for one bad label, Low for two good ones, Medium for everything else."""
    if one.activity_risk_level in HIGH_RISK or one.engagement_velocity in SLOWING:
        return "High"
    if one.activity_risk_level in LOW_RISK and one.engagement_velocity == "Accelerating":
        return "Low"
    return "Medium"


def is_risk_level_known(one: Customer) -> bool:
    """Whether another label could not change the level: both are there, or one says High."""
    labels = (one.activity_risk_level, one.engagement_velocity)
    return one.risk_level == "High" or UNCLASSIFIED not in labels


def is_red_flag(one: Customer, settings: Settings) -> bool:
    """A late need for support, a bad label of both kinds and a low health score."""
    days, health = one.sales_to_support_days, one.health
    return (
        days is not None
        and Fraction(days) > exact(settings.red_sales_days_above)
        and one.engagement_velocity in SLOWING
        and one.activity_risk_level in HIGH_RISK
        and health is not None
        and Fraction(health) < exact(settings.red_health_below)
    )


def set_indices(customers: Sequence[Customer], settings: Settings) -> None:
    """Customer value index and customer risk index, from 0 to 1."""
    ltv = min_max(one.ltv for one in customers)
    health = min_max(one.health for one in customers)
    monetary = min_max(one.monetary_score for one in customers)
    frequency = min_max(one.frequency_score for one in customers)
    days = min_max(one.sales_to_support_days for one in customers)
    channel_risk = channel_risks(customers)
    for one in customers:
        platforms = one.number_of_platforms
        value_parts = {
            "ltv": ltv(one.ltv),
            "health": health(one.health),
            "monetary": monetary(one.monetary_score),
            "frequency": frequency(one.frequency_score),
            "platforms": None if platforms is None else platforms / 3,
        }
        risk_parts = {
            "risk": RISK_INDEX.get(one.activity_risk_level),
            "velocity": VELOCITY_INDEX.get(one.engagement_velocity),
            "sales_to_support_days": days(one.sales_to_support_days),
            "zendesk_inactive": None if one.zendesk_active is None else 1.0 - one.zendesk_active,
            "channel": channel_risk.get(one.activity_channel),
        }
        value_index = weighted(value_parts, settings.value_weights)
        risk_index = weighted(risk_parts, settings.risk_weights)
        one.value_index, one.risk_index = six(value_index), six(risk_index)
        ties = [tie_distance(index) for index in (value_index, risk_index) if index is not None]
        one.closest_tie = min(ties, default=0.5)


def min_max(values: Iterable[float | None]) -> Callable[[float | None], float | None]:
    """Scaling to [0, 1] over the known values, in doubles; one half where they do not differ."""
    known = [float(value) for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)

    def scaled(value: float | None) -> float | None:
        if value is None:
            return None
        return 0.5 if high == low else (float(value) - low) / (high - low)

    return scaled


def channel_risks(customers: Sequence[Customer]) -> dict[str, float]:
    """1 for each activity channel whose mean health is below that of all customers, else 0.

    A channel none of whose customers has a known health is unknown, so it is left out.
    """
    by_channel: dict[str, list[Decimal]] = defaultdict(list)
    for one in customers:
        if one.activity_channel is not None and one.health is not None:
            by_channel[one.activity_channel].append(one.health_6)
    overall = mean(one.health_6 for one in customers)
    return {channel: float(mean(known) < overall) for channel, known in by_channel.items()}


def weighted(parts: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    """Weighted mean of the known parts, in doubles in the order of the weights.

    None where less than half of the weight is known; that comparison is exact, since 0.40 and 0.10
    are one half whatever their doubles add up to.
    """
    points = weight = 0.0
    share = Fraction(0)
    for name, part_weight in weights.items():
        if parts[name] is not None:
            points += parts[name] * part_weight
            weight += part_weight
            share += exact(part_weight)
    return None if share < Fraction(1, 2) else points / weight


def tie_distance(index: float) -> float:
    """How far a double is from a rounding tie, in millionths; 0.5 on the published grid.

    An exact tie counts as far: all orders of operations agree about it as long as they are exact.
    """
    rest = (index * MICRO) % 1.0
    return 0.5 if rest == 0.5 else abs(rest - 0.5)


ONE_THIRD, TWO_THIRDS = 0.3333333333333333, 0.6666666666666666


def cut_offs(indices: Iterable[Decimal | None]) -> tuple[float | None, float | None]:
    """Lower and upper tertile cut-off of the published indices, as doubles."""
    known = [index for index in indices if index is not None]
    return linear_quantile(known, ONE_THIRD), linear_quantile(known, TWO_THIRDS)


def set_tertiles(customers: Sequence[Customer]) -> None:
    """Place each customer above or not above the cut-offs."""
    value_bounds = cut_offs(one.value_index for one in customers)
    risk_bounds = cut_offs(one.risk_index for one in customers)
    for one in customers:
        one.value_tertile = tertile(one.value_index, *value_bounds)
        one.risk_tertile = tertile(one.risk_index, *risk_bounds)


def tertile(index: Decimal | None, lower: float | None, upper: float | None) -> str:
    """High above the upper cut-off, Medium above the lower one, else Low."""
    if index is None:
        return UNSCORED
    if float(index) > upper:
        return "High"
    return "Medium" if float(index) > lower else "Low"


# --------------------------------------------------------------------------------------------
# Marts
# --------------------------------------------------------------------------------------------

PLATFORMS = tuple("-".join(flags) for flags in product("01", repeat=3))
UNKNOWN = "Unknown"
UNMATCHED = "Unmatched"


def aggregates(cleaned: Cleaned, settings: Settings, as_of_date: date | str) -> dict[str, list]:
    """Every mart of the subject: name -> rows."""
    customers = join(cleaned, settings)
    if isinstance(as_of_date, str):
        as_of_date = date.fromisoformat(as_of_date)
    summary = {"as_of_date": as_of_date, **special_conversion_summary(cleaned, customers, settings)}
    return {
        "special_conversion_customers": special_conversion_customers(customers),
        "special_conversion_summary": [summary],
        "special_conversion_by_tier": special_conversion_by_tier(customers),
        "special_conversion_by_channel": special_conversion_by_channel(customers),
        "special_conversion_by_platforms": special_conversion_by_platforms(customers),
        "special_conversion_by_platform_count": special_conversion_by_platform_count(customers),
        "special_conversion_significance": special_conversion_significance(customers),
        "special_conversion_by_geography": special_conversion_by_geography(cleaned, customers),
        "customer_value_risk": customer_value_risk(customers),
        "value_risk_matrix": value_risk_matrix(customers),
        "value_risk_index_matrix": value_risk_index_matrix(customers),
        "value_risk_tertiles": value_risk_tertiles(customers),
        "risk_by_velocity": risk_by_velocity(customers),
    }


def members_of(customers: Iterable[Customer]) -> list[Customer]:
    """The customers of the cohort."""
    return [one for one in customers if one.is_member]


def mean_health(customers: Iterable[Customer]) -> Fraction | None:
    """Mean of the known health scores."""
    return mean(one.health_6 for one in customers)


def mean_ltv(customers: Iterable[Customer]) -> Fraction | None:
    """Mean of the known LTVs."""
    return mean(one.ltv_6 for one in customers)


def mean_score(scores: Iterable[int | None]) -> Fraction | None:
    """Mean of the known whole scores."""
    known = [score for score in scores if score is not None]
    return ratio(sum(known), len(known))


def difference(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    """The difference; None where one of the two is unknown."""
    return None if first is None or second is None else first - second


def special_conversion_customers(customers: Sequence[Customer]) -> list[Row]:
    """The members, with every figure used.

    A channel that the table lacks is `Unknown`, and so is a country or state that the matched
    address lacks; without an address they are None.
    """
    return [
        {
            "primary_email": one.primary_email,
            "customer_tier": one.customer_tier,
            "marketing_to_sales_days": one.marketing_to_sales_days,
            "sales_to_support_days": one.sales_to_support_days,
            "composite_engagement_score": one.composite_engagement_score,
            "recency_score": one.recency_score,
            "frequency_score": one.frequency_score,
            "monetary_score": one.monetary_score,
            "ltv": one.ltv,
            "value_ltv": one.value_ltv,
            "funnel_ltv": one.funnel_ltv,
            "tier_mean_ltv": one.tier_mean_ltv,
            "ltv_difference": difference(one.ltv_6, one.tier_mean_ltv),
            "tier_others_mean_ltv": one.others_mean_ltv,
            "ltv_difference_from_others": difference(one.ltv_6, one.others_mean_ltv),
            "health_score": one.health,
            "activity_channel": one.activity_channel or UNKNOWN,
            "funnel_channel": one.funnel_channel or UNKNOWN,
            "platforms": one.platforms,
            "number_of_platforms": one.number_of_platforms,
            "is_zendesk_active": None if one.zendesk_active is None else one.zendesk_active == 1,
            "activity_risk_level": one.activity_risk_level,
            "engagement_velocity": one.engagement_velocity,
            "country": one.address and (one.address["country"] or UNKNOWN),
            "state": one.address and (one.address["state"] or UNKNOWN),
        }
        for one in members_of(customers)
    ]


class Premium(NamedTuple):
    """How much more the members are worth than a mean of their tiers."""

    mean_difference: Fraction | None
    rate: Fraction | None


def premium(members: Iterable[Customer], compared: Callable[[Customer], Decimal | None]) -> Premium:
    """LTV of the members against `compared`, over those for whom both are known."""
    pairs = [
        (one.ltv_6, compared(one))
        for one in members
        if one.ltv is not None and compared(one) is not None
    ]
    differences = Fraction(sum(ltv - bound for ltv, bound in pairs))
    bounds = Fraction(sum(bound for _, bound in pairs))
    return Premium(ratio(differences, len(pairs)), ratio(differences, bounds))


def against_tier(members: Iterable[Customer]) -> Premium:
    """Against all customers of the tier."""
    return premium(members, lambda one: one.tier_mean_ltv)


def against_others(members: Iterable[Customer]) -> Premium:
    """Against the customers of the tier who are not members."""
    return premium(members, lambda one: one.others_mean_ltv)


def special_conversion_summary(
    cleaned: Cleaned, customers: Sequence[Customer], settings: Settings
) -> Row:
    """The cohort in one row."""
    members = members_of(customers)
    of_customers = Engagement.of(one.composite_engagement_score for one in customers)
    of_rows = Engagement.of(cleaned.engagement_scores)
    active = [one.zendesk_active for one in members if one.zendesk_active is not None]
    tier, others = against_tier(members), against_others(members)
    return {
        "customer_count": len(customers),
        "member_count": len(members),
        "engagement_average_customers": of_customers.mean,
        "engagement_average_rows": of_rows.mean,
        "member_count_row_average": sum(is_member(one, of_rows, settings) for one in customers),
        "mean_recency": mean_score(one.recency_score for one in members),
        "mean_frequency": mean_score(one.frequency_score for one in members),
        "mean_monetary": mean_score(one.monetary_score for one in members),
        "mean_ltv_difference": tier.mean_difference,
        "mean_ltv_difference_rate": tier.rate,
        "mean_ltv_difference_from_others": others.mean_difference,
        "mean_ltv_difference_from_others_rate": others.rate,
        "zendesk_active_rate": ratio(sum(active), len(active)),
        "mean_sales_to_support_days": mean(six(one.sales_to_support_days) for one in members),
        "ltv_source": settings.ltv_source,
    }


def special_conversion_by_tier(customers: Sequence[Customer]) -> list[Row]:
    """All six tiers, also those without customers. The tier's mean LTV is of all its customers."""
    rows = []
    for tier in TIERS:
        of_tier = [one for one in customers if one.customer_tier == tier]
        members = members_of(of_tier)
        rows.append(
            {
                "customer_tier": tier,
                "customer_count": len(of_tier),
                "member_count": len(members),
                "member_share": ratio(len(members), len(of_tier)),
                "tier_mean_ltv": mean_ltv(of_tier),
                "member_mean_ltv": mean_ltv(members),
                "mean_ltv_difference": against_tier(members).mean_difference,
                "mean_ltv_difference_rate": against_tier(members).rate,
                "mean_ltv_difference_from_others": against_others(members).mean_difference,
            }
        )
    return rows


def special_conversion_by_channel(customers: Sequence[Customer]) -> list[Row]:
    """Each channel of any customer, by the table that names it; no channel is `Unknown`."""
    members = members_of(customers)
    rows = []
    for source in ("activity", "funnel"):
        counts, member_counts = (
            Counter(getattr(one, f"{source}_channel") or UNKNOWN for one in group)
            for group in (customers, members)
        )
        rows.extend(
            {
                "channel_source": source,
                "channel": channel,
                "member_count": member_counts[channel],
                "member_share": ratio(member_counts[channel], len(members)),
                "customer_count": count,
                "customer_share": ratio(count, len(customers)),
            }
            for channel, count in sorted(counts.items())
        )
    return rows


def special_conversion_by_platforms(customers: Sequence[Customer]) -> list[Row]:
    """The eight combinations, and Unclassified if any customer is. Mean health is the members'."""
    members = members_of(customers)
    labels = list(PLATFORMS)
    if any(one.platforms == UNCLASSIFIED for one in customers):
        labels.append(UNCLASSIFIED)
    rows = []
    for label in labels:
        chosen = [one for one in members if one.platforms == label]
        rows.append(
            {
                "platforms": label,
                "number_of_platforms": None if label == UNCLASSIFIED else label.count("1"),
                "member_count": len(chosen),
                "member_share": ratio(len(chosen), len(members)),
                "mean_health": mean_health(chosen),
                "customer_count": sum(one.platforms == label for one in customers),
            }
        )
    return rows


def special_conversion_by_platform_count(customers: Sequence[Customer]) -> list[Row]:
    """Members by number of platforms; the share is of all members."""
    members = members_of(customers)
    rows = []
    for number in range(4):
        chosen = [one for one in members if one.number_of_platforms == number]
        rows.append(
            {
                "number_of_platforms": number,
                "member_count": len(chosen),
                "member_share": ratio(len(chosen), len(members)),
                "mean_health": mean_health(chosen),
            }
        )
    return rows


def special_conversion_significance(customers: Sequence[Customer]) -> list[Row]:
    """Does health differ between the platform groups? Over members with both known.

    Without any group the degrees of freedom are 0. Without an F there is no p.
    """
    measured = [
        one
        for one in members_of(customers)
        if one.health is not None and one.platforms in PLATFORMS
    ]
    coefficient = correlation(
        [Decimal(one.number_of_platforms) for one in measured], [one.health_6 for one in measured]
    )
    rows = []
    for comparison in ("platforms", "number_of_platforms"):
        groups: dict[Any, list[Decimal]] = defaultdict(list)
        for one in measured:
            groups[getattr(one, comparison)].append(one.health_6)
        statistic = f_statistic(list(groups.values()))
        between, within = max(len(groups) - 1, 0), len(measured) - len(groups)
        p_value = None
        if statistic is not None:
            p_value = round_half_up(paulson_p_value(statistic, between, within), 3)
        rows.append(
            {
                "comparison": comparison,
                "group_count": len(groups),
                "member_count": len(measured),
                "f_statistic": statistic,
                "between_degrees_of_freedom": between,
                "within_degrees_of_freedom": within,
                "p_value": p_value,
                "platform_health_correlation": coefficient,
            }
        )
    return rows


def special_conversion_by_geography(cleaned: Cleaned, customers: Sequence[Customer]) -> list[Row]:
    """How many addresses reach a customer, by system; then the members by country and state.

    Shares are of all members. The members of a system are those whose address comes from it; of
    the grain `all`, those who have an address. An address without a country or state counts as
    `Unknown`. Without any address the match rate is 0: the table says that nothing matched. The
    case of a system's name does not matter.
    """
    members = members_of(customers)
    chosen = {one.customer360_id for one in customers if one.customer360_id is not None}
    by_system: dict[str | None, list[str]] = defaultdict(list, {None: []})
    for customer360_id, address in cleaned.rows[ADDRESS].items():
        named = address["source_system"]
        for system in (None, UNKNOWN.lower() if named is None else named.lower()):
            by_system[system].append(customer360_id)

    def row(grain: str, system: str, country: str, state: str, member_count: int) -> Row:
        return {
            "grain": grain,
            "source_system": system,
            "country": country,
            "state": state,
            "address_count": None,
            "matched_address_count": None,
            "match_rate": None,
            "member_count": member_count,
            "member_share": ratio(member_count, len(members)),
        }

    rows = []
    for system, addresses in by_system.items():
        matched = sum(address in chosen for address in addresses)
        count = sum(one.address is not None and one.customer360_id in addresses for one in members)
        figures = {
            "address_count": len(addresses),
            "matched_address_count": matched,
            "match_rate": ratio(matched, len(addresses)) if addresses else 0,
        }
        grain = "all" if system is None else "source_system"
        rows.append({**row(grain, system or "", "", "", count), **figures})
    countries, states = Counter(), Counter()
    for one in members:
        country = state = UNMATCHED
        if one.address is not None:
            country, state = (one.address[name] or UNKNOWN for name in ("country", "state"))
        countries[country] += 1
        states[country, state] += 1
    rows += [row("country", "", country, "", count) for country, count in countries.items()]
    rows += [row("state", "", *place, count) for place, count in states.items()]
    return rows


def customer_value_risk(customers: Sequence[Customer]) -> list[Row]:
    """Every customer in the value x risk framework."""
    return [
        {
            "primary_email": one.primary_email,
            "customer_tier": one.customer_tier,
            "ltv": one.ltv,
            "health_score": one.health,
            "activity_risk_level": one.activity_risk_level,
            "engagement_velocity": one.engagement_velocity,
            "value_level": one.value_level,
            "is_value_level_known": one.ltv is not None and one.monetary_score is not None,
            "risk_level": one.risk_level,
            "is_risk_level_known": is_risk_level_known(one),
            "strategy": one.strategy,
            "customer_value_index": one.value_index,
            "customer_risk_index": one.risk_index,
            "value_tertile": one.value_tertile,
            "risk_tertile": one.risk_tertile,
            "is_red_flag": one.is_red_flag,
            "is_special_conversion": one.is_member,
        }
        for one in customers
    ]


def cell(customers: Sequence[Customer]) -> Row:
    """The figures that both matrices have."""
    return {
        "customer_count": len(customers),
        "member_count": len(members_of(customers)),
        "mean_health": mean_health(customers),
        "mean_ltv": mean_ltv(customers),
    }


def value_risk_matrix(customers: Sequence[Customer]) -> list[Row]:
    """All nine cells. The total LTV of a cell is unknown where none of its customers has one."""
    rows = []
    for value_level, level in product(LEVELS, LEVELS):
        chosen = [
            one for one in customers if (one.value_level, one.risk_level) == (value_level, level)
        ]
        rows.append(
            {
                "value_level": value_level,
                "risk_level": level,
                "strategy": STRATEGIES[value_level, level],
                "customer_share": ratio(len(chosen), len(customers)),
                "total_ltv": total(one.ltv_6 for one in chosen),
                **cell(chosen),
            }
        )
    return rows


def value_risk_index_matrix(customers: Sequence[Customer]) -> list[Row]:
    """Nine cells of tertiles, and those of unscored customers that occur."""
    cells: dict[tuple[str, str], list[Customer]] = {place: [] for place in product(LEVELS, LEVELS)}
    for one in customers:
        cells.setdefault((one.value_tertile, one.risk_tertile), []).append(one)
    return [
        {"value_tertile": place[0], "risk_tertile": place[1], **cell(chosen)}
        for place, chosen in cells.items()
    ]


def value_risk_tertiles(customers: Sequence[Customer]) -> list[Row]:
    """The cut-offs; the lowest tertile has none."""
    rows = []
    for name, part in (("customer_value_index", "value"), ("customer_risk_index", "risk")):
        lower, upper = cut_offs(getattr(one, f"{part}_index") for one in customers)
        counts = Counter(getattr(one, f"{part}_tertile") for one in customers)
        rows.extend(
            {
                "index_name": name,
                "tertile": level,
                "lower_bound": bound,
                "customer_count": counts[level],
            }
            for level, bound in (("High", upper), ("Medium", lower), ("Low", None))
        )
    return rows


def risk_by_velocity(customers: Sequence[Customer]) -> list[Row]:
    """All pairs of labels; mean health is that of all their customers."""
    rows = []
    for level, velocity in product((*RISK_INDEX, UNCLASSIFIED), (*VELOCITY_INDEX, UNCLASSIFIED)):
        chosen = [
            one
            for one in customers
            if (one.activity_risk_level, one.engagement_velocity) == (level, velocity)
        ]
        rows.append(
            {
                "activity_risk_level": level,
                "engagement_velocity": velocity,
                "customer_count": len(chosen),
                "member_count": len(members_of(chosen)),
                "mean_health": mean_health(chosen),
                "red_flag_count": sum(one.is_red_flag for one in chosen),
            }
        )
    return rows
