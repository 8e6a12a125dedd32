"""Records of the customer-success suite that are known to break such code, and random ones.

A record is what its JSON document says. Documents that are no objects, or have no customer, stand
among them. All that is random comes from a seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from . import customer_success as oracle

AS_OF_DATE = date(2026, 6, 1)
Record = dict[str, Any]

# What may stand where a number is wanted.
NUMBERS: tuple[Any, ...] = (
    *(None, "5", "", "abc", "NaN", "Infinity", True, False, [], {}, [5], {"value": 5}),
    *(0, -0.0, 0.0, 1, 5.0, -1, -0.5, 0.1 + 0.2, 1e-9, 2.5, 1e15, 1e22, 1e300, -1e300),
    *(2**53, -(2**53), 2**53 + 2, 10**19, 10**40, 4503599627370495.5),
)
TEXTS: tuple[Any, ...] = (
    None,
    5,
    True,
    [],
    {},
    ["enterprise"],
    "",
    " ",
    "Other",
    "été",
    'a "b"\t\\',
)
SECTIONS: tuple[Any, ...] = (None, [], "text", "", 5, 0, True, False, {}, [{}])
FLAGS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 0.0, -0.0, 1e-300, "", "no", "false", "0", " ", [], [0], {}),
    *({"a": None}, "null"),
)

HEALTHY: Record = {
    "name": "Healthy",
    "segment": "mid-market",
    "arr": 50000,
    "usage": {"login_frequency": 80, "feature_adoption": 63, "dau_mau_ratio": 0.4},
    "engagement": {
        "support_ticket_volume": 2,
        "meeting_attendance": 85,
        "nps_score": 8,
        "csat_score": 4.0,
    },
    "support": {"open_tickets": 3, "escalation_rate": 0.06, "avg_resolution_hours": 24},
    "relationship": {
        "executive_sponsor_engagement": 60,
        "multi_threading_depth": 3,
        "renewal_sentiment": "positive",
    },
    "previous_period": {
        "usage_score": 90,
        "engagement_score": 94.9,
        "support_score": 70,
        "relationship_score": 92,
        "overall_score": 87.5,
    },
}
AT_RISK: Record = {
    "name": "At risk",
    "segment": "enterprise",
    "arr": 120000,
    "contract_end_date": "2026-07-31",
    "usage_decline": {
        "login_trend": -15,
        "feature_adoption_change": -10,
        "dau_mau_change": -0.08,
    },
    "engagement_drop": {"meeting_cancellations": 2, "response_time_days": 5, "nps_change": -3},
    "support_issues": {
        "open_escalations": 1,
        "unresolved_critical": 0,
        "satisfaction_trend": "declining",
    },
    "relationship_signals": {
        "champion_left": True,
        "sponsor_change": False,
        "competitor_mentions": 2,
    },
    "commercial_factors": {
        "contract_type": "quarterly",
        "pricing_complaints": True,
        "budget_cuts_mentioned": False,
    },
}
GROWING: Record = {
    "name": "Growing",
    "segment": "smb",
    "arr": 20000,
    "contract": {
        "licensed_seats": 50,
        "active_seats": 47,
        "plan_tier": "professional",
        "available_tiers": ["professional", "enterprise_plus", "enterprise"],
    },
    "product_usage": {
        "core_platform": {"adopted": True, "usage_pct": 85},
        "analytics_module": {"adopted": True, "usage_pct": 41.5},
        "api_access": {"adopted": False, "usage_pct": 0},
        "Own Module": {},
    },
    "departments": {"current": ["Sales", "marketing"], "potential": ["sales", "HR", "Finance"]},
}
NORMAL = {"health": HEALTHY, "churn": AT_RISK, "expansion": GROWING}


def changed(record: Mapping, path: str, value: Any) -> Record:
    """A copy with another value at a path; `oracle.Absent` takes the key away."""
    copy = deepcopy(dict(record))
    *sections, name = path.split("/")
    place = copy
    for section in sections:
        place = place[section]
    place.pop(name, None)
    if value is not oracle.Absent:
        place[name] = value
    return copy


def paths(record: Mapping, start: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a record and of its sections, with its value."""
    for name, value in record.items():
        yield f"{start}{name}", value
        if isinstance(value, dict):
            yield from paths(value, f"{start}{name}/")


def disturbed(tool: str) -> Iterator[Record]:
    """The normal record with one thing amiss: each key absent, and each bad value at each key."""
    normal = NORMAL[tool]
    for path, value in paths(normal):
        yield changed(normal, path, oracle.Absent)
        if isinstance(value, bool):
            choices = FLAGS
        elif isinstance(value, (int, float)):
            choices = NUMBERS
        elif isinstance(value, dict):
            choices = SECTIONS
        else:
            choices = TEXTS
        yield from (changed(normal, path, choice) for choice in choices)


