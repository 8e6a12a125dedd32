"""The report site in a browser: opened from disk, without server, network or error."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from builds import ROOT, build, customer_health
from engines.servers import ServerUnavailable, skip_without

from customer_health import cli
from customer_health.errors import UserError
from customer_health.profile import Target
from customer_health.publish import publish
from customer_health.report import charts, forms, shards
from customer_health.report.site import NAVIGATION, write_site
from customer_health.report.source import opened

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Without preload: a page opened from disk may not fetch its own style sheet.
RULES = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PAGES = [name for name, _ in NAVIGATION]

# Names that a page must show as they are: other scripts, and what HTML and scripts would read.
HARD_NAMES = [
    "株式会社 山田製作所",
    "北京健康科技有限公司",
    "A </script><b>'\"&",
    "\U0001f600 line\u2028end",
]


@dataclass(frozen=True)
class Pairs:
    """Accounts and customers of the mapping; others have the customer of their own id."""

    several: str
    mains: list[str]
    shared: tuple[str, str]
    shared_customer: str
    unrecorded: str
    without: str


def write_mapping(raw: Path) -> Pairs:
    """Write a mapping: an account of two customers, a customer of two accounts, an unknown one."""
    recorded = json.loads((raw / "customer_success__health.json").read_text(encoding="utf-8"))
    customers = [record.get("customer_id") for record in recorded["customers"]]
    with duckdb.connect() as connection:
        accounts = connection.execute(
            "select distinct trim(account_id) from read_parquet($file) where account_id is not null"
            " and trim(account_id) <> '' order by 1",
            {"file": str(raw / "salesforce__customer_360_view.parquet")},
        ).fetchall()
    known = {account for (account,) in accounts}
    equal = sorted({name for name in customers if customers.count(name) == 1} & known)
    others = sorted(known - set(customers))
    pairs = Pairs(others[0], equal[:2], (equal[2], others[1]), equal[2], others[2], equal[0])
    rows = [(account, account) for account in equal[3:]]
    rows += [(pairs.several, customer) for customer in pairs.mains]
    rows += [(account, pairs.shared_customer) for account in pairs.shared]
    rows += [(pairs.unrecorded, "C-nobody")]
    lines = ["account_id,customer_id", *(f"{account},{customer}" for account, customer in rows)]
    (raw / "account_mapping.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return pairs


@dataclass
class Site:
    """A site, the file that it was made from, the accounts with hard names, and those of pairs."""

    folder: Path
    published: Path
    ids: list[str] = field(default_factory=list)
    pairs: "Pairs | None" = None

    def url(self, page: str, account: str = "") -> str:
        query = f"?id={quote(account, safe='')}" if account else ""
        return (self.folder / f"{page}.html").as_uri() + query


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site of a small demo with all subjects, some of its accounts renamed."""
    house = tmp_path_factory.mktemp("site")
    raw = house / "raw"
    customer_health("demo", "--accounts", 300, "--weeks", 12, "--as-of", "2026-06-01", "--out", raw)
    pairs = write_mapping(raw)
    work_file = build(raw, house, {"as_of_date": "2026-06-01"}, bare=False)
    publish(work_file, house / "published.duckdb")
    made = Site(house / "site", house / "published.duckdb", pairs=pairs)
    with duckdb.connect(made.published) as connection:
        rows = connection.execute(
            "select account_id from marts.account_health order by predicted_6m_revenue desc"
            " nulls last, account_id limit $number",
            {"number": len(HARD_NAMES)},
        ).fetchall()
        made.ids = [account for (account,) in rows]
        for account, name in zip(made.ids, HARD_NAMES, strict=True):
            connection.execute(
                # The mart is a view over this table.
                "update intermediate.int_accounts_scored_by_date set account_name = $name"
                " where account_id = $account",
                {"name": name, "account": account},
            )
    write_site(made.published, made.folder)
    yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser of the machine, without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        skip_without(ServerUnavailable("there is no chromium; install the package of that name"))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that must stay without errors and without requests to other places than the disk."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.on(
        "request",
        lambda request: (
            request.url.startswith(("file:", "data:")) or wrong.append(f"asks for {request.url}")
        ),
    )
    yield page
    context.close()
    assert wrong == []


