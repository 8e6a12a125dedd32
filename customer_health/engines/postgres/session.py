"""A session of Postgres: one lock for all builds, errors as sentences, what a database holds."""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
from dbt.adapters.contracts.connection import Connection, Identifier
from dbt.adapters.exceptions import FailedToConnectError
from dbt.adapters.postgres.connections import PostgresConnectionManager
from psycopg2 import errors

from customer_health.errors import UserError, sentence
from customer_health.schemas import LAYERS, NEXT, RAW, in_set
from customer_health.sql import identifier

# The replaced set keeps this name until it is dropped, right after the new one has its place.
PREVIOUS = "previous"
SETS = (NEXT, PREVIOUS)

# The advisory lock of builds, loads and publishes in a database: the letters `custheal`.
LOCK_KEY = int.from_bytes(b"custheal")
# How often it is asked for while whoever had it is gone.
LOCK_ATTEMPTS = 50

NOT_CONNECTED = {
    "password authentication failed": "refuses the password of the user {user}; check PGPASSWORD",
    "no password supplied": "asks for a password of the user {user}; set PGPASSWORD",
    'FATAL: database "': "has no database {database}; create it, or check PGDATABASE",
    'FATAL: role "': "has no user {user}; create the role, or check PGUSER",
}

# Views and what they read: by the rule that makes a view, and again through that view.
READERS = """
with recursive readers (oid) as (
    select pg_class.oid
    from pg_class
    inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace
    where pg_namespace.nspname = any(%(schemas)s)
        and (pg_class.relname = %(name)s or %(name)s is null)
    union
    select pg_rewrite.ev_class
    from readers
    inner join pg_depend
        on pg_depend.refclassid = 'pg_class'::regclass
        and pg_depend.refobjid = readers.oid
        and pg_depend.classid = 'pg_rewrite'::regclass
    inner join pg_rewrite on pg_rewrite.oid = pg_depend.objid
)
select pg_namespace.nspname, pg_class.relname
from readers
inner join pg_class on pg_class.oid = readers.oid
inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace
where pg_class.relkind in ('v', 'm')
order by 1, 2
"""

HOLDER = """
select
    pg_stat_activity.pid,
    coalesce(pg_stat_activity.usename, pg_stat_activity.backend_type),
    to_char(pg_stat_activity.query_start, 'YYYY-MM-DD HH24:MI:SS TZ'),
    pg_namespace.nspname || '.' || pg_class.relname
from pg_locks
inner join pg_class on pg_class.oid = pg_locks.relation
inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace
inner join pg_stat_activity on pg_stat_activity.pid = pg_locks.pid
where pg_locks.granted
    and pg_locks.pid <> pg_backend_pid()
    and pg_locks.database = (select oid from pg_database where datname = current_database())
    and pg_namespace.nspname = any(%s)
order by pg_stat_activity.query_start nulls last, pg_stat_activity.pid
limit 1
"""

# An advisory lock shows its key as two halves.
BUILDER = """
select pg_stat_activity.pid, pg_stat_activity.usename, pg_stat_activity.application_name
from pg_locks
inner join pg_stat_activity on pg_stat_activity.pid = pg_locks.pid
where pg_locks.locktype = 'advisory'
    and pg_locks.granted
    and pg_locks.database = (select oid from pg_database where datname = current_database())
    and (pg_locks.classid::bigint << 32) + pg_locks.objid::bigint = %s
"""

# Relations in whose use others may be found.
OUR_SCHEMAS = [RAW, *LAYERS, *(in_set(layer, name) for layer in LAYERS for name in SETS)]

Name = tuple[str, str]


