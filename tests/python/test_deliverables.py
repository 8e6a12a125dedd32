"""The CSV files and pictures of the published reports, from a published file."""

import csv
import struct
import zlib
from pathlib import Path

import duckdb
import pytest

from customer_health.csv_files import copy_csv, neutral
from customer_health.deliverables import pictures, write
from customer_health.deliverables.files import DELIVERABLES
from customer_health.deliverables.style import undrawable
from customer_health.deliverables.write import write_deliverables
from customer_health.errors import UserError
from customer_health.outputs import write_outputs
from customer_health.profile import Target

PUBLISHED = Path("warehouse/customer_health.duckdb")
FOLDER = Path("deliverables")
CSV = sorted(name for name in DELIVERABLES if name.endswith(".csv"))
PNG = sorted(name for name in DELIVERABLES if name.endswith(".png"))
OF_COHORT = {"channel_distribution.png", "platform_health_score.png"}

ACCOUNTS = """
    create schema marts; create schema intermediate;
    create table marts.policies as
        select unnest(['run_rate', 'win_probability']) as policy;
    create table marts.policy_bands as
        select policy, band, position, at_least, position = 3 as is_low_health
        from marts.policies, (values
            ('High', 1, 80), ('Medium', 2, 50), ('Low', 3, 0)
        ) as bands (band, position, at_least);
    create table intermediate.int_policy_scores as
        select
            policy,
            'id' || number as account_id,
            case number
                when 0 then '=1+1'
                when 1 then '示例科技, 有限公司'
                when 2 then '-5'
                else 'Account ' || number
            end as account_name,
            ['科技服务', '小売業', 'Retail'][1 + number % 3] as industry,
            case number % 2 when 0 then 'Large' else 'Small Business' end as account_size_segment,
            'Region' as geographic_region,
            'owner' as owner_id,
            number as days_since_last_activity,
            number as total_activities_30d,
            number as total_contacts,
            number as contacts_with_email,
            0.5::double as contact_email_coverage,
            1e9::double as annual_revenue,
            -1.5::double as total_won_amount,
            1.0::double as current_pipeline_amount,
            20.0::double as win_rate_percentage,
            number as number_of_employees,
            number as account_age_days,
            1.0::decimal(9, 6) as activity_score,
            2.0::decimal(9, 6) as contact_quality_score,
            3.0::decimal(9, 6) as business_value_score,
            4.0::decimal(9, 6) as account_scale_score,
            case when number <> 3 then number % 100 end::decimal(9, 6) as health_score,
            case
                when number = 3 then 'Unscored'
                when number % 100 >= 80 then 'High' when number % 100 >= 50 then 'Medium' else 'Low'
            end as health_band,
            1.0::decimal(9, 6) as score_coverage,
            0::decimal(28, 6) as run_rate_revenue,
            1::decimal(28, 6) as pipeline_revenue,
            2::decimal(28, 6) as upsell_revenue,
            case when number <> 3 then number * 1000 end::decimal(28, 6) as predicted_6m_revenue,
            case when number = 3 then 'Unscored' when number % 2 = 0 then 'A' else 'B' end
                as contribution_tier,
            date '2026-06-01' as as_of_date
        from marts.policies, range(40) as numbers (number);
    create view marts.account_health as
        from intermediate.int_policy_scores where policy = 'run_rate';
    create table marts.risk_matrix as
        select
            policy,
            industry,
            account_size_segment,
            count(*) as account_count,
            count(health_score) as scored_count,
            count(*) filter (health_band = 'Low') as low_health_count,
            0.5::decimal(9, 6) as low_health_rate,
            0.4::decimal(9, 6) as low_health_rate_lower,
            0.6::decimal(9, 6) as low_health_rate_upper,
            100::decimal(38, 6) as low_health_predicted_revenue,
            true as is_small_sample,
            'Elevated' as risk_level,
            row_number() over (order by policy, industry, account_size_segment) as priority_rank
        from intermediate.int_policy_scores
        group by policy, industry, account_size_segment;
    create table marts.risk_by_industry as
        select
            policy,
            industry,
            sum(account_count) as account_count,
            sum(scored_count) as scored_count,
            sum(low_health_count) as low_health_count,
            0.5::decimal(9, 6) as low_health_rate
        from marts.risk_matrix
        group by all;
    create table marts.low_health_profile as
        select
            policy,
            metric,
            cohort,
            10 as account_count,
            case cohort when 'low' then 3 else 2 end::decimal(28, 6) as mean,
            case cohort when 'low' then 3 else 2 end::double as median,
            1::decimal(28, 6) as difference_from_all,
            0.5::decimal(28, 6) as relative_difference_from_all
        from marts.policies, unnest(['annual_revenue', 'total_contacts']) as metrics (metric),
            unnest(['low', 'not_low', 'all']) as cohorts (cohort);
    create table marts.contribution_tiers as
        select
            policy, tier, lower_bound, 20 as account_count, total, mean, share, 50.0 as mean_health
        from marts.policies, (values
            ('Unscored', null, null, null, null),
            ('B', null, 100.5, 5.0, 0.1),
            ('A', 9.5, 900.5, 45.0, 0.9)
        ) as tiers (tier, lower_bound, total, mean, share);
"""
COHORT = """
    create schema if not exists marts;
    create table marts.special_conversion_by_channel as
        select * from (values
            ('activity', '微信', 6, 0.6, 0.5), ('activity', 'Unknown', 4, 0.4, 0.5),
            ('funnel', 'Referral', 10, 1.0, 1.0)
        ) as t (channel_source, channel, member_count, member_share, customer_share);
    create table marts.special_conversion_customers as
        select
            ['0-0-1', '1-1-0'][1 + number % 2] as platforms,
            1 + number % 2 as number_of_platforms,
            60.0 + number as health_score
        from range(10) as numbers (number);
    create table marts.special_conversion_significance as
        select * from (values ('platforms', 1.25, 1, 8, 0.296)) as
            t (
                comparison,
                f_statistic,
                between_degrees_of_freedom,
                within_degrees_of_freedom,
                p_value
            );
"""
HEADERS = {
    "account_health_and_prediction.csv": "account_id,account_name,industry,account_size_segment,"
    "health_score,risk_band,predicted_6m_revenue,contribution_tier",
    "accounts_health_scores.csv": "account_id,account_name,industry,account_size_segment",
    "high_risk_segment_rates.csv": "industry,account_size_segment,high_risk_rate",
    "risk_matrix_counts.csv": "industry,account_size_segment,account_count,scored_count",
    "high_risk_characteristics_vs_all.csv": "metric,high_risk_count,high_risk_mean,other_mean",
    "tier_summary.csv": "contribution_tier,lower_bound,account_count,total_predicted_6m_revenue",
}


