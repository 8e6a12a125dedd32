"""Demo history: dated snapshots of the account view, and what became of the accounts.

Values go backwards from an account's row in the current view, which is the last point of its
trajectory. The kind of a trajectory says how many points of health the account stood above or below
that in each week, and levers bring it there: days since the last activity, contacts with e-mail and
activities. A point is one of the published weights, as in the policy run_rate.

Scores are scaled between the lowest and the highest account of a date. So the accounts that hold
these extremes are in every snapshot and keep their values, and nobody goes beyond them.
"""

import datetime

import duckdb

from customer_health.demo import accounts, customer_success
from customer_health.demo.draws import Draws
from customer_health.demo.flaws import Flaws, drawn, spoilt
from customer_health.sql import literal

TABLE = "salesforce__customer_360_history"
OUTCOMES = "account_outcomes"
TRUTH = "account_trajectories"

COLUMNS = {"as_of_date": "date"} | accounts.COLUMNS

WEEKS = 26
MOST_ACCOUNTS = 2_000

# Accounts of the current view from which those with a history are chosen, at least.
POOL = 10_000

# Share of each kind among the accounts with a history, as far as accounts are fit for it; first
# come, first served. The rest is steady.
SHARES = {
    "cliff": 0.07,
    "slow_decline": 0.12,
    "new_account": 0.06,
    "recovery": 0.08,
    "recovered": 0.05,
    "seasonal": 0.06,
    "gap": 0.06,
}

# Accounts that churned, on top of those with a history and as a share of them, and how they went.
DEPARTED = 0.20
DEPARTED_SHARES = {"departed_after_decline": 0.65, "departed_silently": 0.35}

# The first departures are so many weeks after the first snapshot, so that each has a past.
FIRST_WEEKS = 4

# The measures that are scaled between the lowest and the highest account of a date.
SCALED = (
    "days_since_last_activity",
    "total_activities_30d",
    "annual_revenue",
    "total_won_amount",
    "number_of_employees",
)

# Points of health that the whole range of a measure is worth.
RECENCY_POINTS, ACTIVITY_POINTS, CONTACT_POINTS = 20, 20, 30

# Weeks of a season, of the decline of an account that is still there, of a fall that is made good
# again, and of the way back where it is not still going on.
SEASON_WEEKS = 13
DECLINE_WEEKS = 14
FALL_WEEKS = 7
RISE_WEEKS = 3

# Accounts with fewer contacts move in jumps when one contact comes or goes.
MANY_CONTACTS = 40

# What an account must be like to follow a kind; the columns are those of `_levers`.
FIT = {
    "cliff": "is_old and days <= 60 and jump_contacts + jump_activities >= 15.5",
    "slow_decline": "is_old and upward >= 12.5 and upward_days >= 5",
    "new_account": "account_age_days between 14 and history_days - 1 and days <= 25",
    "recovery": "is_old and days <= 25 and downward >= 13.5",
    "recovered": "is_old and days <= 25 and downward >= 13.5",
    "seasonal": "is_old and days <= 25 and upward >= 6 and downward >= 6",
    "gap": "is_old and days <= 25",
    "departed_after_decline": "is_old and upward >= 12.5 and upward_days >= 5",
    "departed_silently": "is_old and days <= 25",
}

# Share of the rows with one spoilt value, and of those that come with a further row; both among
# the steady accounts, so that planted movements stay what they are.
DEFECTS: Flaws = {
    "negative activities": (0.0002, "total_activities_30d", "-1 - total_activities_30d"),
    "negative contacts": (0.0002, "total_contacts", "-1 - total_contacts"),
    "more e-mails than contacts": (0.0002, "contacts_with_email", "total_contacts + 3"),
    "infinite pipeline": (0.0002, "current_pipeline_amount", "'infinity'::double"),
    "unknown segment": (0.0002, "account_size_segment", "'Tiny'"),
}
REPEATS = {"blank key": 0.0003, "exact copy": 0.0003, "changed copy": 0.0003}

# Rows that stand for no day: so many of a day that no CRM has seen, and one without a date. None is
# of a day after `as_of`: such a day is a snapshot like others, once that day has come.
ANCIENT_ROWS = 3
ANCIENT_DAY = datetime.date(1800, 1, 1)

