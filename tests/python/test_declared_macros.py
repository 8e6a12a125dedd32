"""Every macro is documented beside its folder, with the arguments that it really has."""

import re
from pathlib import Path

import yaml

MACROS = Path(__file__).resolve().parents[2] / "macros"
DISPATCHED = re.compile(r"(default|duckdb|postgres|spark)__")


def defined() -> dict[str, list[str]]:
    """Macros as the SQL files define them: name -> arguments."""
    macros = {}
    for path in MACROS.rglob("*.sql"):
        for name, arguments in re.findall(
            r"{%-? macro (\w+)\(([^)]*)\)", path.read_text(encoding="utf-8")
        ):
            names = [argument.split("=")[0].strip() for argument in arguments.split(",")]
            macros[name] = [argument for argument in names if argument]
    return {name: arguments for name, arguments in macros.items() if not DISPATCHED.match(name)}


def documented() -> dict[str, list[str]]:
    """Macros as the property files document them: name -> arguments."""
    macros = {}
    for path in MACROS.rglob("_*__macros.yml"):
        for macro in yaml.safe_load(path.read_text(encoding="utf-8"))["macros"]:
            assert macro["description"], macro["name"]
            macros[macro["name"]] = [argument["name"] for argument in macro.get("arguments") or []]
    return macros


def test_every_macro_is_documented_with_its_arguments() -> None:
    assert documented() == defined()
