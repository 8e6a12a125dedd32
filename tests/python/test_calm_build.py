"""What a build says: a line for each stage, or one that moves; failures with rows; its log."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from commands import finish
from small_project import write_small_project

from customer_health import progress
from customer_health.nodes import Nodes, failures
from customer_health.progress import Screen, Stage

LOG = Path("logs/dbt.log")


@pytest.fixture
def project(accounts: Path, house: Path) -> Path:
    """The small project with a raw file."""
    write_small_project(house)
    return house


def stages(said: str) -> list[str]:
    """Return the lines of stages without their times."""
    return [
        re.sub(r" +(\d+ min )?\d+ s$", "", line)
        for line in said.splitlines()
        if re.search(r" \d+ s$", line)
    ]


def test_elsewhere_than_on_a_terminal_each_stage_is_a_line(project: Path) -> None:
    build = finish("build")
    assert build.returncode == 0, build.stderr
    assert stages(build.stderr) == [
        "Load          1 table",
        "Build         3 models, 1 test",
        "Publish       2 tables, 0 views",
        "Site          site/index.html",
        "Deliverables  0 files, 13 left out, whose subject or policy is not built",
    ]
    assert build.stderr.count("\n") == 5
    # What follows is the summary.
    assert build.stdout.startswith("\nWork file ")
    log = LOG.read_text()
    assert "OK created sql table model marts.first" in log
    assert "[debug]" not in log
    assert "\x1b" not in log

    failed = finish("build", "--vars", "{marker: bad}")
    assert failed.returncode == 1
    assert failed.stdout == ""
    test = "test accepted_values_first_marker__one__two__three failed:"
    assert failed.stderr.splitlines()[2:] == [
        f"{test} Got 1 result, configured to fail if != 0",
        "    value_field bad, n_records 2",
        "More is in logs/dbt.log.",
        f"customer-health: {test} Got 1 result, configured to fail if != 0; nothing was published,"
        " the last good marts stay.",
    ]
    assert stages(failed.stderr)[1] == "Build         3 models, 1 test; 1 failed; 1 skipped"


def test_a_warning_is_told_with_its_rows_and_stops_nothing(project: Path) -> None:
    marts = project / "models" / "marts" / "_marts.yml"
    test = "- accepted_values: {arguments: {values: [one, two, three]}"
    text = marts.read_text()
    assert test in text
    marts.write_text(text.replace(test, f"{test}, config: {{severity: warn}}"))
    build = finish("build", "--vars", "{marker: bad}", "--no-site", "--no-deliverables")
    assert build.returncode == 0, build.stderr
    assert stages(build.stderr)[1:] == [
        "Build         3 models, 1 test; 1 with a warning",
        "Publish       2 tables, 0 views",
    ]
    assert (
        "three has a warning: Got 1 result, configured to warn if != 0\n    value" in build.stderr
    )
    assert "\nMore is in logs/dbt.log.\n" in build.stderr
    assert Path("warehouse/customer_health.duckdb").is_file()


def test_verbose_gives_all_that_dbt_says_and_every_step(project: Path) -> None:
    build = finish("build", "--verbose", "--no-deliverables")
    assert build.returncode == 0, build.stderr
    assert "1 of 4 START sql view model staging.stg_accounts" in build.stdout
    assert "raw.accounts  2 rows  data/raw/accounts.csv\n" in build.stderr
    assert "page 1 of 7, Overview\n" in build.stderr
    assert len(stages(build.stderr)) == 4


def test_on_a_terminal_a_line_counts(project: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "customer_health", "build", "--no-site", "--no-deliverables"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    ) as process:
        os.close(theirs)
        shown = read_all(ours)
    assert process.returncode == 0, shown
    assert "\r\x1b[KBuild         reading the project " in shown
    assert re.search(r"\x1b\[KBuild         models \d of 3, tests 0 of 1 +0:\d\d", shown)
    # Nothing of a moving line is left when one that stays is written.
    kept = [line.rpartition("\x1b[K")[2] for line in shown.splitlines()]
    assert stages("\n".join(kept)) == [
        "Load          1 table",
        "Build         3 models, 1 test",
        "Publish       2 tables, 0 views",
    ]


def read_all(descriptor: int) -> str:
    """Return what is written to a terminal until its other side is closed."""
    parts = []
    try:
        while part := os.read(descriptor, 65536):
            parts.append(part)
    except OSError:
        # So Linux tells the end.
        pass
    os.close(descriptor)
    return b"".join(parts).decode()


def event(name: str, **data: Any) -> SimpleNamespace:
    return SimpleNamespace(info=SimpleNamespace(name=name), data=SimpleNamespace(**data))


def finished(kind: str, status: str) -> SimpleNamespace:
    info = SimpleNamespace(resource_type=kind, node_status=status)
    return event("NodeFinished", node_info=info)


FOUND = (
    "1234 models, 2 seeds, 512 data tests, 80 unit tests, 3 exposures,"
    " 15 sources, 700 macros, 1 group"
)


def test_nodes_are_counted_of_all_of_their_kind() -> None:
    nodes = Nodes()
    assert nodes.now == "reading the project"
    assert nodes.result == ""
    nodes.take(event("FoundStats", stat_line=FOUND))
    nodes.take(event("ConcurrencyLine", node_count=1234 + 2 + 512 + 3))
    for kind, status in (("seed", "success"), ("test", "pass"), ("exposure", "no-op")):
        nodes.take(finished(kind, status))
    assert nodes.now == "seeds 1 of 2, models 0 of 1234, tests 1 of 512"
    assert nodes.result == "1 seed, 1 test"


def test_nodes_of_a_selection_are_counted_of_all() -> None:
    nodes = Nodes()
    nodes.take(event("FoundStats", stat_line=FOUND))
    nodes.take(event("ConcurrencyLine", node_count=7))
    assert nodes.now == "nodes 0; of 7 nodes"
    for kind, status in (
        ("model", "error"),
        ("test", "warn"),
        ("test", "fail"),
        ("test", "skipped"),
    ):
        nodes.take(finished(kind, status))
    assert nodes.now == "models 1, tests 3; of 7 nodes"
    assert nodes.result == "1 model, 3 tests; 2 failed; 1 with a warning; 1 skipped"


def test_failures_are_told_errors_first_and_not_all_of_them() -> None:
    def result(kind: str, status: str, number: int) -> SimpleNamespace:
        node = SimpleNamespace(resource_type=kind, name=f"n{number}")
        return SimpleNamespace(node=node, status=status, message="Got 2 results")

    results = [result("unit_test", "warn", 0)]
    results += [result("model", "success", 1), result("model", "error", 2)]
    assert list(failures(results, "duckdb")) == [
        "model n2 failed: Got 2 results",
        "unit_test n0 has a warning: Got 2 results",
    ]
    many = [result("model", "error", number) for number in range(7)]
    assert list(failures(many, "duckdb"))[-2:] == ["model n4 failed: Got 2 results", "and 2 more"]


def test_a_moving_line_fits_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stage = Stage("Build")
    stage.now = "models 12 of 236, tests 310 of 512"
    assert stage.picture == "Build         models 12 of 236, tests 3"


def test_a_step_stays_outside_of_stages_or_when_all_shall(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = Screen()
    screen.detail("one")
    screen.begin(Stage("Load"))
    screen.detail("two")
    screen.is_verbose = True
    screen.detail("three")
    assert capsys.readouterr().err == "one\nthree\n"


def test_a_stage_that_fails_says_nothing_unless_it_has_a_result(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for result in ("", "3 models"):
        with pytest.raises(KeyboardInterrupt), progress.stage("Build") as stage:
            stage.now, stage.result = "models 3 of 5", result
            raise KeyboardInterrupt
    assert stages(capsys.readouterr().err) == ["Build         3 models"]
