"""Quoting of names and texts for DuckDB and Postgres, which agree on it."""

from collections.abc import Iterable


def identifier(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def qualified(*names: str) -> str:
    """Return a dotted, quoted name, such as "marts"."accounts"."""
    return ".".join(identifier(name) for name in names)


def literal(value: str | float | None) -> str:
    """Return a text, a number or None as an SQL literal."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def literals(values: Iterable[str | float | None]) -> str:
    """Return the values as an SQL list literal."""
    return f"[{', '.join(literal(value) for value in values)}]"
