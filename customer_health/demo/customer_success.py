"""Demo customer success: three files of JSON documents in the published shape, and monthly ARR.

The customers are the first accounts of the demo. Behind each stands a quality, drawn so that about
60 % come out green, 28 % yellow and 12 % red; usage, risk and growth follow it. On top come the
errors that staging must survive, each in a small share of the records. As many accounts again as
`FORMER` says were customers once: they have months of ARR, and no documents.
"""

import csv
import datetime
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from customer_health.demo import accounts
from customer_health.sql import literal

MONTHLY_ARR = "customer_success__monthly_arr"
COLUMNS = {
    "customer_id": "varchar",
    "month": "date",
    "arr": "double",
    "segment": "varchar",
    "industry": "varchar",
}

MOST_CUSTOMERS = 2_000

# Former customers, as a share of the customers.
FORMER = 0.125

MONTHS = 18

# The account's segment -> the customer's; a quarter of the mid-market pays like small business.
SEGMENTS = {
    "small business": "smb",
    "mid-market": "mid-market",
    "large": "mid-market",
    "enterprise": "enterprise",
}
ARR = {"enterprise": (100_000, 600_000), "mid-market": (25_000, 100_000), "smb": (3_000, 25_000)}

BANDS = {"green": 0.60, "yellow": 0.28, "red": 0.12}

# What the metrics are held against: targets, or the most that is tolerable where less is better.
TARGETS: dict[str, dict[str, dict[str, float]]] = {
    "enterprise": {
        "usage": {"login_frequency": 90, "feature_adoption": 80, "dau_mau_ratio": 0.5},
        "engagement": {
            "support_ticket_volume": -5,
            "meeting_attendance": 95,
            "nps_score": 9,
            "csat_score": 4.5,
        },
        "support": {"open_tickets": -10, "escalation_rate": -0.25, "avg_resolution_hours": -72},
        "relationship": {"executive_sponsor_engagement": 90, "multi_threading_depth": 5},
    },
    "mid-market": {
        "usage": {"login_frequency": 80, "feature_adoption": 70, "dau_mau_ratio": 0.4},
        "engagement": {
            "support_ticket_volume": -8,
            "meeting_attendance": 85,
            "nps_score": 8,
            "csat_score": 4.0,
        },
        "support": {"open_tickets": -15, "escalation_rate": -0.3, "avg_resolution_hours": -96},
        "relationship": {"executive_sponsor_engagement": 75, "multi_threading_depth": 3},
    },
    "smb": {
        "usage": {"login_frequency": 70, "feature_adoption": 60, "dau_mau_ratio": 0.3},
        "engagement": {
            "support_ticket_volume": -10,
            "meeting_attendance": 75,
            "nps_score": 7,
            "csat_score": 3.8,
        },
        "support": {"open_tickets": -20, "escalation_rate": -0.4, "avg_resolution_hours": -120},
        "relationship": {"executive_sponsor_engagement": 60, "multi_threading_depth": 2},
    },
}
GREEN_FROM = {"enterprise": 75, "mid-market": 70, "smb": 65}
DECIMALS = {"dau_mau_ratio": 3, "csat_score": 1, "escalation_rate": 3, "avg_resolution_hours": 1}

SENTIMENTS = {
    "green": ["positive"] * 7 + ["neutral"] * 3,
    "yellow": ["neutral"] * 6 + ["positive"] * 2 + ["negative", "unknown"],
    "red": ["negative"] * 6 + ["neutral"] * 3 + ["unknown"],
}
PLANS = ("starter", "professional", "enterprise", "enterprise_plus")
MODULES = (
    "core_platform",
    "analytics_module",
    "integrations_module",
    "api_access",
    "advanced_reporting",
    "security_module",
    "automation_module",
    "collaboration_module",
    "data_export",
    "custom_workflows",
    "sso_module",
    "audit_module",
)
DEPARTMENTS = (
    "sales",
    "marketing",
    "support",
    "finance",
    "engineering",
    "product",
    "operations",
    "hr",
    "legal",
)

Record = dict[str, Any]