def health_cases() -> Iterator[Record]:
    """Bounds of classes, trends and rules; segments; sentiments; sections alone."""
    for segment in ("enterprise", "MID-market", "Smb", "startup", "", " smb"):
        yield {"segment": segment}
        yield changed(HEALTHY, "segment", segment)
        place = oracle.SEGMENTS.index(segment.lower()) if segment.lower() in oracle.SEGMENTS else 1
        for metric in oracle.METRICS:
            for share in (0, 0.3, 0.5, 0.5 + 2**-50, 0.6, 0.6 - 2**-50, 1, 1.5):
                value = share * metric.benchmarks[place] if metric.benchmarks else "NEGATIVE"
                record = changed(HEALTHY, f"{metric.dimension}/{metric.name}", value)
                yield changed(record, "segment", segment)
    for value, name in (
        (7, "nps_score"),
        (6.999, "nps_score"),
        (3.5, "csat_score"),
        (3.49, "csat_score"),
    ):
        yield changed(HEALTHY, f"engagement/{name}", value)
    for value in ("Positive", "NEUTRAL", "negative", "unknown", "mixed", " positive"):
        yield changed(HEALTHY, "relationship/renewal_sentiment", value)
    for name in ("usage", "engagement", "support", "relationship"):
        yield {name: HEALTHY[name]}
        yield changed(HEALTHY, name, {})
    # Half of the weight is enough for the score, a little less is not.
    yield {"usage": HEALTHY["usage"], "support": HEALTHY["support"]}
    yield {"engagement": HEALTHY["engagement"], "relationship": HEALTHY["relationship"]}
    yield {
        "usage": {"login_frequency": 50, "feature_adoption": 50},
        "engagement": HEALTHY["engagement"],
        "support": {"open_tickets": 5},
    }
    # Exactly 5 more or less is stable, in doubles.
    for usage in range(0, 81, 4):
        record = changed(HEALTHY, "usage/feature_adoption", usage + 0.37)
        row, _ = oracle.health(record)
        for change in (-5, 5, -5.1, 5.1, -5.0000001, 5.0000001):
            previous = {
                f"{name}_score": row[f"{name}_score"] - change
                for name in ("usage", "engagement", "support", "relationship", "overall")
            }
            yield changed(record, "previous_period", previous)


def churn_cases() -> Iterator[Record]:
    """Dates, gaps of the published tiers, bounds of the warnings, labels."""
    days = (-4000, -366, -1, 0, 1, 29, 30, 31, 59, 60, 61, 89, 90, 91, 179, 180, 181, 365, 3000)
    for distance in days:
        end = AS_OF_DATE + timedelta(days=distance)
        yield changed(AT_RISK, "contract_end_date", end.isoformat())
        yield changed(AT_RISK, "contract_end_date", f"{end.isoformat()}T23:59:59+02:00")
    for end in (
        *("2026-7-1", "2026-07-1", "2026-7-01", "2026-7-12", "2026-7-1T00:00", "2026-11-1 "),
        *("2026-02-29", "2028-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-06-31"),
        *(" 2026-07-1", " 2026-07-01", "2026-07-01abc", "2026/07/01", "01-07-2026", "20260701"),
        *("", "2026", "2026-07", "2026-07-", "0000-01-01", "0001-01-01", "9999-12-31", "26-07-01"),
        *("12026-07-01", "2026-07-001", "2026-007-1", "-2026-07-1", "2026-07-01Z", "2026-1-1-1"),
        *(20260701, 2026.0701, True, None, [], ["2026-07-01"], {}, "not a date", "1900-02-29"),
    ):
        yield changed(AT_RISK, "contract_end_date", end)
    for value in (
        *(-20, -20.0, -19.999, -10, -9.99, -5, -5.000001, -4.99, -15, -14.99, -25, -33.4, -0.1),
        *(-0.10000000000000002, -0.09999, -0.2, -4, -2, -1.99, 0, 1, 12.5),
    ):
        for name in ("login_trend", "feature_adoption_change", "dau_mau_change"):
            yield changed(AT_RISK, f"usage_decline/{name}", value)
        yield changed(AT_RISK, "engagement_drop/nps_change", value)
    for value in (0, 0.5, 0.99, 1, 1.5, 1.999, 2, 2.5, 2.9, 3, 3.9, 4, 6.999, 7, 12, 100.25):
        for path in (
            "engagement_drop/meeting_cancellations",
            "engagement_drop/response_time_days",
            "support_issues/open_escalations",
            "support_issues/unresolved_critical",
            "relationship_signals/competitor_mentions",
        ):
            yield changed(AT_RISK, path, value)
    for value in ("Improving", "STABLE", "declining", "Critical", "worse", "", " critical"):
        yield changed(AT_RISK, "support_issues/satisfaction_trend", value)
    for value in ("Month-to-Month", "month-to-month", "QUARTERLY", "annual", "monthly", ""):
        yield changed(AT_RISK, "commercial_factors/contract_type", value)
    # Scores from the middle of one tier into the next, by tenths.
    for tenth in range(0, 400, 3):
        record = changed(AT_RISK, "usage_decline/login_trend", -tenth / 10)
        record["contract_end_date"] = "2026-06-15"
        yield changed(record, "relationship_signals/champion_left", tenth % 2 == 0)