def violations(page: Any) -> list[str]:
    """Return what the axe rules of WCAG A and AA find wrong."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for rule in found
        for node in rule["nodes"][:3]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_from_disk(site: Site, page: Any, name: str) -> None:
    """Each page loads, its pictures are drawn and have words and a table, axe finds nothing."""
    page.goto(site.url(name))
    assert page.locator("nav a[aria-current=page]").count() == 1
    # All tables but the mapping, which is of this file's making.
    assert page.locator(".ribbon").inner_text().startswith("Partly demo data: 11 of 12 tables")
    for picture in page.locator("section.picture").all():
        drawing = picture.locator(".drawing")
        assert len(drawing.get_attribute("aria-label") or "") > 30
        box = drawing.locator("svg").bounding_box()
        assert box is not None and box["width"] > 200 and box["height"] > 60
        assert drawing.locator("svg [data-tip]").count() > 0
        assert picture.locator("details table tbody td").count() > 0
    for details in page.locator("details").all():
        details.locator("summary").press("Enter")
        assert details.get_attribute("open") is not None
    assert violations(page) == []


@pytest.mark.parametrize("name", ["index", "risk", "forecast", "conversion", "success", "actions"])
def test_pages_have_figures_and_pictures(site: Site, page: Any, name: str) -> None:
    """No page of a full build says that its subject is switched off."""
    page.goto(site.url(name))
    assert page.locator(".absent").count() == 0
    assert page.locator(".figure .value").count() >= 3
    assert page.locator("section.picture").count() >= 3


def test_search_finds_an_account_and_its_page_opens(site: Site, page: Any) -> None:
    """A name in Japanese is found, and leads to score, waterfall, trajectory, alerts and plan."""
    page.goto(site.url("accounts"))
    page.wait_for_selector("#list tbody tr")
    page.get_by_label("Search by name or id").fill("山田")
    page.wait_for_selector("#count:text-is('1 of 300 accounts')")
    page.locator("#list tbody a").press("Enter")
    page.wait_for_selector("h1:has-text('山田製作所')")
    titles = page.locator("h2").all_inner_texts()
    assert titles[:4] == ["What the score is made of", "Trajectory", "Open alerts", "Plan"]
    assert page.locator("svg rect.mark").count() >= 3
    assert page.locator("svg circle.mark, svg path").count() >= 1
    assert violations(page) == []


def test_list_filters_sorts_and_pages(site: Site, page: Any) -> None:
    """The filters narrow the list, a heading sorts it, and the buttons turn its pages."""
    page.goto(site.url("accounts"))
    page.wait_for_selector("#list tbody tr")
    assert page.locator("#list tbody tr").count() == 50
    page.get_by_role("button", name="Health", exact=True).press("Enter")
    page.wait_for_selector("th[aria-sort=descending] button[data-key=score]")
    page.wait_for_timeout(100)
    scores = [float(text) for text in page.locator("#list tbody td:nth-child(4)").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    page.get_by_role("button", name="Next").click()
    page.wait_for_selector("#where:text-matches('^51')")
    page.get_by_label("Health band").select_option("Low")
    page.wait_for_selector("#count:text-matches(' of ')")
    assert set(page.locator("#list tbody td:nth-child(5)").all_inner_texts()) == {"Low"}
    page.get_by_role("button", name="Clear").click()
    page.wait_for_selector("#count:text-is('300 accounts')")


def test_hard_names_are_shown_as_they_are(site: Site, page: Any) -> None:
    """Names are texts, whatever is in them."""
    for account, name in zip(site.ids, HARD_NAMES, strict=True):
        page.goto(site.url("account", account))
        page.wait_for_selector("section.card")
        assert page.locator("h1").text_content() == name
        page.goto(site.url("review", account))
        page.wait_for_selector("article")
        assert page.locator("h1").text_content() == f"Business review: {name}"


def test_every_account_has_its_page(site: Site, page: Any) -> None:
    """Each account is found in the file in which the page looks for it."""
    with duckdb.connect(site.published, read_only=True) as connection:
        ids = [
            account
            for (account,) in connection.execute(
                "select account_id from marts.account_health"
            ).fetchall()
        ]
    page.goto(site.url("account", ids[0]))
    missing = page.evaluate(
        """async ids => {
            const missing = [];
            for (const id of ids) {
                const found = await CH.account(id);
                if (!found || found.id !== id) missing.push(id);
            }
            return missing;
        }""",
        ids,
    )
    assert missing == []


def test_accounts_that_memory_has_no_room_for_are_written_in_parts(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A range of accounts that DuckDB cannot hold is halved; no account is lost or twice."""
    batches = shards._batches

    def tight(cursor: duckdb.DuckDBPyConnection) -> Iterator[list[str]]:
        found = list(batches(cursor))
        if len(found) > 4:
            raise duckdb.OutOfMemoryException("too many")
        yield from found

    monkeypatch.setattr(shards, "ACCOUNTS", 10)
    monkeypatch.setattr(shards, "_batches", tight)
    with opened(site.published) as source:
        known = shards.write_accounts(source, tmp_path / "data")
    written = [
        json.loads(line.removesuffix(","))["id"]
        for number in range(len(known["firsts"]))
        for line in (tmp_path / "data" / f"accounts_{number}.js").read_text("utf-8").split("\n")
        if line.startswith("{")
    ]
    assert written == sorted(written) and len(set(written)) == known["total"] == 300


