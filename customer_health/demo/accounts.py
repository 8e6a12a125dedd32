"""Demo accounts: `salesforce__customer_360_view`, one row per account and a few rows too many.

The figures follow the shape of a real CRM: four size segments that differ by orders of magnitude,
skewed money, recency and activity that pull against each other. On top come the errors that staging
must survive, each in a small share of the rows: `REPEATS` adds rows without a usable key,
`DEFECTS` spoils one value of a row, `STRAY_LABELS` misspells a label.
"""

import datetime

import duckdb

from customer_health.demo.draws import Draws, bounded, capped, ladder
from customer_health.demo.flaws import Flaws, drawn, spoilt
from customer_health.sql import literal, literals

TABLE = "salesforce__customer_360_view"

COLUMNS = {
    "account_id": "varchar",
    "account_name": "varchar",
    "account_type": "varchar",
    "website": "varchar",
    "phone": "varchar",
    "billing_city": "varchar",
    "billing_state": "varchar",
    "billing_country": "varchar",
    "industry_normalized": "varchar",
    "account_size_segment": "varchar",
    "geographic_region": "varchar",
    "account_maturity_stage": "varchar",
    "company_size_category": "varchar",
    "engagement_temperature": "varchar",
    "activity_frequency_score": "varchar",
    "churn_risk_level": "varchar",
    "upsell_opportunity_score": "varchar",
    "customer_lifecycle_stage": "varchar",
    "relationship_strength": "varchar",
    "annual_revenue": "double",
    "total_won_amount": "double",
    "current_pipeline_amount": "double",
    "number_of_employees": "integer",
    "account_age_days": "integer",
    "total_activities_30d": "integer",
    "total_activities_90d": "integer",
    "days_since_last_activity": "integer",
    "unique_activity_owners": "integer",
    "activity_trend_30d": "integer",
    "total_opportunities": "integer",
    "won_opportunities": "integer",
    "lost_opportunities": "integer",
    "open_opportunities": "integer",
    "total_contacts": "integer",
    "contacts_with_email": "integer",
    "callable_contacts": "integer",
    "emailable_contacts": "integer",
    "total_converted_leads": "integer",
    "data_completeness_score": "integer",
    "customer_health_score": "integer",
    "win_rate_percentage": "double",
    "avg_sales_cycle_days": "double",
    "avg_lead_conversion_days": "double",
    "is_high_value_account": "integer",
    "owner_is_active": "integer",
    "is_declining_engagement": "integer",
    "owner_id": "varchar",
    "account_owner_name": "varchar",
    "owner_email": "varchar",
    "account_created_date": "bigint",
    "last_won_date": "timestamp",
    "latest_opportunity_date": "timestamp",
    "first_lead_conversion_date": "timestamp",
    "latest_lead_conversion_date": "timestamp",
}

# Columns in which text formats say 'n/a' where parquet has NaN; these say NaN in all formats.
NOT_AVAILABLE = ()

# Share of the accounts that bring further rows, and which. Every account keeps one usable row.
REPEATS = {
    ("blank key",): 0.0008,
    ("exact copy",): 0.0010,
    ("changed copy",): 0.0010,
    ("changed copy", "second changed copy"): 0.0004,
}

