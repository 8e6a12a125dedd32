"""How well the scorecard foretells churn on reference data, beside fitted models of scikit-learn.

`telco.csv` has no dates: of each of five folds, the accounts to learn from get signals on a first
date, those to be tested on a later one. A fold is a segment, so that one build fits five
scorecards. `saas_weekly` is split in time by the models' own labels. Exit status 1 when a target
on telco is missed.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import builds

FOLDS = 5
SEED = 42
HORIZON_DAYS = 90
# On the grid of label dates, which begins on 1900-01-01 with a step of 28 days.
TELCO_LEARNED_ON, TELCO_TESTED_ON, TELCO_AS_OF = "2025-01-06", "2025-06-23", "2025-12-29"
SAAS_AS_OF = "2024-01-01"
# Lowest AUC, highest log loss, lowest lift of the top decile, highest calibration error.
TARGETS = {"AUC": 0.840, "log loss": 0.425, "lift": 2.7, "ECE": 0.025}
LOWER_IS_BETTER = {"log loss", "ECE"}
HEADERS = ("AUC", "log loss", "lift", "recall at 20 %", "ECE")

Row = tuple[bool, float]


def figures(rows: Iterable[Row]) -> dict[str, float]:
    """Compute the figures of the yardstick from pairs of outcome and probability."""
    import numpy as np
    from sklearn.metrics import log_loss, roc_auc_score

    outcomes, probabilities = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    order = np.argsort(-probabilities, kind="stable")
    tenth, fifth = len(order) // 10, len(order) // 5
    parts = np.array_split(order, 10)

    def events_of_first(count: int) -> float:
        # A scorecard has many ties: of those at the cut each counts alike, whatever their order.
        cut = probabilities[order[count - 1]]
        above, tied = probabilities > cut, probabilities == cut
        return outcomes[above].sum() + (count - above.sum()) * outcomes[tied].mean()

    return {
        "AUC": float(roc_auc_score(outcomes, probabilities)),
        "log loss": float(log_loss(outcomes, probabilities)),
        "lift": float(events_of_first(tenth) / tenth / outcomes.mean()),
        "recall at 20 %": float(events_of_first(fifth) / outcomes.sum()),
        "ECE": float(
            sum(
                abs(probabilities[part].mean() - outcomes[part].mean()) * len(part)
                for part in parts
            )
            / len(order)
        ),
    }


def fitted(learned: Sequence, outcomes: Sequence, tested: Sequence) -> dict[str, list[float]]:
    """Probabilities by logistic regression and gradient boosting; all inputs are numbers."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    models = {
        "logistic regression": make_pipeline(
            SimpleImputer(add_indicator=True, keep_empty_features=True),
            StandardScaler(),
            LogisticRegression(max_iter=2000),
        ),
        "gradient boosting": HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=100, max_leaf_nodes=8, random_state=SEED
        ),
    }
    return {
        name: list(model.fit(learned, outcomes).predict_proba(tested)[:, 1])
        for name, model in models.items()
    }


def build(work_file: Path, as_of_date: str) -> None:
    """Load nothing but what learning needs, and build the probabilities."""
    block = builds.published_variables()["customer_health_learning"]
    variables = {
        "as_of_date": as_of_date,
        "customer_health_subjects": ["account_health", "trajectory", "actions", "learning"],
        "customer_health_learning": {**block, "signals_from": "account_signals"},
    }
    environment = {
        "CUSTOMER_HEALTH_TARGET": "duckdb",
        "CUSTOMER_HEALTH_WORK": str(work_file),
    }
    builds.dbt(
        *("build", "--exclude-resource-type", "unit_test", "--no-write-json"),
        *("--select", "+account_churn_probability", "learning_does_not_leak"),
        variables=variables,
        environment=environment,
        folder=work_file.parent,
        bare=True,
    )


