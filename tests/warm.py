"""Imported once by the process that all commands of the tests are forked from.

It imports dbt and the project's tool, and has Jinja compile the macros of both: dbt looks a macro's
template up by its text before it compiles it.
"""

from pathlib import Path
from types import SimpleNamespace

import dbt.adapters.duckdb
import dbt.cli.main
import dbt.include.duckdb
import dbt.include.global_project
import dbt.parser.manifest
from dbt_common.clients.jinja import BlockTag, extract_toplevel_blocks, template_cache

import customer_health.cli  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    ROOT / "macros",
    ROOT / "tests" / "generic",
    *(
        Path(package.__file__).parent
        for package in (dbt.include.duckdb, dbt.include.global_project)
    ),
)
BLOCKS = {"macro", "materialization", "test", "data_test"}

for path in (path for folder in FOLDERS for path in folder.rglob("*.sql")):
    text = path.read_text(encoding="utf-8")
    for block in extract_toplevel_blocks(text, allowed_blocks=BLOCKS, collect_raw_data=False):
        if isinstance(block, BlockTag):
            template_cache.get_node_template(SimpleNamespace(macro_sql=block.full_block))
