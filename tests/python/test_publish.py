"""Publish: one step for readers, the last good file on every failure."""

import json
import os
import random
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pytest

from customer_health import settings
from customer_health.engines import Publishing, refuse_shrunken
from customer_health.errors import UserError
from customer_health.lock import held
from customer_health.publish import publish

WORK = Path("warehouse/work.duckdb")
TARGET = Path("warehouse/customer_health.duckdb")

KILLS = 10
SEED = 20260601


@pytest.fixture
def work(house: Path) -> Path:
    """A work file as dbt leaves it, with a raw file gone and marts over an intermediate view."""
    WORK.parent.mkdir()
    Path("gone.csv").write_text("id\n")
    with duckdb.connect(WORK) as connection:
        connection.execute(
            """
            create schema raw; create schema staging; create schema intermediate;
            create schema marts; create schema quality;
            create view raw.crm as from read_csv('gone.csv', columns = {'id': 'VARCHAR'});
            create table quality.rejected_rows as select 1 as key;
            create table staging.accounts as select 'private' as account_id;
            create table intermediate.scores as
                select 'a-' || range as account_id, range::decimal(9, 6) as score from range(100);
            create table intermediate.unused as select 1 as id;
            create view "work"."intermediate"."named" as (
                with policies as (select 1 as id)
                select scored.*, 'as in "work"."intermediate"."scores"' as origin
                from "work"."intermediate"."scores" as scored, policies
            );
            create table marts.policies as select 'run_rate' as policy, 1 as build;
            create view "work"."marts"."account_health" as (
                select account_id, score, origin, policy, build
                from "work"."intermediate"."named"
                cross join "work"."marts"."policies"
            );
            create view marts."odd AS name" ("a AS b") as select score from marts.account_health;
            comment on table marts.policies is 'It''s "the" policies';
            comment on column marts.policies.build is 'Number of the build';
            comment on view marts.account_health is 'One row per account';
            comment on column marts.account_health.score is 'Points; 0-100';
            comment on table intermediate.scores is 'Wide rows';
            """
        )
    Path("gone.csv").unlink()
    return WORK


def read(sql: str, path: Path = TARGET) -> list[tuple]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def change_work(sql: str) -> None:
    with duckdb.connect(WORK) as connection:
        connection.execute(sql)


def set_build(number: int) -> None:
    """Give both marts another build number: the table, and the view by way of its own table."""
    change_work(
        f"""
        begin;
        update marts.policies set build = {number};
        update intermediate.scores set score = {number};
        commit;
        """
    )


def folder() -> list[str]:
    return sorted(path.name for path in TARGET.parent.iterdir())


def write_results(
    status: str = "success",
    command: str = "build",
    manifest: str = "one",
    target: str | None = None,
    engine: str = "duckdb",
    mart: str = "policies",
) -> None:
    results = {
        "metadata": {"invocation_id": "one"},
        "args": {"which": command, "target": target},
        "results": [
            {"unique_id": f"model.demo.{mart}", "status": "success"},
            {"unique_id": "test.demo.policies_unique", "status": status},
        ],
    }
    Path("target").mkdir(exist_ok=True)
    Path("target/run_results.json").write_text(json.dumps(results))
    described = {"metadata": {"invocation_id": manifest, "adapter_type": engine}}
    Path("target/manifest.json").write_text(json.dumps(described))


def test_marts_and_what_their_views_read_are_published(work):
    published = publish(work, TARGET)
    assert (published.place, published.table_count, published.view_count) == (str(TARGET), 2, 3)
    assert read(
        "select table_schema, table_name, table_type from information_schema.tables order by all"
    ) == [
        ("intermediate", "named", "VIEW"),
        ("intermediate", "scores", "BASE TABLE"),
        ("marts", "account_health", "VIEW"),
        ("marts", "odd AS name", "VIEW"),
        ("marts", "policies", "BASE TABLE"),
    ]
    assert folder() == ["customer_health.duckdb", "work.duckdb"]


