"""What a folder of raw files would give, within seconds and without dbt.

The plain readings of staging, for text: a number as 1234.5, a day as 2026-06-30 with or without a
time, a flag as 0, 1, true, false. What is written otherwise would be refused, and so unknown.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from customer_health.errors import UserError, first_line
from customer_health.load import LoadedTable, RawTable, of_sources, planned, remarks
from customer_health.portable import reader
from customer_health.project import source_tables
from customer_health.schemas import RAW
from customer_health.sql import identifier, literal
from customer_health.yaml_text import from_yaml

ACCOUNTS = "salesforce__customer_360_view"

NUMBER = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
MOMENT = (
    r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}"
    r"([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z| UTC|[+-][0-9]{2}(:?[0-9]{2})?)?)?$"
)
FLAGS = ("0", "1", "true", "false", "t", "f", "y", "n")
# In which tools write a value that is not there, and what nobody sees around one.
NOTHING = ("", "null", "none", "\\n")
UNSEEN = r"[\p{Z}\p{Cc}\p{Cf}]"
FLAG_NAME = re.compile(r"(^|_)is_")
MOMENT_NAME = re.compile(r"_(date|at|on)$")

# Of a column with a format of its own, what is plain is not what is read.
WITH_A_FORMAT = "customer_health_formats says how it is written"

# What a policy names by another name than the columns that it is made of.
MADE_OF = {
    "size_points": ("account_size_segment",),
    "contact_email_coverage": ("total_contacts", "contacts_with_email"),
    "industry": ("industry_normalized",),
    "per_account_age": ("account_age_days",),
    "times_win_rate": ("win_rate_percentage",),
}


def check(folder: Path, project: Path) -> Iterator[str]:
    """Yield what would be read, what is missing, and what would be refused, a line for each.

    Raises UserError at the end if the accounts lack what their key or a scored policy needs, and at
    once if the files do not load.
    """
    known = source_tables(project)
    formats = _settings(project).get("customer_health_formats") or {}
    lacking: list[str] = []
    with reader() as connection:
        tables = of_sources(planned(connection, folder, project))
        for table in tables:
            yield LoadedTable(table.name, table.row_count, table.path).line
        yield from remarks(folder, project)
        for table in tables:
            columns = known.get(table.name, {})
            if table.is_empty or not columns:
                continue
            types = {
                name.lower(): (name, type_)
                for name, type_, *_ in connection.execute(f"describe {table.select}").fetchall()
            }
            required = required_columns(project, columns) if table.name == ACCOUNTS else {}
            strangers = types.keys() - columns.keys()
            missing = [name for name in columns if name not in types]
            lacking += [
                f"{name} ({required[name]}{_meant(name, strangers)})"
                for name in missing
                if name in required
            ]
            optional = [name + _meant(name, strangers) for name in missing if name not in required]
            if optional:
                yield f"{RAW}.{table.name}  columns absent, so unknown: {', '.join(optional)}"
            written = formats.get(table.name) or {}
            if "every_column" in written:
                yield f"{RAW}.{table.name}  not checked for refused values: {WITH_A_FORMAT}"
                continue
            columns = {name: type_ for name, type_ in columns.items() if name not in written}
            yield from _refused(connection, table, columns, types)
    if lacking:
        raise UserError(
            f"{RAW}.{ACCOUNTS} lacks required columns: {', '.join(lacking)}; add them, or change"
            " the policies"
        )


def required_columns(project: Path, known: Mapping[str, str]) -> dict[str, str]:
    """Return the columns that a key or a scored policy needs, and what needs each."""
    settings = _settings(project)
    required = {"account_id": "the key"}
    try:
        presets = settings["customer_health_presets"]
        own = settings.get("customer_health_extra_policies") or {}
        scored = settings["customer_health_policies"]
    except KeyError:
        # It has settings of its own, or none: the key is needed by all.
        return required
    for policy in scored:
        extra = own.get(policy) or {}
        block = (presets.get(extra.get("extends", policy)) or {}) | extra
        parts = {key: block.get(key) for key in ("dimensions", "forecast")}
        for word in _words(parts):
            for column in MADE_OF.get(word, (word,)):
                if column in known:
                    required.setdefault(column, f"policy {policy}")
    return required


def _settings(project: Path) -> Mapping[str, Any]:
    """Return the settings of a project of ours; none if it is another one, or there is none."""
    path = project / "dbt_project.yml"
    try:
        return from_yaml(path.read_text(encoding="utf-8"))["vars"]["customer_health"] or {}
    except (OSError, KeyError, TypeError):
        return {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not readable YAML: {first_line(error)}") from error


def _words(value: Any) -> Iterator[str]:
    """Yield the words of a block that could name columns: its texts, and its keys that are on."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if inner is True:
                yield str(key)
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str):
        yield value