# Share of the rows with one spoilt value: the column and the expression that spoils it.
DEFECTS: Flaws = {
    "negative revenue": (0.0006, "annual_revenue", "-annual_revenue"),
    "negative won amount": (0.0005, "total_won_amount", "-1 - total_won_amount"),
    "negative employees": (0.0005, "number_of_employees", "-number_of_employees"),
    "negative contacts": (0.0005, "total_contacts", "-1 - total_contacts"),
    "negative activities": (0.0005, "total_activities_30d", "-1 - total_activities_30d"),
    "revenue not a number": (0.0006, "annual_revenue", "'nan'::double"),
    "infinite pipeline": (0.0006, "current_pipeline_amount", "'infinity'::double"),
    "infinite won amount": (0.0005, "total_won_amount", "'-infinity'::double"),
    "more e-mails than contacts": (0.0015, "contacts_with_email", "total_contacts + 3"),
    "win rate above 100": (0.0006, "win_rate_percentage", "140.0"),
    "win rate below 0": (0.0005, "win_rate_percentage", "-5.0"),
    "unknown segment": (0.0010, "account_size_segment", "'Tiny'"),
    "unknown industry": (0.0010, "industry_normalized", "'Space Mining'"),
    "no industry": (0.0020, "industry_normalized", "null"),
    "created in the far future": (
        0.0006,
        "account_created_date",
        "epoch(timestamp '2999-12-31')::bigint",
    ),
    "created in 1800": (0.0006, "account_created_date", "epoch(timestamp '1800-01-01')::bigint"),
}

# Share of the rows whose industry or segment is written in an unusual way; the label still holds.
STRAY_LABELS: Flaws = {
    "trailing blank": (0.0010, "industry_normalized", "lower(industry_normalized) || ' '"),
    "upper case": (0.0007, "industry_normalized", "upper(industry_normalized)"),
    "underscore": (
        0.0008,
        "account_size_segment",
        "replace(replace(upper(account_size_segment), '-', '_'), ' ', '_')",
    ),
    "leading blanks": (0.0005, "account_size_segment", "'  ' || account_size_segment"),
}

# Rows whose revenue is ten thousand times too high, so that min-max scaling has something to bear.
REVENUE_OUTLIERS = (999, 1999)

# Labels that follow from measures of the same row.
LABELS = {
    "account_maturity_stage": """case
                when account_age_days < 180 then 'New'
                when account_age_days < 720 then 'Growing'
                when account_age_days < 1440 then 'Established'
                else 'Mature'
            end""",
    "engagement_temperature": """case
                when days_since_last_activity <= 7 then 'Hot'
                when days_since_last_activity <= 30 then 'Warm'
                else 'Cold'
            end""",
    "activity_frequency_score": """case
                when total_activities_30d = 0 then 'None'
                when total_activities_30d < 5 then 'Low'
                when total_activities_30d < 30 then 'Medium'
                else 'High'
            end""",
    "churn_risk_level": """case
                when days_since_last_activity <= 14 then 'Low'
                when days_since_last_activity <= 45 then 'Medium'
                else 'High'
            end""",
    "customer_lifecycle_stage": """case
                when account_age_days < 120 then 'Onboarding'
                when days_since_last_activity > 60 then 'At Risk'
                when open_opportunities > 5 then 'Expansion'
                else 'Retention'
            end""",
    "relationship_strength": """case
                when contacts_with_email >= 40 then 'Strong'
                when contacts_with_email >= 8 then 'Moderate'
                else 'Weak'
            end""",
}

INDUSTRIES = {
    "Technology": 0.33,
    "Financial Services": 0.29,
    "Healthcare": 0.26,
    "Manufacturing": 0.08,
    "Retail": 0.03,
    "Education": 0.01,
}

# Share of each segment inside an industry; over all: 17, 37, 30 and 16 %.
SEGMENT_SHARES = {
    "Technology": (0.18, 0.24, 0.39, 0.19),
    "Financial Services": (0.10, 0.48, 0.31, 0.11),
    "Healthcare": (0.23, 0.35, 0.23, 0.19),
    "Manufacturing": (0.25, 0.50, 0.13, 0.12),
    "Retail": (0.15, 0.50, 0.30, 0.05),
    "Education": (0.10, 0.20, 0.20, 0.50),
}

