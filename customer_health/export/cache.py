"""Statements of a report in the user's cache folder, found by all that they depend on.

A file that is not whole counts as none, and what cannot be kept is compiled again: the cache saves
time and never decides about a figure.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from customer_health import __version__, settings
from customer_health.export import compiled
from customer_health.export.compiled import Statement
from customer_health.files import replacing
from customer_health.profile import Target
from customer_health.progress import say

SUFFIX = ".statements"

# A file has some 100 kB; each change of the project or its settings makes three.
KEPT_FILES = 30

# Where a project has what is compiled, by the name of its setting.
FOLDERS = {"model-paths": ["models"], "macro-paths": ["macros"], "seed-paths": ["seeds"]}
PACKAGES = {"packages-install-path": "dbt_packages"}
PROGRAMS = ("dbt-core", "dbt-duckdb", "duckdb")

ENV_VAR = re.compile(rb"""env_var\(\s*['"](\w+)""")
# Where the two files are has no say in what is compiled.
OWN_VARIABLES = {"CUSTOMER_HEALTH_WORK", "CUSTOMER_HEALTH_PUBLISHED", "CUSTOMER_HEALTH_TARGET"}


def fingerprint(project: Path, described: Mapping[str, Any], target: Target) -> str:
    """Return a hash of the project's files, the profile, the programs and their environment.

    `described` is what dbt_project.yml says.
    """
    digest = hashlib.sha256()
    variables: set[str] = set()
    for name, path in _files(project, described, target):
        content = path.read_bytes()
        variables |= {variable.decode() for variable in ENV_VAR.findall(content)}
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    given = [
        *((name, os.environ.get(name)) for name in sorted(variables - OWN_VARIABLES)),
        *((program, version(program)) for program in PROGRAMS),
        ("customer_health", __version__),
        ("target", target.name),
    ]
    digest.update(json.dumps(given).encode())
    return digest.hexdigest()


def kept_statements(key: str) -> list[Statement] | None:
    """Return what was kept under a key, None if there is nothing or it is damaged."""
    try:
        digest, _, text = _path(key).read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError, RuntimeError):
        return None
    if digest != _digest(text):
        return None
    return [Statement(*statement) for statement in json.loads(text)]


def keep_statements(statements: Mapping[str, Sequence[Statement]]) -> None:
    """Keep statements by their keys, and forget the oldest; say so if that cannot be."""
    try:
        for key, some in statements.items():
            text = json.dumps(some, ensure_ascii=False)
            with replacing(_path(key)) as unfinished:
                unfinished.write_text(f"{_digest(text)}\n{text}", encoding="utf-8")
        _forget_oldest(settings.cache_folder())
    except (OSError, RuntimeError) as error:
        say(f"The next report from a file takes as long: nothing can be kept ({error}).")


def key_of(project: str, tool: str, columns: Iterable[Sequence[str]]) -> str:
    """Return the key of a tool: the fingerprint of the project and the columns of its raw table."""
    return _digest(json.dumps([project, tool, [*map(list, columns)]]))


def _files(
    project: Path, described: Mapping[str, Any], target: Target
) -> Iterator[tuple[str, Path]]:
    """Yield all files that have a say, with names that do not tell where the project is."""
    yield "compiled.py", Path(compiled.__file__)
    if target.profiles_dir is not None:
        yield "profiles.yml", target.profiles_dir / "profiles.yml"
    for path in sorted(project.glob("*.yml")):
        yield path.name, path
    folders = [folder for kind, usual in FOLDERS.items() for folder in described.get(kind, usual)]
    folders += [described.get(kind, usual) for kind, usual in PACKAGES.items()]
    for folder in folders:
        # Packages of the same machine are links to their folders.
        for place, inner, names in os.walk(project / folder, followlinks=True):
            inner.sort()
            for name in sorted(names):
                path = Path(place) / name
                if path.is_file():
                    yield str(path.relative_to(project)), path


def _path(key: str) -> Path:
    return settings.cache_folder() / f"{key}{SUFFIX}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _forget_oldest(folder: Path) -> None:
    files = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
    for path in files[:-KEPT_FILES]:
        path.unlink(missing_ok=True)