# Share of the accounts with a history of each kind that have an event of a sort; drawn in turn.
EVENTS = {
    "contracted": {"slow_decline": 0.30, "cliff": 0.30, "steady": 0.02},
    "expanded": {"steady": 0.06, "recovery": 0.10, "seasonal": 0.05, "new_account": 0.10},
    "renewed": {
        "steady": 0.45,
        "recovery": 0.45,
        "recovered": 0.45,
        "seasonal": 0.45,
        "gap": 0.40,
        "cliff": 0.15,
        "slow_decline": 0.15,
    },
}
CHURN_REASONS = {
    "departed_after_decline": (
        "Low adoption",
        "Champion left",
        "Support experience",
        "Competitor",
        "Budget cut",
    ),
    "departed_silently": ("Acquired", "Budget cut", "Competitor", "Business closed"),
}


def prepare(
    connection: duckdb.DuckDBPyConnection,
    seed: int,
    as_of: datetime.date,
    count: int,
    weeks: int,
    history_count: int,
) -> None:
    """Choose the accounts with a history and what they go through; `count` accounts are current.

    Makes the tables that `query`, `outcomes` and `truth` read. Accounts younger than the history
    are in it from their first week on; with few accounts in the view there may be fewer than asked
    for. The row numbers of `accounts.prepare` are others afterwards.
    """
    history_count = min(history_count, count)
    departed_count = round(DEPARTED * history_count)
    pool = min(count, max(POOL, 5 * history_count))
    everybody = accounts.query(seed, as_of)
    accounts.prepare(connection, pool)
    connection.execute(f"create or replace temp table history_pool as {_kept(everybody)}")
    if count > pool:
        accounts.prepare(connection, count)
        connection.execute(f"insert into history_pool {_outermost(everybody)}")
    connection.execute(f"create or replace temp table history_bounds as {_bounds(7 * weeks)}")
    # Further accounts, of which no other table knows.
    accounts.prepare(connection, 20 * departed_count, first=count)
    connection.execute(f"create or replace temp table history_former as {_kept(everybody)}")
    connection.execute(
        "create or replace temp table history_kinds (account_id varchar primary key, kind varchar)"
    )
    connection.execute(
        "insert into history_kinds select distinct account_id, 'extreme' from history_bounds,"
        " unnest(account_ids) as ids (account_id)"
    )
    draws = Draws(seed, row="hash(account_id)")
    wanted = {kind: round(share * history_count) for kind, share in SHARES.items()}
    departed = {kind: round(share * departed_count) for kind, share in DEPARTED_SHARES.items()}
    for kind, number in wanted.items():
        _choose(connection, draws, "history_pool", kind, FIT[kind], "true", number)
    rest = f"greatest(0, {history_count} - (select count(*) from history_kinds))"
    _choose(connection, draws, "history_pool", "steady", "is_old", "days <= 25", rest)
    _choose(connection, draws, "history_pool", "new_account", FIT["new_account"], "true", rest)
    for kind, number in departed.items():
        fit = f"{FIT[kind]} and is_within_bounds"
        _choose(connection, draws, "history_former", kind, fit, "true", number)
    connection.execute(
        f"create or replace temp table history_accounts as {_planned(draws, as_of, weeks)}"
    )
    size = connection.execute("select count(*) from history_accounts").fetchall()[0][0]
    connection.execute(
        f"create or replace temp table history_numbers as {_numbered(seed, weeks, size)}"
    )


def query(seed: int, as_of: datetime.date) -> str:
    """Return the SELECT of all snapshots, by date and account; it needs the tables of `prepare`."""
    draws = Draws(seed, row="week_key")
    stages = (
        _dated(draws, as_of),
        _shifted(),
        _moved(draws),
        _followed(draws),
        _spoilt(),
        _repeated(),
    )
    published = ",\n    ".join(
        f"cast({name} as {type_}) as {name}" for name, type_ in COLUMNS.items()
    )
    return f"with\n{','.join(stages)}\nselect\n    {published}\nfrom repeated"