def test_unknown_account_is_named(site: Site, page: Any) -> None:
    """An id that is not there, or none, gives a sentence."""
    for account in ("0", "zzz", "<b>", ""):
        page.goto(site.url("account", account))
        expected = f"There is no account {account}." if account else "No account is chosen."
        page.wait_for_selector(f".lead:has-text({expected!r})")


def customers_of(page: Any, site: Site, account: str) -> Any:
    """Open the page of an account; return its card of customers."""
    page.goto(site.url("account", account))
    page.wait_for_selector("section.card")
    return page.locator("section.card", has=page.locator("h2", has_text="Customer success"))


def test_account_shows_the_customers_that_the_mapping_gives_it(site: Site, page: Any) -> None:
    """All customers of an account are there, whatever their ids; one without any says so."""
    pairs = site.pairs
    assert pairs is not None and pairs.several not in pairs.mains
    card = customers_of(page, site, pairs.several)
    shown = card.locator("tbody td:first-child").all_inner_texts()
    assert sorted(text.split("(")[1].rstrip(")") for text in shown) == sorted(pairs.mains)
    assert violations(page) == []
    card.locator("tbody tr").nth(1).locator("a").click()
    page.wait_for_selector("article")
    second = shown[1].split(" (")[0]
    assert second in page.locator("article .lead").inner_text()
    assert page.locator("nav.choice a[aria-current=true]").inner_text() == second
    assert violations(page) == []
    card = customers_of(page, site, pairs.without)
    assert "No customer of the customer-success records" in card.inner_text()
    card = customers_of(page, site, pairs.unrecorded)
    assert "Customer C-nobody belongs to this account" in card.inner_text()


def test_customer_of_two_accounts_names_its_main_one(site: Site, page: Any) -> None:
    """Both accounts show the customer; the second says where its alerts and plan stand."""
    pairs = site.pairs
    assert pairs is not None
    main_account, second = sorted(pairs.shared)
    assert pairs.shared_customer in customers_of(page, site, main_account).inner_text()
    assert "stand with its main account" not in customers_of(page, site, main_account).inner_text()
    card = customers_of(page, site, second)
    assert pairs.shared_customer in card.inner_text()
    assert card.locator("p.note a").get_attribute("href") == f"account.html?id={main_account}"


def test_accounts_are_found_by_their_customers(site: Site, page: Any) -> None:
    """The id of a customer finds the account of another id, and the row says why."""
    pairs = site.pairs
    assert pairs is not None
    page.goto(site.url("accounts"))
    page.wait_for_selector("#list tbody tr")
    page.get_by_label("Search by name or id").fill(pairs.mains[0])
    page.wait_for_selector("#count:text-is('2 of 300 accounts')")
    links = page.locator("#list tbody a")
    found = {link.get_attribute("href").split("=")[1] for link in links.all()}
    assert found == {pairs.several, pairs.mains[0]}
    assert pairs.mains[0] in page.locator("#list .under").inner_text()


def test_links_of_customers_lead_to_accounts(site: Site, page: Any) -> None:
    """Every link to an account, also from a list of customers or alerts, opens one."""
    with duckdb.connect(site.published, read_only=True) as connection:
        found = connection.execute("select account_id from marts.account_health").fetchall()
    accounts = {account for (account,) in found}
    for name in ("index", "success", "actions"):
        page.goto(site.url(name))
        links = page.locator("td a").evaluate_all("links => links.map(link => link.href)")
        linked = {parse_qs(urlsplit(link).query)["id"][0] for link in links}
        assert linked and linked <= accounts


def test_score_is_the_sum_of_the_waterfall(site: Site, page: Any) -> None:
    """The points in the table of the waterfall give the score of the account."""
    page.goto(site.url("account", site.ids[0]))
    page.wait_for_selector("section.card details")
    page.locator("details summary").first.click()
    table = page.locator("details table").first
    points = [float(text) for text in table.locator("td:nth-child(3)").all_inner_texts()]
    score = float(page.locator(".figure .value").first.inner_text())
    assert sum(points) == pytest.approx(score, abs=0.1)


