"""Reports straight from a file: the bytes of marts that dbt built, without dbt each time."""

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from customer_health import settings
from customer_health.engines.duckdb import DuckDB
from customer_health.errors import UserError
from customer_health.export import from_file
from customer_health.export.cache import (
    KEPT_FILES,
    SUFFIX,
    fingerprint,
    keep_statements,
    kept_statements,
)
from customer_health.export.compiled import STAND_IN, Statement, run_statements
from customer_health.export.reading import marts_of_file
from customer_health.export.report import TOOLS, write_reports
from customer_health.profile import Target, read_target

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from oracle import customer_success_cases as cases  # noqa: E402

CPU_SECONDS = 3.0
DAYS = ("2026-06-01", "2025-01-31")
CUSTOMERS = {
    "customers": [
        {"customer_id": "H-1", "name": "Acme", "segment": "smb", "arr": 12.5, "usage": {}},
        {"name": "no id"},
    ]
}
EXPORT = ("export", "customer-success", "--project-dir", str(ROOT), "--format", "json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the oracle's customers, and with a cache that all tests of this file share."""
    folder = tmp_path_factory.mktemp("from_file")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        cases.write_files({tool: cases.documents(tool, 100) for tool in TOOLS}, folder / "raw")
        yield folder


def loaded(folder: Path, work: Path) -> Path:
    """Load the customers into a work file."""
    with from_file.other_work_file(work):
        DuckDB().load(folder / "raw", ROOT)
    return work


def reports(work: Path, tool: str, path: Path) -> str:
    """Return both forms of the report of a tool."""
    with marts_of_file(work) as marts, path.open("w+", encoding="utf-8") as file:
        for form in ("text", "json"):
            write_reports(marts, [tool], form, ROOT, file)
    return path.read_text(encoding="utf-8")


def test_report_is_the_one_of_a_whole_build_on_any_day(folder: Path) -> None:
    built = built_by_dbt(folder)
    described = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    target = read_target(ROOT, profiles_dir=ROOT)
    for tool in TOOLS:
        for day in DAYS:
            work = loaded(folder, folder / f"{tool}_{day}" / "work.duckdb")
            home = folder / f"compiled_{tool}_{day}"
            run_statements(
                work, from_file.statements_of(tool, work, ROOT, described, target, home), day
            )
            assert reports(work, tool, folder / "report") == built[tool, day]
            # dbt was needed for the very first of them only.
            assert home.exists() == ((tool, day) == ("health", DAYS[0]))
    assert built["churn", DAYS[0]] != built["churn", DAYS[1]]


def built_by_dbt(folder: Path) -> dict[tuple[str, str], str]:
    """Return the reports of marts that dbt built, by tool and day."""
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    work = loaded(folder, folder / "built" / "work.duckdb")
    place = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT), "--target", "duckdb"]
    place += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    marts = [f"+{mart}" for tool in TOOLS.values() for mart in tool.NEEDED]
    made, manifest = {}, None
    for day in DAYS:
        variables = {"customer_health_subjects": ["customer_success"], "as_of_date": day}
        chosen = ["--resource-type", "seed", "--resource-type", "model", "--select", *marts]
        try:
            with from_file.other_work_file(work):
                outcome = dbtRunner(manifest).invoke(
                    ["--quiet", "build", *place, "--vars", json.dumps(variables), *chosen]
                )
        finally:
            DuckDB().let_go()
        assert outcome.success, outcome.exception
        for tool in TOOLS:
            made[tool, day] = reports(work, tool, folder / "report")
        # One parse for both days: a manifest reads its variables when it compiles.
        parsed = folder / "target" / "partial_parse.msgpack"
        manifest = Manifest.from_msgpack(parsed.read_bytes())
    return made


def test_a_small_file_takes_moments(folder: Path, house: Path, run: Any) -> None:
    Path("health.json").write_text(json.dumps(CUSTOMERS))
    # Whatever tests ran before, the cache is filled now.
    assert run(*EXPORT, "--from", "health.json")[0] == 0
    command = [sys.executable, "-m", "customer_health", *EXPORT, "--from", "health.json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    first, second = (process.communicate(timeout=120) for process in processes)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert first == second
    assert "Compiling" not in first[1]
    assert json.loads(first[0])["summary"]["total_customers"] == 1
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert took < 2 * CPU_SECONDS


def test_report_straight_from_a_file_leaves_everything_else_alone(
    folder: Path, house: Path, run: Any
) -> None:
    Path("health.json").write_text(json.dumps(CUSTOMERS))
    status, out, err = run(*EXPORT, "--from", "health.json", "--as-of", "2026-06-01")
    assert status == 0, err
    made = json.loads(out)
    assert [customer["customer_id"] for customer in made["customers"]] == ["H-1"]
    assert made["customers"][0]["arr"] == 12.5
    assert "1 of 2 records left out (1 missing_key)" in err
    assert [path.name for path in house.iterdir()] == ["health.json"]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("health.json", "{broken", "holds no readable customers"),
        ("health.json", '{"accounts": []}', "holds no readable customers"),
        ("health.json", "", "holds no readable customers"),
        ("health.xml", "<customers/>", "health.xml is none of .csv"),
    ],
)
def test_file_without_customers_gives_one_sentence(
    house: Path, run: Any, name: str, content: str, complaint: str
) -> None:
    Path(name).write_text(content)
    status, out, err = run(*EXPORT, "--from", name)
    assert (status, out) == (1, "")
    assert complaint in err.splitlines()[-1]


# The cache

STATEMENTS = [
    Statement("schema", "create schema marts"),
    Statement("model a", f"create table marts.a as select cast('{STAND_IN}' as date) as day"),
]


