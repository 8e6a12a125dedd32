"""Postgres: a load keeps every text, readers see whole sets only, errors are one sentence."""

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from commands import finish, last_line, start
from conftest import REQUIRE_ENGINES
from loading import write_json, write_parquet
from small_project import write_small_project

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engines.servers import PostgresServer

# Where nothing may skip, the import fails instead.
if importlib.util.find_spec("psycopg2") is None and REQUIRE_ENGINES not in os.environ:
    pytest.skip("dbt-postgres is not installed", allow_module_level=True)

import psycopg2

from customer_health.engines import Publishing, engine_for
from customer_health.engines.postgres import Postgres, quiet
from customer_health.errors import UserError
from customer_health.profile import read_target

READERS_PASSWORD = "for-reading-only"
SWAPS = 32
SEED = 20260601

# What a table, a file or a protocol in between may take for something else.
TEXTS = [
    'a, "b"',
    "line\nbreak",
    "carriage\r\nreturn\r",
    "it's",
    "\\",
    "\\N",
    "\\.",
    "a\n\\.\nb",
    "\\t",
    "NULL",
    "null",
    "  leading and trailing\t ",
    "tab\tseparated",
    ";|,",
    "東京 Müller Łódź 😀",
    "e\u0301 \u200b \ufeff \u2028",
    "{1,2}",
    "%s %(x)s",
    "-- ; drop table raw.t",
    "\x01\x08\x1b\x7f",
    "x" * 100_000,
]


