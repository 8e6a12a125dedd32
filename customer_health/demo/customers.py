"""Demo customers: who stands behind the customer-360 tables, and what these have in common.

A customer is an e-mail address. Each table says something of it in its own words: with other ids,
in more rows than one, with errors. What is true of the customer is drawn once, in a table that the
queries of all tables read.

A customer with n rows in the value table has n^2 in the activity table and n^4 in the funnel, which
is what joins before deduplicating leave behind.
"""

import datetime

import duckdb

from customer_health.demo.draws import Draws
from customer_health.demo.flaws import Flaws, drawn, spoilt
from customer_health.sql import literals

# Share of the customers with this many rows in the value table; all others have one.
ROW_COUNTS = {"2": 0.04, "3": 0.01}

# Customers whose number of rows is given, so that few customers have duplicates too and thousands
# have one extreme: 24, 576 and 331,776 rows.
EXTREME = 999
GIVEN_ROW_COUNTS = {5: 2, 9: 3, EXTREME: 24}

# Share of the customers with one row who are missing in one of the tables.
ABSENT = {"activity": 0.003, "funnel": 0.004, "value": 0.003}

# Share of the customers of whom a table holds one more row, without an e-mail address.
BLANK_KEYS = 0.002

# Share of the rows whose e-mail address is written in an unusual way; the customer is the same.
SPELLINGS: Flaws = {
    "upper case": (0.010, "primary_email", "upper(primary_email)"),
    "capital": (
        0.010,
        "primary_email",
        "upper(substr(primary_email, 1, 1)) || substr(primary_email, 2)",
    ),
    "leading blank": (0.008, "primary_email", "' ' || primary_email"),
    "trailing blanks": (0.008, "primary_email", "primary_email || '  '"),
}

# Share of the customers whose ids are the same in all tables.
AGREEING_IDS = 0.4
# Share of the customers outside a platform for whom the funnel or the value table has an id.
STRAY_IDS = 0.2

# Share of the highly engaged; mean and standard deviation of the score of either group, and the
# score of the extreme customer. Customers with several rows are more engaged, so the mean over rows
# lies above the mean over customers.
HIGHLY_ENGAGED = {"one row": 0.45, "several rows": 0.75}
LOW_ENGAGEMENT = (4.0, 2.2)
HIGH_ENGAGEMENT = (12.4, 3.5)
EXTREME_ENGAGEMENT = 15.0

TIERS = ("Basic", "Bronze", "Silver", "Gold", "Platinum")
TIER_LTV = (2600, 7200, 14500, 26500, 44000)

# Lower edges of the scores 2 to 5 for a standard normal, so that all five are about equally many.
RFM_EDGES = (-0.842, -0.253, 0.253, 0.842)

# First day and number of days since the last activity, for the recency scores 1 to 5.
RECENCY_DAYS = {"first": (180, 75, 30, 10, 0), "count": (240, 105, 45, 20, 10)}

VELOCITIES = {
    "Accelerating": 0.22,
    "Stable": 0.30,
    "Volatile": 0.16,
    "Declining": 0.20,
    "Stagnant": 0.12,
}
RISK_LEVELS = ("Very Low", "Low", "Medium", "High", "Critical")
# Upper edges of the first four risk levels for a standard normal: 15, 25, 30, 20 and 10 %.
RISK_EDGES = (-1.036, -0.253, 0.524, 1.282)

LIFECYCLES = {"Onboarding": 0.15, "Active": 0.55, "Renewal": 0.2, "Dormant": 0.1}
SEGMENTS = {"Consumer": 0.3, "Small Business": 0.35, "Mid-Market": 0.25, "Enterprise": 0.1}

SYSTEMS = {
    "marketo": "marketo_lead_id",
    "stripe": "stripe_customer_id",
    "zendesk": "zendesk_user_id",
}