# Bounds of the employees; of every measure the mean and the standard deviation of its logarithm.
SEGMENTS: dict[str, tuple[str | float, ...]] = {
    "account_size_segment": ("Small Business", "Mid-Market", "Large", "Enterprise"),
    "company_size_category": ("Small", "Medium", "Big", "Global"),
    "employees_low": (5, 200, 1000, 5000),
    "employees_high": (199, 999, 4999, 50000),
    "employees_mu": (4.17, 6.29, 7.97, 10.10),
    "employees_sd": (0.67, 0.42, 0.40, 0.61),
    "revenue_mu": (16.23, 18.34, 20.03, 22.13),
    "revenue_sd": (0.86, 0.61, 0.59, 0.77),
    "won_mu": (13.90, 15.84, 17.49, 19.64),
    "won_sd": (0.80, 0.85, 0.78, 0.77),
    "pipeline_mu": (13.81, 15.76, 17.36, 19.80),
    "pipeline_sd": (0.99, 0.87, 0.92, 1.01),
    "contacts_mu": (1.35, 3.10, 4.87, 7.23),
    "contacts_sd": (0.60, 0.46, 0.56, 0.67),
    "activities_mu": (-0.25, 1.20, 2.75, 4.68),
    "activities_sd": (0.90, 0.65, 0.70, 0.95),
    "days_mu": (2.57, 2.12, 2.71, 2.32),
    "days_sd": (1.25, 1.00, 1.04, 1.10),
    "opportunities_mu": (2.6, 3.8, 4.8, 6.0),
}

# Share, region, state (none outside North America), country, city and dialling code.
PLACE_FIELDS = ("geographic_region", "billing_state", "billing_country", "billing_city", "dialling")
PLACES = (
    (0.12, "North America", "California", "United States", "San Francisco", "+1 555 01"),
    (0.10, "North America", "New York", "United States", "New York", "+1 555 02"),
    (0.08, "North America", "Texas", "United States", "Austin", "+1 555 03"),
    (0.07, "North America", "Illinois", "United States", "Chicago", "+1 555 04"),
    (0.06, "North America", "Massachusetts", "United States", "Boston", "+1 555 05"),
    (0.06, "North America", "Ontario", "Canada", "Toronto", "+1 555 06"),
    (0.03, "North America", "Québec", "Canada", "Montréal", "+1 555 07"),
    (0.11, "Europe", None, "United Kingdom", "London", "+44 20 7946 "),
    (0.08, "Europe", None, "Germany", "München", "+49 89 555 "),
    (0.05, "Europe", None, "France", "Paris", "+33 1 55 55 "),
    (0.04, "Europe", None, "Netherlands", "Amsterdam", "+31 20 555 "),
    (0.06, "Asia Pacific", None, "Japan", "東京", "+81 3 5555 "),
    (0.05, "Asia Pacific", None, "China", "上海", "+86 21 5555 "),
    (0.04, "Asia Pacific", None, "Australia", "Sydney", "+61 2 5550 "),
    (0.03, "Latin America", None, "Brazil", "São Paulo", "+55 11 5555 "),
    (0.02, "Latin America", None, "Mexico", "Ciudad de México", "+52 55 5555 "),
)

FIRST_WORDS = (
    "Alder Amber Ashford Beacon Birchwood Bluestone Brightwater Calder Cedar Cobalt Copperfield"
    " Crestline Dunmore Eastgate Elmwood Fairhaven Falcon Glenrock Granite Harborview Hawthorn"
    " Highmark Ironwood Juniper Kestrel Lakeshore Larkspur Maplewood Meridian Moorgate Northfield"
    " Oakridge Pinecrest Quarry Redwood Ridgeway Riverbend Silverlake Stonebridge Summit Thornbury"
    " Valewood Westbrook Whitmore Windmere Yarrow"
).split()
SECOND_WORDS = {
    "Technology": "Software Systems Networks Robotics Analytics Cloud Semiconductors".split(),
    "Financial Services": "Capital Bank Insurance Payments Credit Trust Wealth".split(),
    "Healthcare": "Health Clinics Diagnostics Pharma Biotech Care Devices".split(),
    "Manufacturing": "Steel Tools Engines Plastics Packaging Components Textiles".split(),
    "Retail": "Stores Markets Outfitters Foods Home Sports Toys".split(),
    "Education": "College Academy Learning Institute Schools Press Campus".split(),
}
LAST_WORDS = ("Inc", "LLC", "Ltd", "Group", "Holdings", "Partners", "GmbH", "Corp")
UNUSUAL_NAMES = (
    "示例科技有限公司",
    "株式会社例示製作所",
    "Müller & Söhne GmbH",
    "Café de l'Été SARL",
    "O'Hara's Freight",
    'Kettle, "The Original" Ltd',
    "=1+1 Trading",
    "Ærø Skibsværft A/S",
)
OWNER_FIRST_NAMES = (
    "Aisha Ben Chloe Daniel Elena Farid Grace Hiro Ingrid Jamal Kavya Luca Maria Noah Olga Priya"
    " Quentin Rosa Samuel Tomas"
).split()
OWNER_LAST_NAMES = "Abbott Becker Castillo Dubois Evans Fischer Garcia Huang Ito Jensen".split()


