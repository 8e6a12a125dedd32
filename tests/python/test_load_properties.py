"""Load, held to Python's own readers of csv and JSON on files that chance has written.

A file as Python writes it is loaded whole, to the last character. A file that chance has damaged is
loaded as Python reads it, or refused with one sentence that names it; never half, never a trace.
"""

import bz2
import codecs
import csv
import gzip
import io
import itertools
import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_health.engines.duckdb import DuckDB
from customer_health.errors import UserError
from customer_health.portable import reader
from customer_health.readers import read

NUMBERS = itertools.count()

# As many files as CUSTOMER_HEALTH_EXAMPLES says, the same ones in every run.
EXAMPLES = int(os.environ.get("CUSTOMER_HEALTH_EXAMPLES", "2000"))

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": zstd.compress,
}

# What readers of text stumble over, more often than chance has it.
AWKWARD = [
    "",
    " ",
    '"',
    '""',
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r\n",
    "\r",
    "'",
    "\\",
    "\\N",
    "NULL",
    "\0",
]
AWKWARD += [
    "#",
    "=1+1",
    "0012",
    "1.50",
    "n/a",
    "東京",
    "Müller",
    "\ufeff",
    "\u2028",
    "\x85",
    "sep=;",
]
# What Excel takes for the delimiter.
SEPARATOR_LINE = r'(?i)\A("?)sep=.\1[ \t]*(\r\n|\r|\n)'

