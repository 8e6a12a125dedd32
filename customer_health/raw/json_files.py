"""JSON: a list of objects, one object after the other, the answer of a REST API, or columns.

Every value comes as text, what is nested as JSON. Python reads each file to its end first, and so
counts the objects; DuckDB reads lists and lines in place, the other shapes as lines in a copy.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from customer_health.documents import LIST, RECORDS, SPACE, Window
from customer_health.errors import UserError
from customer_health.raw.broken import naming
from customer_health.raw.contents import CHUNK_BYTES, in_utf8, opened
from customer_health.raw.parts import (
    Part,
    Reading,
    Scratch,
    check_count,
    check_names,
    pattern,
    rows_read,
)
from customer_health.sql import literal

SHOWN_CHARACTERS = 60

# DuckDB's own limit for one object.
OBJECT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Shape:
    """How a file is made: its form for DuckDB, None if that cannot read it in place.

    `members` stand beside the list of records; `columns` are those of a file of columns.
    """

    form: str | None
    members: dict[str, Any] | None = None
    columns: dict[str, Any] | None = None


def read_json(
    connection: duckdb.DuckDBPyConnection, part: Part, scratch: Scratch, is_alone: bool
) -> tuple[Reading, Path, int] | None:
    """Return how DuckDB reads a part, where, and its number of records; None if it has none.

    A part that `is_alone` must not say that there are more.
    """
    with naming(part.path):
        place = in_utf8(part, scratch).place
        shape = _shape(part.path, place)
        copy = None if shape.form else scratch.file(".jsonl")
        records, longest = _count(part.path, place, shape, copy)
        if is_alone and shape.members and shape.members.get("done") is False:
            raise UserError(
                f"{part.path} is one page of an answer: it holds {records:,} records and says that"
                " it is not done; put all pages into a folder with the name of the table"
            )
        if not records:
            return None
        place = copy or place
        options = _options(shape.form or "newline_delimited", place, longest)
        names = _names(connection, part.path, f"{literal(pattern(place))}, {options}")
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
        reading = Reading(
            "read_json",
            f"columns = {{{columns}}}, hive_partitioning = false, {options}",
            names,
            part.keys,
        )
        check_count(part.path, records, rows_read(connection, reading.select([place])))
        return reading, place, records


def _shape(path: Path, place: Path) -> Shape:
    """Return the shape of a file, as its first value tells."""
    with opened(place) as file:
        window = Window(file)
        if window.skip(SPACE) == "[":
            return Shape("array")
        if window.skip(SPACE) != "{" or any(
            suffix in (".jsonl", ".ndjson") for suffix in map(str.lower, place.suffixes)
        ):
            return Shape("auto")
        try:
            members = _find_list(window)
            if window.skip(SPACE) in ("{", "]"):
                return Shape(None, members=members)
        except ValueError:
            # It is no such answer; what is broken will be found where it is counted.
            pass
    with opened(place) as file:
        window = Window(file)
        window.skip(SPACE)
        try:
            _, text = window.value()
        except json.JSONDecodeError:
            return Shape("auto")
        except ValueError as error:
            raise UserError(
                f"{path} has a value that is {error}; write one object a line"
            ) from error
        if window.skip(SPACE):
            return Shape("auto")
    columns = json.loads(text.encode("latin-1"), object_pairs_hook=_unique, parse_float=str)
    return Shape(None, columns=columns) if _are_columns(columns) else Shape("auto")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. Raises ValueError if a key is there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"an object names the key {json.dumps(repeated)} twice")
    return found


def _are_columns(value: Any) -> bool:
    """Whether an object is made of columns: lists, or objects with the same keys, as of pandas."""
    if not isinstance(value, dict) or not value:
        return False
    columns = list(value.values())
    if all(isinstance(column, list) for column in columns):
        return True
    return all(isinstance(column, dict) and column for column in columns) and all(
        column.keys() == columns[0].keys() for column in columns
    )


def _count(path: Path, place: Path, shape: Shape, copy: Path | None) -> tuple[int, int]:
    """Return the number of records and the bytes of the longest; write them as lines to `copy`."""
    count, longest, others = 0, 0, 0
    with opened(place) as file:
        texts = _of_columns(path, shape.columns) if shape.columns else _texts(Window(file), shape)
        target = copy.open("w", encoding="latin-1") if copy else None
        try:
            for text, is_object in texts:
                count += 1
                longest = max(longest, len(text))
                others += not is_object
                if target is not None:
                    target.write(text.replace("\n", " ").replace("\r", " ") + "\n")
        except ValueError as error:
            what = error.msg if isinstance(error, json.JSONDecodeError) else error
            raise UserError(
                f"{path} cannot be read: record {count + 1:,} is no JSON ({what}); mend it"
            ) from error
        finally:
            if target is not None:
                target.close()
    if others:
        raise UserError(
            f"{path} holds {others:,} values that are no objects; it must be a list of objects, or"
            " one object on each line"
        )
    return count, longest


def _texts(window: Window, shape: Shape) -> Iterator[tuple[str, bool]]:
    """Yield the text of each record, a character for a byte, and whether it is an object."""
    if shape.form == "auto":
        while window.skip(SPACE):
            yield _record(window)
        return
    _find_list(window)
    if window.skip(SPACE) == "]":
        window.place += 1
    else:
        yield _record(window)
        while _goes_on(window, "]"):
            yield _record(window)
    if shape.members is not None:
        while _goes_on(window, "}"):
            name = _key(window)
            shape.members[name], _ = window.value()
    if window.skip(SPACE):
        raise ValueError("something follows its end")


def _find_list(window: Window) -> dict[str, Any]:
    """Go to the first record of the list; return what stands before it in its object.

    Raises ValueError if there is none.
    """
    members: dict[str, Any] = {}
    begins = window.skip(SPACE)
    window.place += 1
    if begins == "[":
        return members
    while True:
        name = _key(window)
        if name in (LIST, RECORDS) and window.skip(SPACE) == "[":
            window.place += 1
            return members
        members[name], _ = window.value()
        if not _goes_on(window, "}"):
            raise ValueError("no list of records")


def _record(window: Window) -> tuple[str, bool]:
    window.skip(SPACE)
    value, text = window.value()
    return text, isinstance(value, dict)


def _key(window: Window) -> str:
    """Go behind a key and its colon, to its value; return the key."""
    if window.skip(SPACE) != '"':
        raise ValueError("a key is missing")
    name, _ = window.value()
    if window.skip(SPACE) != ":":
        raise ValueError("a colon is missing")
    window.place += 1
    window.skip(SPACE)
    return str(name)


def _goes_on(window: Window, end: str) -> bool:
    """Go behind a comma or the end; return whether it was a comma."""
    sign = window.skip(SPACE)
    if sign not in (",", end):
        raise ValueError(
            f"a comma is missing, or {end!r}" if sign else f"it ends before its {end!r}"
        )
    window.place += 1
    return sign == ","


def _of_columns(path: Path, columns: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield the text of each record of a file of columns."""
    values = _aligned(list(columns.values()))
    if len(set(map(len, values))) > 1:
        raise UserError(f"{path} has columns of different lengths; mend it")
    for row in zip(*values, strict=True):
        yield json.dumps(dict(zip(columns, row, strict=True))), True


