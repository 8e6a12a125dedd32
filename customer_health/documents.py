"""Files of JSON documents, one row per record: `{"customers": [...]}`, or one object on each line.

DuckDB reads files that are whole. Where it fails, a splitter takes the file apart record by record,
so that a broken one costs no other. What is no JSON comes as `{"unparsable": "<its beginning>"}`.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from customer_health.raw.parts import pattern
from customer_health.sql import literal

# The tables whose json files hold such documents.
TABLES = (
    "customer_success__health",
    "customer_success__churn",
    "customer_success__expansion",
)
LIST = "customers"
# Under which the answer of a REST API has them.
RECORDS = "records"
KEY = "customer_id"

# How much of a broken record is kept.
KEPT_CHARACTERS = 1000

# A record is at most so long; what is longer counts as broken.
LONGEST_RECORD = 64 * 1024 * 1024

CHUNK_BYTES = 4 * 1024 * 1024
COPIED_BYTES = 256 * 1024

# Where the list may end: this near to the end of the file.
TAIL_BYTES = 1024 * 1024

# A number, or a word like NaN, may go on behind the end of what was read.
MARGIN = 64

# DuckDB takes more for JSON than others do: these records get a closer look. NaN and its like,
# commas before a bracket, NUL characters, huge exponents, and what is nested deeply.
DOUBTFUL = (
    r",\s*[\]}]"
    r"|(?:^|[:\[,])\s*-?[nNiI][aAnN]"
    r"|\\u0000"
    r"|[0-9][eE][+-]?[0-9][0-9][0-9]"
    r"|(?:\[\s*){9}"
    r'|(?:\{\s*"[^"\\]*"\s*:\s*){9}'
)
LONGEST_SIMPLE_RECORD = 100_000

SPACE = re.compile(r"[ \t\r\n]*")
SEPARATORS = re.compile(r"[ \t\r\n,]*")
NEXT_RECORD = re.compile(r'[,}\n][ \t\r\n]*(?=\{[ \t\r\n]*")')
LIST_BEGINS = re.compile(rb'"(?:customers|records)"\s*:\s*\[')
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Documents:
    """The SELECT of record_number, customer_id and document, and the number of its rows.

    `folder` holds files that the SELECT reads; they are removed when nobody refers to it any more.
    `warning` says what is wrong with the file as a whole, None if nothing is.
    """

    select: str
    row_count: int
    folder: "tempfile.TemporaryDirectory[str]"
    warning: str | None


class NoList(ValueError):
    """A file that is an object without a list of customers; the message says what it is."""


def holds_documents(table: str) -> bool:
    """Whether the files of JSON of a table hold documents rather than columns."""
    return table in TABLES


def read_documents(
    connection: duckdb.DuckDBPyConnection, path: Path, told: Path | None = None
) -> Documents:
    """Return the documents of a file; `connection` looks through all of them.

    `told` is the file as its user knows it, if `path` is but a copy.
    """
    folder = tempfile.TemporaryDirectory(prefix="customer-health-load-")
    split = Path(folder.name) / "split.jsonl"
    warning = None
    try:
        objects = _whole(path, Path(folder.name))
        row_count, doubtful = _counts(connection, objects)
    except (duckdb.Error, ValueError, RecursionError):
        # What is wrong with it, the splitter finds out.
        longest, warning = _split(path, split, told or path)
        objects = _objects(split, "newline_delimited", longest)
        row_count, doubtful = _counts(connection, objects)
    numbered = f"select row_number() over () as record_number, json from {objects}"
    documents = f"select record_number, {_on_one_line('json')} as document from ({numbered})"
    if doubtful:
        mended = Path(folder.name) / "mended.jsonl"
        select = f"select * from ({numbered}) where {_is_doubtful('json')}"
        longest = _mend(connection, select, mended)
        documents = f"""
            select
                records.record_number,
                coalesce(mended.document, {_on_one_line("records.json")}) as document
            from ({numbered}) as records
            left join read_json(
                {literal(str(mended))}, format = 'newline_delimited',
                columns = {{record_number: 'BIGINT', document: 'VARCHAR'}}{_room_for(longest)}
            ) as mended using (record_number)
        """
    select = (
        "select cast(record_number as bigint) as record_number,"
        f" json_extract_string(document, '$.{KEY}') as {KEY}, cast(document as varchar) as document"
        f" from ({documents})"
    )
    return Documents(select, row_count, folder, warning)


def _objects(path: Path, form: str, longest: int = 0) -> str:
    """Return the table function that reads the records of a file in their order."""
    return f"read_json_objects({literal(pattern(path))}, format = '{form}'{_room_for(longest)})"


def _on_one_line(column: str) -> str:
    """Return the SQL of a record without line breaks; most files are written without any."""
    text = f"cast({column} as varchar)"
    breaks = f"contains({text}, chr(10)) or contains({text}, chr(13))"
    return f"case when {breaks} then json({column}) else {column} end"


def _room_for(longest: int) -> str:
    """Return DuckDB's option for records longer than it expects; `longest` is in bytes."""
    return f", maximum_object_size = {longest + 1024}" if longest > CHUNK_BYTES else ""