def prepare(connection: duckdb.DuckDBPyConnection, count: int, first: int = 0) -> None:
    """Make the table of row numbers that `query` reads; a table, because threads can share it.

    Numbers from the number of accounts on are accounts that the current view does not hold.
    """
    connection.execute(
        "create or replace temp table numbers as"
        f" select range as n from range({first}, {first + count})"
    )


def query(seed: int, as_of: datetime.date) -> str:
    """Return the SELECT of all columns, one row per account and repeat, in order of the accounts.

    It needs the table of `prepare`. Money is in currency units, dates count back from `as_of`.
    """
    draws = Draws(seed)
    stages = (
        _numbered(draws),
        _profiled(draws),
        _sized(draws),
        _measured(draws),
        _counted(draws),
        _described(draws, as_of),
        _spoilt(draws),
        _repeated(),
    )
    published = ",\n    ".join(
        f"cast({name} as {type_}) as {name}" for name, type_ in COLUMNS.items()
    )
    return f"with\n{','.join(stages)}\nselect\n    {published}\nfrom repeated"


def _segment(field: str) -> str:
    """Return the expression of one field of `SEGMENTS` for the row's segment."""
    return f"({literals(SEGMENTS[field])})[segment]"


def _place(field: str) -> str:
    """Return the expression of one field of `PLACES` for the row's place."""
    _, *columns = zip(*PLACES, strict=True)
    return f"({literals(columns[PLACE_FIELDS.index(field)])})[place]"


def _numbered(draws: Draws) -> str:
    """One row per account and repeat; `n` is the account, `repeat` NULL for its usable row."""
    groups = {str(number): share for number, share in enumerate(REPEATS.values())}
    rungs = " ".join(
        f"when '{number}' then [null, {', '.join(literal(kind) for kind in kinds)}]"
        for number, kinds in enumerate(REPEATS)
    )
    return f"""
    numbered as (
        select n, unnest(case {draws.choose("repeat", groups)} {rungs} else [null] end) as repeat
        from numbers
    )"""


def _profiled(draws: Draws) -> str:
    """Industry, segment and place, and the normals that the measures of an account share."""
    segment = draws.uniform("segment")
    places = {str(number): share for number, (share, *_) in enumerate(PLACES, start=1)}
    by_industry = []
    for industry, shares in SEGMENT_SHARES.items():
        numbers = {str(number): share for number, share in enumerate(shares[:3], start=1)}
        by_industry.append(f"when {literal(industry)} then {ladder(segment, numbers)}")
    return f"""
    industries as (
        select n, repeat, {draws.choose("industry", INDUSTRIES)} as industry_normalized
        from numbered
    ),
    profiled as (
        select
            n,
            repeat,
            industry_normalized,
            coalesce(
                cast(case industry_normalized {" ".join(by_industry)} end as integer), 4
            ) as segment,
            cast({draws.choose("place", places)} as integer) as place,
            {draws.normal("size")} as size_z,
            {draws.normal("revenue")} as revenue_noise,
            {draws.normal("won")} as won_noise,
            {draws.normal("pipeline")} as pipeline_noise,
            {draws.normal("contacts")} as contacts_noise,
            {draws.normal("recency")} as recency_z,
            {draws.normal("activity")} as activity_noise
        from industries
    )"""


