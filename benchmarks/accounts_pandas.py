# ruff: noqa: E501
"""The account marts of two policies in pandas: python accounts_pandas.py SOURCE.parquet OUT_FOLDER."""

import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

LIMIT = 9007199254740992
INDUSTRIES = [
    "Technology",
    "Financial Services",
    "Healthcare",
    "Manufacturing",
    "Retail",
    "Education",
]
SEGMENTS = ["Small Business", "Mid-Market", "Large", "Enterprise"]
METRICS = [
    "days_since_last_activity", "total_activities_30d", "total_contacts", "contacts_with_email",
    "contact_email_coverage", "annual_revenue", "total_won_amount", "current_pipeline_amount",
    "win_rate_percentage", "number_of_employees", "account_age_days",
]  # fmt: skip
TEXTS = [
    "account_id",
    "account_name",
    "industry_normalized",
    "account_size_segment",
    "geographic_region",
    "owner_id",
]
DIMENSIONS = {"activity": 4, "contact_quality": 3, "business_value": 2, "account_scale": 1}
POLICIES = {
    "run_rate": {
        "size": [0, 0.5, 0.8, 1],
        "weights": (5, 5),
        "cuts": [(">", 0.75), (">", 0.5), (">", 0.25)],
    },
    "win_probability": {
        "size": [0.25, 0.5, 0.75, 1],
        "weights": (6, 4),
        "cuts": [(">", 0.75), (">=", 0.25)],
    },
}
TODAY = pd.Timestamp(date.today())


def between(values, low, high):
    values = values.astype("float64")
    return values.where((values >= low) & (values <= high))


def text(values):
    values = values.str.strip(" ")
    return values.mask(values == "")


def plain(name):
    return name.lower().replace("-", " ").replace("_", " ")


def label(values, labels):
    """Only the distinct spellings are cleaned."""
    codes = values.astype("category")
    names = {plain(name): name for name in labels}
    spellings = [
        names.get(plain(spelling.strip(" ")), "Unknown") for spelling in codes.cat.categories
    ]
    order = [*labels, "Unknown"]
    lookup = np.array([order.index(name) for name in spellings] + [len(labels)])
    return pd.Series(pd.Categorical.from_codes(lookup[codes.cat.codes], order), index=values.index)


def moment(values):
    return values.where(
        (values >= pd.Timestamp(1900, 1, 1)) & (values < TODAY + pd.Timedelta(days=2))
    )


def cleaned(name, values):
    """A column as it is compared between duplicates."""
    if name == "industry_normalized":
        return label(values, INDUSTRIES).astype("str")
    if name == "account_size_segment":
        return label(values, SEGMENTS).astype("str")
    if name == "account_created_date":
        return moment(pd.to_datetime(between(values, -2208988800, 253402300799), unit="s"))
    if pd.api.types.is_datetime64_any_dtype(values):
        return moment(values)
    if not pd.api.types.is_numeric_dtype(values):
        return text(values.astype("str"))
    if name in ("win_rate_percentage", "data_completeness_score", "customer_health_score"):
        return between(values, 0, 100)
    if name in ("is_high_value_account", "owner_is_active", "is_declining_engagement"):
        return between(values, 0, 1)
    return between(values, -LIMIT if name == "activity_trend_30d" else 0, LIMIT)


def rows_to_keep(source, ids):
    """False for rows without a key, and for duplicates that are not the best row of their key."""
    known = ids.notna() & (ids != "")
    repeated = (ids.duplicated(keep=False) & known).to_numpy()
    rows = np.flatnonzero(repeated)
    file, start, parts = pq.ParquetFile(source), 0, []
    for group in range(file.num_row_groups):
        size = file.metadata.row_group(group).num_rows
        inside = rows[(rows >= start) & (rows < start + size)]
        if len(inside):
            parts.append(file.read_row_group(group).take(inside - start).to_pandas())
        start += size
    keep = known.to_numpy().copy()
    if len(rows):
        duplicates = pd.concat(parts, ignore_index=True)
        names = [name for name in duplicates.columns if name != "account_id"]
        duplicates = pd.DataFrame({name: cleaned(name, duplicates[name]) for name in names})
        duplicates["key"], duplicates["row"] = ids.to_numpy()[rows], rows
        best = ["data_completeness_score", "days_since_last_activity"]
        order = best + [name for name in names if name not in best]
        duplicates = duplicates.sort_values(
            order, ascending=[name != best[0] for name in order], na_position="last", kind="stable"
        )
        keep[duplicates.loc[duplicates.duplicated("key"), "row"]] = False
    return keep


