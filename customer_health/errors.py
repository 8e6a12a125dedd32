"""Errors as one sentence: what is wrong, where, and what to do about it."""

import re

import duckdb

LOCK_HOLDER = re.compile(r"PID (\d+)")


class UserError(Exception):
    """A failure that the user can do something about. Its text is one sentence for the terminal."""


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text that says something, without a closing full stop."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__).rstrip(".")


def as_sentence(error: BaseException, doing: str) -> str:
    """Return the sentence for an error nobody expected, `doing` being what was under way.

    DuckDB's locks and full disks get their own words; anything else keeps DuckDB's first line.
    """
    text = str(error)
    if "Could not set lock" in text or "Conflicting lock" in text:
        holder = LOCK_HOLDER.search(text)
        who = f"process {holder.group(1)}" if holder else "another process"
        return f"{doing} failed: {who} has the file open; wait until it is done and run this again"
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"{doing} failed: out of memory or of disk space ({first_line(error)})"
    if isinstance(error, OSError) and error.strerror:
        return f"{doing} failed: {error.strerror} ({error.filename})"
    return f"{doing} failed: {first_line(error)}"
