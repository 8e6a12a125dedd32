"""What is in a file: its bytes without compression, and the encoding of its text.

Text is UTF-8, or what a byte order mark says. For anything else CUSTOMER_HEALTH_ENCODING must name
the encoding: a guess would change names without a word.
"""

import bz2
import codecs
import gzip
import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from customer_health import settings
from customer_health.errors import UserError
from customer_health.raw.entries import suffix_of
from customer_health.raw.likely_encoding import NAMES, likely_encoding
from customer_health.raw.parts import Part, Scratch

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK_BYTES = 4 * 1024 * 1024

# UTF-32 first: its mark begins like that of UTF-16.
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
UTF8 = ("utf-8", "utf-8-sig")

# What a file with another name may be in truth.
MAGIC = {
    b"\x1f\x8b": ".gz",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"BZh": ".bz2",
    b"PK\x03\x04": ".zip or .xlsx",
    b"PAR1": ".parquet",
    b"\xd0\xcf\x11\xe0": ".xls, which is not read",
}

SAMPLE_BYTES = 64 * 1024


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file that may be compressed with gzip, zstd or bzip2, as its name says."""
    with path.open("rb") as file:
        match path.suffix.lower():
            case ".gz":
                with gzip.open(file) as unpacked:
                    yield cast(BinaryIO, unpacked)
            case ".bz2":
                with bz2.open(file) as unpacked:
                    yield cast(BinaryIO, unpacked)
            case ".zst":
                with zstd.open(file) as unpacked:
                    yield cast(BinaryIO, unpacked)
            case _:
                yield file


def unpacked(part: Part, scratch: Scratch, wholly: bool = False) -> Part:
    """Return the part as DuckDB reads it: what it cannot unpack itself is unpacked into `scratch`.

    `wholly` unpacks gzip and zstd too.
    """
    suffix = part.place.suffix.lower()
    if suffix == ".zip":
        return unpacked(_only_member(part, scratch), scratch, wholly)
    if suffix != ".bz2" and not (wholly and suffix in (".gz", ".zst")):
        return part
    place = scratch.file(Path(part.place.stem).suffix)
    with opened(part.place) as file, place.open("wb") as copy:
        shutil.copyfileobj(file, copy, CHUNK_BYTES)
    return replace(part, place=place)


def _only_member(part: Part, scratch: Scratch) -> Part:
    """Take the one table out of an archive."""
    with zipfile.ZipFile(part.place) as archive:
        members = tables_in(archive)
        if len(members) != 1:
            names = ", ".join(member.filename for member in members[:3])
            raise UserError(
                f"{part.path} holds {len(members) or 'no'} files that could be its table"
                f"{f' ({names})' if names else ''}; it must hold exactly one"
            )
        [member] = members
        if member.flag_bits & 1:
            raise UserError(f"{part.path} is encrypted; unpack it there")
        place = scratch.file(suffix_of(member.filename) or "")
        with archive.open(member) as file, place.open("wb") as copy:
            shutil.copyfileobj(file, copy, CHUNK_BYTES)
    return replace(part, place=place)


def tables_in(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the members that could be tables; macOS adds a folder of its own to each archive."""
    return [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and not Path(member.filename).name.startswith(".")
        and (suffix_of(member.filename) or ".zip") != ".zip"
    ]


def encoding_of(part: Part) -> str:
    """Return Python's name of the encoding of a part, which is read to its end.

    Raises UserError if its bytes are neither UTF-8 nor what a mark or the setting says.
    """
    declared = settings.encoding()
    with opened(part.place) as file:
        beginning = file.read(CHUNK_BYTES)
        for mark, encoding in MARKS.items():
            if beginning.startswith(mark):
                if encoding != "utf-8-sig":
                    _require(part, encoding)
                    return encoding
                beginning = beginning.removeprefix(mark)
                wrong = _wrong(beginning, file, "utf-8")
                if wrong is None:
                    return encoding
                raise UserError(f"{part.path} has the mark of UTF-8, but {wrong[0]} is no UTF-8")
        without_mark = _without_mark(beginning)
        wrong = None if without_mark else _wrong(beginning, file, "utf-8")
    if wrong is None and without_mark is None:
        return "utf-8"
    if declared is not None:
        _require(part, declared)
        return declared
    for magic, suffix in MAGIC.items():
        if beginning.startswith(magic):
            raise UserError(f"{part.path} is no text but looks like {suffix}; name it so")
    if without_mark is not None:
        raise _other(part, "it", f"{without_mark.upper()} without a mark", without_mark)
    assert wrong is not None
    place, sample = wrong
    likely = NAMES.get(likely_encoding(sample) or "")
    raise _other(part, place, likely, likely and likely.lower())


def in_utf8(part: Part, scratch: Scratch) -> Part:
    """Return the part with its text as UTF-8: itself, or a copy in `scratch`."""
    encoding = encoding_of(part)
    if encoding in UTF8:
        return part
    packed = Path(part.place.name)
    suffix = Path(packed.stem).suffix if packed.suffix.lower() in (".gz", ".zst") else packed.suffix
    place = scratch.file(suffix)
    decoder = codecs.getincrementaldecoder(encoding)()
    with opened(part.place) as file, place.open("wb") as copy:
        while chunk := file.read(CHUNK_BYTES):
            copy.write(decoder.decode(chunk).encode())
    return replace(part, place=place)


def _other(part: Part, place: str, name: str | None, setting: str | None) -> UserError:
    looks = f" and looks like {name}" if name else ""
    return UserError(
        f"{part.path} cannot be read: {place} is no UTF-8{looks}; save it as UTF-8 or set"
        f" CUSTOMER_HEALTH_ENCODING={setting or '<its encoding>'}"
    )


def _require(part: Part, encoding: str) -> None:
    """Raise UserError unless the part is text in the encoding to its end."""
    with opened(part.place) as file:
        wrong = _wrong(b"", file, encoding)
    if wrong is not None:
        raise UserError(f"{part.path} cannot be read: {wrong[0]} is no {encoding.upper()}")


def _wrong(beginning: bytes, file: BinaryIO, encoding: str) -> tuple[str, bytes] | None:
    """Return where the first wrong bytes are, and bytes from there on; None if all are right."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    chunk = beginning or file.read(CHUNK_BYTES)
    while True:
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeError as error:
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            lines += chunk.count(b"\n", 0, start)
            sample = chunk[max(0, start - 200) :] + file.read(SAMPLE_BYTES)
            found = chunk[start : start + 1].hex().upper()
            return f"line {lines}{f' (byte {found})' if found else ''}", sample
        if not chunk:
            return None
        lines += chunk.count(b"\n")
        chunk = file.read(CHUNK_BYTES)


def _without_mark(beginning: bytes) -> str | None:
    """Return UTF-16 with its byte order if every other byte is mostly NUL."""
    sample = beginning[:1000]
    half = len(sample) // 2
    if half and sample[1::2].count(0) > 0.7 * half:
        return "utf-16-le"
    if half and sample[0::2].count(0) > 0.7 * half:
        return "utf-16-be"
    return None
