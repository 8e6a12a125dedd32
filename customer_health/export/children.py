"""Rows of a second stream handed out customer by customer, both streams being in the same order."""

from collections.abc import Iterator
from typing import Any


class Children:
    """The rows of one customer after the other; their second column is record_number."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, record_number: int) -> list[tuple[Any, ...]]:
        """Return the rows of a customer; customers are asked for in the order of the stream."""
        found = []
        row = self._next
        while row is not None and row[1] == record_number:
            found.append(row)
            row = next(self._rows, None)
        self._next = row
        return found
