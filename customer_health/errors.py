"""Errors as one sentence: what is wrong, where, and what to do about it."""

import re

import duckdb

# What DuckDB puts before each of its messages.
KIND = re.compile(r"^(?:[A-Z][A-Za-z ]* Error|IO Error): ")
LOCK = re.compile(r'lock on file "(?P<file>[^"]+)".*?(?:PID (?P<holder>\d+)|$)', re.DOTALL)

# What surrounds the sentence in dbt's messages: the heading, the way there, engines' details.
HEADING = re.compile(r"^[A-Z]\w* Error( in .*)?$")
END_OF_CAUSE = re.compile(
    r"^(> |-{5}|LINE \d+:|compiled code |Candidate |Possible |Original )"
    r"|^(CONTEXT|DETAIL|HINT):|^at (java|org|scala)\.|^== SQL"
)
# Spark names each exception with its Java class, and a condition twice.
JAVA = re.compile(r"^(?:Error running query: |(?:[a-z]\w*\.)+[A-Z]\w*:\s*|\[[A-Z_.]+\] )+")

SHOWN_CHARACTERS = 40


class UserError(Exception):
    """A failure that the user can do something about. Its text is one sentence for the terminal."""


def first_line(error: BaseException) -> str:
    """Return what an error says first, without DuckDB's kind of error and a closing full stop."""
    lines = (KIND.sub("", line).strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__).rstrip(".")


def as_sentence(error: BaseException, doing: str) -> str:
    """Return the sentence for an error nobody expected, `doing` being what was under way.

    DuckDB's locks and full disks get their own words; anything else keeps DuckDB's first line.
    """
    lock = LOCK.search(str(error))
    if lock:
        who = f"process {lock['holder']}" if lock["holder"] else "another process"
        return f"{doing} failed: {who} has {lock['file']} open; run this again when it is done"
    if isinstance(error, (duckdb.OutOfMemoryException, MemoryError)):
        return f"{doing} failed: out of memory or of disk space ({first_line(error)})"
    if isinstance(error, OSError) and error.strerror:
        return f"{doing} failed: {error.strerror} ({error.filename})"
    return f"{doing} failed: {first_line(error)}"


def sentence(message: str) -> str:
    """Return what a message of dbt or Spark is about, without heading and way."""
    said: list[str] = []
    for line in map(str.strip, message.splitlines()):
        if HEADING.match(line) or (not line and not said):
            continue
        if not line or END_OF_CAUSE.match(line):
            break
        said.append(JAVA.sub("", line))
    text = " ".join(said).strip().removeprefix("customer_health: ").rstrip(".")
    return text or "dbt gave no reason"


def shortened(value: str) -> str:
    """Return a value of the user's data for a line of the terminal."""
    line = " ".join(value.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]} ..."
