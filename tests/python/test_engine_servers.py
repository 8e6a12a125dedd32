"""The servers of the tests: who may connect to them, and that nothing of them stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engines import servers
from engines.servers import (
    PostgresServer,
    ServerUnavailable,
    postgres_server,
    skip_without,
    spark_cluster,
)

SCRIPT = Path(servers.__file__)
STOP_SECONDS = 20


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that another OS user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def ask(environment: dict[str, str], statement: str) -> tuple:
    """Return the row that a statement gives."""
    import psycopg2

    connection = psycopg2.connect(
        host=environment["PGHOST"],
        port=environment["PGPORT"],
        user=environment["PGUSER"],
        password=environment["PGPASSWORD"],
        dbname=environment["PGDATABASE"],
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    connection.close()
    assert row is not None
    return row


def test_user_owns_the_database_without_being_a_superuser(postgres: PostgresServer) -> None:
    statement = (
        "select rolsuper, rolcreaterole, datdba = pg_roles.oid from pg_roles"
        " inner join pg_database on datname = current_database() where rolname = current_user"
    )
    assert ask(postgres.environment(), statement) == (False, True, True)
    superuser = "select rolsuper from pg_roles where rolname = current_user"
    assert ask(postgres.superuser_environment(), superuser) == (True,)


def test_a_wrong_password_is_refused(postgres: PostgresServer) -> None:
    import psycopg2

    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        ask({**postgres.environment(), "PGPASSWORD": "wrong"}, "select 1")


def hear_interrupts() -> None:
    """Undo what a shell does to jobs in the background, and they hand on: to ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_server_ends_with_its_command(
    postgres: PostgresServer, open_folder: Path, sent: signal.Signals
) -> None:
    """Also when the command is killed and cannot stop it any more."""
    command = subprocess.Popen(
        [sys.executable, str(SCRIPT), "postgres"],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(open_folder)},
        text=True,
        preexec_fn=hear_interrupts,
    )
    assert command.stdout is not None
    environment = {}
    for line in command.stdout:
        if line.startswith("#"):
            break
        name, _, value = line.removeprefix("export ").strip().partition("=")
        environment[name] = value
    assert ask(environment, "select 1") == (1,)
    os.kill(command.pid, sent)
    command.wait(STOP_SECONDS)
    deadline = time.monotonic() + STOP_SECONDS
    while servers.is_listening(int(environment["PGPORT"])):
        assert time.monotonic() < deadline, "the server outlived its command"
        time.sleep(0.1)


def test_absent_programs_are_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(servers, "DEBIAN_POSTGRES", tmp_path)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ServerUnavailable, match="no PostgreSQL server"), postgres_server(tmp_path):
        pass
    with pytest.raises(ServerUnavailable, match=r"no Java|not installed"), spark_cluster(tmp_path):
        pass


def test_ci_fails_where_a_contributor_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ServerUnavailable("there is no Java on this machine")
    monkeypatch.delenv("CUSTOMER_HEALTH_REQUIRE_ENGINES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Java"):
        skip_without(error)
    monkeypatch.setenv("CUSTOMER_HEALTH_REQUIRE_ENGINES", "1")
    with pytest.raises(pytest.fail.Exception, match="no Java"):
        skip_without(error)
