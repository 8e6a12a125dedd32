"""Workers that are killed in the middle of a build on Spark.

A real cluster of two workers builds the marts of one demo, then of another; on the way workers end
as `kill -9` ends them. Afterwards the marts are those of the last build that passed, whole and
equal to DuckDB's, and a build that failed says so in one sentence within a bounded time. The
subject is one without a history: what a build stored there stays, also when it fails later.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from builds import command, customer_health
from engines.servers import ServerUnavailable, SparkCluster, skip_without, spark_cluster
from parity import run as parity
from parity.compare import DuckDbReader, SparkReader, compare_all, relations_of

from customer_health.engines.spark.session import LOCK

WORKERS = 2

# No statement of so few accounts takes as long as this, so only one that nobody works on ends so.
QUERY_TIMEOUT = "60s"
# A build on two cores takes two minutes; this is where a hang is called one.
BUILD_SECONDS = 1200

VARIABLES = {
    "as_of_date": parity.AS_OF.isoformat(),
    "customer_health_subjects": ["account_health"],
}
# Models without tests: what is tested here is what becomes of the marts.
ONLY_MODELS = ("--untested", "--resource-type", "model", "--resource-type", "seed")
# In the middle of the accounts: seeds and policies are there, and what follows needs this model, so
# that few statements without a worker wait for their time-out. dbt's --fail-fast would end none of
# them: dbt-spark cancels on the connection that another thread is reading from, and both hang.
MIDDLE = ".int_metric_bounds ."


@dataclass(frozen=True)
class Demo:
    """Demo data, with the marts that DuckDB makes of them."""

    raw: Path
    folder: Path


@dataclass
class House:
    """The cluster, and two demos to build on it."""

    cluster: SparkCluster
    demos: Sequence[Demo]
    folder: Path

    def start_build(self, demo: Demo, name: str) -> tuple[subprocess.Popen[bytes], Path]:
        """Start a build on Spark; return its process and the file that it prints to."""
        work = self.folder / name
        work.mkdir()
        environment = parity.build_environment("spark", self.cluster.environment(), demo.raw, work)
        log = work / "build.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(
                    *("build", "--verbose", "--no-site", "--no-deliverables", *ONLY_MODELS),
                    variables=VARIABLES,
                    environment=environment,
                    bare=True,
                ),
                cwd=parity.ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return process, log

    def assert_marts(self, demo: Demo) -> None:
        """Every mart on Spark is readable and equal to the one that DuckDB made of the demo."""
        lines: list[str] = []
        duckdb_files = (demo.folder / "customer_health.duckdb", demo.folder / "work.duckdb")
        with (
            closing(DuckDbReader(*duckdb_files)) as duckdb,
            closing(SparkReader(self.cluster.environment())) as spark,
        ):
            relations = relations_of(demo.folder / "target" / "manifest.json")
            assert compare_all([duckdb, spark], relations, lines.append) == 0, "\n".join(lines)

    def assert_unlocked(self) -> None:
        """The next build may start: the last one gave its lock, an empty schema, back."""
        from pyhive import hive

        environment = self.cluster.environment()
        with closing(
            hive.connect(
                host=environment["CUSTOMER_HEALTH_SPARK_HOST"],
                port=int(environment["CUSTOMER_HEALTH_SPARK_PORT"]),
                username=environment["CUSTOMER_HEALTH_SPARK_USER"],
            )
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(f"show schemas like '{LOCK}'")
            assert cursor.fetchall() == []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A cluster on which nothing was built."""
    folder = tmp_path_factory.mktemp("worker_loss")
    settings = {"spark.sql.thriftServer.queryTimeout": QUERY_TIMEOUT}
    try:
        with spark_cluster(folder / "spark", WORKERS, settings) as cluster:
            demos = [build_on_duckdb(folder / name, n) for name, n in (("a", 300), ("b", 2_000))]
            yield House(cluster, demos, folder)
    except ServerUnavailable as error:
        skip_without(error)


def build_on_duckdb(folder: Path, accounts: int) -> Demo:
    """Write demo data and build their marts on DuckDB."""
    raw = folder / "raw"
    # Of other subjects only what a load needs.
    others = ("--weeks", 0, "--customers", 10, "--success-customers", 10)
    customer_health("demo", "--accounts", accounts, *others, "--out", raw)
    demo = Demo(raw, folder / "duckdb")
    environment = parity.build_environment("duckdb", {}, raw, demo.folder)
    words = ("build", "--no-site", "--no-deliverables", *ONLY_MODELS)
    line = command(*words, variables=VARIABLES, environment=environment)
    parity.finish(line, environment, demo.folder / "build.log")
    return demo


def finished(process: subprocess.Popen[bytes]) -> int:
    """Wait for a build and return its exit status; a build that hangs is killed and fails."""
    try:
        return process.wait(BUILD_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.fail(f"the build did not end within {BUILD_SECONDS} s")
    finally:
        process.kill()
        process.wait()


def when_it_says(
    text: str, process: subprocess.Popen[bytes], log: Path, act: Callable[[], None]
) -> None:
    """Act as soon as the build prints a text; it must not end before that."""
    deadline = time.monotonic() + BUILD_SECONDS
    while text not in log.read_text(encoding="utf-8", errors="replace"):
        assert process.poll() is None, f"ended before {text!r}: {log.read_text(encoding='utf-8')}"
        assert time.monotonic() < deadline, f"never said {text!r}"
        time.sleep(0.05)
    act()


def assert_one_sentence(log: Path) -> None:
    """What the build says last is one sentence, and nowhere is a traceback."""
    text = log.read_text(encoding="utf-8")
    last = text.rstrip().splitlines()[-1]
    assert last.startswith("customer-health: "), text[-3000:]
    assert last.endswith("."), last
    assert "Traceback" not in text, text[-3000:]


def test_workers_killed(house: House) -> None:
    """One worker takes over for another; without any the build fails, and the last marts stay."""
    published, other = house.demos
    build_with_a_worker_killed(house, published)
    house.assert_marts(published)
    house.assert_unlocked()
    process, log = house.start_build(other, "all_killed")
    try:
        when_it_says(MIDDLE, process, log, house.cluster.kill_all_workers)
        status = finished(process)
    finally:
        process.kill()
    assert status == 1, log.read_text(encoding="utf-8")[-3000:]
    assert_one_sentence(log)
    house.assert_unlocked()
    house.cluster.start_worker()
    house.assert_marts(published)


def build_with_a_worker_killed(house: House, demo: Demo) -> None:
    """Build on, or fail clearly and build once more: Spark may give a task up after four tries."""
    process, log = house.start_build(demo, "one_killed")
    try:
        when_it_says(MIDDLE, process, log, lambda: house.cluster.kill_worker(0))
        status = finished(process)
    finally:
        process.kill()
    house.cluster.start_worker()
    if status != 0:
        assert_one_sentence(log)
        house.assert_unlocked()
        process, log = house.start_build(demo, "once_more")
        assert finished(process) == 0, log.read_text(encoding="utf-8")[-3000:]
