"""Write the deliverables: all that the published file has the marts for, or nothing."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from customer_health.csv_files import copy_csv
from customer_health.deliverables.files import DELIVERABLES, Deliverable
from customer_health.deliverables.tables import QUERIES
from customer_health.errors import UserError
from customer_health.files import replacing_folder, require_names
from customer_health.progress import detail, say
from customer_health.schemas import MARTS
from customer_health.sql import identifier, literal

# DuckDB sorts on disk what is beyond this.
MEMORY_LIMIT = "500MB"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Written:
    """The folder, the names of its files, and why others were left out."""

    folder: Path
    names: list[str]
    left_out: list[str]


def write_deliverables(published_file: Path, folder: Path, tell: Say = say) -> Written:
    """Write the files into `folder`, in the place of those of an earlier run.

    A file whose subject or policy is not in the published file is left out, and `tell` gets a line
    that says why. Raises UserError if the published file is absent or `folder` holds anything else.
    """
    if not published_file.is_file():
        raise UserError(
            f"there is no published file {published_file}; run `customer-health build` first, or"
            " set CUSTOMER_HEALTH_PUBLISHED"
        )
    with _opened(published_file) as connection:
        wanted, left_out = _available(connection)
        for line in left_out:
            tell(line)
        if not wanted:
            return Written(folder, [], left_out)
        with replacing_folder(folder, partial(require_names, own=set(DELIVERABLES))) as unfinished:
            for number, deliverable in enumerate(wanted, start=1):
                rows = _write(connection, deliverable, unfinished / deliverable.name)
                what = f"{deliverable.name}, {rows}" if rows else deliverable.name
                detail(f"file {number} of {len(wanted)}: {what}")
            if any(deliverable.is_picture for deliverable in wanted):
                _warn_of_fonts(connection)
    return Written(folder, [deliverable.name for deliverable in wanted], left_out)


def _write(connection: duckdb.DuckDBPyConnection, deliverable: Deliverable, path: Path) -> str:
    """Write a file; return what to say of its rows."""
    if deliverable.is_picture:
        # Altair takes a second to import.
        from customer_health.deliverables.pictures import PICTURES
        from customer_health.deliverables.style import write_png

        write_png(PICTURES[deliverable.name](connection, deliverable.policy), path)
        return ""
    query = QUERIES[deliverable.name].format(policy=literal(deliverable.policy))
    return f"{copy_csv(connection, query, path):,} rows"


@contextmanager
def _opened(published_file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published file, which is only read, with bounded memory."""
    with (
        tempfile.TemporaryDirectory(prefix="customer_health_") as spill,
        duckdb.connect() as connection,
    ):
        connection.execute(
            f"set memory_limit = {literal(MEMORY_LIMIT)}; set temp_directory = {literal(spill)}"
        )
        name = identifier(published_file.stem)
        connection.execute(f"attach {literal(str(published_file))} as {name} (read_only)")
        connection.execute(f"use {name}")
        yield connection


def _available(connection: duckdb.DuckDBPyConnection) -> tuple[list[Deliverable], list[str]]:
    """Return the files that can be written, and a line for each reason why others cannot."""
    marts = {
        name
        for (name,) in connection.execute(
            "select table_name from information_schema.tables"
            f" where table_catalog = current_database() and table_schema = {literal(MARTS)}"
        ).fetchall()
    }
    policies: set[str] = set()
    if "policies" in marts:
        found = connection.execute(f"select policy from {MARTS}.policies").fetchall()
        policies = {policy for (policy,) in found}
    wanted: list[Deliverable] = []
    reasons: dict[str, list[str]] = {}
    for deliverable in DELIVERABLES.values():
        if not marts >= deliverable.needs:
            reason = (
                f"the subject {deliverable.subject} is not built; add it to"
                " customer_health_subjects"
            )
        elif deliverable.policy is not None and deliverable.policy not in policies:
            reason = (
                f"the policy {deliverable.policy} is not scored; add it to customer_health_policies"
            )
        else:
            wanted.append(deliverable)
            continue
        reasons.setdefault(reason, []).append(deliverable.name)
    lines = [f"left out, since {reason}: {', '.join(names)}" for reason, names in reasons.items()]
    return wanted, lines


def _warn_of_fonts(connection: duckdb.DuckDBPyConnection) -> None:
    """Say so if a label of the pictures has characters that no font of this machine draws."""
    from customer_health.deliverables.pictures import labels
    from customer_health.deliverables.style import undrawable

    if missing := undrawable(labels(connection)):
        say(
            f"no font draws {missing[0]} and {len(missing) - 1} more characters of the labels;"
            " install a font of the language, such as the package fonts-noto-cjk"
        )
