"""Published figures beside those computed from the reference accounts and customers.

Loads `salesforce_accounts.csv` as the account view, builds the marts in a temporary work file and
compares every figure of `figures.csv` at the digits stated there. Exit status 1 on a difference.

The published cut-offs of `win_probability` come from unrounded scores, while the marts forecast
from the published score (six decimals). Both are checked: the former by the query below, to the
cent, the marts' own to the thousandth of a thousand.

The customer-success suite follows, customer by customer (`check_customer_success`), then the
scorecard of churn beside fitted models (`check_outcomes`).
"""

import csv
import shutil
import sys
import tempfile
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import builds
import check_customer_success
import check_outcomes

REFERENCE = builds.ROOT.parent / "shared" / "reference"
CUSTOMER_SUCCESS = REFERENCE / "customer_success"
OUTCOMES = REFERENCE / "outcomes"
FIGURES = Path(__file__).with_name("figures.csv")

VIEWS = """
    create temp view summary as
        select * from marts.health_forecast_summary where policy = getvariable('policy');
    create temp view bands as
        select * from marts.health_bands where policy = getvariable('policy');
    create temp view tiers as
        select * from marts.contribution_tiers where policy = getvariable('policy');
    create temp view cells as
        select *, industry || ' x ' || account_size_segment as cell
        from marts.risk_matrix where policy = getvariable('policy');
    create temp view industries as
        select * from marts.risk_by_industry where policy = getvariable('policy');
    create temp view importance as
        select * from marts.dimension_importance where policy = getvariable('policy');
    create temp view profile as
        select * from marts.low_health_profile where policy = getvariable('policy');
    create temp view unrounded as
        with bounds as (
            select
                min(days_since_last_activity) as days_low,
                max(days_since_last_activity) as days_high,
                min(total_activities_30d) as acts_low, max(total_activities_30d) as acts_high,
                min(annual_revenue) as revenue_low, max(annual_revenue) as revenue_high,
                min(total_won_amount) as won_low, max(total_won_amount) as won_high,
                min(number_of_employees) as staff_low, max(number_of_employees) as staff_high
            from marts.account_health
        ),
        health as (
            select
                current_pipeline_amount,
                total_won_amount,
                0.4e0 * (
                    0.5e0 * (1 - (days_since_last_activity - days_low) / (days_high - days_low))
                    + 0.5e0 * (total_activities_30d - acts_low) / (acts_high - acts_low)
                )
                + 0.3e0 * contact_email_coverage
                + 0.2e0 * (0.5e0 * (annual_revenue - revenue_low) / (revenue_high - revenue_low)
                    + 0.5e0 * (total_won_amount - won_low) / (won_high - won_low))
                + 0.1e0 * (0.6e0 * size_points
                    + 0.4e0 * (number_of_employees - staff_low) / (staff_high - staff_low)) as share
            from marts.account_health
            inner join marts.policy_size_points using (account_size_segment)
            cross join bounds
            where policy_size_points.policy = 'win_probability'
        ),
        forecast as (
            select current_pipeline_amount * share
                + 0.5e0 * total_won_amount * (0.05e0 + 0.25e0 * share) as amount
            from health
        )
        select
            quantile_cont(amount, 0.25) as lower_cut_off,
            quantile_cont(amount, 0.75) as upper_cut_off
        from forecast;
"""


def main() -> int:
    """Build, compare, print; return the number of differences as exit status 0 or 1."""
    accounts = REFERENCE / "salesforce_accounts.csv"
    differences = 0
    with tempfile.TemporaryDirectory(prefix="customer_health_reference_") as name:
        folder = Path(name)
        if is_there(accounts):
            work_file = build(accounts, folder / "accounts")
            with duckdb.connect(work_file, read_only=True) as connection:
                connection.execute(VIEWS)
                differences += compare(connection)
        if is_there(CUSTOMER_SUCCESS):
            differences += check_customer_success.check(CUSTOMER_SUCCESS, folder)
        if is_there(OUTCOMES):
            differences += check_outcomes.check(OUTCOMES, folder)
    print(f"{differences} differences" if differences else "all figures agree")
    return 1 if differences else 0


def is_there(path: Path) -> bool:
    """Whether there is reference data at a path; says so if there is none."""
    if not path.exists():
        print(f"no reference data: {path.relative_to(builds.ROOT.parent)} does not exist; skipped")
    return path.exists()


def build(accounts: Path, folder: Path) -> Path:
    """Load the accounts, build and test the models in a work file of their own; returns it."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    shutil.copy(accounts, raw / "salesforce__customer_360_view.csv")
    kinds = ("--exclude-resource-type", "unit_test")
    return builds.build(raw, folder, {"as_of_date": check_customer_success.AS_OF_DATE}, kinds=kinds)


def compare(connection: duckdb.DuckDBPyConnection) -> int:
    """Print every figure and return how many differ beyond the stated digits."""
    with FIGURES.open(encoding="utf-8", newline="") as file:
        figures = list(csv.DictReader(file))
    print(f"{'policy':<18} {'figure':<50} {'published':>12} {'expected':>14} {'computed':>18}")
    differences = 0
    for figure in figures:
        connection.execute("set variable policy = $policy", {"policy": figure["policy"]})
        rows = connection.execute(figure["query"]).fetchall()
        computed = Decimal(str(rows[0][0])) if rows and rows[0][0] is not None else None
        unit = Decimal(1).scaleb(-int(figure["digits"]))
        expected = Decimal(figure["expected"]).quantize(unit)
        agrees = computed is not None and computed.quantize(unit, ROUND_HALF_UP) == expected
        differences += not agrees
        print(
            f"{figure['policy']:<18} {figure['figure']:<50} {figure['published']:>12}"
            f" {expected:>14,} {'none' if computed is None else f'{round(computed, 6):,f}':>18}"
            f"{'' if agrees else '  DIFFERS'}"
        )
    return differences


if __name__ == "__main__":
    sys.exit(main())
