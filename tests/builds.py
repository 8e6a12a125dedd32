"""Builds for tests: a stored parse of the project, and processes that start with dbt loaded.

Parsing the project costs more than most builds, and dbt throws a parse away as soon as any variable
changes. Here one parse serves all builds that differ in data, or in what only compiling reads. It
lies in `target/made_for_tests`, under the hash of all that it was made from, for every process that
tests; so does the build of the demo.

Every command runs in a process of its own, forked from one that imported dbt once.
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from oracle.account_health import COLUMNS

ROOT = Path(__file__).resolve().parents[1]
MADE = ROOT / "target" / "made_for_tests"

# States of the project of which something is kept.
KEPT_STATES = 2

# What parses and builds are made from.
PROJECT_FOLDERS = (
    *("models", "macros", "seeds", "analyses", "tests/generic", "tests/singular"),
    "customer_health",
)
PROJECT_FILES = ("dbt_project.yml", "profiles.yml", "selectors.yml")

DEMO_AS_OF = "2026-06-01"

# Variables that no node, dependency or configuration hangs on (of the active policy its peer groups
# do): test_builds.py proves it.
READ_WHEN_COMPILING = frozenset(
    {
        *("as_of_date", "customer_health_policy", "customer_health_history"),
        *("customer_health_future_dates", "customer_health_formats", "customer_health_currency"),
        "customer_health_personal_data",
        *("customer_health_trajectory", "customer_health_validation", "customer_health_alerts"),
        *("customer_health_ltv_source", "special_conversion", "customer_value_levels"),
        *("customer_red_flag", "customer_value_index", "customer_risk_index"),
    }
)
# Of this block only one key decides what is read.
LEARNING, DECISIVE_KEY = "customer_health_learning", "signals_from"
# Of policies only their shape does.
POLICIES, OWN_POLICIES = "customer_health_policies", "customer_health_extra_policies"
ACCOUNT_METRICS = {*COLUMNS, "contact_email_coverage", "size_points"}

# What a contributor's shell may hold must not reach a build here.
FOREIGN = ("CUSTOMER_HEALTH_", "DBT_", "PG")

# The set of schemas that dbt names on a server where nobody names one.
NEXT_SET = "__next"

# Lines of a failed command that are shown.
SHOWN_LINES = 60

# What dbt writes of a parse, as readers of a build expect it.
MANIFESTS = ("manifest.json", "semantic_manifest.json")

BARE = "bare"

MODELS_AND_SEEDS = ("--resource-type", "seed", "--resource-type", "model")

Variables = Mapping[str, Any]
Environment = Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it wrote to stdout and stderr."""

    status: int
    output: str


class CommandFailed(AssertionError):
    """A command of a build failed. Its text is the end of what it printed."""


# --------------------------------------------------------------------------------------------
# Commands
# --------------------------------------------------------------------------------------------


def customer_health(*arguments: object, environment: Environment | None = None) -> Outcome:
    """Run a command of the project's tool in the project. Raises CommandFailed."""
    words = [str(argument) for argument in arguments]
    return _passed(_run(_customer_health, words, environment or {}), words)


def command(
    *arguments: object, variables: Variables, environment: Environment, bare: bool = False
) -> list[str]:
    """Return a command line of the project's tool whose dbt has a stored parse of the project.

    It is for processes that are started, watched and killed; it runs in any folder. `bare` is that
    of `dbt`.
    """
    parse = stored_parse(variables, environment)
    words = [str(argument) for argument in arguments]
    own = [str(parse), BARE if bare else ""]
    return [sys.executable, __file__, *own, *words, "--vars", json.dumps(variables)]


def dbt(
    *arguments: object,
    variables: Variables,
    environment: Environment,
    folder: Path,
    check: bool = True,
    bare: bool = False,
) -> Outcome:
    """Run a command of dbt in the project with a stored parse; artifacts go to `folder`/target.

    `bare` is for who reads values alone: tables come without comments and checks of contracts.
    """
    words = [str(argument) for argument in arguments]
    line = [*words, *_options(variables, folder)]
    # A history that was published elsewhere would be taken over.
    own = {"CUSTOMER_HEALTH_PUBLISHED": str(folder / "published.duckdb"), **environment}
    outcome = _run(_dbt, line, own, stored_parse(variables, environment), bare)
    return _passed(outcome, words) if check else outcome


