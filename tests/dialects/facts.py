"""What Snowflake, BigQuery and Databricks have of the words in our SQL, from their documentation.

Every word that the compiled SQL uses stands here, as one that an engine has or as one that it lacks
(with what to write instead); a word that stands nowhere stops the report, so nothing new slips
through. Words: a function as `name()`, a type as it is written in a cast, and syntax as the report
names it.

- Snowflake: docs.snowflake.com/en/sql-reference, pages functions/*, data-types-*, constructs/values
- BigQuery: cloud.google.com/bigquery/docs/reference/standard-sql, pages functions-all, data-types,
  lexical, query-syntax, navigation_functions (percentiles are window functions only)
- Databricks: docs.databricks.com/sql/language-manual, pages sql-ref-functions-builtin-alpha,
  sql-ref-datatypes, data-types/string-type
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# Functions, types and syntax that mean the same in all three.
COMMON_FUNCTIONS = frozenset(
    "abs avg cast ceil coalesce corr count exp extract first_value floor lag lead least left length"
    " ln lower lpad ltrim max min mod nullif power rank replace row_number sqrt substr sum"
    " translate trim upper".split()
)
COMMON_TYPES = frozenset("bigint boolean date integer string timestamp".split())
COMMON_SYNTAX = frozenset(
    (
        "( ) , . * + - / = <> < <= > >= ||",
        "select distinct from where having with as case when then else end and or not in is null",
        "between like exists true false all asc desc on inner left full outer cross join over rows",
        "range union limit row timestamp time",
    )
)
COMMON_WORDS = frozenset(word for line in COMMON_SYNTAX for word in line.split()) | {
    "group by",
    "order by",
    "partition by",
    "union all",
    # The arguments of struct_pack, which stands among the functions.
    ":=",
}

# Syntax that needs a look, as the report names it.
WHOLE_DIVISION = "x // y"
ARRAY = "[x, y]"
ELEMENT = "x[n]"
REST = "x % y"
INTERVAL = "interval 'n' day"
VALUES = "from (values ...)"
UNION = "union"
NO_TABLE = "select ... where"
QUOTE = "'it''s'"
BACKSLASH = "'a\\b'"
SYNTAX = frozenset(
    {WHOLE_DIVISION, REST, ARRAY, ELEMENT, INTERVAL, VALUES, UNION, NO_TABLE, QUOTE, BACKSLASH}
)

# What sqlglot stumbles over, and what to put in its place to find out what else is wrong.
STUMBLING_BLOCKS = {
    WHOLE_DIVISION: ("//", "/"),
    UNION: ("union", "union all"),
    QUOTE: ("''", "\\'"),
}


@dataclass(frozen=True, eq=False)
class Dialect:
    """An engine as sqlglot and dbt name it; `lacks` says in Markdown what to write instead.

    `integer_digits` is how many digits before the point its `decimal` holds.
    """

    name: str
    title: str
    adapter_names: tuple[str, ...]
    lacks: Mapping[str, str]
    has: frozenset[str] = frozenset()
    reserved: frozenset[str] = frozenset()
    integer_digits: int = 38
    wider_decimal: str = ""
    # The dialect that our SQL is written in: that of the adapter whose macros are used.
    written_as: str = "duckdb"
    quote: str = '"'
    known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        functions = {f"{name}()" for name in COMMON_FUNCTIONS}
        known = functions | COMMON_TYPES | COMMON_WORDS | SYNTAX | self.has
        object.__setattr__(self, "known", frozenset(known))

    def instead_of(self, word: str) -> str | None:
        """Return what to write instead of a word; None if the engine has it.

        Raises KeyError for a word of which nothing is known.
        """
        if word in self.lacks:
            return self.lacks[word]
        if digits := re.fullmatch(r"decimal\((\d+), ?(\d+)\)", word):
            precision, scale = map(int, digits.groups())
            fits = precision - scale <= self.integer_digits
            return None if fits else f"`{self.wider_decimal}({precision}, {scale})`"
        if word not in self.known:
            raise KeyError(word)
        return None


SNOWFLAKE = Dialect(
    name="snowflake",
    title="Snowflake",
    adapter_names=("snowflake",),
    lacks={
        "quantile_disc()": "`array_construct(percentile_disc(q) within group (order by x), ...)`",
        "quantile_cont()": "`median(x)`",
        "make_timestamp()": "`to_timestamp_ntz(seconds)`",
        "regexp_matches()": "`regexp_like(x, pattern)`",
        "regexp_extract()": "`regexp_substr(x, pattern, 1, 1, 'e', 1)`, characters in full as on"
        " Postgres",
        # It replaces all there is without a flag, and its patterns know no \p.
        "regexp_replace()": "`regexp_replace(x, pattern, by)`, characters in full as on Postgres",
        "timezone()": "`convert_timezone('UTC', x)`",
        "struct_pack()": "`object_construct_keep_null('name', x, ...)`",
        "json_array_length()": "`array_size(parse_json(x))`",
        "json_extract()": "`get_path(try_parse_json(x), path)`",
        "json_extract_string()": "`to_varchar(get_path(parse_json(x), path))`",
        "json_keys()": "`object_keys(parse_json(x))`",
        "json_valid()": "`check_json(x) is null`",
        # Its own len() is of texts.
        "len()": "`array_size(x)`",
        "range()": "`array_generate_range(x, y)`",
        "sha256()": "`sha2(x, 256)`",
        "try()": "the expression itself, with `try_parse_json(x)`",
        "unnest()": "`lateral flatten(input => x)`",
        "hugeint": "`number(38, 0)`",
        # Two slashes begin a comment: the rest of the line is silently gone. A quotient of numbers
        # has six decimals and is rounded, so one too many is taken back as on Spark.
        WHOLE_DIVISION: "`floor(x / y)`, corrected as on Spark",
        # Places count from 0, and an element is a variant.
        ELEMENT: "`cast(x[n - 1] as double)`",
        INTERVAL: "`interval 'n day'`",
        BACKSLASH: "`'a\\\\b'`",
    },
    has=frozenset(
        # hash() has 64 bits; it may change with a release, which candidates may.
        [
            *"concat_ws() date_trunc() hash() percentile_cont() position() split_part()".split(),
            *"to_json() try_cast() double text varchar".split(),
            "timestamp with time zone",
        ]
    ),
    reserved=frozenset(
        "all alter and any as between by case cast check column connect connection constraint"
        " create cross current database delete distinct drop else exists false following for from"
        " full grant group gscluster having ilike in increment inner insert intersect into is issue"
        " join lateral left like localtime localtimestamp minus natural not null of on or order"
        " organization qualify regexp revoke right rlike row rows sample schema select set some"
        " start table tablesample then to trigger true try_cast union unique update using values"
        " view when whenever where with".split()
    ),
)

BIGQUERY = Dialect(
    name="bigquery",
    title="BigQuery",
    adapter_names=("bigquery",),
    lacks={
        "quantile_disc()": "`array_agg(x ignore nulls order by x)`, elements by their place",
        "quantile_cont()": "`array_agg(x ignore nulls order by x)`, mean of the middle",
        "hash()": "`farm_fingerprint(x)`",
        "make_timestamp()": "`timestamp_seconds(seconds)`",
        "regexp_matches()": "`regexp_contains(x, pattern)`",
        # One group may capture.
        "regexp_extract()": "`regexp_extract(x, pattern)`, inner groups as `(?:...)`",
        "regexp_replace()": "`regexp_replace(x, pattern, by)`",
        "try_cast()": "`safe_cast(x as type)`",
        # A timestamp is a point in time there, shown in UTC.
        "timezone()": "the timestamp itself",
        "struct_pack()": "`struct(x as name, ...)`",
        "to_json()": "`to_json_string(x)`",
        "concat_ws()": "`array_to_string([x, ...], separator)`",
        "date_trunc()": "`date_trunc(x, month)`",
        "json_array_length()": "`array_length(json_query_array(x))`",
        "json_extract()": "`json_query(x, path)`",
        "json_extract_string()": "`json_value(x, path)`",
        "json_keys()": "`json_keys(parse_json(x))`",
        "json_valid()": "`safe.parse_json(x) is not null`",
        "len()": "`array_length(x)`",
        "percentile_cont()": "`array_agg(x ignore nulls order by x)`, mean of the middle",
        "range()": "`generate_array(x, y - 1)`",
        "position()": "`strpos(y, x)`",
        # It gives bytes.
        "sha256()": "`to_hex(sha256(x))`",
        "split_part()": "`split(x, separator)[safe_ordinal(n)]`",
        "try()": "the expression itself, with `safe.parse_json(x)`",
        "unnest()": "`cross join unnest(x)`",
        "double": "`float64`",
        "varchar": "`string`",
        "text": "`string`",
        "timestamp with time zone": "`timestamp`",
        "hugeint": "`bignumeric`",
        WHOLE_DIVISION: "`div(x, y)`",
        REST: "`mod(x, y)`",
        ELEMENT: "`x[safe_ordinal(n)]`",
        INTERVAL: "`timestamp_add(x, interval n day)`",
        VALUES: "`from unnest([struct(x as name, ...), ...])`",
        UNION: "`union distinct`",
        NO_TABLE: "`select ... from (select 1) where`",
        QUOTE: "`'it\\'s'`",
        BACKSLASH: "`'a\\\\b'`",
    },
    reserved=frozenset(
        "all and any array as asc assert_rows_modified at between by case cast collate contains"
        " create cross cube current default define desc distinct else end enum escape except"
        " exclude exists extract false fetch following for from full group grouping groups hash"
        " having if ignore in inner intersect interval into is join lateral left like limit lookup"
        " merge natural new no not null nulls of on or order outer over partition preceding proto"
        " qualify range recursive respect right rollup rows select set some struct tablesample then"
        " to treat true unbounded union unnest using when where window with within".split()
    ),
    # NUMERIC has 29 digits before the point whatever its scale (up to 9).
    integer_digits=29,
    wider_decimal="bignumeric",
    quote="`",
)

DATABRICKS = Dialect(
    name="databricks",
    title="Databricks",
    # dbt-databricks inherits from dbt-spark, so our macros for Spark are used.
    adapter_names=("databricks", "spark"),
    lacks={"text": "`string`"},
    has=frozenset(
        "array() both concat_ws() date_add() date_sub() date_trunc() datediff() element_at()"
        " from_json() get_json_object() lateral map() named_struct() percentile() percentile_cont()"
        " percentile_disc() posexplode() position() regexp_extract() regexp_replace() rlike"
        " sha2() split_part() timestamp_seconds() to_json() try_cast() try_parse_json()"
        " variant_get() view xxhash64() double".split()
    ),
    reserved=frozenset(
        "anti cross except full inner intersect join lateral left minus natural on right semi union"
        " using null default true false".split()
    ),
    written_as="databricks",
    quote="`",
)

DIALECTS = (SNOWFLAKE, BIGQUERY, DATABRICKS)
