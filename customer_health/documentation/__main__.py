"""`python -m customer_health.documentation` writes the analysts' pages into docs/."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from customer_health.documentation import examples
from customer_health.documentation.manifest import marts
from customer_health.documentation.pages import entities_page, marts_page
from customer_health.files import replacing
from customer_health.progress import say

ROOT = Path(__file__).resolve().parents[2]


def read_models() -> list[str]:
    """Return the models that the pages read."""
    needed = {mart for example in examples.EXAMPLES for mart in example.reads}
    return sorted(needed | set(examples.ALSO_BUILT))


def build_demo(folder: Path) -> tuple[Path, Path]:
    """Build the demo of the queries in `folder`; return its work file and dbt's manifest."""
    variables = ("--vars", f"{{as_of_date: {examples.AS_OF}}}")
    day, accounts = examples.AS_OF, str(examples.ACCOUNTS)
    raw = str(folder / "raw")
    demo = ("demo", "--accounts", accounts, "--as-of", day, "--out", raw)
    _run(folder, "customer_health", *demo)
    _run(folder, "customer_health", "load", raw)
    selected = [f"+{mart}" for mart in read_models()]
    _run(folder, "dbt.cli.main", "build", "--quiet", "--resource-type", "seed", *variables)
    _run(folder, "dbt.cli.main", "run", "--quiet", *variables, "--select", *selected)
    return folder / "work.duckdb", folder / "target" / "manifest.json"


def pages(work_file: Path, manifest: Path) -> dict[str, str]:
    """Return the pages by name."""
    found = marts(manifest)
    with duckdb.connect(work_file, read_only=True) as connection:
        queries = examples.page(connection)
    return {
        "marts.md": marts_page(found),
        "entities.md": entities_page(found),
        "example_queries.md": queries,
    }


def _run(folder: Path, module: str, *arguments: str) -> None:
    """Run a program of the environment in the project, with its files in `folder`."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CUSTOMER_HEALTH_", "DBT_"))
    }
    result = subprocess.run(
        [sys.executable, "-c", f"from {module} import cli; cli()", *arguments]
        if module.startswith("dbt")
        else [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={
            **environment,
            "CUSTOMER_HEALTH_WORK": str(folder / "work.duckdb"),
            "CUSTOMER_HEALTH_PUBLISHED": str(folder / "published.duckdb"),
            "DBT_PROFILES_DIR": str(ROOT),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(result.stdout[-3000:] + result.stderr[-1000:])


def main() -> None:
    """Write the pages."""
    with tempfile.TemporaryDirectory(prefix="customer_health_docs_") as folder:
        say(f"Building a demo of {examples.ACCOUNTS:,} accounts for the example queries.")
        for name, text in pages(*build_demo(Path(folder))).items():
            with replacing(ROOT / "docs" / name) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
            print(f"docs/{name}")


if __name__ == "__main__":
    main()
