"""Spark: loads, the lock of builds, and views that turn to one set of schemas after the other."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from commands import finish, start
from conftest import REQUIRE_ENGINES
from loading import write_json, write_parquet
from small_project import write_small_project

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engines.servers import SparkCluster

# Where nothing may skip, the import fails instead.
if importlib.util.find_spec("pyhive") is None and REQUIRE_ENGINES not in os.environ:
    pytest.skip("PyHive is not installed", allow_module_level=True)

from pyhive import hive

from customer_health.engines import Publishing, engine_for
from customer_health.engines.spark import Spark
from customer_health.errors import UserError
from customer_health.profile import read_target

LAYERS = ("staging", "intermediate", "quality", "marts")

TEXTS = [
    'a, "b"',
    "line\nbreak\r\n",
    "it's",
    "\\",
    "\\N",
    "\\.",
    "NULL",
    "  leading and trailing\t ",
    "東京 Müller 😀",
    "\x00\x01\x7f",
    "${x} `y`",
    "x" * 100_000,
]


class Catalog:
    """A session of the cluster's catalog."""

    def __init__(self, cluster: SparkCluster) -> None:
        self.connection = hive.connect(host=cluster.host, port=cluster.port, username="a reader")

    def execute(self, *statements: str) -> None:
        with closing(self.connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, sql: str) -> list[tuple]:
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def schemas(self) -> set[str]:
        return {name for (name,) in self.rows("show schemas")}

    def tables(self, schema: str) -> list[str]:
        return sorted(row[1] for row in self.rows(f"show tables in {schema}"))

    def clear(self) -> None:
        for name in self.schemas() - {"default"}:
            self.execute(f"drop schema {name} cascade")


