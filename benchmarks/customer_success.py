# ruff: noqa: E501
"""Measure the customer-success tools against a plain Python loop that follows the published method.

python benchmarks/customer_success.py [--customers 1000000] [--tools health,churn,expansion] [--repeats 1] [--folder DIR]

For each tool a file of customers is generated (seeded, written as a stream), and read by
  plain     the loop below: json.load, one customer after the other, json.dump of the report
  steps     the project step by step: `customer-health load`, `dbt build` of the tool's models, `customer-health export`;
            what dbt does in the first build of an installation alone (`dbt parse`) is a line of its own, in no sum
  one       the project in one command: `customer-health export customer-success --from FILE`

Wall and CPU seconds (user and system, of all children) and the peak memory of the process tree; medians over the
repeats. Exit status 1 if the two reports differ in a customer.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
BIN = Path(sys.executable).parent
AS_OF_DATE = date(2026, 6, 1)
SEED = 20260601
CONTESTANTS = ("plain", "steps", "one")
SEGMENTS = ("enterprise", "mid-market", "smb")
MARTS = {
    "health": ("customer_success_health", "customer_success_recommendations"),
    "churn": ("customer_success_churn_risk", "customer_success_warnings"),
    "expansion": ("customer_success_expansion", "customer_success_opportunities"),
}

# --------------------------------------------------------------------------------------------
# Customers
# --------------------------------------------------------------------------------------------


def common(source, place):
    segment = SEGMENTS[place % 3]
    arr = source.randint(
        *{
            "enterprise": (100_001, 900_000),
            "mid-market": (25_000, 100_000),
            "smb": (2_000, 24_999),
        }[segment]
    )
    return {
        "customer_id": f"CUST-{place:07}",
        "name": f"Customer {place}",
        "segment": segment,
        "arr": arr,
    }


def health_customer(source, place):
    level = source.random()

    def share(target):
        return round(target * min(1.2, max(0, source.gauss(0.35 + 0.7 * level, 0.15))), 1)

    return {
        **common(source, place),
        "usage": {"login_frequency": share(85), "feature_adoption": share(75), "dau_mau_ratio": round(share(45) / 100, 3)},
        "engagement": {
            "support_ticket_volume": source.randint(0, 14),
            "meeting_attendance": share(90),
            "nps_score": source.randint(0, 10),
            "csat_score": round(source.uniform(2, 5), 1),
        },
        "support": {
            "open_tickets": source.randint(0, 18),
            "escalation_rate": round(source.uniform(0, 0.35), 3),
            "avg_resolution_hours": source.randint(4, 130),
        },
        "relationship": {
            "executive_sponsor_engagement": share(80),
            "multi_threading_depth": source.randint(0, 7),
            "renewal_sentiment": source.choice(("positive", "neutral", "negative", "unknown")),
        },
        "previous_period": {name: round(source.uniform(20, 100), 1) for name in ("usage_score", "engagement_score", "support_score", "relationship_score", "overall_score")},
    }  # fmt: skip


def churn_customer(source, place):
    level = source.random()
    return {
        **common(source, place),
        "contract_end_date": (AS_OF_DATE + timedelta(days=source.randint(-30, 500))).isoformat(),
        "usage_decline": {
            "login_trend": source.randint(-30, 10),
            "feature_adoption_change": round(source.uniform(-25, 10), 1),
            "dau_mau_change": round(source.uniform(-0.15, 0.05), 3),
        },
        "engagement_drop": {
            "meeting_cancellations": source.randint(0, 4),
            "response_time_days": source.randint(0, 9),
            "nps_change": source.randint(-5, 3),
        },
        "support_issues": {
            "open_escalations": source.randint(0, 3),
            "unresolved_critical": source.randint(0, 2),
            "satisfaction_trend": source.choice(("improving", "stable", "declining", "critical")),
        },
        "relationship_signals": {
            "champion_left": level < 0.15,
            "sponsor_change": 0.1 < level < 0.25,
            "competitor_mentions": source.randint(0, 4),
        },
        "commercial_factors": {
            "contract_type": source.choice(("annual", "multi-year", "quarterly", "month-to-month")),
            "pricing_complaints": level > 0.8,
            "budget_cuts_mentioned": level > 0.9,
        },
    }


def expansion_customer(source, place):
    licensed = source.randint(5, 500)
    names = list(FRACTIONS)
    return {
        **common(source, place),
        "contract": {
            "licensed_seats": licensed,
            "active_seats": round(licensed * source.uniform(0.6, 1)),
            "plan_tier": source.choice(("starter", "professional", "enterprise")),
            "available_tiers": ["professional", "enterprise", "enterprise_plus"],
        },
        "product_usage": {
            name: {"adopted": source.random() < 0.6, "usage_pct": source.randint(0, 100)}
            for name in source.sample(names, source.randint(3, 7))
        },
        "departments": {
            "current": source.sample(DEPARTMENTS, source.randint(1, 4)),
            "potential": source.sample(DEPARTMENTS, source.randint(0, 4)),
        },
    }


DEPARTMENTS = ("sales", "marketing", "support", "finance", "engineering", "product", "legal", "hr")
CUSTOMERS = {"health": health_customer, "churn": churn_customer, "expansion": expansion_customer}


def generate(tool, count, path):
    """Write the customers one by one, so that memory does not grow with them."""
    source = random.Random(f"{tool} {SEED}")
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write('{"customers": [')
        for place in range(count):
            file.write((", " if place else "") + json.dumps(CUSTOMERS[tool](source, place)))
        file.write("]}\n")
    partial.rename(path)


# --------------------------------------------------------------------------------------------
# The plain loop
# --------------------------------------------------------------------------------------------


def clamp(value):
    return max(0.0, min(100.0, value))


# Targets and maxima in the order of the fields, then the cut-offs of green and yellow.
BENCHMARKS = {
    "enterprise": (90, 80, 0.50, 5, 95, 9, 4.5, 10, 0.25, 72, 90, 5, 75, 50),
    "mid-market": (80, 70, 0.40, 8, 85, 8, 4.0, 15, 0.30, 96, 75, 3, 70, 45),
    "smb": (70, 60, 0.30, 10, 75, 7, 3.8, 20, 0.40, 120, 60, 2, 65, 40),
}
SENTIMENTS = {"positive": 100.0, "neutral": 60.0, "negative": 20.0}
WEIGHTS = {"usage": "30%", "engagement": "25%", "support": "20%", "relationship": "25%"}


def plain_health(customers):
    rows = []
    for customer in customers:
        segment = customer.get("segment", "mid-market").lower()
        (logins, adopts, daus, tickets, meetings, promoters, csats, opens, escalates, resolves, sponsors, threads, green, yellow) = BENCHMARKS.get(segment, BENCHMARKS["mid-market"])  # fmt: skip
        usage = customer.get("usage", {})
        login = clamp(usage.get("login_frequency", 0) / logins * 100)
        adoption = clamp(usage.get("feature_adoption", 0) / adopts * 100)
        dau_mau = clamp(usage.get("dau_mau_ratio", 0) / daus * 100)
        engagement = customer.get("engagement", {})
        ticket = clamp((1 - engagement.get("support_ticket_volume", 0) / tickets) * 100)
        attendance = clamp(engagement.get("meeting_attendance", 0) / meetings * 100)
        nps = engagement.get("nps_score", 5)
        csat = engagement.get("csat_score", 3.0)
        support = customer.get("support", {})
        open_tickets = support.get("open_tickets", 0)
        escalation = support.get("escalation_rate", 0)
        hours = support.get("avg_resolution_hours", 0)
        relationship = customer.get("relationship", {})
        sponsor = clamp(relationship.get("executive_sponsor_engagement", 0) / sponsors * 100)
        threading = relationship.get("multi_threading_depth", 1)
        sentiment = relationship.get("renewal_sentiment", "unknown").lower()
        scores = {
            "usage": round(0.35 * login + 0.40 * adoption + 0.25 * dau_mau, 1),
            "engagement": round(0.20 * ticket + 0.30 * attendance + 0.25 * clamp(nps / promoters * 100) + 0.25 * clamp(csat / csats * 100), 1),
            "support": round(0.35 * clamp((1 - open_tickets / opens) * 100) + 0.35 * clamp((1 - escalation / escalates) * 100) + 0.30 * clamp((1 - hours / resolves) * 100), 1),
            "relationship": round(0.35 * sponsor + 0.30 * clamp(threading / threads * 100) + 0.35 * SENTIMENTS.get(sentiment, 50.0), 1),
        }  # fmt: skip
        overall = round(0.30 * scores["usage"] + 0.25 * scores["engagement"] + 0.20 * scores["support"] + 0.25 * scores["relationship"], 1)  # fmt: skip
        previous = customer.get("previous_period", {})
        trends = {}
        for name, score in (*scores.items(), ("overall", overall)):
            before = previous.get(f"{name}_score")
            if before is None:
                trends[name] = "no_data"
            else:
                change = score - before
                trends[name] = "improving" if change > 5 else "declining" if change < -5 else "stable"  # fmt: skip
        recommendations = []
        if login < 60:
            recommendations.append("Plan an engagement session to bring users back.")
        if adoption < 50:
            recommendations.append("Offer a guided walkthrough of the features that are not used.")
        if dau_mau < 50:
            recommendations.append("Find out what keeps the daily use shallow.")
        if attendance < 60:
            recommendations.append("Rethink rhythm and agenda of the meetings.")
        if nps < 7:
            recommendations.append("Go through the feedback in detail.")
        if csat < 3.5:
            recommendations.append("Bring the satisfaction to the support leadership.")
        if open_tickets > opens * 0.5:
            recommendations.append("Resolve the open tickets first.")
        if escalation > escalates * 0.5:
            recommendations.append("Review process and training of the support.")
        if hours > resolves * 0.5:
            recommendations.append("Agree on resolution times with the support leadership.")
        if sponsor < 50:
            recommendations.append("Arrange a meeting of the executives.")
        if threading < 2:
            recommendations.append("Win contacts in other departments.")
        if sentiment == "negative":
            recommendations.append("Start a save plan now.")
        rows.append(
            {
                "customer_id": customer.get("customer_id", "unknown"),
                "name": customer.get("name", "Unknown"),
                "segment": segment,
                "arr": customer.get("arr", 0),
                "overall_score": overall,
                "classification": level(overall, green, yellow),
                "dimensions": {
                    name: {"score": score, "weight": WEIGHTS[name], "classification": level(score, green, yellow)}
                    for name, score in scores.items()
                },
                "trends": trends,
                "recommendations": recommendations,
            }
        )  # fmt: skip
    count = len(rows)
    summary = {
        "total_customers": count,
        "average_score": round(sum(row["overall_score"] for row in rows) / count, 1) if count else 0,
        **{f"{name}_count": sum(row["classification"] == name for row in rows) for name in ("green", "yellow", "red")},
    }  # fmt: skip
    return {"report": "customer_health_scores", "summary": summary, "customers": rows}


def level(score, green, yellow):
    return "green" if score >= green else "yellow" if score >= yellow else "red"


SIGNALS = {"usage_decline": "30%", "engagement_drop": "25%", "support_issues": "20%", "relationship_signals": "15%", "commercial_factors": "10%"}  # fmt: skip
SATISFACTION = {"improving": 10.0, "stable": 30.0, "declining": 70.0, "critical": 95.0}
ORDER = {"critical": 0, "high": 1, "medium": 2}
ACTIONS = {
    "critical": ["Call the executives within 48 hours.", "Write a save plan with milestones.", "Prepare concessions.", "Form a rescue team.", "Meet daily.", "Prepare the competitive defence."],
    "high": ["Call within a week.", "Find the root cause.", "Plan the recovery over 30 days.", "Win the sponsor back.", "Speed up what is pending.", "Meet weekly."],
    "medium": ["Check in within two weeks.", "Share success stories.", "Offer training.", "Compare usage with the goals.", "Ask for concerns.", "Look again every two weeks."],
    "low": ["Keep the cadence.", "Share product news.", "Follow the health trend.", "Share insights.", "Prepare the renewal within 90 days of it."],
}  # fmt: skip


def negative(value):
    return abs(value) if value < 0 else 0


def plain_churn(customers):
    from datetime import datetime

    now = datetime.combine(AS_OF_DATE, datetime.min.time())
    rows = []
    for customer in customers:
        usage = customer.get("usage_decline", {})
        login = usage.get("login_trend", 0)
        adoption = usage.get("feature_adoption_change", 0)
        dau_mau = usage.get("dau_mau_change", 0)
        engagement = customer.get("engagement_drop", {})
        cancelled = engagement.get("meeting_cancellations", 0)
        response = engagement.get("response_time_days", 1)
        nps = engagement.get("nps_change", 0)
        support = customer.get("support_issues", {})
        escalations = support.get("open_escalations", 0)
        unresolved = support.get("unresolved_critical", 0)
        satisfaction = support.get("satisfaction_trend", "stable").lower()
        relationship = customer.get("relationship_signals", {})
        champion = relationship.get("champion_left", False)
        sponsor = relationship.get("sponsor_change", False)
        mentions = relationship.get("competitor_mentions", 0)
        commercial = customer.get("commercial_factors", {})
        contract = commercial.get("contract_type", "annual").lower()
        complaints = commercial.get("pricing_complaints", False)
        cuts = commercial.get("budget_cuts_mentioned", False)

        scores = {
            "usage_decline": round(0.40 * clamp(negative(login) * 3) + 0.35 * clamp(negative(adoption) * 4) + 0.25 * clamp(negative(dau_mau) * 500), 1),
            "engagement_drop": round(0.30 * clamp(cancelled * 25) + 0.35 * clamp((response - 1) * 15) + 0.35 * clamp(negative(nps) * 20), 1),
            "support_issues": round(0.35 * clamp(escalations * 35) + 0.35 * clamp(unresolved * 50) + 0.30 * SATISFACTION.get(satisfaction, 30.0), 1),
            "relationship_signals": round(clamp((45 if champion else 0) + (30 if sponsor else 0) + (35 if mentions >= 3 else 12 * mentions if mentions >= 1 else 0)), 1),
            "commercial_factors": round(clamp({"month-to-month": 30, "quarterly": 15}.get(contract, 0) + (35 if complaints else 0) + (40 if cuts else 0)), 1),
        }  # fmt: skip
        raw = 0.30 * scores["usage_decline"] + 0.25 * scores["engagement_drop"] + 0.20 * scores["support_issues"] + 0.15 * scores["relationship_signals"] + 0.10 * scores["commercial_factors"]  # fmt: skip
        try:
            days = max((datetime.strptime(customer["contract_end_date"][:10], "%Y-%m-%d") - now).days, 0)  # fmt: skip
        except (KeyError, TypeError, ValueError):
            days = None
        multiplier = 1.0
        if days is not None:
            multiplier = 1.5 if days <= 30 else 1.35 if days <= 60 else 1.2 if days <= 90 else 1.1 if days <= 180 else 1.0  # fmt: skip
        score = clamp(round(raw * multiplier, 1))
        tier = "critical" if score >= 80 else "high" if score >= 60 else "medium" if score >= 40 else "low"  # fmt: skip

        warnings = []
        if login < -5:
            severity = "critical" if login <= -20 else "high" if login <= -10 else "medium"
            warnings.append((severity, f"Logins changed by {login} points"))
        if adoption < -5:
            warnings.append(("high" if adoption <= -15 else "medium", f"Adoption changed by {adoption} points"))  # fmt: skip
        if dau_mau <= -0.10:
            warnings.append(("high", f"DAU/MAU fell by {abs(dau_mau):.2f}"))
        if cancelled >= 2:
            warnings.append(("critical" if cancelled >= 3 else "high", f"{cancelled} meetings cancelled"))  # fmt: skip
        if response >= 4:
            warnings.append(("critical" if response >= 7 else "high", f"Answers take {response} days"))  # fmt: skip
        if nps <= -2:
            warnings.append(("critical" if nps <= -4 else "high", f"NPS changed by {nps}"))
        if unresolved >= 1:
            warnings.append(("critical" if unresolved >= 2 else "high", f"{unresolved} critical issues unresolved"))  # fmt: skip
        if escalations >= 1:
            warnings.append(("high" if escalations >= 2 else "medium", f"{escalations} escalations open"))  # fmt: skip
        if satisfaction in ("critical", "declining"):
            warnings.append(("critical" if satisfaction == "critical" else "high", f"Satisfaction is {satisfaction}"))  # fmt: skip
        if champion:
            warnings.append(("critical", "The champion left"))
        if sponsor:
            warnings.append(("high", "The sponsor changed"))
        if mentions >= 1:
            warnings.append(("critical" if mentions >= 3 else "medium", f"{mentions} mentions of competitors"))  # fmt: skip
        if contract == "month-to-month":
            warnings.append(("medium", "The contract runs from month to month"))
        if complaints:
            warnings.append(("high", "Complaints about the price"))
        if cuts:
            warnings.append(("high", "Budget cuts mentioned"))
        warnings.sort(key=lambda warning: ORDER[warning[0]])
        rows.append(
            {
                "customer_id": customer.get("customer_id", "unknown"),
                "name": customer.get("name", "Unknown"),
                "segment": customer.get("segment", "unknown"),
                "arr": customer.get("arr", 0),
                "risk_score": score,
                "raw_score": round(raw, 1),
                "risk_tier": tier,
                "risk_label": tier.upper(),
                "urgency_multiplier": multiplier,
                "days_to_renewal": days,
                "signal_scores": {name: {"score": value, "weight": SIGNALS[name]} for name, value in scores.items()},
                "warning_signals": [{"severity": severity, "signal": signal} for severity, signal in warnings],
                "recommended_actions": ACTIONS[tier],
            }
        )  # fmt: skip
    rows.sort(key=lambda row: row["risk_score"], reverse=True)
    summary = {
        "total_customers": len(rows),
        **{f"{tier}_count": sum(row["risk_tier"] == tier for row in rows) for tier in ACTIONS},
        "total_arr_at_risk": sum(row["arr"] for row in rows if row["risk_tier"] in ("critical", "high")),
    }  # fmt: skip
    return {"report": "churn_risk_analysis", "summary": summary, "customers": rows}


SEATS = {"enterprise": 0.25, "mid-market": 0.20, "smb": 0.15}
TIERS = {"starter": 1.0, "professional": 1.8, "enterprise": 3.0, "enterprise_plus": 4.5}
FRACTIONS = {
    "core_platform": 0.0, "analytics_module": 0.15, "integrations_module": 0.12, "api_access": 0.10,
    "advanced_reporting": 0.18, "security_module": 0.20, "automation_module": 0.15, "collaboration_module": 0.10,
    "data_export": 0.08, "custom_workflows": 0.22, "sso_module": 0.08, "audit_module": 0.10,
}  # fmt: skip
EFFORTS = {"low": 3, "medium": 2, "high": 1}


def play(type_, category, revenue, effort, rationale, **more):
    return {
        "type": type_,
        "category": category,
        "estimated_revenue": revenue,
        "effort": effort,
        "rationale": rationale,
        "priority_score": round(clamp(revenue / 2000) * EFFORTS[effort], 1),
        **more,
    }


def plain_expansion(customers):
    rows = []
    for customer in customers:
        arr = customer.get("arr", 0)
        segment = customer.get("segment", "mid-market").lower()
        contract = customer.get("contract", {})
        usage = customer.get("product_usage", {})
        departments = customer.get("departments", {})
        licensed = contract.get("licensed_seats", 0)
        active = contract.get("active_seats", 0)
        plan = contract.get("plan_tier", "").lower()
        current = departments.get("current", [])
        potential = departments.get("potential", [])
        plays = []
        utilisation = active / licensed if licensed else 0
        factor = SEATS.get(segment, 0.15)
        revenue = round(arr * factor, 0)
        if utilisation >= 0.90 and revenue > 0:
            plays.append(play("expansion", "seat_expansion", revenue, "low", f"Seat use is {utilisation:.0%}; {int(licensed * factor)} more seats are needed"))  # fmt: skip
        multiplier, chosen = TIERS.get(plan, 1.0), None
        for tier in contract.get("available_tiers", []):
            higher = TIERS.get(tier.lower(), 1.0)
            if higher > multiplier and (chosen is None or higher < chosen[0]):
                chosen = (higher, tier)
        if chosen:
            revenue = round(arr / multiplier * chosen[0] - arr, 0)
            if revenue > 0:
                plays.append(play("upsell", "tier_upgrade", revenue, "medium", f"From {plan} to {chosen[1]} adds ${revenue:,.0f}", target_tier=chosen[1]))  # fmt: skip
        adopted = 0
        shares = 0
        for module, state in usage.items():
            if state.get("adopted", False):
                adopted += 1
                shares += state.get("usage_pct", 0)
                continue
            fraction = FRACTIONS.get(module.lower(), 0.10)
            if fraction > 0:
                revenue = round(arr * fraction, 0)
                plays.append(play("cross_sell", "module_cross_sell", revenue, "low", f"Not adopted, ${revenue:,.0f}", module=module))  # fmt: skip
        covered = {department.lower() for department in current}
        for department in potential:
            if department.lower() not in covered:
                revenue = round(arr / max(len(current), 1) * 0.8, 0)
                plays.append(play("expansion", "department_expansion", revenue, "high", f"Expand to {department}, ${revenue:,.0f}", department=department))  # fmt: skip
        plays.sort(key=lambda one: one["priority_score"], reverse=True)
        rows.append(
            {
                "customer_id": customer.get("customer_id", "unknown"),
                "name": customer.get("name", "Unknown"),
                "segment": segment,
                "arr": arr,
                "adoption_summary": {
                    "total_modules": len(usage),
                    "adopted_modules": adopted,
                    "adoption_rate": round(adopted / len(usage) * 100, 1) if usage else 0,
                    "avg_usage_pct": round(shares / max(adopted, 1), 1),
                    "seat_utilisation": round(active / max(licensed, 1) * 100, 1),
                    "current_tier": plan,
                    "departments_covered": len(current),
                    "departments_potential": len(potential),
                },
                "total_estimated_revenue": round(sum(one["estimated_revenue"] for one in plays), 0),
                "opportunity_count": len(plays),
                "opportunities": plays,
            }
        )
    rows.sort(key=lambda row: row["total_estimated_revenue"], reverse=True)
    summary = {
        "total_customers": len(rows),
        "total_estimated_revenue": sum(row["total_estimated_revenue"] for row in rows),
        "total_opportunities": sum(row["opportunity_count"] for row in rows),
    }
    return {"report": "expansion_opportunities", "summary": summary, "customers": rows}


PLAIN = {"health": plain_health, "churn": plain_churn, "expansion": plain_expansion}


def plain(tool, source, target):
    """What a published script does: read all, compute all, write all."""
    with source.open(encoding="utf-8") as file:
        customers = json.load(file)["customers"]
    report = PLAIN[tool](customers)
    with target.open("w", encoding="utf-8") as file:
        json.dump(report, file, indent=2)


# --------------------------------------------------------------------------------------------
# Measuring
# --------------------------------------------------------------------------------------------


def environment(folder):
    work = str(folder / "work.duckdb")
    return {
        **os.environ,
        "CUSTOMER_HEALTH_TARGET": "duckdb",
        "CUSTOMER_HEALTH_RAW": str(folder / "raw"),
        "CUSTOMER_HEALTH_WORK": work,
        # Nobody reads while this is measured, so the marts are exported from where they were built.
        "CUSTOMER_HEALTH_PUBLISHED": work,
    }


def run(contestant, tool, source, folder):
    """One run in an empty folder -> what was measured, by step, and the report."""
    from run import measure

    shutil.rmtree(folder, ignore_errors=True)
    (folder / "raw").mkdir(parents=True)
    options = {"cwd": PROJECT, "env": environment(folder)}
    report = folder / "report.json"
    export = [
        BIN / "customer-health",
        "export",
        "customer-success",
        "--tool",
        tool,
        "--format",
        "json",
        "--out",
        report,
    ]
    if contestant == "plain":
        command = [sys.executable, HERE / "customer_success.py", "--plain", tool, source, report]
        return {"plain": measure(command, **options)}, report
    if contestant == "one":
        return {
            "one command": measure(
                [*export, "--from", source, "--as-of", AS_OF_DATE.isoformat()], **options
            )
        }, report
    (folder / "raw" / f"customer_success__{tool}.json").symlink_to(source)
    variables = {
        "as_of_date": AS_OF_DATE.isoformat(),
        "customer_health_subjects": ["customer_success"],
    }
    places = [
        "--vars", json.dumps(variables), "--profiles-dir", ".", "--target-path", folder / "target", "--log-path", folder / "logs",
    ]  # fmt: skip
    build = [
        BIN / "dbt", "--quiet", "build", "--resource-type", "seed", "--resource-type", "model", "--select", *(f"+{mart}" for mart in MARTS[tool]),
        *places,
    ]  # fmt: skip
    # dbt keeps what it has parsed, so that this is done in the first build of an installation only.
    parse = {"first parse": measure([BIN / "dbt", "--quiet", "parse", *places], **options)}
    steps = {
        "load": measure([BIN / "customer-health", "load", folder / "raw"], **options),
        "dbt build": measure(build, **options),
        "export": measure(export, **options),
    }
    steps["load + build + export"] = {
        "wall": sum(step["wall"] for step in steps.values()),
        "cpu": sum(step["cpu"] for step in steps.values()),
        "peak": max(step["peak"] for step in steps.values()),
    }
    return parse | steps, report


# What is compared of each customer, as DuckDB reads it out of a report.
COMPARED = {
    "health": "overall_score, classification, dimensions.usage.score, dimensions.engagement.score, dimensions.support.score,"
    " dimensions.relationship.score, trends.usage, trends.overall, len(recommendations)",
    "churn": "risk_score, raw_score, urgency_multiplier, days_to_renewal, risk_tier, len(warning_signals),"
    " signal_scores.usage_decline.score, signal_scores.support_issues.score",
    "expansion": "total_estimated_revenue, opportunity_count, adoption_summary.adoption_rate, adoption_summary.avg_usage_pct,"
    " adoption_summary.seat_utilisation, list_sum([one.priority_score for one in opportunities])",
}  # fmt: skip
SHAPES = {
    "health": "overall_score double, classification varchar, trends struct(usage varchar, overall varchar), recommendations varchar[],"
    " dimensions struct(usage struct(score double), engagement struct(score double), support struct(score double), relationship struct(score double))",
    "churn": "risk_score double, raw_score double, urgency_multiplier double, days_to_renewal bigint, risk_tier varchar, warning_signals json[],"
    " signal_scores struct(usage_decline struct(score double), support_issues struct(score double))",
    "expansion": "total_estimated_revenue double, opportunity_count bigint, opportunities struct(priority_score double)[],"
    " adoption_summary struct(adoption_rate double, avg_usage_pct double, seat_utilisation double)",
}  # fmt: skip


def customers_of(report, folder):
    """The customers of a report, one on each line, for DuckDB; the report may be one long object."""
    lines = folder / f"{report.parent.name}.jsonl"
    decoder = json.JSONDecoder()
    with report.open(encoding="utf-8") as file, lines.open("w", encoding="utf-8") as target:
        text = file.read(1 << 22)
        place = text.index("[", text.index('"customers"')) + 1
        while True:
            while place < len(text) and text[place] in " \t\r\n,":
                place += 1
            if text[place : place + 1] == "]":
                return lines
            try:
                customer, end = decoder.raw_decode(text, place)
            except ValueError:
                more = file.read(1 << 22)
                if not more:
                    raise
                text, place = text[place:] + more, 0
                continue
            place = end
            target.write(json.dumps(customer) + "\n")


def differing(tool, reports, folder):
    """How many customers the reports differ in, and the first of them."""
    fields = [field.split(" ", 1) for field in split(SHAPES[tool])]
    columns = ", ".join(
        f"{name}: '{shape}'" for name, shape in [("customer_id", "varchar"), *fields]
    )
    first, second = (
        f"select customer_id, {COMPARED[tool]} from read_json('{customers_of(report, folder)}', format = 'newline_delimited', columns = {{{columns}}})"
        for report in reports
    )
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '4GB'")
        connection.execute(f"set temp_directory = '{folder / 'spill'}'")
        rows = connection.execute(
            f"select count(*) over (), * from ((({first}) except ({second})) union all (({second}) except ({first}))) limit 5"
        ).fetchall()
    return rows[0][0] if rows else 0, [row[1:] for row in rows]


def split(shapes):
    """The columns of a list of columns, where types have commas of their own."""
    found, depth, start = [], 0, 0
    for place, sign in enumerate(shapes):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            found.append(shapes[start:place].strip())
            start = place + 1
    return [*found, shapes[start:].strip()]


def table(tool, count, lines):
    base = lines.get("plain")
    cpu = statistics.median(run["cpu"] for run in base) if base else None
    rows = []
    for name, runs in lines.items():
        middle = {
            what: statistics.median(run[what] for run in runs) for what in ("wall", "cpu", "peak")
        }
        ratio = f"{cpu / middle['cpu']:.2f}" if cpu else ""
        rows.append(
            f"| {tool} | {count:,} | {name} | {middle['wall']:.1f} s | {middle['cpu']:.1f} s | {middle['peak'] / 2**30:.2f} GB | {ratio} |"
        )
    return rows


def main():
    if sys.argv[1:2] == ["--plain"]:
        tool, source, target = sys.argv[2:]
        plain(tool, Path(source), Path(target))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--tools", default=",".join(MARTS))
    parser.add_argument("--contestants", default=",".join(CONTESTANTS))
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument(
        "--folder", type=Path, help="where the data go, and stay; default: a temporary folder"
    )
    options = parser.parse_args()
    tools, contestants = options.tools.split(","), options.contestants.split(",")
    for given, known in ((tools, MARTS), (contestants, CONTESTANTS)):
        if set(given) - set(known):
            parser.error(f"unknown: {', '.join(sorted(set(given) - set(known)))}")
    temporary = None
    if options.folder is None:
        temporary = tempfile.TemporaryDirectory(prefix="customer-health-bench-")
    folder = (options.folder or Path(temporary.name)).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    printed = [
        "| tool | customers | contestant | wall | CPU | peak memory | plain CPU / CPU |",
        "|---|---:|---|---:|---:|---:|---:|",
    ]
    failed = False
    for tool in tools:
        source = folder / f"{tool}-{options.customers}.json"
        if not source.exists():
            print(f"writing {source.name} ...", file=sys.stderr)
            generate(tool, options.customers, source)
        lines, reports = {}, {}
        for repeat in range(options.repeats):
            turn = (
                contestants[repeat % len(contestants) :] + contestants[: repeat % len(contestants)]
            )
            for contestant in turn:
                place = folder / f"{contestant}-{tool}"
                measured, reports[contestant] = run(contestant, tool, source, place)
                for name, figures in measured.items():
                    lines.setdefault(name, []).append(figures)
                    print(
                        f"{tool} {name}: {figures['wall']:.1f} s, CPU {figures['cpu']:.1f} s, {figures['peak'] / 2**30:.2f} GB",
                        file=sys.stderr,
                    )
        expected = reports.pop("plain", None)
        for contestant, report in reports.items() if expected else ():
            count, rows = differing(tool, (expected, report), folder)
            failed = failed or count > 0
            if count:
                print(
                    f"{tool}, plain and {contestant}: {count:,} rows differ, like {rows}",
                    file=sys.stderr,
                )
        for contestant in contestants:
            shutil.rmtree(folder / f"{contestant}-{tool}", ignore_errors=True)
            (folder / f"{contestant}-{tool}.jsonl").unlink(missing_ok=True)
        printed += table(tool, options.customers, lines)
        print("\n".join(printed), flush=True)
    if temporary:
        temporary.cleanup()
    print("All reports agree." if not failed else "Reports differ.", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
