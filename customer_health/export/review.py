"""Documents of one customer: the Markdown templates of the project, filled from account_review.

A template is Jinja. It has every column of account_review as text, ready to print, and the same as
values in `value`; what no data fills prints as a blank to write on.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.sandbox import SandboxedEnvironment

from customer_health.build_notes import CURRENCY, QUERY, demo_note
from customer_health.errors import UserError, first_line
from customer_health.export import churn, expansion
from customer_health.export.forms import label, money, number, one_line, title
from customer_health.export.reading import Marts, require
from customer_health.files import replacing
from customer_health.schemas import BUILD_INFO

TEMPLATES = Path("reports/templates")
SEEDS = Path("seeds/customer_success")
BLANK = "____"
GAP = re.compile(r"\n{3,}")

# Name of a document -> its template.
DOCUMENTS = {
    "qbr": "qbr.md",
    "qbr-internal": "qbr_internal.md",
    "executive": "executive_review.md",
    "success-plan": "success_plan.md",
    "onboarding": "onboarding.md",
}
NEEDED = (
    "account_review",
    "customer_success_recommendations",
    "customer_success_warnings",
    "customer_success_opportunities",
)

REVIEW = "select {columns} from {{marts}}.account_review where customer_id = {{customer}}"
RECOMMENDATIONS = """
select recommendation from {marts}.customer_success_recommendations
where customer_id = {customer} order by position
"""
WARNINGS = """
select source, severity, value from {marts}.customer_success_warnings
where customer_id = {customer} order by position
"""
OPPORTUNITIES = """
select category, target, estimated_revenue, effort, additional_seats, on_hold
from {marts}.customer_success_opportunities
where customer_id = {customer} order by rank
"""

SCORES = ("overall", "usage", "engagement", "support", "relationship")
CLASSES = {"green": "Healthy", "yellow": "Needs attention", "red": "At risk"}

# Metric -> its words, how its figures read, and which benchmark it has.
METRICS = {
    "login_frequency": ("Login frequency", "plain", "target"),
    "feature_adoption": ("Feature adoption", "percent", "target"),
    "dau_mau_ratio": ("Daily among monthly users", "share", "target"),
    "meeting_attendance": ("Meeting attendance", "percent", "target"),
    "nps_score": ("NPS answer (0-10)", "plain", "target"),
    "csat_score": ("Satisfaction (1-5)", "plain", "target"),
    "executive_sponsor_engagement": ("Engagement of the sponsor", "plain", "target"),
    "multi_threading_depth": ("Contacts in the account", "plain", "target"),
    "support_ticket_volume": ("Tickets of the period", "plain", "max"),
    "open_tickets": ("Open tickets", "plain", "max"),
    "escalation_rate": ("Escalated tickets", "share", "max"),
    "avg_resolution_hours": ("Time to resolve", "hours", "max"),
}
# Where the first is 0, the product does not know it, and the others mean nothing.
EMPTY_WITHOUT = {
    "licensed_seats": ("active_seats", "seat_utilisation"),
    "total_modules": ("adopted_modules", "adoption_rate", "avg_usage_pct"),
}
AMOUNTS = ("arr", "total_estimated_revenue", "realistic_revenue")
PERCENTAGES = ("seat_utilisation", "adoption_rate", "avg_usage_pct")
COLUMNS = (
    *("customer_id", "as_of_date", "name", "segment", "arr", "contract_end_date"),
    *("days_to_renewal", "is_expired", "classification", "signal_coverage"),
    *("coverage_aware_score", "coverage_aware_classification", "priority", "benchmark_segment"),
    *("peer_count", "renewal_sentiment", "risk_score", "risk_tier", "urgency_multiplier"),
    *(f"{name}_score" for name in churn.SIGNAL_SCORES),
    *("warning_count", "critical_warning_count", "current_tier", "licensed_seats"),
    *("active_seats", "seat_utilisation", "total_modules", "adopted_modules", "adoption_rate"),
    *("avg_usage_pct", "departments_covered", "departments_potential", "opportunity_count"),
    *("total_estimated_revenue", "realistic_revenue", "is_expansion_on_hold"),
    *("recommendation_count", "action_items_due_date"),
    *(f"{name}_score" for name in SCORES),
    *(f"{name}_trend" for name in SCORES),
    *(f"previous_{name}_score" for name in SCORES),
    *(f"peer_mean_{name}_score" for name in SCORES),
    *(f"peer_median_{name}_score" for name in SCORES),
    *(f"{name}_classification" for name in SCORES[1:]),
    *METRICS,
    *(f"{name}_{kind}" for name, (_, _, kind) in METRICS.items()),
)


def write_review(
    marts: Marts, project: Path, customer: str, documents: Sequence[str], folder: Path | None
) -> list[Path]:
    """Fill documents of a customer; print the one, or write each into `folder`; return the files.

    Raises UserError if the customer is not there or a template cannot be filled.
    """
    require(marts, NEEDED)
    values = context(marts, project, customer)
    notes = []
    if BUILD_INFO in marts.names():
        notes = [f"Amounts in {currency}." for (currency,) in marts.rows(CURRENCY)]
        if note := demo_note(marts.rows(QUERY)):
            notes.insert(0, note)
    above = f"> {' '.join(notes)}\n\n" if notes else ""
    filled = {
        name: above + fill(project / TEMPLATES, DOCUMENTS[name], values) for name in documents
    }
    if folder is None:
        for text in filled.values():
            print(text, end="")
        return []
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is no folder; name one for --out")
    paths = []
    for name, text in filled.items():
        path = folder / f"{file_name(values['value']['customer_id'])}_{name}.md"
        with replacing(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def file_name(customer: str) -> str:
    """Return a customer id as the beginning of a file name that no other customer has."""
    name = quote(customer, safe="")
    if len(name) > 100:
        name = f"{name[:80]}-{hashlib.sha256(customer.encode()).hexdigest()[:16]}"
    return name


def fill(folder: Path, template: str, values: Mapping[str, Any]) -> str:
    """Return a template with the values of a customer."""
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        finalize=lambda value: BLANK if value is None or value == "" else value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    try:
        text = environment.get_template(template).render(values)
    except TemplateNotFound as error:
        raise UserError(
            f"there is no template {folder / (error.name or template)}; run this in the"
            " customer_health project, or name it with --project-dir"
        ) from error
    except (TemplateError, TypeError, ArithmeticError, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", None)
        place = f" (line {line})" if line else ""
        raise UserError(
            f"{folder / template} cannot be filled: {first_line(error)}{place}"
        ) from error
    # Lines that a condition leaves out must not leave gaps.
    return GAP.sub("\n\n", text)


def context(marts: Marts, project: Path, customer: str) -> dict[str, Any]:
    """Return what a template can print about a customer."""
    customer = customer.strip()
    columns = list(dict.fromkeys(COLUMNS))
    found = marts.rows(REVIEW.format(columns=", ".join(columns)), customer=customer)
    if not found:
        raise UserError(
            f"there is no customer {one_line(customer)!r} in the published marts; ids are those of"
            " marts.account_review, in the same case"
        )
    value: dict[str, Any] = {
        column: number(cell) if isinstance(cell, Decimal) else cell
        for column, cell in zip(columns, found[0], strict=True)
    }
    for column in ("as_of_date", "contract_end_date"):
        # Spark's driver gives dates as texts.
        if isinstance(value[column], str):
            value[column] = date.fromisoformat(value[column])
    for base, dependent in EMPTY_WITHOUT.items():
        if not value[base]:
            value.update(dict.fromkeys((base, *dependent)))
    risks = [
        {
            "source": source,
            "severity": severity,
            "text": markdown(churn.signal(source, text)),
        }
        for source, severity, text in marts.rows(WARNINGS, customer=customer)
    ]
    recommendations = marts.rows(RECOMMENDATIONS, customer=customer)
    return {
        **{column: shown(column, cell) for column, cell in value.items()},
        "name": markdown(value["name"]) or markdown(value["customer_id"]),
        "value": value,
        "health_class": CLASSES.get(value["classification"]),
        "measures": {metric: _measure(metric, value) for metric in METRICS},
        "scores": [_score(name, value) for name in SCORES],
        "risk_drivers": [
            {"name": label(name), "score": _tenth(value[f"{name}_score"])}
            for name in sorted(churn.SIGNAL_SCORES, key=lambda name: -(value[f"{name}_score"] or 0))
        ],
        "risks": risks,
        "recommendations": [markdown(text) for (text,) in recommendations],
        "opportunities": [
            _opportunity(row, value) for row in marts.rows(OPPORTUNITIES, customer=customer)
        ],
        "seed": _seed_reader(project / SEEDS),
        "day": _day(value["as_of_date"]),
        "renewal_day": _day(value["contract_end_date"]),
    }


def shown(column: str, cell: Any) -> str | None:
    """Return a cell as a document prints it; None is left blank."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if column in AMOUNTS:
        return money(cell)
    if column in PERCENTAGES:
        return f"{cell:,.0f}%"
    if column == "signal_coverage":
        return f"{cell:.0%}"
    if column.endswith("_trend"):
        return None if cell == "no_data" else cell
    if column.endswith("classification") or column in ("risk_tier", "priority"):
        return None if cell == "unscored" else cell
    if column in ("segment", "benchmark_segment", "current_tier"):
        return markdown(title(cell)) if cell else None
    if column in METRICS:
        return _figure(METRICS[column][1], cell)
    if column.endswith("_score"):
        return _tenth(cell)
    if isinstance(cell, int | float):
        return f"{cell:,}"
    return markdown(str(cell))