@dataclass(frozen=True)
class Customer:
    """A customer of the demo, with what all tables about it agree on."""

    number: int
    customer_id: str
    name: str
    segment: str
    industry: str | None
    band: str
    # The score, 0-100, around which the metrics lie.
    quality: float
    # ARR of each month, None before the first and after the last one.
    arr_by_month: list[float | None]

    @property
    def arr(self) -> float:
        """The ARR of today."""
        return self.arr_by_month[-1] or 0.0


def customers(seed: int, as_of: datetime.date, count: int, account_count: int) -> list[Customer]:
    """Return `count` customers and the former ones, as far as there are accounts for them.

    A customer depends on the seed and on its own number, never on how many there are.
    """
    wanted = min(count + round(count * FORMER), account_count)
    with duckdb.connect() as connection:
        accounts.prepare(connection, wanted)
        rows = connection.execute(
            "select account_id, account_name, account_size_segment, industry_normalized"
            f" from ({accounts.query(seed, as_of)}) where trim(account_id) <> ''"
        ).fetchall()
    usable = list({row[0]: row for row in reversed(rows)}.values())[::-1]
    return [_customer(seed, number, number >= count, *row) for number, row in enumerate(usable)]


def document_files(seed: int, as_of: datetime.date) -> dict[str, Callable[[Customer], Record]]:
    """Return the tables of documents, and of each what makes a record of a customer."""
    return {
        "customer_success__health": lambda one: _health(_draw(seed, "health", one.number), one),
        "customer_success__churn": lambda one: _churn(_draw(seed, "churn", one.number), one, as_of),
        "customer_success__expansion": lambda one: _expansion(
            _draw(seed, "expansion", one.number), one
        ),
    }


def write_documents(
    target: Path, table: str, record: Callable[[Customer], Record], all_: list[Customer], seed: int
) -> None:
    """Write `{"customers": [...]}`; former customers have no record, a few others two."""
    with target.open("w", encoding="utf-8") as file:
        separator = '{"customers": [\n'
        for one in all_:
            if one.arr_by_month[-1] is None:
                continue
            for flawed in _flawed(_draw(seed, f"{table}/flaw", one.number), table, record(one)):
                file.write(separator + json.dumps(flawed))
                separator = ",\n"
        file.write(("\n" if separator == ",\n" else separator) + "]}\n")


def write_monthly_arr(
    connection: duckdb.DuckDBPyConnection,
    target: Path,
    format_: str,
    all_: list[Customer],
    seed: int,
    as_of: datetime.date,
) -> None:
    """Write the months of all customers, by customer and month."""
    with tempfile.TemporaryDirectory(prefix="customer-health-demo-") as folder:
        rows_file = Path(folder) / "rows.csv"
        with rows_file.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            for one in all_:
                writer.writerows(_months(_draw(seed, MONTHLY_ARR, one.number), one, as_of))
        columns = ", ".join(f"{name}: '{type_}'" for name, type_ in COLUMNS.items())
        connection.execute(
            f"copy (select * from read_csv({literal(str(rows_file))}, columns = {{{columns}}},"
            f" auto_detect = false, header = false)) to {literal(str(target))} ({format_})"
        )


def _draw(seed: int, stream: str, number: int) -> random.Random:
    return random.Random(f"{seed}/{stream}/{number}")


def _customer(
    seed: int,
    number: int,
    is_former: bool,
    account_id: str,
    name: str,
    account_segment: str | None,
    industry: str | None,
) -> Customer:
    draw = _draw(seed, "customer", number)
    label = (account_segment or "").strip().lower().replace("_", " ").replace("mid m", "mid-m")
    segment = SEGMENTS.get(label, "mid-market")
    if segment == "mid-market" and draw.random() < 0.25:
        segment = "smb"
    band = draw.choices(list(BANDS), list(BANDS.values()))[0]
    green = GREEN_FROM[segment]
    quality = {
        "green": draw.uniform(green + 4, 93),
        "yellow": draw.uniform(green - 21, green - 5),
        "red": draw.uniform(12, green - 32),
    }[band]
    labels = {known.lower(): known for known in accounts.INDUSTRIES}
    industry = industry and labels.get(industry.strip().lower(), industry.strip())
    months = _arr_by_month(draw, segment, band, is_former)
    return Customer(number, account_id, name, segment, industry, band, quality, months)


