"""Random draws as SQL expressions over a row number.

A draw depends on the row number, the seed and the name of its stream, and on nothing else: neither
the number of rows nor the threads nor the order in which they are computed.
"""

import hashlib
from collections.abc import Mapping, Sequence

from customer_health.sql import literal, literals


def bounded(value: str, low: str, high: str, spare: str) -> str:
    """Return `value` where it lies in [low, high], else a point between them.

    `spare` is a uniform; the point is log-uniform, so that no pile grows at either bound.
    """
    return (
        f"case when {value} between {low} and {high} then {value}"
        f" else {low} * power({high} * 1.0 / {low}, {spare}) end"
    )


def capped(value: str, high: str, spare: str) -> str:
    """Return `value` up to `high`, else a point in the upper part of what is allowed."""
    return f"case when {value} <= {high} then {value} else {high} * (.3 + .7 * {spare}) end"


class Draws:
    """The streams of one seed. Streams of different names are independent of each other.

    `row` is the expression of the row number, a whole number that is never NULL.
    """

    def __init__(self, seed: int, row: str = "n") -> None:
        self.seed = seed
        self.row = row

    def uniform(self, stream: str) -> str:
        """Return a double in (0, 1), never 0 and never 1."""
        digest = hashlib.blake2b(f"{self.seed}/{stream}".encode(), digest_size=8).digest()
        key = int.from_bytes(digest, "big")
        return f"((hash(xor({self.row}, {key}::ubigint)) >> 11)::double + 0.5) * power(2.0, -53)"

    def normal(self, stream: str) -> str:
        """Return a standard normal double (Box-Muller)."""
        radius, angle = self.uniform(f"{stream}/radius"), self.uniform(f"{stream}/angle")
        return f"sqrt(-2 * ln({radius})) * cos(2 * pi() * {angle})"

    def chance(self, stream: str, share: float) -> str:
        """Return a condition that holds for this share of the rows."""
        return f"{self.uniform(stream)} < {share}"

    def pick(self, stream: str, values: Sequence[str]) -> str:
        """Return one of the texts, all equally likely."""
        return f"({literals(values)})[1 + floor({self.uniform(stream)} * {len(values)})::integer]"

    def choose(self, stream: str, shares: Mapping[str, float]) -> str:
        """Return a label by share; NULL for the rest when the shares sum to less than 1."""
        return ladder(self.uniform(stream), shares)


def ladder(uniform: str, shares: Mapping[str, float]) -> str:
    """Return the CASE that turns a uniform into a label by cumulated share; NULL beyond them."""
    edge, rungs = 0.0, []
    for label, share in shares.items():
        edge += share
        rungs.append(f"when {uniform} < {edge:.6f} then {literal(label)}")
    return "case " + " ".join(rungs) + " end"