def markdown(text: str | None) -> str | None:
    """Return a text from the data on one line, with nothing in it that Markdown would read."""
    line = one_line(text)
    for character in "\\`*<|[":
        line = line.replace(character, f"\\{character}")
    return line or None


def _words(text: str | None) -> str | None:
    """Return a text in which names such as sso_module are words."""
    return markdown(text[:1].upper() + text[1:].replace("_", " ")) if text else None


def _figure(form: str, figure: float | None) -> str | None:
    if figure is None:
        return None
    return {
        "plain": _two_decimals(figure),
        "percent": f"{_two_decimals(figure)}%",
        "share": f"{_two_decimals(figure * 100)}%",
        "hours": f"{_two_decimals(figure)} h",
    }[form]


def _two_decimals(figure: float) -> str:
    return f"{figure:,.2f}".rstrip("0").rstrip(".")


def _tenth(score: float | None) -> str | None:
    return None if score is None else f"{score:.1f}"


def _difference(later: float | None, earlier: float | None) -> str | None:
    return None if later is None or earlier is None else f"{later - earlier:+.1f}"


def _in_words(score: float | None, other: float | None, more: str, less: str) -> str | None:
    """Return a difference such as `6.2 points below`; None when there is none or it is unknown."""
    difference = _difference(score, other)
    if difference is None or float(difference) == 0:
        return None
    return f"{difference[1:]} points {more if difference[0] == '+' else less}"