def test_views_work_under_whatever_name_the_file_has(work):
    publish(work, TARGET)
    query = "select count(*), sum(score), min(origin) from {}marts.account_health"
    expected = [(100, 4950, 'as in "work"."intermediate"."scores"')]
    assert read(query.format("")) == expected
    assert read('select sum("a AS b") from marts."odd AS name"') == [(4950,)]
    with duckdb.connect() as connection:
        connection.execute(f"attach '{TARGET}' as any_name (read_only)")
        assert connection.execute(query.format("any_name.")).fetchall() == expected


def test_comments_are_kept(work):
    publish(work, TARGET)
    tables = read("select table_name, comment from duckdb_tables() order by all")
    assert tables == [("policies", 'It\'s "the" policies'), ("scores", "Wide rows")]
    views = "select view_name, comment from duckdb_views() where comment is not null"
    assert read(views) == [("account_health", "One row per account")]
    columns = "select table_name, column_name, comment from duckdb_columns() order by all"
    assert [row for row in read(columns) if row[2]] == [
        ("account_health", "score", "Points; 0-100"),
        ("policies", "build", "Number of the build"),
    ]


def test_types_are_kept_and_the_format_is_one_that_drivers_read(work):
    publish(work, TARGET)
    types = {name: type_ for name, type_, *_ in read("describe marts.account_health")}
    assert types["score"] == "DECIMAL(9,6)"
    with duckdb.connect(TARGET, read_only=True) as connection:
        [(tags,)] = connection.execute(
            "select tags from duckdb_databases() where database_name = 'customer_health'"
        ).fetchall()
    assert tags["storage_version"].startswith("v1.4.0")


def test_work_file_is_only_read(work):
    before = work.read_bytes()
    publish(work, TARGET)
    assert work.read_bytes() == before


def test_view_over_a_private_schema_is_refused(work):
    Path("gone.csv").write_text("id\n")
    change_work("create view marts.leak as from raw.crm")
    with pytest.raises(UserError, match=r"marts\.leak reads raw\.crm, which is not published"):
        publish(work, TARGET)
    assert folder() == ["work.duckdb"]


def test_view_that_does_not_work_leaves_the_last_good_file(work):
    publish(work, TARGET)
    before = TARGET.read_bytes()
    change_work(
        "create view marts.bad as select account_id::integer as number from marts.account_health"
    )
    with pytest.raises(UserError, match=r"marts\.bad does not work .*; nothing was published"):
        publish(work, TARGET)
    assert TARGET.read_bytes() == before
    assert folder() == ["customer_health.duckdb", "work.duckdb"]


def test_work_file_without_marts_is_refused(work):
    change_work("drop schema marts cascade")
    with pytest.raises(UserError, match="has no marts"):
        publish(work, TARGET)


def test_same_file_for_both_is_refused(work):
    with pytest.raises(UserError, match="both the work file and the published file"):
        publish(work, work)
    assert read("select count(*) from marts.policies", work) == [(1,)]


def test_command_publishes_after_a_build_that_passed(work, run):
    write_results()
    status, out, _ = run("publish")
    assert (status, out) == (0, f"{TARGET}  2 tables, 3 views\n")


@pytest.mark.parametrize(
    ("results", "complaint"),
    [
        ({"status": "fail"}, "1 failed, the first is test.demo.policies_unique"),
        ({"status": "error"}, "the last dbt build did not pass"),
        ({"status": "error", "command": "test"}, "the last dbt test did not pass"),
        ({"command": "compile"}, "`compile`, which proves nothing"),
        ({"manifest": "two"}, "a build may have been cut short"),
        ({"engine": "postgres"}, "was of the target duckdb on postgres, not of duckdb on duckdb"),
        ({"target": "production"}, "was of the target production on duckdb, not of duckdb"),
    ],
)
def test_command_refuses_marts_without_a_passed_build(work, run, results, complaint):
    write_results()
    assert run("publish")[0] == 0
    before = TARGET.read_bytes()
    write_results(**results)
    status, out, err = run("publish")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert complaint in err
    assert TARGET.read_bytes() == before


