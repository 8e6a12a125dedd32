"""Build the same data on every engine, on real servers, and compare all marts: `make parity`.

    python tests/parity/run.py --accounts 10000
    python tests/parity/run.py --engines duckdb,postgres --input adversarial:mixed --input demo

An input is `demo`, `adversarial:<case>` (the cases of tests/oracle/adversarial.py; `adversarial`
alone is all of them) or a folder of raw files. Each is built on all engines, one engine after
another, on the same servers; then the marts and the exported reports are compared. The exit status
is 1 if a build fails or a value differs. Seconds are those of `customer-health build` after the
project was parsed: load, models, tests and publishing.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from builds import FOREIGN, ROOT, command
from engines.servers import (
    ServerUnavailable,
    postgres_server,
    spark_cluster,
    stop_on_sigterm,
)
from oracle import adversarial

from customer_health.demo.writer import AS_OF
from parity.compare import ENGINES, compare_all, engine_list, reader_of, relations_of

SERVERS = {"postgres": postgres_server, "spark": spark_cluster}

# Lines of a failed build that are shown; its whole output is in the folder of the run.
SHOWN_LINES = 20
COLOURS = re.compile(r"\x1b\[\d*m")

# The cases set policies of their own; unit tests bring their own data and settings, and ran before.
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
WITH_UNIT_TESTS = tuple(
    word for kind in ("seed", "model", "test", "unit_test") for word in ("--resource-type", kind)
)
WITHOUT_TESTS = ("--untested", "--resource-type", "seed", "--resource-type", "model")

Say = Callable[[str], None]
Environment = Mapping[str, str]


class BuildFailed(Exception):
    """A build ended with an error. Its text is the end of what the build printed."""


@dataclass(frozen=True)
class Input:
    """Raw data and the settings to build them with; `arguments` are those of `dbt build`."""

    name: str
    variables: Mapping[str, Any]
    write: Callable[[Path], object] | None = None
    folder: Path | None = None
    arguments: tuple[str, ...] = ()

    def raw_folder(self, work: Path) -> Path:
        """Return the folder of the raw files, written below `work` if they are not there yet."""
        if self.folder is not None:
            return self.folder
        assert self.write is not None, self.name
        raw = work / "raw"
        self.write(raw)
        return raw


@dataclass
class Run:
    """One input on all engines: the environments of its builds, and what each took."""

    name: str
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    differences: int = 0


def say(message: str) -> None:
    """Print a message at once."""
    print(message, flush=True)


def demo(accounts: int) -> Input:
    """Return the demo data as an input."""

    def write(raw: Path) -> None:
        words = ["demo", "--accounts", str(accounts), "--out", str(raw)]
        customer_health(words, base_environment(), raw.parent / "demo.log")

    return Input(
        f"demo of {accounts:,} accounts",
        {"as_of_date": AS_OF.isoformat()},
        write,
        arguments=WITH_UNIT_TESTS,
    )


def adversarial_case(case: adversarial.Case) -> Input:
    """Return an adversarial case as an input, with the policies that it is scored by."""
    variables = {
        "as_of_date": case.as_of_date,
        "customer_health_policy": case.policy,
        "customer_health_policies": list(case.policies),
        "customer_health_extra_policies": adversarial.EXTRA_POLICIES,
    }
    name = f"adversarial:{case.name}"
    return Input(name, variables, case.write, arguments=WITHOUT_UNIT_TESTS)


def without_tests(source: Input) -> Input:
    """Return the input with models alone, for data that no engine's tests would pass."""
    return dataclasses.replace(source, arguments=WITHOUT_TESTS)


def inputs_of(text: str, accounts: int, as_of: datetime.date) -> list[Input]:
    """Return the inputs that an option names; raises ValueError if it names none."""
    kind, _, name = text.partition(":")
    if text == "demo":
        return [demo(accounts)]
    if kind == "adversarial":
        cases = [case for case in adversarial.CASES if name in ("", case.name)]
        if not cases:
            known = ", ".join(case.name for case in adversarial.CASES)
            raise ValueError(f"there is no adversarial case {name}, only {known}")
        return [adversarial_case(case) for case in cases]
    folder = Path(text).absolute()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}")
    return [Input(str(folder), {"as_of_date": as_of.isoformat()}, folder=folder)]


