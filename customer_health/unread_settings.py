"""Settings that nobody reads: dbt takes any variable, and a misspelt one changes nothing."""

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from customer_health.errors import UserError, first_line
from customer_health.yaml_text import from_yaml

PACKAGE = "customer_health"
PROJECT_FILE = "dbt_project.yml"
# A macro may pass the name of a setting on before it is read, so any quoted word counts.
QUOTED = re.compile(r"""['"]([a-z_][a-z0-9_]*)['"]""")
# How alike a variable of somebody else's project must be to a setting of ours to be meant for it.
ALIKE = 0.85


def require_read_settings(project: Path, dbt_arguments: Sequence[str]) -> None:
    """Raise UserError if a variable of the project, or of `--vars`, is read nowhere.

    In a project that has the package installed, only those that look like one of its settings.
    """
    package = project / "dbt_packages" / PACKAGE
    is_ours = not package.is_dir()
    code = [
        path.read_text(encoding="utf-8")
        for root in ({project, package} if not is_ours else {project})
        for folder in ("macros", "models", "tests")
        for path in (root / folder).rglob("*.sql")
    ]
    read = {name for text in code for name in QUOTED.findall(text)}
    for where, name in _given(project, dbt_arguments):
        if name in read:
            continue
        near = difflib.get_close_matches(name, read, 1, 0.6 if is_ours else ALIKE)
        if is_ours or near:
            meant = f"did you mean {near[0]}" if near else "remove it"
            raise UserError(f"the setting {name} in {where} is read by nobody, {meant}?")


def _given(project: Path, dbt_arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield where a variable is given, and its name."""
    path = project / PROJECT_FILE
    if path.is_file():
        declared = (_mapping(path.read_text(encoding="utf-8"), str(path))).get("vars") or {}
        for name, value in declared.items():
            # The variables of one package stand in a block of its name.
            names = value if name == PACKAGE and isinstance(value, dict) else [name]
            yield from ((str(path), str(found)) for found in names)
    words = list(dbt_arguments)
    for place, word in enumerate(words):
        option, is_joined, text = word.partition("=")
        if option == "--vars":
            text = text if is_joined else "".join(words[place + 1 : place + 2])
            yield from (("--vars", str(name)) for name in _mapping(text, "--vars"))


def _mapping(text: str, where: str) -> dict[str, Any]:
    try:
        found = from_yaml(text)
    except yaml.YAMLError as error:
        raise UserError(f"{where} is not readable YAML: {first_line(error)}") from error
    return found if isinstance(found, dict) else {}