@pytest.mark.parametrize(
    ("stamp", "complaint"),
    [
        ("select 'one' as invocation_id", None),
        ("select 'two' as invocation_id", "are stamped with the build two, and the dbt build that"),
        ("select 'one' as invocation_id where false", "carry no stamp, and the dbt build that"),
    ],
)
def test_command_refuses_the_marts_of_another_build(work, run, stamp, complaint):
    """Also where the results are of a build that passed: an older file may be in its place."""
    publish(work, TARGET)
    before = TARGET.read_bytes()
    change_work(f"create table marts.build_info as {stamp}")
    write_results(mart="build_info")
    status, _, err = run("publish")
    assert status == (1 if complaint else 0), err
    if complaint:
        assert f"{complaint} passed last is one; nothing was published" in err
        assert TARGET.read_bytes() == before


def test_command_refuses_without_results(work, run):
    status, _, err = run("publish")
    assert (status, err.count("\n")) == (1, 1)
    assert "there is no target/run_results.json" in err


def test_command_refuses_results_that_are_none(work, run):
    Path("target").mkdir()
    Path("target/run_results.json").write_text("[]")
    status, _, err = run("publish")
    assert (status, err.count("\n")) == (1, 1)
    assert "is not a dbt result" in err


def test_command_without_work_file(house, run):
    write_results()
    status, _, err = run("publish")
    assert (status, err.count("\n")) == (1, 1)
    assert "there is no work file" in err


def test_leftovers_of_the_dead_are_removed_and_of_the_living_are_not(work):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    living = f".customer_health.{os.getppid()}.duckdb.tmp"
    others = [living, ".customer_health.notes.duckdb.tmp"]
    for name in (f".customer_health.{dead.pid}.duckdb.tmp", *others):
        (TARGET.parent / name).touch()
    (TARGET.parent / f".customer_health.{dead.pid}.duckdb.tmp.wal").touch()
    publish(work, TARGET)
    assert folder() == sorted(["customer_health.duckdb", "work.duckdb", *others])


def test_log_of_a_writer_beside_the_old_file_does_not_spoil_the_new_one(work):
    publish(work, TARGET)
    writer = "import duckdb, os; c = duckdb.connect('{}'); c.execute('create table t as select 1');"
    subprocess.run([sys.executable, "-c", f"{writer.format(TARGET)} os._exit(1)"], check=False)
    assert "customer_health.duckdb.wal" in folder()
    publish(work, TARGET)
    assert folder() == ["customer_health.duckdb", "work.duckdb"]
    assert read("select count(*) from marts.account_health") == [(100,)]


READER = """
import sys, time, duckdb
from pathlib import Path
target, stop = Path(sys.argv[1]), Path(sys.argv[2])
reads, builds = 0, set()
while not stop.exists():
    with duckdb.connect(target, read_only=True) as connection:
        first = connection.execute("select build from marts.policies").fetchall()
        rows = connection.execute(
            "select distinct build, score::integer from marts.account_health"
        ).fetchall()
    assert rows == [(first[0][0], first[0][0])], (first, rows)
    builds.add(first[0][0])
    reads += 1
    # Ten of them leave the machine to the publisher now and then.
    time.sleep(0.5)
    if reads == 1:
        print("reading", flush=True)
print(reads, len(builds))
"""


def test_ten_readers_see_whole_builds_only(work, house):
    set_build(0)
    publish(work, TARGET)
    stop = house / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(TARGET), str(stop)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(10)
    ]
    for reader in readers:
        assert reader.stdout.readline() == "reading\n"
    for number in range(1, 21):
        set_build(number)
        publish(work, TARGET)
    stop.touch()
    for reader in readers:
        out, err = reader.communicate(timeout=60)
        assert reader.returncode == 0, err
        reads, builds = map(int, out.split())
        assert reads >= builds > 1


HOLDER = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    for _ in range(2):
        print(connection.execute("select max(build) from marts.account_health").fetchall()[0][0])
        sys.stdout.flush()
        input()