def outcomes(as_of: datetime.date) -> str:
    """Return the SELECT of what became of accounts, by date, with a few rows that are unusable."""
    return f"""
    with known as (
        select account_id, outcome_date, outcome, arr, reason
        from history_accounts
        where outcome is not null
    ),
    numbered as (
        select *, row_number() over (order by outcome_date desc, account_id) as number
        from known
    ),
    flawed as (
        select
            case number when 1 then null when 2 then '  ' else account_id end as account_id,
            case number when 3 then date '{as_of}' + 30 when 4 then null else outcome_date end
                as outcome_date,
            case number when 5 then 'paused' else outcome end as outcome,
            case number when 6 then -1 - arr else arr end as arr,
            reason
        from numbered
        where number <= 7
    )
    select * from known
    union all
    select * from flawed
    order by outcome_date nulls last, account_id nulls last, outcome
    """


def truth() -> str:
    """Return the SELECT of the kind of each account, when it began, when it turned, its outcome.

    from_date: begin of the decline or fall, last day before the cliff, first day missed by a gap,
    else the first snapshot; it may lie before the history. turning_date: begin of the decline,
    first day after the cliff, lowest day of a fall that was made good, day of the return.
    """
    return """
    select
        account_id,
        case kind when 'extreme' then 'steady' else kind end as kind,
        anchor_date - 7 * from_week as from_date,
        anchor_date - 7 * turning_week as turning_date,
        outcome,
        outcome_date
    from history_accounts
    order by account_id
    """


def _clean(column: str) -> str:
    """Return a measure as staging takes it: negative and infinite values are unknown."""
    return f"case when {column} between 0 and 1e300 then {column} end"


def _kept(rows: str, condition: str = "true") -> str:
    """Return the SELECT of the row of each account that staging keeps."""
    return f"""
    select * from ({rows})
    where trim(account_id) <> '' and {condition}
    qualify row_number() over (
        partition by account_id
        order by data_completeness_score desc nulls last, days_since_last_activity nulls last
    ) = 1
    """


def _outermost(rows: str) -> str:
    """Return the SELECT of the accounts outside the pool that may hold an extreme."""
    lists = ", ".join(
        f"{function}(account_id, {_clean(measure)}, 20)"
        for measure in SCALED
        for function in ("arg_min", "arg_max")
    )
    ids = f"select unnest(flatten([{lists}])) from ({rows}) where trim(account_id) <> ''"
    return _kept(
        rows,
        f"account_id in ({ids}) and account_id not in (select account_id from history_pool)",
    )


def _bounds(history_days: int) -> str:
    """Return the SELECT of the extremes of each scaled measure, and of who holds them."""
    holders, ends = [], []
    for measure in SCALED:
        for end in ("min", "max"):
            is_young = f"account_age_days {'<' if end == 'min' else '>='} {history_days}"
            holders.append(
                f"arg_{end}(account_id, row({_clean(measure)}, {is_young}, account_id))"
                f" filter ({_clean(measure)} is not null)"
            )
            ends.append(f"{end}({_clean(measure)}) as {end}_{measure}")
    return f"""
    select
        {history_days} as history_days,
        [{", ".join(holders)}] as account_ids,
        {", ".join(ends)},
        {RECENCY_POINTS} / nullif(max_days_since_last_activity - min_days_since_last_activity, 0)
            as points_a_day,
        {ACTIVITY_POINTS} / nullif(max_total_activities_30d - min_total_activities_30d, 0)
            as points_an_activity
    from history_pool
    """


def _levers(table: str) -> str:
    """Return the SELECT of the accounts with the points that each lever can move them.

    A jump may be higher than what a trajectory bears that is to be smooth.
    """
    bounds = " and ".join(f"{name} between min_{name} and max_{name}" for name in SCALED)
    return f"""
    select
        *,
        upward_days + upward_contacts + upward_activities as upward,
        downward_days + downward_contacts + downward_activities as downward
    from (
        select
            candidates.*,
            history_bounds.* exclude (account_ids),
            account_age_days >= history_days as is_old,
            {bounds} as is_within_bounds,
            {_clean("days_since_last_activity")} as days,
            {_clean("total_activities_30d")} as activities,
            case when contacts_with_email between 0 and total_contacts and total_contacts > 0
                then contacts_with_email / total_contacts end as coverage,
            greatest(0, days - 1) * points_a_day as upward_days,
            case when total_contacts >= {MANY_CONTACTS}
                then {CONTACT_POINTS} * (1 - coverage) else 0 end as upward_contacts,
            greatest(0, least(.9 * max_total_activities_30d, 6 * activities + 15) - activities)
                * points_an_activity as upward_activities,
            {CONTACT_POINTS} * (1 - coverage) as jump_contacts,
            greatest(0, least(.9 * max_total_activities_30d, 8 * activities + 20) - activities)
                * points_an_activity as jump_activities,
            greatest(0, least(max_days_since_last_activity - days, 40)) * points_a_day
                as downward_days,
            case when total_contacts >= {MANY_CONTACTS}
                then {CONTACT_POINTS} * least(.2, coverage) else 0 end as downward_contacts,
            .8 * activities * points_an_activity as downward_activities
        from {table} as candidates
        cross join history_bounds
    )
    """


