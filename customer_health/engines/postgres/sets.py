"""Sets of schemas in Postgres: dbt builds one, and one transaction puts it in the published place.

dbt builds `marts__next` and its siblings, which are then renamed to `marts` and so on. Views go
along, since Postgres binds them to tables and not to names. Readers see the old set or the new one,
whole, in a statement as in a transaction: whoever has read a mart holds the renaming off until the
transaction ends, and whoever comes meanwhile waits a moment and finds the new marts. (As after a
TRUNCATE, a transaction of level REPEATABLE READ whose snapshot is older than the new marts finds
them empty, if it had read none of the old ones.)
"""

from pathlib import Path

from psycopg2 import errors

from customer_health.engines import (
    GUARDED_MARTS,
    Publishing,
    refuse_other_build,
    refuse_shrunken,
)
from customer_health.engines.postgres.quiet import alone_with, without_readers
from customer_health.engines.postgres.session import PREVIOUS, SETS, Session
from customer_health.errors import UserError
from customer_health.progress import say
from customer_health.project import built_relations, private_marts
from customer_health.schemas import BUILD_INFO, LAYERS, MARTS, NEXT, QUALITY, RAW, in_set
from customer_health.sql import identifier, literal, qualified

# The comment by which a later build knows which schemas it may replace.
MARK = "Made by customer-health build"

# Who may do what in a schema: relation (NULL for the schema itself), column (NULL for all of them),
# role (NULL for public).
GRANTS = """
with acls as (
    select null as relation, null as column_name, nspowner as owner, nspacl as acl
    from pg_namespace where oid = to_regnamespace(%s)
    union all
    select relname, null, relowner, relacl from pg_class where relnamespace = to_regnamespace(%s)
    union all
    select relname, attname, relowner, attacl
    from pg_attribute inner join pg_class on attrelid = pg_class.oid
    where relnamespace = to_regnamespace(%s) and not attisdropped
)
select relation, column_name, rolname, privilege_type, is_grantable
from acls
cross join lateral aclexplode(acl)
left join pg_roles on pg_roles.oid = grantee
where grantee <> owner and (grantee = 0 or rolname is not null)
"""

# So long a publish waits for whoever still uses the set that it has replaced.
DROP_LIMIT_SECONDS = 10.0


def prepare(session: Session) -> None:
    """Drop what an earlier build left, and make the schemas in which dbt builds."""
    layers = _layers(session)
    _refuse_foreign(session, layers)
    _drop(session, layers, PREVIOUS)
    _drop(session, layers, NEXT)
    for layer in LAYERS:
        session.create_schema(in_set(layer, NEXT))


def publish(
    session: Session, project: Path, readers: str, target: str, publishing: Publishing
) -> None:
    """Put the new set, readable for the role `readers`, in the place of the published one."""
    built = built_relations(project)
    suffix = in_set("", NEXT)
    layers = _layers(session)
    layers |= {schema.removesuffix(suffix) for schema, _ in built if schema.endswith(suffix)}
    _check(session, built)
    if publishing.build:
        stamps = f"select invocation_id from {qualified(in_set(MARTS, NEXT), BUILD_INFO)}"
        refuse_other_build(session.rows(stamps), publishing)
    refuse_shrunken(_guarded(session, MARTS), _guarded(session, in_set(MARTS, NEXT)), publishing)
    _refuse_foreign(session, layers)
    _drop(session, layers, PREVIOUS)
    _tidy(session, layers)
    _grant(session, layers, readers, private_marts(project))
    aim = (
        "the new marts could not take the place of the old ones, which stay; let it end, or end it"
        " with `select pg_terminate_backend(<process>)`, then run `customer-health publish --target"
        f" {target}`"
    )
    with without_readers(session, MARTS, aim), session.transaction():
        _rename(session, layers)
    try:
        _drop(session, layers, PREVIOUS, DROP_LIMIT_SECONDS)
    except UserError as error:
        say(f"The new marts are published; the next build drops the old ones, since {error}.")


def _layers(session: Session) -> set[str]:
    """Return the layers of the project, and others that an earlier build has published."""
    return {*LAYERS, *(name for name, comment in session.schemas().items() if comment == MARK)}


def _refuse_foreign(session: Session, layers: set[str]) -> None:
    """Raise UserError if a schema to replace is not ours, or if views of others read it."""
    schemas = session.schemas()
    for layer in sorted(layers & schemas.keys()):
        if schemas[layer] != MARK and session.relations(layer):
            raise UserError(
                f"the schema {layer} of {session.database} is there already and would be replaced,"
                " but was not made by `customer-health build`; rename it, or allow that with"
                f" `comment on schema {layer} is {literal(MARK)}`"
            )
    for schema, view in session.readers(sorted(layers)):
        if schema not in layers | {in_set(layer, name) for layer in layers for name in SETS}:
            raise UserError(
                f"the view {schema}.{view} reads the published set, which every build replaces;"
                " drop the view, and make it again after the build"
            )