def publish(*statements: str) -> None:
    PUBLISHED.parent.mkdir(exist_ok=True)
    PUBLISHED.unlink(missing_ok=True)
    with duckdb.connect(PUBLISHED) as connection:
        for statement in statements:
            connection.execute(statement)


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def colours(path: Path) -> int:
    """Number of different pixels in the rows of a PNG file (before its filters are undone)."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    assert width > 800
    assert height > 200
    packed, place = b"", 8
    while place < len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        if data[place + 4 : place + 8] == b"IDAT":
            packed += data[place + 8 : place + 8 + size]
        place += size + 12
    pixels = zlib.decompress(packed)
    return len({pixels[place : place + 4] for place in range(0, len(pixels), 4)})


def test_every_file_is_written_with_its_header_and_pictures_are_not_blank(house: Path) -> None:
    publish(ACCOUNTS, COHORT)
    written = write_deliverables(PUBLISHED, FOLDER)
    assert sorted(written.names) == sorted(path.name for path in FOLDER.iterdir())
    assert sorted(written.names) == sorted(DELIVERABLES)
    assert written.left_out == []
    for name in CSV:
        header = (FOLDER / name).read_text(encoding="utf-8").splitlines()[0]
        assert header.startswith(HEADERS[name]), name
    for name in PNG:
        assert colours(FOLDER / name) > 50, name


def test_csv_files_hold_the_figures_and_no_formulas(house: Path) -> None:
    publish(ACCOUNTS)
    write_deliverables(PUBLISHED, FOLDER)
    accounts = rows("accounts_health_scores.csv")
    assert len(accounts) == 40
    by_id = {row["account_id"]: row for row in accounts}
    assert by_id["id0"]["account_name"] == "'=1+1"
    assert by_id["id1"]["account_name"] == "示例科技, 有限公司"
    assert by_id["id2"]["account_name"] == "'-5"
    # A negative number is a number.
    assert by_id["id0"]["total_won_amount"] == "-1.5"
    assert [by_id[f"id{number}"]["risk_level"] for number in (0, 3)] == ["High", "Unscored"]
    assert by_id["id3"]["predicted_6m_contribution"] == ""
    assert by_id["id4"]["predicted_6m_contribution"] == "4000.000000"
    counts = rows("risk_matrix_counts.csv")
    cells = [row for row in counts if row["is_total"] == "false"]
    totals = [row for row in counts if row["is_total"] == "true"]
    assert sum(int(row["account_count"]) for row in cells) == 40
    assert sum(int(row["account_count"]) for row in totals) == 40
    assert [row["contribution_tier"] for row in rows("tier_summary.csv")] == ["A", "B", "Unscored"]
    [first, _] = rows("high_risk_characteristics_vs_all.csv")
    assert (first["median_difference"], first["median_relative_difference"]) == ("1.0", "0.5")


def test_the_same_file_gives_the_same_bytes(house: Path) -> None:
    publish(ACCOUNTS)
    contents = []
    for _ in range(2):
        write_deliverables(PUBLISHED, FOLDER)
        contents.append({name: (FOLDER / name).read_bytes() for name in CSV})
    assert contents[0] == contents[1]


def test_files_without_their_policy_or_subject_are_left_out(house: Path) -> None:
    publish(ACCOUNTS, COHORT, "delete from marts.policies where policy = 'win_probability'")
    said: list[str] = []
    written = write_deliverables(PUBLISHED, FOLDER, said.append)
    assert "tier_summary.csv" not in written.names
    assert "accounts_health_scores.csv" in written.names
    [line] = written.left_out
    assert line in said
    assert "the policy win_probability is not scored" in line
    assert "risk_heatmap.png" in line

    publish(COHORT)
    written = write_deliverables(PUBLISHED, FOLDER)
    assert set(written.names) == OF_COHORT == {path.name for path in FOLDER.iterdir()}
    assert "the subject account_health is not built" in written.left_out[0]


def test_an_error_leaves_the_old_files(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(COHORT)
    write_deliverables(PUBLISHED, FOLDER)
    publish(ACCOUNTS, COHORT)

    def broken(*arguments: object) -> None:
        raise OSError(28, "No space left on device", "tier_summary.csv")

    monkeypatch.setattr(write, "copy_csv", broken)
    with pytest.raises(OSError, match="No space"):
        write_deliverables(PUBLISHED, FOLDER)
    assert {path.name for path in FOLDER.iterdir()} == OF_COHORT
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []


def test_a_folder_of_other_files_is_not_replaced(house: Path) -> None:
    publish(COHORT)
    FOLDER.mkdir()
    (FOLDER / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds thesis\.txt"):
        write_deliverables(PUBLISHED, FOLDER)
    assert (FOLDER / "thesis.txt").read_text() == "mine"


def test_without_a_published_file_one_sentence_says_so(run: object) -> None:
    status, out, err = run("deliverables")
    assert (status, out) == (1, "")
    assert "there is no published file" in err


def test_command_prints_the_paths(run: object, house: Path) -> None:
    publish(COHORT)
    status, out, _ = run("deliverables", "--out", "files")
    assert status == 0
    assert sorted(out.split()) == sorted(f"files/{name}" for name in OF_COHORT)


def test_many_accounts_are_drawn_in_cells(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(ACCOUNTS)
    with duckdb.connect(PUBLISHED, read_only=True) as connection:
        points = pictures.health_and_forecast(connection, "run_rate").to_dict()
        monkeypatch.setattr(pictures, "MOST_POINTS", 10)
        cells = pictures.health_and_forecast(connection, "run_rate").to_dict()
    assert "One point per account" in points["title"]["subtitle"][0]
    assert "Accounts per cell" in cells["title"]["subtitle"][0]
    assert "38 accounts, too many for single points" in cells["title"]["subtitle"][2]
    assert "1 accounts without a forecast" in cells["title"]["subtitle"][2]


def test_characters_without_a_font_are_found() -> None:
    assert undrawable(["plain", "\U0003fffd"]) == ["\U0003fffd"]
    assert undrawable(["plain"]) == []


def test_duckdb_writes_cells_as_python_does(house: Path) -> None:
    texts = [f"{sign}1" for sign in "=+-@\t\r\uff1d\u200b"] + ["\u200b=1"]
    texts += ["", "a,b", 'say "x"', "two\nlines", "健", None]
    with duckdb.connect() as connection:
        connection.execute("create table t as select unnest($1) as text", [texts])
        assert copy_csv(connection, "select text from t", Path("t.csv")) == len(texts)
    with Path("t.csv").open(encoding="utf-8", newline="") as file:
        # A line of one empty cell is an empty line.
        written = [row or [""] for row in csv.reader(file)]
    assert written == [["text"], *([neutral(text)] for text in texts)]


def test_other_engines_have_no_site_and_no_deliverables(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("postgres", "postgres")
    assert write_outputs(target) == []
    assert "from a published DuckDB file only" in capsys.readouterr().err
    assert write_outputs(target, site=False, deliverables=False) == []
    assert capsys.readouterr().err == ""
