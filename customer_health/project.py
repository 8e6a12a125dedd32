"""What the dbt project says about itself: its source tables and how its last command ended."""

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from customer_health.errors import UserError, first_line
from customer_health.profile import Target
from customer_health.schemas import BUILD_INFO
from customer_health.yaml_text import from_yaml

SOURCE_FILES = "models/staging/*/_*__sources.yml"
HISTORY_MODELS = "models/history"

PROVING_COMMANDS = ("build", "run", "test")
FAILED_STATUSES = ("error", "fail", "runtime error", "partial success")


def source_tables(project: Path) -> dict[str, dict[str, str]]:
    """Return the columns of each source table: table name, then column name to its type.

    Names are in lower case; a column without `data_type` is text. A folder that is no dbt project
    has no source tables. Raises UserError if a file is not readable as YAML.
    """
    tables: dict[str, dict[str, str]] = {}
    for path in sorted(project.glob(SOURCE_FILES)):
        try:
            tables |= _described_tables(from_yaml(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UserError(f"{path} is not readable YAML: {first_line(error)}") from error
        except (AttributeError, KeyError, TypeError) as error:
            raise UserError(f"{path} does not describe sources as dbt wants it") from error
    return tables


def history_tables(project: Path) -> list[str]:
    """Return the names of the tables in which the project stores what it scored."""
    return sorted(path.stem for path in (project / HISTORY_MODELS).glob("*.sql"))


def _described_tables(described: Any) -> dict[str, dict[str, str]]:
    """Return the tables of one file of sources and the types of their columns."""
    return {
        table.get("identifier", table["name"]).lower(): {
            column["name"]: column.get("data_type", "varchar")
            for column in table.get("columns") or []
        }
        for source in described["sources"]
        for table in source.get("tables") or []
    }


def require_passed_build(project: Path, target: Target, untested: bool = False) -> str | None:
    """Raise UserError unless the last dbt command built or tested all of `target`, and passed.

    Return its id, with which a build stamps the marts; None if it stamped none.

    A command that was killed leaves a manifest, which is written first, but no results of its own.
    `untested` is for whoever wants marts whose data tests were left out.
    """
    path = _target(project) / "run_results.json"
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        command, nodes = results["args"]["which"], results["results"]
        last_of_all = _manifest(project).get("metadata", results["metadata"])
        is_last = results["metadata"]["invocation_id"] == last_of_all["invocation_id"]
        # dbt notes a target only where an option named it.
        built = results["args"].get("target") or target.name
        engine = last_of_all.get("adapter_type", target.engine)
    except FileNotFoundError as error:
        raise UserError(
            f"there is no {path}, so nothing says that the marts passed their tests;"
            " run `customer-health build`"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is not a dbt result; run `customer-health build`") from error
    if not is_last:
        raise UserError(
            "the last dbt command left no results, so a build may have been cut short;"
            " run `customer-health build`"
        )
    if command not in PROVING_COMMANDS:
        raise UserError(
            f"the last dbt command was `{command}`, which proves nothing about the marts;"
            " run `customer-health build`"
        )
    if (built, engine) != (target.name, target.engine):
        raise UserError(
            f"the last dbt {command} was of the target {built} on {engine}, not of {target.name} on"
            f" {target.engine}; run `customer-health build --target {target.name}`"
        )
    failed = [node["unique_id"] for node in nodes if node["status"] in FAILED_STATUSES]
    if failed:
        raise UserError(
            f"the last dbt {command} did not pass: {len(failed)} failed, the first is {failed[0]};"
            " nothing was published"
        )
    ran = {node["unique_id"] for node in nodes}
    require_whole(project, command, ran, untested)
    is_stamped = any(name.startswith("model.") and name.endswith(f".{BUILD_INFO}") for name in ran)
    return results["metadata"]["invocation_id"] if is_stamped else None


def require_whole(project: Path, command: str, ran: Collection[str], untested: bool) -> None:
    """Raise UserError unless a dbt command ran all nodes of the project, if need be without tests.

    `ran` are the ids of those that it ran.
    """
    kinds = ("model", "seed", "test") if command == "build" else ("test",)
    left_out = [
        name
        for name, node in _manifest(project).get("nodes", {}).items()
        if node["resource_type"] in kinds
        and name not in ran
        # A test of a model that is not built stands there, too.
        and node["config"].get("enabled", True)
        and node["config"].get("materialized") != "ephemeral"
        and not (untested and node["resource_type"] == "test")
    ]
    if left_out:
        raise UserError(
            f"the last dbt {command} left out {len(left_out)} of the project's models and tests,"
            f" the first is {min(left_out)}, so nothing says that the marts are right as a whole;"
            " nothing was published, run `customer-health build` without a selection"
        )


def built_relations(project: Path) -> set[tuple[str, str]]:
    """Return schema and name of every table and view that a whole dbt build of the project makes.

    They are those of dbt's last command; a project without a manifest has none.
    """
    return {
        (node["schema"], node["alias"])
        for node in _manifest(project).get("nodes", {}).values()
        if node["resource_type"] in ("model", "seed")
        and node["config"].get("materialized") != "ephemeral"
    }


def private_marts(project: Path) -> set[str]:
    """Return the marts that readers without a grant do not get, as dbt's last command had it.

    The macro of that name has checked them, and build_info keeps them for the publish.
    """
    for node in _manifest(project).get("nodes", {}).values():
        if node["resource_type"] == "model" and node["alias"] == BUILD_INFO:
            return set(node["config"].get("meta", {}).get("private_marts", []))
    return set()


def log_file(project: Path) -> Path:
    """Return the file in which dbt keeps its log."""
    return Path(os.environ.get("DBT_LOG_PATH") or project / "logs") / "dbt.log"


def _manifest(project: Path) -> dict[str, Any]:
    """Return dbt's description of the project, empty if there is none."""
    path = _target(project) / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _target(project: Path) -> Path:
    """Return the folder of dbt's artifacts."""
    return project / os.environ.get("DBT_TARGET_PATH", "target")
