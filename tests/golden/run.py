"""Build what `inputs.py` names and compare the figures of every mart with those kept here.

    make golden                      compare; where a figure differs, show it and rows of both sides
    make golden ACCEPT=1             write the figures of now
    python tests/golden/run.py demo  only one of the builds

Rows from before come from `target/golden/kept`, where a build that agreed leaves its marts; if they
are not there, the last commit of the figures is built for them in a worktree. The exit status is 1
if a figure differs that was not accepted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import duckdb
from builds import ROOT, digest
from parity.compare import Relation, compare, line, relations_of
from parity.readers import DuckDbReader

from golden.figures import Figure, figures_of, read, written
from golden.inputs import INPUTS, Input

FOLDER = Path(__file__).resolve().parent
KEPT = ROOT / "target" / "golden" / "kept"

# Figures that differ of which the lines are shown; all are in the file after ACCEPT=1.
SHOWN_LINES = 40


def file_of(source: Input) -> Path:
    """Return the file of the figures of a build."""
    return FOLDER / f"{source.name}.csv"


def kept_marts(source: Input, folder: Path = KEPT) -> Path:
    """Return where the marts that the kept figures tell of are, if they are still there."""
    file = file_of(source)
    return folder / f"{source.name}-{digest(file.read_bytes() if file.exists() else b'')}.duckdb"


def run(source: Input, work: Path, accept: bool) -> bool:
    """Build one input and compare its figures; return whether they are as kept, or accepted."""
    started = time.monotonic()
    built = source.build(work)
    relations = relations_of(built / "target" / "manifest.json")
    marts = work / "figures.duckdb"
    keep_marts(built / "work.duckdb", marts, relations)
    before, now = read(file_of(source)), figures_of(marts, relations)
    seconds = f"{time.monotonic() - started:.0f} s"
    if now == before:
        put(marts, kept_marts(source))
        say(f"{source.name}: {len(now):,} figures as kept ({seconds})")
        return True
    changed = differences(before, now)
    say(f"{source.name}: {len(changed):,} lines differ ({seconds})", *changed[:SHOWN_LINES])
    if len(changed) > SHOWN_LINES:
        say(f"... and {len(changed) - SHOWN_LINES:,} more")
    if before:
        show_rows(source, marts, relations, {text[1:].partition(",")[0] for text in changed})
    if accept:
        file_of(source).write_text(written(now), encoding="utf-8")
        put(marts, kept_marts(source))
        say(f"{source.name}: accepted")
    return accept


def differences(before: Sequence[Figure], now: Sequence[Figure]) -> list[str]:
    """Return the lines of the figures that are on one side only, with - or + before them."""
    changed = dict.fromkeys(set(before) - set(now), "-")
    changed |= dict.fromkeys(set(now) - set(before), "+")
    in_order = sorted(changed, key=lambda figure: (figure[:2], changed[figure] == "+"))
    return [changed[figure] + ",".join(figure) for figure in in_order]


def show_rows(source: Input, marts: Path, relations: Sequence[Relation], changed: set[str]) -> None:
    """Show rows of the changed marts before and now."""
    before = kept_marts(source)
    if not before.exists() and not build_before(source):
        say(f"no rows from before: {before.relative_to(ROOT)} is not there")
        return
    with (
        closing(DuckDbReader(before, engine="before")) as first,
        closing(DuckDbReader(marts, engine="now")) as second,
    ):
        say(line("rows before and now", "rows", "values", ["differ"]))
        for relation in relations:
            if relation.name in changed:
                outcome = compare([first, second], relation)
                counts = [outcome.differing_count]
                say(line(outcome.relation, outcome.row_count, outcome.value_count, counts))
                for example in outcome.examples:
                    say(f"    {example}")


def build_before(source: Input) -> bool:
    """Build the commit that wrote the kept figures, to have its marts; return whether it did."""
    name = str(file_of(source).relative_to(ROOT))
    commit = git("log", "-1", "--format=%H", "--", name)
    if not commit or git("status", "--porcelain", "--", name):
        return False
    say(f"building {source.name} at {commit[:9]} for its rows ...")
    with worktree(commit) as root:
        subprocess.run(
            [sys.executable, str(root / "tests" / "golden" / "run.py"), source.name],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        made = kept_marts(source, root / KEPT.relative_to(ROOT))
        if made.exists():
            put(made, kept_marts(source))
    return kept_marts(source).exists()


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """Check a commit out in a folder of its own, as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="customer_health_golden_") as folder:
        root = Path(folder) / "before"
        git("worktree", "add", "--detach", str(root), commit)
        try:
            yield root
        finally:
            git("worktree", "remove", "--force", str(root))


def git(*arguments: str) -> str:
    """Return what git says, nothing where it fails."""
    outcome = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return outcome.stdout.strip() if outcome.returncode == 0 else ""


def keep_marts(work_file: Path, marts: Path, relations: Sequence[Relation]) -> None:
    """Copy what is compared out of a work file."""
    with duckdb.connect(str(marts)) as connection:
        connection.execute("set memory_limit = '1GB'")
        # Views name the file that they were made in.
        connection.execute(f"attach '{work_file}' as {work_file.stem} (read_only)")
        found = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            f" where table_catalog = '{work_file.stem}'"
        ).fetchall()
        for schema in {relation.schema for relation in relations}:
            connection.execute(f'create schema "{schema}"')
        for relation in relations:
            if (relation.schema, relation.name) in found:
                name = f'"{relation.schema}"."{relation.name}"'
                rows = f"select * from {work_file.stem}.{name}"
                connection.execute(f"create table {name} as {rows}")


def put(marts: Path, place: Path) -> None:
    """Keep the marts of a build in the place of those that an earlier build of it left."""
    place.parent.mkdir(parents=True, exist_ok=True)
    name = place.stem.rpartition("-")[0]
    for path in place.parent.glob("*.duckdb"):
        if path.stem.rpartition("-")[0] == name and path != place:
            path.unlink()
    shutil.move(marts, place)


def say(*lines: str) -> None:
    """Print lines at once."""
    print("\n".join(lines), flush=True)


def main() -> int:
    """Build and compare; return the exit status."""
    names = [source.name for source in INPUTS]
    parser = argparse.ArgumentParser(description="Compare the figures of every mart.")
    parser.add_argument("builds", nargs="*", metavar="BUILD", help=f"of {', '.join(names)}")
    parser.add_argument("--accept", action="store_true", help="write the figures of now")
    options = parser.parse_args()
    if unknown := set(options.builds) - set(names):
        parser.error(f"there is no build {', '.join(unknown)}")
    chosen = [source for source in INPUTS if source.name in (options.builds or names)]
    with tempfile.TemporaryDirectory(prefix="customer_health_golden_") as folder:
        for source in chosen:
            (Path(folder) / source.name).mkdir()
        # Two at a time; dbt itself waits for its own Python most of the time.
        with ThreadPoolExecutor(2) as workers:
            outcomes = list(
                workers.map(
                    lambda source: run(source, Path(folder) / source.name, options.accept), chosen
                )
            )
    if not all(outcomes):
        say("figures differ: if that is wanted, `make golden ACCEPT=1` and say why in the commit")
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