@pytest.fixture
def catalog(spark: SparkCluster, house: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """An empty catalog, a small dbt project in `house`, and the target spark."""
    write_small_project(house)
    for variable, value in spark.environment().items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("CUSTOMER_HEALTH_TARGET", "spark")
    catalog = Catalog(spark)
    catalog.clear()
    with closing(catalog.connection):
        yield catalog


def engine() -> Spark:
    """The engine of the project in the current directory."""
    return engine_for(read_target(Path()))


# ---- Load


@pytest.mark.parametrize("write", [write_json, write_parquet])
def test_every_text_arrives_as_it_is(catalog, raw, run, write: Callable[[Path, list[str]], None]):
    write(raw / "t", TEXTS)
    assert run("load")[0] == 0
    loaded = dict(catalog.rows("select cast(id as int), x from raw.t"))
    assert loaded == {**dict(enumerate([*TEXTS, ""])), -1: None}
    assert list(Path("warehouse/spark_stage").iterdir()) == []


TYPES = {
    "true": ("boolean", "true"),
    "127::tinyint": ("tinyint", "127"),
    "(-32768)::smallint": ("smallint", "-32768"),
    "2147483647::integer": ("int", "2147483647"),
    "(-9223372036854775808)::bigint": ("bigint", "-9223372036854775808"),
    "255::utinyint": ("smallint", "255"),
    "18446744073709551615::ubigint": ("decimal(20,0)", "18446744073709551615"),
    "0.1::float": ("float", "0.1"),
    "5e-324::double": ("double", "4.9E-324"),
    "'nan'::double": ("double", "NaN"),
    "12.50::decimal(12, 2)": ("decimal(12,2)", "12.50"),
    "(-0.000001)::decimal(38, 6)": ("decimal(38,6)", "-0.000001"),
    "date '0001-01-01'": ("date", "0001-01-01"),
    "timestamp '2024-02-29 23:59:59.123456'": ("timestamp", "2024-02-29 23:59:59.123456"),
    "timestamp '0001-01-01 00:00:00'": ("timestamp", "0001-01-01 00:00:00"),
    "timestamptz '2024-02-29 00:00:00+05'": ("timestamp", "2024-02-28 19:00:00"),
    "'long text'::varchar": ("string", "long text"),
    "time '12:30:00'": ("string", "12:30:00"),
    "[1, 2]": ("string", "[1, 2]"),
}


def test_types_match(catalog, raw, run):
    columns = ", ".join(f'{value} as "c, {number}"' for number, value in enumerate(TYPES))
    duckdb.execute(f"copy (select {columns}) to '{raw}/t.parquet' (format parquet)")
    assert run("load")[0] == 0
    catalog.execute("set spark.sql.session.timeZone = UTC")
    types = [type_ for _, type_, *_ in catalog.rows("describe raw.t")]
    values = ", ".join(f"cast(`c, {number}` as string)" for number in range(len(TYPES)))
    [loaded] = catalog.rows(f"select {values} from raw.t")
    assert dict(zip(TYPES, zip(types, loaded, strict=True), strict=True)) == TYPES


def test_tables_follow_their_files_and_absent_sources_are_empty(catalog, raw, run):
    (raw / "accounts.csv").write_text("account_id,amount\n1,2\n2,\n")
    (raw / "t.csv").write_text("id\n1\n")
    status, out, _ = run("load")
    assert status == 0
    assert "raw.accounts  2 rows  data/raw/accounts.csv" in out
    assert catalog.rows("select * from raw.accounts order by 1") == [("1", "2"), ("2", None)]
    (raw / "accounts.csv").unlink()
    (raw / "t.csv").rename(raw / "u.csv")
    status, out, _ = run("load")
    assert status == 0
    assert "raw.accounts  0 rows  no file, made empty" in out
    assert catalog.tables("raw") == ["accounts", "u"]
    described = [row[:2] for row in catalog.rows("describe raw.accounts")]
    assert described == [("account_id", "string"), ("amount", "double")]
    catalog.execute("refresh table raw.accounts")
    assert catalog.rows("select count(*) from raw.accounts") == [(0,)]


def test_tables_of_others_are_neither_dropped_nor_replaced(catalog, raw, run):
    catalog.execute(
        "create schema raw",
        "create table raw.accounts using parquet as select 1 as mine",
        "create view raw.theirs as select 2 as theirs",
    )
    (raw / "t.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    (raw / "theirs.csv").write_text("id\n1\n")
    (raw / "t.csv").write_text("id\n2\n")
    status, out, err = run("load")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "raw.theirs is there already and was not made by `customer-health load`" in err
    rows = catalog.rows("select mine, theirs, id from raw.accounts, raw.theirs, raw.t")
    assert rows == [(1, 2, "1")]


def test_file_that_does_not_load_changes_nothing(catalog, raw, run):
    (raw / "a.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    (raw / "a.csv").write_text("id,x\n1,2\n")
    (raw / "z.csv").write_text("id,x\n" + "1,a\n" * 400_000 + "2,b,c\n")
    status, out, err = run("load")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("customer-health: data/raw/z.csv cannot be read")
    assert catalog.rows("select * from raw.a") == [("1",)]
    assert "z" not in catalog.tables("raw")
    assert list(Path("warehouse/spark_stage").iterdir()) == []
    # What was half read goes with the next load.
    (raw / "z.csv").unlink()
    assert run("load")[0] == 0
    assert catalog.tables("raw") == ["a", "accounts"]
    # A session that has read a raw table before still looks for its old files.
    catalog.execute("refresh table raw.a")
    assert catalog.rows("select * from raw.a") == [("1", "2")]


def test_stage_of_a_dead_load_goes(catalog, raw, run, monkeypatch):
    monkeypatch.setenv("CUSTOMER_HEALTH_SPARK_STAGE", "it's a stage")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = [f"load_{socket.gethostname()}_{process}" for process in (dead.pid, os.getppid())]
    for name in names:
        Path("it's a stage", name, "t").mkdir(parents=True)
    (raw / "t.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    assert [path.name for path in Path("it's a stage").iterdir()] == names[1:]


# ---- The lock

HOLDER = """
import time
from pathlib import Path
from customer_health.engines import engine_for
from customer_health.errors import UserError
from customer_health.profile import read_target

engine = engine_for(read_target(Path()))
try:
    with engine.locked():
        print("locked", flush=True)
        time.sleep({seconds})
except UserError as error:
    print(error, flush=True)
"""


def start_holder(seconds: float) -> subprocess.Popen:
    code = HOLDER.format(seconds=seconds)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_lock_of_the_living_holds_and_that_of_the_dead_is_taken_over(catalog, raw, run):
    (raw / "t.csv").write_text("id\n1\n")
    holder = start_holder(600)
    try:
        assert holder.stdout.readline() == "locked\n"
        status, out, err = run("load")
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert f"{socket.gethostname()} process {holder.pid} is at work on Spark at" in err
        assert "`drop schema customer_health_build`" in err
    finally:
        holder.kill()
        holder.communicate()
    assert "customer_health_build" in catalog.schemas()
    assert run("load")[0] == 0
    assert "customer_health_build" not in catalog.schemas()


def test_lock_of_another_host_holds(catalog, raw, run):
    (raw / "t.csv").write_text("id\n1\n")
    catalog.execute("create schema customer_health_build comment 'elsewhere process 1'")
    status, _, err = run("load")
    assert (status, err.count("\n")) == (1, 1)
    assert "elsewhere process 1 is at work" in err
    assert "raw" not in catalog.schemas()


def test_one_of_many_takes_a_dead_lock_over(catalog):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    comment = f"{socket.gethostname()} process {dead.pid}"
    catalog.execute(f"create schema customer_health_build comment '{comment}'")
    holders = [start_holder(20) for _ in range(4)]
    said = [holder.communicate(timeout=120)[0] for holder in holders]
    assert sorted(line == "locked\n" for line in said) == [False, False, False, True], said
    assert "customer_health_build" not in catalog.schemas()


# ---- Sets


def write_manifest(set_: str, *marts: str) -> None:
    """What dbt writes down of a build of these marts."""
    nodes = {
        mart: {
            "resource_type": "model",
            "schema": f"marts__{set_}",
            "alias": mart,
            "config": {"materialized": "table"},
        }
        for mart in marts
    }
    Path("target").mkdir(exist_ok=True)
    Path("target/manifest.json").write_text(json.dumps({"nodes": nodes}))


def publish(catalog: Catalog, marker: int, *marts: str) -> str:
    """Build a set by hand and publish it as a build does; return its name."""
    current = engine()
    with current.locked():
        set_ = current.prepare()["CUSTOMER_HEALTH_SET"]
        for mart in marts:
            catalog.execute(
                f"create table marts__{set_}.{mart} using parquet as select {marker} as marker"
            )
        write_manifest(set_, *marts)
        assert current.publish(Path()).view_count == len(marts)
    return set_


def test_views_turn_to_one_set_after_the_other(catalog, spark):
    reader = Catalog(spark)
    assert publish(catalog, 1, "first", "second") == "1"
    assert reader.rows("select * from marts.first, marts.second") == [(1, 1)]
    assert publish(catalog, 2, "first", "third") == "2"
    assert catalog.tables("marts") == ["first", "third"]
    # A session that knows files of the set before finds those of the new one.
    assert reader.rows("select * from marts.first, marts.third") == [(2, 2)]
    # The set before stays for whoever still reads it, the one before that is gone.
    assert reader.rows("select * from marts__1.second") == [(1,)]
    for marker in (3, 4, 5):
        assert publish(catalog, marker, "first") == str(marker)
        assert reader.rows("select * from marts.first") == [(marker,)]
    assert {name for name in catalog.schemas() if "__" in name} == {
        f"{layer}__{set_}" for layer in LAYERS for set_ in "45"
    }
    reader.connection.close()


def test_views_keep_comments(catalog):
    current = engine()
    with current.locked():
        set_ = current.prepare()["CUSTOMER_HEALTH_SET"]
        catalog.execute(
            f"create table marts__{set_}.first (`odd name` string comment 'It\\'s a \\\\ comment',"
            " plain int) using parquet comment 'The first mart\\'s'"
        )
        write_manifest(set_, "first")
        current.publish(Path())
    described = catalog.rows("describe extended marts.first")
    assert described[0] == ("odd name", "string", "It's a \\ comment")
    assert described[1][:2] == ("plain", "int")
    assert ("Comment", "The first mart's", "") in described


def test_what_others_made_in_marts_stays(catalog):
    catalog.execute("create schema marts", "create view marts.theirs as select 7 as marker")
    publish(catalog, 1, "first")
    publish(catalog, 2, "first")
    assert catalog.tables("marts") == ["first", "theirs"]
    with pytest.raises(UserError, match=r"marts\.theirs is there already"):
        publish(catalog, 3, "first", "theirs")
    assert catalog.rows("select * from marts.first, marts.theirs") == [(2, 7)]


def test_marts_of_another_build_are_refused(catalog):
    current = engine()
    with current.locked():
        set_ = current.prepare()["CUSTOMER_HEALTH_SET"]
        catalog.execute(
            f"create table marts__{set_}.build_info using parquet as select 'a' as invocation_id"
        )
        write_manifest(set_, "build_info")
        with pytest.raises(UserError, match="are stamped with the build a, and the dbt build that"):
            current.publish(Path(), Publishing(build="b"))
        assert current.publish(Path(), Publishing(build="a")).view_count == 1


def test_publish_that_was_cut_short_is_mended_by_the_next_build(catalog, capsys):
    publish(catalog, 1, "first", "second")
    publish(catalog, 2, "first", "second")
    catalog.execute(
        "create or replace view marts.second (marker) as select * from `marts__1`.`second`"
    )
    assert catalog.rows("select * from marts.first, marts.second") == [(2, 1)]
    assert publish(catalog, 3, "first", "second") == "3"
    assert "the views in marts read the sets 1 and 2" in capsys.readouterr().err
    assert catalog.rows("select * from marts.first, marts.second") == [(3, 3)]


def test_publish_tells_how_far_it_came(catalog):
    publish(catalog, 1, "first", "second")
    current = engine()
    with current.locked():
        set_ = current.prepare()["CUSTOMER_HEALTH_SET"]
        for mart in ("first", "second"):
            catalog.execute(f"create table marts__{set_}.{mart} using parquet as select 2 marker")
        write_manifest(set_, "first", "second")
        catalog.execute(
            "drop view marts.second", "create table marts.second (id int) using parquet"
        )
        with pytest.raises(UserError, match=r"marts\.second is there already"):
            current.publish(Path())
        assert catalog.rows("select * from marts.first") == [(1,)]
        catalog.execute("drop table marts.second")
        current.publish(Path())
    assert catalog.rows("select * from marts.first, marts.second") == [(2, 2)]


def test_set_that_cannot_be_published(catalog):
    publish(catalog, 1, "first")
    current = engine()
    with current.locked():
        write_manifest("next", "first")
        with pytest.raises(UserError, match="or dbt with CUSTOMER_HEALTH_SET=2"):
            current.publish(Path())
        set_ = current.prepare()["CUSTOMER_HEALTH_SET"]
        write_manifest(set_, "first")
        with pytest.raises(UserError, match=r"the new set lacks marts__2\.first"):
            current.publish(Path())
    assert catalog.rows("select * from marts.first") == [(1,)]


# ---- The command line


def marts(catalog: Catalog) -> list[tuple]:
    return catalog.rows(
        "select distinct first.marker, second.marker from marts.first, marts.second"
    )


def test_build_publishes_and_survives_failures_and_kills(catalog, accounts):
    first = finish("build")
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.splitlines()[-1].endswith("views over marts__1")
    assert marts(catalog) == [("one", "one")]
    [described] = [row for row in catalog.rows("describe marts.first") if row[0] == "marker"]
    assert described[2] in ("It's the marker", None, "")

    failed = finish("build", "--vars", "{marker: wrong}")
    assert failed.returncode == 1
    last = failed.stderr.splitlines()[-1]
    assert last.startswith("customer-health: test accepted_values_first_marker")
    assert last.endswith("nothing was published, the last good marts stay.")
    assert marts(catalog) == [("one", "one")]

    killed = start("build", "--verbose", "--vars", "{marker: two}")
    for line in killed.stdout:
        if "START sql table model marts__" in line and line.rstrip().endswith("[RUN]"):
            break
    else:
        pytest.fail("the build came to no mart")
    killed.kill()
    killed.communicate()
    assert "customer_health_build" in catalog.schemas()
    assert marts(catalog) == [("one", "one")]

    second = finish("build", "--vars", "{marker: two}")
    assert second.returncode == 0, second.stdout + second.stderr
    assert marts(catalog) == [("two", "two")]
    assert "customer_health_build" not in catalog.schemas()

    again = finish("publish")
    assert again.returncode == 0, again.stderr
    assert "0 tables, 2 views" in again.stdout
    assert marts(catalog) == [("two", "two")]


@pytest.mark.parametrize("command", ["build", "load", "publish"])
def test_server_that_is_down_gives_one_sentence(
    catalog, accounts, run, monkeypatch, command: str, unused_port: int
):
    monkeypatch.setattr("customer_health.cli.require_passed_build", lambda *_: None)
    monkeypatch.setenv("CUSTOMER_HEALTH_SPARK_PORT", str(unused_port))
    status, out, err = run(command)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"customer-health: Spark at 127.0.0.1:{unused_port} does not answer")
    assert "CUSTOMER_HEALTH_SPARK_HOST and CUSTOMER_HEALTH_SPARK_PORT" in err


@pytest.fixture
def unused_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_statement_that_spark_refuses_gives_one_sentence(catalog, accounts, run, monkeypatch):
    from customer_health.engines.spark import load

    monkeypatch.setitem(load.TYPES, "VARCHAR", "no_such_type")
    status, out, err = run("load")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "says: " in err
    assert "NO_SUCH_TYPE" in err.upper()
    assert "org.apache" not in err


def test_package_that_is_not_installed_is_named(catalog, accounts):
    without = "import sys; sys.modules['dbt.adapters.spark'] = None;"
    code = f"{without} from customer_health.cli import main; sys.exit(main(['load']))"
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (
        1,
        "",
        "customer-health: dbt-spark is not installed; run `make env TARGET=spark`.\n",
    )