def _choose(
    connection: duckdb.DuckDBPyConnection,
    draws: Draws,
    table: str,
    kind: str,
    fit: str,
    first: str,
    number: int | str,
) -> None:
    """Give a kind to so many accounts that are fit and have none; `first` says who comes first."""
    connection.execute(
        f"""
        insert into history_kinds
        select account_id, {literal(kind)}
        from ({_levers(table)}) as candidates
        where {fit} and account_id not in (select account_id from history_kinds)
        order by coalesce({first}, false) desc, {draws.uniform(f"choice/{kind}")}, account_id
        limit ({number})
        """
    )


def _planned(draws: Draws, as_of: datetime.date, weeks: int) -> str:
    """One row per account with a history: its last row, and the plan of what lies before it.

    Weeks count back from the account's last row, which is `anchor_week` weeks before `as_of`.
    """
    declines = "kind in ('slow_decline', 'departed_after_decline')"
    is_departed = "starts_with(kind, 'departed')"
    last_weeks = max(1, weeks - FIRST_WEEKS)
    moments = ",\n            ".join(
        f"{name} - 7 * anchor_week * interval '1 day' as {name}"
        for name, type_ in accounts.COLUMNS.items()
        if type_ == "timestamp"
    )
    events = " ".join(
        f"when {literal(kind)} then {draws.choose('event', shares)}"
        for kind, shares in _events_by_kind().items()
    )
    reasons = " ".join(
        f"when {literal(kind)} then {draws.pick('reason', reasons)}"
        for kind, reasons in CHURN_REASONS.items()
    )
    ranges = {
        label: customer_success.ARR[segment] for label, segment in customer_success.SEGMENTS.items()
    }
    arr = " ".join(
        f"when {literal(label)} then {low} * power({high} / {low}, {draws.uniform('arr')})"
        for label, (low, high) in ranges.items()
    )
    return f"""
    with chosen as (
        select
            levers.*,
            kind,
            {is_departed} as is_departed,
            case when {is_departed}
                then 1 + floor({last_weeks} * {draws.uniform("anchor")})::integer
                else 0
            end as anchor_week,
            {draws.uniform("size")} as size_draw,
            {draws.uniform("turn")} as turn_draw,
            {draws.uniform("gap/length")} as length_draw,
            2 * pi() * {draws.uniform("phase")} as phase,
            {draws.uniform("pipeline")} as pipeline_draw,
            {draws.uniform("pipeline/phase")} as block_draw,
            {draws.uniform("contacts")} as contacts_draw,
            {draws.uniform("win")} as win_draw,
            {draws.uniform("event/date")} as event_draw
        from history_kinds
        inner join (
            {_levers("history_pool")} union all {_levers("history_former")}
        ) as levers using (account_id)
    ),
    turned as (
        select
            *,
            date '{as_of}' - 7 * anchor_week as anchor_date,
            case
                when kind = 'slow_decline' then {DECLINE_WEEKS}
                when kind = 'departed_after_decline' then 11 + floor(5 * turn_draw)::integer
                when kind = 'cliff' then 2 + floor(7 * turn_draw)::integer
                when kind = 'recovery' then 3 + floor(2 * turn_draw)::integer
                when kind = 'recovered' then 16 + floor(3 * turn_draw)::integer
                when kind = 'gap' and turn_draw < .40 then 2 + floor(15 * turn_draw)::integer
                when kind = 'gap' and turn_draw < .70 then 0
            end as turning_week
        from chosen
    ),
    begun as (
        select
            *,
            case
                when {declines} then turning_week
                when kind = 'cliff' then turning_week + 1
                when kind in ('recovery', 'recovered') then turning_week + {FALL_WEEKS}
                when kind = 'gap' and turning_week is not null
                    then turning_week + 3 + floor(4 * length_draw)::integer
                when kind = 'new_account' then account_age_days // 7
                else {weeks} - anchor_week
            end as from_week,
            case
                when {declines} then 10 + 2.5 * size_draw
                when kind = 'cliff' then greatest(jump_contacts, 13.5 + 2 * size_draw)
                when kind in ('recovery', 'recovered') then 12 + 1.5 * size_draw
                when kind = 'seasonal' then 3
                else 0
            end as size,
            case kind when 'recovery' then turning_week else {RISE_WEEKS} end as rise_weeks,
            case when kind = 'cliff' then 0 else upward_days / nullif(upward, 0) end
                as days_share,
            case when kind = 'cliff' then jump_contacts / size
                else upward_contacts / nullif(upward, 0) end as contacts_share,
            case
                when pipeline_draw < case when {declines} then .6 else .3 end then 9
                when pipeline_draw < .7 then 3
                else 2
            end as block_weeks,
            case when {is_departed} then 'churned' else case kind {events} end end as outcome
        from turned
    )
    select
        * replace (
            account_created_date - 604800 * anchor_week as account_created_date,
            {moments}
        ),
        row_number() over (order by account_id) - 1 as position,
        case outcome
            when 'churned' then anchor_date + 1 + floor(6 * event_draw)::integer
            when 'contracted' then anchor_date
                - floor(7 * coalesce(turning_week, {weeks}) * event_draw)::integer
            when 'expanded' then anchor_date
                - floor(least(7 * {weeks}, account_age_days) * event_draw)::integer
            when 'renewed' then anchor_date
                - floor(least(7 * {weeks}, account_age_days) * event_draw)::integer
        end as outcome_date,
        case when outcome is not null and {draws.chance("arr/known", 0.97)} then round(
            case lower(account_size_segment) {arr} end, 2
        ) end as arr,
        case when outcome = 'churned' and {draws.chance("reason/known", 0.9)}
            then case kind {reasons} end end as reason
    from begun
    """