"""


def test_reader_keeps_the_file_it_has_open(work):
    set_build(1)
    publish(work, TARGET)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(TARGET)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "1\n"
    set_build(2)
    publish(work, TARGET)
    out, _ = holder.communicate("\n\n", timeout=60)
    assert out == "1\n"
    assert read("select max(build) from marts.account_health") == [(2,)]


PUBLISHER = """
from pathlib import Path
from customer_health.publish import publish
print("started", flush=True)
while True:
    publish(Path("warehouse/work.duckdb"), Path("warehouse/customer_health.duckdb"))
"""


def test_killed_publish_leaves_the_last_good_file(work):
    change_work(
        """
        create or replace table intermediate.scores as
            select 'a-' || range as account_id, 0::decimal(9, 6) as score from range(300_000)
        """
    )
    set_build(0)
    started = time.monotonic()
    publish(work, TARGET)
    duration = time.monotonic() - started
    moments = random.Random(SEED)
    leftovers = 0
    for number in range(1, KILLS + 1):
        set_build(number)
        publisher = subprocess.Popen(
            [sys.executable, "-c", PUBLISHER], stdout=subprocess.PIPE, text=True
        )
        assert publisher.stdout.readline() == "started\n"
        time.sleep(moments.uniform(0, 2 * duration))
        publisher.kill()
        publisher.communicate()
        leftovers += any(name.startswith(".customer_health.") for name in folder())
        [(build, low, high, rows)] = read(
            "select max(build), min(score), max(score), count(*) from marts.account_health"
        )
        assert build in (number - 1, number)
        assert (low, high, rows) == (build, build, 300_000)
        # From here on, the file may be only the one of this round or of the next.
        publish(work, TARGET)
        assert folder() == ["customer_health.duckdb", "work.duckdb"]
    assert leftovers, "no kill came in the middle of a publish, so nothing was tried"


# What a publish must not lose


HISTORY = """
    create schema if not exists history;
    create or replace table history.slices as
        select unnest(array[{dates}])::date as as_of_date, 7 as points;
