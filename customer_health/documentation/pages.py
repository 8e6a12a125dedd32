"""docs/marts.md and docs/entities.md."""

import re
from collections.abc import Iterable, Mapping, Sequence

from customer_health.documentation.manifest import Column, Mart

GENERATED = "<!-- Written by `make docs`; changes belong into the YAML files of models/marts. -->"

SUBJECTS = {
    "account_health": "Account health",
    "revenue": "Forecast and tiers",
    "policy": "The method behind the figures",
    "conversion": "Special-conversion cohort and value x risk",
    "customer_success": "Customer success",
    "trajectory": "Signals, trajectory and history",
    "actions": "Alerts, plans and segments",
    "learning": "Learning",
}

# The mart that a key column belongs to; a column of that name elsewhere refers to it.
HOMES = {
    "account_id": "account_health",
    "policy": "policies",
    "customer_id": "customer_success_health",
    "primary_email": "customer_value_risk",
    "goal_id": "goals",
    "kpi_id": "kpi_attainment",
    "rule_id": "alert_rules",
    "alert_id": "account_alerts",
    "segment": "segment_benchmarks",
}

# What the name of a column says about its unit, in this order; `percent` in its text beats a share.
UNITS_BY_NAME = (
    (r"percentage|_pct$", "percent"),
    (
        r"_count(_|$)|^accounts?_per|customers?$|^customers|number_of|contacts|activities|_seats$"
        r"|_modules$|csms_|_freedom$|_tickets|_volume",
        "number",
    ),
    (r"_days$|^days|_days_", "days"),
    (r"_hours", "hours"),
    (
        r"share$|_rate(_|$)|_coverage|quantile$|probability|weight|(^|_)(nrr|grr|logo_churn)(_|$)",
        "share",
    ),
    (r"revenue|(^|_)arr($|_)|ltv|amount", "currency units"),
    (r"points", "points"),
    (
        r"^(previous_|peer_mean_|peer_median_)?(overall|usage|engagement|support|relationship)_score$"
        r"|health_score$|^(peer_median|highest|lowest|plan|projected|average)_score$|_aware_score$"
        r"|^change_\d+d$|^score_after$",
        "points",
    ),
)
# What the text says where the name says nothing.
UNITS_BY_TEXT = (
    (r"\bcurrency\b", "currency units"),
    (r"\b0-100\b", "points"),
    (r"\b0-1\b", "share"),
    (r"\bpercent\b", "percent"),
)
NUMBERS = re.compile(r"^(bigint|integer|double|decimal)")


def unit(column: Column) -> str:
    """Return the unit of a column, empty for texts and where nothing names one."""
    if column.type in ("date", "timestamp"):
        return column.type
    if not NUMBERS.match(column.type):
        return ""
    for pattern, name in UNITS_BY_NAME:
        if re.search(pattern, column.name):
            is_percent = name == "share" and "percent" in column.description
            return "percent" if is_percent else name
    for pattern, name in UNITS_BY_TEXT:
        if re.search(pattern, column.description, re.IGNORECASE):
            return name
    return ""


def marts_page(marts: Mapping[str, Mart]) -> str:
    """Return the page of all marts with their columns."""
    lines = [
        "# Marts",
        "",
        GENERATED,
        "",
        f"{len(marts)} tables and views of the schema `marts`, under contract, with every column:"
        " type, unit, meaning.",
        "The same texts are comments in the published file, where BI tools show them. How the marts"
        " hang together:",
        "[entities.md](entities.md); what to ask them: [example_queries.md](example_queries.md).",
        "A share of 1 is 100 %; points are those of scores from 0 to 100; where no unit stands, the"
        " meaning tells it.",
        "",
    ]
    for subject, own in _by_subject(marts.values()).items():
        links = ", ".join(f"[{mart.name}](#{mart.name})" for mart in own)
        lines += [f"- {_title(subject)}: {links}"]
    lines.append("")
    for subject, own in _by_subject(marts.values()).items():
        lines += [f"## {_title(subject)}", ""]
        for mart in own:
            lines += [f"### {mart.name}", "", mart.description, ""]
            if mart.key:
                lines += ["Key: " + ", ".join(f"`{name}`" for name in mart.key) + ".", ""]
            lines += table(
                ("column", "type", "unit", "meaning"),
                (
                    (f"`{column.name}`", column.type, unit(column), column.description)
                    for column in mart.columns
                ),
            )
            lines.append("")
    return "\n".join(lines)