def _is_doubtful(column: str) -> str:
    return (
        f"(length({column}) > {LONGEST_SIMPLE_RECORD}"
        f" or regexp_matches(cast({column} as varchar), {literal(DOUBTFUL)}))"
    )


def _counts(connection: duckdb.DuckDBPyConnection, objects: str) -> tuple[int, int]:
    """Return how many records there are and how many of them need a closer look."""
    counts = connection.execute(
        f"select count(*), count(*) filter ({_is_doubtful('json')}) from {objects}"
    )
    return counts.fetchall()[0]


def _mend(connection: duckdb.DuckDBPyConnection, select: str, target: Path) -> int:
    """Write the doubtful records as every engine reads them; return the length of the longest."""
    longest = 0
    with target.open("w", encoding="utf-8") as file:
        rows = connection.execute(select)
        while some := rows.fetchmany(1000):
            for record_number, text in some:
                row = {"record_number": record_number, "document": _strict(text)}
                line = _compact(row) + "\n"
                longest = max(longest, len(line.encode()))
                file.write(line)
    return longest


def _strict(text: str) -> str:
    """Return a record as compact JSON, its NaN and infinities as texts; or as unparsable."""
    try:
        value = DECODER.decode(text)
        try:
            mended = _compact(value)
        except ValueError:
            # A number with a huge exponent became infinite.
            mended = _compact(_finite(value))
        mended = NUL.sub(r"\1\\ufffd", mended)
        mended.encode("utf-8")
    except (ValueError, RecursionError):
        return _unparsable(text)
    return mended


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    """Return the value with infinite numbers as texts."""
    if isinstance(value, dict):
        return {key: _finite(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _no_nul(text: str) -> str:
    return text.replace("\x00", "\ufffd")


def _unparsable(text: str) -> str:
    """Return the document of what is no JSON."""
    kept = _no_nul(text[:KEPT_CHARACTERS].encode("utf-8", "replace").decode("utf-8"))
    return _compact({"unparsable": kept})


# The character NUL in JSON, not a backslash before the letters u0000. Postgres cannot hold it.
NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

# Python's words for what JSON has no number for become texts.
DECODER = json.JSONDecoder(parse_constant=str)


class Window:
    """A file seen through a window that slides forward; one character of it stands for one byte."""

    def __init__(self, file: BinaryIO, start: int = 0) -> None:
        self._file = file
        self.place = 0
        self.is_at_end = False
        # What is compressed is read from its beginning only.
        if start:
            file.seek(start)
        beginning = file.read(len(BYTE_ORDER_MARK))
        is_mark = start == 0 and beginning == BYTE_ORDER_MARK
        self.text = "" if is_mark else beginning.decode("latin-1")
        # Bytes of the file before the window.
        self._before = start + len(BYTE_ORDER_MARK) * is_mark
        self.more()

    @property
    def offset(self) -> int:
        """The place as a number of bytes from the beginning of the file."""
        return self._before + self.place

    def more(self) -> None:
        """Let the window begin at the place, and reach at least twice as far as it did."""
        self._before += self.place
        kept = self.text[self.place :]
        read = self._file.read(max(CHUNK_BYTES, len(kept)))
        self.is_at_end = not read
        self.text = kept + read.decode("latin-1")
        self.place = 0

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Go behind what the pattern matches here; return the next character, '' at the end."""
        while True:
            match = pattern.match(self.text, self.place)
            self.place = match.end() if match else self.place
            if self.place < len(self.text) or self.is_at_end:
                return self.text[self.place : self.place + 1]
            self.more()

    def value(self) -> tuple[Any, str]:
        """Read the value that begins here; return it and its text. Raises ValueError if broken."""
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.place)
                if end + MARGIN < len(self.text) or self.is_at_end:
                    text = self.text[self.place : end]
                    self.place = end
                    return value, text
            except RecursionError as error:
                raise ValueError("nested too deeply") from error
            except json.JSONDecodeError as error:
                is_cut_off = error.pos + MARGIN >= len(self.text) or "Unterminated" in error.msg
                if self.is_at_end or not is_cut_off:
                    raise
            if len(self.text) - self.place > LONGEST_RECORD:
                raise ValueError("too long")
            self.more()


def _find_list(window: Window) -> None:
    """Go to the first record of the list. Raises NoList if the file has none."""
    first = window.skip(SPACE)
    if first == "[":
        window.place += 1
        return
    if first != "{":
        raise NoList("is neither an object nor a list")
    window.place += 1
    while window.skip(SEPARATORS) == '"':
        name, _ = window.value()
        if window.skip(SPACE) != ":":
            raise ValueError("no colon")
        window.place += 1
        begins = window.skip(SPACE)
        if name in (LIST, RECORDS) and begins == "[":
            window.place += 1
            return
        if name == LIST:
            raise NoList(f"has no list under {LIST!r}")
        window.value()
    raise NoList(f"has no list {LIST!r}")


def _is_lines(path: Path) -> bool:
    """Whether a file holds one record on each line, as its first two lines tell."""
    with path.open("rb") as file:
        first, second = _line(file), _line(file)
    first = first.removeprefix(BYTE_ORDER_MARK)
    is_named_so = path.suffix.lower() != ".json"
    try:
        value = DECODER.decode(first.decode("latin-1"))
    except (ValueError, RecursionError):
        # It is broken, or the beginning of a value that goes on.
        if LIST_BEGINS.search(first) or first == b"[":
            return False
        return is_named_so or (first.startswith(b"{") and second.startswith(b"{"))
    if isinstance(value, dict):
        holds_list = LIST in value or (isinstance(value.get(RECORDS), list) and KEY not in value)
        return not holds_list and (is_named_so or bool(second) or KEY in value)
    return bool(second) or (is_named_so and not isinstance(value, list))


def _line(file: BinaryIO) -> bytes:
    """Return the next line that is not blank, without outer blanks, or as much as is needed."""
    while line := file.readline(CHUNK_BYTES):
        if stripped := line.strip():
            return stripped
    return b""


def _whole(path: Path, folder: Path) -> str:
    """Return the table function for a file that looks whole; its list is cut out into `folder`."""
    if _is_lines(path):
        return _objects(path, "newline_delimited")
    with path.open("rb") as file:
        window = Window(file)
        _find_list(window)
        start = window.offset - 1
        end = _end_of_list(file, start)
        cut = folder / "list.json"
        _copy(file, start, end, cut)
    return _objects(cut, "array")


def _copy(file: BufferedReader, start: int, end: int, target: Path) -> None:
    """Copy a part of a file, by way of a buffer that the processor's cache holds."""
    file.seek(start)
    buffer = memoryview(bytearray(COPIED_BYTES))
    left = end - start
    with target.open("wb", buffering=0) as copy:
        while left and (read := file.readinto(buffer[: min(left, COPIED_BYTES)])):
            copy.write(buffer[:read])
            left -= read


def _end_of_list(file: BinaryIO, start: int) -> int:
    """Return the offset behind the list that begins at `start`. Raises ValueError if unknown.

    A bracket may be the last one if the rest closes an object whose list is empty. Should it be
    that of a later list, DuckDB finds what is between the two to be no record.
    """
    size = file.seek(0, 2)
    is_object = _begins_with(file, b"{")
    tail_start = max(start + 1, size - TAIL_BYTES)
    file.seek(tail_start)
    tail = file.read().decode("latin-1")
    opened = f'{{"{LIST}":[' if is_object else "["
    place = len(tail)
    for _ in range(100):
        place = tail.rfind("]", 0, place)
        if place < 0:
            break
        try:
            DECODER.decode(opened + tail[place:])
        except ValueError:
            continue
        return tail_start + place + 1
    raise ValueError("the list has no end")


def _begins_with(file: BinaryIO, wanted: bytes) -> bool:
    file.seek(0)
    return file.read(MARGIN).removeprefix(BYTE_ORDER_MARK).lstrip()[:1] == wanted


def _split(path: Path, target: Path, told: Path) -> tuple[int, str | None]:
    """Write one record on each line; return the length of the longest and what is wrong."""
    longest, broken, warning = 0, 0, None
    with path.open("rb") as file, target.open("w", encoding="utf-8") as records:
        try:
            found = _lines(file) if _is_lines(path) else _items(file)
            for document, is_broken in found:
                longest = max(longest, 4 * len(document))
                broken += is_broken
                records.write(document + "\n")
        except NoList as error:
            warning = f"{told} {error}; it became one unparsable record"
            file.seek(0)
            beginning = file.read(4 * KEPT_CHARACTERS).decode("utf-8", "replace")
            records.write(_unparsable(beginning) + "\n")
        except EOFError:
            warning = f"{told} ends before its list does, so records may be missing"
    if broken:
        warning = f"{warning or told}; unparsable records: {broken:,}"
    return longest, warning


def _document(text: str) -> tuple[str, bool]:
    """Return the record whose bytes are the characters of `text`, and whether it is broken."""
    try:
        document = text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return _broken(text), True
    if "\\ud" in document or "\\uD" in document:
        # One half of a surrogate pair may stand alone.
        document = _strict(document)
        return document, document.startswith('{"unparsable":')
    return document.replace("\n", " ").replace("\r", " "), False


def _lines(file: BinaryIO) -> Iterator[tuple[str, bool]]:
    """Yield the record of each line that is not blank, and whether it is broken."""
    is_first = True
    while line := file.readline(LONGEST_RECORD):
        is_cut_off = not line.endswith(b"\n") and len(line) >= LONGEST_RECORD
        text = (line.removeprefix(BYTE_ORDER_MARK) if is_first else line).decode("latin-1").strip()
        is_first = False
        while is_cut_off and (rest := file.readline(LONGEST_RECORD)):
            is_cut_off = not rest.endswith(b"\n")
            text = text[: 4 * KEPT_CHARACTERS]
        if not text:
            continue
        try:
            DECODER.decode(text)
        except (ValueError, RecursionError):
            yield _broken(text), True
        else:
            yield _document(text)


def _items(file: BinaryIO) -> Iterator[tuple[str, bool]]:
    """Yield the records of the list, and whether each is broken.

    Raises NoList if there is no list, and EOFError behind the last record if the list has no end.
    """
    window = Window(file)
    try:
        _find_list(window)
    except NoList:
        raise
    except ValueError as error:
        # Something before the list is broken.
        file.seek(0)
        begins = LIST_BEGINS.search(file.read(TAIL_BYTES))
        if begins is None:
            raise NoList(f"has no list {LIST!r} that can be read") from error
        window = Window(file, begins.end())
    while (next_ := window.skip(SEPARATORS)) != "]":
        if not next_:
            raise EOFError
        try:
            _, text = window.value()
        except ValueError:
            yield _broken(_skip_broken(window)), True
        else:
            yield _document(text)


def _skip_broken(window: Window) -> str:
    """Go behind a broken record, to one that is whole and has a key; return what was skipped."""
    start = window.offset
    beginning = window.text[window.place : window.place + 4 * KEPT_CHARACTERS]
    window.place += 1
    while True:
        match = NEXT_RECORD.search(window.text, window.place)
        if match is not None:
            window.place = match.end()
            try:
                value, text = window.value()
            except ValueError:
                continue
            window.place -= len(text)
            if KEY in value:
                return beginning[: window.offset - start].rstrip(", \t\r\n")
        elif window.is_at_end:
            window.place = len(window.text)
            return beginning
        else:
            window.place = max(window.place, len(window.text) - MARGIN)
            window.more()


def _broken(text: str) -> str:
    return _unparsable(text.encode("latin-1").decode("utf-8", "replace").strip())