characters = st.characters(blacklist_categories=["Cs"])
texts = st.one_of(st.sampled_from(AWKWARD), st.text(characters, max_size=8)) | st.lists(
    st.sampled_from(AWKWARD), max_size=4
).map("".join)
names = st.lists(
    st.text(st.sampled_from("abcXYZ_ é,;'1"), min_size=1, max_size=6).filter(str.strip),
    min_size=1,
    max_size=4,
    unique_by=lambda name: name.strip().lower(),
)
seeded = settings(
    max_examples=EXAMPLES // 4,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    header = draw(names)
    row = st.lists(texts, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(row, max_size=4))


@st.composite
def delimited(draw: st.DrawFn) -> tuple[bytes, str, list[str], list[list[str]]]:
    """A file as Python writes it, its suffix, and what is in it."""
    header, rows = draw(tables())
    # One name alone tells no delimiter.
    sign = draw(st.sampled_from(",;\t|")) if len(header) > 1 else ","
    # Another sign in the header could be taken for the delimiter, so the header is quoted by need.
    header = [name.replace(",", "").replace(";", "").strip() or "x" for name in header]
    if len({name.lower() for name in header}) < len(header):
        header = [f"c{place}" for place in range(len(header))]
    out = io.StringIO()
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    # Python quotes what holds a character of its own line end only.
    writer = csv.writer(out, delimiter=sign, lineterminator="\r\n", quoting=quoting)
    for record in (header, *rows):
        writer.writerow(record)
        if draw(st.integers(0, 9)) == 0:
            out.write("\r\n")
    text = "".join(_with_line_ends(out.getvalue(), end))
    if draw(st.booleans()):
        text = text.removesuffix(end)
    if len(header) > 1 and draw(st.integers(0, 5)) == 0:
        text = f"sep={sign}{end}{text}"
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"]))
    packed = draw(st.sampled_from(list(PACKERS)))
    suffix = draw(st.sampled_from([".csv", ".tsv", ".txt"])) + packed
    return PACKERS[packed](text.encode(encoding)), suffix, header, rows


def _with_line_ends(text: str, end: str) -> list[str]:
    """Give lines another end, but leave what is quoted alone."""
    pieces = text.split('"')
    return [
        ('"' if place else "") + (piece if place % 2 else piece.replace("\r\n", end))
        for place, piece in enumerate(pieces)
    ]


def damaged(data: st.DataObject, content: bytes) -> bytes:
    """Return the content with bytes lost, changed or put in at a place or two."""
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(changed)))
        lost = data.draw(st.integers(0, 3))
        put = data.draw(
            st.sampled_from([b"", b'"', b",", b"\n", b"\r", b"\xff", b"{", b"}", b"]", b"\0"])
        )
        changed[place : place + lost] = put
    return bytes(changed)


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """The connection of all tests; rows come in the order of the file."""
    shared = reader()
    shared.execute("set preserve_insertion_order = true; set threads = 1")
    return shared


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files of all examples."""
    return tmp_path_factory.mktemp("files")


def loaded(folder: Path, content: bytes, suffix: str) -> tuple[list[str], list[tuple]] | str:
    """Return names and rows of what is read, or the sentence that refuses it."""
    # Of a name of its own: DuckDB keeps in memory what it has read of a file.
    path = folder / f"t{next(NUMBERS)}{suffix}"
    path.write_bytes(content)
    try:
        relation = read(connection(), path, "t")
        if relation.select is None:
            assert relation.row_count == 0
            return [], []
        result = connection().execute(relation.select)
        names = [column[0] for column in result.description]
        rows = result.fetchall()
        assert len(rows) == relation.row_count
        return names, rows
    except UserError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error).strip()
        return str(error)
    finally:
        path.unlink()


def nothing_is_null(rows: list[list[str]]) -> list[tuple]:
    return [tuple(value or None for value in row) for row in rows]


@seeded
@given(delimited())
def test_delimited_text_as_python_writes_it(folder, file):
    content, suffix, header, rows = file
    assert loaded(folder, content, suffix) == (header, nothing_is_null(rows))


@seeded
@given(delimited(), st.data())
def test_damaged_delimited_text(folder, file, data):
    content, suffix, *_ = file
    content = damaged(data, content)
    outcome = loaded(folder, content, suffix)
    if isinstance(outcome, str) or suffix.count(".") > 1:
        return
    names, rows = outcome
    assert len(rows) in counts_of_python(as_unicode(content), names)


def as_unicode(content: bytes) -> str:
    has_mark = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if has_mark else "utf-8-sig")


def counts_of_python(text: str, names: list[str]) -> set[int]:
    """Return how many records Python finds below a header of such names, by each delimiter."""
    counts = set()
    for sign, skips in itertools.product(",;\t|", (False, True)):
        lines = io.StringIO(re.sub(SEPARATOR_LINE, "", text), newline="")
        records = csv.reader(lines, delimiter=sign, strict=True, skipinitialspace=skips)
        with suppress(csv.Error):
            # A line of blanks is a record where each record is but one value.
            found = [one for one in records if one and (one[1:] or one[0].strip() or not names[1:])]
            if found and [name.strip() for name in found[0]] == names:
                counts.add(len(found) - 1)
    return counts


@pytest.fixture(scope="module")
def work(folder: Path) -> Path:
    """A work file after a load of one table."""
    raw, work = folder / "raw", folder / "before.duckdb"
    raw.mkdir()
    (raw / "a.csv").write_text("id\n1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTOMER_HEALTH_WORK", str(work))
        DuckDB().load(raw, folder)
    (raw / "a.csv").rename(raw / "b.csv")
    return work


@given(delimited(), st.data())
@settings(seeded, max_examples=EXAMPLES // 50)
def test_a_folder_is_loaded_whole_or_not_at_all(folder, work, file, data):
    content, suffix, *_ = file
    raw, now = folder / "raw", folder / "now.duckdb"
    shutil.copy(work, now)
    path = raw / f"t{suffix}"
    path.write_bytes(damaged(data, content))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTOMER_HEALTH_WORK", str(now))
        try:
            tables = DuckDB().load(raw, folder)
        except UserError as error:
            assert str(path) in str(error)
            expected = {"a"}
        else:
            expected = {table.name for table in tables}
            assert expected == {"b", "t"}
        finally:
            path.unlink()
    with duckdb.connect(now, read_only=True) as opened:
        found = opened.execute("select table_name from information_schema.tables").fetchall()
        assert {table for (table,) in found} == expected


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**60), 2**60),
        texts.filter(lambda t: "\0" not in t),
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def json_files(draw: st.DrawFn) -> tuple[bytes, str, list[dict[str, Any]]]:
    """A file of one of the shapes, its suffix, and its records."""
    keys = draw(names)
    records = draw(
        st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(keys, values)), max_size=5)
    )
    # A record without any key has no column; the first one names them all, in their order.
    records = [dict.fromkeys(keys, "x"), *records]
    shape = draw(st.sampled_from(["list", "lines", "records", "customers", "columns", "pandas"]))
    indent = draw(st.sampled_from([None, 1]))
    is_ascii = draw(st.booleans())
    suffix = ".json"
    if shape == "lines":
        text = "".join(json.dumps(record, ensure_ascii=is_ascii) + "\n" for record in records)
        suffix = draw(st.sampled_from([".json", ".jsonl", ".ndjson"]))
    else:
        content: Any = records
        if shape in ("records", "customers"):
            content = {"totalSize": len(records), "done": True, shape: records, "more": {"a": [1]}}
        elif shape in ("columns", "pandas"):
            records = [{key: record.get(key) for key in keys} for record in records]
            content = {key: [record[key] for record in records] for key in keys}
            if shape == "pandas":
                content = {key: dict(enumerate(column)) for key, column in content.items()}
        text = json.dumps(content, ensure_ascii=is_ascii, indent=indent)
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"]))
    packed = draw(st.sampled_from(list(PACKERS)))
    return PACKERS[packed](text.encode(encoding)), suffix + packed, records


def as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@seeded
@given(json_files())
def test_json_as_python_writes_it(folder, file):
    content, suffix, records = file
    outcome = loaded(folder, content, suffix)
    assert not isinstance(outcome, str), outcome
    found, rows = outcome
    keys = list(records[0])
    assert sorted(found) == sorted(key.strip() for key in keys)
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        of_name = dict(zip(found, row, strict=True))
        for key in keys:
            text, value = of_name[key.strip()], record.get(key)
            if isinstance(value, (dict, list)):
                assert json.loads(text) == value
            else:
                assert text == as_text(value)


@seeded
@given(json_files(), st.data())
def test_damaged_json(folder, file, data):
    content, suffix, _ = file
    content = damaged(data, content)
    outcome = loaded(folder, content, suffix)
    if isinstance(outcome, str) or suffix.count(".") > 1:
        return
    # What is read is what Python counts.
    _, rows = outcome
    text = as_unicode(content).strip(" \t\r\n")
    decoder, place, found = json.JSONDecoder(), 0, []
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        found.append(value)
        while place < len(text) and text[place] in " \t\r\n":
            place += 1
    if len(found) == 1 and isinstance(found[0], list):
        [found] = found
    if len(found) == len(rows):
        return
    [answer] = found
    inner = answer.get("records", answer.get("customers"))
    inner = inner if isinstance(inner, list) else next(iter(answer.values()))
    assert len(inner) == len(rows)