def _sized(draws: Draws) -> str:
    """The measures as drawn, before bounds: larger accounts have more of everything."""
    return f"""
    correlated as (
        select
            *,
            .74 * size_z + .67 * revenue_noise as revenue_z,
            .38 * size_z + .35 * revenue_noise + .85 * won_noise as won_z,
            .70 * size_z + .71 * contacts_noise as contacts_z,
            .50 * size_z - .45 * recency_z + .74 * activity_noise as activity_z
        from profiled
    ),
    sized as (
        select
            *,
            exp({_segment("employees_mu")} + {_segment("employees_sd")} * size_z)
                as employees_draw,
            exp({_segment("revenue_mu")} + {_segment("revenue_sd")} * revenue_z) as revenue_draw,
            exp({_segment("contacts_mu")} + {_segment("contacts_sd")} * contacts_z)
                as contacts_draw,
            exp({_segment("days_mu")} + {_segment("days_sd")} * recency_z) as days_draw,
            exp({_segment("activities_mu")} + {_segment("activities_sd")} * activity_z)
                as activities_draw,
            exp({_segment("won_mu")} + {_segment("won_sd")} * won_z) as won_draw,
            exp(
                {_segment("pipeline_mu")}
                    + {_segment("pipeline_sd")} * (.5 * won_z + .87 * pipeline_noise)
            ) as pipeline_draw,
            exp(
                {_segment("opportunities_mu")} + .45 * revenue_z
                    + .4 * ({draws.normal("opportunities")})
            ) as opportunities_draw
        from correlated
    )"""


def _measured(draws: Draws) -> str:
    """Measures within their bounds; the bounds keep maxima alike for any number of accounts."""
    employees = bounded(
        "employees_draw",
        _segment("employees_low"),
        _segment("employees_high"),
        draws.uniform("employees/spare"),
    )
    revenue = bounded("revenue_draw", "8e5", "1.4e10", draws.uniform("revenue/spare"))
    days = bounded("days_draw", "1.0", "120", draws.uniform("days/spare"))
    contacts = capped("contacts_draw", "4000", draws.uniform("contacts/spare"))
    activities = capped("activities_draw", "481", draws.uniform("activities/spare"))
    opportunities = capped("opportunities_draw", "3000", draws.uniform("opportunities/spare"))
    return f"""
    measured as (
        select
            *,
            case
                when {draws.chance("age/today", 0.0015)} then 0
                when {draws.chance("age/young", 0.02)} then floor(430 * {draws.uniform("age")})
                else floor(430 + 1570 * {draws.uniform("age")})
            end::integer as account_age_days,
            floor({employees})::integer as number_of_employees,
            round({revenue}, 2) as revenue,
            {capped("won_draw", "1.1e9", draws.uniform("won/spare"))} as won,
            {capped("pipeline_draw", "1.6e9", draws.uniform("pipeline/spare"))} as pipeline,
            case when {draws.chance("contacts/none", 0.003)} then 0
                else ceil({contacts}) end::integer as total_contacts,
            floor({days} - 1)::integer as days,
            {draws.chance("activity/never", 0.002)} as is_silent,
            floor({activities})::integer as activities,
            case when {draws.chance("opportunities/none", 0.01)} then 0
                else ceil({opportunities}) end::integer as total_opportunities
        from sized
    )"""