class Database:
    """A database of its own for one test, and sessions of its owner, superuser and readers."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.name = name

    def connect(self, user: str | None = None, password: str | None = None) -> Any:
        connection = psycopg2.connect(
            host=self.server.host,
            port=self.server.port,
            user=user or self.server.user,
            password=password or self.server.password,
            dbname=self.name,
            connect_timeout=10,
        )
        connection.autocommit = True
        return connection

    def superuser(self) -> Any:
        return self.connect(self.server.superuser, self.server.superuser_password)

    def reader(self) -> Any:
        return self.connect("bi_reader", READERS_PASSWORD)

    def rows(self, sql: str) -> list[tuple]:
        with closing(self.connect()) as connection:
            return query(connection, sql)

    def execute(self, sql: str) -> None:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql)

    def schemas(self) -> list[str]:
        """The schemas that are ours, sorted."""
        rows = self.rows("select nspname from pg_namespace where nspname !~ '^(pg_|information_)'")
        return sorted({name for (name,) in rows} - {"public"})


def query(connection: Any, sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.fixture
def database(
    postgres: PostgresServer, house: Path, monkeypatch: pytest.MonkeyPatch, request: Any
) -> Iterator[Database]:
    """An empty database, a small dbt project in `house`, and the target postgres."""
    write_small_project(house)
    name = f"test_{abs(hash(request.node.nodeid)) % 10**9}"
    administration = Database(postgres, "postgres")
    with closing(administration.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database {name} owner {postgres.user}")
        for variable, value in {**postgres.environment(), "PGDATABASE": name}.items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setenv("CUSTOMER_HEALTH_TARGET", "postgres")
        yield Database(postgres, name)
        cursor.execute(f"drop database {name} with (force)")
        cursor.execute("drop role if exists bi_reader")


def engine() -> Postgres:
    """The engine of the project in the current directory."""
    return engine_for(read_target(Path()))


# ---- Load


def write_csv(path: Path, texts: list[str]) -> None:
    quoted = ('"' + text.replace('"', '""') + '"' for text in texts)
    rows = [f"{number},{text}" for number, text in enumerate(quoted)]
    path.with_suffix(".csv").write_text("\n".join(["id,x", *rows, "-1,"]), newline="")


@pytest.mark.parametrize("write", [write_csv, write_json, write_parquet])
def test_every_text_arrives_as_it_is(database, raw, run, write: Callable[[Path, list[str]], None]):
    write(raw / "t", TEXTS)
    assert run("load")[0] == 0
    loaded = dict(database.rows("select id::integer, x from raw.t"))
    # An empty text of a csv file is unknown, as on DuckDB; the other formats tell the two apart.
    nothing = {} if write is write_csv else {len(TEXTS): ""}
    assert loaded == {**dict(enumerate(TEXTS)), **nothing, -1: None}


@pytest.mark.parametrize("value", ["null", "''", "'\\.'", "'\\N'", "chr(10)"])
def test_table_of_one_column(database, raw, run, value):
    duckdb.execute(f"copy (select {value}::varchar as x) to '{raw}/t.parquet' (format parquet)")
    assert run("load")[0] == 0
    assert database.rows("select x from raw.t") == duckdb.execute(f"select {value}").fetchall()


TYPES = {
    "true": ("boolean", "true"),
    "127::tinyint": ("smallint", "127"),
    "(-32768)::smallint": ("smallint", "-32768"),
    "2147483647::integer": ("integer", "2147483647"),
    "(-9223372036854775808)::bigint": ("bigint", "-9223372036854775808"),
    "255::utinyint": ("smallint", "255"),
    "65535::usmallint": ("integer", "65535"),
    "4294967295::uinteger": ("bigint", "4294967295"),
    "18446744073709551615::ubigint": ("numeric(20,0)", "18446744073709551615"),
    "0.1::float": ("real", "0.1"),
    "(1/3)::double": ("double precision", "0.3333333333333333"),
    "5e-324::double": ("double precision", "5e-324"),
    "'nan'::double": ("double precision", "NaN"),
    "'-inf'::double": ("double precision", "-Infinity"),
    "12.50::decimal(12, 2)": ("numeric(12,2)", "12.50"),
    "(-0.000001)::decimal(38, 6)": ("numeric(38,6)", "-0.000001"),
    "date '0001-01-01'": ("date", "0001-01-01"),
    "timestamp '2024-02-29 23:59:59.123456'": (
        "timestamp without time zone",
        "2024-02-29 23:59:59.123456",
    ),
    "timestamp_ns '2024-02-29 00:00:00.123456789'": (
        "timestamp without time zone",
        "2024-02-29 00:00:00.123457",
    ),
    "timestamptz '2024-02-29 00:00:00+05'": (
        "timestamp with time zone",
        "2024-02-28 19:00:00+00",
    ),
    "'long text'::varchar": ("text", "long text"),
    "time '12:30:00'": ("text", "12:30:00"),
    "[1, 2]": ("text", "[1, 2]"),
    "{'a': 'b'}": ("text", "{'a': b}"),
    "uuid '6b0e4b0e-0000-4000-8000-000000000000'": ("text", "6b0e4b0e-0000-4000-8000-000000000000"),
}


def test_types_match(database, raw, run):
    columns = ", ".join(f"{value} as c{number}" for number, value in enumerate(TYPES))
    duckdb.execute(f"copy (select {columns}) to '{raw}/t.parquet' (format parquet)")
    assert run("load")[0] == 0
    database.execute(f"alter database {database.name} set timezone = 'UTC'")
    types = database.rows(
        "select format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = 'raw.t'::regclass and attnum > 0 order by attnum"
    )
    values = ", ".join(f"c{number}::text" for number in range(len(TYPES)))
    [loaded] = database.rows(f"select {values} from raw.t")
    assert dict(zip(TYPES, zip([t for (t,) in types], loaded, strict=True), strict=True)) == TYPES


def test_absent_source_is_empty_and_typed_and_reloads_keep_the_table(database, raw, run):
    (raw / "t.csv").write_text("id\n1\n")
    status, out, _ = run("load")
    assert status == 0
    assert "raw.accounts  0 rows  no file, made empty" in out
    assert "raw.t  1 rows  data/raw/t.csv" in out
    typed = "select attname, format_type(atttypid, atttypmod) from pg_attribute"
    typed += " where attrelid = 'raw.accounts'::regclass and attnum > 0 order by attnum"
    assert database.rows(typed) == [("account_id", "text"), ("amount", "double precision")]

    # A reload with the same columns keeps the table, and so the views that read it.
    database.execute("create schema staging; create view staging.seen as select * from raw.t")
    (raw / "t.csv").write_text("id\n2\n3\n")
    assert run("load")[0] == 0
    assert database.rows("select id from staging.seen order by id") == [("2",), ("3",)]
    assert database.rows("select count(*) from pg_stats where schemaname = 'raw'") != [(0,)]


def test_changed_columns_take_along_views_of_earlier_builds_only(database, raw, run):
    (raw / "t.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    database.execute(
        """
        create schema staging__next; create schema intermediate;
        create view staging__next.seen as select * from raw.t;
        create view intermediate.seen as select * from staging__next.seen;
        """
    )
    (raw / "t.csv").write_text("id,x\n1,a\n")
    assert run("load")[0] == 0
    assert database.rows("select id, x from raw.t") == [("1", "a")]
    assert database.rows("select to_regclass('intermediate.seen')") == [(None,)]

    database.execute("create schema mine; create view mine.seen as select * from raw.t")
    (raw / "t.csv").write_text("id,y\n1,a\n")
    status, _, err = run("load")
    assert (status, err.count("\n")) == (1, 1)
    assert "the view mine.seen reads raw.t" in err
    assert database.rows("select x from mine.seen") == [("a",)]


def test_tables_follow_their_files(database, raw, run):
    (raw / "accounts.csv").write_text("account_id,amount\n1,2\n")
    (raw / "t.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    (raw / "accounts.csv").unlink()
    (raw / "t.csv").rename(raw / "u.csv")
    assert run("load")[0] == 0
    tables = "select relname from pg_class where relnamespace = 'raw'::regnamespace order by 1"
    assert database.rows(tables) == [("accounts",), ("u",)]
    assert database.rows("select count(*) from raw.accounts") == [(0,)]


def test_tables_of_others_are_neither_dropped_nor_replaced(database, raw, run):
    database.execute(
        "create schema raw; create table raw.accounts as select 1 as mine;"
        " create view raw.theirs as select * from raw.accounts"
    )
    (raw / "t.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    (raw / "theirs.csv").write_text("id\n1\n")
    (raw / "t.csv").write_text("id\n2\n")
    status, out, err = run("load")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "raw.theirs is there already and was not made by `customer-health load`" in err
    assert database.rows("select mine, id from raw.theirs, raw.t") == [(1, "1")]


def breaks_at_the_end(raw: Path) -> Path:
    """A file that is broken where it ends."""
    path = raw / "z.csv"
    path.write_text("id,x\n" + "1,a\n" * 400_000 + "2,b,c\n")
    return path


def has_nul(raw: Path) -> Path:
    path = raw / "z.csv"
    path.write_bytes(b"id,x\n1,a\n2,b\x00c\n")
    return path


@pytest.mark.parametrize(
    ("break_file", "complaint"),
    [(breaks_at_the_end, "cannot be read"), (has_nul, "has a NUL character in a text (row 2)")],
)
def test_file_that_does_not_load_changes_nothing(database, raw, run, break_file, complaint):
    (raw / "a.csv").write_text("id\n1\n")
    (raw / "old.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    (raw / "a.csv").write_text("id,x\n1,2\n")
    (raw / "old.csv").unlink()
    path = break_file(raw)
    status, out, err = run("load")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"customer-health: {path.relative_to(raw.parents[1])} ")
    assert complaint in err
    assert database.rows("select a.id, old.id from raw.a, raw.old") == [("1", "1")]
    assert database.rows("select to_regclass('raw.z')") == [(None,)]


def test_names_are_in_lower_case_and_short_enough(database, raw, run):
    (raw / "T.csv").write_text('Account_ID,"odd "" name, with %s"\n1,a\n')
    assert run("load")[0] == 0
    assert database.rows('select account_id, "odd "" name, with %s" from raw.t') == [("1", "a")]
    (raw / "T.csv").write_text(f"{'ü' * 32}\n1\n")
    status, _, err = run("load")
    assert (status, err.count("\n")) == (1, 1)
    assert "longer than the 63 bytes that Postgres takes" in err


def test_reader_of_raw_is_waited_for_and_named(database, raw, run, monkeypatch):
    (raw / "t.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    monkeypatch.setattr(quiet, "LIMIT_SECONDS", 1.0)
    with closing(database.connect()) as reader:
        query(reader, "begin; select * from raw.t")
        status, _, err = run("load")
        assert (status, err.count("\n")) == (1, 1)
        assert f"server process {reader.info.backend_pid} (user customer_health" in err
        assert "uses raw.t, so nothing was loaded" in err
    assert run("load")[0] == 0


# ---- Publish


def make_next(marker: int) -> str:
    """The statements that make a set whose every mart says `marker`, one of them as a view."""
    return f"""
        create table intermediate__next.stored as select {marker} as marker;
        create table marts__next.first as select {marker} as marker from generate_series(1, 100);
        create table marts__next.second as select {marker} as marker;
        create view marts__next.seen as select marker from intermediate__next.stored;
        create table quality__next.rejected_rows as select {marker} as marker;
        create view staging__next.accounts as select {marker} as marker;
    """


def publish(database: Database, marker: int, more: str = "") -> None:
    """Build a set by hand and publish it as a build does."""
    current = engine()
    with current.locked():
        current.prepare()
        database.execute(make_next(marker) + more)
        current.publish(Path())


def markers(connection: Any) -> list[tuple]:
    """What a reader finds in the three marts at once."""
    return query(
        connection,
        "select distinct first.marker, second.marker, seen.marker"
        " from marts.first, marts.second, marts.seen",
    )


def let_in(database: Database) -> None:
    with closing(database.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute(f"alter role bi_reader login password '{READERS_PASSWORD}'")


def test_set_takes_the_place_of_the_old_one(database):
    publish(database, 1)
    assert database.schemas() == ["intermediate", "marts", "quality", "staging"]
    publish(database, 2, "create table marts__next.third as select 2 as marker;")
    assert database.schemas() == ["intermediate", "marts", "quality", "staging"]
    with closing(database.connect()) as connection:
        assert markers(connection) == [(2, 2, 2)]
        assert query(connection, "select * from marts.third") == [(2,)]
        assert query(connection, "select * from quality.rejected_rows") == [(2,)]


def test_reader_may_read_the_marts_and_nothing_else(database, raw, run):
    (raw / "t.csv").write_text("id\n1\n")
    assert run("load")[0] == 0
    for marker in (1, 2):
        publish(database, marker)
        let_in(database)
        with closing(database.reader()) as reader:
            assert markers(reader) == [(marker, marker, marker)]
            for hidden in (
                "raw.t",
                "quality.rejected_rows",
                "staging.accounts",
                "intermediate.stored",
            ):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    query(reader, f"select * from {hidden}")
            for change in (
                "delete from marts.first",
                "create table marts.mine as select 1",
                "drop table marts.first",
            ):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    query(reader, change)


READER = """
import sys, time, psycopg2

