"""A quiet moment: nobody uses certain relations, and whoever wants to waits until we are done.

Whoever asks for a table lock waits for those who use the table, and holds up all who come later. A
transaction that has read one table and now wants another would wait for us, while we wait for it:
Postgres would end it after `deadlock_timeout`. So we give up earlier, let everybody pass, and ask
again, until a moment comes in which nobody is in the middle of such a transaction.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from psycopg2 import errors

from customer_health.engines.postgres.session import Name, Session
from customer_health.errors import UserError
from customer_health.progress import SECONDS_BETWEEN_REPORTS, say
from customer_health.sql import qualified

# For so long a moment is looked for.
LIMIT_SECONDS = 300.0

# How long a request waits, time after time. Short ones come between the statements of transactions,
# long ones let a statement end. Nobody is held up for longer.
REQUESTS_SECONDS = (0.1, 0.1, 0.1, 0.5)

# So many sessions ask at once. If one asked for one table after the other, those who want them in
# another order would pile up behind it, each with a table that it still needs.
HELPERS = 8

# What a helper does. It waits for the others within its statement, so that its locks end with the
# statement's time limit on the server, however slow we are. By the advisory lock KEY the helpers
# know of each other.
KEY = int.from_bytes(b"lock")
REQUEST = """
do $request$
begin
    lock table {tables} in access exclusive mode;
    perform pg_advisory_xact_lock({key}, {number});
    while {count} > (
        select count(*) from pg_locks
        where locktype = 'advisory' and classid = {key} and objsubid = 2
            and database = (select oid from pg_database where datname = current_database())
    ) loop
        perform pg_sleep(0.005);
    end loop;
end
$request$
"""

USERS = """
select pg_class.relname, count(*)
from pg_locks
inner join pg_class on pg_class.oid = pg_locks.relation
where pg_locks.granted
    and pg_locks.pid <> pg_backend_pid()
    and pg_class.relnamespace = to_regnamespace(%s)
group by 1
"""

# Locking a view locks what it reads. Views and the tables below them are one request's, so that no
# two requests want the same.
VIEWS_AND_BELOW = """
with recursive below (oid) as (
    select oid from pg_class where relnamespace = to_regnamespace(%s) and relkind = 'v'
    union
    select pg_depend.refobjid
    from below
    inner join pg_rewrite on pg_rewrite.ev_class = below.oid
    inner join pg_depend
        on pg_depend.classid = 'pg_rewrite'::regclass
        and pg_depend.objid = pg_rewrite.oid
        and pg_depend.refclassid = 'pg_class'::regclass
)
select pg_class.relname
from below
inner join pg_class on pg_class.oid = below.oid
where pg_class.relnamespace = to_regnamespace(%s)
"""


@contextmanager
def alone_with(
    session: Session,
    relations: Sequence[Name],
    work: Callable[[], None],
    aim: str,
    limit: float | None = None,
) -> Iterator[None]:
    """Open a transaction of the session in a quiet moment of the relations, and begin with `work`.

    `work` may need more locks, such as those of views over the relations: it is undone and done
    again until it gets them at once. Raises UserError with whoever is in the way, and what cannot
    be done therefore (`aim`), when there is no such moment within `limit` seconds.
    """
    names = ", ".join(qualified(*name) for name in relations)
    request = f"lock table {names} in access exclusive mode" if names else "select"

    def lock(seconds: float) -> bool:
        return _begin_with(session, request, seconds, work)

    _patiently(session, lock, aim, LIMIT_SECONDS if limit is None else limit)
    with session.ending():
        yield


@contextmanager
def without_readers(session: Session, schema: str, aim: str) -> Iterator[None]:
    """Hold back whoever wants to read the schema, once nobody does; others keep the locks for it.

    Raises UserError as `alone_with` does.
    """
    relations = session.relations(schema)
    views = {name for (name,) in session.rows(VIEWS_AND_BELOW, schema, schema)}
    tables = [name for name, kind in relations.items() if kind in "rp" and name not in views]
    wanted = min(HELPERS, len(tables) + bool(views))
    if not wanted:
        yield
        return
    with ExitStack() as stack:
        helpers = _helpers(session, wanted, stack)
        pool = stack.enter_context(ThreadPoolExecutor(len(helpers)))

        def lock(seconds: float) -> bool:
            # What is in use is asked for first, so at once with all else in use.
            users = dict(session.rows(USERS, schema))
            parts = _parts(tables, views, len(helpers), lambda name: -users.get(name, 0))
            requests = [
                REQUEST.format(
                    tables=", ".join(qualified(schema, name) for name in part),
                    key=KEY,
                    number=number,
                    count=len(helpers),
                )
                for number, part in enumerate(parts)
            ]
            locked = list(pool.map(_begin_with, helpers, requests, itertools.repeat(seconds)))
            if not all(locked):
                for helper in itertools.compress(helpers, locked):
                    helper.execute("rollback")
            return all(locked)

        _patiently(session, lock, aim, LIMIT_SECONDS)
        yield


def _helpers(session: Session, wanted: int, stack: ExitStack) -> list[Session]:
    """Return open sessions, fewer if the server has no room; leaving the stack closes them."""
    helpers: list[Session] = []
    for _ in range(wanted):
        helper = session.another()
        try:
            helper.open()
        except UserError:
            if not helpers:
                raise
            break
        # Leaving the server ends the transaction, and with it the locks.
        stack.callback(helper.close)
        helpers.append(helper)
    return helpers


def _parts(
    tables: list[str], views: set[str], count: int, order: Callable[[str], int]
) -> list[list[str]]:
    """Deal the relations to the helpers, the views with the tables below them to one of them."""
    first = sorted(views, key=order)
    rest = sorted(tables, key=order)
    if not views:
        return [rest[start::count] for start in range(count)]
    if count == 1:
        return [first + rest]
    return [first, *(rest[start :: count - 1] for start in range(count - 1))]


def _patiently(session: Session, lock: Callable[[float], bool], aim: str, limit: float) -> None:
    """Repeat the request for locks until it is granted."""
    [(deadlock_timeout,)] = session.rows(
        "select setting::float / 1000 from pg_settings where name = 'deadlock_timeout'"
    )
    started = reported = time.monotonic()
    for request in itertools.cycle(REQUESTS_SECONDS):
        seconds = min(request, deadlock_timeout / 2)
        if lock(seconds):
            return
        now = time.monotonic()
        if now - started > limit:
            raise UserError(f"{session.holder()}, so {aim}")
        if now - reported > SECONDS_BETWEEN_REPORTS:
            say(f"Waiting: {session.holder()}.")
            reported = now
        time.sleep(seconds * random.uniform(0.1, 0.5))


def _begin_with(
    session: Session, request: str, seconds: float, work: Callable[[], None] = lambda: None
) -> bool:
    """Begin a transaction with a request for locks and `work`; if both take too long, undo them."""
    session.execute("begin")
    try:
        session.execute(f"set local statement_timeout = {_milliseconds(seconds)}", request)
        session.execute(
            "set local statement_timeout = 0",
            f"set local lock_timeout = {_milliseconds(min(REQUESTS_SECONDS))}",
        )
        work()
        session.execute("set local lock_timeout = 0")
    except (errors.QueryCanceled, errors.LockNotAvailable, errors.DeadlockDetected):
        session.execute("rollback")
        return False
    except BaseException:
        session.roll_back()
        raise
    return True


def _milliseconds(seconds: float) -> int:
    """Return a time as Postgres wants it; 0 would mean no limit."""
    return max(1, int(seconds * 1000))