def _counted(draws: Draws) -> str:
    """Counts that follow from others: what is won is part of the total, and so on."""
    return f"""
    counted as (
        select
            *,
            case when {draws.chance("revenue/unknown", 0.003)} then null else revenue end
                * case when n in {REVENUE_OUTLIERS} then 10000 else 1 end as annual_revenue,
            case when is_silent then null else least(days, account_age_days) end
                as days_since_last_activity,
            case when is_silent then 0 else activities end as total_activities_30d,
            floor(
                total_contacts * least(1, .80 + .20 * sqrt({draws.uniform("emails")}))
            )::integer as contacts_with_email,
            round(
                total_opportunities
                    * least(.6, greatest(.12, .30 + .08 * ({draws.normal("wins")})))
            )::integer as won_opportunities,
            floor({draws.uniform("leads")} * 4)::integer as total_converted_leads
        from measured
    ),
    related as (
        select
            *,
            case when won_opportunities = 0 then 0 else round(won, 2) end
                as total_won_amount,
            100.0 * won_opportunities / nullif(total_opportunities, 0) as win_rate_percentage,
            floor(
                (total_opportunities - won_opportunities) * (.55 + .35 * {draws.uniform("losses")})
            )::integer as lost_opportunities,
            case when {draws.chance("activity/forgotten", 0.01)} then total_activities_30d // 2
                else floor(total_activities_30d * (1.6 + 2.4 * {draws.uniform("quarter")})) end
                ::integer as total_activities_90d,
            floor(contacts_with_email * (.85 + .15 * {draws.uniform("opt-out")}))::integer
                as emailable_contacts,
            floor(total_contacts * (.5 + .5 * {draws.uniform("phones")}))::integer
                as callable_contacts
        from counted
    )"""


def _described(draws: Draws, as_of: datetime.date) -> str:
    """Labels, names, owner and dates."""
    second_words = " ".join(
        f"when {literal(industry)} then {draws.pick('name/second', words)}"
        for industry, words in SECOND_WORDS.items()
    )
    places = ",\n            ".join(f"{_place(name)} as {name}" for name in PLACE_FIELDS[:4])
    labels = ",\n            ".join(f"{label} as {name}" for name, label in LABELS.items())
    day = f"date '{as_of.isoformat()}'"
    first_lead = f"({day} - floor(account_age_days * {draws.uniform('lead/first')})::integer)"
    return f"""
    open_and_trend as (
        select
            *,
            total_opportunities - won_opportunities - lost_opportunities as open_opportunities,
            round(total_activities_30d - (total_activities_90d - total_activities_30d) / 2.0)
                ::integer as activity_trend_30d,
            {draws.pick("name/first", FIRST_WORDS)} as first_word,
            case industry_normalized {second_words} end as second_word,
            1 + floor({draws.uniform("owner")} * {len(OWNER_FIRST_NAMES)})::integer as owner_first,
            1 + floor({draws.uniform("owner/last")} * {len(OWNER_LAST_NAMES)})::integer
                as owner_last,
            {first_lead} as first_lead_date,
            {draws.uniform("contradiction")} as contradiction
        from related
    ),
    described as (
        select
            open_and_trend.*,
            {_segment("account_size_segment")} as account_size_segment,
            {places},
            '0015g000' || to_base(n * 1000003 % 78364164096, 36, 7) || upper(
                substr(md5(n::varchar), 1, 3)
            ) as account_id,
            case when {draws.chance("name/unusual", 0.01)}
                then {draws.pick("name/unusual/which", UNUSUAL_NAMES)}
                else first_word || ' ' || second_word || ' '
                    || {draws.pick("name/last", LAST_WORDS)}
            end as account_name,
            {draws.choose("type", {"Customer": 0.8, "Prospect": 0.12, "Partner": 0.08})}
                as account_type,
            'https://www.' || lower(first_word) || '-' || lower(second_word) || '.example'
                as website,
            {_place("dialling")}
                || lpad(floor({draws.uniform("phone")} * 10000)::integer::varchar, 4, '0')
                as phone,
            case
                when contradiction >= .15 then {_segment("company_size_category")}
                when contradiction < .08 then (['Medium', 'Big', 'Global', 'Big'])[segment]
                else (['Global', 'Small', 'Medium', 'Medium'])[segment]
            end as company_size_category,
            {labels},
            {draws.choose("upsell", {"High": 0.25, "Medium": 0.45, "Low": 0.3})}
                as upsell_opportunity_score,
            case when open_opportunities = 0 then 0 else round(pipeline, 2) end
                as current_pipeline_amount,
            case when total_activities_30d = 0 then 0
                else 1 + floor(sqrt(total_activities_30d) * {draws.uniform("activity/owners")}) end
                as unique_activity_owners,
            60 + floor(41 * {draws.uniform("completeness")}) as data_completeness_score,
            least(100, greatest(0, round(
                100 - coalesce(days_since_last_activity, 120) / 1.2
                    + 2 * ({draws.normal("crm score")})
            ))) as customer_health_score,
            case when total_opportunities > 0
                then round(20 + 160 * {draws.uniform("sales cycle")}, 1) end
                as avg_sales_cycle_days,
            case when total_converted_leads > 0
                then round(2 + 60 * {draws.uniform("lead conversion")}, 1) end
                as avg_lead_conversion_days,
            coalesce(revenue >= 1e9 or total_won_amount >= 1e8, false) as is_high_value_account,
            {draws.chance("owner/active", 0.95)} as owner_is_active,
            activity_trend_30d < 0 as is_declining_engagement,
            '0055g000' || lpad((owner_first * 100 + owner_last)::varchar, 7, '0') || 'AAA'
                as owner_id,
            ({literals(OWNER_FIRST_NAMES)})[owner_first] || ' '
                || ({literals(OWNER_LAST_NAMES)})[owner_last]
                as account_owner_name,
            epoch({day} - account_age_days)
                + floor(86400 * {draws.uniform("created")}) as account_created_date,
            case when won_opportunities > 0
                then {day}
                    - floor(account_age_days * power({draws.uniform("won date")}, 3))::integer
            end as last_won_date,
            case when total_opportunities > 0
                then {day}
                    - floor(account_age_days * power({draws.uniform("sale date")}, 4))::integer
            end as latest_opportunity_date,
            case when total_converted_leads > 0 then first_lead_date end
                as first_lead_conversion_date,
            case when total_converted_leads > 0
                then first_lead_date + floor(
                    date_diff('day', first_lead_date, {day}) * {draws.uniform("lead/latest")}
                )::integer
            end as latest_lead_conversion_date
        from open_and_trend
    )"""