def expansion_cases() -> Iterator[Record]:
    """Seats at the bound, every order of tiers, modules, departments, small and large ARR."""
    seats = ((100, 90), (100, 89.999), (0, 5), (0, 0), (10, 9), (-10, -9), (-10, -8), (0.5, 0.45))
    for licensed, active in (*seats, (1, 1), (3, 2.7), (7, 100), (1e9, 1e9), (True, True)):
        contract = {"licensed_seats": licensed, "active_seats": active}
        for segment in ("enterprise", "mid-market", "SMB", "startup", ""):
            yield {"segment": segment, "arr": 33333, "contract": contract}
    orders: tuple[Any, ...] = (
        ["starter", "professional", "enterprise", "enterprise_plus"],
        ["enterprise_plus", "enterprise", "professional", "starter"],
        ["Enterprise_Plus", "ENTERPRISE", "enterprise"],
        ["enterprise", "ENTERPRISE"],
        ["enterprise_plus"],
        ["free", "custom", ""],
        [],
        *(None, "enterprise", 5, {}, ["enterprise", None], [5], [["enterprise"]], [True]),
    )
    for plan in (
        "starter",
        "Professional",
        "ENTERPRISE",
        "enterprise_plus",
        "free",
        "",
        " starter",
    ):
        for available in orders:
            for arr in (100000, 0.14):
                yield {"arr": arr, "contract": {"plan_tier": plan, "available_tiers": available}}
    amounts = (0, -5000, 0.15, 0.3, 0.5, 1.25, 2.5, 7.5, 12.5, 54999.99, 1e9, 123456.789, 62.5)
    for arr in (*amounts, 400000, 1111111.5):
        yield changed(GROWING, "arr", arr)
        yield changed(changed(GROWING, "arr", arr), "contract/available_tiers", orders[1])
        yield changed(changed(GROWING, "arr", arr), "segment", "enterprise")
    for name in (*oracle.MODULES, "Analytics_Module", "CORE_PLATFORM", "", "new", "a.b", 'q"$[0]'):
        for adopted in FLAGS:
            yield {"arr": 10000, "product_usage": {name: {"adopted": adopted, "usage_pct": 30}}}
    for module in (None, [], "yes", 5, True, {}, {"adopted": True}):
        yield changed(GROWING, "product_usage/Own Module", module)
        yield {"arr": 10000, "product_usage": {"sso_module": module}}
    for share in NUMBERS:
        for adopted in (True, False):
            module = {"adopted": adopted, "usage_pct": share}
            usage = {"a": {"adopted": True, "usage_pct": 33.3}, "b": module}
            yield {"arr": 10000, "product_usage": usage}
    lists: tuple[Any, ...] = (
        *([], ["Sales"], ["sales", "SALES", "sales"], ["HR", "hr", "Données", "DONNÉES"], [""]),
        *(None, "sales", 5, {}, {"a": 1}, [None], ["HR", 5], [["HR"]], [True], [{}]),
    )
    for current in lists:
        for potential in lists:
            yield {"arr": 77777, "departments": {"current": current, "potential": potential}}


