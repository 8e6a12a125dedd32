# ruff: noqa: E501
"""Measure the project against other ways to compute the same marts, and check that all agree.

python benchmarks/run.py [--accounts 10000,1000000,10000000] [--contestants dbt,script,...] [--folder DIR]

Contestants, each a child process of its own:
  copy         the columns used, written to a DuckDB file; nothing computed
  script       accounts_duckdb.sql, hand-written for speed; one row per account as tables
  script-views the same, with account_health and policy_scores as views over the stored scores, as the project has them
  dbt          the project: `dbt run` (the load before it is timed apart; seeds are loaded beforehand)
  polars       accounts_polars.py
  pandas       accounts_pandas.py

Wall and CPU seconds and the peak memory of the process tree; medians over the repeats, contestants interleaved.
Exit status 1 when figures differ.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
BIN = Path(sys.executable).parent
POLICIES = ["run_rate", "win_probability"]
# The contestants compute account health; the other subjects have benchmarks of their own, or none.
SETTINGS = {"customer_health_policies": POLICIES, "customer_health_subjects": ["account_health"]}
SOURCE = "salesforce__customer_360_view"
USED = [
    "account_id", "account_name", "industry_normalized", "account_size_segment", "geographic_region", "owner_id",
    "days_since_last_activity", "total_activities_30d", "total_contacts", "contacts_with_email", "annual_revenue",
    "total_won_amount", "current_pipeline_amount", "win_rate_percentage", "number_of_employees", "account_age_days",
]  # fmt: skip
CONTESTANTS = ["copy", "script", "script-views", "dbt", "polars", "pandas"]

# Mart -> its keys, and the columns compared: exact counts and labels, then figures within float noise.
COMPARED = {
    "risk_matrix": (
        ["policy", "industry", "account_size_segment"],
        ["account_count", "scored_count", "low_health_count", "risk_level", "is_small_sample", "priority_rank"],
        ["low_health_rate", "low_health_rate_lower", "low_health_rate_upper", "low_health_predicted_revenue"],
    ),
    "risk_by_industry": (
        ["policy", "industry"],
        ["account_count", "scored_count", "low_health_count", "risk_level", "is_small_sample", "priority_rank"],
        ["low_health_rate", "low_health_rate_lower", "low_health_rate_upper", "low_health_predicted_revenue"],
    ),
    "health_bands": (["policy", "health_band"], ["account_count"], ["account_share", "predicted_6m_revenue_total"]),
    "band_by_tier": (["policy", "health_band", "contribution_tier"], ["account_count"], ["predicted_6m_revenue_total"]),
    "contribution_tiers": (["policy", "tier"], ["account_count"], ["lower_bound", "total", "mean", "share", "mean_health"]),
    "policy_agreement": (["band_a", "band_b"], ["account_count"], ["predicted_6m_revenue_a", "predicted_6m_revenue_b"]),
    "low_health_profile": (
        ["policy", "metric", "cohort"],
        ["account_count"],
        ["mean", "median", "difference_from_all", "relative_difference_from_all"],
    ),
    "dimension_importance": (["policy", "dimension"], [], ["nominal_weight", "contribution_sd", "variance_share"]),
    "health_forecast_summary": (
        ["policy"],
        ["account_count", "scored_count", "unscored_count", "low_health_count", "low_health_top_tier_count"],
        [
            "mean_health_score", "median_health_score", "min_health_score", "max_health_score",
            "predicted_6m_revenue_total", "health_forecast_correlation",
        ],
    ),
    "kpi_attainment": (["kpi_id"], ["measured_count", "attained_count", "status"], ["attainment_rate"]),
}  # fmt: skip
NOISE = 1e-9  # relative
LAST_DIGIT = 2e-6  # absolute: figures rounded to six decimals on one side only


def children(root):
    """The process and all below it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = [], [root]
    while queue:
        found.append(queue.pop())
        queue += parents.get(found[-1], [])
    return found


def resident(root):
    page, total = os.sysconf("SC_PAGE_SIZE"), 0
    for process in children(root):
        try:
            total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * page
        except OSError:
            continue
    return total