def _events_by_kind() -> dict[str, dict[str, float]]:
    """Return `EVENTS` turned round: kind -> event -> share."""
    by_kind: dict[str, dict[str, float]] = {}
    for event, shares in EVENTS.items():
        for kind, share in shares.items():
            by_kind.setdefault(kind, {})[event] = share
    return by_kind


def _numbered(seed: int, weeks: int, size: int) -> str:
    """One row for each account, week and repeat by date; `stray` numbers the rows of no day."""
    repeat = Draws(seed, row="n").choose("history/repeat", REPEATS)
    rungs = " ".join(f"when {literal(kind)} then [null, {literal(kind)}]" for kind in REPEATS)
    return f"""
    with ordered as (
        select
            range as n,
            case
                when range < 0 then range + {ANCIENT_ROWS}
                when range = {weeks * size} then {ANCIENT_ROWS}
            end as stray
        from range({-ANCIENT_ROWS}, {weeks * size + 1})
    ),
    numbers as (
        select
            n,
            stray,
            case when stray is null then {weeks} - n // {size} else 0 end::integer as week,
            case when stray is null then n % {size} else stray end as position
        from ordered
    )
    select
        *,
        unnest(case when stray is null then case {repeat} {rungs} else [null] end else [null] end)
            as repeat
    from numbers
    order by n, repeat nulls first
    """


def _dated(draws: Draws, as_of: datetime.date) -> str:
    """One row per account and week that it is there, and repeat."""
    return f"""
    present as (
        select
            history_accounts.*,
            case
                when stray is null then date '{as_of}' - 7 * week
                when stray < {ANCIENT_ROWS} then date '{ANCIENT_DAY}'
            end as as_of_date,
            case when stray is null then week - anchor_week else 0 end as past_weeks,
            hash(account_id, week) as week_key,
            repeat
        from history_numbers
        inner join history_accounts using (position)
    ),
    dated as (
        select
            * replace (greatest(0, account_age_days - 7 * past_weeks) as account_age_days),
            anchor_date - 7 * past_weeks as day,
            case when kind = 'new_account'
                then greatest(0, account_age_days - 7 * past_weeks) / account_age_days
                else 1
            end as share_of_age
        from present
        where past_weeks >= 0
            and (account_age_days >= 7 * past_weeks or kind = 'extreme')
            and (repeat is null or kind = 'steady')
            and not (kind = 'gap' and past_weeks > 0 and case
                when turning_week is null then {draws.chance("gap", 0.3)}
                else past_weeks > turning_week and past_weeks <= from_week
            end)
    )"""


