"""Start a real Postgres server or Spark cluster on loopback, and stop it for certain.

Tests use the context managers; a contributor who wants a server to build against runs

    python tests/engines/servers.py postgres
    python tests/engines/servers.py spark

which prints what to export and stays until Ctrl-C. Both servers take free ports, keep everything in
one folder, and raise ServerUnavailable with one sentence where their programs are not installed.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

HOST = "127.0.0.1"
USER = "customer_health"

# A loaded machine starts a JVM in ten seconds and more; these are limits, not pauses.
POSTGRES_START_SECONDS = 60
SPARK_START_SECONDS = 180
STOP_SECONDS = 20

PR_SET_PDEATHSIG = 1

# Debian keeps the programs of each version apart and out of PATH.
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")

# The data live as long as the test: nothing needs to survive a crash. All else is the default of
# a server as it is installed.
POSTGRES_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": HOST,
    "unix_socket_directories": "",
}

# Driver 1 GB, two executors of 768 MB, three small daemons: about 4 GB resident in all.
DAEMON_MEMORY = "192m"
DRIVER_MEMORY = "1g"
EXECUTOR_MEMORY = "768m"
WORKER_MEMORY = "1g"

# The master of a driver without workers, and the driver's memory: a third less work, and what
# statements return does not hang on who computes it.
ALONE, ALONE_MEMORY = "local[1]", "2g"

# One core each, for minutes: threads that collect garbage beside the work cost memory, and the last
# step of compiling costs more time than it saves. Without that step Java keeps 48 MB of compiled
# code, and spent a tenth of a build on compiling anew what it threw away. Spark evaluates what it
# does not compile (below) by recursion, and the scorecard's expressions are deep.
JAVA_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -Xss8m"

SPARK_SETTINGS = {
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
    "spark.executor.memory": EXECUTOR_MEMORY,
    "spark.executor.cores": "1",
    "spark.executor.extraJavaOptions": JAVA_OPTIONS,
    "spark.ui.enabled": "false",
    "spark.master.rest.enabled": "false",
    "spark.sql.catalogImplementation": "hive",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    # Few rows and many statements: making Java programs of each took a third of a build.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.hadoop.hive.server2.thrift.bind.host": HOST,
    # Derby comes without the metastore's tables.
    "spark.hadoop.datanucleus.schema.autoCreateAll": "true",
    "spark.hadoop.hive.metastore.schema.verification": "false",
    # A dead worker is noticed, and a statement that nobody works on ends, within the test's time.
    "spark.network.timeout": "60s",
    "spark.executor.heartbeatInterval": "5s",
    "spark.sql.thriftServer.queryTimeout": "900s",
}

# Which worker and executor registered is read from the logs; the rest of Spark is talkative.
SPARK_LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
logger.deploy.name = org.apache.spark.deploy
logger.deploy.level = info
logger.backend.name = org.apache.spark.scheduler.cluster
logger.backend.level = info
"""


class ServerUnavailable(Exception):
    """A server cannot be started on this machine. Its text is one sentence that says why."""


def skip_without(error: ServerUnavailable) -> NoReturn:
    """Skip the running test for want of a server; fail it where CI lets nothing skip."""
    import pytest

    if os.environ.get("CUSTOMER_HEALTH_REQUIRE_ENGINES"):
        pytest.fail(str(error), pytrace=False)
    pytest.skip(str(error))


# --------------------------------------------------------------------------------------------
# Processes
# --------------------------------------------------------------------------------------------