def measure(command, **options):
    """Run a command; wall and CPU seconds (its children included) and the peak memory of the tree in bytes."""
    started = time.perf_counter()
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    peak, ended = 0, threading.Event()

    def watch():
        nonlocal peak
        # Reading /proc more often than this takes a tenth of a core from the contestant.
        while not ended.wait(0.1):
            peak = max(peak, resident(child.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    ended.set()
    watcher.join()
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{output[-4000:]}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak}


def dbt(verb, folder, raw, *arguments):
    environment = {
        **os.environ,
        "CUSTOMER_HEALTH_WORK": str(folder / "work.duckdb"),
        "CUSTOMER_HEALTH_PUBLISHED": str(folder / "published.duckdb"),
        "CUSTOMER_HEALTH_RAW": str(raw),
    }
    command = [
        BIN / "dbt", verb, "--profiles-dir", ".", "--target-path", folder / "target", "--log-path", folder / "logs",
        "--vars", json.dumps(SETTINGS), *arguments,
    ]  # fmt: skip
    return measure(command, cwd=PROJECT, env=environment)


def load(folder, raw):
    environment = {
        **os.environ,
        "CUSTOMER_HEALTH_WORK": str(folder / "work.duckdb"),
        "CUSTOMER_HEALTH_RAW": str(raw),
    }
    return measure([BIN / "customer-health", "load", raw], cwd=PROJECT, env=environment)


def run(contestant, raw, folder):
    """One run in an empty folder -> the lines measured (a name and its figures)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = raw / f"{SOURCE}.parquet"
    if contestant == "copy":
        code = (
            "import duckdb, sys\n"
            "connection = duckdb.connect(sys.argv[2], config={'threads': 2})\n"
            "connection.execute('set preserve_insertion_order = false')\n"
            f"connection.execute('create table copied as select {', '.join(USED)} from read_parquet(?)', [sys.argv[1]])\n"
            "connection.close()\n"
        )
        return {"copy": measure([sys.executable, "-c", code, source, folder / "copy.duckdb"])}
    if contestant in ("script", "script-views"):
        views = ["--views"] if contestant == "script-views" else []
        return {
            contestant: measure(
                [
                    sys.executable,
                    HERE / "accounts_duckdb.py",
                    source,
                    folder / "work.duckdb",
                    *views,
                ]
            )
        }
    if contestant == "dbt":
        lines = {"customer-health load": load(folder, raw)}
        dbt("seed", folder, raw)
        lines["dbt run"] = dbt("run", folder, raw)
        results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
        lines["dbt run, models only"] = {"wall": results["elapsed_time"]}
        times = sorted(
            ((r["execution_time"], r["unique_id"].rpartition(".")[2]) for r in results["results"]),
            reverse=True,
        )
        lines["dbt run"]["models"] = times
        return lines
    environment = {**os.environ, "POLARS_MAX_THREADS": "2"}
    return {
        contestant: measure(
            [sys.executable, HERE / f"accounts_{contestant}.py", source, folder], env=environment
        )
    }


def figures(contestant, folder):
    """The compared marts of a contestant: mart -> {key: row}."""
    marts = {}
    frames = contestant in ("polars", "pandas")
    with (
        duckdb.connect()
        if frames
        else duckdb.connect(str(folder / "work.duckdb"), read_only=True) as connection
    ):
        for mart, (keys, exact, near) in COMPARED.items():
            relation = f"read_parquet('{folder / mart}.parquet')" if frames else f"marts.{mart}"
            columns = [f"cast({name} as varchar)" for name in keys]
            columns += [
                name
                if name in ("risk_level", "status", "is_small_sample")
                else f"cast({name} as double)"
                for name in exact + near
            ]
            rows = connection.sql(f"select {', '.join(columns)} from {relation}").fetchall()
            marts[mart] = {row[: len(keys)]: row[len(keys) :] for row in rows}
        accounts = (
            f"read_parquet('{folder / 'policy_scores'}.parquet')"
            if frames
            else "marts.policy_scores"
        )
        rows = connection.sql(
            f"select policy, health_band, contribution_tier, count(*), sum(cast(predicted_6m_revenue as double)) from {accounts} group by all"
        ).fetchall()
        marts["policy_scores"] = {row[:3]: row[3:] for row in rows}
    return marts


def differences(expected, found):
    """Sentences about what differs."""
    said = []
    for mart, rows in expected.items():
        exact = len(COMPARED[mart][1]) if mart in COMPARED else 1
        names = (
            COMPARED[mart][1] + COMPARED[mart][2]
            if mart in COMPARED
            else ["account_count", "predicted_6m_revenue"]
        )
        empty = (0.0, None)
        for key in rows.keys() ^ found[mart].keys():
            row = rows.get(key) or found[mart][key]
            if row[0] not in empty:
                said.append(f"{mart} {key}: only on one side")
        for key in rows.keys() & found[mart].keys():
            for i, (name, a, b) in enumerate(zip(names, rows[key], found[mart][key], strict=True)):
                if a == b or (a in empty and b in empty):
                    continue
                numbers = isinstance(a, float) and isinstance(b, float)
                if (
                    i >= exact
                    and numbers
                    and abs(a - b) <= max(LAST_DIGIT, NOISE * max(abs(a), abs(b)))
                ):
                    continue
                said.append(f"{mart} {key} {name}: {a!r} and {b!r}")
    return said


def table(accounts, lines, base):
    rows = []
    for name, runs in lines.items():
        middle = {
            what: statistics.median(run[what] for run in runs) if what in runs[0] else None
            for what in ("wall", "cpu", "peak")
        }
        ratios = [
            f"{middle[what] / base[what]:.2f}" if base and middle[what] is not None else ""
            for what in ("wall", "cpu")
        ]
        cells = [
            f"{accounts:,}",
            name,
            f"{middle['wall']:.2f} s",
            f"{middle['cpu']:.2f} s" if middle["cpu"] is not None else "",
        ]
        cells += [f"{middle['peak'] / 2**30:.2f} GB" if middle["peak"] else "", *ratios]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", default="10000,1000000,10000000")
    parser.add_argument("--contestants", default=",".join(CONTESTANTS))
    parser.add_argument("--repeats", type=int, help="default 3, and 1 from 10,000,000 accounts on")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the demo data and results go, and stay; default: a temporary folder",
    )
    parser.add_argument(
        "--build",
        action="store_true",
        help="also `dbt build` with all tests at the first size, second run",
    )
    parser.add_argument("--models", action="store_true", help="also the seconds of each dbt model")
    options = parser.parse_args()
    contestants = options.contestants.split(",")
    unknown = set(contestants) - set(CONTESTANTS)
    if unknown:
        parser.error(f"unknown contestants: {', '.join(sorted(unknown))}")
    temporary = None
    if options.folder is None:
        temporary = tempfile.TemporaryDirectory(prefix="customer-health-bench-")
    folder = (options.folder or Path(temporary.name)).resolve()
    failed = False
    head = [
        "| accounts | contestant | wall | CPU | peak memory | wall / script | CPU / script |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    printed = []
    for position, accounts in enumerate(int(size) for size in options.accounts.split(",")):
        raw = folder / f"raw-{accounts}"
        if not (raw / f"{SOURCE}.parquet").exists():
            measure(
                [BIN / "customer-health", "demo", "--accounts", str(accounts), "--weeks", "0", "--out", raw],
                cwd=PROJECT,
            )  # fmt: skip
        repeats = options.repeats or (1 if accounts >= 10_000_000 else 3)
        lines, expected = {}, None
        for repeat in range(repeats):
            turn = (
                contestants[repeat % len(contestants) :] + contestants[: repeat % len(contestants)]
            )
            for contestant in turn:
                place = folder / f"{contestant}-{accounts}"
                for name, measured in run(contestant, raw, place).items():
                    lines.setdefault(name, []).append(measured)
                    if "cpu" in measured:
                        print(
                            f"{accounts:,} {name}: {measured['wall']:.2f} s, CPU {measured['cpu']:.2f} s",
                            file=sys.stderr,
                        )
                if repeat == 0 and contestant != "copy":
                    found = figures(contestant, place)
                    if expected is None:
                        reference, expected = contestant, found
                    else:
                        said = differences(expected, found)
                        failed = failed or bool(said)
                        for sentence in said[:20]:
                            print(
                                f"{accounts:,} accounts, {reference} against {contestant}: {sentence}",
                                file=sys.stderr,
                            )
                shutil.rmtree(place, ignore_errors=True)
        if options.build and position == 0:
            place = folder / f"build-{accounts}"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            load(place, raw)
            dbt("build", place, raw)
            lines["dbt build, all tests, second run"] = [dbt("build", place, raw)]
            shutil.rmtree(place)
        if options.models and "dbt run" in lines:
            for seconds, model in lines["dbt run"][-1]["models"][:20]:
                print(f"{accounts:,} {model}: {seconds:.2f} s", file=sys.stderr)
        script = lines.get("script")
        base = (
            {what: statistics.median(run[what] for run in script) for what in ("wall", "cpu")}
            if script
            else None
        )
        printed += table(accounts, lines, base)
        print("\n".join(head + printed), flush=True)
    if temporary:
        temporary.cleanup()
    print("All contestants agree." if not failed else "Figures differ.", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