def _shifted() -> str:
    """How many points the account stood above its last row, and below it: one of them is 0."""
    return f"""
    risen as (
        select
            *,
            case
                when kind in ('slow_decline', 'departed_after_decline')
                    then size * least(past_weeks, from_week) / from_week
                when kind = 'cliff' then case when past_weeks > turning_week then size else 0 end
                when kind in ('recovery', 'recovered') then -size * greatest(0, case
                    when past_weeks <= turning_week
                        then 1 - (turning_week - past_weeks) / rise_weeks
                    else 1 - (past_weeks - turning_week) / {FALL_WEEKS}
                end)
                when kind = 'seasonal' then size
                    * (sin(2 * pi() * past_weeks / {SEASON_WEEKS} + phase) - sin(phase))
                else 0
            end as points
        from dated
    ),
    shifted as (
        select
            *,
            greatest(0, points) as above,
            greatest(0, -points) as below,
            day - floor(least(account_age_days, 30) * win_draw)::integer as recent_day
        from risen
    )"""


def _moved(draws: Draws) -> str:
    """The measures of the week, with noise; extremes, unknown and last values stay."""
    noise = f"""case
                when past_weeks = 0 or kind in ('slow_decline', 'departed_after_decline',
                    'recovery', 'recovered', 'seasonal') then 0
                else floor(5 * {draws.uniform("recency")})::integer - 2
            end"""
    activity_noise = f"""case when past_weeks = 0 then 0
                else (2 * {draws.uniform("activities")} - 1)
                    * case when activities >= 3 then greatest(1.2, .03 * activities) else 0 end
            end"""
    blocks = Draws(draws.seed, row="hash(account_id, block)")
    return f"""
    paced as (
        select
            *,
            (past_weeks + floor(block_weeks * block_draw)::integer) // block_weeks as block,
            case when kind <> 'extreme' and coverage is not null and total_contacts >= 100
                then total_contacts
                    - floor(least(.2, .002 * past_weeks) * contacts_draw * total_contacts)::integer
                else total_contacts
            end as contacts,
            kind not in ('extreme', 'new_account') and last_won_date > day
                and won_opportunities >= 1
                and (won_opportunities > 1 or total_won_amount < .02 * max_total_won_amount)
                and total_won_amount between 0 and 1e300 as is_before_win,
            kind <> 'extreme' and latest_opportunity_date > day and total_opportunities > 1
                as is_before_sale,
            coalesce(first_lead_conversion_date > day, false) as is_before_leads
        from shifted
    ),
    reached as (
        select
            *,
            case
                when kind = 'extreme' or days is null then days_since_last_activity
                else least(account_age_days, max_days_since_last_activity, greatest(0,
                    days + {noise} + round((
                        coalesce(-above * days_share, 0)
                            + below * downward_days / nullif(downward, 0)
                    ) / points_a_day)))
            end as new_days,
            case
                when kind = 'extreme' or activities is null then total_activities_30d
                else least(max_total_activities_30d, greatest(0, round(activities + {activity_noise}
                    + (above * (1 - days_share - contacts_share)
                        - below * downward_activities / nullif(downward, 0))
                    / points_an_activity)))
            end as new_activities,
            case
                when kind = 'extreme' or coverage is null then contacts_with_email
                when contacts = total_contacts and points = 0 then contacts_with_email
                else least(contacts, greatest(0, round(contacts * (coverage + (
                    above * contacts_share - below * downward_contacts / nullif(downward, 0)
                ) / {CONTACT_POINTS}))))
            end as new_emails,
            is_before_win::integer
                + floor(won_opportunities * (1 - share_of_age))::integer as wins_ahead,
            is_before_sale::integer as sales_ahead
        from paced
    ),
    moved as (
        select
            * replace (
                new_days as days_since_last_activity,
                new_activities as total_activities_30d,
                contacts as total_contacts,
                new_emails as contacts_with_email,
                won_opportunities - wins_ahead as won_opportunities,
                case
                    when share_of_age < 1 then round(total_won_amount * share_of_age, 2)
                    when not is_before_win then total_won_amount
                    when won_opportunities = 1 then 0
                    else round(total_won_amount - least(.03 * max_total_won_amount,
                        total_won_amount * (.5 + win_draw) / won_opportunities), 2)
                end as total_won_amount,
                greatest(0, open_opportunities + wins_ahead - sales_ahead) as open_opportunities,
                case when kind <> 'extreme' and block > 0 and current_pipeline_amount > 0
                    and isfinite(current_pipeline_amount)
                    then round(
                        current_pipeline_amount * (.85 + .3 * {blocks.uniform("pipeline/block")}), 2
                    )
                    else current_pipeline_amount
                end as current_pipeline_amount,
                case
                    when last_won_date <= day then last_won_date
                    when last_won_date is null or won_opportunities = wins_ahead then null
                    else recent_day
                end as last_won_date,
                case
                    when latest_opportunity_date <= day then latest_opportunity_date
                    when latest_opportunity_date is not null then recent_day
                end as latest_opportunity_date,
                case when not is_before_leads then first_lead_conversion_date end
                    as first_lead_conversion_date,
                case when not is_before_leads then least(latest_lead_conversion_date, day) end
                    as latest_lead_conversion_date,
                case when is_before_leads then 0 else total_converted_leads end
                    as total_converted_leads,
                case when not is_before_leads then avg_lead_conversion_days end
                    as avg_lead_conversion_days
            ),
            days_since_last_activity as last_days,
            total_activities_30d as last_activities,
            total_contacts as last_contacts,
            contacts_with_email as last_emails
        from reached
    )"""


