"""The publish finds customer_health_private_marts in the manifest."""

import json

from builds import stored_parse


def test_the_publish_finds_the_setting_in_the_manifest() -> None:
    manifest = json.loads((stored_parse({}, {}) / "manifest.json").read_text(encoding="utf-8"))
    [node] = [node for node in manifest["nodes"].values() if node["alias"] == "build_info"]
    assert node["config"]["meta"] == {"private_marts": []}