def rounded(values):
    return np.floor(values * 1_000_000 + 0.5) / 1_000_000


def read(source):
    columns = [*TEXTS, *(name for name in METRICS if name != "contact_email_coverage")]
    accounts = pd.read_parquet(source, columns=columns)
    accounts["account_id"] = accounts["account_id"].str.strip(" ")
    accounts = accounts[rows_to_keep(source, accounts["account_id"])].reset_index(drop=True)
    for name in ("account_name", "geographic_region", "owner_id"):
        accounts[name] = text(accounts[name])
    accounts["industry_normalized"] = label(accounts["industry_normalized"], INDUSTRIES)
    accounts["account_size_segment"] = label(accounts["account_size_segment"], SEGMENTS)
    accounts = accounts.rename(columns={"industry_normalized": "industry"})
    for name in METRICS:
        if name != "contact_email_coverage":
            accounts[name] = between(
                accounts[name], 0, 100 if name == "win_rate_percentage" else LIMIT
            )
    contacts, emails = accounts["total_contacts"], accounts["contacts_with_email"]
    coverage = emails / contacts
    accounts["contact_email_coverage"] = coverage.mask(emails > contacts, 1.0).mask(
        contacts == 0, 0.0
    )
    return accounts


def scale(values):
    low, high = values.min(), values.max()
    if not low < high:
        return values.where(values.isna(), 0.5).to_numpy()
    return ((values - low) / (high - low)).to_numpy()


def score(accounts):
    recency = 1 - scale(accounts["days_since_last_activity"])
    activities = scale(accounts["total_activities_30d"])
    revenue, won = scale(accounts["annual_revenue"]), scale(accounts["total_won_amount"])
    employees = scale(accounts["number_of_employees"])
    coverage = accounts["contact_email_coverage"].to_numpy()
    for policy, settings in POLICIES.items():
        size = np.array([*settings["size"], np.nan])[accounts["account_size_segment"].cat.codes]
        metrics = {
            "activity": [(5, recency), (5, activities)],
            "contact_quality": [(10, coverage)],
            "business_value": [(5, revenue), (5, won)],
            "account_scale": [(settings["weights"][0], size), (settings["weights"][1], employees)],
        }
        measured = {
            name: sum(weight * ~np.isnan(metric) for weight, metric in parts)
            for name, parts in metrics.items()
        }
        sums = {
            name: sum(np.nan_to_num(weight * metric) for weight, metric in parts)
            for name, parts in metrics.items()
        }
        tenths = sum(weight * (measured[name] > 0) for name, weight in DIMENSIONS.items())
        covered = sum(weight * measured[name] for name, weight in DIMENSIONS.items())
        total, before = np.zeros(len(accounts)), np.zeros(len(accounts))
        for name, weight in DIMENSIONS.items():
            with np.errstate(divide="ignore", invalid="ignore"):
                total = total + np.where(
                    measured[name] > 0, sums[name] * (100 * weight / (tenths * measured[name])), 0
                )
                if policy == "run_rate":
                    accounts[f"{name}_score"] = rounded(
                        100 * sums[name] / np.where(measured[name] > 0, measured[name], np.nan)
                    )
            now = np.where(covered >= 50, rounded(total), np.nan)
            accounts[f"{policy}_{name}_points"] = now - before
            before = now
        accounts[f"{policy}_score"] = before
        if policy == "run_rate":
            accounts["score_coverage"] = covered / 100
    health = accounts["run_rate_score"] / 100
    age = accounts["account_age_days"].fillna(0)
    won, pipeline = accounts["total_won_amount"], accounts["current_pipeline_amount"]
    part = (won / (age.mask(age == 0, np.inf) / 30) * 6 * (0.5 + 0.5 * health)).to_numpy()
    rest = (pipeline * accounts["win_rate_percentage"] / 100 * (0.4 + 0.8 * health)).to_numpy()
    accounts["run_rate_revenue"] = rounded(part)
    accounts["pipeline_revenue"] = rounded(np.nan_to_num(part) + rest) - rounded(
        np.nan_to_num(part)
    )
    accounts["run_rate_forecast"] = rounded(part + rest)
    health = accounts["win_probability_score"] / 100
    accounts["win_probability_forecast"] = rounded(
        pipeline * health + won * 0.5 * (0.05 + 0.25 * health)
    )
    cut_offs = {}
    for policy, settings in POLICIES.items():
        points, forecast = (
            accounts[f"{policy}_score"].to_numpy(),
            accounts[f"{policy}_forecast"].to_numpy(),
        )
        band = np.select([np.isnan(points), points >= 80, points >= 50], [3, 0, 1], 2)
        accounts[f"{policy}_band"] = pd.Categorical.from_codes(
            band, ["High", "Medium", "Low", "Unscored"]
        )
        known = forecast[~np.isnan(forecast)]
        cuts = (
            list(np.quantile(known, [fraction for _, fraction in settings["cuts"]]))
            if len(known)
            else [np.nan] * 3
        )
        names = [*"ABCD"[: len(cuts) + 1], "Unscored"]
        reached = [
            forecast > cut if sign == ">" else forecast >= cut
            for (sign, _), cut in zip(settings["cuts"], cuts, strict=False)
        ]
        codes = np.select(
            [np.isnan(forecast), *reached], [len(names) - 1, *range(len(cuts))], len(cuts)
        )
        accounts[f"{policy}_tier"] = pd.Categorical.from_codes(codes, names)
        cut_offs[policy] = dict(zip(names, [*cuts, None], strict=False))
    return cut_offs


