"""The customers of a report, each as one line of JSON, made by DuckDB of the rows of any engine.

A report is described once, as a mapping from its keys to SQL that gives the JSON of their values;
the text form reads the same lines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb

from customer_health.export.forms import as_json
from customer_health.export.reading import Marts, Query
from customer_health.sql import literal

# What JSON escapes; the characters below the blank in the way of Python.
ESCAPED = r'["\\\x00-\x1f]'
ESCAPES = {"\\": "\\\\", '"': '\\"'} | {
    chr(code): as_json(chr(code))[1:-1] for code in range(1, 0x20)
}

# Where the items of a customer stand in its shape.
ITEMS = "items"

# The column that tells the customers apart, and what no customer has.
KEY = "record_number"
NOBODY = (None, ())

Shape = Mapping[str, Any]


@dataclass(frozen=True)
class Lines:
    """Customers and their items, both in the order of `order`, whose columns both queries have.

    `shape` describes a customer and `item` gives the JSON of one of its items, which come in the
    order of `item_order`; `computed` are further columns of an item.
    """

    customers: Query
    items: Query
    order: Sequence[str]
    item_order: str
    shape: Shape
    item: str
    computed: Mapping[str, str] = field(default_factory=dict)


def text(column: str) -> str:
    """Return the SQL of any text as JSON."""
    escaped = column
    for character, escape in ESCAPES.items():
        escaped = f"replace({escaped}, {_character(character)}, {literal(escape)})"
    return (
        f"case when {column} is null then 'null'"
        f""" when regexp_matches({column}, {literal(ESCAPED)}) then '"' || {escaped} || '"'"""
        f""" else '"' || {column} || '"' end"""
    )


def word(column: str) -> str:
    """Return the SQL of one of the project's own words, which need no escapes, as JSON."""
    return f"""coalesce('"' || {column} || '"', 'null')"""


def plain(column: str) -> str:
    """Return the SQL of a score, a count or a flag as JSON."""
    return f"coalesce(cast({column} as varchar), 'null')"


def amount(column: str) -> str:
    """Return the SQL of a decimal, given as text, as JSON: whole ones without a decimal point."""
    return (
        f"case when {column} is null then 'null' when cast({column} as double) ="
        f" trunc(cast({column} as double)) then cast(cast(cast({column} as double) as hugeint)"
        f" as varchar) else cast(cast({column} as double) as varchar) end"
    )


def constant(value: Any) -> str:
    """Return the SQL of what is the same for all customers."""
    return literal(as_json(value))


def choice(column: str, values: Mapping[str, Any], otherwise: Any) -> str:
    """Return the SQL of what depends on a word."""
    cases = " ".join(f"when {literal(key)} then {constant(value)}" for key, value in values.items())
    return f"case {column} {cases} else {constant(otherwise)} end" if cases else constant(otherwise)


def concatenated(parts: Sequence[str]) -> str:
    """Return the SQL of texts one after the other."""
    return f"concat({', '.join(parts)})"


def members(shape: Shape, before: str = "{", after: str = "}") -> list[str]:
    """Return the SQL of an object's parts, one after the other; ITEMS stands for itself."""
    found = []
    for position, (key, value) in enumerate(shape.items()):
        found.append(literal(f"{', ' if position else before}{as_json(key)}: "))
        found += members(value) if isinstance(value, Mapping) else [value]
    return [*found, literal(after)]


def object_(shape: Shape) -> str:
    """Return the SQL of an object as JSON."""
    return concatenated(members(shape))


def lines(marts: Marts, report: Lines) -> Iterator[str]:
    """Yield the JSON of each customer in order."""
    parts = members(report.shape)
    place = parts.index(ITEMS)
    order = ", ".join(report.order)
    computed = "".join(f", {sql} as {name}" for name, sql in report.computed.items())
    with marts.on_duckdb({"customers": report.customers, "items": report.items}) as tables:
        customers = tables.stream(
            f"select {KEY}, {concatenated([*parts[:place], literal('[')])},"
            f" {concatenated([literal(']'), *parts[place + 1 :]])}"
            f" from customers order by {order}"
        )
        # DuckDB sorts on disk what does not fit into memory, but keeps lists that it gathers there.
        items = groupby(
            tables.stream(
                f"select {KEY}, {report.item} from (select *{computed} from items)"
                f" order by {order}, {report.item_order}"
            ),
            key=itemgetter(0),
        )
        owner, found = next(items, NOBODY)
        for key, begin, end in customers:
            if key == owner:
                yield begin + ", ".join([item for _, item in found]) + end
                owner, found = next(items, NOBODY)
            else:
                yield begin + end


def evaluated(expression: str, **values: Any) -> Any:
    """Return the value of an expression over the given columns."""
    columns = ", ".join(f"${name} as {name}" for name in values)
    with duckdb.connect() as connection:
        row = connection.execute(f"select {expression} from (select {columns})", values).fetchone()
    return row[0] if row else None


def _character(character: str) -> str:
    return literal(character) if character.isprintable() else f"chr({ord(character)})"