@dataclass
class Process:
    """A server's process with whatever it starts itself, in a process group of its own."""

    name: str
    log_file: Path
    popen: subprocess.Popen[bytes]
    is_gone: bool = False

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        log_file: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: str | None = None,
    ) -> Process:
        """Start a command that writes to `log_file`, as the OS user `user` if one is given."""
        as_user: dict[str, Any] = {}
        if user is not None:
            as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
        with log_file.open("ab") as log:
            popen = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                cwd=folder,
                # Ctrl-C in the terminal reaches us alone; we stop the servers in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
                **as_user,
            )
        return cls(name, log_file, popen)

    @property
    def is_running(self) -> bool:
        """Whether the process itself (not what it started) is alive."""
        return self.popen.poll() is None

    def kill(self) -> None:
        """End the whole group at once, as `kill -9` does, and wait until it is gone."""
        # The number of a group that is gone may be somebody else's by now.
        if self.is_gone:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self.is_gone = True

    def stop(self, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        """Ask the process to end; kill what is left of its group. Say so if it had ended before."""
        if not self.is_gone and not self.is_running:
            print(
                f"{self.name} ended by itself with status {self.popen.returncode}", file=sys.stderr
            )
        try:
            with suppress(ProcessLookupError):
                self.popen.send_signal(stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(STOP_SECONDS)
        finally:
            self.kill()

    def wait_until(self, is_ready: Callable[[], bool], seconds: float) -> None:
        """Wait until the server answers; raise RuntimeError with the end of its log if it fails."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not self.is_running:
                self._fail(f"ended with status {self.popen.returncode}")
            if time.monotonic() > deadline:
                self._fail(f"did not answer within {seconds:.0f} s")
            time.sleep(0.1)

    def _fail(self, what: str) -> NoReturn:
        log = self.log_file.read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"{self.name} {what}; the end of {self.log_file}:\n{log[-3000:]}")


def _die_with_parent() -> None:
    """Let Linux end this process with the one that started it, even if that one is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections on a port of the loopback interface."""
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


# --------------------------------------------------------------------------------------------
# Postgres
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PostgresServer:
    """A running server. `user` owns `database` and may create roles, but is no superuser."""

    port: int
    password: str
    superuser_password: str
    log_file: Path
    host: str = HOST
    user: str = USER
    database: str = USER
    superuser: str = "postgres"

    def environment(self) -> dict[str, str]:
        """Return what the target `postgres` and every Postgres client read."""
        return self._environment(self.user, self.password)

    def superuser_environment(self) -> dict[str, str]:
        """Return the same for the superuser."""
        return self._environment(self.superuser, self.superuser_password)

    def _environment(self, user: str, password: str) -> dict[str, str]:
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": user,
            "PGPASSWORD": password,
            "PGDATABASE": self.database,
        }


@contextmanager
def postgres_server(folder: Path) -> Iterator[PostgresServer]:
    """Run a Postgres server with an empty database; its log is `folder`/postgres.log.

    The data lie in a temporary folder that the server's OS user can reach, which a test's own
    folder often is not. Raises ServerUnavailable.
    """
    programs = _postgres_programs()
    if importlib.util.find_spec("psycopg2") is None:
        raise ServerUnavailable("psycopg2 is not installed; run `make env TARGET=postgres`")
    folder.mkdir(parents=True, exist_ok=True)
    # Postgres refuses to run as root.
    user = _unprivileged_user() if os.geteuid() == 0 else None
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="customer_health_postgres_"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        if user is not None:
            shutil.chown(home, user)
        server = PostgresServer(
            port=free_port(),
            password=secrets.token_urlsafe(12),
            superuser_password=secrets.token_urlsafe(12),
            log_file=folder / "postgres.log",
        )
        data = _create_cluster(programs, home, server, user)
        settings = {**POSTGRES_SETTINGS, "port": str(server.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = Process.start(
            "the Postgres server",
            [programs / "postgres", "-D", data, *options],
            server.log_file,
            folder=home,
            user=user,
        )
        # SIGINT is Postgres' fast shutdown: it does not wait for clients to leave.
        stack.callback(process.stop, signal.SIGINT)
        process.wait_until(lambda: _accepts_superuser(server), POSTGRES_START_SECONDS)
        _create_database(server)
        yield server


def _postgres_programs() -> Path:
    """Return the folder that holds initdb and postgres, the newest version first."""
    folders = []
    if configured := shutil.which("pg_config"):
        told = subprocess.run([configured, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(told.stdout.strip()))
    installed = DEBIAN_POSTGRES.glob("*/bin")
    folders += sorted(installed, key=lambda path: float(path.parent.name), reverse=True)
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise ServerUnavailable(
        "there is no PostgreSQL server on this machine; on Debian run `apt-get install postgresql`"
    )


def _unprivileged_user() -> str:
    """Return the OS user that a server started by root runs as."""
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise ServerUnavailable("Postgres refuses to run as root, and there is no OS user postgres")


def _create_cluster(programs: Path, home: Path, server: PostgresServer, user: str | None) -> Path:
    """Run initdb in `home` and return the data folder."""
    password_file = home / "password"
    password_file.write_text(server.superuser_password, encoding="utf-8")
    if user is not None:
        shutil.chown(password_file, user)
    data = home / "data"
    command = [
        *(str(programs / "initdb"), "--pgdata", str(data), "--encoding", "UTF8"),
        *("--username", server.superuser, "--pwfile", str(password_file)),
        *("--auth", "scram-sha-256", "--no-sync"),
    ]
    # Servers mostly sort by a language, not by bytes: so does this one where it can.
    if "--icu-locale" in _output([str(programs / "initdb"), "--help"]):
        command += ["--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US"]
    with server.log_file.open("ab") as log:
        process = Process.start("initdb", command, server.log_file, folder=home, user=user)
        try:
            status = process.popen.wait()
        finally:
            process.kill()
            log.flush()
    password_file.unlink()
    if status != 0:
        raise RuntimeError(f"initdb failed:\n{server.log_file.read_text(encoding='utf-8')[-3000:]}")
    return data


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _accepts_superuser(server: PostgresServer) -> bool:
    import psycopg2

    try:
        _connect_superuser(server).close()
    except psycopg2.OperationalError:
        return False
    return True


def _connect_superuser(server: PostgresServer) -> Any:
    import psycopg2

    return psycopg2.connect(
        host=server.host,
        port=server.port,
        user=server.superuser,
        password=server.superuser_password,
        dbname="postgres",
        connect_timeout=5,
    )


def _create_database(server: PostgresServer) -> None:
    """Create the user and the database that it owns."""
    connection = _connect_superuser(server)
    # `create database` refuses to run in a transaction.
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(
            f"create role {server.user} login createrole nosuperuser password %s",
            (server.password,),
        )
        cursor.execute(f"create database {server.database} owner {server.user}")
    connection.close()


# --------------------------------------------------------------------------------------------
# Spark
# --------------------------------------------------------------------------------------------


@dataclass
class SparkCluster:
    """A running standalone cluster: a master, workers, and the thrift server as its driver.

    Without workers there is no master either: the driver does the work itself.
    """

    folder: Path
    port: int
    home: Path
    master_port: int
    processes: ExitStack
    settings: Mapping[str, str] = field(default_factory=dict)
    worker_count: int = 0
    workers: list[Process] = field(default_factory=list)
    host: str = HOST
    user: str = USER

    def environment(self) -> dict[str, str]:
        """Return what the target `spark` reads."""
        return {
            "CUSTOMER_HEALTH_SPARK_HOST": self.host,
            "CUSTOMER_HEALTH_SPARK_PORT": str(self.port),
            "CUSTOMER_HEALTH_SPARK_USER": self.user,
        }

    def kill_worker(self, number: int) -> None:
        """End a worker (0 is the first that was started) and its executors as `kill -9` does."""
        self.workers[number].kill()

    def kill_all_workers(self) -> None:
        """End all workers and executors: the driver is left without anybody to work for it."""
        for worker in self.workers:
            worker.kill()

    def start_worker(self) -> None:
        """Add a worker of one core and wait until the master has registered it."""
        registered = self._registered_workers()
        worker = self._launch_worker()
        worker.wait_until(lambda: self._registered_workers() > registered, SPARK_START_SECONDS)

    @property
    def master_url(self) -> str:
        """The address of the master for workers and drivers."""
        return f"spark://{HOST}:{self.master_port}" if self.worker_count else ALONE

    @property
    def log_folder(self) -> Path:
        """The folder of the logs: master.log, worker_<n>.log, thrift_server.log."""
        return self.folder / "logs"

    def start(self) -> None:
        """Start everything, and wait until all workers are registered and a statement answered."""
        self._configure()
        if self.worker_count:
            master = self._launch_master()
            master.wait_until(lambda: is_listening(self.master_port), SPARK_START_SECONDS)
        # The driver starts slowest and needs no workers for it.
        server = self._launch_thrift_server()
        for _ in range(self.worker_count):
            self._launch_worker()
        for worker in self.workers:
            worker.wait_until(
                lambda: self._registered_workers() >= self.worker_count, SPARK_START_SECONDS
            )
        server.wait_until(lambda: is_listening(self.port), SPARK_START_SECONDS)
        server.wait_until(self._answers, SPARK_START_SECONDS)

    def _launch_master(self) -> Process:
        command = [
            *("org.apache.spark.deploy.master.Master", "--host", HOST),
            *("--port", str(self.master_port), "--webui-port", "0"),
        ]
        return self._launch("spark-class", "master", command)

    def _launch_worker(self) -> Process:
        name = f"worker_{len(self.workers)}"
        command = [
            *("org.apache.spark.deploy.worker.Worker", "--host", HOST, "--webui-port", "0"),
            *("--cores", "1", "--memory", WORKER_MEMORY),
            *("--work-dir", str(self.folder / name), self.master_url),
        ]
        worker = self._launch("spark-class", name, command)
        self.workers.append(worker)
        return worker

    def _launch_thrift_server(self) -> Process:
        command = [
            *("--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"),
            *("--master", self.master_url, "--name", "customer_health", "spark-internal"),
        ]
        memory = DRIVER_MEMORY if self.worker_count else ALONE_MEMORY
        return self._launch("spark-submit", "thrift_server", command, memory)

    def _configure(self) -> None:
        """Write the configuration and make the folders."""
        (self.folder / "conf").mkdir(parents=True)
        for name in ("logs", "local", "temporary"):
            (self.folder / name).mkdir()
        metastore = self.folder / "metastore"
        settings = {
            **SPARK_SETTINGS,
            **self.settings,
            "spark.sql.warehouse.dir": str(self.folder / "warehouse"),
            "spark.hadoop.hive.exec.scratchdir": str(self.folder / "temporary"),
            "spark.hadoop.javax.jdo.option.ConnectionURL": (
                f"jdbc:derby:;databaseName={metastore};create=true"
            ),
            "spark.hadoop.hive.server2.thrift.port": str(self.port),
            "spark.driver.extraJavaOptions": (
                f"{JAVA_OPTIONS} -Dderby.system.durability=test"
                f' "-Dderby.system.home={self.folder}"'
                f' "-Djava.io.tmpdir={self.folder / "temporary"}"'
            ),
        }
        lines = [f"{name} {value}\n" for name, value in settings.items()]
        conf = self.folder / "conf"
        (conf / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
        (conf / "log4j2.properties").write_text(SPARK_LOGGING, encoding="utf-8")

    def _launch(
        self, program: str, name: str, command: Sequence[str], memory: str = DAEMON_MEMORY
    ) -> Process:
        # A configuration that the user has for another cluster must not reach this one.
        foreign = ("SPARK_", "HADOOP_", "HIVE_", "YARN_", "PYSPARK_")
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(foreign)},
            "SPARK_HOME": str(self.home),
            "SPARK_CONF_DIR": str(self.folder / "conf"),
            "SPARK_LOCAL_IP": HOST,
            "SPARK_PUBLIC_DNS": HOST,
            "SPARK_LOCAL_DIRS": str(self.folder / "local"),
            "SPARK_NO_DAEMONIZE": "1",
            # Spark counts the thrift server among the daemons: this sets the driver's memory too.
            "SPARK_DAEMON_MEMORY": memory,
            "SPARK_DAEMON_JAVA_OPTS": JAVA_OPTIONS,
        }
        process = Process.start(
            f"Spark's {name}",
            [self.home / "bin" / program, *command],
            self.log_folder / f"{name}.log",
            environment,
            self.folder,
        )
        self.processes.callback(process.stop)
        return process

    def _registered_workers(self) -> int:
        log = (self.log_folder / "master.log").read_text(encoding="utf-8", errors="replace")
        return log.count("Registering worker ")

    def _answers(self) -> bool:
        from pyhive import hive
        from thrift.transport.TTransport import TTransportException

        try:
            with hive.connect(host=self.host, port=self.port, username=self.user) as connection:
                cursor = connection.cursor()
                cursor.execute("select count(*) from range(0, 10, 1, 2)")
                return cursor.fetchall() == [(10,)]
        except TTransportException:
            return False


@contextmanager
def spark_cluster(
    folder: Path, workers: int = 0, settings: Mapping[str, str] | None = None
) -> Iterator[SparkCluster]:
    """Run Spark with a Hive catalog in `folder`; its logs are in `folder`/logs.

    Each worker has one core; without workers the driver works alone. `settings` are Spark's, beside
    SPARK_SETTINGS. Raises ServerUnavailable.
    """
    home = _spark_home()
    folder = folder.absolute()
    with ExitStack() as processes:
        cluster = SparkCluster(
            folder, free_port(), home, free_port(), processes, settings or {}, workers
        )
        cluster.start()
        yield cluster


def _spark_home() -> Path:
    """Return the folder of PySpark, which holds the whole of Spark."""
    pyspark = importlib.util.find_spec("pyspark")
    if pyspark is None or pyspark.origin is None or importlib.util.find_spec("pyhive") is None:
        raise ServerUnavailable("PySpark and PyHive are not installed; run `make env TARGET=spark`")
    java_home = os.environ.get("JAVA_HOME", "")
    if shutil.which("java") is None and not (Path(java_home) / "bin" / "java").is_file():
        raise ServerUnavailable(
            "there is no Java on this machine; on Debian run `apt-get install default-jre-headless`"
        )
    return Path(pyspark.origin).parent


# --------------------------------------------------------------------------------------------
# The command
# --------------------------------------------------------------------------------------------

SERVERS = {"postgres": postgres_server, "spark": spark_cluster}


def stop_on_sigterm() -> None:
    """Let SIGTERM end this process the way Ctrl-C does, so that servers are stopped."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def main() -> int:
    """Start one server, print what to export, stay until Ctrl-C; return the exit status."""
    parser = argparse.ArgumentParser(description="Start a server to build against.")
    parser.add_argument("engine", choices=SERVERS)
    engine = parser.parse_args().engine
    stop_on_sigterm()
    folder = Path(tempfile.mkdtemp(prefix=f"customer_health_{engine}_"))
    try:
        with SERVERS[engine](folder) as server:
            environment = {"CUSTOMER_HEALTH_TARGET": engine, **server.environment()}
            for name, value in environment.items():
                print(f"export {name}={shlex.quote(value)}")
            print(f"# The logs are in {folder}. Ctrl-C stops the server.", flush=True)
            while True:
                time.sleep(3600)
    except ServerUnavailable as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
