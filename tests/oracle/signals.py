"""Signals of accounts, computed a second time in plain Python: values, and the five states.

    pairs = account_customers(accounts, customers, mapping)   # account -> its main customer
    states = states_of(accounts, records, months, pairs, as_of_date)

`accounts` are those that `account_health.clean` returns, `records` the parsed documents of the
customer-success tools. The table of signals is typed in from the description (docs/signals.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from . import customer_success as success
from . import texts

Row = Mapping[str, Any]

LIMITS = {
    "adoption": 45,
    "engagement": 45,
    "support": 45,
    "commercial": 365,
    "relationship": 180,
    "customer_arr": 75,
    "win_rate_percentage": 730,
    "avg_sales_cycle_days": 730,
}
SATISFACTION = {"improving": 10.0, "stable": 30.0, "declining": 70.0, "critical": 95.0}
CONTRACTS = {"month-to-month": 30.0, "quarterly": 15.0}
SENTIMENTS = {"positive": 100.0, "neutral": 60.0, "negative": 20.0}


class State(NamedTuple):
    """What is known of one signal of one account."""

    state: str
    value: float | None = None
    text: str | None = None
    observed_on: date | None = None


@dataclass(frozen=True)
class Reading:
    """A value as it was found, before it is judged."""

    value: float | None
    applies: bool | None = True
    text: str | None = None
    is_label: bool = False
    is_dated: bool = False
    dated_on: date | None = None


# Signals of the account view -> family, the column that counts what must be there, the date.
OF_ACCOUNTS: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "days_since_last_activity": ("engagement", (), None),
    "total_activities_30d": ("engagement", (), None),
    "total_activities_90d": ("engagement", (), None),
    "activity_trend_30d": ("engagement", (), None),
    "is_declining_engagement": ("engagement", (), None),
    "total_won_amount": ("commercial", (), None),
    "days_since_last_win": ("commercial", ("won_opportunities",), None),
    "current_pipeline_amount": (
        "commercial",
        ("total_opportunities",),
        "latest_opportunity_date",
    ),
    "open_opportunities": ("commercial", ("total_opportunities",), "latest_opportunity_date"),
    "win_rate_percentage": (
        "commercial",
        ("won_opportunities", "lost_opportunities"),
        "latest_opportunity_date",
    ),
    "avg_sales_cycle_days": ("commercial", ("won_opportunities",), "last_won_date"),
    "avg_lead_conversion_days": (
        "commercial",
        ("total_converted_leads",),
        "latest_lead_conversion_date",
    ),
    "total_contacts": ("relationship", (), None),
    "contacts_with_email": ("relationship", ("total_contacts",), None),
    "contact_email_coverage": ("relationship", ("total_contacts",), None),
    "callable_contacts": ("relationship", ("total_contacts",), None),
    "emailable_contacts": ("relationship", ("total_contacts",), None),
    "unique_activity_owners": ("relationship", (), "days_since_last_activity"),
    "owner_is_active": ("relationship", (), None),
}

# Signals of the health records -> family, section.
OF_HEALTH = {
    "login_frequency": ("adoption", "usage"),
    "feature_adoption": ("adoption", "usage"),
    "dau_mau_ratio": ("adoption", "usage"),
    "meeting_attendance": ("engagement", "engagement"),
    "nps_score": ("engagement", "engagement"),
    "csat_score": ("support", "engagement"),
    "support_ticket_volume": ("support", "engagement"),
    "open_tickets": ("support", "support"),
    "escalation_rate": ("support", "support"),
    "avg_resolution_hours": ("support", "support"),
    "executive_sponsor_engagement": ("relationship", "relationship"),
    "multi_threading_depth": ("relationship", "relationship"),
    "renewal_sentiment": ("relationship", "relationship"),
}

# Signals of the churn records -> family, section, what may stand there.
OF_CHURN = {
    "login_trend": ("adoption", "usage_decline", "signed"),
    "feature_adoption_change": ("adoption", "usage_decline", "signed"),
    "dau_mau_change": ("adoption", "usage_decline", "signed"),
    "meeting_cancellations": ("engagement", "engagement_drop", "amount"),
    "response_time_days": ("engagement", "engagement_drop", "amount"),
    "nps_change": ("engagement", "engagement_drop", "signed"),
    "open_escalations": ("support", "support_issues", "amount"),
    "unresolved_critical": ("support", "support_issues", "amount"),
    "satisfaction_trend": ("support", "support_issues", "satisfaction"),
    "contract_type": ("commercial", "commercial_factors", "contract"),
    "pricing_complaints": ("commercial", "commercial_factors", "flag"),
    "budget_cuts_mentioned": ("commercial", "commercial_factors", "flag"),
    "champion_left": ("relationship", "relationship_signals", "flag"),
    "sponsor_change": ("relationship", "relationship_signals", "flag"),
    "competitor_mentions": ("relationship", "relationship_signals", "amount"),
}
OTHERS = {
    "seat_utilisation": "adoption",
    "customer_arr": "commercial",
    "days_to_contract_end": "commercial",
}


def family_of(signal: str) -> str:
    """The family of a signal."""
    for table in (OF_ACCOUNTS, OF_HEALTH, OF_CHURN):
        if signal in table:
            return table[signal][0]
    return OTHERS[signal]


# --------------------------------------------------------------------------------------------
# Customers of accounts
# --------------------------------------------------------------------------------------------


def clean_mapping(
    rows: Iterable[Row],
) -> tuple[list[tuple[str, str | None, str | None]], list[tuple[str | None, str]]]:
    """The rows of the mapping, each once, and the key and reason code of what was rejected."""
    kept: dict[tuple, None] = {}
    rejected = []
    for row in rows:
        account, customer, email = (
            texts.key(row.get(name)) for name in ("account_id", "customer_id", "primary_email")
        )
        entry = (account, customer, email.lower() if email else None)
        key = None if account is None else " ".join(part for part in entry if part)
        if account is None or (customer is None and email is None):
            rejected.append((key, "missing_key"))
        elif entry in kept:
            rejected.append((key, "duplicate_key"))
        else:
            kept[entry] = None
    return list(kept), rejected


def arr_of(records: Mapping[str, Sequence[Any]]) -> dict[str, float | None]:
    """Customer -> ARR of the first record that gives one; every recorded customer is there."""
    found: dict[str, float | None] = {}
    for tool in success.TOOLS:
        for customer, (_, record) in success.accepted(records[tool]).items():
            arr = success.number(record["arr"]) if "arr" in record else None
            if found.get(customer) is None:
                found[customer] = arr
    return found


def account_customers(
    accounts: Iterable[Row],
    arr: Mapping[str, float | None],
    mapping: Iterable[tuple[str, str | None, str | None]],
) -> dict[str, list[str]]:
    """Account -> its customers, the main one first. Without a mapping, equal ids match."""
    pairs = {(account, customer) for account, customer, _ in mapping if customer is not None}
    if not pairs:
        pairs = {(one["account_id"],) * 2 for one in accounts if one["account_id"] in arr}
    found: dict[str, list[str]] = {}
    for account, customer in pairs:
        found.setdefault(account, []).append(customer)
    for customers in found.values():
        customers.sort(key=lambda name: (name not in arr, *largest_first(arr.get(name)), name))
    return found


def largest_first(value: float | None) -> tuple:
    """Sort key: the largest first, the unknown last."""
    return (1, 0.0) if value is None else (0, -value)


# --------------------------------------------------------------------------------------------
# States
# --------------------------------------------------------------------------------------------


def states_of(
    accounts: Iterable[Row],
    records: Mapping[str, Sequence[Any]],
    months: Iterable[tuple[str, date, float | None]],
    pairs: Mapping[str, Sequence[str]],
    as_of_date: date,
) -> dict[tuple[str, str], State]:
    """(account, signal) -> state. `months` are customer, month and ARR, one per month."""
    by_tool = {
        tool: {name: record for name, (_, record) in success.accepted(records[tool]).items()}
        for tool in success.TOOLS
    }
    latest: dict[str, tuple[date, float | None]] = {}
    for customer, month, arr in months:
        if customer not in latest or month > latest[customer][0]:
            latest[customer] = (month, arr)
    recorded = {name for found in by_tool.values() for name in found}

    states = {}
    for account in accounts:
        customer = next(iter(pairs.get(account["account_id"], [])), None)
        readings = dict(account_readings(account, as_of_date))
        known = {tool: found.get(customer, {}) for tool, found in by_tool.items()}
        arr = latest.get(customer) if customer in recorded else None
        applies = has_customer(account, customer)
        for signal, reading in customer_readings(known, arr, applies, as_of_date):
            readings[signal] = reading
        for signal, reading in readings.items():
            states[account["account_id"], signal] = judge(signal, reading, as_of_date)
    return states


def has_customer(account: Row, customer: str | None) -> bool | None:
    """Whether there is usage to be measured; None if that is unknown."""
    won = account["total_won_amount"]
    return True if customer is not None else None if won is None else won > 0


def account_readings(account: Row, as_of_date: date) -> Iterable[tuple[str, Reading]]:
    """The signals of the account view."""
    for signal, (_, counts, dated_by) in OF_ACCOUNTS.items():
        values = [account[name] for name in counts]
        applies = None if None in values else sum(values) > 0 if values else True
        if signal == "days_since_last_win":
            last = day_of(account["last_won_date"])
            value = None if last is None else max(0, (as_of_date - last).days)
        else:
            value = account[signal]
        dated_on = None
        if dated_by == "days_since_last_activity":
            days = account[dated_by]
            dated_on = None if days is None else as_of_date - timedelta(min(days, 100_000))
        elif dated_by is not None:
            dated_on = day_of(account[dated_by])
        yield (
            signal,
            Reading(
                None if value is None else float(value),
                applies,
                is_dated=dated_by is not None,
                dated_on=dated_on,
            ),
        )


def day_of(moment: datetime | None) -> date | None:
    """The day of a moment."""
    return None if moment is None else moment.date()


def customer_readings(
    records: Mapping[str, Mapping],
    arr: tuple[date, float | None] | None,
    applies: bool | None,
    as_of_date: date,
) -> Iterable[tuple[str, Reading]]:
    """The signals of a customer; only what is really there and is what it should be."""
    for signal, (_, section) in OF_HEALTH.items():
        value = value_of(records["health"], section, signal)
        if signal == "renewal_sentiment":
            label = value.lower() if isinstance(value, str) else None
            label = label if label in SENTIMENTS else None
            yield signal, Reading(SENTIMENTS.get(label), applies, label, is_label=True)
        else:
            yield signal, Reading(success.measured(value), applies)

    for signal, (_, section, kind) in OF_CHURN.items():
        yield (
            signal,
            churn_reading(value_of(records["churn"], section, signal), kind, applies),
        )

    ends = success.contract_end(records["churn"].get("contract_end_date"))
    yield (
        "days_to_contract_end",
        Reading(None if ends is None else float((ends - as_of_date).days), applies),
    )
    month, amount = arr or (None, None)
    yield "customer_arr", Reading(amount, applies, is_dated=True, dated_on=month)

    licensed, active = (
        success.measured(value_of(records["expansion"], "contract", name))
        for name in ("licensed_seats", "active_seats")
    )
    share = None
    if licensed and active is not None:
        share = active / max(licensed, 1.0)
    has_seats = None if licensed is None else licensed > 0
    # As SQL has it: what is false on one side is false.
    both = (
        False if False in (applies, has_seats) else None if None in (applies, has_seats) else True
    )
    yield "seat_utilisation", Reading(share, both)


def value_of(record: Mapping, section: str, name: str) -> Any:
    """A value of a section; absent where the section is no object."""
    found = success.field(success.of_section(record, section), name)
    return success.Absent if found is success.Broken else found


def churn_reading(value: Any, kind: str, applies: bool | None) -> Reading:
    """A value of the churn records; unknown where it is absent or refused."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in ("satisfaction", "contract"):
        label = value.lower() if isinstance(value, str) else None
        if kind == "satisfaction":
            label = label if label in SATISFACTION else None
            return Reading(SATISFACTION.get(label), applies, label, is_label=True)
        points = None if label is None else CONTRACTS.get(label, 0.0)
        return Reading(points, applies, label, is_label=True)
    if kind == "flag":
        is_flag = isinstance(value, bool) or (is_number and value in (0, 1))
        return Reading(float(value) if is_flag else None, applies)
    if kind == "amount":
        return Reading(success.measured(value), applies)
    return Reading(success.number(value) if is_number else None, applies)


def judge(signal: str, reading: Reading, as_of_date: date) -> State:
    """The state of a signal: the first that applies."""
    if reading.applies is False:
        return State("not_applicable")
    if reading.value is None:
        return State("unknown")
    observed_on = reading.dated_on if reading.is_dated else as_of_date
    limit = LIMITS.get(signal, LIMITS[family_of(signal)])
    if observed_on is not None:
        observed_on = min(observed_on, as_of_date)
    state = "measured"
    if reading.is_dated and observed_on is not None and (as_of_date - observed_on).days > limit:
        state = "stale"
    elif reading.value == 0 and not reading.is_label:
        state = "measured_zero"
    return State(state, reading.value, reading.text, observed_on)


def scored_accounts(
    accounts: Iterable[Row], states: Mapping[tuple[str, str], State], metrics: Iterable[str]
) -> list[dict[str, Any]]:
    """The accounts with the values that five_families scores: measured ones, else unknown."""
    found = []
    for account in accounts:
        row = dict(account)
        for metric in metrics:
            state = states[account["account_id"], metric]
            row[metric] = state.value if state.state in ("measured", "measured_zero") else None
        found.append(row)
    return found
