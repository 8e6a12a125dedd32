"""What a build made, in a few lines for the terminal."""

from pathlib import Path

import duckdb

NEEDED = {"account_health", "policies", "health_bands", "risk_matrix"}
RISKIEST_CELLS = 3

HEADLINE = """
    select count(*), count(health_score), avg(health_score), sum(predicted_6m_revenue)
    from marts.account_health
"""
BANDS = """
    select health_band, count(*)
    from marts.account_health
    left join marts.health_bands using (policy, health_band)
    group by health_band, position
    order by position nulls last
"""
TIERS = """
    select contribution_tier, count(*)
    from marts.account_health
    group by contribution_tier
    order by avg(predicted_6m_revenue) desc nulls last, contribution_tier
"""
CELLS = f"""
    select industry || ' x ' || account_size_segment, low_health_count, scored_count
    from marts.risk_matrix
    inner join marts.policies using (policy)
    where is_active
    order by priority_rank
    limit {RISKIEST_CELLS}
"""
QUALITY = """
    select
        (select coalesce(sum(row_count), 0) from quality.rejected_rows),
        (select count(*) from quality.value_findings)
"""


def summary(published: Path, work_file: Path) -> list[str]:
    """Return the lines of the summary: figures of the active policy, rejects, and paths.

    Without the subject account health there are only the paths.
    """
    lines = []
    with duckdb.connect(published, read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
        if {name for (name,) in names} >= NEEDED:
            lines += _figures(connection)
    with duckdb.connect(work_file, read_only=True) as connection:
        lines += _quality(connection)
    return [*lines, f"Work file     {work_file}", f"Published     {published}"]


def _figures(connection: duckdb.DuckDBPyConnection) -> list[str]:
    [(policy,)] = connection.execute("select policy from marts.policies where is_active").fetchall()
    [(accounts, scored, health, forecast)] = connection.execute(HEADLINE).fetchall()
    bands = connection.execute(BANDS).fetchall()
    tiers = connection.execute(TIERS).fetchall()
    cells = connection.execute(CELLS).fetchall()
    mean = "none" if health is None else f"{health:.2f}"
    return [
        f"Accounts      {accounts:,}, of them {scored:,} scored by the policy {policy}",
        f"Mean health   {mean}; " + ", ".join(f"{band} {count:,}" for band, count in bands),
        f"6 months      {forecast or 0:,.0f} predicted; "
        + ", ".join(f"{tier} {count:,}" for tier, count in tiers),
        *(
            f"Risk {rank}        {cell}: {low:,} of {count:,} accounts low"
            for rank, (cell, low, count) in enumerate(cells, start=1)
        ),
    ]


def _quality(connection: duckdb.DuckDBPyConnection) -> list[str]:
    try:
        [(rejected, findings)] = connection.execute(QUALITY).fetchall()
    except duckdb.CatalogException:
        return []
    return [
        f"Rejected      {rejected:,} rows (quality.rejected_rows),"
        f" {findings:,} values set to unknown or noted (quality.value_findings)"
    ]
