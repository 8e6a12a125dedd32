"""The target of a command, from dbt's own profile: what dbt can connect to, this tool can."""

import os
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from customer_health import settings
from customer_health.errors import UserError, sentence
from customer_health.yaml_text import from_yaml

DEFAULT = "duckdb"
ENGINES = (DEFAULT, "postgres", "spark")

# By this variable the profile of the project itself chooses the target.
TARGET_VARIABLE = "CUSTOMER_HEALTH_TARGET"

# What dbt says when the package of an engine, or the driver below it, is not installed.
MISSING_PACKAGES = ("Could not find adapter type", "additional dependencies")


@dataclass(frozen=True)
class Target:
    """A target of a dbt profile: its engine and its credentials as the engine's adapter has them.

    `profiles_dir` is the folder of profiles.yml, None without a profile; the engine is DuckDB then.
    DuckDB has no credentials.
    """

    name: str
    engine: str
    credentials: Any = None
    profiles_dir: Path | None = None


def read_target(
    project: Path,
    name: str | None = None,
    profiles_dir: Path | None = None,
    profile: str | None = None,
    variables: str | None = None,
) -> Target:
    """Return a target of the project's profile: the named one, else the profile's own choice.

    `profiles_dir` and `profile` are dbt's options of these names, `variables` is its --vars.
    Raises UserError if the profile does not work or the engine's package is not installed.
    """
    folder = _profiles_dir(project, profiles_dir)
    described = project / "dbt_project.yml"
    if not _names_profile(described, profile) or not (folder / "profiles.yml").is_file():
        asked = name or profile or profiles_dir or os.environ.get(TARGET_VARIABLE) or DEFAULT
        if asked == DEFAULT and name is None:
            return Target(DEFAULT, DEFAULT)
        raise UserError(
            f"{asked} cannot be used, because there is no {folder / 'profiles.yml'} or no profile"
            f" in {described}; see --profiles-dir and --project-dir"
        )
    if (known := _duckdb_target(described, name, folder, profile)) is not None:
        return Target(known, DEFAULT, None, folder)
    loaded = _load(project, name, folder, profile, variables)
    if loaded.credentials.type not in ENGINES:
        raise _unknown(loaded.credentials.type)
    return Target(loaded.target_name, loaded.credentials.type, loaded.credentials, folder)


def duckdb_settings(project: Path, target: Target) -> dict[str, Any]:
    """Return the settings of DuckDB in the profile of a target. Raises UserError if it fails."""
    if target.profiles_dir is None:
        return {}
    loaded = _load(project, target.name, target.profiles_dir, None, None)
    return loaded.credentials.settings or {}


def _profiles_dir(project: Path, given: Path | None) -> Path:
    """Return the folder in which dbt looks for profiles.yml; before its own default the project."""
    if given is not None:
        return given
    if configured := os.environ.get("DBT_PROFILES_DIR"):
        return Path(configured)
    for folder in (project, Path()):
        if (folder / "profiles.yml").is_file():
            return folder
    return Path.home() / ".dbt"


def _names_profile(described: Path, given: str | None) -> bool:
    """Whether the project exists and has a profile, be it by the option."""
    if not described.is_file():
        return False
    if given is not None:
        return True
    try:
        return "profile" in from_yaml(described.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, TypeError):
        # dbt's own words for a broken file are better than ours.
        return True


def _duckdb_target(
    described: Path, name: str | None, folder: Path, profile: str | None
) -> str | None:
    """Return the name of a target of DuckDB, None if it is of another engine or in doubt.

    Nobody asks for its credentials, and dbt takes two seconds to import.
    """
    environment = SandboxedEnvironment(undefined=StrictUndefined)
    environment.globals = {"env_var": _environment_variable}
    for filter_ in ("as_number", "as_bool", "as_native", "as_text"):
        environment.filters[filter_] = str

    def rendered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: rendered(member) for key, member in value.items()}
        if isinstance(value, list):
            return [rendered(item) for item in value]
        return environment.from_string(value).render() if isinstance(value, str) else value

    try:
        chosen = profile or from_yaml(described.read_text(encoding="utf-8"))["profile"]
        profiles = from_yaml((folder / "profiles.yml").read_text(encoding="utf-8"))
        block = profiles[chosen]
        target = name or rendered(block["target"])
        # A variable that is not set shows here, and dbt finds the words for it.
        output = rendered(block["outputs"][target])
        return target if output["type"] == DEFAULT and output["path"] else None
    except (yaml.YAMLError, TemplateError, OSError, KeyError, TypeError, ValueError):
        return None


def _environment_variable(name: str, default: str | None = None) -> str:
    """Return what dbt's env_var does; raises KeyError for one that is not set."""
    return os.environ[name] if default is None else os.environ.get(name, default)


def _load(
    project: Path, name: str | None, folder: Path, profile: str | None, variables: str | None
) -> Any:
    """Let dbt read the profile, as it does for its own commands."""
    # dbt takes two seconds to import.
    from dbt.config.runtime import load_profile
    from dbt.flags import set_from_args
    from dbt_common.context import set_invocation_context
    from dbt_common.events.event_manager_client import cleanup_event_logger
    from dbt_common.exceptions import DbtBaseException

    # dbt would print its own lines beside our sentence; its commands set their log up anew.
    cleanup_event_logger()
    try:
        # As in a build, which tells dbt where the work file is.
        work_file = {"CUSTOMER_HEALTH_WORK": str(settings.work_file().absolute())}
        set_invocation_context({**os.environ, **work_file})
        set_from_args(Namespace(PROFILES_DIR=str(folder), PROJECT_DIR=str(project)), None)
        values = from_yaml(variables or "{}")
        return load_profile(str(project), values, profile, name)
    except yaml.YAMLError as error:
        raise UserError(f"--vars {variables} is not readable YAML") from error
    except DbtBaseException as error:
        if any(words in str(error) for words in MISSING_PACKAGES):
            engine = "spark" if "thrift" in str(error) else str(error).rstrip("!").split()[-1]
            if engine not in ENGINES:
                raise _unknown(engine) from error
            raise UserError(
                f"dbt-{engine} is not installed; run `make env TARGET={engine}`"
            ) from error
        raise UserError(f"{folder / 'profiles.yml'}: {sentence(str(error))}") from error


def _unknown(engine: str) -> UserError:
    return UserError(
        f"customer-health builds on {', '.join(ENGINES)}, but the target is on {engine}; name"
        " another with --target, or use dbt itself"
    )
