"""The accounts as script files: short rows to search in, and details a hundred to a file.

A page opened from disk may load scripts but fetch nothing, so each file calls a function of
`data.js` with its JSON. DuckDB makes the JSON; no more than a chunk of accounts is in memory.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import duckdb

from customer_health.report import forms
from customer_health.report.source import Source

# Rows of a file of the list, accounts of a file of details, and accounts in one query.
ROWS, ACCOUNTS, CHUNK = 5_000, 100, 20_000

# More alerts or steps of a plan than this are left to the marts, and more customers.
MOST, MOST_CUSTOMERS = 12, 50

# What a script may not hold as it is, though JSON may.
ESCAPES = (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))

LIST_FIELDS = {
    "account_id": "accounts.account_id",
    "name": "accounts.account_name",
    "industry": "accounts.industry",
    "size": "accounts.account_size_segment",
    "score": "round(accounts.health_score, 1)",
    "band": "accounts.health_band",
    "forecast": "round(accounts.predicted_6m_revenue)",
    "tier": "accounts.contribution_tier",
    "change": "round(accounts_change.change_30d, 1)",
    "alerts": "coalesce(accounts_alerts.alerts, 0)",
    "customers": "accounts_customers.customers",
}

# Facts of an account in the order in which its page shows them.
FACTS = (
    *("industry", "account_size_segment", "geographic_region", "owner_id"),
    *("days_since_last_activity", "total_activities_30d", "total_contacts"),
    *("contacts_with_email", "annual_revenue", "total_won_amount", "current_pipeline_amount"),
    *("win_rate_percentage", "number_of_employees", "account_age_days"),
)
REVIEW = (
    *("name", "segment", "arr", "contract_end_date", "days_to_renewal", "overall_score"),
    *("classification", "overall_trend", "usage_score", "engagement_score", "support_score"),
    *("relationship_score", "risk_score", "risk_tier", "usage_trend", "support_trend"),
    *("login_frequency", "login_frequency_target", "feature_adoption", "feature_adoption_target"),
    *("dau_mau_ratio", "dau_mau_ratio_target", "nps_score", "nps_score_target", "csat_score"),
    *("csat_score_target", "support_ticket_volume", "support_ticket_volume_max", "open_tickets"),
    *("open_tickets_max", "escalation_rate", "escalation_rate_max", "avg_resolution_hours"),
    *("avg_resolution_hours_max", "current_tier", "licensed_seats", "active_seats"),
    *("total_modules", "adopted_modules", "top_opportunity_1", "top_opportunity_2"),
)


def write_accounts(source: Source, folder: Path) -> dict[str, Any]:
    """Write the files of all accounts; return what the pages must know of them."""
    folder.mkdir(parents=True)
    total = source.values("select count(*) from account_health")[0]
    _write_list(source, folder)
    firsts = source.values(
        "select account_id from (select account_id, row_number() over (order by account_id) as n"
        f" from account_health) where (n - 1) % {ACCOUNTS} = 0 order by account_id"
    )
    actions = _action_texts(source)
    step = CHUNK // ACCOUNTS
    for start in range(0, len(firsts), step):
        _write_range(source, folder, firsts, start, min(start + step, len(firsts)))
    return {
        "total": total,
        "spelled": forms.SPELLED,
        "rows": ROWS,
        "files": -(-total // ROWS),
        "firsts": firsts,
        "fields": list(LIST_FIELDS),
        "facts": list(FACTS),
        "review": list(REVIEW),
        "actions": actions,
        "metrics": source.values(
            "select metric from policy_metrics where policy = $policy order by position",
            policy=source.policy,
        ),
        "bands": source.rows(
            "select band, at_least from policy_bands where policy = $policy order by position",
            policy=source.policy,
        ),
        "bandNames": list(source.bands),
        "industries": source.values("select distinct industry from account_health order by 1"),
        "sizes": source.values("select distinct account_size_segment from account_health"),
        "tiers": source.values("select distinct contribution_tier from account_health order by 1"),
        "rules": _rules(source),
        "has": {
            name: source.has(mart)
            for name, mart in (
                ("alerts", "account_alerts"),
                ("plan", "account_action_plans"),
                ("trajectory", "account_trajectory"),
                ("customers", "account_review"),
            )
        },
    }


def as_script(value: object) -> str:
    """Return a value as JSON that may stand in a script."""
    return _safe(json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":")))


def _safe(text: str) -> str:
    for character, escape in ESCAPES:
        text = text.replace(character, escape)
    return text


def _bounds(low: str, high: str | None) -> dict[str, str]:
    return {"low": low} if high is None else {"low": low, "high": high}


def _write_list(source: Source, folder: Path) -> None:
    """Write the rows to search in, in the order in which the page shows them first."""
    fields = dict(LIST_FIELDS)
    joins = ""
    if source.has("account_trajectory"):
        joins += (
            " left join account_trajectory as accounts_change"
            " on accounts.account_id = accounts_change.account_id"
        )
    else:
        fields["change"] = "null"
    if source.has("account_alerts"):
        joins += (
            " left join (select account_id, count(*) as alerts from account_alerts"
            " where account_id is not null group by account_id) as accounts_alerts"
            " on accounts.account_id = accounts_alerts.account_id"
        )
    else:
        fields["alerts"] = "null"
    if source.has("account_review"):
        joins += (
            f" left join ({_names_of_customers(source)}) as accounts_customers"
            " on accounts.account_id = accounts_customers.account_id"
        )
    else:
        fields["customers"] = "null"
    cursor = source.connection.execute(
        f"select json_array({', '.join(fields.values())})::varchar"
        f" from account_health as accounts {joins}"
        " order by accounts.predicted_6m_revenue desc nulls last, accounts.account_id"
    )
    number = 0
    while rows := cursor.fetchmany(ROWS):
        with (folder / f"list_{number}.js").open("w", encoding="utf-8") as file:
            file.write(f"CH.rows({number},[\n")
            file.write(",\n".join(_safe(row) for (row,) in rows))
            file.write("\n]);\n")
        number += 1


def _names_of_customers(source: Source) -> str:
    """Return the query of the customers by which an account is found, beside its own name."""
    return (
        "select pairs.account_id, array_to_string("
        "list(coalesce(r.name || ' ', '') || '(' || pairs.customer_id || ')'"
        f" order by pairs.customer_rank)[1:{MOST_CUSTOMERS}], ', ') as customers"
        f" from ({source.pairs}) as pairs"
        " inner join account_health as named on pairs.account_id = named.account_id"
        " left join account_review as r on pairs.customer_id = r.customer_id"
        " where pairs.customer_id <> pairs.account_id"
        " or r.name is distinct from named.account_name group by pairs.account_id"
    )


def _customers(source: Source, inside: str) -> str:
    """Return the query of the customers of a range of accounts, the main one first."""
    cells = ", ".join(f"r.{column}" for column in REVIEW)
    return (
        "select pairs.account_id, count(*) as whole, to_json(list(json_array(pairs.customer_id,"
        f" main.account_id, {cells}) order by pairs.customer_rank)[1:{MOST_CUSTOMERS}]) as part"
        f" from ({source.pairs}) as pairs"
        # Alerts and plan of a customer stand with its main account.
        f" left join ({source.pairs}) as main on pairs.customer_id = main.customer_id"
        " and pairs.account_rank > 1 and main.account_rank = 1"
        " left join account_review as r on pairs.customer_id = r.customer_id"
        f" where {inside.format('pairs.account_id')} group by pairs.account_id"
    )


def _action_texts(source: Source) -> list[str]:
    """Return the actions of all plans, and keep their places for the details."""
    if not source.has("account_action_plans"):
        return []
    source.connection.execute(
        "create or replace temp table action_texts as"
        " select action, row_number() over (order by action) - 1 as place"
        " from (select distinct action from account_action_plans)"
    )
    return source.values("select action from temp.action_texts order by place")


def _rules(source: Source) -> dict[str, Sequence[str]]:
    if not source.has("alert_rules"):
        return {}
    return {
        row["rule_id"]: [row["condition"], row["action"]]
        for row in source.rows("select rule_id, condition, action from alert_rules")
    }


def _details(source: Source, has_high: bool) -> str:
    """Return the query of the details of a range of accounts, in their order."""
    inside = "{0} >= $low" + (" and {0} < $high" if has_high else "")
    parts = {
        "s": "json_array(round(accounts.health_score, 2), accounts.health_band,"
        " round(accounts.score_coverage, 4), round(accounts.predicted_6m_revenue),"
        " accounts.contribution_tier, accounts.run_rate_revenue, accounts.pipeline_revenue,"
        " accounts.upsell_revenue)",
        "f": f"json_array({', '.join(f'accounts.{fact}' for fact in FACTS)})",
    }
    queries = {
        "c": (
            "account_health_contributions",
            "json_array(metric, raw_value, round(points, 2), round(max_points, 2))",
            "max_points desc, metric",
            "account_id",
        ),
        "h": (
            "account_health_history",
            "json_array(cast(as_of_date as varchar), round(health_score, 2), health_band)",
            "as_of_date",
            "account_id",
        ),
    }
    selects, joins = [], []
    for key, (mart, row, order, column) in queries.items():
        if source.has(mart):
            joins.append(
                f"left join (select {column} as account_id,"
                f" to_json(list({row} order by {order})) as part"
                f" from {mart} where {inside.format(column)} group by {column}) as {key}"
                f" on accounts.account_id = {key}.account_id"
            )
            parts[key] = f"{key}.part"
    for key, mart, row, order in (
        (
            "a",
            "account_alerts",
            "json_array(rule_id, severity, driving_signals, cast(opened_on as varchar),"
            " days_open, round(priority, 2),"
            " case when entity_type = 'customer' then entity_id end)",
            "rank",
        ),
        (
            "p",
            "account_action_plans left join temp.action_texts using (action)",
            "json_array(place, why, owner_role, cast(due_on as varchar), expected_effect,"
            " case when entity_type = 'customer' then entity_id end)",
            "position, entity_type, entity_id",
        ),
    ):
        if source.has(mart.split()[0]):
            joins.append(
                f"left join (select account_id, count(*) as whole,"
                f" to_json(list({row} order by {order})[1:{MOST}]) as part"
                f" from {mart} where {inside.format('account_id')} group by account_id) as {key}"
                f" on accounts.account_id = {key}.account_id"
            )
            parts[key] = f"{key}.part"
            parts[f"{key}n"] = f"{key}.whole"
    if source.has("account_trajectory"):
        joins.append(
            "left join account_trajectory as t on accounts.account_id = t.account_id"
            f" and {inside.format('t.account_id')}"
        )
        parts["t"] = (
            "case when t.account_id is not null then json_array(t.trajectory_state,"
            " round(t.change_7d, 1), round(t.change_30d, 1), round(t.change_90d, 1)) end"
        )
    if source.has("account_review"):
        joins.append(
            f"left join ({_customers(source, inside)}) as r on accounts.account_id = r.account_id"
        )
        parts["r"] = "r.part"
        parts["rn"] = "r.whole"
    selects = [f"'{key}', {value}" for key, value in parts.items()]
    return (
        "select json_object('id', accounts.account_id, 'n', accounts.account_name, "
        + ", ".join(selects)
        + ")::varchar from account_health as accounts "
        + " ".join(joins)
        + f" where {inside.format('accounts.account_id')} order by accounts.account_id"
    )


def _write_range(
    source: Source, folder: Path, firsts: Sequence[str], start: int, stop: int
) -> None:
    """Write the files of a range; where memory is too small for it, one half after the other."""
    low, high = firsts[start], firsts[stop] if stop < len(firsts) else None
    try:
        cursor = source.connection.execute(_details(source, high is not None), _bounds(low, high))
        _write_details(cursor, folder, start)
    except duckdb.OutOfMemoryException:
        if stop - start == 1:
            raise
        middle = (start + stop) // 2
        _write_range(source, folder, firsts, start, middle)
        _write_range(source, folder, firsts, middle, stop)


def _write_details(cursor: duckdb.DuckDBPyConnection, folder: Path, start: int) -> None:
    number = start
    for accounts in _batches(cursor):
        with (folder / f"accounts_{number}.js").open("w", encoding="utf-8") as file:
            _write_file(file, number, accounts)
        number += 1


def _batches(cursor: duckdb.DuckDBPyConnection) -> Iterator[list[str]]:
    while rows := cursor.fetchmany(ACCOUNTS):
        yield [account for (account,) in rows]


def _write_file(file: TextIO, number: int, accounts: Sequence[str]) -> None:
    file.write(f"CH.accounts({number},[\n")
    file.write(",\n".join(_safe(account) for account in accounts))
    file.write("\n]);\n")
