"""Errors as one sentence: what is wrong, where, and what to do about it."""

import re

import duckdb

# What DuckDB puts before each of its messages.
KIND = re.compile(r"^(?:[A-Z][A-Za-z ]* Error|IO Error): ")
LOCK = re.compile(r'lock on file "(?P<file>[^"]+)".*?(?:PID (?P<holder>\d+)|$)', re.DOTALL)


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
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"{doing} failed: out of memory or of disk space ({first_line(error)})"
    if isinstance(error, OSError) and error.strerror:
        return f"{doing} failed: {error.strerror} ({error.filename})"
    return f"{doing} failed: {first_line(error)}"
