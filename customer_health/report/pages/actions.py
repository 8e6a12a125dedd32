"""Alerts and actions: what is open, what to do first, and how the goals stand."""

from customer_health.report import charts, forms
from customer_health.report.blocks import Absent, Figure, Figures, Page, Picture, Table, columns
from customer_health.report.source import Source

SEVERITIES = ("critical", "high", "medium", "low")

BY_RULE = """
select alerts.rule_id, rules.position, rules.condition, rules.action, alerts.severity,
    count(*) as alerts
from account_alerts as alerts
left join alert_rules as rules using (rule_id)
group by all
order by alerts desc, rule_id, severity
"""
FIRST = """
select accounts.account_id, entity_name, rule_id, severity, driving_signals, action, opened_on,
    days_open, priority
from account_alerts as alerts
left join account_health as accounts using (account_id)
order by rank
limit 50
"""
PLANS = """
select action, owner_role, count(*) as accounts, min(due_on) as first_due, max(due_on) as last_due
from account_action_plans
group by action, owner_role
order by accounts desc, action, owner_role
limit 25
"""
SCENARIOS = """
select scenario_name, goal, count(*) as entities,
    count(case when is_in_plan then 1 end) as in_plan
from save_scenario_matches
group by scenario_name, goal
order by entities desc, scenario_name
"""
GOALS = """
select goal, baseline_value, current_value, target_value, progress_share, status
from goal_tracking order by goal_id
"""
REVIEWS = """
select segment, count(*) as accounts, count(case when is_overdue then 1 end) as overdue,
    count(case when due_in_days between 0 and 7 then 1 end) as this_week
from review_calendar group by segment order by overdue desc, segment
"""
STATES = """
select trajectory_state as state, count(*) as accounts, avg(change_30d) as change_30d
from account_trajectory where is_in_newest_slice
group by state order by accounts desc, state
"""


def actions(source: Source) -> Page:
    """Return the page of alerts and actions."""
    page = Page(
        "actions",
        "Alerts and actions",
        "What has gone wrong, what to do about it first, and whether the goals come nearer.",
    )
    if source.has("account_alerts", "alert_rules"):
        page.add(_figures(source), _rules(source))
    else:
        page.add(Absent("actions", "Alerts, action plans and goals"))
    if source.has("account_trajectory"):
        page.add(_states(source))
    else:
        page.add(Absent("trajectory", "Where scores are heading"))
    if source.has("save_scenario_matches"):
        page.add(_scenarios(source))
    if source.has("account_alerts", "alert_rules"):
        page.add(
            Table(
                "Alerts to take first",
                columns(
                    "entity_name|Account or customer|account",
                    "severity|Severity|band",
                    "rule_id|Rule|words",
                    "driving_signals|Signal|signals",
                    "action|What to do",
                    "opened_on|Open since|date",
                    "priority|Priority|two",
                ),
                source.rows(FIRST),
                note="The first 50 by priority: urgency, value and actionability together.",
                id_key="account_id",
            )
        )
    if source.has("account_action_plans"):
        page.add(
            Table(
                "Most frequent actions of the plans",
                columns(
                    "action|Action",
                    "owner_role|Owner",
                    "accounts|Plans|whole",
                    "first_due|First due|date",
                    "last_due|Last due|date",
                ),
                source.rows(PLANS),
            )
        )
    if source.has("goal_tracking"):
        page.add(
            Table(
                "Goals",
                columns(
                    "goal|Goal",
                    "baseline_value|At the start|general",
                    "current_value|Now|general",
                    "target_value|Target|general",
                    "progress_share|Progress|share",
                    "status|Status|words",
                ),
                source.rows(GOALS),
            )
        )
    if source.has("review_calendar"):
        page.add(
            Table(
                "Reviews due",
                columns(
                    "segment|Segment|words",
                    "accounts|Accounts|whole",
                    "overdue|Overdue|whole",
                    "this_week|Due within a week|whole",
                ),
                source.rows(REVIEWS),
            )
        )
    return page


