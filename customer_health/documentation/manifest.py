"""The marts as dbt's manifest describes them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGE = "customer_health"
MARTS = "models/marts/"


@dataclass(frozen=True)
class Column:
    """A column under contract."""

    name: str
    type: str
    description: str


@dataclass
class Mart:
    """A public table with its key, and the keys of other marts that it holds."""

    name: str
    subject: str
    description: str
    columns: list[Column]
    key: tuple[str, ...] = ()
    # Column -> the mart and its column, as the tests of relationships say.
    references: dict[str, tuple[str, str]] = field(default_factory=dict)


def marts(manifest: Path) -> dict[str, Mart]:
    """Return the marts of a manifest by name, in the order of their subjects and names."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    found = {
        node["unique_id"]: _mart(node)
        for node in nodes.values()
        if node["resource_type"] == "model"
        and node["package_name"] == PACKAGE
        and node["original_file_path"].startswith(MARTS)
    }
    for test in _tests(nodes):
        mart = found.get(test["attached_node"])
        if mart is None:
            continue
        name, arguments = test["test_metadata"]["name"], test["test_metadata"]["kwargs"]
        column = test["column_name"] or arguments.get("column_name")
        if name == "unique_key":
            mart.key = tuple(arguments["columns"])
        elif name == "unique" and not mart.key:
            mart.key = (column,)
        elif name == "relationships":
            parent = next(
                (
                    found[unique_id].name
                    for unique_id in test["depends_on"]["nodes"]
                    if unique_id in found and f"'{found[unique_id].name}'" in arguments["to"]
                ),
                None,
            )
            if parent is not None and column in {own.name for own in mart.columns}:
                mart.references[column] = (parent, arguments["field"])
    ordered = sorted(found.values(), key=lambda mart: (mart.subject, mart.name))
    return {mart.name: mart for mart in ordered}


def _mart(node: Mapping[str, Any]) -> Mart:
    subject = Path(node["original_file_path"]).relative_to(MARTS).parts[0]
    columns = [
        Column(column["name"], column["data_type"] or "", _line(column["description"]))
        for column in node["columns"].values()
    ]
    return Mart(node["name"], subject, _line(node["description"]), columns)


def _tests(nodes: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for node in nodes.values():
        if node["resource_type"] == "test" and node.get("test_metadata"):
            yield node


def _line(text: str) -> str:
    return " ".join(text.split())