def _meant(name: str, strangers: set[str]) -> str:
    """Return the column that may be meant, as a question."""
    of_plain = {re.sub(r"[\W_]+", "_", stranger): stranger for stranger in strangers}
    near = difflib.get_close_matches(name, of_plain, 1, 0.85)
    return f", is it {of_plain[near[0]]!r}?" if near else ""


def _refused(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    columns: Mapping[str, str],
    types: Mapping[str, tuple[str, str]],
) -> Iterator[str]:
    """Yield a line for each column of texts of which staging would refuse values."""
    read = {
        name: _is_read(name, type_, _trimmed(types[name][0]))
        for name, type_ in columns.items()
        if name in types and types[name][1] == "VARCHAR"
    }
    conditions = {
        name: f"{_is_there(types[name][0])} and not coalesce({condition}, false)"
        for name, condition in read.items()
        if condition
    }
    if not conditions:
        return
    counts = ", ".join(
        f"[cast(count(*) filter ({condition}) as varchar),"
        f" cast(count(*) filter ({_is_there(types[name][0])}) as varchar),"
        f" min({identifier(types[name][0])}) filter ({condition}),"
        f" max({identifier(types[name][0])}) filter ({condition})]"
        for name, condition in conditions.items()
    )
    [found] = connection.execute(f"select {counts} from ({table.select})").fetchall()
    for name, (refused, filled, least, most) in zip(conditions, found, strict=True):
        if int(refused):
            share = 100 * int(refused) / int(filled)
            examples = ", ".join(repr(example) for example in dict.fromkeys((least, most)))
            yield (
                f"{RAW}.{table.name}.{name}  {int(refused):,} of {int(filled):,} values refused"
                f" ({share:.1f} %), such as {examples}"
            )


def _trimmed(column: str) -> str:
    return f"regexp_replace({identifier(column)}, '^{UNSEEN}+|{UNSEEN}+$', '', 'g')"


def _is_there(column: str) -> str:
    """Return the SQL that says whether a text is a value at all."""
    return f"coalesce(lower({_trimmed(column)}), '') not in ({', '.join(map(literal, NOTHING))})"


def _is_read(name: str, type_: str, text: str) -> str | None:
    """Return the SQL that says whether a text is read; None if every text is."""
    # Digits alone may say more than a number holds: 1e999.
    number = f"(regexp_matches({text}, {literal(NUMBER)}) and isfinite(try_cast({text} as double)))"
    moment = f"(regexp_matches({text}, {literal(MOMENT)}) and try_cast({text} as date) is not null)"
    if type_ in ("date", "timestamp"):
        return moment
    if type_ == "boolean" or (type_ == "integer" and FLAG_NAME.search(name)):
        return f"lower({text}) in ({', '.join(map(literal, FLAGS))})"
    if type_ == "bigint" and MOMENT_NAME.search(name):
        # A moment as seconds since 1970.
        return f"({number} or {moment})"
    return number if type_ in ("double", "integer", "bigint") else None