connection = psycopg2.connect(user="bi_reader", password=sys.argv[2])
connection.autocommit = True
cursor = connection.cursor()


def rows(sql):
    cursor.execute(sql)
    return cursor.fetchall()


def join():
    [found] = rows(
        "select distinct first.marker, second.marker, seen.marker"
        " from marts.first, marts.second, marts.seen"
    )
    return set(found)


def one_after_the_other(begin, marts):
    cursor.execute(begin)
    found = set()
    for mart in marts:
        found |= {marker for (marker,) in rows(f"select distinct marker from marts.{mart}")}
        time.sleep(0.005)
    cursor.execute("commit")
    return found


def transaction():
    return one_after_the_other("begin", ("seen", "second", "first"))


def repeatable_read():
    return one_after_the_other("begin isolation level repeatable read", ("first", "seen"))


def prepared():
    if not rows("select 1 from pg_prepared_statements"):
        cursor.execute(
            "prepare pair as select distinct seen.marker, first.marker from marts.first, marts.seen"
        )
    [found] = rows("execute pair")
    return set(found)


read = globals()[sys.argv[1]]
seen, longest = [], 0.0
print("reading", flush=True)
while not rows("select to_regclass('public.stop') is not null")[0][0]:
    started = time.monotonic()
    found = read()
    longest = max(longest, time.monotonic() - started)
    assert len(found) == 1, f"a mixture of sets: {found}"
    seen += found
