"""Load: files of every kind become raw tables, all of them or none."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from loading import declare_sources, query

SOURCES = """
sources:
  - name: raw
    tables:
      - name: Accounts
        columns:
          - {name: account_id, data_type: varchar}
          - {name: amount, data_type: double}
          - {name: created, data_type: timestamp}
          - {name: note}
"""


@pytest.fixture
def raw(raw: Path, house: Path) -> Path:
    """The folder of raw files, beside a dbt project that knows the source table accounts."""
    declare_sources(house, SOURCES)
    return raw


def tables() -> dict[str, str]:
    return dict(
        query("select table_name, table_type from information_schema.tables order by table_name")
    )


def types(table: str) -> dict[str, str]:
    return {name: type_ for name, type_, *_ in query(f"describe raw.{table}")}


def write_parquet(path: Path, select: str) -> None:
    path.parent.mkdir(exist_ok=True)
    duckdb.connect().execute(f"copy ({select}) to '{path}' (format parquet)")


def test_csv_comes_as_text_with_quoting(raw, run):
    (raw / "Accounts.csv").write_text(
        'account_id,amount,note\n0001,1.50,"a, ""b""\nc"\n0002,n/a,\n', encoding="utf-8"
    )
    status, out, _ = run("load")
    assert status == 0
    assert "raw.accounts  2 rows  data/raw/Accounts.csv" in out
    assert set(types("accounts").values()) == {"VARCHAR"}
    assert query("from raw.accounts") == [("0001", "1.50", 'a, "b"\nc'), ("0002", "n/a", None)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfid,x\n1,a\n", [("1", "a")]),
        (b'id,x\r\n1,"a\nb"\r\n2,c\r\n', [("1", "a\nb"), ("2", "c")]),
        (b"id;x\n1;a,b\n", [("1", "a,b")]),
        (b"id\tx\n1\t#2\n", [("1", "#2")]),
        (b"id,x\n1,a", [("1", "a")]),
        ("id,x\n1,東京 Müller\n".encode(), [("1", "東京 Müller")]),
    ],
)
def test_csv_of_many_origins(raw, run, content, expected):
    (raw / "t.csv").write_bytes(content)
    assert run("load")[0] == 0
    assert query("from raw.t") == expected


def test_compressed_csv(raw, run):
    (raw / "t.csv.gz").write_bytes(gzip.compress(b"id,x\n1,a\n"))
    assert run("load")[0] == 0
    assert query("from raw.t") == [("1", "a")]


def test_header_only_csv_is_an_empty_table(raw, run):
    (raw / "t.csv").write_text("id,x\n")
    assert run("load")[0] == 0
    assert query("from raw.t") == []
    assert types("t") == {"id": "VARCHAR", "x": "VARCHAR"}


def test_parquet_keeps_its_types_and_is_not_copied(raw, run):
    write_parquet(
        raw / "t.parquet", "select 1::integer as id, 2.5::double as x, date '2026-01-01' d"
    )
    assert run("load")[0] == 0
    assert types("t") == {"id": "INTEGER", "x": "DOUBLE", "d": "DATE"}
    assert tables()["t"] == "VIEW"


def test_folder_of_parquet_parts_is_one_table(raw, run):
    write_parquet(raw / "t" / "part-1.parquet", "select 1 as id")
    write_parquet(raw / "t" / "part-2.parquet", "select 2 as id, 'late' as x")
    (raw / "t" / "_SUCCESS").touch()
    (raw / "archive").mkdir()
    status, out, _ = run("load")
    assert status == 0
    assert "raw.t  2 rows  data/raw/t\n" in out
    assert query("from raw.t order by id") == [(1, None), (2, "late")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.json", '[{"id": 1, "x": {"a": [1]}}, {"id": "01", "late": true, "x": null}]'),
        ("t.jsonl", '{"id": 1, "x": {"a": [1]}}\n\n{"id": "01", "late": true, "x": null}\n'),
        ("t.ndjson", '{"id": 1, "x": {"a": [1]}}\n{"id": "01", "late": true}'),
    ],
)
def test_json_comes_as_text_with_all_keys(raw, run, name, content):
    (raw / name).write_text(content)
    assert run("load")[0] == 0
    assert types("t") == {"id": "VARCHAR", "x": "VARCHAR", "late": "VARCHAR"}
    expected = [("1", '{"a":[1]}', None), ("01", None, "true")]
    assert query("select id, x, late from raw.t") == expected


def test_keys_that_come_late_are_found(raw, run):
    lines = ['{"id": 1}'] * 30_000 + ['{"id": 2, "late": "x"}']
    (raw / "t.json").write_text("\n".join(lines))
    assert run("load")[0] == 0
    assert query("select count(*), count(late) from raw.t") == [(30_001, 1)]


def test_json_without_records_is_empty_if_the_project_knows_the_table(raw, run):
    (raw / "accounts.json").write_text("[]")
    assert run("load")[0] == 0
    assert types("accounts")["amount"] == "DOUBLE"
    (raw / "a_stranger.json").write_text("[]")
    status, _, err = run("load")
    assert (status, err.count("\n")) == (1, 1)
    assert "a_stranger.json holds no records" in err
    assert tables() == {"accounts": "BASE TABLE"}


def test_absent_source_tables_become_empty_and_typed(raw, run):
    (raw / "t.csv").write_text("id\n1\n")
    status, out, _ = run("load")
    assert status == 0
    assert "raw.accounts  0 rows  no file, made empty" in out
    assert types("accounts") == {
        "account_id": "VARCHAR",
        "amount": "DOUBLE",
        "created": "TIMESTAMP",
        "note": "VARCHAR",
    }


def test_tables_follow_their_files(raw, run):
    (raw / "accounts.csv").write_text("account_id\n1\n")
    (raw / "t.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    assert tables() == {"accounts": "VIEW", "t": "VIEW"}
    (raw / "accounts.csv").unlink()
    (raw / "t.csv").unlink()
    (raw / "u.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    assert tables() == {"accounts": "BASE TABLE", "u": "VIEW"}
    (raw / "accounts.csv").write_text("account_id\n1\n2\n")
    assert run("load")[0] == 0
    assert query("select count(*) from raw.accounts") == [(2,)]


def test_tables_of_others_are_neither_dropped_nor_replaced(raw, run):
    Path("warehouse").mkdir()
    with duckdb.connect("warehouse/work.duckdb") as connection:
        connection.execute("create schema raw; create table raw.accounts as select 1 as mine")
    (raw / "t.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    assert query("from raw.accounts") == [(1,)]
    (raw / "accounts.csv").write_text("account_id\n1\n")
    status, _, err = run("load")
    assert status == 1
    assert "was not made by `customer-health load`" in err
    assert query("from raw.accounts") == [(1,)]


def break_csv(raw: Path) -> Path:
    path = raw / "broken.csv"
    path.write_text("id,x\n" + "1,a\n" * 30_000 + "2,b,c\n")
    return path


def break_quotes(raw: Path) -> Path:
    path = raw / "broken.csv"
    path.write_text('id,x\n1,"open\n2,b\n')
    return path


def break_encoding(raw: Path) -> Path:
    path = raw / "broken.csv"
    path.write_bytes(b"id,x\n1,a\n2,M\xfcller\n")
    return path


def break_gzip(raw: Path) -> Path:
    path = raw / "broken.csv.gz"
    path.write_bytes(b"id,x\n1,a\n")
    return path


def break_parquet(raw: Path) -> Path:
    path = raw / "broken.parquet"
    path.write_text("this is no parquet")
    return path


def cut_parquet(raw: Path) -> Path:
    path = raw / "broken.parquet"
    write_parquet(path, "select range as id from range(1000)")
    path.write_bytes(path.read_bytes()[:-100])
    return path


def break_part(raw: Path) -> Path:
    path = raw / "broken"
    write_parquet(path / "part-1.parquet", "select 1 as id")
    (path / "part-2.parquet").write_text("this is no parquet")
    return path


def break_json(raw: Path) -> Path:
    path = raw / "broken.json"
    path.write_text('{"id": 1}\n{"id": \n')
    return path


def break_json_list(raw: Path) -> Path:
    path = raw / "broken.json"
    path.write_text('[{"id": 1}, 2]')
    return path


@pytest.mark.parametrize(
    "break_file",
    [
        break_csv,
        break_quotes,
        break_encoding,
        break_gzip,
        break_parquet,
        cut_parquet,
        break_part,
        break_json,
        break_json_list,
    ],
)
def test_broken_file_is_named_and_changes_nothing(raw, run, break_file: Callable[[Path], Path]):
    (raw / "accounts.csv").write_text("account_id\n1\n")
    (raw / "old.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    (raw / "accounts.csv").write_text("account_id,amount\n1,2\n")
    (raw / "old.csv").rename(raw / "new.csv")
    path = break_file(raw)
    status, out, err = run("load")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("customer-health: ")
    assert str(path.relative_to(raw)) in err
    assert tables() == {"accounts": "VIEW", "old": "VIEW"}
    assert list(types("accounts")) == ["account_id"]


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"t.csv": "id\n", "T.json": "{}"}, "are both the table t"),
        ({"my table.csv": "id\n"}, "my table.csv cannot be a table"),
        ({"1st.csv": "id\n"}, "1st.csv cannot be a table"),
        ({"t.csv": "id,x,ID\n"}, 'more than one column "id"'),
        ({"t.csv": "id,,x\n"}, "t.csv has a column without a name"),
        ({"t.csv": 'id,"a\nb"\n'}, "line break"),
        ({"t.csv": ""}, "t.csv has no columns"),
        ({"t.json": '{"": 1}'}, "t.json has a column without a name"),
        ({"t.json": '{"a": 1}\n{"A": 1}'}, 'more than one column "a"'),
        ({"notes.txt": "x", ".hidden.csv": "id\n"}, "holds no table files"),
    ],
)
def test_unusable_folder_gives_one_sentence(raw, run, files, complaint):
    for name, content in files.items():
        (raw / name).write_text(content)
    status, out, err = run("load")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert complaint in err


def test_folder_that_does_not_exist(run):
    status, _, err = run("load", "nowhere")
    assert status == 1
    assert "the folder nowhere does not exist" in err


def test_unreadable_sources_are_named(raw, run):
    (raw / "t.csv").write_text("id\n")
    described = Path("models/staging/crm/_crm__sources.yml")
    for content, complaint in {
        "sources: [": "_crm__sources.yml is not readable YAML",
        "- a list": "_crm__sources.yml does not describe sources",
        "sources: [{name: raw, tables: [{}]}]": "_crm__sources.yml does not describe sources",
    }.items():
        described.write_text(content)
        status, _, err = run("load")
        assert (status, err.count("\n")) == (1, 1)
        assert complaint in err


def test_paths_may_hold_quotes_and_wildcards(house, run):
    folder = house / "o'clock [1] *?"
    folder.mkdir()
    (folder / "t.csv").write_text("id\n1\n")
    (folder / "u.json").write_text('{"id": 1}')
    write_parquet(folder.parent / "v.parquet", "select 1 as id")
    (folder.parent / "v.parquet").rename(folder / "v.parquet")
    assert run("load", folder)[0] == 0
    assert query("select t.id, u.id, v.id from raw.t, raw.u, raw.v") == [("1", "1", 1)]


def test_folder_and_work_file_come_from_the_environment(house, run, monkeypatch):
    (house / "files").mkdir()
    (house / "files" / "t.csv").write_text("id\n1\n")
    monkeypatch.setenv("CUSTOMER_HEALTH_RAW", "files")
    monkeypatch.setenv("CUSTOMER_HEALTH_WORK", "deep/down/here.duckdb")
    assert run("load")[0] == 0
    with duckdb.connect("deep/down/here.duckdb") as connection:
        assert connection.execute("from raw.t").fetchall() == [("1",)]


def test_locked_work_file_gives_one_sentence(raw, run):
    (raw / "t.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb; c = duckdb.connect('warehouse/work.duckdb'); print('held', flush=True);"
            " input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        holder.stdout.readline()
        status, _, err = run("load")
    finally:
        holder.communicate(b"\n")
    assert (status, err.count("\n")) == (1, 1)
    assert f"process {holder.pid} has " in err
    assert "run this again when it is done" in err


def test_work_file_that_is_no_database(raw, run):
    (raw / "t.csv").write_text("id\n1\n")
    Path("warehouse").mkdir()
    Path("warehouse/work.duckdb").write_text("no database" * 1000)
    status, _, err = run("load")
    assert (status, err.count("\n")) == (1, 1)
    assert "not a valid DuckDB database file" in err