def entities_page(marts: Mapping[str, Mart]) -> str:
    """Return the page of the entity diagrams, one per subject."""
    lines = [
        "# How the marts hang together",
        "",
        GENERATED,
        "",
        "One diagram per subject, with the keys only. A line leads from the mart that a key belongs"
        " to, to one that holds it:",
        "`||--o{` many rows for one, `||--o|` at most one. Aggregate marts carry `policy`: join"
        " `policies` and take `is_active`.",
        "",
    ]
    for subject, own in _by_subject(marts.values()).items():
        lines += [f"## {_title(subject)}", "", "```mermaid", "erDiagram"]
        links, shown = [], dict.fromkeys(mart.name for mart in own)
        for mart in own:
            for column, (parent, parent_column) in references(mart, marts).items():
                shown[parent] = None
                end = "o|" if mart.key == (column,) else "o{"
                label = column if column == parent_column else f"{column} = {parent_column}"
                links.append(f'    {parent} ||--{end} {mart.name} : "{label}"')
        for name in shown:
            lines += _entity(marts[name], marts)
        lines += [*sorted(links), "```", ""]
    return "\n".join(lines)


def references(mart: Mart, marts: Mapping[str, Mart]) -> dict[str, tuple[str, str]]:
    """Return what a mart refers to: as its tests say, and by columns that are keys elsewhere."""
    found = dict(mart.references)
    for column in mart.columns:
        home = HOMES.get(column.name)
        # A segment of a customer is another thing than the segment of an account.
        if home is None or home not in marts or home == mart.name or column.name in found:
            continue
        if column.name == "segment" and mart.subject != marts[home].subject:
            continue
        if column.name == "alert_id" and mart.key == ("alert_id",):
            continue
        if column.name in marts[home].key:
            found[column.name] = (home, column.name)
    return found


def _entity(mart: Mart, marts: Mapping[str, Mart]) -> list[str]:
    types = {column.name: column.type for column in mart.columns}
    keys = dict.fromkeys((*mart.key, *references(mart, marts)))
    lines = [f"    {mart.name} {{"]
    for column in keys:
        marks = [
            mark
            for mark, is_set in (
                ("PK", column in mart.key),
                ("FK", column in references(mart, marts)),
            )
            if is_set
        ]
        # Mermaid knows no brackets in types.
        type_ = re.sub(r"\W.*", "", types[column])
        lines.append(f"        {type_} {column} {', '.join(marks)}")
    return [*lines, "    }"]


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()
) -> list[str]:
    """Return the lines of a Markdown table; columns in `right` are set to the right."""
    numbers = set(right)
    rules = ["---:" if place in numbers else "---" for place in range(len(header))]
    return [
        f"| {' | '.join(header)} |",
        f"|{'|'.join(rules)}|",
        *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows),
    ]


def _by_subject(marts: Iterable[Mart]) -> dict[str, list[Mart]]:
    found: dict[str, list[Mart]] = {}
    for mart in marts:
        found.setdefault(mart.subject, []).append(mart)
    order = list(SUBJECTS)
    return dict(
        sorted(
            found.items(),
            key=lambda item: order.index(item[0]) if item[0] in order else len(order),
        )
    )


def _title(subject: str) -> str:
    return SUBJECTS.get(subject, subject.replace("_", " ").capitalize())