assert seen == sorted(seen), "an older set came back"
print(len(seen), len(set(seen)), longest)
"""

WAYS = ("join", "transaction", "repeatable_read", "prepared")


def test_readers_see_neither_errors_nor_mixtures(database):
    """Readers of every kind read without a pause while one set after the other is published."""
    publish(database, 0)
    let_in(database)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, way, READERS_PASSWORD],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for way in WAYS
    ]
    for reader in readers:
        assert reader.stdout.readline() == "reading\n"
    for marker in range(1, SWAPS + 1):
        publish(database, marker)
    assert database.rows("select max(marker) from marts.second") == [(SWAPS,)]
    database.execute("create table public.stop ()")
    for way, reader in zip(WAYS, readers, strict=True):
        out, err = reader.communicate(timeout=60)
        assert reader.returncode == 0, f"{way}: {err}"
        reads, sets, longest = map(float, out.split())
        assert reads > SWAPS, f"{way} read too little"
        assert sets > SWAPS // 4, f"{way} saw too few sets"
        assert longest < 10, f"{way} waited too long"


def test_lingering_reader_is_named_and_keeps_the_old_set(database, monkeypatch):
    publish(database, 1)
    let_in(database)
    monkeypatch.setattr(quiet, "LIMIT_SECONDS", 1.5)
    with closing(database.reader()) as lingering, closing(database.reader()) as other:
        query(lingering, "begin; select * from marts.second")
        started = time.monotonic()
        with pytest.raises(UserError) as refused:
            publish(database, 2)
        assert time.monotonic() - started < 10
        sentence = str(refused.value)
        assert f"server process {lingering.info.backend_pid} (user bi_reader" in sentence
        assert "uses marts.second" in sentence
        assert "`customer-health publish --target postgres`" in sentence
        # Nobody else waits, and the one who lingers goes on undisturbed.
        assert markers(other) == [(1, 1, 1)]
        assert markers(lingering) == [(1, 1, 1)]
    current = engine()
    with current.locked():
        current.publish(Path())
    with closing(database.connect()) as connection:
        assert markers(connection) == [(2, 2, 2)]


def test_nobody_waits_long_behind_a_publish_that_waits(database):
    publish(database, 1)
    let_in(database)
    waits = []
    with closing(database.reader()) as lingering, closing(database.reader()) as other:
        query(lingering, "begin; select * from marts.first")
        publisher = threading.Thread(target=publish, args=(database, 2))
        publisher.start()
        for _ in range(40):
            started = time.monotonic()
            assert markers(other) == [(1, 1, 1)]
            waits.append(time.monotonic() - started)
            time.sleep(0.05)
        query(lingering, "commit; select 1")
        publisher.join(30)
        assert markers(other) == [(2, 2, 2)]
    assert 0.1 < max(waits) < 1.0, "nobody was held up at all, or somebody for too long"


def test_marts_of_another_build_are_refused(database):
    current = engine()
    with current.locked():
        current.prepare()
        stamp = "create table marts__next.build_info as select 'a'::text as invocation_id;"
        database.execute(make_next(1) + stamp)
        with pytest.raises(UserError, match="are stamped with the build a, and the dbt build that"):
            current.publish(Path(), Publishing(build="b"))
        current.publish(Path(), Publishing(build="a"))


@pytest.mark.parametrize("limit", [3, 4])
def test_publish_needs_few_connections(database, limit):
    publish(database, 1)
    with closing(database.superuser()) as connection, connection.cursor() as cursor:
        # One is this test's, one holds the lock of builds.
        cursor.execute(f"alter role customer_health connection limit {limit}")
        try:
            publish(database, 2, "create table marts__next.more (); analyze")
            publish(database, 3)
        finally:
            cursor.execute("alter role customer_health connection limit -1")
    with closing(database.connect()) as connection:
        assert markers(connection) == [(3, 3, 3)]


def test_without_a_role_and_the_right_to_create_it_only_the_grants_are_missing(database, capsys):
    with closing(database.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute("alter role customer_health nocreaterole")
        try:
            publish(database, 1)
        finally:
            cursor.execute("alter role customer_health createrole")
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert 'run `create role "bi_reader"`' in err
    with closing(database.connect()) as connection:
        assert markers(connection) == [(1, 1, 1)]


def test_grants_stay_as_the_administrator_left_them(database):
    publish(database, 1)
    database.execute(
        "create role partner; grant usage on schema marts to partner;"
        "grant select (marker) on marts.first to partner; grant select on marts.seen to partner;"
        "grant select on marts.second to public; revoke select on marts.first from bi_reader"
    )
    before = granted(database)
    assert ("first", "partner", "SELECT marker") in before
    assert ("first", "bi_reader", "SELECT") not in before
    try:
        publish(database, 2, "create table marts__next.third as select 2 as marker;")
        assert granted(database) == {*before, ("third", "bi_reader", "SELECT")}
        database.execute("revoke usage on schema marts from bi_reader")
        publish(database, 3)
        assert granted(database) == before - {("", "bi_reader", "USAGE")}
    finally:
        with closing(database.superuser()) as connection, connection.cursor() as cursor:
            cursor.execute("drop owned by partner; drop role partner")


def test_private_marts_are_granted_only_by_an_administrator(database):
    """The manifest is as dbt writes it for the setting customer_health_private_marts."""
    build_info = {
        "resource_type": "model",
        "schema": "marts__next",
        "alias": "build_info",
        "config": {"materialized": "table", "meta": {"private_marts": ["second", "third"]}},
    }
    Path("target").mkdir()
    Path("target/manifest.json").write_text(json.dumps({"nodes": {"build_info": build_info}}))
    stamped = "create table marts__next.build_info as select 1 as marker;"
    publish(database, 1, stamped)
    everything = {("", "USAGE"), ("build_info", "SELECT"), ("first", "SELECT"), ("seen", "SELECT")}
    assert reading(database) == everything
    database.execute("grant select on marts.second to bi_reader")
    publish(database, 2, f"{stamped} create table marts__next.third as select 2 as marker;")
    assert reading(database) == {*everything, ("second", "SELECT")}


def reading(database: Database) -> set[tuple[str, str]]:
    """What bi_reader may do in marts: the relation or '', the privilege."""
    return {
        (relation, privilege)
        for relation, role, privilege in granted(database)
        if role == "bi_reader"
    }


def granted(database: Database) -> set[tuple[str, str, str]]:
    """What others than the owner may do in marts: the relation or '', the role, the privilege."""
    return set(
        database.rows(
            """
            with acls as (
                select '' as relation, '' as column_name, nspowner as owner, nspacl as acl
                from pg_namespace where nspname = 'marts'
                union all
                select relname, '', relowner, relacl
                from pg_class where relnamespace = 'marts'::regnamespace
                union all
                select relname, ' ' || attname, relowner, attacl
                from pg_attribute inner join pg_class on attrelid = pg_class.oid
                where relnamespace = 'marts'::regnamespace
            )
            select relation, coalesce(rolname, 'public'), privilege_type || column_name
            from acls cross join aclexplode(acl) left join pg_roles on pg_roles.oid = grantee
            where grantee <> owner
            """
        )
    )


def test_role_of_another_name_and_grants_by_others(database, capsys, monkeypatch):
    monkeypatch.setenv("CUSTOMER_HEALTH_READER", "Odd reader")
    database.execute('create schema raw; create role "Odd reader"')
    database.execute('grant usage on schema raw to "Odd reader"')
    try:
        publish(database, 1)
        assert capsys.readouterr().err == (
            "The role Odd reader may use the schema raw, which is not meant for it.\n"
        )
        assert database.rows(
            "select has_table_privilege('Odd reader', 'marts.first', 'select')"
        ) == [(True,)]
    finally:
        with closing(database.superuser()) as connection, connection.cursor() as cursor:
            cursor.execute('drop owned by "Odd reader"; drop role "Odd reader"')


@pytest.mark.parametrize(
    ("before", "more", "complaint"),
    [
        (
            "create schema marts; create table marts.mine ()",
            "",
            "the schema marts of the database",
        ),
        (
            "create schema raw; create table raw.t ()",
            "create view marts__next.leak as select from raw.t",
            r"marts__next\.leak reads raw, which is not for readers",
        ),
        (
            "",
            "create view intermediate__next.between as select * from quality__next.rejected_rows;"
            "create view marts__next.leak as select * from intermediate__next.between",
            r"marts__next\.leak reads quality__next",
        ),
    ],
    ids=["schema of others", "raw", "quality by way of another view"],
)
def test_set_that_must_not_be_published(database, before, more, complaint):
    if before:
        database.execute(before)
    with pytest.raises(UserError, match=complaint):
        publish(database, 1, more)
    assert database.rows("select to_regclass('marts.first')") == [(None,)]


def test_views_of_others_over_the_marts_are_named_before_a_build(database):
    publish(database, 1)
    database.execute("create schema mine; create view mine.seen as select * from marts.seen")
    with pytest.raises(UserError, match=r"the view mine\.seen reads the published set"):
        publish(database, 2)
    assert database.rows("select marker from mine.seen") == [(1,)]


def test_leftovers_of_killed_builds_go(database):
    publish(database, 1)
    database.execute(
        """
        create schema marts__previous; create table marts__previous.first ();
        create schema marts__next; create table marts__next.half ();
        create schema staging__next; create view staging__next.half as select * from marts.first;
        """
    )
    publish(database, 2)
    assert database.schemas() == ["intermediate", "marts", "quality", "staging"]
    assert database.rows("select to_regclass('marts.half')") == [(None,)]


def test_publish_without_a_new_set(database):
    publish(database, 1)
    current = engine()
    with pytest.raises(UserError, match="there are no new marts in marts__next"), current.locked():
        current.publish(Path())


# ---- The command line


def marts(database: Database) -> list[tuple]:
    return database.rows(
        "select distinct first.marker, second.marker from marts.first, marts.second"
    )


def test_build_publishes_and_keeps_the_old_set_when_it_fails(database, accounts):
    first = finish("build")
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.splitlines()[-1].startswith("Published     schema marts of the database")
    assert marts(database) == [("one", "one")]

    failed = finish("build", "--vars", "{marker: wrong}")
    assert failed.returncode == 1
    assert last_line(failed).startswith("customer-health: test accepted_values_first_marker")
    assert last_line(failed).endswith("nothing was published, the last good marts stay.")
    assert marts(database) == [("one", "one")]
    refused = finish("publish")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the last dbt build did not pass" in last_line(refused)

    part = finish("build", "--vars", "{marker: two}", "--select", "+first")
    assert part.returncode == 1
    assert "left out 1 of the project's models and tests" in last_line(part)
    assert "the first is model.small.second" in last_line(part)
    assert finish("publish").returncode == 1
    assert marts(database) == [("one", "one")]

    second = finish("build", "--vars", "{marker: two}")
    assert second.returncode == 0, second.stdout + second.stderr
    assert marts(database) == [("two", "two")]


def test_publish_after_plain_dbt(database, accounts):
    assert finish("load").returncode == 0
    dbt = str(Path(sys.executable).with_name("dbt"))
    subprocess.run([dbt, "build", "--quiet"], check=True, capture_output=True)
    published = finish("publish")
    assert (published.returncode, published.stderr) == (0, "")
    assert "2 tables, 0 views" in published.stdout
    assert marts(database) == [("one", "one")]


def test_publish_wants_a_build_of_the_same_target(database, accounts, monkeypatch):
    assert finish("build").returncode == 0
    monkeypatch.setenv("CUSTOMER_HEALTH_TARGET", "duckdb")
    refused = finish("publish")
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert "was of the target postgres on postgres, not of duckdb on duckdb" in refused.stderr


def test_second_build_at_once_gives_one_sentence(database, accounts):
    # Two that start beside it must not find it done, on a busy machine either.
    slow = start("build", "--vars", "{seconds: 20}")
    wait_for_sleep(database)
    for second in [start("build"), start("load")]:
        out, err = second.communicate(timeout=120)
        assert (second.returncode, out, err.count("\n")) == (1, "", 1)
        assert f"process {slow.pid} (user customer_health, server process" in err
        assert "is at work on the database" in err
    out, err = slow.communicate(timeout=120)
    assert slow.returncode == 0, out + err
    assert marts(database) == [("one", "one")]


def wait_for_sleep(database: Database) -> None:
    """Wait until the model that sleeps is being built."""
    deadline = time.monotonic() + 60
    sleeping = "select 1 from pg_stat_activity where wait_event = 'PgSleep'"
    while not database.rows(sleeping):
        assert time.monotonic() < deadline, "the build did not come to the model that sleeps"
        time.sleep(0.05)


def test_build_after_a_killed_one_works(database, accounts):
    assert finish("build").returncode == 0
    killed = start("build", "--vars", "{seconds: 3, marker: two}")
    wait_for_sleep(database)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert "marts__next" in database.schemas()
    assert marts(database) == [("one", "one")]
    # The server still runs the statement of the dead; it is waited for.
    after = finish("build", "--vars", "{marker: two}")
    assert after.returncode == 0, after.stdout + after.stderr
    assert marts(database) == [("two", "two")]
    assert database.schemas() == ["intermediate", "marts", "quality", "raw", "staging"]


KILLS = 6


def test_publish_killed_at_any_moment_leaves_a_whole_set(database, accounts):
    """Kill a process that publishes over and over; the marts are whole, and it can go on."""
    publisher = """
