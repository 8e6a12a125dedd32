"""Load: files as exports really write them. Each is read as its plain twin, or refused by name."""

import bz2
import datetime
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from backports import zstd
from loading import declare_sources, query, write_workbook

CSV = "id,name\n1,Müller\n2,\n"
RECORDS = [{"id": "1", "name": "Müller"}, {"id": "2", "name": None}]
ROWS = [("1", "Müller"), ("2", None)]
SOURCES = """
sources:
  - name: raw
    tables:
      - name: crm__accounts
        columns: [{name: id, data_type: varchar}, {name: name, data_type: varchar}]
      - name: crm__outcomes
        columns: [{name: id, data_type: varchar}]
"""


def zipped(members: dict[str, bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return write


FILES: dict[str, bytes | Callable[[Path], None]] = {
    "t.tsv": CSV.replace(",", "\t").encode(),
    "t.txt": CSV.replace(",", ";").encode(),
    "t.TXT": CSV.replace(",", "|").encode(),
    "t.csv.gz": gzip.compress(CSV.encode(), mtime=0),
    "t.csv.bz2": bz2.compress(CSV.encode()),
    "t.csv.zst": zstd.compress(CSV.encode()),
    "t.tsv.gz": gzip.compress(CSV.replace(",", "\t").encode()),
    "t.json.gz": gzip.compress(json.dumps(RECORDS).encode()),
    "t.jsonl.zst": zstd.compress("\n".join(map(json.dumps, RECORDS)).encode()),
    "t.ndjson.bz2": bz2.compress("\n".join(map(json.dumps, RECORDS)).encode()),
    "t.csv.zip": zipped({"export.csv": CSV.encode()}),
    "t.zip": zipped({"__MACOSX/._t.csv": b"x", "in/a.json": json.dumps(RECORDS).encode()}),
    "t.xlsx": lambda path: write_workbook(path, {"Sheet1": [["id", "name"], *map(list, ROWS)]}),
    "t.json": json.dumps(RECORDS).encode(),
    "T.json": json.dumps({"totalSize": 2, "done": True, "records": RECORDS}).encode(),
    "t.Json": json.dumps({"customers": RECORDS}, indent=1).encode(),
    "t.jSon": b'{"id": ["1", "2"], "name": ["M\xc3\xbcller", null]}',
    "t.jsoN": b'{"id": {"0": 1, "1": 2}, "name": {"0": "M\xc3\xbcller", "1": null}}',
}
TEXTS = {
    "mark of UTF-8": b"\xef\xbb\xbf" + CSV.encode(),
    "UTF-16, little end first": CSV.encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + CSV.encode("utf-16-be"),
    "UTF-16 with tabs": CSV.replace(",", "\t").encode("utf-16"),
    "UTF-32": CSV.encode("utf-32"),
    "ends of lines mixed": b"id,name\r\n1,M\xc3\xbcller\n2,\r\n",
    "ends of lines of old Macs": CSV.replace("\n", "\r").encode(),
    "sep=": b"sep=;\r\n" + CSV.replace(",", ";").encode(),
    "mark and sep=": b"\xef\xbb\xbfsep=,\n" + CSV.encode(),
    "blanks around names": CSV.replace("id,name", " id ,\tname\u00a0").encode(),
    "blank lines": b"\n\n" + CSV.replace("\n", "\n\n").encode() + b"  \n",
    "an empty value more": b"id,name\n1,M\xc3\xbcller,\n2,,\n",
    "blanks before quotes": 'id,name\n1, "Müller"\n2, ""\n'.encode(),
    "no end of the last line": CSV.encode().rstrip(),
}


def write(path: Path, content: bytes | Callable[[Path], None]) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)


def refusal(run: Callable) -> str:
    """The one sentence of a load that changes nothing."""
    status, out, err = run("load")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert not Path("warehouse").exists()
    return err


@pytest.mark.parametrize("name", FILES)
def test_every_form_is_read(raw, run, name):
    write(raw / name, FILES[name])
    status, out, _ = run("load")
    assert status == 0
    assert f"raw.t  2 rows  data/raw/{name}\n" in out
    assert query("from raw.t order by id") == ROWS


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_text_of_many_writers(raw, run, name, content):
    write(raw / name, gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    assert run("load")[0] == 0
    assert query("select id, name from raw.t order by id") == ROWS


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe"])
@pytest.mark.parametrize("shape", [json.dumps(RECORDS), "\n".join(map(json.dumps, RECORDS))])
def test_json_with_a_mark(raw, run, mark, shape):
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-8"
    write(raw / "t.json", mark + shape.encode(encoding))
    assert run("load")[0] == 0
    assert query("from raw.t order by id") == ROWS


def test_what_duckdb_reads_in_place_stays_where_it_is(raw, run):
    write(raw / "a.csv.zst", zstd.compress(CSV.encode()))
    write(raw / "b.json.gz", gzip.compress(json.dumps(RECORDS).encode()))
    write(raw / "c.csv", b"sep=,\n" + CSV.encode())
    write(raw / "d.csv", CSV.encode("utf-16"))
    assert run("load")[0] == 0
    kinds = dict(query("select table_name, table_type from information_schema.tables"))
    assert kinds == {"a": "VIEW", "b": "VIEW", "c": "VIEW", "d": "BASE TABLE"}


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("Müller, Société Générale", "windows-1252", "Windows-1252"),
        ("5 €, “Café”", "windows-1252", "Windows-1252"),
        ("北京联通公司", "gb18030", "GB18030"),
        ("株式会社トヨタ", "cp932", "Shift-JIS"),
        ("Газпром Москва", "windows-1251", "Windows-1251"),
        ("Łódź Żółw", "windows-1250", "Windows-1250"),
        ("上海", "gb18030", "GB18030"),
        ("東京", "cp932", "Shift-JIS"),
        ("삼성전자 주식회사", "cp949", "EUC-KR"),
        ("台灣積體電路製造", "big5", "Big5"),
    ],
)
def test_other_encodings_are_named_and_read_if_set(raw, run, monkeypatch, text, encoding, told):
    write(raw / "t.csv", f'id,name\n1,a\n2,"{text}"\n'.encode(encoding))
    sentence = refusal(run)
    assert "data/raw/t.csv cannot be read: line 3 (byte " in sentence
    assert f"looks like {told}; save it as UTF-8 or set CUSTOMER_HEALTH_ENCODING=" in sentence
    monkeypatch.setenv("CUSTOMER_HEALTH_ENCODING", encoding)
    # What is UTF-8 stays so.
    write(raw / "u.csv", f'id,name\n2,"{text}"\n'.encode())
    assert run("load")[0] == 0
    assert query("select t.name, u.name from raw.t inner join raw.u using (id)") == [(text, text)]


