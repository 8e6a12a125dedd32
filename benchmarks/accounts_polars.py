# ruff: noqa: E501
"""The account marts of two policies in polars: python accounts_polars.py SOURCE.parquet OUT_FOLDER."""

import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

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
DIMENSIONS = ["activity", "contact_quality", "business_value", "account_scale"]
POLICIES = {
    "run_rate": {
        "size": [0.0, 0.5, 0.8, 1.0],
        "weights": (5, 5),
        "cuts": [(">", 0.75), (">", 0.5), (">", 0.25)],
    },
    "win_probability": {
        "size": [0.25, 0.5, 0.75, 1.0],
        "weights": (6, 4),
        "cuts": [(">", 0.75), (">=", 0.25)],
    },
}
TODAY = date.today()


def between(column, low, high):
    """NULL outside the bounds; polars counts NaN as above every number."""
    return pl.when(pl.col(column).is_between(low, high)).then(pl.col(column))


def amount(column):
    return between(column, 0, LIMIT)


def text(column):
    trimmed = pl.col(column).str.strip_chars(" ")
    return pl.when(trimmed != "").then(trimmed)


def plain(label):
    return label.lower().replace("-", " ")


def label(column, labels):
    cleaned = pl.col(column).str.strip_chars(" ").str.replace_all("[-_]", " ").str.to_lowercase()
    return cleaned.replace_strict(
        {plain(name): name for name in labels}, default="Unknown"
    ).fill_null("Unknown")


def moment(expression):
    last = datetime(TODAY.year, TODAY.month, TODAY.day) + timedelta(days=2)
    return pl.when((expression >= datetime(1900, 1, 1)) & (expression < last)).then(expression)


def cleaned_column(name, kind):
    """A column as it is compared between duplicates."""
    if name == "industry_normalized":
        return label(name, INDUSTRIES)
    if name == "account_size_segment":
        return label(name, SEGMENTS)
    if kind == pl.String:
        return text(name)
    if name == "account_created_date":
        return moment(pl.from_epoch(between(name, -2208988800, 253402300799), time_unit="s")).alias(
            name
        )
    if kind == pl.Datetime:
        return moment(pl.col(name)).alias(name)
    if name in ("win_rate_percentage", "data_completeness_score", "customer_health_score"):
        return between(name, 0, 100)
    if name in ("is_high_value_account", "owner_is_active", "is_declining_engagement"):
        return between(name, 0, 1)
    if name == "activity_trend_30d":
        return between(name, -LIMIT, LIMIT)
    return amount(name)


def rows_to_leave_out(source):
    """Row numbers without a key, and of the duplicates that are not the best row of their key."""
    key = pl.col("account_id").str.strip_chars(" ")
    ids = pl.scan_parquet(source, row_index_name="row").select(
        "row", key.fill_null("").alias("key")
    )
    ids = ids.with_columns(pl.col("key").hash().alias("hash"))
    repeated = (
        ids.group_by("hash")
        .len()
        .filter(pl.col("len") > 1)
        .select("hash")
        .collect(engine="streaming")
    )
    suspects = ids.join(repeated.lazy(), on="hash", how="semi").collect(engine="streaming")
    keyless = (
        pl.scan_parquet(source, row_index_name="row")
        .filter(key.fill_null("") == "")
        .select("row")
        .collect()
    )
    suspects = suspects.filter((pl.col("key") != "") & (pl.len().over("key") > 1))
    schema = pl.scan_parquet(source).collect_schema()
    preferred = ["data_completeness_score", "days_since_last_activity"]
    order = preferred + [name for name in schema if name not in [*preferred, "account_id"]]
    ranked = (
        pl.scan_parquet(source, row_index_name="row")
        .join(suspects.lazy().select("row", "key"), on="row", how="semi")
        .with_columns(key.alias("key"), *(cleaned_column(name, schema[name]) for name in order))
        .collect(engine="streaming")
        .sort(
            order,
            descending=[name == preferred[0] for name in order],
            nulls_last=True,
            maintain_order=True,
        )
    )
    losers = ranked.filter(pl.int_range(pl.len()).over("key") > 0).select("row")
    return pl.concat([losers, keyless])