class Session:
    """A session of the target's database; statements commit by themselves unless `alone_with`."""

    _connection: Any = None

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self.user = credentials.user
        server = f"{credentials.host}:{credentials.port}"
        self.database = f"the database {credentials.database} at {server}"

    @contextmanager
    def locked(self) -> Iterator["Session"]:
        """Connect and hold the advisory lock of the database until the end.

        Whatever Postgres refuses meanwhile becomes a UserError.
        """
        self.open()
        try:
            self._take_lock()
            yield self
        except psycopg2.Error as error:
            raise self._as_user_error(error) from error
        finally:
            # The lock goes with the session, also when this process is killed; but the server ends
            # a session some time after its client.
            with suppress(psycopg2.Error):
                self.rows("select pg_advisory_unlock(%s)", LOCK_KEY)
            self.close()

    def open(self) -> None:
        """Connect as dbt does, so that every setting of the profile counts."""
        connection = Connection(
            type=Identifier("postgres"), name="customer_health", credentials=self._credentials
        )
        try:
            opened = PostgresConnectionManager.open(connection).handle
        except FailedToConnectError as error:
            raise self._not_connected(sentence(str(error))) from error
        # dbt has set a role, if the profile has one, in a transaction.
        opened.commit()
        opened.autocommit = True
        opened.set_client_encoding("UTF8")
        with opened.cursor() as cursor:
            # The session idles while dbt builds, and its own statements take as long as they take.
            cursor.execute(
                "select set_config(name, '0', false) from pg_settings where name in"
                " ('idle_session_timeout', 'idle_in_transaction_session_timeout',"
                " 'statement_timeout', 'lock_timeout')"
            )
            name = f"customer-health {socket.gethostname()} process {os.getpid()}"
            cursor.execute("select set_config('application_name', %s, false)", (name,))
        self._connection = opened

    def close(self) -> None:
        """Leave the server."""
        if self._connection is not None:
            self._connection.close()

    def another(self) -> "Session":
        """Return a second session of the same user, not yet open."""
        return Session(self._credentials)

    def _take_lock(self) -> None:
        who = "another session"
        for _ in range(LOCK_ATTEMPTS):
            [(taken,)] = self.rows("select pg_try_advisory_lock(%s)", LOCK_KEY)
            if taken:
                return
            if holders := self.rows(BUILDER, LOCK_KEY):
                [(pid, user, application), *_] = holders
                who = f"{application or 'another session'} (user {user}, server process {pid})"
                break
            # It ended between the two queries: the server closes a session after its client.
            time.sleep(0.1)
        raise UserError(f"{who} is at work on {self.database}; run this again when it is done")

    def _not_connected(self, message: str) -> UserError:
        """Return the sentence for a refused connection."""
        message = " ".join(message.split())
        credentials = self._credentials
        server = f"Postgres at {credentials.host}:{credentials.port}"
        for words, advice in NOT_CONNECTED.items():
            if words in message:
                advice = advice.format(user=credentials.user, database=credentials.database)
                return UserError(f"{server} {advice}")
        cause = message.rpartition("failed: ")[2].split(" Is the server running")[0]
        return UserError(f"{server} does not answer ({cause}); start it, or check PGHOST, PGPORT")

    def _as_user_error(self, error: psycopg2.Error) -> UserError:
        """Return the sentence for what Postgres says."""
        message = sentence(str(error))
        if self._connection.closed or error.pgcode is None:
            return UserError(
                f"the connection to {self.database} was lost ({message}); run this again"
            )
        if isinstance(error, errors.InsufficientPrivilege):
            return UserError(f"the user {self.user} lacks a right in {self.database}: {message}")
        return UserError(f"{self.database} says: {message}")

    # What it does

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query; each %s stands for one of the values."""
        with self.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall()

    def execute(self, *statements: str) -> None:
        """Run statements one after the other."""
        with self.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def cursor(self) -> Any:
        """Return a cursor of psycopg2."""
        return self._connection.cursor()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it."""
        self.execute("begin")
        with self.ending():
            yield

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Commit the transaction at the end, or roll it back on an error."""
        try:
            yield
        except BaseException:
            self.roll_back()
            raise
        self.execute("commit")

    def roll_back(self) -> None:
        """Undo the transaction; the server does it itself if the session is lost."""
        if not self._connection.closed:
            self.execute("rollback")

    # What the database holds

    def schemas(self) -> dict[str, str | None]:
        """Return the schemas and their comments."""
        return dict(
            self.rows("select nspname, obj_description(oid, 'pg_namespace') from pg_namespace")
        )

    def create_schema(self, name: str) -> None:
        """Create a schema."""
        try:
            self.execute(f"create schema {identifier(name)}")
        except errors.InsufficientPrivilege as error:
            raise UserError(
                f"the user {self.user} may not create schemas in {self.database}; let its owner run"
                f" `grant create on database {identifier(self._credentials.database)}"
                f" to {identifier(self.user)}`"
            ) from error

    def relations(self, schema: str) -> dict[str, str]:
        """Return the relations of a schema by name: r and p are tables, v views, m and f others."""
        return dict(
            self.rows(
                "select relname, relkind from pg_class where relnamespace = to_regnamespace(%s)"
                " and relkind in ('r', 'p', 'v', 'm', 'f') order by relname",
                identifier(schema),
            )
        )

    def readers(self, schemas: Sequence[str], name: str | None = None) -> list[Name]:
        """Return the views that read relations of the schemas (or the one so named) somehow."""
        with self.cursor() as cursor:
            cursor.execute(READERS, {"schemas": list(schemas), "name": name})
            return cursor.fetchall()

    def holder(self) -> str:
        """Return who uses our relations, as the beginning of a sentence."""
        for pid, user, since, relation in self.rows(HOLDER, OUR_SCHEMAS):
            moment = f", query since {since}" if since else ""
            return f"server process {pid} (user {user}{moment}) uses {relation}"
        return "another session uses the same relations"