def base_environment() -> dict[str, str]:
    """Return this process's environment without what is set for another build."""
    return {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}


def build_environment(engine: str, server: Environment, raw: Path, work: Path) -> dict[str, str]:
    """Return the environment of the build of one engine, all of whose files are in `work`."""
    return {
        **base_environment(),
        **server,
        "CUSTOMER_HEALTH_RAW": str(raw),
        "CUSTOMER_HEALTH_WORK": str(work / "work.duckdb"),
        "CUSTOMER_HEALTH_PUBLISHED": str(work / "customer_health.duckdb"),
        "CUSTOMER_HEALTH_SPARK_STAGE": str(work / "stage"),
        "CUSTOMER_HEALTH_TARGET": engine,
        "DBT_TARGET_PATH": str(work / "target"),
        "DBT_LOG_PATH": str(work / "logs"),
        "DBT_PROFILES_DIR": str(ROOT),
    }


def build(engine: str, environment: Environment, source: Input, log: Path) -> float:
    """Run `customer-health build` on an engine; return its seconds. Raises BuildFailed.

    DuckDB is what the others are held to, tested by every other build. Spark would plan each query
    a second time for its contract: its types are compared with those of Postgres, held to it here.
    """
    arguments = WITHOUT_TESTS if engine == "duckdb" else source.arguments
    # The site and the deliverables are those of the project's folder.
    words = ["build", "--target", engine, "--no-site", "--no-deliverables", *arguments]
    bare = engine != "postgres"
    line = command(*words, variables=source.variables, environment=environment, bare=bare)
    started = time.monotonic()
    finish(line, environment, log)
    return time.monotonic() - started


def customer_health(words: Sequence[str], environment: Environment, log: Path) -> None:
    """Run a command of the project's tool in the project, writing what it prints to `log`."""
    finish([sys.executable, "-m", "customer_health", *words], environment, log)