# None of these words occurs in the names of the demo accounts, so nothing joins the two by name.
FIRST_NAMES = (
    "Adela Bruno Carina Dario Edda Finn Greta Halil Ines Jonas Kaya Lorenz Mira Nils Odile Pavel"
    " Quinn Runa Silas Tamsin Ulla Viggo Wanda Xenia Yusuf Zora"
).split()
LAST_NAMES = (
    "Aldane Brackhurst Corvane Dellamar Esterby Farrowin Gildane Hollowell Istrane Jarrowick"
    " Kelmore Lundholt Marchetto Norwyn Ostrander Pellworth Quarrell Rosmere Sandovar Tolande"
    " Underhay Varnholt Wexmoor Yarmond Zelwick"
).split()
ORGANIZATIONS = (
    "Quillhaven Tarnfield Brambleway Emberlyn Foxglove Gantry Hollin Inkwell Jasperine Knotwood"
    " Lanternhill Mossgate Nettlebank Orchardine Peregrin Quartzon Rookery Saltmarsh Thistledown"
    " Umberline Velloway Wrenfield Yewbarrow Zephyrine"
).split()
ORGANIZATION_KINDS = "Studio Workshop Cooperative Bureau Atelier Collective Works Society".split()


def prepare(
    connection: duckdb.DuckDBPyConnection, count: int, seed: int, as_of: datetime.date
) -> None:
    """Create the table `customers` that the queries of all customer tables read.

    Its key `n` counts from 0; a customer is the same however many there are.
    """
    connection.execute(f"create temp table customers as {_query(Draws(seed), count, as_of)}")


def rows(draws: Draws, table: str, power: int, columns: str) -> str:
    """Return the stages up to `changed`, with the rows of each customer in one table.

    A customer has as many as `times` to the `power`. `columns` is what the table adds to all rows
    of a customer. `copy` numbers these from 0 and `n` the rows of the table, `is_changed` marks
    those whose figures differ from the first one's, `has_blank_key` the one that comes on top, and
    `run` tells how many weeks ago the row was computed.
    """
    return f"""
    described as (
        select
            *,
            {columns},
            (times ** {power})::bigint as row_count,
            {draws.chance(f"{table}/blank", BLANK_KEYS)} as is_repeated
        from customers
        where absent_from is distinct from '{table}'
    ),
    numbered as (
        select
            *,
            unnest(range(0, row_count + is_repeated::bigint)) as copy
        from described
    ),
    copied as (
        select
            * replace (n * 1048576 + copy as n),
            copy = row_count as has_blank_key
        from numbered
    ),
    changed as (
        select
            *,
            copy > 0 and {draws.chance(f"{table}/changed", 0.5)} as is_changed,
            floor(4 * power({draws.uniform(f"{table}/run")}, 2))::integer as run
        from copied
    )"""


def flawed(draws: Draws, table: str, kinds: dict[str, Flaws]) -> str:
    """Return the stages `spoilt`, with at most one flaw of each kind in a row of `measured`.

    The rows of the extreme customer have none: a third of a million would drown all others.
    """
    kinds = kinds | {"spelling": SPELLINGS}
    flags = ",\n            ".join(
        f"case when customer <> {EXTREME}"
        f" then {drawn(draws, f'{table}/{kind}', flaws)} end as {kind}"
        for kind, flaws in kinds.items()
    )
    return f"""
    flawed as (
        select
            *,
            {flags}
        from measured
    ),
    spoilt as (
        select
            * replace (
                {spoilt(kinds)}
            )
        from flawed
    )"""


def published(columns: dict[str, str]) -> str:
    """Return the SELECT of the columns of a table with their types, from the stage `spoilt`."""
    names = ",\n    ".join(f"cast({name} as {type_}) as {name}" for name, type_ in columns.items())
    return f"select\n    {names}\nfrom spoilt"


def key() -> str:
    """Return the e-mail address of a row, blank in one way or another for a row without a key."""
    blank = "([null, '', '   '])[1 + customer % 3]"
    return f"case when has_blank_key then {blank} else primary_email end"