@pytest.fixture
def cache(house: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(house / "cache"))
    return settings.cache_folder()


def test_what_is_kept_is_what_was_given(cache: Path) -> None:
    assert kept_statements("key") is None
    keep_statements({"key": STATEMENTS})
    assert kept_statements("key") == STATEMENTS
    assert kept_statements("other") is None


@pytest.mark.parametrize("damage", [b"", b"\n[]", b"\xff\xfe", "half", "more", "changed"])
def test_what_is_damaged_counts_as_none(cache: Path, damage: bytes | str) -> None:
    keep_statements({"key": STATEMENTS})
    [path] = cache.iterdir()
    whole = path.read_bytes()
    damaged = {
        "half": whole[: len(whole) // 2],
        "more": whole + b" ",
        "changed": whole.replace(b"marts.a", b"marts.b"),
    }
    path.write_bytes(damage if isinstance(damage, bytes) else damaged[damage])
    assert kept_statements("key") is None
    keep_statements({"key": STATEMENTS})
    assert kept_statements("key") == STATEMENTS


def test_a_cache_that_cannot_be_written_costs_time_only(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (house / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(house / "file"))
    keep_statements({"key": STATEMENTS})
    assert "nothing can be kept" in capsys.readouterr().err
    assert kept_statements("key") is None


def test_the_oldest_are_forgotten(cache: Path) -> None:
    keep_statements({str(number): STATEMENTS for number in range(KEPT_FILES + 5)})
    assert len(list(cache.glob(f"*{SUFFIX}"))) == KEPT_FILES
    assert kept_statements(str(KEPT_FILES + 4)) == STATEMENTS


def test_two_processes_write_and_read_at_once(cache: Path) -> None:
    program = """
from customer_health.export.cache import keep_statements, kept_statements
from customer_health.export.compiled import Statement
given = [Statement("model", "select 1" + " " * 100_000)]
for _ in range(50):
    keep_statements({"key": given})
    assert kept_statements("key") == given
"""
    command = [sys.executable, "-c", program]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in processes]
    assert ([process.returncode for process in processes], said) == ([0, 0], ["", ""])


def test_statements_get_the_day_and_name_the_model_that_fails(house: Path) -> None:
    run_statements(Path("w.duckdb"), STATEMENTS, "2026-06-01")
    with duckdb.connect("w.duckdb") as connection:
        assert connection.execute("from marts.a").fetchall() == [(date(2026, 6, 1),)]
    with pytest.raises(UserError, match=r"^model b failed: .*nowhere"):
        run_statements(Path("w.duckdb"), [Statement("model b", "from nowhere")], "2026-06-01")


@pytest.fixture
def project(house: Path) -> Path:
    """A project with one file of each kind, and one that has no say."""
    for name, content in {
        "dbt_project.yml": "vars: {customer_health: {as_of_date: ''}}",
        "profiles.yml": "p: {path: \"{{ env_var('WHERE', '') }}\"}",
        "models/deep/a.sql": "select 1",
        "macros/m.sql": "{% macro m() %}{{ env_var('HOW', 'so') }}{% endmacro %}",
        "seeds/s.csv": "a\n1\n",
        "target/manifest.json": "{}",
    }.items():
        path = house / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return house


def fingerprint_of(project: Path, target: str = "duckdb") -> str:
    described = yaml.safe_load((project / "dbt_project.yml").read_text())
    return fingerprint(project, described, Target(target, "duckdb", None, project))


@pytest.mark.parametrize(
    "name", ["dbt_project.yml", "profiles.yml", "models/deep/a.sql", "macros/m.sql", "seeds/s.csv"]
)
def test_every_file_that_has_a_say_changes_the_key(project: Path, name: str) -> None:
    before = fingerprint_of(project)
    path = project / name
    path.write_text(f"{path.read_text()}\n")
    assert fingerprint_of(project) != before


def test_a_new_file_another_target_and_variables_change_the_key(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [fingerprint_of(project), fingerprint_of(project, "other")]
    for name in ("WHERE", "HOW"):
        monkeypatch.setenv(name, "else")
        keys.append(fingerprint_of(project))
    (project / "models" / "b.sql").touch()
    keys.append(fingerprint_of(project))
    assert len(set(keys)) == 5


def test_what_has_no_say_leaves_the_key_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint_of(project)
    (project / "target" / "manifest.json").write_text("{1}")
    monkeypatch.setenv("CUSTOMER_HEALTH_WORK", "elsewhere")
    monkeypatch.setenv("CUSTOMER_HEALTH_PUBLISHED", "elsewhere too")
    assert fingerprint_of(project) == before
    moved = project / "moved"
    shutil.copytree(project, moved, ignore=shutil.ignore_patterns("moved"))
    assert fingerprint_of(moved) == before


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"customer_health": {"as_of_date": "2024-02-29"}, "as_of_date": "2020-01-01"},
            "2024-02-29",
        ),
        ({"as_of_date": date(2020, 1, 1)}, "2020-01-01"),
        ({"customer_health": {"as_of_date": "2023-02-29"}}, "a day that never was"),
        ({"customer_health": {"as_of_date": "20240229"}}, "write it as YYYY-MM-DD"),
    ],
)
def test_the_day_is_the_setting_of_the_project(variables: dict, expected: str) -> None:
    try:
        assert from_file.day_of({"vars": variables}) == expected
    except UserError as error:
        assert expected in str(error)


def test_without_a_setting_the_day_is_today() -> None:
    assert date.fromisoformat(from_file.day_of({})) - date.today() <= date.resolution