def empty_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the source tables, and those that the run asks for without reading them."""
    connection.execute("""
        create schema raw;
        create table raw.salesforce__customer_360_view as
            select '' as account_id, 0 as days_since_last_activity, 0 as total_activities_30d,
                0 as total_contacts, 0 as contacts_with_email, 0e0 as annual_revenue,
                0e0 as total_won_amount, 0e0 as current_pipeline_amount, 0e0 as win_rate_percentage,
                0 as number_of_employees, 0 as account_age_days, '' as account_size_segment
            limit 0;
        create table raw.account_signals
            (account_id varchar, as_of_date date, signal varchar, value double, segment varchar);
        create table raw.account_outcomes
            (account_id varchar, outcome_date date, outcome varchar, arr double, reason varchar);
    """)


def telco(source: Path, folder: Path) -> dict[str, dict[str, float]]:
    """Five folds of telco.csv; each account is tested once."""
    from sklearn.model_selection import StratifiedKFold

    work_file = folder / "telco.duckdb"
    with duckdb.connect(str(work_file)) as connection:
        empty_tables(connection)
        connection.read_csv(str(source), all_varchar=True).create("customers")
        names = [column[0] for column in connection.execute("describe customers").fetchall()]
        signals = [name for name in names if name not in ("customerID", "Churn")]
        # Categories become numbers in the order of their names, as each is a bin of its own.
        numbers = ", ".join(
            f"coalesce(try_cast({name} as double), case when {name} not in ('', ' ') then "
            f"dense_rank() over (order by case when try_cast({name} as double) is null "
            f"then {name} end) end)::double as {name}"
            for name in signals
        )
        connection.execute(f"""
            create table numbered as
            select row_number() over () - 1 as place, customerID, Churn = 'Yes' as is_churned,
                {numbers}
            from customers
        """)
        rows = connection.execute(
            f"select is_churned, {', '.join(signals)} from numbered order by place"
        ).fetchall()
        outcomes = [row[0] for row in rows]
        values = [[float("nan") if v is None else v for v in row[1:]] for row in rows]
        folds = list(
            StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(values, outcomes)
        )
        connection.execute("create table folds (place bigint, fold integer)")
        connection.executemany(
            "insert into folds values (?, ?)",
            [(int(place), fold) for fold, (_, tested) in enumerate(folds) for place in tested],
        )
        connection.execute(f"""
            create temp table copies as
            select
                'fold ' || copy.fold || ' ' || customerID as account_id,
                'fold ' || copy.fold as segment,
                case when copy.fold = folds.fold then date '{TELCO_TESTED_ON}'
                    else date '{TELCO_LEARNED_ON}' end as as_of_date,
                numbered.*
            from numbered
            inner join folds using (place)
            cross join (select range as fold from range({FOLDS})) as copy;
            insert into raw.account_signals
            select account_id, as_of_date, signal, value, segment
            from (unpivot copies on {", ".join(signals)} into name signal value value);
            insert into raw.account_outcomes
            select account_id, as_of_date + 30, 'churned', null, null from copies where is_churned;
        """)
    build(work_file, TELCO_AS_OF)
    with duckdb.connect(str(work_file), read_only=True) as connection:
        scored = connection.execute("""
            select is_churned, churn_probability::double
            from intermediate.int_churn_probabilities where period = 'test'
            order by as_of_date, account_id
        """).fetchall()
    results = {"scorecard": figures(scored)}
    pairs: dict[str, list[Row]] = {}
    one_hot = categories(values)
    for learned, tested in folds:
        for name, probabilities in fitted(
            one_hot[learned], [outcomes[place] for place in learned], one_hot[tested]
        ).items():
            pairs.setdefault(name, []).extend(
                zip((outcomes[place] for place in tested), probabilities, strict=True)
            )
    return results | {name: figures(rows) for name, rows in pairs.items()}


def categories(values: list[list[float]]) -> object:
    """Inputs of the fitted models: a column per category where a signal has up to five values."""
    import numpy as np

    table = np.array(values, dtype=float)
    columns = []
    for signal in table.T:
        distinct = np.unique(signal[~np.isnan(signal)])
        if 2 < len(distinct) <= 5:
            columns.extend((signal == value).astype(float) for value in distinct)
        else:
            columns.append(signal)
    return np.column_stack(columns)


def saas_weekly(source: Path, folder: Path) -> dict[str, dict[str, float]]:
    """Labels every four weeks, the newest to test on."""
    work_file = folder / "saas.duckdb"
    with duckdb.connect(str(work_file)) as connection:
        empty_tables(connection)
        connection.execute(f"""
            create temp table subscription as
                select * from read_csv('{source / "subscription.csv"}');
            create temp table events as
                select * from read_parquet('{source / "event_weekly.parquet"}');
            create temp table dates as
                select day::date as as_of_date
                from range(date '2022-01-03', date '{SAAS_AS_OF}', interval 1 day) as days (day)
                where (day::date - date '1900-01-01') % 28 = 0;
            insert into raw.account_outcomes
            select account_id::varchar, max(end_date), 'churned', sum(mrr), null
            from subscription group by account_id having max(end_date) < date '{SAAS_AS_OF}';
            create temp table held as
            select account_id::varchar as account_id, as_of_date,
                (as_of_date - min(start_date))::double as tenure_days,
                (max(end_date) - as_of_date)::double as days_paid_ahead,
                sum(mrr) filter (end_date > as_of_date)::double as mrr,
                max(bill_period_months) filter (end_date > as_of_date)::double
                    as bill_period_months,
                max(discount) filter (end_date > as_of_date)::double as discount
            from dates inner join subscription on start_date <= as_of_date
            group by account_id, as_of_date having max(end_date) > as_of_date;
            insert into raw.account_signals
            select account_id, as_of_date, signal, value, null
            from (unpivot held on tenure_days, days_paid_ahead, mrr, bill_period_months, discount
                into name signal value value);
            -- A week counts once it is over.
            insert into raw.account_signals
            select held.account_id, as_of_date, 'events ' || event_type, sum(event_count), null
            from held
            inner join events on held.account_id = events.account_id::varchar
                and week_start + 7 <= as_of_date and week_start + 35 > as_of_date
            group by held.account_id, as_of_date, event_type;
        """)
    build(work_file, SAAS_AS_OF)
    with duckdb.connect(str(work_file), read_only=True) as connection:
        scored = connection.execute("""
            select is_churned, churn_probability::double
            from intermediate.int_churn_probabilities where period = 'test'
            order by as_of_date, account_id
        """).fetchall()
        if not scored:
            return {}
        wide = connection.execute("""
            pivot (
                select as_of_date, account_id, period, is_churned, signal, value
                from intermediate.int_learning_signals
                inner join marts.outcome_labels using (as_of_date, account_id)
                where period in ('train', 'test')
            ) on signal using max(value)
            group by as_of_date, account_id, period, is_churned
            order by as_of_date, account_id
        """).fetchall()
    nan = float("nan")
    split: dict[str, tuple[list[bool], list[list[float]]]] = {"train": ([], []), "test": ([], [])}
    for row in wide:
        split[row[2]][0].append(row[3])
        split[row[2]][1].append([nan if value is None else value for value in row[4:]])
    results = {"scorecard": figures(scored)}
    for name, probabilities in fitted(*reversed(split["train"]), split["test"][1]).items():
        results[name] = figures(list(zip(split["test"][0], probabilities, strict=True)))
    return results


def show(title: str, results: dict[str, dict[str, float]]) -> None:
    """Print one line per model."""
    print(f"\n{title}")
    print(f"  {'':22}" + "".join(f"{header:>16}" for header in HEADERS))
    for name, values in results.items():
        print(f"  {name:22}" + "".join(f"{values[header]:16.4f}" for header in HEADERS))


def check(reference: Path, folder: Path) -> int:
    """Build, compare, print; return the number of targets that are missed."""
    if importlib.util.find_spec("sklearn") is None:
        print("\noutcomes: skipped, scikit-learn is not installed (make env-bench)")
        return 0
    results = telco(reference / "telco.csv", folder)
    show(f"telco.csv, {FOLDS} folds", results)
    missed = 0
    for name, target in TARGETS.items():
        value = results["scorecard"][name]
        is_met = value <= target if name in LOWER_IS_BETTER else value >= target
        missed += not is_met
        print(f"  {'met' if is_met else 'MISSED':22} {name} {value:.4f}, target {target}")
    results = saas_weekly(reference / "saas_weekly", folder)
    if results:
        show("saas_weekly, out of time", results)
    return missed


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        outcomes = builds.ROOT.parent / "shared" / "reference" / "outcomes"
        sys.exit(1 if check(outcomes, Path(scratch)) else 0)