def build(
    raw: Path,
    folder: Path,
    variables: Variables,
    *,
    select: Sequence[str] = (),
    kinds: Sequence[str] = MODELS_AND_SEEDS,
    bare: bool = True,
) -> Path:
    """Load a folder of raw files and build from it in `folder`; return the work file.

    Without `select` everything is built; `kinds` are dbt's options that say whether it is tested.
    Tables have comments, and are held to their contracts, only where they are not `bare`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = duckdb_environment(raw, folder)
    customer_health("load", raw, environment=environment)
    selected = ["--select", *select] if select else []
    # The manifest of the parse says all that readers of a build ask.
    arguments = ["build", *selected, *kinds, "--no-write-json"]
    dbt(*arguments, variables=variables, environment=environment, folder=folder, bare=bare)
    for name in MANIFESTS:
        shutil.copy(stored_parse(variables, environment) / name, folder / "target")
    return Path(environment["CUSTOMER_HEALTH_WORK"])


def duckdb_environment(raw: Path, folder: Path) -> dict[str, str]:
    """Return the environment of a build on DuckDB all of whose files are in `folder`."""
    return {
        "CUSTOMER_HEALTH_TARGET": "duckdb",
        "CUSTOMER_HEALTH_RAW": str(raw),
        "CUSTOMER_HEALTH_WORK": str(folder / "work.duckdb"),
        "CUSTOMER_HEALTH_PUBLISHED": str(folder / "published.duckdb"),
    }


def _options(variables: Variables, folder: Path) -> list[str]:
    return [
        *("--vars", json.dumps(variables), "--project-dir", str(ROOT)),
        *("--profiles-dir", str(ROOT), "--target-path", str(folder / "target")),
        *("--log-path", str(folder / "logs"), "--log-level-file", "none"),
        # Tests run side by side; threads of one process wait for each other.
        *("--threads", "1"),
    ]


def _passed(outcome: Outcome, words: Sequence[str]) -> Outcome:
    if outcome.status != 0:
        end = "\n".join(outcome.output.splitlines()[-SHOWN_LINES:])
        raise CommandFailed(f"{' '.join(words[:3])} ended with {outcome.status}:\n{end}")
    return outcome


# --------------------------------------------------------------------------------------------
# What is made once
# --------------------------------------------------------------------------------------------


def stored_parse(variables: Variables, environment: Environment) -> Path:
    """Return the folder of dbt's parse with these variables.

    It holds `partial_parse.msgpack` and `manifest.json`.
    """
    decisive = [_decisive(variables), _place(environment)]
    key = digest(json.dumps(decisive, sort_keys=True))

    def parse(folder: Path) -> None:
        line = ["parse", *_options(variables, folder)]
        _passed(_run(_dbt, line, environment), line)

    return once(f"parse_{key}", parse) / "target"


def demo_build() -> Path:
    """Return the folder of the default demo, built from `raw` without data tests.

    All that read it share it: who writes copies the work file.
    """

    def make(folder: Path) -> None:
        customer_health("demo", "--as-of", DEMO_AS_OF, "--out", folder / "raw")
        build(folder / "raw", folder, {"as_of_date": DEMO_AS_OF}, bare=False)

    return once("demo", make)


def once(name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that `make` fills once for all processes, as long as the project is as it is.

    It is filled under its own name, as views over files hold their paths.
    """
    state = MADE / project_state()
    folder, is_complete = state / name, state / f"{name}.complete"
    with locked(MADE / "lock"):
        if not state.is_dir():
            _forget_old_states()
            state.mkdir(parents=True)
        os.utime(state)
    with locked(state / f"{name}.lock"):
        if not is_complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            is_complete.touch()
    return folder


def _decisive(variables: Variables) -> dict[str, Any]:
    """Return what of the variables a parse hangs on, as far as it is not as published."""
    published = published_variables()
    names = variables.keys() - READ_WHEN_COMPILING - {POLICIES, OWN_POLICIES}
    found = {name: variables[name] for name in names}
    if block := found.get(LEARNING):
        found[LEARNING] = {**published[LEARNING], DECISIVE_KEY: block[DECISIVE_KEY]}
    found = {name: value for name, value in found.items() if value != published.get(name)}
    return {**found, POLICIES: _shape({**published, **variables})}


def _shape(variables: Variables) -> list[Any]:
    """Return what of the policies decides which models there are, and which these read."""
    presets, own = variables["customer_health_presets"], variables[OWN_POLICIES]
    policies = {}
    for name in variables[POLICIES]:
        block = own.get(name, {})
        policies[name] = {**presets.get(block.get("extends", name), {}), **block}
    metrics_of = {
        name: [metric for dimension in policy["dimensions"] for metric in dimension["metrics"]]
        for name, policy in policies.items()
    }
    metrics = [metric for of_policy in metrics_of.values() for metric in of_policy]
    return [
        any(metric["scale"] == "percentile" for metric in metrics),
        _peer_groups(metrics),
        # What accounts miss to the next band is asked of the active policy alone.
        _peer_groups(metrics_of.get(variables["customer_health_policy"], [])),
        # Signals come from elsewhere than the accounts.
        sorted({metric["metric"] for metric in metrics} - ACCOUNT_METRICS),
        any(policy.get("reads_signals") for policy in policies.values()),
    ]


def _peer_groups(metrics: list[Any]) -> list[str]:
    return sorted({metric["peer_group"] for metric in metrics if "peer_group" in metric})


@cache
def published_variables() -> dict[str, Any]:
    """Return the variables of the project with their defaults."""
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    return project["vars"]["customer_health"]


