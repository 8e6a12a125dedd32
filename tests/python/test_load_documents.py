"""Load: files of JSON documents become one row per record, whatever is broken in them."""

import json
from pathlib import Path

import pytest
from loading import declare_sources, query

from customer_health.documents import CHUNK_BYTES, KEPT_CHARACTERS, TABLES, read_documents
from customer_health.portable import reader

SOURCES = """
sources:
  - name: customer_success
    tables:
      - name: customer_success__churn
        columns:
          - {name: record_number, data_type: bigint}
          - {name: customer_id, data_type: varchar}
          - {name: document, data_type: varchar}
      - name: customer_success__health
        columns: &columns
          - {name: record_number, data_type: bigint}
      - {name: customer_success__expansion, columns: *columns}
      - {name: customer_success__monthly_arr, columns: *columns}
"""


def record(key: object, **more: object) -> dict:
    return {"customer_id": key, "name": f"Name {key}", "usage": {"login_frequency": 5}, **more}


RECORDS = [record("A"), record("B", tags=["x", "]"]), record("C", note='}], "other": [')]
LIST = ", ".join(json.dumps(one) for one in RECORDS)


@pytest.fixture
def load(tmp_path):
    """A function that returns the rows of a file and the warning about it."""

    def rows_of(content: str | bytes, name: str = "t.json") -> tuple[list[tuple], str | None]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with reader() as connection:
            documents = read_documents(connection, path)
            rows = connection.execute(f"{documents.select} order by record_number").fetchall()
        assert documents.row_count == len(rows)
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        assert not any("\n" in row[2] for row in rows)
        return rows, documents.warning

    return rows_of