def _drop(session: Session, layers: set[str], name: str, limit: float | None = None) -> None:
    """Drop the schemas of a set. Of a published one, readers may still hold plans."""
    schemas = [in_set(layer, name) for layer in sorted(layers)]
    # Locking the views, too, would take rights on raw tables of others that they read.
    tables = [
        (schema, table)
        for schema in schemas
        for table, kind in session.relations(schema).items()
        if kind in "rp"
    ]
    names = ", ".join(map(identifier, schemas))

    def drop() -> None:
        session.execute(f"drop schema if exists {names} cascade")

    aim = f"{', '.join(schemas)} cannot be dropped; run this again when it is done"
    with alone_with(session, tables, drop, aim, limit):
        pass


def _check(session: Session, built: set[tuple[str, str]]) -> None:
    """Raise UserError if the new set is not whole, or if its marts show what is private."""
    marts = in_set(MARTS, NEXT)
    if not session.relations(marts):
        raise UserError(
            f"there are no new marts in {marts} of {session.database}; run `customer-health build`"
        )
    there = {(schema, name) for schema in session.schemas() for name in session.relations(schema)}
    if missing := sorted(built - there):
        raise UserError(
            f"the new set lacks {'.'.join(missing[0])}, so only a part of it was built; run"
            " `customer-health build` without a selection"
        )
    for private in (RAW, in_set(QUALITY, NEXT)):
        for schema, view in session.readers([private]):
            if schema == marts:
                raise UserError(
                    f"the view {schema}.{view} reads {private}, which is not for readers of the"
                    " marts; make a table of the view or of what it reads"
                )


def _guarded(session: Session, schema: str) -> dict[str, int]:
    """Return the rows of the guarded marts that are in a schema."""
    return {
        mart: session.rows(f"select count(*) from {identifier(schema)}.{identifier(mart)}")[0][0]
        for mart in GUARDED_MARTS.keys() & session.relations(schema).keys()
    }


def _tidy(session: Session, layers: set[str]) -> None:
    """Give the planner its figures, and autovacuum no reason to use the tables at the next swap."""
    schemas = [in_set(layer, NEXT) for layer in sorted(layers)]
    tables = [
        f"{identifier(schema)}.{identifier(name)}"
        for schema in schemas
        for name, kind in session.relations(schema).items()
        if kind == "r"
    ]
    if tables:
        session.execute(f"vacuum (analyze) {', '.join(tables)}")


def _grant(session: Session, layers: set[str], readers: str, private: set[str]) -> None:
    """Let the readers' role read the marts that are new and not private, and nothing else.

    Of marts that are published all grants stay as they are: what was revoked is not granted again.
    A role that has none at all is new, and may read every mart that is not private.
    """
    has_some = _carry_over(session, readers)
    role = identifier(readers)
    if not session.rows("select 1 from pg_roles where rolname = %s", readers):
        try:
            session.execute(f"create role {role} nologin")
        except errors.InsufficientPrivilege:
            say(
                f"There is no role {readers} to read the marts, and the user {session.user} may not"
                f" create it; let an administrator run `create role {role}`, then build again."
            )
            return
    marts = in_set(MARTS, NEXT)
    published = session.relations(MARTS) if has_some else {}
    if fresh := session.relations(marts).keys() - published.keys() - private:
        tables = ", ".join(f"{identifier(marts)}.{identifier(table)}" for table in sorted(fresh))
        session.execute(f"grant select on {tables} to {role}")
    if not has_some:
        session.execute(f"grant usage on schema {identifier(marts)} to {role}")
    there = session.schemas()
    hidden = [in_set(layer, NEXT) for layer in sorted(layers - {MARTS})]
    hidden = [schema for schema in hidden if schema in there]
    if hidden:
        names = ", ".join(map(identifier, hidden))
        session.execute(f"revoke all on schema {names} from public, {role}")
    for (schema,) in session.rows(
        "select nspname from pg_namespace where nspname = any(%s)"
        " and has_schema_privilege(%s, oid, 'usage') order by 1",
        [RAW, *hidden],
        readers,
    ):
        say(f"The role {readers} may use the schema {schema}, which is not meant for it.")


def _carry_over(session: Session, readers: str) -> bool:
    """Give the new marts the grants of the published ones; return whether `readers` has some."""
    new = in_set(MARTS, NEXT)
    tables = session.relations(new)
    columns = set(
        session.rows(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = %s",
            new,
        )
    )
    has_some = False
    for table, column, role, privilege, may_grant in session.rows(
        GRANTS, *(identifier(MARTS) for _ in range(3))
    ):
        has_some = has_some or role == readers
        place = f"schema {identifier(new)}"
        if table is not None:
            if table not in tables or (column is not None and (table, column) not in columns):
                continue
            place = f"{identifier(new)}.{identifier(table)}"
        what = privilege if column is None else f"{privilege} ({identifier(column)})"
        grantee = "public" if role is None else identifier(role)
        option = " with grant option" if may_grant else ""
        session.execute(f"grant {what} on {place} to {grantee}{option}")
    return has_some


def _rename(session: Session, layers: set[str]) -> None:
    """Exchange the names of both sets."""
    there = session.schemas()
    for layer in sorted(layers):
        plain, new = identifier(layer), in_set(layer, NEXT)
        if layer in there:
            previous = identifier(in_set(layer, PREVIOUS))
            session.execute(f"alter schema {plain} rename to {previous}")
        if new in there:
            session.execute(
                f"alter schema {identifier(new)} rename to {plain}",
                f"comment on schema {plain} is {literal(MARK)}",
            )