def _aligned(columns: list[Any]) -> list[Any]:
    """Return the columns with their rows in the order of the first one."""
    if not isinstance(columns[0], dict):
        return columns
    return [[column[key] for key in columns[0]] for column in columns]


def _options(form: str, place: Path, longest: int) -> str:
    compression = {".gz": "gzip", ".zst": "zstd"}.get(place.suffix.lower(), "none")
    options = f"format = '{form}', compression = '{compression}'"
    if longest + CHUNK_BYTES > OBJECT_BYTES:
        options += f", maximum_object_size = {longest + CHUNK_BYTES}"
    return options


def _names(connection: duckdb.DuckDBPyConnection, path: Path, file: str) -> tuple[str, ...]:
    """Return the keys of all records. Raises UserError if one names a key twice."""
    repeated = connection.execute(
        f"""
        select json, json_keys(json) from read_json_objects({file})
        where len(json_keys(json)) <> len(list_distinct(json_keys(json)))
        limit 1
        """
    ).fetchall()
    for text, keys in repeated:
        key = next(key for key in keys if keys.count(key) > 1)
        raise UserError(
            f"{path} has a record that names the key {json.dumps(key)} twice:"
            f" {text[:SHOWN_CHARACTERS]}...; which value is meant, only its writer knows"
        )
    found = connection.execute(
        f"""
        select key
        from (
            select
                unnest(json_keys(json)) as key,
                generate_subscripts(json_keys(json), 1) as position
            from read_json_objects({file})
        )
        group by key
        order by min(position), key
        """
    ).fetchall()
    names = tuple(key for (key,) in found)
    check_names(path, names)
    return names