# Documents that stand for no customer, or for one that is there already.
def strange(normal: Mapping) -> list[Any]:
    """Ids of all kinds, duplicates, what is no object."""
    other = changed(normal, "arr", 777)
    ids = (
        *(None, "", " ", "   ", True, False, [], {}, ["S-1"], 17, 18.5, -3, 0, "S-1", " S-1 "),
        *(
            "twice",
            "other",
            "twice",
            "thrice",
            "thrice",
            "thrice",
            "17",
            "ünïcode-株",
            'it\'s; "x"',
            "s-1",
            "\u00a0S-2\u3000",
            "S-2",
            "\tS-3",
            "S-3\n",
        ),
    )
    records: list[Any] = []
    for place, value in enumerate(ids):
        record = normal if place % 2 else other
        records.append({"customer_id": value, **record, "unknown_key": {"deep": [1, 2]}})
    records += [normal, {}, [], [1], "text", "", 5, None, True, {"unparsable": "{oops"}]
    # Only alone does that key tell of what was no JSON.
    records += [
        {"unparsable": "a field", "customer_id": "U-1", **normal},
        {"customer_id": "U-2", **normal, "unparsable": {"of": "its own"}},
        {"customer_id": None, **normal, "unparsable": "null is no id"},
    ]
    # The last record of a customer counts, even if it says little.
    records += [
        {"customer_id": "emptied", **normal},
        {"customer_id": "emptied"},
        {"customer_id": "spoilt", **normal},
        {"customer_id": "spoilt", "name": None, "segment": None, "arr": "lots"},
    ]
    return records


def picked(source: random.Random, choices: Sequence[Any], bad: Sequence[Any]) -> Any:
    """Mostly a good value; now and then a bad one, or none at all."""
    chance = source.random()
    if chance < 0.02:
        return source.choice(bad)
    return oracle.Absent if chance < 0.08 else source.choice(choices)


def without_absent(values: Mapping[str, Any]) -> Record:
    """Only the keys that are there."""
    return {name: value for name, value in values.items() if value is not oracle.Absent}


def near(source: random.Random, most: float) -> list[Any]:
    """Values up to a bound, whole and with decimals, and some on quarters."""
    return [
        source.randint(0, math_ceil(most)),
        round(source.uniform(0, most), 1),
        round(source.uniform(0, most), 3),
        source.randint(0, 8) * most / 8,
        source.uniform(0, most),
    ]