def test_encodings_that_do_not_fit(raw, run, monkeypatch):
    write(raw / "t.csv", "id\nü\n".encode("utf-16-le"))
    assert "UTF-16-LE without a mark" in refusal(run)
    monkeypatch.setenv("CUSTOMER_HEALTH_ENCODING", "utf-16-le")
    assert run("load")[0] == 0
    assert query("from raw.t") == [("ü",)]
    monkeypatch.setenv("CUSTOMER_HEALTH_ENCODING", "ascii")
    write(raw / "t.csv", b"id\n\xfc\n")
    assert "line 2 (byte FC) is no ASCII" in run("load")[2]
    for name in ("klingon", "base64"):
        monkeypatch.setenv("CUSTOMER_HEALTH_ENCODING", name)
        assert f"CUSTOMER_HEALTH_ENCODING is {name}, which is no encoding" in run("load")[2]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        (
            "t.csv",
            b'id,name\n1,a\n\n\n"Customer report"\n"Copyright"\n',
            "line 5 has 1 value where the header names 2 columns: 'Customer report'",
        ),
        (
            "t.csv",
            b"Customer report\nid,name\n1,a\n",
            "line 2 has 2 values where the header names 1",
        ),
        ("t.csv", b'id,name\n1,"a\n', "mend its quotes"),
        ("t.csv", b'id,name\n1,"a"b\n', "mend its quotes"),
        ("t.csv", gzip.compress(CSV.encode(), mtime=0), "looks like .gz; name it so"),
        ("t.csv.gz", gzip.compress(CSV.encode() * 9000, mtime=0)[:-30], "cannot be read"),
        ("t.csv.zst", zstd.compress(CSV.encode() * 9000)[:-9], "cannot be read"),
        ("t.csv.bz2", b"no bz2", "cannot be read"),
        ("t.zip", b"no zip", "cannot be read"),
        ("t.zip", zipped({"a.csv": b"id\n", "b.csv": b"id\n"}), "holds 2 files that could be"),
        ("t.zip", zipped({"readme.md": b"x"}), "holds no files that could be its table"),
        ("t.xlsx", b"no workbook", "cannot be read"),
        ("t.json", b'{"id": 1, "name": "a", "id": 2}', 'names the key "id" twice'),
        ("t.json", b'[{"id": 1}, {"id": 1, "id": 2}]', 'names the key "id" twice'),
        ("t.json", b'{"id": [1, 2], "id": [3]}', 'names the key "id" twice'),
        ("t.json", b'{"a": [1, 2], "b": [3]}', "columns of different lengths"),
        ("t.json", b'{"done": false, "records": [{"id": 1}]}', "one page of an answer"),
        ("t.json", b'{"records": [{"id": 1}], "x', "is no JSON"),
        ("t.json", b'[{"id": 1}] [', "something follows its end"),
        ("t.json", b'[{"id": 1},', "is no JSON"),
        ("t.json", b'[{"id": 1} {"id": 2}]', "a comma is missing"),
        ("t.json", b'{"done": true "records": [{"id": 1}]}', "is no JSON"),
        ("t/a.csv", b"id\n1,2\n", "t/a.csv cannot be read: line 2"),
    ],
)
def test_broken_files_are_named(raw, run, name, content, complaint):
    write(raw / name, content)
    sentence = refusal(run)
    assert f"data/raw/{name} " in sentence
    assert complaint in sentence


