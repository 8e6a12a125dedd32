"""What lies in a folder of raw files: each entry is a table, or is passed over, or is refused.

A file is named after its table: `<table>.csv`. A folder `<table>/` holds the parts of one table,
also below folders `key=value`, whose keys become columns.
"""

import difflib
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from customer_health.errors import UserError

DELIMITED = (".csv", ".tsv", ".txt")
JSON = (".json", ".jsonl", ".ndjson")
WHOLE = (".parquet", ".xlsx")
COMPRESSED = (".gz", ".zst", ".bz2")

# Longer ones first.
SUFFIXES = (
    *(form + packed for packed in (*COMPRESSED, ".zip") for form in (*DELIMITED, *JSON)),
    *(form + ".zip" for form in WHOLE),
    *DELIMITED,
    *JSON,
    *WHOLE,
    ".zip",
)
# The folders `key=value` that lead to a part.
Keys = tuple[tuple[str, str], ...]
TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# Text for people. What the demo planted is for comparison, never for loading.
PROSE = re.compile(r"(readme|licen[cs]e|notes?|changelog|copying)\b.*", re.IGNORECASE)
TRUTH_FOLDER = "demo_truth"
# The files of the demo and their SHA-256: what is changed, or put beside them, is no demo data.
DEMO_FILES = f"{TRUTH_FOLDER}/files.json"

# How alike a name must be to that of a source table to be meant for it: most names, and those of
# texts and folders, which may be there for something else.
ALIKE = 0.75
VERY_ALIKE = 0.85


@dataclass(frozen=True)
class Entry:
    """An entry of the folder: the table that it is, or why it is passed over."""

    path: Path
    table: str | None
    remark: str = ""

    @property
    def line(self) -> str:
        """The line that tells of what is no source table."""
        return f"{self.path}  {'passed over: ' if self.table is None else ''}{self.remark}"


def entries(folder: Path, known: Collection[str] = ()) -> list[Entry]:
    """Return the entries of the folder, sorted; an absent folder has none.

    `known` are the tables that the project knows, none if there is no project. Raises UserError for
    a name that is nearly one of them, or that cannot be a table's.
    """
    if not folder.is_dir():
        return []
    found = [_entry(path, known) for path in sorted(folder.iterdir())]
    tables = {entry.table for entry in found}
    for path in (entry.path for entry in found if entry.table is None):
        name = path.name.split(".")[0].lower()
        if name in known and name not in tables and path.is_file():
            raise UserError(
                f"{path} is named after the source table {name}, but such files are not read; save"
                " it as csv, json, parquet or xlsx, or move it away"
            )
    return [
        told for entry in found for told in (entry, *(_strays(entry.path) if entry.table else ()))
    ]


def suffix_of(name: str) -> str | None:
    """Return the suffix of a file that could be a table, in lower case."""
    suffix = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), None)
    return None if suffix == ".txt" and PROSE.fullmatch(name) else suffix


def parts_of(folder: Path) -> list[tuple[Path, Keys]]:
    """Return the files of a table's folder, sorted, and the keys and values that lead to them."""
    return [(path, keys) for path, keys in _inside(folder, ()) if keys is not None]


def _inside(folder: Path, keys: Keys) -> Iterator[tuple[Path, Keys | None]]:
    """Yield what is in a table's folder; None in the place of the keys if it is no part of it."""
    for path in sorted(folder.iterdir()):
        # Those who write parts mark what is no part so: _SUCCESS, _metadata, .part-0.crc.
        if path.name.startswith((".", "_")):
            continue
        key, is_key, value = path.name.partition("=")
        if path.is_dir() and is_key:
            yield from _inside(path, (*keys, (key, value)))
        else:
            yield path, None if path.is_dir() or suffix_of(path.name) is None else keys


def _strays(path: Path) -> list[Entry]:
    """Return what is in a table's folder and no part of it."""
    inside = _inside(path, ()) if path.is_dir() else ()
    return [Entry(stray, None, "no part of a table") for stray, keys in inside if keys is None]


def _entry(path: Path, known: Collection[str]) -> Entry:
    if path.name.startswith("."):
        return Entry(path, None, "hidden")
    if path.is_dir():
        if path.name == TRUTH_FOLDER:
            return Entry(path, None, "what the demo has planted")
        suffixes = {part.suffix.lower() for part, _ in parts_of(path)}
        if not suffixes:
            return Entry(path, None, "a folder without parts of a table")
        name, is_named_so = path.name, suffixes == {".parquet"}
    else:
        suffix = suffix_of(path.name)
        if suffix is None and PROSE.fullmatch(path.name):
            return Entry(path, None, "text for people")
        if suffix is None:
            return Entry(path, None, "no kind of file that is read")
        name = _zipped(path, known) if suffix == ".zip" else path.name[: -len(suffix)]
        is_named_so = not suffix.startswith(".txt")
    table = name.lower()
    is_stranger = bool(known) and table not in known
    if is_stranger:
        near = difflib.get_close_matches(table, known, 1, ALIKE if is_named_so else VERY_ALIKE)
        if near:
            raise UserError(
                f"{path} is named after no source table of the project, did you mean {near[0]}?"
                " Rename it, move it away, or declare its source in models/staging"
            )
        if not is_named_so:
            return Entry(path, None, "no source table has its name")
    if not TABLE_NAME.fullmatch(name):
        raise UserError(
            f"{path} cannot be a table, because its name has other characters than letters,"
            " digits and _; rename it"
        )
    return Entry(path, table, "no source table has its name, so no mart reads it" * is_stranger)


def _zipped(path: Path, known: Collection[str]) -> str:
    """Return the name of the table in an archive: its own, unless only its member's is known."""
    name = path.stem
    if name.lower() in known:
        return name
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [Path(member).name for member in archive.namelist()]
    except (OSError, zipfile.BadZipFile):
        return name
    for member in inside:
        suffix = suffix_of(member)
        if suffix and member[: -len(suffix)].lower() in known:
            return member[: -len(suffix)]
    return name