def math_ceil(value: float) -> int:
    """The next whole number."""
    return int(-(-value // 1))


def common(source: random.Random, place: int) -> Record:
    """What the records of all tools have."""
    segments = ("enterprise", "mid-market", "smb", "Enterprise", "SMB", "startup")
    arr = [
        source.randint(1, 400_000),
        round(source.uniform(1, 400_000), 2),
        source.randint(1, 400) * 1000,
        source.randint(0, 9) + 0.5,
    ]
    return {
        "name": picked(source, [f"Company {place}", f"Société “{place}”"], TEXTS),
        "segment": picked(source, segments, TEXTS),
        "arr": picked(source, arr, NUMBERS),
    }


def random_health(source: random.Random, place: int) -> Record:
    """A record of the health scores."""
    record = common(source, place)
    for dimension in oracle.DIMENSIONS:
        section = {}
        for metric in oracle.METRICS:
            if metric.dimension != dimension:
                continue
            if metric.benchmarks is None:
                labels = ("positive", "Neutral", "negative", "unknown", "mixed")
                section[metric.name] = picked(source, labels, TEXTS)
            else:
                most = 1.2 * max(metric.benchmarks)
                section[metric.name] = picked(source, near(source, most), NUMBERS)
        record[dimension] = picked(source, [without_absent(section)], SECTIONS)
    previous = {
        f"{name}_score": picked(source, [*near(source, 100), None], NUMBERS)
        for name in ("usage", "engagement", "support", "relationship", "overall")
    }
    record["previous_period"] = picked(source, [without_absent(previous)], SECTIONS)
    return record


def random_churn(source: random.Random, place: int) -> Record:
    """A record of the churn signals."""
    record = common(source, place)
    scale = source.choice((0.3, 1.0, 1.7))
    most = {
        **{"login_trend": -30, "feature_adoption_change": -25, "dau_mau_change": -0.2},
        **{"meeting_cancellations": 4, "response_time_days": 8, "nps_change": -5},
        **{"unresolved_critical": 2, "open_escalations": 3, "competitor_mentions": 4},
    }
    sections: dict[str, Record] = {}
    for name, (section, _) in oracle.CHURN_FIELDS.items():
        if name in oracle.FLAGS:
            value = picked(source, (True, False, False), FLAGS)
        elif name == "satisfaction_trend":
            value = picked(source, ("improving", "Stable", "declining", "CRITICAL", "odd"), TEXTS)
        elif name == "contract_type":
            labels = ("annual", "multi-year", "Quarterly", "Month-to-Month")
            value = picked(source, labels, TEXTS)
        else:
            sign = -1 if most[name] < 0 else 1
            sizes = [sign * size for size in near(source, abs(most[name]) * scale)]
            value = picked(source, [*sizes, -sizes[1]], NUMBERS)
        sections.setdefault(section, {})[name] = value
    for name, section in sections.items():
        record[name] = picked(source, [without_absent(section)], SECTIONS)
    end = AS_OF_DATE + timedelta(days=source.randint(-60, 400))
    record["contract_end_date"] = picked(source, [end.isoformat()], ("soon", 5, None, "2026-02-30"))
    return record


def random_expansion(source: random.Random, place: int) -> Record:
    """A record of the expansion signals."""
    record = common(source, place)
    licensed = source.randint(1, 500)
    tiers = ["starter", "Professional", "enterprise", "enterprise_plus", "free"]
    contract = {
        "licensed_seats": picked(source, [licensed], NUMBERS),
        "active_seats": picked(
            source, [licensed, round(licensed * source.uniform(0.7, 1.1))], NUMBERS
        ),
        "plan_tier": picked(source, tiers, TEXTS),
        "available_tiers": picked(
            source, [tiers[:4], source.sample(tiers, source.randint(0, 5))], (None, 5, [None], "x")
        ),
    }
    modules = {}
    for name in source.sample([*oracle.MODULES, "mobile_app", "SSO_Module"], source.randint(0, 9)):
        shares = [source.randint(0, 100), round(source.uniform(0, 130), 2)]
        module = {
            "adopted": picked(source, (True, False), FLAGS),
            "usage_pct": picked(source, shares, NUMBERS),
        }
        modules[name] = picked(source, [without_absent(module)] * 9, (None, [], "yes"))
    names = ["Sales", "sales", "HR", "Finance", "legal", "Support", "données"]
    departments = {
        "current": picked(source, [source.sample(names, source.randint(0, 5))], (None, 5, [5])),
        "potential": picked(
            source, [source.sample(names, source.randint(0, 5))], (None, "HR", [{}])
        ),
    }
    record["contract"] = picked(source, [without_absent(contract)], SECTIONS)
    record["product_usage"] = picked(source, [without_absent(modules)], SECTIONS)
    record["departments"] = picked(source, [without_absent(departments)], SECTIONS)
    return record


CASES = {"health": health_cases, "churn": churn_cases, "expansion": expansion_cases}
RANDOM = {"health": random_health, "churn": random_churn, "expansion": random_expansion}


def documents(tool: str, random_count: int = 2000, seed: int = 20260601) -> list[str]:
    """The documents of a tool: adversarial ones, then random ones of the same customers."""
    # Of the random customers each tool lacks some.
    lacks = {"health": 17, "churn": 7, "expansion": 11}[tool]
    records = strange(NORMAL[tool])
    handmade = [*disturbed(tool), *CASES[tool]()]
    records += [{"customer_id": f"A-{place:05}", **record} for place, record in enumerate(handmade)]
    source = random.Random(f"{tool} {seed}")
    for place in range(random_count):
        record = RANDOM[tool](source, place)
        if place % lacks:
            records.append({"customer_id": f"R-{place:05}", **without_absent(record)})
    return [json.dumps(record, ensure_ascii=place % 2 == 0) for place, record in enumerate(records)]


def write_tables(documents_of: Mapping[str, Sequence[str]], folder: Path) -> None:
    """Write the raw tables as parquet files."""
    folder.mkdir(parents=True)
    for tool, texts in documents_of.items():
        lines = folder / f"{tool}.lines"
        rows = (
            json.dumps({"record_number": place, "customer_id": str(place), "document": document})
            for place, document in enumerate(texts, 1)
        )
        lines.write_text("\n".join(rows), encoding="utf-8")
        columns = "{record_number: 'bigint', customer_id: 'varchar', document: 'varchar'}"
        duckdb.execute(
            f"copy (from read_json('{lines}', format = 'newline_delimited', columns = {columns}))"
            f" to '{folder / f'customer_success__{tool}.parquet'}'"
        )
        lines.unlink()


def write_files(documents_of: Mapping[str, Sequence[str]], folder: Path) -> None:
    """Write the files as the published scripts read them, one of them with a record on each line.

    Python writes NaN as a bare word, so it stands there as such.
    """
    folder.mkdir(parents=True)
    for tool, texts in documents_of.items():
        between = ",\n" if tool == "churn" else ", "
        body = between.join(texts).replace(': "NaN"', ": NaN")
        path = folder / f"customer_success__{tool}.json"
        path.write_text(
            f'{{"version": {{"customers": 3}}, "customers": [{between[1:]}{body}], "end": []}}\n',
            encoding="utf-8",
        )