def ids(seed: int, table: str, numbers: dict[str, str]) -> str:
    """Return the columns of the three ids in a table.

    `numbers` gives for each of `SYSTEMS` the number of the id among those of the customer.
    """
    return ",\n            ".join(
        f"{id_of(seed, table, system, number)} as {SYSTEMS[system]}"
        for system, number in numbers.items()
    )


def id_of(seed: int, table: str, system: str, number: str) -> str:
    """Return the id of a customer in one system as one table has it, NULL if it has none."""
    customer, row = Draws(seed, "customer"), Draws(seed, f"(customer * 64 + {number})")
    own, shared = row.uniform(f"id/{system}/{table}"), row.uniform(f"id/{system}")
    known = f"in_{system} = 1"
    if table != "activity":
        known += f" or {customer.chance(f'id/{system}/{table}/stray', STRAY_IDS)}"
    uniform = f"case when has_agreeing_ids then {shared} else {own} end"
    return f"case when {known} then {drawn_id(system, uniform)} end"


def drawn_id(system: str, uniform: str) -> str:
    """Return the id that a uniform stands for, as the system writes it."""
    if system == "stripe":
        code = f"to_base(floor(4503599627370496 * ({uniform}))::bigint, 36, 11)"
        return f"'cus_' || {code} || substr('abcXYZ', 1 + customer % 6, 1)"
    digits = {"marketo": "1e9 + 9e9", "zendesk": "1e11 + 8e11"}[system]
    return f"floor({digits} * ({uniform}))::bigint::varchar"


def analysed_at(as_of: datetime.date, hour: int) -> str:
    """Return when a row was computed: a weekly run stamps all its rows with one time."""
    return f"timestamp '{as_of} {hour:02}:00:00' - (1 + 7 * run) * interval '1 day'"


def varied(value: str, draws: Draws, stream: str) -> str:
    """Return a figure that lies up to 15 % off in the changed rows, in steps of 5 %."""
    factor = f"(0.85 + 0.05 * floor(7 * {draws.uniform(stream)}))"
    return f"{value} * case when is_changed then {factor} else 1 end"


def _query(draws: Draws, count: int, as_of: datetime.date) -> str:
    stages = (_drawn(draws, count), _engaged(draws), _valued(draws), _dated(draws, as_of))
    return f"with {','.join(stages)}\nselect * from dated"


def _drawn(draws: Draws, count: int) -> str:
    """Who the customer is, and the normals that its figures share."""
    given = " ".join(f"when {n} then {times}" for n, times in GIVEN_ROW_COUNTS.items())
    times = f"cast({draws.choose('times', ROW_COUNTS)} as integer)"
    return f"""
    drawn as (
        select
            range as n,
            n as customer,
            case n {given} else coalesce({times}, 1) end as times,
            {draws.chance("ids/agree", AGREEING_IDS)} as has_agreeing_ids,
            {draws.choose("absent", ABSENT)} as drawn_absence,
            {draws.pick("name/first", FIRST_NAMES)} as first_name,
            {draws.pick("name/last", LAST_NAMES)} as last_name,
            {draws.pick("organization", ORGANIZATIONS)} as organization,
            {draws.pick("organization/kind", ORGANIZATION_KINDS)} as organization_kind,
            {draws.choose("segment", SEGMENTS)} as customer_segment,
            ({draws.chance("marketo", 0.5)})::integer as in_marketo,
            ({draws.chance("stripe", 0.5)})::integer as in_stripe,
            ({draws.chance("zendesk", 0.5)})::integer as in_zendesk,
            {draws.chance("zendesk/active", 0.54)} as is_active_user,
            1 + floor(5 * {draws.uniform("tier")})::integer as tier,
            {draws.normal("engagement")} as engagement_z,
            {draws.normal("health")} as health_z,
            {draws.normal("ltv")} as ltv_z,
            {draws.normal("money")} as money_z,
            {draws.normal("marketing to sales")} as marketing_to_sales_z,
            {draws.normal("sales to support")} as sales_to_support_z
        from range({count})
    )"""