def finish(line: Sequence[str], environment: Environment, log: Path) -> None:
    """Run a command line in the project, writing what it prints to `log`. Raises BuildFailed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        status = subprocess.run(
            line,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if status != 0:
        lines = COLOURS.sub("", log.read_text(encoding="utf-8", errors="replace")).splitlines()
        end = "\n".join(f"    {line}" for line in lines[-SHOWN_LINES:])
        raise BuildFailed(f"{log.stem} ended with status {status}:\n{end}")


def run(
    source: Input, engines: Sequence[str], servers: Mapping[str, Environment], work: Path, say: Say
) -> Run:
    """Build one input on all engines and compare those builds that passed."""
    outcome = Run(source.name)
    raw = source.raw_folder(work)
    environments = {
        engine: build_environment(engine, servers[engine], raw, work / engine) for engine in engines
    }
    say(f"\n{source.name}")
    for engine, environment in environments.items():
        log = work / engine / "build.log"
        try:
            outcome.seconds[engine] = build(engine, environment, source, log)
            say(f"  {engine}: built in {outcome.seconds[engine]:.0f} s")
        except BuildFailed as error:
            outcome.failed.append(engine)
            say(f"  {engine}: {error}")
    if len(outcome.seconds) < 2:
        return outcome
    started = time.monotonic()
    first = next(iter(outcome.seconds))
    with ExitStack() as stack:
        readers = [
            stack.enter_context(closing(reader_of(engine, environments[engine])))
            for engine in outcome.seconds
        ]
        relations = relations_of(work / first / "target" / "manifest.json")
        outcome.differences = compare_all(readers, relations, say)
    outcome.differences += compare_reports(environments, list(outcome.seconds), work, say)
    say(f"compared in {time.monotonic() - started:.0f} s")
    return outcome


def compare_reports(
    environments: Mapping[str, Environment], engines: Sequence[str], work: Path, say: Say
) -> int:
    """Export the customer-success reports on each engine; return how many are other ones."""
    others = 0
    for form in ("text", "json"):
        reports: dict[str, bytes] = {}
        for engine in engines:
            path = work / engine / f"reports.{form}"
            words = ["export", "customer-success", "--format", form, "--out", str(path)]
            customer_health(words, environments[engine], work / engine / f"export_{form}.log")
            reports[engine] = path.read_bytes()
        first, *rest = engines
        different = [engine for engine in rest if reports[engine] != reports[first]]
        others += len(different)
        end = f"not as on {first}: {', '.join(different)}" if different else "the same everywhere"
        say(f"  reports as {form}: {len(reports[first]):,} bytes, {end}")
    return others


def report(runs: Sequence[Run], engines: Sequence[str], say: Say) -> bool:
    """Say what each input took and how it ended; return whether all is equal everywhere."""
    say("\nseconds of `customer-health build`")
    say(f"{'':<38}{''.join(engine.rjust(12) for engine in engines)}")
    for outcome in runs:
        cells = [
            f"{outcome.seconds[engine]:.0f}" if engine in outcome.seconds else "failed"
            for engine in engines
        ]
        end = f"  {outcome.differences:,} differ" if outcome.differences else ""
        say(f"{outcome.name:<38}{''.join(cell.rjust(12) for cell in cells)}{end}")
    return not any(outcome.failed or outcome.differences for outcome in runs)


@contextmanager
def work_folder(chosen: Path | None) -> Iterator[Path]:
    """Yield the folder of the run: the chosen one, which is kept, else one that is removed."""
    if chosen is None:
        with tempfile.TemporaryDirectory(prefix="customer_health_parity_") as folder:
            yield Path(folder)
        return
    if chosen.exists() and any(chosen.iterdir()):
        raise ValueError(f"{chosen} is not empty; name a new folder")
    chosen.mkdir(parents=True, exist_ok=True)
    yield chosen.absolute()


def main() -> int:
    """Build and compare; return the exit status."""
    parser = argparse.ArgumentParser(description="Build on every engine and compare the marts.")
    parser.add_argument("--accounts", type=int, default=10_000, metavar="N", help="of the demo")
    parser.add_argument("--engines", type=engine_list, default=list(ENGINES), metavar="A,B")
    parser.add_argument("--input", action="append", default=[], help="default: demo")
    parser.add_argument(
        "--as-of",
        type=datetime.date.fromisoformat,
        default=AS_OF,
        metavar="YYYY-MM-DD",
        help=f"the date that the figures of a folder stand for (default {AS_OF})",
    )
    parser.add_argument(
        "--without-tests", action="store_true", help="build the models without testing them"
    )
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep all files in this folder")
    options = parser.parse_args()
    if len(options.engines) < 2:
        parser.error("a comparison needs two engines")
    stop_on_sigterm()
    try:
        inputs = [
            source
            for text in options.input or ["demo"]
            for source in inputs_of(text, options.accounts, options.as_of)
        ]
        if options.without_tests:
            inputs = [without_tests(source) for source in inputs]
        with work_folder(options.work) as work, ExitStack() as stack:
            servers: dict[str, Environment] = {"duckdb": {}}
            for engine in options.engines:
                if engine in SERVERS:
                    started = time.monotonic()
                    server = stack.enter_context(SERVERS[engine](work / "servers" / engine))
                    servers[engine] = server.environment()
                    say(f"{engine}: server up in {time.monotonic() - started:.0f} s")
            runs = [
                run(source, options.engines, servers, work / f"input_{number}", say)
                for number, source in enumerate(inputs)
            ]
            return 0 if report(runs, options.engines, say) else 1
    except (ServerUnavailable, BuildFailed, ValueError) as error:
        print(f"parity: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("parity: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