def _spoilt(draws: Draws) -> str:
    """At most one defect and one stray label for a row; both spare the revenue outliers."""
    email = "lower(replace(account_owner_name, ' ', '.')) || '@example.com'"
    return f"""
    flawed as (
        select
            *,
            {email} as owner_email,
            case when n not in {REVENUE_OUTLIERS}
                then {drawn(draws, "defect", DEFECTS)} end as defect,
            case when n not in {REVENUE_OUTLIERS}
                then {drawn(draws, "stray", STRAY_LABELS)} end as stray_label
        from described
    ),
    spoilt as (
        select
            * replace (
                {spoilt({"defect": DEFECTS, "stray_label": STRAY_LABELS})}
            )
        from flawed
    )"""


def _repeated() -> str:
    """The further rows of `REPEATS`: without a key, or with the key of another row."""
    return """
    repeated as (
        select
            * replace (
                case
                    when repeat is distinct from 'blank key' then account_id
                    when n % 2 = 0 then '   '
                end as account_id,
                case repeat
                    when 'changed copy' then least(100, data_completeness_score + 8 * (n % 2) - 4)
                    when 'second changed copy' then data_completeness_score - 10
                    else data_completeness_score
                end as data_completeness_score,
                case repeat
                    when 'changed copy' then days_since_last_activity + 10
                    when 'second changed copy' then days_since_last_activity + 20
                    else days_since_last_activity
                end as days_since_last_activity
            )
        from spoilt
    )"""