def _engaged(draws: Draws) -> str:
    """Engagement and health, and the risk that goes against health."""
    (low, low_sd), (high, high_sd) = LOW_ENGAGEMENT, HIGH_ENGAGEMENT
    one, several = HIGHLY_ENGAGED.values()
    high_draw = draws.uniform("engagement/high")
    return f"""
    grouped as (
        select
            *,
            {high_draw} < case when times > 1 then {several} else {one} end as is_highly_engaged
        from drawn
    ),
    engaged as (
        select
            *,
            case
                when customer = {EXTREME} then {EXTREME_ENGAGEMENT}
                when is_highly_engaged then abs({high} + {high_sd} * engagement_z)
                else abs({low} + {low_sd} * engagement_z)
            end as engagement,
            least(99.5, greatest(3, 72.5 + 12 * health_z)) as health,
            -.5 * health_z + .87 * ({draws.normal("risk")}) as risk_z
        from grouped
    )"""


def _valued(draws: Draws) -> str:
    """Value, days and labels. The extreme customer has the days that the cohort asks for."""
    risk_level = " + ".join(f"(risk_z > {edge})::integer" for edge in RISK_EDGES)
    scores = ",\n            ".join(
        f"1 + {' + '.join(f'({z} > {edge})::integer' for edge in RFM_EDGES)} as {name}_score"
        for name, z in {
            "recency": f"({draws.normal('recency')})",
            "frequency": f"({draws.normal('frequency')})",
            "monetary": "(.5 * ltv_z + .866 * money_z)",
        }.items()
    )
    return f"""
    valued as (
        select
            *,
            ({literals(TIERS)})[tier] as customer_tier,
            ({literals(TIER_LTV)})[tier] * exp(
                .30 * ltv_z + case when is_highly_engaged then .09 else 0 end
            ) as ltv,
            {scores},
            round(case
                when customer = {EXTREME} then 14
                else 15 + 5.9 * marketing_to_sales_z
            end, 1) as marketing_to_sales_days,
            round(case
                when customer = {EXTREME} then 45
                when {draws.chance("support first", 0.01)} then -5 - 10 * abs(sales_to_support_z)
                else 55 * exp(.7 * sales_to_support_z)
            end, 1) as sales_to_support_days,
            1 + {risk_level} as risk_level,
            {draws.choose("velocity", VELOCITIES)} as engagement_velocity,
            (in_zendesk = 1 and is_active_user)::integer as zendesk_active,
            case when times = 1 then drawn_absence end as absent_from,
            organization || ' ' || organization_kind as primary_organization,
            lower(
                first_name || '.' || last_name || customer || '@' || organization || '-'
                    || organization_kind
            ) || '.example' as primary_email
        from engaged
    )"""


def _dated(draws: Draws, as_of: datetime.date) -> str:
    """Ages, in days before `as_of`, and the labels that follow from them."""
    first_day, day_count = (
        f"({literals(RECENCY_DAYS[name])})[recency_score]" for name in ("first", "count")
    )
    return f"""
    aged as (
        select
            *,
            60 + floor(1900 * {draws.uniform("age")})::bigint as account_age_days,
            {first_day} + floor({day_count} * {draws.uniform("recency/days")})::bigint
                as drawn_days
        from valued
    ),
    inactive as (
        select *, least(account_age_days, drawn_days) as days_since_last_activity
        from aged
    ),
    dated as (
        select
            *,
            {draws.choose("lifecycle", LIFECYCLES)} as lifecycle_stage,
            case in_marketo + in_stripe + in_zendesk
                when 0 then 'Unknown Journey'
                when 1 then 'Single Platform'
                when 2 then 'Two Platforms'
                else 'Full Journey'
            end as customer_journey_pattern,
            timestamp '{as_of} 00:00:00' - account_age_days * interval '1 day'
                as customer_first_touchpoint,
            timestamp '{as_of} 00:00:00' - days_since_last_activity * interval '1 day'
                as customer_last_activity
        from inactive
    )"""