def test_long_values(raw, run):
    long = "é" * 3_000_000
    write(raw / "t.csv", f"id,name\n1,{long}\n2,b\n".encode())
    write(raw / "u.json", json.dumps([{"id": 1, "name": long * 2}]).encode())
    assert run("load")[0] == 0
    assert query("select id, length(name) from raw.t order by id") == [("1", 3_000_000), ("2", 1)]
    assert query("select length(name) from raw.u") == [(6_000_000,)]


def test_parts_are_united_by_name(raw, run):
    write(raw / "t" / "2025.csv", b"id,name\n1,a\n")
    write(raw / "t" / "2026.csv.gz", gzip.compress(b"NAME;late;id\nb;x;2\n", mtime=0))
    write(raw / "t" / "empty.csv", b"")
    write(raw / "t" / "_SUCCESS", b"")
    write(raw / "u" / "a.json", b'[{"id": 1}]')
    write(raw / "u" / "b.jsonl", b'{"x": 2, "ID": 2}\n')
    status, out, _ = run("load")
    assert status == 0
    assert "raw.t  2 rows  data/raw/t\n" in out
    assert query("from raw.t order by id") == [("1", "a", None), ("2", "b", "x")]
    assert query("from raw.u order by id") == [("1", None), ("2", "2")]


def test_parts_of_several_forms_are_refused(raw, run):
    write(raw / "t" / "a.csv", b"id\n1\n")
    write(raw / "t" / "b.json", b'[{"id": 1}]')
    assert "data/raw/t holds files of several forms, a.csv and b.json" in refusal(run)


def test_folders_of_keys(raw, run):
    folder = raw / "t" / "day=2026-01-01" / "region=a%20b"
    folder.mkdir(parents=True)
    duckdb.execute(f"copy (select 1 as id) to '{folder / 'p.parquet'}'")
    write(raw / "u" / "day=2026-01-01" / "p.csv", b"id\n1\n")
    write(raw / "u" / "day=__HIVE_DEFAULT_PARTITION__" / "p.csv", b"id\n2\n")
    assert run("load")[0] == 0
    assert query("from raw.t") == [(1, "2026-01-01", "a b")]
    assert query("from raw.u order by id") == [("1", "2026-01-01"), ("2", None)]


def test_bytes_in_parquet_are_text_if_they_can_be(raw, run):
    bytes_ = "encode('Müller') as name, '\\xFF'::blob as hash"
    duckdb.execute(f"copy (select 1 as id, {bytes_}) to '{raw / 't.parquet'}'")
    status, _, err = run("load")
    assert status == 0
    assert 'no UTF-8 text in 1 values of the column "hash", which stays as it is' in err
    assert query("from raw.t") == [(1, "Müller", b"\xff")]


def test_damaged_values_in_parquet_are_found(raw, run):
    path = raw / "t.parquet"
    duckdb.execute(f"copy (select range::varchar as id from range(9999)) to '{path}'")
    content = bytearray(path.read_bytes())
    content[2000:2100] = bytes(100)
    path.write_bytes(content)
    assert "data/raw/t.parquet cannot be read" in refusal(run)