def _place(environment: Environment) -> list[str]:
    """Return what of an environment is written into the nodes: the engine and its database."""
    engine = environment.get("CUSTOMER_HEALTH_TARGET", "duckdb")
    work_file = Path(environment.get("CUSTOMER_HEALTH_WORK", "work.duckdb"))
    database = {"duckdb": work_file.stem, "postgres": environment.get("PGDATABASE", "")}
    return [engine, database.get(engine, ""), environment.get("CUSTOMER_HEALTH_SET", "")]


@cache
def project_state() -> str:
    """Return a hash of the files that a build is made from, and of dbt's version."""
    from dbt.version import __version__

    files = [ROOT / name for name in PROJECT_FILES]
    for folder in PROJECT_FOLDERS:
        files += [path for path in (ROOT / folder).rglob("*.*") if path.is_file()]
    sums = {
        str(path.relative_to(ROOT)): digest(path.read_bytes())
        for path in files
        if path.suffix != ".pyc"
    }
    return digest(json.dumps([__version__, sums], sort_keys=True))


def digest(content: str | bytes) -> str:
    """Return the first half of a content's SHA-256."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:32]


def _forget_old_states() -> None:
    states = [path for path in MADE.glob("*") if path.is_dir()]
    for path in sorted(states, key=lambda path: path.stat().st_mtime)[: 1 - KEPT_STATES]:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file that only one process at a time can hold."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# --------------------------------------------------------------------------------------------
# Processes
# --------------------------------------------------------------------------------------------


@cache
def _processes() -> Any:
    """Return the maker of processes: each is a fork of one that has imported `warm`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["warm"])
    return context


def _run(work: Callable[..., int], words: list[str], environment: Environment, *more: Any):
    """Run a function in a process of its own, in the project; return its outcome."""
    mine = {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
    with tempfile.NamedTemporaryFile() as output:
        process = _processes().Process(
            target=_child, args=(work, words, {**mine, **environment}, output.name, *more)
        )
        process.start()
        process.join()
        return Outcome(process.exitcode, Path(output.name).read_text("utf-8", errors="replace"))


def _child(
    work: Callable[..., int],
    words: list[str],
    environment: dict[str, str],
    output: str,
    *more: Any,
) -> None:
    """Be the process: its own environment, the project as its folder, its output in a file."""
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    with Path(output).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    try:
        status = work(words, *more)
    except SystemExit as exit_:
        status = exit_.code if isinstance(exit_.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 1
    _close_work_file()
    sys.stdout.flush()
    sys.exit(status)


def _close_work_file() -> None:
    """Do what dbt leaves to the interpreter's exit, which a forked process does not reach.

    Without it the last rows stay in the log beside the work file, and a copy lacks them.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def _customer_health(words: list[str]) -> int:
    from customer_health.cli import main

    return main(words) or 0


def _dbt(words: list[str], parse: Path | None = None, bare: bool = False) -> int:
    from dbt.cli.main import dbtRunner

    # What dbt makes stays until it ends: looking for garbage among it is an eighth of a build.
    gc.disable()
    manifest = None if parse is None else read_parse(parse)
    if bare:
        strip(manifest)
    outcome = dbtRunner(manifest=manifest).invoke(words)
    if outcome.exception is not None:
        print(outcome.exception)
    return 0 if outcome.success else 1


def read_parse(parse: Path) -> Any:
    """Read a stored parse; dbt changes what it is given, so every command reads it afresh."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    content = (parse / "partial_parse.msgpack").read_bytes()
    manifest = Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder)
    # On a server, schemas end in the name of a set that only the build knows.
    if built := os.environ.get("CUSTOMER_HEALTH_SET"):
        for node in manifest.nodes.values():
            schema = node.schema
            node.schema = schema.removesuffix(NEXT_SET) + f"__{built}" * schema.endswith(NEXT_SET)
            if node.relation_name:
                node.relation_name = node.relation_name.replace(schema, node.schema)
    manifest.build_flat_graph()
    return manifest


def strip(manifest: Any) -> None:
    """Leave out what a third of a build's time goes into, and what no value hangs on."""
    for node in manifest.nodes.values():
        if node.resource_type in ("model", "seed"):
            node.config.persist_docs = {}
        if node.resource_type == "model":
            node.contract.enforced = node.config.contract.enforced = False


def main() -> int:
    """Run the tool as `command` says; return the exit status."""
    from dbt.cli import main as dbt_main

    from customer_health.cli import main as tool

    parse, bare, *words = sys.argv[1:]
    runner = dbt_main.dbtRunner

    def run_on_the_parse(**given: Any) -> Any:
        manifest = read_parse(Path(parse))
        if bare == BARE:
            strip(manifest)
        return runner(manifest, **given)

    dbt_main.dbtRunner = run_on_the_parse
    return tool(words) or 0


if __name__ == "__main__":
    sys.exit(main())
