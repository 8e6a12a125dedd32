"""A session of Spark: one lock for all builds, errors as sentences, and what the catalog holds."""

import fcntl
import os
import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from dbt.adapters.contracts.connection import Connection, Identifier
from dbt.adapters.exceptions import FailedToConnectError
from dbt.adapters.spark.connections import CONNECTION_LOST_EXCEPTIONS, SparkConnectionManager

from customer_health.errors import UserError, sentence
from customer_health.files import is_alive

# The lock of builds, loads and publishes: the metastore lets only one of many create a schema. Its
# comment says who holds it.
LOCK = "customer_health_build"
HOLDER = re.compile(r"(?P<host>\S+) process (?P<process>\d+)")

# How often to ask whether a statement has ended; dbt's own five seconds are for long ones.
POLL_SECONDS = 0.1

CONDITION = re.compile(r"\[([A-Z_]+)")
SQLSTATE = re.compile(r"\s*SQLSTATE: \w{5}")


class Refused(UserError):
    """A statement that Spark did not run, with the name that Spark has for the reason."""

    def __init__(self, message: str, condition: str | None) -> None:
        super().__init__(message)
        self.condition = condition


class Session:
    """A session of the target's catalog. A statement has its effect at once."""

    _handle: Any = None

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self.server = f"Spark at {credentials.host}:{credentials.port}"
        self._me = f"{socket.gethostname()} process {os.getpid()}"

    @contextmanager
    def locked(self) -> Iterator["Session"]:
        """Connect and hold the lock of the catalog until the end."""
        self.connect()
        try:
            self._take_lock()
            try:
                yield self
            finally:
                self._release_lock()
        finally:
            self._close()

    def connect(self) -> None:
        """Connect as dbt does, so that every setting of the profile counts; anew if need be."""
        self._close()
        connection = Connection(
            type=Identifier("spark"), name="customer_health", credentials=self._credentials
        )
        try:
            self._handle = SparkConnectionManager.open(connection).handle
        except FailedToConnectError as error:
            raise UserError(self._not_connected(sentence(str(error)))) from error
        self._handle.poll_interval = POLL_SECONDS

    def _close(self) -> None:
        # A session that is lost cannot be closed, and need not be.
        with suppress(Exception):
            if self._handle is not None:
                self._handle.close()
        self._handle = None

    def _take_lock(self) -> None:
        if self._create_lock():
            return
        # Of several builds on this host that find the lock of a dead one, one takes it over.
        folder = os.open(tempfile.gettempdir(), os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            who = self._lock_holder()
            holder = HOLDER.fullmatch(who)
            if (
                holder is not None
                and holder["host"] == socket.gethostname()
                and not _lives(int(holder["process"]))
            ):
                self.execute(f"drop schema if exists {LOCK}")
                if self._create_lock():
                    return
                who = self._lock_holder()
        finally:
            os.close(folder)
        raise UserError(
            f"{who} is at work on {self.server}; run this again when it is done (if it was killed,"
            f" run `drop schema {LOCK}` there)"
        )

    def _create_lock(self) -> bool:
        """Create the schema that is the lock; return whether nobody else has it."""
        try:
            self.execute(f"create schema {LOCK} comment {text(self._me)}")
        except Refused as refusal:
            if refusal.condition == "SCHEMA_ALREADY_EXISTS":
                return False
            raise
        return True

    def _release_lock(self) -> None:
        # If the server is gone, the next build on this host finds nobody alive behind the lock.
        with suppress(UserError):
            # The session may have been lost while dbt built.
            self.connect()
            if self._lock_holder() == self._me:
                self.execute(f"drop schema {LOCK}")

    def _lock_holder(self) -> str:
        try:
            described = dict(row[:2] for row in self.rows(f"describe schema {LOCK}"))
        except Refused:
            return "another build"
        return described.get("Comment") or "another build"

    def _not_connected(self, message: str) -> str:
        if "Bad status" in message or "login" in message:
            return f"{self.server} refuses the user {self._credentials.user}; check the password"
        cause = message.removeprefix("failed to connect: ").removeprefix("TTransportException: ")
        return (
            f"{self.server} does not answer ({cause}); start its thrift server, or check"
            " CUSTOMER_HEALTH_SPARK_HOST and CUSTOMER_HEALTH_SPARK_PORT"
        )

    # What it does

    def execute(self, *statements: str) -> None:
        """Run statements one after the other."""
        for statement in statements:
            self._run(statement)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self._run(sql).fetchall()]

    def _run(self, statement: str) -> Any:
        try:
            cursor = self._handle.cursor()
            cursor.execute(statement)
        # Each way to connect has errors of its own.
        except Exception as error:
            if isinstance(error, CONNECTION_LOST_EXCEPTIONS):
                raise UserError(
                    f"the connection to {self.server} was lost ({error}); run this again"
                ) from error
            status = getattr(error.args[0] if error.args else None, "status", None)
            message = getattr(status, "errorMessage", None) or str(error)
            condition = CONDITION.search(message)
            said = SQLSTATE.sub("", sentence(message)).rstrip(".")
            raise Refused(
                f"{self.server} says: {said}", condition[1] if condition else None
            ) from error
        return cursor

    # What the catalog holds

    def schemas(self) -> set[str]:
        """Return the names of the schemas."""
        return {name for (name,) in self.rows("show schemas")}

    def relations(self, schema: str) -> dict[str, str]:
        """Return the tables and views of a schema, each described in lines `<Key>: <value>`."""
        rows = self.rows(f"show table extended in {name(schema)} like '*'")
        return {table: told for _, table, is_temporary, told in rows if not is_temporary}


def name(*parts: str) -> str:
    """Return a dotted, quoted name, such as `marts`.`accounts`."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def text(value: str) -> str:
    """Return a text as a literal of Spark, where a backslash escapes."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _lives(process: int) -> bool:
    """Whether another process of that number runs; one with our own number was before us."""
    return process != os.getpid() and is_alive(process)