def _arr_by_month(
    draw: random.Random, segment: str, band: str, is_former: bool
) -> list[float | None]:
    """Return the ARR of each month: new in some month or before, grown and cut now and then."""
    low, high = ARR[segment]
    arr = low * (high / low) ** draw.random()
    last = draw.randrange(1, MONTHS) if is_former else MONTHS
    first = draw.randrange(1, MONTHS) if draw.random() < 0.2 else 0
    if is_former:
        first = min(first, last - 1)
    grows, shrinks = {"green": (0.055, 0.006), "yellow": (0.025, 0.015), "red": (0.005, 0.03)}[band]
    months: list[float | None] = []
    for month in range(MONTHS):
        change = draw.random()
        if change < grows:
            arr *= draw.uniform(1.05, 1.3)
        elif change > 1 - shrinks:
            arr *= draw.uniform(0.7, 0.95)
        months.append(round(arr, 2) if first <= month < last else None)
    return months


def _months(draw: random.Random, one: Customer, as_of: datetime.date) -> Iterator[list[Any]]:
    """Yield the rows of a customer; a contract that ended may leave a 0, or no row."""
    had_arr = False
    for place, arr in enumerate(one.arr_by_month):
        months = as_of.year * 12 + as_of.month - 1 - (MONTHS - 1 - place)
        month = datetime.date(months // 12, months % 12 + 1, 1)
        row = [one.customer_id, month, arr, one.segment, one.industry]
        flaw = draw.random()
        if arr is None:
            if had_arr and draw.random() < 0.5:
                yield [one.customer_id, month, 0.0, one.segment, one.industry]
            had_arr = False
            continue
        had_arr = True
        if flaw < 0.0004:
            row[2] = None
        elif flaw < 0.0008:
            row[2] = -arr
        elif flaw < 0.0012:
            row[0] = None
        elif flaw < 0.0016:
            yield [one.customer_id, month, round(arr / 2, 2), one.segment, one.industry]
        elif flaw < 0.003:
            row[3] = None
        yield row


def _common(draw: random.Random, one: Customer) -> Record:
    segment = one.segment if draw.random() < 0.97 else one.segment.title()
    return {"customer_id": one.customer_id, "name": one.name, "segment": segment, "arr": one.arr}


def _health(draw: random.Random, one: Customer) -> Record:
    record = _common(draw, one)
    for section, targets in TARGETS[one.segment].items():
        record[section] = {
            metric: _metric(draw, metric, target, one.quality) for metric, target in targets.items()
        }
    record["relationship"]["renewal_sentiment"] = draw.choice(SENTIMENTS[one.band])
    if draw.random() < 0.94:
        drift = draw.gauss(0, 5) + {"green": 1.5, "yellow": -1, "red": -5}[one.band]
        scores = [
            round(min(100.0, max(0.0, one.quality - drift + draw.gauss(0, 2))), 1) for _ in range(5)
        ]
        names = ("usage", "engagement", "support", "relationship", "overall")
        record["previous_period"] = {
            f"{name}_score": score for name, score in zip(names, scores, strict=True)
        }
        if draw.random() < 0.08:
            del record["previous_period"]["overall_score"]
    return record


def _metric(draw: random.Random, metric: str, target: float, quality: float) -> float:
    """Return a value that scores about the quality; a negative target is one to stay below."""
    share = min(1.1, max(0.0, draw.gauss(quality, 9) / 100))
    value = target * share if target > 0 else -target * max(0.0, 1 - share)
    if metric == "csat_score":
        value = min(5.0, max(1.0, value))
    if metric not in DECIMALS:
        # Whole numbers by chance, so that small ones keep their mean.
        return int(value + draw.random())
    return round(value, DECIMALS[metric])


def _churn(draw: random.Random, one: Customer, as_of: datetime.date) -> Record:
    """Signals of churn, the more the lower the quality is."""
    risk = max(0.0, min(1.0, (88 - one.quality) / 70 + draw.gauss(0, 0.12)))

    def happens(share: float) -> bool:
        return draw.random() < share * risk

    days = draw.randrange(-60, 0) if draw.random() < 0.015 else draw.randrange(0, 540)
    record = _common(draw, one)
    record["contract_end_date"] = (as_of + datetime.timedelta(days=days)).isoformat()
    record["usage_decline"] = {
        "login_trend": round(draw.gauss(6 - 40 * risk, 5), 1),
        "feature_adoption_change": round(draw.gauss(4 - 28 * risk, 4), 1),
        "dau_mau_change": round(draw.gauss(0.02 - 0.19 * risk, 0.03), 3),
    }
    record["engagement_drop"] = {
        "meeting_cancellations": sum(happens(0.8) for _ in range(4)),
        "response_time_days": round(draw.uniform(0.3, 1.5) + 7 * risk * draw.random(), 1),
        "nps_change": round(draw.gauss(0.5 - 5 * risk, 1)),
    }
    record["support_issues"] = {
        "open_escalations": sum(happens(0.7) for _ in range(3)),
        "unresolved_critical": sum(happens(0.6) for _ in range(2)),
        "satisfaction_trend": "critical"
        if happens(0.3)
        else "declining"
        if happens(0.7)
        else draw.choice(["stable", "stable", "improving"]),
    }
    record["relationship_signals"] = {
        "champion_left": happens(0.5),
        "sponsor_change": happens(0.5),
        "competitor_mentions": sum(happens(0.7) for _ in range(4)),
    }
    record["commercial_factors"] = {
        "contract_type": draw.choices(["annual", "quarterly", "month-to-month"], [8, 1, 1])[0],
        "pricing_complaints": happens(0.6),
        "budget_cuts_mentioned": happens(0.5),
    }
    return record


def _expansion(draw: random.Random, one: Customer) -> Record:
    """Seats, plan, modules and departments; good customers use more of what they have."""
    plan = {"smb": 0, "mid-market": 1, "enterprise": 2}[one.segment]
    plan = min(3, max(0, plan + draw.choice((-1, 0, 0, 0, 1))))
    licensed = max(3, round(one.arr / draw.uniform(350, 900)))
    used = min(1.05, max(0.1, draw.gauss(0.35 + one.quality / 160, 0.12)))
    modules = MODULES[: 1 + draw.randrange(4, len(MODULES))]
    usage = {}
    for module in modules:
        is_adopted = module == "core_platform" or draw.random() < one.quality / 130
        percent = round(draw.uniform(20, 100) * one.quality / 100) if is_adopted else 0
        usage[module] = {"adopted": is_adopted, "usage_pct": percent}
    departments = draw.sample(DEPARTMENTS, draw.randrange(2, len(DEPARTMENTS)))
    current = max(1, round(len(departments) * draw.uniform(0.3, 0.9)))
    record = _common(draw, one)
    record["contract"] = {
        "licensed_seats": licensed,
        "active_seats": round(licensed * used),
        "plan_tier": PLANS[plan],
        "available_tiers": list(PLANS),
    }
    record["product_usage"] = usage
    record["departments"] = {"current": departments[:current], "potential": departments[current:]}
    return record


def _section(table: str) -> str:
    """Return the section of a table that flaws hit."""
    return {"health": "support", "churn": "engagement_drop", "expansion": "contract"}[
        table.removeprefix("customer_success__")
    ]


def _flawed(draw: random.Random, table: str, record: Record) -> Iterator[Record]:
    """Yield the record, a small share of them spoilt, or twice, of which the last one counts."""
    section = _section(table)
    first = next(iter(record[section]))
    spoilers: list[Callable[[], Any]] = [
        lambda: record.update(arr=None),
        lambda: record.update(arr=f"{record['arr']}"),
        lambda: record.update(arr=-1.0),
        lambda: record.update(segment="strategic"),
        lambda: record.pop("segment"),
        lambda: record.pop(section),
        lambda: record.update({section: []}),
        lambda: record[section].update({first: "n/a"}),
        lambda: record[section].update({first: None}),
        lambda: record[section].update({first: float("nan")}),
        lambda: record[section].update({first: -3}),
        lambda: record.update(customer_id=" "),
        lambda: record.update(name=None),
    ]
    if "contract_end_date" in record:
        spoilers += [
            lambda: record.update(contract_end_date="2026-02-30"),
            lambda: record.update(contract_end_date="next spring"),
            lambda: record.pop("contract_end_date"),
        ]
    flaw = draw.random()
    if flaw < 0.002:
        yield {**record, "arr": 1.0}
    elif flaw < 0.003:
        # A record that nobody can be told to own.
        yield {key: value for key, value in record.items() if key != "customer_id"}
    elif flaw < 0.02:
        draw.choice(spoilers)()
    yield record
