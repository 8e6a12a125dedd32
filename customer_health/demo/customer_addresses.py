"""Demo addresses: `customer360__address`, one to three rows of each customer360_id.

No column of theirs occurs in the tables of the customers; what joins the two is the mapping.
"""

import datetime

from customer_health.demo.customers import published
from customer_health.demo.draws import Draws
from customer_health.demo.flaws import Flaws, drawn, spoilt
from customer_health.sql import literals

TABLE = "customer360__address"

COLUMNS = {
    "customer360_id": "varchar",
    "source_system": "varchar",
    "address_type": "varchar",
    "address_line_1": "varchar",
    "address_line_2": "varchar",
    "city": "varchar",
    "state_code": "varchar",
    "state": "varchar",
    "country_code": "varchar",
    "country": "varchar",
    "country_alt_name": "varchar",
    "postal_code": "varchar",
    "priority": "bigint",
    "rank": "bigint",
}

# Columns in which text formats say 'n/a' where parquet has NaN.
NOT_AVAILABLE = ()

# Share of the customers who have a customer360_id; who have a second one; and, as a share of the
# customers again, ids that are nobody's.
OWN, SECOND, NOBODYS = 0.95, 0.03, 0.05

# Share of the rows with an error, or without a value.
DEFECTS: Flaws = {
    "blank key": (0.002, "customer360_id", "' '"),
    "no system": (0.004, "source_system", "null"),
    "system in upper case": (0.005, "source_system", "upper(source_system)"),
    "no country": (0.008, "country", "null"),
    "no state": (0.008, "state", "''"),
    "no rank": (0.004, "rank", "null"),
    "rank as another's": (0.030, "rank", "1"),
}

# Share, code and name of the country, another name, code and name of the state, city, postal code.
PLACE_FIELDS = (
    "country_code",
    "country",
    "country_alt_name",
    "state_code",
    "state",
    "city",
    "postal_start",
)
PLACES = (
    (0.11, "US", "United States", "USA", "CA", "California", "Sacramento", "958"),
    (0.09, "US", "United States", "USA", "TX", "Texas", "Houston", "770"),
    (0.08, "US", "United States", "USA", "NY", "New York", "Buffalo", "142"),
    (0.06, "US", "United States", "USA", "WA", "Washington", "Tacoma", "984"),
    (0.06, "CA", "Canada", "Dominion of Canada", "ON", "Ontario", "Ottawa", "K1A "),
    (0.04, "CA", "Canada", "Dominion of Canada", "QC", "Québec", "Québec", "G1R "),
    (0.07, "GB", "United Kingdom", "Great Britain", "ENG", "England", "Leeds", "LS1 "),
    (0.04, "GB", "United Kingdom", "Great Britain", "SCT", "Scotland", "Glasgow", "G1 "),
    (0.06, "DE", "Germany", "Deutschland", "BY", "Bavaria", "Nürnberg", "904"),
    (0.05, "DE", "Germany", "Deutschland", "HH", "Hamburg", "Hamburg", "200"),
    (0.07, "FR", "France", "République française", None, None, "Lyon", "690"),
    (0.05, "NL", "Netherlands", "Nederland", None, None, "Utrecht", "35"),
    (0.06, "AU", "Australia", "Commonwealth of Australia", "VIC", "Victoria", "Geelong", "32"),
    (0.04, "AU", "Australia", "Commonwealth of Australia", "QLD", "Queensland", "Cairns", "48"),
    (0.05, "BR", "Brazil", "Brasil", "SP", "São Paulo", "Campinas", "130"),
    (0.04, "IN", "India", "Bharat", "KA", "Karnataka", "Mysuru", "570"),
    (0.03, "JP", "Japan", "日本", "27", "Osaka", "大阪", "530-"),
)

STREETS = (
    "Harrow Lane,Mill Road,Station Street,Orchard Way,Cobbler's Row,Lantern Avenue,Quay Street,"
    "Juniper Close,Larch Drive,Beacon Hill"
).split(",")
SYSTEMS = {"marketo": 0.4, "stripe": 0.35, "zendesk": 0.25}
PRIORITIES = {"stripe": 1, "zendesk": 2, "marketo": 3}


def entities(draws: Draws) -> str:
    """Return the stages `entities`, one row per customer360_id; it belongs to its `customer`.

    `kind` is 0 for the customer's own, 1 for a second one and 2 for an id that is nobody's.
    """
    own, second, nobodys = (
        f"case when {draws.chance(f'address/{kind}', share)} then [{number}] else [] end"
        for number, (kind, share) in enumerate(
            {"own": OWN, "second": SECOND, "nobodys": NOBODYS}.items()
        )
    )
    return f"""
    kinds as (
        select *, unnest({own} || {second} || {nobodys}) as kind
        from customers
    ),
    entities as (
        select
            * replace (n * 4 + kind as n),
            'C360-' || to_base((n * 4 + kind) * 1000003 % 2176782336, 36, 6) as customer360_id
        from kinds
    )"""


def query(seed: int, as_of: datetime.date) -> str:
    """Return the SELECT of all columns, in order of the customers; `customers.prepare` comes first.

    Nothing of it depends on `as_of`.
    """
    draws = Draws(seed)
    return f"with\n{entities(draws)},{_placed(draws)},{_spoilt(draws)}\n{published(COLUMNS)}"


def _placed(draws: Draws) -> str:
    """The rows of an id: most at one place, one or two of them elsewhere."""
    places = {str(number): share for number, (share, *_) in enumerate(PLACES, start=1)}
    place = f"cast({draws.choose('address/place', places)} as integer)"
    fields = ",\n            ".join(
        f"({literals([values[position] for values in PLACES])})[place] as {name}"
        for position, name in enumerate(PLACE_FIELDS, start=1)
    )
    priority = " ".join(f"when '{system}' then {rank}" for system, rank in PRIORITIES.items())
    return f"""
    counted as (
        select
            *,
            {place} as home,
            unnest(range(1, 2 + floor(3 * power({draws.uniform("address/count")}, 2))::bigint))
                as rank
        from entities
    ),
    numbered as (
        select * replace (n * 4 + rank as n) from counted
    ),
    chosen as (
        select
            *,
            case when {draws.chance("address/elsewhere", 0.15)} then {place} else home end as place,
            {draws.choose("address/system", SYSTEMS)} as source_system,
            {draws.pick("address/type", ("billing", "shipping", "mailing"))} as address_type
        from numbered
    ),
    placed as (
        select
            *,
            {fields},
            case source_system {priority} end as priority,
            1 + floor(240 * {draws.uniform("address/number")})::integer || ' '
                || {draws.pick("address/street", STREETS)} as address_line_1,
            case when {draws.chance("address/suite", 0.2)}
                then 'Suite ' || (1 + floor(90 * {draws.uniform("address/suite/number")})::integer)
            end as address_line_2
        from chosen
    ),
    posted as (
        select
            *,
            postal_start || lpad(
                floor(100 * {draws.uniform("address/postal code")})::integer::varchar, 2, '0'
            ) as postal_code
        from placed
    )"""


def _spoilt(draws: Draws) -> str:
    """At most one error in a row."""
    return f"""
    flawed as (
        select *, {drawn(draws, "address/defect", DEFECTS)} as defect
        from posted
    ),
    spoilt as (
        select
            * replace (
                {spoilt({"defect": DEFECTS})}
            )
        from flawed
    )"""
