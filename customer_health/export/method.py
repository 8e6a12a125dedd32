"""What a report takes from the project: the weights of the method and its playbooks."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from customer_health.errors import UserError, first_line
from customer_health.yaml_text import from_yaml

PLAYBOOKS = Path("seeds/customer_success/risk_tier_playbooks.csv")


def weights(project: Path, setting: str) -> dict[str, str | None]:
    """Return the weights of a setting of the project as percentages, such as 30%, by name."""
    path = project / "dbt_project.yml"
    try:
        described = from_yaml(_text(path))
        blocks = described["vars"]["customer_health"][setting]["weights"]
        return {name: _percentage(block) for name, block in blocks.items()}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not readable YAML: {first_line(error)}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} has no weights in {setting}; run this in the customer_health project, or name"
            " it with --project-dir"
        ) from error


def playbooks(project: Path) -> dict[str, list[str]]:
    """Return the actions of each risk tier, in order."""
    path = project / PLAYBOOKS
    actions: dict[str, list[str]] = {}
    try:
        rows = list(csv.DictReader(_text(path).splitlines()))
        for row in sorted(rows, key=lambda row: int(row["step"])):
            actions.setdefault(row["risk_tier"], []).append(row["action"])
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise UserError(f"{path} must have the columns risk_tier, step and action") from error
    return actions


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UserError(
            f"there is no {path}; run this in the customer_health project, or name it with"
            " --project-dir"
        ) from error


def _percentage(block: Mapping[str, Any] | float) -> str:
    weight = block["weight"] if isinstance(block, Mapping) else block
    return f"{round(float(weight) * 100, 4):g}%"