def values(rows: list[tuple]) -> list:
    """The documents as Python reads them, which takes nothing that is no JSON."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    return [json.loads(document, parse_constant=refuse) for _, _, document in rows]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (f'{{"customers": [{LIST}]}}', "t.json"),
        (f'{{"customers":[{LIST}]}}\n', "t.json"),
        (f'\n {{"meta": {{"x": [1, "]"]}}, "n": 5 ,"customers": [{LIST}]}}', "t.json"),
        (f'{{"customers": [{LIST}], "made": "2026-06-01", "of": {{"a": [1]}}}}', "t.json"),
        (f'{{"customers": [{LIST}], "other": [{{"customer_id": "no"}}]}}', "t.json"),
        (json.dumps({"customers": RECORDS}, indent=2), "t.json"),
        (json.dumps({"a": 1, "customers": RECORDS}, indent="\t").replace("\n", "\r\n"), "t.json"),
        (b"\xef\xbb\xbf" + f'{{"customers": [{LIST}]}}'.encode(), "t.json"),
        ('{"customers": [\n' + ",\n".join(map(json.dumps, RECORDS)) + "\n]}\n", "t.json"),
        ("[\n" + ",\n".join(map(json.dumps, RECORDS)) + "\n]", "t.json"),
        (f"[{LIST}]", "t.json"),
        (json.dumps(RECORDS, indent=1), "t.json"),
        ("\n".join(map(json.dumps, RECORDS)), "t.json"),
        ("\n".join(map(json.dumps, RECORDS)), "t.jsonl"),
        ("\n\n".join(map(json.dumps, RECORDS)) + "\n\n", "t.ndjson"),
        ("\r\n".join(map(json.dumps, RECORDS)) + "\r\n", "t.jsonl"),
        (b"\xef\xbb\xbf" + "\n".join(map(json.dumps, RECORDS)).encode(), "t.jsonl"),
        (f'{{"customers": [{LIST}]}}', "t.jsonl"),
    ],
)
def test_whole_files_of_all_shapes(load, content, name):
    rows, warning = load(content, name)
    assert values(rows) == RECORDS
    assert [row[1] for row in rows] == ["A", "B", "C"]
    assert warning is None


@pytest.mark.parametrize(("content", "name"), [('{"customers": []}', "t.json"), ("", "t.jsonl")])
def test_no_records(load, content, name):
    assert load(content, name) == ([], None)


def test_one_record_is_one_line(load):
    assert values(load(json.dumps(RECORDS[0]), "t.json")[0]) == RECORDS[:1]


def test_values_that_are_no_objects_stay(load):
    items = [1, None, "x", [2], {}, True, record(7), record(None), record({"a": 1})]
    rows, warning = load(json.dumps({"customers": items}))
    assert values(rows) == items
    assert [row[1] for row in rows] == [None] * 6 + ["7", None, '{"a":1}']
    assert warning is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no JSON at all",
        "3",
        '{"customers": null}',
        '{"customers": {"A": 1}}',
        '{"report": "health",\n "clients": [{"customer_id": 1}]}',
        '"customers"',
    ],
)
def test_a_file_without_a_list_is_one_unparsable_record(load, content):
    rows, warning = load(content)
    assert values(rows) == [{"unparsable": content}]
    assert "t.json " in warning


BROKEN = [
    '{"customer_id": "X", "arr": 1,, "usage": {"a": 1}}',
    '{"customer_id": "X", "arr" 1, "list": [{"a": 1}, {"b": 2}]}',
    '{"customer_id": "X", "arr": 01}',
    '{"customer_id": "X", "arr": [1,]}',
    '{"customer_id": "X", "arr": 1,}',
    '{"customer_id": "X", "arr": nan}',
    '{"customer_id": "X", "arr": -inf}',
    "{'customer_id': 'X'}",
    '{"customer_id": "X", "name": "\\ud800"}',
    '{"customer_id": "X", "name": "\\udc00\\ud83d"}',
    '{"customer_id": "X", "name": "a\tb"}',
    '{"customer_id": "X", "deep": ' + "[" * 5000 + "]" * 5000 + "}",
    '{"customer_id": "X", "deep": ' + '{"a":' * 5000 + "1" + "}" * 5001,
    '{"customer_id": "X", "name": "unclosed}',
]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_a_broken_record_costs_no_other(load, broken, name):
    texts = [json.dumps(RECORDS[0]), broken, json.dumps(RECORDS[1]), json.dumps(RECORDS[2])]
    content = "\n".join(texts) if name == "t.jsonl" else f'{{"customers": [{", ".join(texts)}]}}'
    rows, _ = load(content, name)
    found = values(rows)
    if "unclosed" in broken and name == "t.json":
        # Its text ends at the next quote, so that the next record goes with it.
        assert found[0] == RECORDS[0]
        assert found[-1] == RECORDS[2]
        assert found[1]["unparsable"].startswith(broken[:-1])
        return
    assert [one for one in found if "unparsable" not in one] == RECORDS
    assert found[1] == {"unparsable": broken[:KEPT_CHARACTERS]}
    assert rows[1][1] is None


def test_bytes_that_are_no_utf8_break_only_their_record(load):
    texts = [b'{"customer_id": "\xff"}', '{"customer_id": "é東"}'.encode()]
    rows, warning = load(b'{"customers": [' + b", ".join(texts) + b"]}")
    assert values(rows) == [{"unparsable": '{"customer_id": "\ufffd"}'}, {"customer_id": "é東"}]
    assert "unparsable records: 1" in warning


def test_a_file_that_was_cut_off_keeps_what_is_whole(load):
    content = f'{{"customers": [{LIST}'
    rows, warning = load(content[:-20])
    assert values(rows)[:2] == RECORDS[:2]
    assert list(values(rows)[2]) == ["unparsable"]
    assert "records may be missing" in warning
    rows, warning = load(content)
    assert values(rows) == RECORDS
    assert "records may be missing" in warning


def test_separators_that_lack_or_abound(load):
    first, second, third = map(json.dumps, RECORDS)
    assert values(load(f'{{"customers": [{first} {second},, {third},]}}')[0]) == RECORDS


def test_a_broken_beginning_hides_no_list(load):
    assert values(load(f'{{"meta": {{bad}}, "customers": [{LIST}]}}')[0]) == RECORDS


def test_what_only_python_writes(load):
    content = json.dumps({"customers": [
        record("nan", a=float("nan"), b=[float("-inf")], c={"d": float("inf")}, e="NaN, nan"),
        record("nul", a="x\0\0y", b="\\u0000", c="\\\0"),
    ]})  # fmt: skip
    content = content[:-2] + ', {"customer_id": "big", "a": 1E400, "b": -1e999, "c": 1e-999}]}'
    rows, warning = load(content)
    assert values(rows) == [
        record("nan", a="NaN", b=["-Infinity"], c={"d": "Infinity"}, e="NaN, nan"),
        record("nul", a="x\ufffd\ufffdy", b="\\u0000", c="\\\ufffd"),
        {"customer_id": "big", "a": "Infinity", "b": "-Infinity", "c": 0},
    ]
    assert warning is None


@pytest.mark.parametrize("is_broken", [False, True])
def test_many_and_long_records_in_their_order(load, is_broken):
    records = [record(number, text="é" * (number % 700)) for number in range(15_000)]
    records.insert(7000, record("long", text="é\n" * CHUNK_BYTES))
    content = json.dumps({"customers": records}, ensure_ascii=False)
    assert len(content) > 3 * CHUNK_BYTES
    if is_broken:
        content = content.replace('"customer_id": 9,', '"customer_id": 9;')
        records[9] = None
    found = values(load(content)[0])
    assert [place for place, one in enumerate(found) if "unparsable" in one] == [9] * is_broken
    assert all(one == kept for one, kept in zip(found, records, strict=True) if kept)


@pytest.fixture
def raw(raw: Path, house: Path) -> Path:
    """The folder of raw files, beside a dbt project that knows the tables."""
    declare_sources(house, SOURCES)
    return raw


@pytest.mark.parametrize("table", TABLES)
def test_load_makes_a_table_of_documents(raw, run, table):
    (raw / f"{table}.json").write_text(f'{{"customers": [{LIST}]}}')
    status, out, err = run("load")
    assert (status, err) == (0, "")
    assert f"raw.{table}  3 rows  data/raw/{table}.json" in out
    # The rows do not need the file any more.
    (raw / f"{table}.json").write_text("")
    assert query(f"select record_number, customer_id from raw.{table}") == [
        (1, "A"),
        (2, "B"),
        (3, "C"),
    ]
    types = [row[:2] for row in query(f"describe raw.{table}")]
    assert types == [
        ("record_number", "BIGINT"),
        ("customer_id", "VARCHAR"),
        ("document", "VARCHAR"),
    ]


def test_load_again_replaces_the_table(raw, run):
    path = raw / "customer_success__churn.json"
    path.write_text(f'{{"customers": [{LIST}]}}')
    assert run("load")[0] == 0
    path.write_text('{"customers": []}')
    assert run("load")[0] == 0
    assert query("from raw.customer_success__churn") == []


def test_load_warns_and_goes_on(raw, run):
    (raw / "customer_success__churn.json").write_text('{"clients": []}')
    (raw / "customer_success__health.json").write_text(f'{{"customers": [{LIST}]}}')
    status, _, err = run("load")
    assert status == 0
    assert err.startswith("warning: data/raw/customer_success__churn.json has no list 'customers'")
    assert err.count("\n") == 1
    assert query("select count(*) from raw.customer_success__health") == [(3,)]
    assert query("select document from raw.customer_success__churn") == [
        ('{"unparsable":"{\\"clients\\": []}"}',)
    ]


def test_columns_load_as_ever(raw, run):
    (raw / "customer_success__churn.csv").write_text("record_number,document\n1,{}\n")
    assert run("load")[0] == 0
    assert query("from raw.customer_success__churn") == [("1", "{}")]


def test_json_of_other_tables_loads_as_ever(raw, run):
    (raw / "customer_success__monthly_arr.json").write_text('[{"customer_id": "A", "arr": 5}]')
    assert run("load")[0] == 0
    assert query("from raw.customer_success__monthly_arr") == [("A", "5")]