def _measure(metric: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a metric beside its benchmark; is_behind is None when either is unknown."""
    name, form, kind = METRICS[metric]
    figure, benchmark = value[metric], value[f"{metric}_{kind}"]
    is_behind = None
    if figure is not None and benchmark is not None:
        is_behind = figure < benchmark if kind == "target" else figure >= benchmark
    said = _figure(form, benchmark)
    return {
        "name": name,
        "now": _figure(form, figure),
        "benchmark": said and (f"at least {said}" if kind == "target" else f"below {said}"),
        "is_behind": is_behind,
    }


def _score(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a score beside its previous period and its peers."""
    score, class_column = value[f"{name}_score"], "classification"
    if name != "overall":
        class_column = f"{name}_classification"
    mean, median = value[f"peer_mean_{name}_score"], value[f"peer_median_{name}_score"]
    return {
        "name": label(name),
        "now": _tenth(score),
        "previous": _tenth(value[f"previous_{name}_score"]),
        "change": _difference(score, value[f"previous_{name}_score"]),
        "trend": shown(f"{name}_trend", value[f"{name}_trend"]),
        "class": CLASSES.get(value[class_column]),
        "peer_mean": _tenth(mean),
        "peer_median": _tenth(median),
        "gap": _difference(score, median),
        "change_words": _in_words(score, value[f"previous_{name}_score"], "up", "down"),
        "gap_words": _in_words(score, median, "above", "below"),
    }


def _opportunity(row: Sequence[Any], value: Mapping[str, Any]) -> dict[str, Any]:
    category, target, revenue, effort, seats, on_hold = row
    amount = number(revenue)
    text = expansion.rationale(
        category, target, amount, seats, value["seat_utilisation"], value["current_tier"]
    )
    return {
        "category": category,
        "name": label(category),
        "target": markdown(title(target)) if category == "tier_upgrade" else _words(target),
        "seats": None if seats is None else f"{seats:,}",
        "text": _words(text),
        "revenue": money(amount),
        "effort": effort,
        "on_hold": on_hold,
    }


def _day(base: date | None) -> Callable[[str | int], str | None]:
    """Return a function that gives the date so many days after `base`; None without a base."""

    def day(days: str | int) -> str | None:
        try:
            return None if base is None else str(base + timedelta(days=int(days)))
        except OverflowError:
            return None

    return day


def _seed_reader(folder: Path) -> Callable[[str], list[dict[str, str]]]:
    """Return a function that gives the rows of a seed of the customer-success suite."""

    def seed(name: str) -> list[dict[str, str]]:
        path = folder / f"{name}.csv"
        try:
            return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        except FileNotFoundError as error:
            raise UserError(
                f"there is no {path}; run this in the customer_health project, or name it with"
                " --project-dir"
            ) from error

    return seed