# Polars turns a division by a constant into a product, so 0.4 may come out a bit below itself.
SLACK = 1e-9


def rounded(expression):
    return (expression * 1_000_000 + 0.5).floor() / 1_000_000


def score(accounts, source_columns):
    """Scores and forecasts of both policies side by side."""
    scaled = [
        "days_since_last_activity",
        "total_activities_30d",
        "annual_revenue",
        "total_won_amount",
        "number_of_employees",
    ]
    bounds = (
        accounts.select(
            *(pl.col(name).min().alias(f"{name}_low") for name in scaled),
            *(pl.col(name).max().alias(f"{name}_high") for name in scaled),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )

    def scale(name):
        low, high = bounds[f"{name}_low"], bounds[f"{name}_high"]
        if low is None or low == high:
            return pl.when(pl.col(name).is_not_null()).then(0.5)
        return (pl.col(name) - low) / (high - low)

    accounts = accounts.with_columns(
        (1 - scale(scaled[0])).alias("recency"),
        scale(scaled[1]).alias("activities"),
        scale(scaled[2]).alias("revenue"),
        scale(scaled[3]).alias("won"),
        scale(scaled[4]).alias("employees"),
    )
    for policy, settings in POLICIES.items():
        size = pl.col("account_size_segment").replace_strict(
            SEGMENTS, settings["size"], default=None, return_dtype=pl.Float64
        )
        dimensions = {
            "activity": (4, [(5, pl.col("recency")), (5, pl.col("activities"))]),
            "contact_quality": (3, [(10, pl.col("contact_email_coverage"))]),
            "business_value": (2, [(5, pl.col("revenue")), (5, pl.col("won"))]),
            "account_scale": (
                1,
                [(settings["weights"][0], size), (settings["weights"][1], pl.col("employees"))],
            ),
        }
        measured = {
            name: sum(
                pl.when(metric.is_not_null()).then(weight).otherwise(0)
                for weight, metric in metrics
            )
            for name, (_, metrics) in dimensions.items()
        }
        accounts = accounts.with_columns(
            *(measured[name].alias(f"{name}_measured") for name in dimensions),
            *(
                sum((metric * weight).fill_null(0) for weight, metric in metrics).alias(
                    f"{name}_sum"
                )
                for name, (_, metrics) in dimensions.items()
            ),
        ).with_columns(
            sum(
                pl.when(pl.col(f"{name}_measured") > 0).then(weight).otherwise(0)
                for name, (weight, _) in dimensions.items()
            ).alias("tenths"),
            sum(
                pl.col(f"{name}_measured") * weight for name, (weight, _) in dimensions.items()
            ).alias("coverage"),
        )
        sums, total = [], pl.lit(0.0)
        for name, (weight, _) in dimensions.items():
            total = total + pl.when(pl.col(f"{name}_measured") > 0).then(
                pl.col(f"{name}_sum")
                * (100 * weight / (pl.col("tenths") * pl.col(f"{name}_measured")))
            ).otherwise(0.0)
            sums.append(rounded(total))
        accounts = accounts.with_columns(
            *(
                pl.when(pl.col("coverage") >= 50)
                .then(part - (sums[i - 1] if i else 0))
                .alias(f"{policy}_{name}_points")
                for i, (name, part) in enumerate(zip(dimensions, sums, strict=True))
            ),
            *(
                pl.when(pl.col(f"{name}_measured") > 0)
                .then(rounded(100 * pl.col(f"{name}_sum") / pl.col(f"{name}_measured")))
                .alias(f"{policy}_{name}_score")
                for name in dimensions
            ),
            pl.when(pl.col("coverage") >= 50).then(sums[-1]).alias(f"{policy}_score"),
            (pl.col("coverage") / 100).alias(f"{policy}_coverage"),
        )
    health = {policy: pl.col(f"{policy}_score") / 100 for policy in POLICIES}
    age, won, pipeline = (
        pl.col("account_age_days"),
        pl.col("total_won_amount"),
        pl.col("current_pipeline_amount"),
    )
    accounts = accounts.with_columns(
        pl.when(age.fill_null(0) == 0)
        .then(won * health["run_rate"] * 0)
        .otherwise(won / (age / 30) * 6 * (0.5 + 0.5 * health["run_rate"]))
        .alias("part"),
        (pipeline * pl.col("win_rate_percentage") / 100 * (0.4 + 0.8 * health["run_rate"])).alias(
            "rest"
        ),
        rounded(
            pipeline * health["win_probability"]
            + won * 0.5 * (0.05 + 0.25 * health["win_probability"])
        ).alias("win_probability_forecast"),
    ).with_columns(
        rounded(pl.col("part")).alias("run_rate_revenue"),
        (
            rounded(pl.col("part").fill_null(0) + pl.col("rest"))
            - rounded(pl.col("part").fill_null(0))
        ).alias("pipeline_revenue"),
        rounded(pl.col("part") + pl.col("rest")).alias("run_rate_forecast"),
    )
    keep = [
        f"{policy}_{figure}"
        for policy in POLICIES
        for figure in ("score", "forecast", *(f"{d}_points" for d in DIMENSIONS))
    ]
    keep += [f"run_rate_{dimension}_score" for dimension in DIMENSIONS]
    return accounts.select(
        *source_columns, *keep, "run_rate_coverage", "run_rate_revenue", "pipeline_revenue"
    )


def with_labels(scores):
    columns = []
    cut_offs = {}
    for policy, settings in POLICIES.items():
        points, forecast = pl.col(f"{policy}_score"), pl.col(f"{policy}_forecast")
        band = (
            pl.when(points.is_null())
            .then(pl.lit("Unscored"))
            .when(points >= 80 - SLACK)
            .then(pl.lit("High"))
        )
        columns.append(
            band.when(points >= 50 - SLACK)
            .then(pl.lit("Medium"))
            .otherwise(pl.lit("Low"))
            .alias(f"{policy}_band")
        )
        cuts = scores.select(
            forecast.quantile(fraction, "linear").alias(str(fraction))
            for _, fraction in settings["cuts"]
        ).row(0)
        tier = pl.when(forecast.is_null()).then(pl.lit("Unscored"))
        for name, (comparison, _), cut in zip("ABC", settings["cuts"], cuts, strict=False):
            tier = tier.when(forecast > cut if comparison == ">" else forecast >= cut).then(
                pl.lit(name)
            )
        last = "ABCD"[len(cuts)]
        columns.append(tier.otherwise(pl.lit(last)).alias(f"{policy}_tier"))
        cut_offs[policy] = dict(zip("ABCD", [*cuts, None], strict=False))
    return scores.with_columns(columns), cut_offs


def wilson(x, n, side):
    z, share = 1.959964, x / n
    value = (
        share + z * z / (2 * n) + side * z * (share * (1 - share) / n + z * z / (4 * n * n)).sqrt()
    ) / (1 + z * z / n)
    return pl.when(n > 0).then(value.clip(0, 1))


def risk_table(cube, keys):
    low = pl.col("health_band") == "Low"
    counted = cube.group_by("policy", *keys).agg(
        pl.col("n").sum().alias("account_count"),
        pl.col("scored_n").sum().alias("scored_count"),
        pl.col("n").filter(low).sum().alias("low_health_count"),
        pl.col("total").filter(low).sum().alias("low_health_predicted_revenue"),
    )
    counted = counted.with_columns(pl.col("scored_count", "low_health_count").cast(pl.Int64))
    x, n = pl.col("low_health_count"), pl.col("scored_count")
    rate = pl.col("low_health_rate")
    level = (
        pl.when(rate.is_null())
        .then(pl.lit("Unscored"))
        .when(rate >= 0.7 - SLACK)
        .then(pl.lit("High"))
    )
    level = (
        level.when(rate >= 0.4 - SLACK)
        .then(pl.lit("Elevated"))
        .when(rate >= 0.2 - SLACK)
        .then(pl.lit("Watch"))
        .otherwise(pl.lit("Stable"))
    )
    order = pl.col("risk_level").replace_strict(
        ["High", "Elevated", "Watch", "Stable", "Unscored"], [1, 2, 3, 4, 5]
    )
    return (
        counted.with_columns(
            pl.when(n > 0).then(rounded(x / n)).alias("low_health_rate"),
            wilson(x, n, -1).alias("low_health_rate_lower"),
            wilson(x, n, 1).alias("low_health_rate_upper"),
            (n < 30).alias("is_small_sample"),
        )
        .with_columns(level.alias("risk_level"))
        .sort("policy", order, -x, *keys)
        .with_columns((pl.int_range(pl.len()).over("policy") + 1).alias("priority_rank"))
    )


def main(source, out):
    out.mkdir(parents=True, exist_ok=True)

    def write(name, frame):
        frame.write_parquet(out / f"{name}.parquet")

    left_out = rows_to_leave_out(source)
    emails, contacts = pl.col("contacts_with_email"), pl.col("total_contacts")
    inputs = [
        "account_id", "account_name", "industry", "account_size_segment", "geographic_region", "owner_id", *METRICS,
    ]  # fmt: skip
    accounts = (
        pl.scan_parquet(source, row_index_name="row")
        .join(left_out.lazy(), on="row", how="anti")
        .select(
            *(
                text(name)
                for name in ("account_id", "account_name", "geographic_region", "owner_id")
            ),
            label("industry_normalized", INDUSTRIES).alias("industry"),
            label("account_size_segment", SEGMENTS),
            *(
                amount(name)
                for name in METRICS
                if name not in ("contact_email_coverage", "win_rate_percentage")
            ),
            between("win_rate_percentage", 0, 100),
        )
        .with_columns(
            pl.when(contacts == 0)
            .then(0.0)
            .when(emails > contacts)
            .then(1.0)
            .otherwise(emails / contacts)
            .alias("contact_email_coverage")
        )
    )
    scores = score(accounts, inputs).collect(engine="streaming")
    scores, cut_offs = with_labels(scores)

    prefix = "run_rate_"
    write(
        "account_health",
        scores.select(
            *inputs,
            *(
                pl.col(f"{prefix}{dimension}_score").alias(f"{dimension}_score")
                for dimension in DIMENSIONS
            ),
            pl.col(f"{prefix}score").alias("health_score"),
            pl.col(f"{prefix}band").alias("health_band"),
            pl.col(f"{prefix}coverage").alias("score_coverage"),
            "run_rate_revenue",
            "pipeline_revenue",
            pl.lit(0.0).alias("upsell_revenue"),
            (pl.col("account_age_days").fill_null(0) == 0).alias("is_run_rate_unknown"),
            pl.col(f"{prefix}forecast").alias("predicted_6m_revenue"),
            pl.col(f"{prefix}tier").alias("contribution_tier"),
            pl.lit("run_rate").alias("policy"),
            pl.lit("polars").alias("policy_version"),
            pl.lit(TODAY).alias("as_of_date"),
        ),
    )
    figures = {
        "score": "health_score",
        "band": "health_band",
        "forecast": "predicted_6m_revenue",
        "tier": "contribution_tier",
    }
    pl.concat(
        scores.lazy().select(
            pl.lit(policy).alias("policy"),
            "account_id",
            *(pl.col(f"{policy}_{old}").alias(new) for old, new in figures.items()),
        )
        for policy in POLICIES
    ).sink_parquet(out / "policy_scores.parquet")

    win_rate_medians = scores.group_by("industry").agg(
        pl.col("win_rate_percentage").median().alias("median")
    )
    cubes, profiles, importance, summaries = [], [], [], []
    means = [pl.col(m).mean().alias(f"{m}|mean") for m in METRICS]
    medians = [pl.col(m).median().alias(f"{m}|median") for m in METRICS]
    counts = [pl.col(m).count().alias(f"{m}|account_count") for m in METRICS]
    everyone = scores.select(*counts, *means, *medians)
    for policy in POLICIES:
        band, forecast, points = (
            pl.col(f"{policy}_band"),
            pl.col(f"{policy}_forecast"),
            pl.col(f"{policy}_score"),
        )
        cubes.append(
            scores.group_by(
                "industry",
                "account_size_segment",
                band.alias("health_band"),
                pl.col(f"{policy}_tier").alias("tier"),
            )
            .agg(
                pl.len().cast(pl.Int64).alias("n"),
                points.count().alias("scored_n"),
                points.sum().alias("score_sum"),
                forecast.sum().alias("total"),
                forecast.count().alias("forecast_n"),
            )
            .select(pl.lit(policy).alias("policy"), pl.all())
        )
        cohorts = (
            scores.filter(points.is_not_null())
            .group_by((band == "Low").alias("low"))
            .agg(*counts, *means, *medians)
        )
        named = [("all", everyone.row(0, named=True))]
        named += [
            ("low" if row["low"] else "not_low", row) for row in cohorts.iter_rows(named=True)
        ]
        for cohort, row in named:
            for metric in METRICS:
                base = named[0][1][f"{metric}|mean"]
                mean = row[f"{metric}|mean"]
                known = mean is not None and base is not None
                profiles.append({
                    "policy": policy, "metric": metric, "cohort": cohort, "account_count": row[f"{metric}|account_count"],
                    "mean": mean, "median": row[f"{metric}|median"], "difference_from_all": mean - base if known else None,
                    "relative_difference_from_all": (mean - base) / base if known and base else None,
                })  # fmt: skip
        parts = [pl.col(f"{policy}_{dimension}_points") for dimension in DIMENSIONS]
        spread = scores.select(
            *(part.std(ddof=0).alias(f"sd_{i}") for i, part in enumerate(parts)),
            *(
                (pl.cov(part, points, ddof=0) / points.var(ddof=0)).alias(f"share_{i}")
                for i, part in enumerate(parts)
            ),
        ).row(0, named=True)
        for i, dimension in enumerate(DIMENSIONS):
            importance.append({
                "policy": policy, "dimension": dimension, "nominal_weight": [0.4, 0.3, 0.2, 0.1][i],
                "contribution_sd": spread[f"sd_{i}"], "variance_share": spread[f"share_{i}"],
            })  # fmt: skip
        summaries.append(
            scores.select(
                pl.lit(policy).alias("policy"),
                pl.len().cast(pl.Int64).alias("account_count"),
                points.count().alias("scored_count"),
                points.null_count().alias("unscored_count"),
                points.mean().alias("mean_health_score"),
                points.median().alias("median_health_score"),
                points.min().alias("min_health_score"),
                points.max().alias("max_health_score"),
                (band == "Low").sum().alias("low_health_count"),
                ((band == "Low") & (pl.col(f"{policy}_tier") == "A"))
                .sum()
                .alias("low_health_top_tier_count"),
                forecast.sum().alias("predicted_6m_revenue_total"),
                pl.corr(points, forecast).alias("health_forecast_correlation"),
            )
        )
    cube = pl.concat(cubes)
    write("low_health_profile", pl.DataFrame(profiles, infer_schema_length=None))
    write("dimension_importance", pl.DataFrame(importance))
    write("health_forecast_summary", pl.concat(summaries))
    write("risk_matrix", risk_table(cube, ["industry", "account_size_segment"]))
    write("risk_by_industry", risk_table(cube, ["industry"]))
    totals = (
        pl.col("n").sum().alias("account_count"),
        pl.col("total").sum().alias("predicted_6m_revenue_total"),
    )
    write(
        "band_by_tier",
        cube.group_by("policy", "health_band", pl.col("tier").alias("contribution_tier")).agg(
            totals
        ),
    )
    ladder = pl.DataFrame(
        {
            "health_band": ["High", "Medium", "Low", "Unscored"],
            "position": [1, 2, 3, 4],
            "at_least": [80.0, 50.0, 0.0, None],
        }
    )
    bands = ladder.join(pl.DataFrame({"policy": list(POLICIES)}), how="cross")
    bands = bands.join(
        cube.group_by("policy", "health_band").agg(totals), on=["policy", "health_band"], how="left"
    ).with_columns(pl.col("account_count", "predicted_6m_revenue_total").fill_null(0))
    write(
        "health_bands",
        bands.with_columns(
            (pl.col("account_count") / pl.col("account_count").sum().over("policy")).alias(
                "account_share"
            )
        ),
    )
    bounds = pl.DataFrame(
        [
            {"policy": policy, "tier": tier, "lower_bound": cut}
            for policy, cuts in cut_offs.items()
            for tier, cut in cuts.items()
        ],
        infer_schema_length=None,
    )
    tiers = cube.group_by("policy", "tier").agg(
        pl.col("n", "total", "forecast_n", "score_sum", "scored_n").sum()
    )
    tiers = bounds.join(tiers, on=["policy", "tier"], how="full", coalesce=True)
    write(
        "contribution_tiers",
        tiers.select(
            "policy", "tier", "lower_bound",
            pl.col("n").fill_null(0).alias("account_count"),
            pl.col("total").fill_null(0),
            pl.when(pl.col("forecast_n") > 0).then(pl.col("total") / pl.col("forecast_n")).alias("mean"),
            (pl.col("total") / pl.col("total").sum().over("policy")).alias("share"),
            pl.when(pl.col("scored_n") > 0).then(pl.col("score_sum") / pl.col("scored_n")).alias("mean_health"),
        ),
    )  # fmt: skip
    write(
        "policy_agreement",
        scores.group_by(
            pl.col("run_rate_band").alias("band_a"), pl.col("win_probability_band").alias("band_b")
        ).agg(
            pl.lit("run_rate").first().alias("policy_a"),
            pl.lit("win_probability").first().alias("policy_b"),
            pl.len().cast(pl.Int64).alias("account_count"),
            pl.col("run_rate_forecast").sum().alias("predicted_6m_revenue_a"),
            pl.col("win_probability_forecast").sum().alias("predicted_6m_revenue_b"),
        ),
    )
    won = pl.col("total_won_amount")
    ratio = pl.when(won != 0).then(pl.col("current_pipeline_amount") / won)
    in_industry = (
        scores.lazy()
        .select("industry", "win_rate_percentage")
        .join(win_rate_medians.lazy(), on="industry")
    )
    attained = scores.select(
        pl.concat_list(
            (pl.col("total_activities_30d") >= 5).sum(), pl.col("total_activities_30d").count()
        ).alias("activity_frequency"),
        pl.concat_list(
            (pl.col("days_since_last_activity") <= 14).sum(),
            pl.col("days_since_last_activity").count(),
        ).alias("activity_recency"),
        pl.concat_list(
            (pl.col("contact_email_coverage") >= 0.8).sum(),
            pl.col("contact_email_coverage").count(),
        ).alias("email_coverage"),
        pl.concat_list((ratio >= 0.5).sum(), ratio.count()).alias("pipeline_to_won"),
    ).row(0, named=True)
    attained["win_rate_in_industry"] = list(
        in_industry.select(
            (pl.col("win_rate_percentage") >= pl.col("median")).sum(),
            pl.col("win_rate_percentage").count().alias("n"),
        )
        .collect()
        .row(0)
    )
    kpis = [
        {
            "kpi_id": kpi,
            "measured_count": n,
            "attained_count": x,
            "attainment_rate": x / n if n else None,
            "status": "measured" if n else "no data",
        }
        for kpi, (x, n) in attained.items()
    ]
    kpis += [
        {
            "kpi_id": kpi,
            "measured_count": 0,
            "attained_count": None,
            "attainment_rate": None,
            "status": "no data",
        }
        for kpi in ("key_roles_covered", "multi_threading", "qbr_attendance")
    ]
    write("kpi_attainment", pl.DataFrame(kpis, infer_schema_length=None))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