"""


def set_history(*dates: str) -> None:
    change_work(HISTORY.format(dates=", ".join(f"'{date}'" for date in dates)))


def stored(path: Path) -> list[str]:
    rows = read("select as_of_date::varchar from history.slices order by all", path)
    return [date for (date,) in rows]


def test_stored_dates_are_not_lost(work):
    set_history("2026-01-01", "2026-01-08")
    publish(work, TARGET)
    before = TARGET.read_bytes()
    set_history("2026-01-08", "2026-01-15")
    with pytest.raises(UserError, match=r"lacks 1 dates of history.slices .* is 2026-01-01"):
        publish(work, TARGET)
    change_work("drop schema history cascade")
    with pytest.raises(UserError, match=r"lacks 2 dates of history.slices"):
        publish(work, TARGET)
    assert TARGET.read_bytes() == before


def test_dates_that_retention_dropped_are_gone(work):
    set_history("2026-01-01", "2026-01-08")
    publish(work, TARGET)
    set_history("2026-01-08")
    change_work(
        "create table history.dropped_dates as"
        " select 'slices' as table_name, date '2026-01-01' as as_of_date"
    )
    publish(work, TARGET)
    assert stored(TARGET) == ["2026-01-08"]


RESTORED = (
    f"{WORK} had no history of scores for 1 of the stored dates (2026-01-01 to 2026-01-01); it is"
    f" taken over from {TARGET}.\n"
)


def test_dates_that_the_work_file_lacks_are_taken_over(work, run):
    set_history("2026-01-01", "2026-01-08")
    change_work("alter table history.slices add column revenue double default 5")
    publish(work, TARGET)
    set_history("2026-01-08", "2026-01-15")
    assert run("history", "restore")[::2] == (0, RESTORED)
    assert stored(work) == ["2026-01-01", "2026-01-08", "2026-01-15"]
    taken = "select points, revenue from history.slices where as_of_date = '2026-01-01'"
    assert read(taken, work) == [(7, 5.0)]
    publish(work, TARGET)
    assert stored(TARGET) == ["2026-01-01", "2026-01-08", "2026-01-15"]
    listed = "slices  2026-01-01\nslices  2026-01-08\nslices  2026-01-15\n"
    assert run("history", "list") == (0, listed, "")
    TARGET.unlink()
    assert "there is no published file" in run("history", "list")[2]


def test_half_of_the_accounts_may_go_and_no_more_unless_asked(work):
    publish(work, TARGET)
    change_work("delete from intermediate.scores where score is not null and rowid >= 50")
    publish(work, TARGET)
    change_work("delete from intermediate.scores where rowid >= 24")
    with pytest.raises(UserError, match="would have 24 accounts in the place of 50"):
        publish(work, TARGET)
    assert read("select count(*) from marts.account_health") == [(50,)]
    publish(work, TARGET, (), Publishing(allow_shrink=True))
    assert read("select count(*) from marts.account_health") == [(24,)]


@pytest.mark.parametrize(
    ("limit", "before", "after", "is_refused"),
    [
        ("", 100, 50, False),
        ("", 100, 49, True),
        ("0.9", 100, 90, False),
        ("0.9", 100, 89, True),
        ("0", 100, 1, False),
        ("0", 100, 0, True),
        ("1", 3, 2, True),
        ("1/3", 3, 1, False),
        ("1", 0, 0, False),
    ],
)
def test_the_share_that_must_be_left_is_a_setting(limit, before, after, is_refused, monkeypatch):
    """All engines ask this."""
    monkeypatch.setenv("CUSTOMER_HEALTH_SHRINK_LIMIT", limit)
    publishing = Publishing(shrink_limit=settings.shrink_limit())
    complaint = pytest.raises(UserError, match=f"would have {after} customers in the place of")
    with complaint if is_refused else nullcontext():
        mart = "customer_success_health"
        refuse_shrunken({mart: before}, {mart: after, "account_health": 0}, publishing)


@pytest.mark.parametrize("limit", ["half", "50", "-0.1", "nan", "1/0"])
@pytest.mark.parametrize("command", ["publish", "build"])
def test_a_share_that_is_none_stops_the_command(command, limit, work, run, monkeypatch):
    monkeypatch.setenv("CUSTOMER_HEALTH_SHRINK_LIMIT", limit)
    write_results()
    assert run(command) == (
        1,
        "",
        f"customer-health: CUSTOMER_HEALTH_SHRINK_LIMIT is {limit}, which is no share; give a"
        " number from 0 to 1 such as 0.5.\n",
    )
    assert not TARGET.exists()


def test_the_setting_counts_for_the_command(work, run, monkeypatch):
    write_results()
    assert run("publish")[0] == 0
    change_work("delete from intermediate.scores where rowid >= 80")
    monkeypatch.setenv("CUSTOMER_HEALTH_SHRINK_LIMIT", "0.9")
    assert "would have 80 accounts in the place of 100" in run("publish")[2]
    assert run("publish", "--allow-shrink")[0] == 0


def test_a_file_that_dbt_did_not_build_is_refused(work):
    built = {("marts", "policies"), ("marts", "risk_matrix")}
    with pytest.raises(UserError, match=r"lacks marts.risk_matrix, so it is not what dbt built"):
        publish(work, TARGET, built)
    assert not TARGET.exists()


def test_mode_and_symlink_stay(work, house):
    publish(work, TARGET)
    TARGET.chmod(0o600)
    real = house / "elsewhere.duckdb"
    TARGET.rename(real)
    TARGET.symlink_to(real)
    set_build(3)
    publish(work, TARGET)
    assert TARGET.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert read("select build from marts.policies", real) == [(3,)]


LOCK_HOLDER = """
import sys
from pathlib import Path
from customer_health.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_build_at_a_time(house):
    target = Path("new/work.duckdb")
    holder = subprocess.Popen(
        [sys.executable, "-c", LOCK_HOLDER, str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    complaint = rf"process {holder.pid} \(since 20..-..-.. .* UTC\) has new/work.duckdb open"
    with pytest.raises(UserError, match=complaint), held(target):
        pass
    holder.kill()
    holder.communicate()
    with held(target):
        pass
    # The one that was killed had made the folder; the lock itself is gone.
    assert list(Path("new").iterdir()) == []
