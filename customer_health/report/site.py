"""The site as a whole: its pages, its data and what they share, put in place in one step."""

import datetime
import shutil
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from customer_health.build_notes import CURRENCY, QUERY, demo_note
from customer_health.errors import UserError
from customer_health.files import replacing_folder
from customer_health.progress import detail
from customer_health.report.blocks import Page
from customer_health.report.pages.actions import actions
from customer_health.report.pages.conversion import conversion
from customer_health.report.pages.forecast import forecast
from customer_health.report.pages.learning import learning
from customer_health.report.pages.overview import overview
from customer_health.report.pages.risk import risk
from customer_health.report.pages.success import success
from customer_health.report.shards import as_script, write_accounts
from customer_health.report.source import Source, opened
from customer_health.schemas import BUILD_INFO, MARTS

HERE = Path(__file__).parent
PAGES = (overview, risk, forecast, conversion, success, actions, learning)
NAVIGATION = (
    ("index", "Overview"),
    ("risk", "Risk"),
    ("forecast", "Forecast"),
    ("conversion", "Conversion cohort"),
    ("success", "Customer success"),
    ("actions", "Alerts and actions"),
    ("learning", "Learning"),
    ("accounts", "Accounts"),
)
# A folder with this file was written here and may be replaced.
MARK = ".customer-health-site"


def write_site(published_file: Path, out_folder: Path) -> Path:
    """Write the site from a published DuckDB file; return its first page.

    An earlier site in `out_folder` is replaced when the new one is complete. Raises UserError if
    there is no such file, or if the folder holds something else.
    """
    with replacing_folder(out_folder, _require_own) as unfinished, opened(published_file) as source:
        _write(source, unfinished)
    return out_folder / "index.html"


def _require_own(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is no folder; name one for --out")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise UserError(f"{folder} holds other files than a site; name another folder with --out")


def _write(source: Source, folder: Path) -> None:
    (folder / MARK).write_text("", encoding="utf-8")
    shutil.copytree(HERE / "static", folder / "static")
    environment = _environment(source)
    for position, make in enumerate(PAGES, start=1):
        page = make(source)
        detail(f"page {position} of {len(PAGES)}, {page.title}")
        _render(environment, "page.html", folder / f"{page.name}.html", page=page)
    known: dict[str, Any] = {"total": 0}
    if source.has("account_health", "policy_metrics", "policy_bands"):
        detail("accounts")
        known = write_accounts(source, folder / "data")
    (folder / "static" / "known.js").write_text(f"CH.known={as_script(known)};\n", encoding="utf-8")
    for name, title, lead in (
        ("accounts", "Accounts", "Search, filter and sort all accounts; each opens its own page."),
        ("account", "Account", ""),
        ("review", "Business review", ""),
    ):
        page = Page(name, title, lead)
        _render(environment, f"{name}.html", folder / f"{name}.html", page=page, known=known)


def _environment(source: Source) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = Markup
    environment.globals.update(
        navigation=NAVIGATION,
        as_of_date=source.as_of_date,
        policy=source.policy if source.has("policies") else None,
        demo_note=_demo_note(source),
        currency=_currency(source),
        made_on=datetime.datetime.now(datetime.UTC).date(),
    )
    return environment


def _demo_note(source: Source) -> str | None:
    found = source.rows(QUERY.format(marts=MARTS)) if source.has(BUILD_INFO) else []
    return demo_note((row["demo_tables"], row["source_rows"]) for row in found)


def _currency(source: Source) -> str | None:
    found = source.rows(CURRENCY.format(marts=MARTS)) if source.has(BUILD_INFO) else []
    return found[0]["currency"] if found else None


def _render(environment: Environment, template: str, path: Path, **values: Any) -> None:
    text = environment.get_template(template).render(**values)
    path.write_text(text, encoding="utf-8")
