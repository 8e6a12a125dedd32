"""The three reports as text or JSON, written as the rows come."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import TextIO

from customer_health.errors import UserError
from customer_health.export import churn, expansion, health
from customer_health.export.forms import RULE, THIN_RULE, as_json, heading
from customer_health.export.lines import lines
from customer_health.export.reading import Marts, require
from customer_health.files import replacing

# Each has REPORT, TITLE, NEEDED, summary(), lines(), summary_lines() and customer_lines().
TOOLS: dict[str, ModuleType] = {"health": health, "churn": churn, "expansion": expansion}
FORMATS = ("text", "json")

# Customers that are written at a time.
BATCH = 500


def write_reports(
    marts: Marts, tools: Sequence[str], format_: str, project: Path, out: TextIO
) -> None:
    """Write the reports of the tools: one JSON document, or one text after the other.

    Several reports make a document {"reports": [...]}.
    """
    for tool in tools:
        require(marts, TOOLS[tool].NEEDED)
    if format_ == "text":
        for tool in tools:
            _write_text(marts, TOOLS[tool], project, out)
        return
    if len(tools) > 1:
        out.write('{"reports": [\n')
    for position, tool in enumerate(tools):
        out.write(",\n" if position else "")
        _write_json(marts, TOOLS[tool], project, out)
    out.write("\n]}\n" if len(tools) > 1 else "\n")


def _write_json(marts: Marts, tool: ModuleType, project: Path, out: TextIO) -> None:
    """Write one JSON object with a customer on each line."""
    out.write(f'{{"report": {as_json(tool.REPORT)},\n"summary": {as_json(tool.summary(marts))},\n')
    out.write('"customers": [')
    separator = "\n"
    customers = lines(marts, tool.lines(project))
    while some := list(islice(customers, BATCH)):
        out.write(separator + ",\n".join(some))
        separator = ",\n"
    out.write("\n]}")


def _write_text(marts: Marts, tool: ModuleType, project: Path, out: TextIO) -> None:
    for line in (RULE, tool.TITLE.upper(), RULE, *tool.summary_lines(tool.summary(marts))):
        out.write(f"{line}\n")
    for described in lines(marts, tool.lines(project)):
        customer = json.loads(described)
        for line in (THIN_RULE, heading(customer), *tool.customer_lines(customer)):
            out.write(f"{line}\n")
    out.write(f"{RULE}\n")


@contextmanager
def written(out: Path | None) -> Iterator[TextIO]:
    """Yield where a report goes: stdout, or a file that appears whole or not at all."""
    if out is not None:
        if out.is_dir():
            raise UserError(f"{out} is a folder; name a file for --out")
        with (
            replacing(out.absolute()) as unfinished,
            unfinished.open("w", encoding="utf-8") as file,
        ):
            yield file
        return
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough, such as `head`; nothing may be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
