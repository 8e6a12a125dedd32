"""A misspelt setting is named with the one that was meant."""

from pathlib import Path

import pytest
from builds import ROOT

from customer_health.errors import UserError
from customer_health.unread_settings import require_read_settings


def test_the_settings_of_the_project_are_all_read() -> None:
    require_read_settings(ROOT, ["--vars", "{as_of_date: 2026-06-01}", "--quiet"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--vars", "{customer_health_polcy: x}"],
            "customer_health_polcy .* customer_health_policy",
        ),
        (
            ["--vars={as_of_dat: x}"],
            r"as_of_dat in --vars is read by nobody, did you mean as_of_date",
        ),
        (["--vars", "{xyzzy_plugh: 1}"], "xyzzy_plugh in --vars is read by nobody, remove it"),
        (["--vars", "{a: b"], "--vars is not readable YAML"),
    ],
)
def test_a_setting_that_nobody_reads_is_named(arguments: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        require_read_settings(ROOT, arguments)


@pytest.mark.parametrize("place", ["vars: {{{0}: 1}}", "vars: {{customer_health: {{{0}: 1}}}}"])
def test_in_the_project_file_too(place: str, tmp_path: Path) -> None:
    package = tmp_path / "dbt_packages" / "customer_health"
    package.mkdir(parents=True)
    (package / "macros").symlink_to(ROOT / "macros")
    project_file = tmp_path / "dbt_project.yml"
    # A project that has ours installed has variables of its own.
    project_file.write_text(place.format("color_of_the_moon"))
    require_read_settings(tmp_path, [])
    project_file.write_text(place.format("customer_health_polcies"))
    with pytest.raises(UserError, match=r"dbt_project.yml is read by nobody, did you mean"):
        require_read_settings(tmp_path, [])
