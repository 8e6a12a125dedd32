"""YAML by the library's parser in C where it is there: ten times as fast, and the same words."""

from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def from_yaml(text: str) -> Any:
    """Return what a YAML text says. Raises yaml.YAMLError if it is none."""
    return yaml.load(text, Loader=LOADER)
