"""sqlfluff over the SQL of the project: same rules and findings as its own command, sooner.

python -m tests.lint.sql [--changed] [PATH ...]

The project is parsed once, each process templates what it lints, the layout rules share what they
work out of a file, and a rendering that was found clean is not looked at again. `--changed`: only
what differs from the main branch; all of it if a macro or a setting does.
"""

import argparse
import gc
import hashlib
import logging
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import sqlfluff
from sqlfluff.core import FluffConfig, Linter
from sqlfluff.core.linter import RenderedFile
from sqlfluff.core.linter.discovery import paths_from_path
from sqlfluff.core.parser import BaseSegment
from sqlfluff.utils.reflow.sequence import ReflowSequence

FOLDERS = ("models", "analyses", "tests/singular")
# What every compiled file may depend on.
SHARED = ("macros/", "dbt_project.yml", ".sqlfluff", "tests/lint/", "requirements/dev.lock")
PROCESSES = os.cpu_count() or 2
# Fingerprints of renderings that have no finding.
CLEAN = Path("target/lint/clean")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", default=FOLDERS, help=f"default: {' '.join(FOLDERS)}")
    parser.add_argument("--changed", action="store_true", help="what differs from the main branch")
    parser.add_argument("--main", default="main", help="the branch to compare with (default main)")
    options = parser.parse_args()
    files = [file for path in options.paths for file in paths_from_path(path)]
    if options.changed:
        changed = differing(options.main)
        if changed is not None and not any(name.startswith(SHARED) for name in changed):
            files = [file for file in files if file in changed]
    found = lint(files)
    for file, violations in found.items():
        for line in violations:
            print(f"{file}:{line}")
    count = sum(map(len, found.values()))
    print(f"sqlfluff: {count or 'nothing'} found in {len(files)} files")
    return 1 if count else 0


def differing(main: str) -> set[str] | None:
    """Return what differs from where this branch left `main`, new files too; None if unknown."""
    lines: set[str] = set()
    base = _git("merge-base", "HEAD", main) or _git("merge-base", "HEAD", f"origin/{main}")
    if base is None:
        return None
    for command in (
        ("diff", "--name-only", base.strip()),
        ("ls-files", "--others", "--exclude-standard"),
    ):
        names = _git(*command)
        if names is None:
            return None
        lines.update(names.splitlines())
    return lines


def _git(*arguments: str) -> str | None:
    done = subprocess.run(("git", *arguments), capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def lint(files: list[str]) -> dict[str, list[str]]:
    """Return the findings of each file that has some, as lines `<line>:<column>: <rule> <what>`."""
    if not files:
        return {}
    _share_layout()
    linter = Linter(config=FluffConfig.from_root())
    # The largest first, so that no process is left alone with one of them at the end.
    files = sorted(files, key=lambda file: -Path(file).stat().st_size)
    # Parses the project, before there are processes; none of its models is ephemeral.
    list(linter.templater.sequence_files(files, config=linter.config))
    # A file of DuckDB is open to one writer or to many readers.
    linter.templater.dbt_config.credentials.config_options = {"access_mode": "read_only"}
    CLEAN.mkdir(parents=True, exist_ok=True)
    gc.freeze()
    # The linter is inherited: a manifest that dbt parsed in part does not survive a pickle.
    pool = multiprocessing.get_context("fork").Pool(PROCESSES, _begin, (linter,))
    with pool:
        found = dict(pool.imap_unordered(_lint_file, files))
        pool.close()
        pool.join()
    gc.unfreeze()
    return {file: found[file] for file in sorted(found) if found[file]}


def _begin(linter: Linter) -> None:
    """Start a process of the pool."""
    # Looking for garbage among the many small parts of a tree takes a quarter of the time.
    gc.disable()
    _lint_file.linter = linter  # type: ignore[attr-defined]


def _lint_file(file: str) -> tuple[str, list[str]]:
    linter: Linter = _lint_file.linter  # type: ignore[attr-defined]
    skipped: list[str] = []
    warnings = logging.Handler(logging.WARNING)
    warnings.emit = lambda record: skipped.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("sqlfluff.linter")
    logger.addHandler(warnings)
    rendered = linter.render_file(file, linter.config)
    logger.removeHandler(warnings)
    # sqlfluff passes over what does not compile; a model that is switched off it may.
    if broken := [text for text in skipped if "fatal exception" in text]:
        return file, [f"1:1: not looked at: {' '.join(text.split())}" for text in broken]
    known = CLEAN / _fingerprint(rendered)
    if known.exists():
        return file, []
    linted = linter.lint_rendered(rendered, linter.get_rulepack(config=rendered.config))
    gc.collect()
    found = [
        f"{violation.line_no}:{violation.line_pos}: {violation.rule_code()} {violation.desc()}"
        for violation in linted.get_violations(filter_warning=False)
    ]
    if not found:
        known.touch()
    return file, found


def _fingerprint(rendered: RenderedFile) -> str:
    """Return a hash of all that the findings depend on."""
    parts = [
        sqlfluff.__version__,
        Path(".sqlfluff").read_text(encoding="utf-8"),
        rendered.source_str,
    ]
    for variant in rendered.templated_variants:
        parts += [variant.templated_str, repr(variant.sliced_file), repr(variant.raw_sliced)]
    parts.append(repr(rendered.templater_violations))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _share_layout() -> None:
    """Let the layout rules share the sequence of a tree, which linting alone does not change."""
    build = ReflowSequence.from_root.__func__
    kept: tuple[Any, ...] = (None, None, None)

    def from_root(cls: type[ReflowSequence], root: BaseSegment, config: FluffConfig) -> Any:
        nonlocal kept
        if kept[0] is not root or kept[1] is not config:
            kept = (root, config, build(cls, root, config))
        return kept[2]

    ReflowSequence.from_root = classmethod(from_root)


if __name__ == "__main__":
    sys.exit(main())