def test_review_prints_to_pdf(site: Site, page: Any) -> None:
    """The business review becomes a PDF without navigation, and axe finds nothing on it."""
    page.goto(site.url("review", site.ids[0]))
    page.wait_for_selector("article table")
    assert violations(page) == []
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF") and len(pdf) > 10_000
    page.emulate_media(media="print")
    assert not page.locator("nav").first.is_visible()
    assert not page.get_by_role("button", name="Print").is_visible()


def test_keyboard_reaches_the_content(site: Site, page: Any) -> None:
    """The first key leads past the navigation; what has the focus is outlined."""
    page.goto(site.url("index"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.keyboard.press("Tab")
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid"


def test_nothing_is_wider_than_a_small_screen(site: Site, page: Any) -> None:
    """At the width of a telephone only tables scroll sideways."""
    page.set_viewport_size({"width": 390, "height": 800})
    for name in PAGES:
        page.goto(site.url(name))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name


def test_absent_subjects_are_named(site: Site, page: Any, tmp_path: Path) -> None:
    """A file of one subject gives all pages; the others say how to switch their subject on."""
    small = tmp_path / "small.duckdb"
    kept = ("account_health", "account_health_contributions", "policies", "health_bands",
            "policy_bands", "policy_metrics", "policy_tiers", "risk_matrix", "risk_by_industry",
            "contribution_tiers", "band_by_tier", "health_forecast_summary")  # fmt: skip
    with duckdb.connect(small) as connection:
        connection.execute(f"attach '{site.published}' as whole (read_only)")
        connection.execute("create schema marts")
        for name in kept:
            connection.execute(f"create table marts.{name} as from whole.marts.{name}")
    folder = tmp_path / "site"
    write_site(small, folder)
    part = Site(folder, small, site.ids)
    for name, subject in (
        ("conversion", "conversion"),
        ("success", "customer_success"),
        ("actions", "actions"),
        ("learning", "learning"),
    ):
        page.goto(part.url(name))
        assert subject in page.locator(".absent code").all_inner_texts()
    page.goto(part.url("account", site.ids[0]))
    page.wait_for_selector("text=The subject trajectory is switched off")
    assert violations(page) == []


def test_site_is_replaced_whole_and_only_if_it_is_one(tmp_path: Path) -> None:
    """A second site takes the place of the first; a folder of other files is left alone."""
    published = tmp_path / "empty.duckdb"
    with duckdb.connect(published) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.policies as select 'a' as policy, true as is_active")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    with pytest.raises(UserError, match="holds other files than a site"):
        write_site(published, folder)
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]
    (folder / "letter.txt").unlink()
    write_site(published, folder)
    (folder / "old.html").write_text("old")
    write_site(published, folder)
    assert not (folder / "old.html").exists() and (folder / "index.html").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.duckdb", "mine"]


def test_report_says_what_it_needs(
    run: Callable[..., Any], house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a published file, or on another engine, the command is one sentence."""
    (house / "dbt_project.yml").write_text("name: x\nprofile: customer_health\n")
    shutil.copy(ROOT / "profiles.yml", house)
    status, _, error = run("report")
    assert status == 1 and "there is no published file" in error
    server = Target("big", "postgres")
    monkeypatch.setattr(cli, "_target", lambda options: server)
    status, _, error = run("report")
    assert status == 1 and "reads a published DuckDB file" in error


def test_figures_are_written_with_separators() -> None:
    """Thousands separators, short amounts, shares and dashes for what is unknown."""
    assert forms.whole(1234567) == "1,234,567"
    assert [forms.short(value) for value in (999, 1500, 12_340_000, 103_480_297_621)] == [
        "999", "1.50k", "12.3M", "103B",
    ]  # fmt: skip
    assert forms.share(0.12345) == "12.3%" and forms.signed(-2.04) == f"{forms.MINUS}2.0"
    assert forms.words("dau_mau_change_30d") == "DAU MAU change in 30 days"
    said = forms.signals("login_trend \u22125 (high); total_contacts 3")
    assert said == "Login trend \u22125 (high); total contacts 3"
    assert forms.whole(None) == forms.short(None) == forms.text("") == forms.NONE


def test_picture_keeps_words_and_drops_roles() -> None:
    """A mark's words go to its tip, quoted; roles, which the page gives, are gone."""
    rows = [{"name": '山田 "A" <b>', "value": 3, "tip": '山田 "A" <b>: 3'}]
    svg = charts.bars(rows, "name", "value", "Accounts").svg()
    assert 'data-tip="山田 &quot;A&quot; &lt;b>: 3"' in svg or 'data-tip="山田 &quot;A' in svg
    assert "role=" not in svg and "aria-label" not in svg and "<b>" not in svg
