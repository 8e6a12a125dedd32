"""Sets of schemas in Spark: dbt builds one that nobody reads, and the views in `marts` turn to it.

The views turn one after the other, so that a reader of two marts may meet both sets for a moment.
The old set stays until the next build, for whoever still reads it. Sets are numbered, and no number
comes again: a session that has read a table knows its files by its name, and a statement that
outlived a killed build writes into a set of its own.
"""

import re
from collections.abc import Collection
from pathlib import Path

from customer_health.engines import (
    GUARDED_MARTS,
    Publishing,
    refuse_other_build,
    refuse_shrunken,
)
from customer_health.engines.spark.session import Session, name, text
from customer_health.errors import UserError
from customer_health.progress import say
from customer_health.project import built_relations
from customer_health.schemas import BUILD_INFO, LAYERS, MARTS, in_set

MARK = "Made by customer-health build"

# A view of ours; whatever else is in `marts` is left alone.
OURS = re.compile(rf"^View Text: select \* from `{MARTS}__(\w+)`\.", re.MULTILINE)

# A schema of a set of ours.
IN_SET = re.compile(rf"(?:{'|'.join(LAYERS)})__(\d+)")


def prepare(session: Session) -> str:
    """Drop the sets that nobody reads, make the schemas in which dbt builds; return their set."""
    read = published(session)
    if len(read) > 1:
        words = " and ".join(sorted(read))
        say(f"A publish was cut short: until the next, the views in {MARTS} read the sets {words}.")
    chosen = _free(session)
    for schema, set_ in _in_sets(session).items():
        if set_ not in read:
            session.execute(f"drop schema {name(schema)} cascade")
    for layer in LAYERS:
        session.execute(f"create schema {name(in_set(layer, chosen))} comment {text(MARK)}")
    return chosen


def publish(session: Session, project: Path, target: str, publishing: Publishing) -> int:
    """Let the views in `marts` read the set that dbt built; return their number."""
    built = built_relations(project)
    new = _built_set(session, built)
    _require_whole(session, built)
    if publishing.build:
        stamps = f"select invocation_id from {name(in_set(MARTS, new), BUILD_INFO)}"
        refuse_other_build(session.rows(stamps), publishing)
    marts = sorted(session.relations(in_set(MARTS, new)))
    session.execute(f"create schema if not exists {MARTS} comment {text(MARK)}")
    present = session.relations(MARTS)
    refuse_shrunken(
        _guarded(session, MARTS, present), _guarded(session, in_set(MARTS, new), marts), publishing
    )
    own = {view for view, told in present.items() if OURS.search(told)}
    for mart in marts:
        if mart in present.keys() - own:
            raise UserError(
                f"{MARTS}.{mart} is there already on {session.server} and was not made by"
                " `customer-health`; rename or drop it"
            )
    for number, mart in enumerate(marts):
        try:
            _turn(session, mart, new)
        except UserError as error:
            raise UserError(
                f"{number} of {len(marts)} marts show the new figures, then {error}; run"
                f" `customer-health publish --target {target}` when that is mended"
            ) from error
    for gone in sorted(own - set(marts)):
        session.execute(f"drop view {name(MARTS, gone)}")
    return len(marts)


def published(session: Session) -> set[str]:
    """Return the sets that the views in `marts` read: one, none at first, two after an accident."""
    if MARTS not in session.schemas():
        return set()
    return {found[1] for told in session.relations(MARTS).values() if (found := OURS.search(told))}


def _in_sets(session: Session) -> dict[str, str]:
    """Return the schemas of all sets and the set of each."""
    return {schema: found[1] for schema in session.schemas() if (found := IN_SET.fullmatch(schema))}


def _free(session: Session) -> str:
    """Return a set that was never there: the published one is the highest, or below those left."""
    return str(max(map(int, _in_sets(session).values()), default=0) + 1)


def _guarded(session: Session, schema: str, marts: Collection[str]) -> dict[str, int]:
    """Return the rows of the guarded ones of the marts of a schema."""
    return {
        mart: session.rows(f"select count(*) from {name(schema, mart)}")[0][0]
        for mart in GUARDED_MARTS.keys() & set(marts)
    }


def _built_set(session: Session, built: set[tuple[str, str]]) -> str:
    """Return the set that dbt's last command built."""
    sets = {found[1] for schema, _ in built if (found := IN_SET.fullmatch(schema))}
    if len(sets) != 1:
        raise UserError(
            f"the last dbt command built no set that can be published on {session.server}; run"
            f" `customer-health build`, or dbt with CUSTOMER_HEALTH_SET={_free(session)}"
        )
    return sets.pop()


def _require_whole(session: Session, built: set[tuple[str, str]]) -> None:
    """Raise UserError if the set lacks anything that a whole build makes."""
    there = session.schemas()
    for schema in sorted({schema for schema, _ in built}):
        known = session.relations(schema).keys() if schema in there else set()
        missing = sorted({relation for home, relation in built if home == schema} - known)
        if missing:
            raise UserError(
                f"the new set lacks {schema}.{missing[0]}, so only a part of it was built; run"
                " `customer-health build` without a selection"
            )


def _turn(session: Session, mart: str, new: str) -> None:
    """Let the view of a mart read the new set, with the comments of what it reads."""
    source = name(in_set(MARTS, new), mart)
    described = session.rows(f"describe extended {source}")
    # The columns end where the details of the table begin, after an empty line.
    end = next(place for place, (first, *_) in enumerate(described) if not first)
    columns = ", ".join(
        name(column) + (f" comment {text(comment)}" if comment else "")
        for column, _, comment in described[:end]
    )
    details = {key: value for key, value, *_ in described[end:]}
    comment = f" comment {text(details['Comment'])}" if details.get("Comment") else ""
    session.execute(
        f"create or replace view {name(MARTS, mart)} ({columns}){comment} as select * from {source}"
    )
