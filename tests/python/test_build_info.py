"""What a build says of itself: whether its data are invented, and by which settings it was made."""

import json
import shutil
import tomllib
from pathlib import Path

import duckdb
import pytest
import yaml
from builds import DEMO_AS_OF, ROOT, build, customer_health
from loading import query
from oracle.building import Compiled, read_table

from customer_health import __version__
from customer_health.build_notes import demo_note

VIEW = "salesforce__customer_360_view"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a small demo."""
    folder = tmp_path_factory.mktemp("demo") / "raw"
    customer_health("demo", "--accounts", 20, "--weeks", 0, "--as-of", DEMO_AS_OF, "--out", folder)
    return folder


def loaded(run, raw: Path) -> tuple[list[str], dict[str, int]]:
    """Load a folder; return the tables that are demo data, and the rows of all."""
    status, _, complaint = run("load", raw, "--project-dir", ROOT)
    assert status == 0, complaint
    [(demo_tables, source_rows)] = query("select demo_tables, source_rows from raw.load_info")
    return [name for name in demo_tables.split(", ") if name], json.loads(source_rows)


def test_the_demo_is_known_by_its_files(run, demo):
    tables, rows = loaded(run, demo)
    assert tables == sorted(path.stem for path in demo.iterdir() if path.is_file())
    counted = {name: query(f"select count(*) from raw.{name}") for name in tables}
    assert rows == {name: count for name, [(count,)] in counted.items()}


def test_a_changed_file_is_no_demo_and_the_others_are(run, demo, raw):
    shutil.copytree(demo, raw, dirs_exist_ok=True)
    target = raw / f"{VIEW}.parquet"
    duckdb.connect().execute(
        f"copy (from read_parquet('{demo}/{VIEW}.parquet') limit 5) to '{target}' (format parquet)"
    )
    tables, rows = loaded(run, raw)
    assert VIEW not in tables
    assert {*tables, VIEW} == set(rows)
    assert rows[VIEW] == 5


@pytest.mark.parametrize("listed", [None, "{", "[]", "{}"])
def test_without_a_readable_list_nothing_is_demo(run, demo, raw, listed):
    shutil.copytree(demo, raw, dirs_exist_ok=True)
    shutil.rmtree(raw / "demo_truth")
    if listed is not None:
        (raw / "demo_truth").mkdir()
        (raw / "demo_truth" / "files.json").write_text(listed)
    assert loaded(run, raw)[0] == []


def test_a_file_cannot_speak_for_the_load(run, raw):
    (raw / "load_info.csv").write_text("demo_tables,source_rows\n,{}\n")
    status, _, complaint = run("load", raw, "--project-dir", ROOT)
    assert status == 1
    assert "load_info.csv has the name of the table in which a load tells of itself" in complaint


def test_a_project_that_does_not_ask_gets_nothing(run, raw, house):
    (raw / "accounts.csv").write_text("account_id\n1\n")
    assert run("load")[0] == 0
    assert query("select table_name from information_schema.tables") == [("accounts",)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], None),
        ([("a, b", '{"a": 1, "b": 2}')], "Demo data: every name and every figure is invented."),
        (
            [("a, b", '{"a": 1, "b": 2, "c": 0}')],
            "Partly demo data: 2 of 3 tables are invented (a, b).",
        ),
    ],
)
def test_what_is_said(rows, said):
    assert demo_note(rows) == said


def test_the_mart(demo, tmp_path):
    variables = {"as_of_date": DEMO_AS_OF}
    hashes = []
    for number, more in enumerate(
        ({}, {"as_of_date": "2026-05-01"}, {"customer_health_policy": "win_probability"})
    ):
        folder = tmp_path / str(number)
        work = build(demo, folder, variables | more, select=["+build_info"])
        [row] = read_table(work, "marts", "build_info").rows
        assert str(row["as_of_date"]) == (variables | more)["as_of_date"]
        assert row["is_demo"] is True
        assert row["package_version"] == __version__
        hashes.append(row["settings_hash"])
    # The day is no setting of the method; the policy is.
    assert hashes[0] == hashes[1] != hashes[2]


def test_nothing_is_known_of_what_others_loaded(tmp_path):
    models = {
        "stg_loading__load_info": "staging",
        "stg_loading__currency": "staging",
        "build_info": "marts",
    }
    compiled = Compiled(models, {}, {"as_of_date": DEMO_AS_OF}, tmp_path)
    compiled.build({})
    [row] = compiled.read("build_info").rows
    assert (row["is_demo"], row["demo_tables"], row["source_rows"]) == (None, None, None)


def test_the_version_is_the_same_everywhere():
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["version"] == package["project"]["version"] == __version__