def wilson(x, n, side):
    z, share = 1.959964, x / n
    return (
        (
            share
            + z * z / (2 * n)
            + side * z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        )
        / (1 + z * z / n)
    ).clip(0, 1)


def risk_table(cube, keys):
    low = cube["health_band"] == "Low"
    cube = cube.assign(low_n=cube["n"].where(low, 0), low_total=cube["total"].where(low, 0.0))
    table = cube.groupby(["policy", *keys], as_index=False, observed=True)[
        ["n", "scored_n", "low_n", "low_total"]
    ].sum()
    table.columns = [
        "policy",
        *keys,
        "account_count",
        "scored_count",
        "low_health_count",
        "low_health_predicted_revenue",
    ]
    x, n = table["low_health_count"], table["scored_count"].astype("float64").replace(0, np.nan)
    rate = table["low_health_rate"] = rounded(x / n)
    table["low_health_rate_lower"], table["low_health_rate_upper"] = (
        wilson(x, n, -1),
        wilson(x, n, 1),
    )
    table["is_small_sample"] = table["scored_count"] < 30
    codes = np.select([rate.isna(), rate >= 0.7, rate >= 0.4, rate >= 0.2], [4, 0, 1, 2], 3)
    table["risk_level"] = np.array(["High", "Elevated", "Watch", "Stable", "Unscored"])[codes]
    for key in keys:
        table[key] = table[key].astype("str")
    table = table.assign(level=codes, most=-x).sort_values(["policy", "level", "most", *keys])
    table["priority_rank"] = table.groupby("policy").cumcount() + 1
    return table.drop(columns=["level", "most"])