def _followed(draws: Draws) -> str:
    """What follows from the measures: counts, labels, the CRM's own score."""
    labels = ",\n                ".join(
        f"{label} as {name}" for name, label in accounts.LABELS.items()
    )

    def in_step(column: str, now: str, last: str) -> str:
        return f"case when {last} > 0 then round({column} * {now} / {last}) else {column} end"

    emailable = in_step("emailable_contacts", "contacts_with_email", "last_emails")
    callable_ = in_step("callable_contacts", "total_contacts", "last_contacts")
    quarter = in_step("total_activities_90d", "total_activities_30d", "last_activities")
    return f"""
    counted as (
        select
            * replace (
                case when wins_ahead + sales_ahead = 0 then total_opportunities
                    else won_opportunities + lost_opportunities + open_opportunities
                end as total_opportunities,
                {emailable} as emailable_contacts,
                {callable_} as callable_contacts,
                case when last_activities = total_activities_30d then total_activities_90d
                    when last_activities = 0 then 2 * total_activities_30d
                    else {quarter} end as total_activities_90d,
                case
                    when total_activities_30d = last_activities then unique_activity_owners
                    when total_activities_30d = 0 then 0
                    else least(total_activities_30d, greatest(1, round(unique_activity_owners
                        * sqrt((total_activities_30d + 1) / (greatest(0, last_activities) + 1)))))
                end as unique_activity_owners,
                case when days is null then customer_health_score else least(100, greatest(0, round(
                    customer_health_score + (last_days - days_since_last_activity) / 1.2
                ))) end as customer_health_score
            )
        from moved
    ),
    followed as (
        select
            * replace (
                case when total_activities_30d = last_activities then activity_trend_30d
                    else round(total_activities_30d
                        - (total_activities_90d - total_activities_30d) / 2.0)
                end as activity_trend_30d,
                case when wins_ahead + sales_ahead = 0 then win_rate_percentage
                    else 100.0 * won_opportunities / nullif(total_opportunities, 0)
                end as win_rate_percentage,
                {labels}
            ),
            case when kind = 'steady' and past_weeks > 0
                then {drawn(draws, "defect", DEFECTS)} end as defect
        from counted
    )"""


def _spoilt() -> str:
    """At most one defect for a row."""
    return f"""
    spoilt as (
        select
            * replace (
                activity_trend_30d < 0 as is_declining_engagement,
                {spoilt({"defect": DEFECTS})}
            )
        from followed
    )"""


def _repeated() -> str:
    """The further rows of `REPEATS`: without a key, or with the key and date of another row."""
    return """
    repeated as (
        select
            * replace (
                case when repeat is distinct from 'blank key' then account_id end as account_id,
                case when repeat = 'changed copy' then greatest(0, data_completeness_score - 4)
                    else data_completeness_score end as data_completeness_score,
                case when repeat = 'changed copy' then days_since_last_activity + 10
                    else days_since_last_activity end as days_since_last_activity
            )
        from spoilt
    )"""
