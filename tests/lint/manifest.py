"""Rules over dbt's manifest that dbt-bouncer cannot say: doors, tests on every model, short names.

python -m tests.lint.manifest [MANIFEST]

What may read what is in `permitted`; what does not keep to it yet is in exceptions.yml, each with
its date and its reason. An exception that nothing needs is a finding too, so that the list empties.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

EXCEPTIONS = Path(__file__).with_name("exceptions.yml")
# In the order in which data flow; the folder `history` holds what is kept from build to build.
ROOMS = (
    "policy",
    "account_health",
    "revenue",
    "conversion",
    "customer_success",
    "history",
    "trajectory",
    "actions",
    "learning",
)

# A line of a build has room for so many characters of a test's name.
LONGEST_NAME = 60

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a node stands: its layer (or `source`, `seed`) and its room, if the layer has rooms."""

    layer: str
    room: str = ""

    def __str__(self) -> str:
        return f"{self.layer}/{self.room}" if self.room else self.layer


def place(node: Node) -> Place:
    """Return where a node stands, by its kind and its folder."""
    if node["resource_type"] != "model":
        return Place(node["resource_type"])
    _, layer, *rest = Path(node["original_file_path"]).parts
    if layer == "history":
        return Place(layer, layer)
    return Place(layer, rest[0] if len(rest) > 1 else "")


def permitted(reader: Place, read: Place) -> bool:
    """Return whether a model that stands at `reader` may read what stands at `read`."""
    is_own = reader.room == read.room
    is_earlier = {reader.room, read.room} <= set(ROOMS) and (
        ROOMS.index(read.room) < ROOMS.index(reader.room)
    )
    match reader.layer, read.layer:
        case "staging", "source" | "seed":
            return True
        case "staging", "staging":
            return is_own
        case "intermediate", "staging" | "seed":
            return True
        case "intermediate", "intermediate":
            return is_own
        case "intermediate" | "marts", "marts" | "history":
            return is_earlier or (is_own and reader.layer == "marts")
        case "marts", "intermediate":
            return is_own
        case "marts", "staging":
            # What a load says of itself is shown as it is.
            return read.room == "loading"
        case "marts", "seed":
            return True
        # The history keeps what the rooms have computed, of whichever room.
        case "history", "intermediate" | "history" | "staging":
            return True
        # What is found in rows is summed up by column.
        case "quality", "staging" | "seed" | "quality":
            return True
    return False


def findings(manifest: Mapping[str, Any], exceptions: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each breach without an exception and each exception without a breach."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    models = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    doors = {
        (name, nodes[parent]["name"]): f"{place(node)} may not read {place(nodes[parent])}"
        for name, node in models.items()
        for parent in node["depends_on"]["nodes"]
        if not permitted(place(node), place(nodes[parent]))
    }
    excused = {
        (model, read)
        for entry in exceptions["doors"]
        for model, reads in entry["reads"].items()
        for read in reads
    }
    for pair in sorted(doors.keys() - excused):
        yield f"{pair[0]} reads {pair[1]}: {doors[pair]}"
    for pair in sorted(excused - doors.keys()):
        yield f"{pair[0]} reads {pair[1]}: an exception that nothing needs"

    tested = {
        manifest["nodes"][test["attached_node"]]["name"]
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test" and test.get("attached_node") in manifest["nodes"]
    }
    untested = models.keys() - tested
    excused_models = {model for entry in exceptions["tests"] for model in entry["models"]}
    for name in sorted(untested - excused_models):
        yield f"{name}: no test of its data"
    for name in sorted(excused_models - untested):
        yield f"{name}: an exception from tests that nothing needs"

    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    for test in (*tests, *manifest.get("unit_tests", {}).values()):
        if len(test["name"]) > LONGEST_NAME:
            yield f"{test['name']}: a name of more than {LONGEST_NAME} characters"

    for kind in ("doors", "tests"):
        for entry in exceptions[kind]:
            if not (entry.get("since") and entry.get("reason")):
                yield f"an exception of {kind} lacks its date or its reason: {entry}"


def main() -> int:
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "target/lint/manifest.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    exceptions = yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))
    found = list(findings(manifest, exceptions))
    print("\n".join([*found, f"manifest: {len(found) or 'nothing'} found"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