def _figures(source: Source) -> Figures:
    counts = {
        row["severity"]: row["alerts"]
        for row in source.rows(
            "select severity, count(*) as alerts from account_alerts group by severity"
        )
    }
    entities = source.values(
        "select count(*) from (select distinct entity_type, entity_id from account_alerts)"
    )
    tones = {"critical": "bad", "high": "watch"}
    return Figures(
        [
            Figure(
                "Open alerts",
                forms.whole(sum(counts.values())),
                f"on {forms.whole(entities[0])} accounts and customers",
            ),
            *(
                Figure(
                    severity.capitalize(),
                    forms.whole(counts.get(severity, 0)),
                    "open alerts",
                    tones.get(severity, ""),
                )
                for severity in SEVERITIES
            ),
        ]
    )


def _rules(source: Source) -> Picture:
    rows = source.rows(BY_RULE)
    totals: dict[str, int] = {}
    for row in rows:
        row["name"] = forms.words(row["rule_id"])
        row["level"] = row["severity"].capitalize()
        totals[row["name"]] = totals.get(row["name"], 0) + row["alerts"]
        row["tip"] = f"{row['name']}: {row['alerts']:,} open alerts, {row['severity']}"
    names = sorted(totals, key=lambda name: (-totals[name], name))
    said = "; ".join(f"{name} {totals[name]:,}" for name in names[:5])
    used = [severity for severity in SEVERITIES if any(r["severity"] == severity for r in rows)]
    color = dict(zip(SEVERITIES, ("#7a2b05", charts.ORANGE, charts.GOLD, charts.GREY), strict=True))
    return Picture(
        "Open alerts by rule",
        charts.stacked(
            rows,
            "name",
            "level",
            "alerts",
            "Open alerts",
            (names, [severity.capitalize() for severity in used]),
            [color[severity] for severity in used],
        ),
        f"Stacked bars of the open alerts by rule and severity. Most: {said}.",
        Table(
            "Open alerts by rule",
            columns(
                "name|Rule",
                "severity|Severity|band",
                "alerts|Open alerts|whole",
                "condition|Opens when",
                "action|What to do",
            ),
            rows,
        ),
        is_wide=len(names) > 12,
    )


def _states(source: Source) -> Picture:
    rows = source.rows(STATES)
    for row in rows:
        row["name"] = forms.words(row["state"])
        row["tip"] = (
            f"{row['name']}: {row['accounts']:,} accounts, {forms.signed(row['change_30d'])}"
            " points in 30 days"
        )
    return Picture(
        "Where scores are heading",
        charts.bars(rows, "name", "accounts", "Accounts"),
        "Bar chart of the accounts by state of their trajectory: "
        + "; ".join(f"{row['name']} {row['accounts']:,}" for row in rows)
        + ".",
        Table(
            "Where scores are heading",
            columns(
                "name|State",
                "accounts|Accounts|whole",
                "change_30d|Mean change in 30 days|signed",
            ),
            rows,
        ),
    )


def _scenarios(source: Source) -> Picture:
    rows = source.rows(SCENARIOS)
    for row in rows:
        row["label"] = f"{row['entities']:,}"
        row["tip"] = f"{row['scenario_name']}: {row['entities']:,} matches"
    return Picture(
        "Save scenarios",
        charts.bars(rows, "scenario_name", "entities", "Matches", color=charts.PLUM),
        "Bar chart of the matches by save scenario: "
        + "; ".join(f"{row['scenario_name']} {row['entities']:,}" for row in rows)
        + ".",
        Table(
            "Save scenarios",
            columns(
                "scenario_name|Scenario",
                "entities|Matches|whole",
                "in_plan|In a plan|whole",
                "goal|Goal",
            ),
            rows,
        ),
    )