import sys
from pathlib import Path
from test_postgres import engine, make_next
number = int(sys.argv[1])
print("started", flush=True)
while True:
    current = engine()
    with current.locked():
        current.prepare()
        current._session.execute(make_next(number))
        current.publish(Path())
"""
    moments = random.Random(SEED)
    publish(database, 0)
    for number in range(1, KILLS + 1):
        arguments = [sys.executable, "-c", publisher, str(number)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout.readline() == "started\n"
        time.sleep(moments.uniform(0.1, 0.8))
        process.kill()
        process.communicate()
        with closing(database.connect()) as connection:
            [found] = markers(connection)
        assert len(set(found)) == 1
        assert found[0] in (number - 1, number)
        wait_until_free(database)
        publish(database, number)
    assert database.schemas() == ["intermediate", "marts", "quality", "staging"]


def wait_until_free(database: Database) -> None:
    """Wait until the server has noticed that the holder of the lock is dead."""
    deadline = time.monotonic() + 10
    while database.rows("select 1 from pg_locks where locktype = 'advisory' and granted"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("command", ["build", "load", "publish"])
@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("PGPASSWORD", "wrong", "refuses the password of the user customer_health"),
        ("PGPASSWORD", "", "asks for a password of the user customer_health"),
        ("PGPORT", "1", "does not answer (Connection refused)"),
        ("PGHOST", "nowhere.invalid", "does not answer (could not translate host name"),
        ("PGDATABASE", "nowhere", "has no database nowhere"),
        ("PGUSER", "nobody", "refuses the password of the user nobody"),
    ],
)
def test_no_connection_gives_one_sentence(
    database, accounts, run, monkeypatch, command, variable, value, complaint
):
    monkeypatch.setattr("customer_health.cli.require_passed_build", lambda *_: None)
    monkeypatch.setenv(variable, value)
    status, out, err = run(command)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("customer-health: Postgres at ")
    assert complaint in err


def test_missing_right_to_create_schemas_is_named(database, accounts, run):
    with closing(database.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute(f"alter database {database.name} owner to postgres")
        status, out, err = run("load")
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert "the user customer_health may not create schemas" in err
        assert f'grant create on database "{database.name}" to "customer_health"' in err
        cursor.execute("create schema raw authorization customer_health")
        assert run("load")[0] == 0
        status, _, err = run("build")
        assert status == 1
        assert "the user customer_health may not create schemas" in err.splitlines()[-1]


def test_missing_right_in_raw_is_named(database, accounts, run):
    with closing(database.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute("create schema raw")
        status, out, err = run("load")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "lacks a right" in err
    assert "permission denied for schema raw" in err


def test_server_that_goes_away_gives_one_sentence(database, accounts):
    build = start("build", "--vars", "{seconds: 30}")
    wait_for_sleep(database)
    with closing(database.superuser()) as connection:
        query(
            connection,
            "select pg_terminate_backend(pid) from pg_stat_activity"
            f" where datname = '{database.name}' and pid <> pg_backend_pid()",
        )
    _, err = build.communicate(timeout=120)
    assert build.returncode == 1
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("customer-health: ")


def test_package_that_is_not_installed_is_named(database, accounts):
    without = "import sys; sys.modules['dbt.adapters.postgres'] = None;"
    code = f"{without} from customer_health.cli import main; sys.exit(main(['load']))"
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (
        1,
        "",
        "customer-health: dbt-postgres is not installed; run `make env TARGET=postgres`.\n",
    )


def test_profile_elsewhere_and_settings_that_are_not_there(database, accounts, run, monkeypatch):
    Path("elsewhere").mkdir()
    profiles = Path("profiles.yml").read_text(encoding="utf-8")
    Path("elsewhere/profiles.yml").write_text(profiles.replace("small:", "other:", 1))
    monkeypatch.setenv("CUSTOMER_HEALTH_TARGET", "duckdb")
    arguments = ("--profiles-dir", "elsewhere", "--profile", "other", "--target", "postgres")
    assert run("load", *arguments)[0] == 0
    assert database.rows("select count(*) from raw.accounts") == [(2,)]
    monkeypatch.delenv("PGUSER")
    status, _, err = run("load", *arguments)
    assert (status, err.count("\n")) == (1, 1)
    assert "elsewhere/profiles.yml: Env var required but not provided: 'PGUSER'" in err
    monkeypatch.setenv("DBT_PROFILES_DIR", "elsewhere")
    status, _, err = run("load", "--target", "oracle", "--profile", "other")
    assert "does not have a target named 'oracle'" in err