def test_workbooks(raw, run):
    cells = [
        ["id", "name", "day", "amount", "flag"],
        [12.0, "a", datetime.date(2026, 6, 30), 1.5, True],
        [None, None, None, None, None],
        ["0013", None, datetime.datetime(2026, 6, 30, 12, 30), 2**40, False],
    ]
    write_workbook(raw / "t.xlsx", {"Cover": [["x"]], "T": cells})
    status, out, err = run("load")
    assert status == 0
    assert "raw.t  2 rows" in out
    assert "data/raw/t.xlsx: the sheet T is read, passed over: Cover" in err
    assert query("from raw.t") == [
        ("12", "a", "2026-06-30", "1.5", "true"),
        ("0013", None, "2026-06-30 12:30:00", "1099511627776", "false"),
    ]


def test_every_entry_is_told(raw, house, run):
    declare_sources(house, SOURCES)
    write(raw / "crm__accounts.csv", CSV.encode())
    write(raw / "own.csv", b"x\n1\n")
    write(raw / "README.txt", b"About these files\n")
    write(raw / "minutes.txt", b"Of the meeting\n")
    write(raw / ".hidden.csv", b"id\n")
    write(raw / "picture.png", b"")
    write(raw / "archive" / "old.csv", b"id\n")
    (raw / "empty").mkdir()
    write(
        raw / "parts" / "a.parquet", lambda path: duckdb.execute(f"copy (select 1 x) to '{path}'")
    )
    write(raw / "parts" / "b.avro", b"")
    write(raw / "parts" / "_SUCCESS", b"")
    status, out, _ = run("load")
    assert status == 0
    assert out.splitlines() == [
        "raw.crm__accounts  2 rows  data/raw/crm__accounts.csv",
        "raw.crm__outcomes  0 rows  no file, made empty (absent)",
        "raw.own  1 rows  data/raw/own.csv",
        "raw.parts  1 rows  data/raw/parts",
        "data/raw/.hidden.csv  passed over: hidden",
        "data/raw/README.txt  passed over: text for people",
        "data/raw/archive  passed over: no source table has its name",
        "data/raw/empty  passed over: a folder without parts of a table",
        "data/raw/minutes.txt  passed over: no source table has its name",
        "data/raw/own.csv  no source table has its name, so no mart reads it",
        "data/raw/parts  no source table has its name, so no mart reads it",
        "data/raw/parts/b.avro  passed over: no part of a table",
        "data/raw/picture.png  passed over: no kind of file that is read",
    ]


@pytest.mark.parametrize("name", ["crm_accounts.csv", "Accounts.csv", "crm__acounts.txt"])
def test_a_name_that_is_nearly_one_of_a_source_is_refused(raw, house, run, name):
    declare_sources(house, SOURCES)
    write(raw / name, CSV.encode())
    assert f"data/raw/{name} is named after no source table of the project, did you mean" in (
        sentence := refusal(run)
    )
    assert "did you mean crm__accounts?" in sentence


@pytest.mark.parametrize(
    "name", ["crm__accounts.xls", "crm__accounts.csv.xz", "crm__accounts.avro"]
)
def test_a_source_table_in_a_form_that_is_not_read_is_refused(raw, house, run, name):
    declare_sources(house, SOURCES)
    write(raw / name, b"x")
    assert f"data/raw/{name} is named after the source table crm__accounts, but" in refusal(run)
    # Beside the table itself it is but an old copy.
    write(raw / "crm__accounts.csv", CSV.encode())
    assert run("load")[0] == 0


def test_an_archive_is_named_after_what_is_in_it(raw, house, run):
    declare_sources(house, SOURCES)
    write(raw / "export-0001.zip", zipped({"crm__accounts.csv": CSV.encode()}))
    assert run("load")[0] == 0
    assert query("from raw.crm__accounts order by id") == ROWS


@pytest.mark.parametrize("has_published", [False, True])
def test_a_corrupt_work_file_is_told_with_advice(raw, run, has_published):
    write(raw / "t.csv", CSV.encode())
    assert run("load")[0] == 0
    work, published = Path("warehouse/work.duckdb"), Path("warehouse/customer_health.duckdb")
    work.write_bytes(work.read_bytes()[:9000])
    if has_published:
        published.touch()
    status, _, err = run("load")
    assert (status, err.count("\n")) == (1, 1)
    assert f"the work file {work} is corrupt" in err
    assert "move it away and build again" in err
    assert (f"taken over from {published}" in err) == has_published
