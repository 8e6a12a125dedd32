"""Killed at any moment, with a full disk, or short of memory: what was good stays as it was.

Each command works on a small site, in a process forked from this one, since most of a command's
time is its start. A publish that is killed is in test_publish.py.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from small_project import write_small_project
from test_publish import write_results

from customer_health.cli import main

WORK = Path("warehouse/work.duckdb")
PUBLISHED = Path("warehouse/customer_health.duckdb")
SEED = 20260601

# How often each is killed; with ten times in test_publish.py, 40 times.
KILLS = {"report": 6, "deliverables": 14, "load": 6, "build": 4}
MB = 1 << 20

MARTS = """
    create schema if not exists marts;
    create or replace table marts.policies as select 'win_probability' as policy, true as is_active;
    create or replace table marts.contribution_tiers as
        select
            'win_probability' as policy, 'A' as tier, 1 as lower_bound, range as account_count,
            1.5 as total, 1.5 as mean, 1.5 as share, 1.5 as mean_health
        from range(20_000);
"""


@pytest.fixture
def site(accounts: Path, house: Path) -> Path:
    """The small project with a raw file, and a published file of two marts."""
    write_small_project(house)
    PUBLISHED.parent.mkdir()
    with duckdb.connect(PUBLISHED) as connection:
        connection.execute(MARTS)
    return house


def forked(words: list[str], limit: Callable[[], None] = lambda: None) -> int:
    """Start a command in a process of its own that writes to `out` and `err`; return its number."""
    if child := os.fork():
        return child
    # One that waits for ever fails a test in place of keeping it.
    signal.alarm(120)
    status = 1
    try:
        for descriptor, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        limit()
        status = main(words)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def ended(child: int) -> tuple[int, str]:
    """Return the exit status of a command and what it wrote to stderr."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), Path("err").read_text(encoding="utf-8")


def content(folder: str) -> dict[str, bytes]:
    """Return the files of a folder, none where it is absent."""
    return {
        str(path): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()
    }


def rows(path: Path, table: str) -> list[tuple]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(f"from {table} order by all").fetchall()


def good(command: str) -> object:
    """Return what a command has put in place, None where a kill has put it aside."""
    if command in ("report", "deliverables"):
        return content("site" if command == "report" else command) or None
    if command == "load":
        return rows(WORK, "raw.accounts")
    return rows(PUBLISHED, "marts.second")


@pytest.mark.parametrize("command", list(KILLS))
def test_killed_at_any_moment_nothing_is_lost(command: str, site: Path) -> None:
    words = [command]
    # In this process, so that each of those that are killed need not import what it takes.
    assert main(words) == 0
    started = time.monotonic()
    status, said = ended(forked(words))
    duration = time.monotonic() - started
    assert status == 0, said
    before = good(command)
    assert before
    moments, is_hit = random.Random(SEED), 0
    for _ in range(KILLS[command]):
        child = forked(words)
        # Some runs are quicker than the one that was measured.
        time.sleep(moments.uniform(0, 0.8 * duration))
        os.kill(child, signal.SIGKILL)
        status, _ = ended(child)
        is_hit += status == -signal.SIGKILL
        assert good(command) in (before, None)
    assert is_hit >= KILLS[command] // 2
    assert ended(forked(words))[0] == 0
    assert good(command) == before
    assert [path for path in site.rglob(".*") if path.suffix in (".tmp", ".old", ".lock")] == []


def test_a_site_that_a_kill_has_put_aside_comes_back(site: Path) -> None:
    assert main(["report"]) == 0
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    Path("site").rename(f".site.{dead.pid}.old.tmp")
    PUBLISHED.unlink()
    assert main(["report"]) == 1
    assert Path("site/index.html").is_file()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"only an administrator may mount a file system of 4 MB ({error})")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


FULL = ("No space left on device", "out of memory or of disk space")


def one_sentence(error: str, *parts: str) -> None:
    assert error.count("\n") == 1, error
    assert error.startswith("customer-health: ")
    assert any(part in error for part in parts), error


def large_work_file(house: Path) -> None:
    """A work file of 30 MB, that passed its build, and a smaller one published before."""
    write_results()
    for count in (1_000, 1_000_000):
        with duckdb.connect(WORK) as connection:
            connection.execute(
                "create schema if not exists marts; create or replace table marts.policies as"
                f" select hash(range)::varchar as policy from range({count})"
            )
        if count == 1_000:
            assert main(["publish"]) == 0


def test_publish_onto_a_full_disk(
    house: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., tuple]
) -> None:
    published = small_disk / "published.duckdb"
    monkeypatch.setenv("CUSTOMER_HEALTH_PUBLISHED", str(published))
    WORK.parent.mkdir()
    large_work_file(house)
    before = published.read_bytes()
    status, _, error = run("publish")
    assert status == 1
    one_sentence(error.splitlines(keepends=True)[-1], *FULL)
    assert published.read_bytes() == before
    assert len(rows(published, "marts.policies")) == 1_000
    assert [path.name for path in small_disk.iterdir()] == [published.name]


@pytest.mark.parametrize("command", ["report", "deliverables"])
def test_outputs_onto_a_full_disk(
    command: str, site: Path, small_disk: Path, run: Callable[..., tuple]
) -> None:
    folder = small_disk / "out"
    assert run(command, "--out", folder)[0] == 0
    before = content(str(folder))
    room = 4 * MB - sum(map(len, before.values()))
    (small_disk / "filler").write_bytes(b"x" * (room - MB // 8))
    status, out, error = run(command, "--out", folder)
    assert (status, out) == (1, "")
    one_sentence(error.splitlines(keepends=True)[-1], *FULL)
    assert content(str(folder)) == before
    assert sorted(path.name for path in small_disk.iterdir()) == ["filler", "out"]


def test_load_onto_a_full_disk(
    site: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., tuple]
) -> None:
    """Documents are copied; the table of the load before stays."""
    work = small_disk / "work.duckdb"
    monkeypatch.setenv("CUSTOMER_HEALTH_WORK", str(work))
    assert run("load")[0] == 0
    before = rows(work, "raw.accounts")
    chance = random.Random(SEED)
    documents = ",".join(f'{{"id": "{chance.randbytes(400).hex()}"}}' for _ in range(15_000))
    Path("data/raw/customer_success__health.json").write_text(f'{{"customers": [{documents}]}}')
    status, out, error = run("load")
    assert (status, out) == (1, "")
    one_sentence(error.splitlines(keepends=True)[-1], *FULL)
    assert rows(work, "raw.accounts") == before


@pytest.mark.parametrize("command", ["publish", "report", "deliverables"])
def test_with_200_mb_more_than_the_start_took(
    command: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It works, or fails with a sentence."""
    assert main(["report"]) == main(["deliverables"]) == 0
    before = content("site"), content("deliverables")
    if command == "publish":
        PUBLISHED.unlink()
        large_work_file(site)

    def limit() -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + 200 * MB
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    status, error = ended(forked([command], limit))
    if status:
        assert status == 1
        one_sentence(error.splitlines(keepends=True)[-1], "out of memory", "failed")
        assert "Traceback" not in error
    if command == "publish":
        assert len(rows(PUBLISHED, "marts.policies")) == (1_000 if status else 1_000_000)
    assert (content("site"), content("deliverables")) == before