def main(source, out):
    out.mkdir(parents=True, exist_ok=True)

    def write(name, frame):
        frame.to_parquet(out / f"{name}.parquet", index=False)

    accounts = read(source)
    cut_offs = score(accounts)
    inputs = [
        "account_id",
        "account_name",
        "industry",
        "account_size_segment",
        "geographic_region",
        "owner_id",
        *METRICS,
    ]
    figures = [
        *(f"{name}_score" for name in DIMENSIONS),
        "score_coverage",
        "run_rate_revenue",
        "pipeline_revenue",
    ]
    renamed = {
        "run_rate_score": "health_score", "run_rate_band": "health_band",
        "run_rate_forecast": "predicted_6m_revenue", "run_rate_tier": "contribution_tier",
    }  # fmt: skip
    health = accounts[[*inputs, *figures, *renamed]].rename(columns=renamed)
    health = health.assign(
        upsell_revenue=0.0, is_run_rate_unknown=health["account_age_days"].fillna(0) == 0,
        policy=pd.Categorical.from_codes(np.zeros(len(health), "int8"), ["run_rate"]),
        policy_version="pandas", as_of_date=TODAY,
    )  # fmt: skip
    write("account_health", health)
    del health
    parts = []
    for policy in POLICIES:
        part = accounts[
            ["account_id", *(f"{policy}_{name}" for name in ("score", "band", "forecast", "tier"))]
        ].copy()
        part.columns = [
            "account_id",
            "health_score",
            "health_band",
            "predicted_6m_revenue",
            "contribution_tier",
        ]
        part["contribution_tier"] = part["contribution_tier"].cat.set_categories(
            [*"ABCD", "Unscored"]
        )
        part.insert(0, "policy", pd.Categorical([policy], list(POLICIES)).repeat(len(part)))
        parts.append(part)
    write("policy_scores", pd.concat(parts, ignore_index=True))
    del parts

    cubes, profiles, importance, summaries = [], [], [], []
    everyone = accounts[METRICS].agg(["count", "mean", "median"])
    for policy in POLICIES:
        points, forecast, band = (
            accounts[f"{policy}_{name}"] for name in ("score", "forecast", "band")
        )
        keys = [
            accounts["industry"],
            accounts["account_size_segment"],
            band.rename("health_band"),
            accounts[f"{policy}_tier"].rename("tier"),
        ]
        grouped = pd.DataFrame({"points": points, "forecast": forecast}).groupby(
            keys, observed=True
        )
        cube = grouped.agg(
            n=("points", "size"), scored_n=("points", "count"), score_sum=("points", "sum"),
            total=("forecast", "sum"), forecast_n=("forecast", "count"),
        ).reset_index()  # fmt: skip
        cube.insert(0, "policy", policy)
        cube[["health_band", "tier"]] = cube[["health_band", "tier"]].astype("str")
        cubes.append(cube)
        low, scored = band == "Low", points.notna()
        for cohort, of_cohort in (
            ("all", everyone),
            ("low", accounts.loc[low & scored, METRICS].agg(["count", "mean", "median"])),
            ("not_low", accounts.loc[~low & scored, METRICS].agg(["count", "mean", "median"])),
        ):
            difference = of_cohort.loc["mean"] - everyone.loc["mean"]
            profiles.append(pd.DataFrame({
                "policy": policy, "metric": METRICS, "cohort": cohort,
                "account_count": of_cohort.loc["count"].astype("int64").to_numpy(),
                "mean": of_cohort.loc["mean"].to_numpy(), "median": of_cohort.loc["median"].to_numpy(),
                "difference_from_all": difference.to_numpy(),
                "relative_difference_from_all": (difference / everyone.loc["mean"].replace(0, np.nan)).to_numpy(),
            }))  # fmt: skip
        variance = points.var(ddof=0)
        for dimension, weight in DIMENSIONS.items():
            part = accounts[f"{policy}_{dimension}_points"]
            share = part.cov(points, ddof=0) / variance if variance > 0 else np.nan
            importance.append((policy, dimension, weight / 10, part.std(ddof=0), share))
        summaries.append({
            "policy": policy, "account_count": len(accounts), "scored_count": int(scored.sum()),
            "unscored_count": int((~scored).sum()), "mean_health_score": points.mean(),
            "median_health_score": points.median(), "min_health_score": points.min(), "max_health_score": points.max(),
            "low_health_count": int(low.sum()),
            "low_health_top_tier_count": int((low & (accounts[f"{policy}_tier"] == "A")).sum()),
            "predicted_6m_revenue_total": forecast.sum(), "health_forecast_correlation": points.corr(forecast),
        })  # fmt: skip
    cube = pd.concat(cubes, ignore_index=True)
    write("low_health_profile", pd.concat(profiles, ignore_index=True))
    write(
        "dimension_importance",
        pd.DataFrame(
            importance,
            columns=["policy", "dimension", "nominal_weight", "contribution_sd", "variance_share"],
        ),
    )
    write("health_forecast_summary", pd.DataFrame(summaries))
    write("risk_matrix", risk_table(cube, ["industry", "account_size_segment"]))
    write("risk_by_industry", risk_table(cube, ["industry"]))
    named = {
        "n": "account_count",
        "total": "predicted_6m_revenue_total",
        "tier": "contribution_tier",
    }
    write(
        "band_by_tier",
        cube.groupby(["policy", "health_band", "tier"], as_index=False)[["n", "total"]]
        .sum()
        .rename(columns=named),
    )
    ladder = pd.DataFrame(
        {
            "health_band": ["High", "Medium", "Low", "Unscored"],
            "position": [1, 2, 3, 4],
            "at_least": [80, 50, 0, None],
        }
    )
    bands = ladder.merge(pd.DataFrame({"policy": list(POLICIES)}), how="cross")
    bands = bands.merge(
        cube.groupby(["policy", "health_band"], as_index=False)[["n", "total"]].sum(), how="left"
    )
    bands = bands.fillna({"n": 0, "total": 0}).astype({"n": "int64"}).rename(columns=named)
    bands["account_share"] = bands["account_count"] / bands.groupby("policy")[
        "account_count"
    ].transform("sum")
    write("health_bands", bands)
    bounds = pd.DataFrame(
        [
            (policy, tier, cut)
            for policy, cuts in cut_offs.items()
            for tier, cut in cuts.items()
            if tier != "Unscored"
        ],
        columns=["policy", "tier", "lower_bound"],
    )
    tiers = cube.groupby(["policy", "tier"], as_index=False)[
        ["n", "total", "forecast_n", "score_sum", "scored_n"]
    ].sum()
    tiers = bounds.merge(tiers, how="outer").fillna({"n": 0, "total": 0}).astype({"n": "int64"})
    tiers["mean"] = tiers["total"] / tiers["forecast_n"].replace(0, np.nan)
    tiers["share"] = tiers["total"] / tiers.groupby("policy")["total"].transform("sum")
    tiers["mean_health"] = tiers["score_sum"] / tiers["scored_n"].replace(0, np.nan)
    tiers = tiers.rename(columns={"n": "account_count"})
    write(
        "contribution_tiers",
        tiers[
            [
                "policy",
                "tier",
                "lower_bound",
                "account_count",
                "total",
                "mean",
                "share",
                "mean_health",
            ]
        ],
    )
    pairs = accounts.groupby(["run_rate_band", "win_probability_band"], observed=True)[
        ["run_rate_forecast", "win_probability_forecast"]
    ]
    pairs = pairs.sum().join(pairs.size().rename("account_count")).reset_index()
    pairs.columns = [
        "band_a",
        "band_b",
        "predicted_6m_revenue_a",
        "predicted_6m_revenue_b",
        "account_count",
    ]
    pairs[["band_a", "band_b"]] = pairs[["band_a", "band_b"]].astype("str")
    write("policy_agreement", pairs.assign(policy_a="run_rate", policy_b="win_probability"))
    won = accounts["total_won_amount"]
    rate = accounts["win_rate_percentage"]
    middle = rate.groupby(accounts["industry"], observed=False).transform("median")
    ratio = accounts["current_pipeline_amount"] / won.mask(won == 0)
    kpis = []
    for kpi, values, threshold in (
        ("activity_frequency", accounts["total_activities_30d"], 5),
        ("activity_recency", -accounts["days_since_last_activity"], -14),
        ("email_coverage", accounts["contact_email_coverage"], 0.8),
        ("pipeline_to_won", ratio, 0.5),
        ("win_rate_in_industry", rate - middle, 0),
    ):
        n, x = int(values.notna().sum()), int((values >= threshold).sum())
        kpis.append((kpi, n, x, x / n if n else None, "measured" if n else "no data"))
    kpis += [
        (kpi, 0, None, None, "no data")
        for kpi in ("key_roles_covered", "multi_threading", "qbr_attendance")
    ]
    write(
        "kpi_attainment",
        pd.DataFrame(
            kpis,
            columns=["kpi_id", "measured_count", "attained_count", "attainment_rate", "status"],
        ),
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
