"""Arithmetic behind the oracle: published rounding, quantiles, moments, confidence interval.

Scaled values and forecasts are doubles by definition, because that is what the engines compute
with. Everything that follows from published figures (totals, means, shares, quantiles) is
computed without rounding, on integers and fractions, and rounded once at the end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

LARGEST_EXACT_DOUBLE = 2**53
MICRO = 1_000_000
Z_95 = Decimal("1.959964")

Number = int | float | Decimal | Fraction


@lru_cache(maxsize=1024)
def exact(value: Number | str) -> Fraction:
    """The value as a fraction; a float stands for its written form, so 0.1 is one tenth.

    Made for configuration. A measured float is turned into a fraction by `Fraction(value)`.
    """
    return Fraction(str(value)) if isinstance(value, (float, str)) else Fraction(value)


def round_half_up(value: Number, places: int = 6) -> Decimal:
    """Round to `places` decimals, ties upwards.

    A double follows the published rule: whole part and rest apart, the rest as
    `floor(rest * 10^places + 0.5)` in doubles, which reads 0.0015625 as the tie it was meant to be.
    """
    scale = 10**places
    if isinstance(value, float):
        whole = math.floor(value)
        units = whole * scale + math.floor((value - whole) * scale + 0.5)
    else:
        units = math.floor(Fraction(value) * scale + Fraction(1, 2))
    return Decimal(units).scaleb(-places)


def distance_to_tie(value: float) -> float:
    """How far a double is from the nearest rounding tie, in millionths.

    A distance of about 1e-7 and less means that the order of the floating-point operations
    decides about the last published digit.
    """
    return abs((value * MICRO) % 1.0 - 0.5)


def quantile(values: Iterable[Number], probability: Number) -> float | None:
    """Continuous quantile: linear between the two neighbours, exact, as the nearest double."""
    ordered = sorted(values)
    if not ordered:
        return None
    position = exact(probability) * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    low, high = Fraction(ordered[below]), Fraction(ordered[above])
    return float(low + (position - below) * (high - low))


def linear_quantile(values: Iterable[Number], probability: float) -> float | None:
    """Continuous quantile in doubles, step by step: `lower + (upper - lower) * fraction`.

    For cut-offs that values are compared with: what a third of three places is, only the doubles
    say. A value among its ties comes back as it is.
    """
    ordered = sorted(float(value) for value in values)
    if not ordered:
        return None
    position = probability * (len(ordered) - 1)
    lower, upper = ordered[math.floor(position)], ordered[math.ceil(position)]
    return lower + (upper - lower) * (position - math.floor(position))


def in_micros(values: Iterable[Decimal]) -> list[int]:
    """Published values of six decimals as whole millionths."""
    return [int(value.scaleb(6)) for value in values]


def total(values: Iterable[Decimal | None]) -> Decimal | None:
    """Exact sum of the known values: 0 for no rows at all, None where every row is unknown."""
    rows = list(values)
    known = [value for value in rows if value is not None]
    return None if rows and not known else Decimal(sum(in_micros(known))).scaleb(-6)


def mean(values: Iterable[Decimal | None]) -> Fraction | None:
    """Exact mean of the known published values."""
    known = [value for value in values if value is not None]
    return Fraction(sum(in_micros(known)), MICRO * len(known)) if known else None


def ratio(numerator: Number | None, denominator: Number | None) -> Fraction | None:
    """Exact quotient; None where a part is unknown or the denominator is zero."""
    if numerator is None or denominator is None or denominator == 0:
        return None
    return Fraction(numerator) / Fraction(denominator)


def covariance(first: Sequence[Decimal], second: Sequence[Decimal]) -> Fraction | None:
    """Exact population covariance of published values."""
    count = len(first)
    if count == 0:
        return None
    lefts, rights = in_micros(first), in_micros(second)
    products = sum(left * right for left, right in zip(lefts, rights, strict=True))
    return Fraction(count * products - sum(lefts) * sum(rights), (count * MICRO) ** 2)


def square_root(value: Fraction, digits: int = 60) -> Decimal:
    """Square root of a fraction to `digits` significant digits."""
    with localcontext() as context:
        context.prec = digits
        return (Decimal(value.numerator) / Decimal(value.denominator)).sqrt()


def standard_deviation(values: Sequence[Decimal]) -> float | None:
    """Population standard deviation."""
    variance = covariance(values, values)
    return None if variance is None else float(square_root(variance))


def correlation(first: Sequence[Decimal], second: Sequence[Decimal]) -> float | None:
    """Pearson correlation; None where one of the two does not vary."""
    if not first:
        return None
    spread = covariance(first, first) * covariance(second, second)
    if spread == 0:
        return None
    with localcontext() as context:
        context.prec = 60
        shared = covariance(first, second)
        numerator = Decimal(shared.numerator) / Decimal(shared.denominator)
        return float(numerator / square_root(spread))


def wilson_interval(count: int, of: int) -> tuple[Decimal, Decimal] | tuple[None, None]:
    """Wilson 95 % interval of a share, rounded to six decimals."""
    if of == 0:
        return None, None
    with localcontext() as context:
        context.prec = 60
        n = Decimal(of)
        share = Decimal(count) / n
        z_squared = Z_95 * Z_95
        middle = share + z_squared / (2 * n)
        half = Z_95 * (share * (1 - share) / n + z_squared / (4 * n * n)).sqrt()
        scale = 1 + z_squared / n
        lower = Decimal(0) if count == 0 else (middle - half) / scale
        upper = Decimal(1) if count == of else (middle + half) / scale
    return round_half_up(lower), round_half_up(upper)


def f_statistic(groups: Sequence[Sequence[Decimal]]) -> Fraction | None:
    """F of a one-way analysis of variance over published values, exact.

    None for fewer than two groups, for as many groups as values, and where nothing varies inside
    the groups.
    """
    groups = [in_micros(group) for group in groups if group]
    count = sum(map(len, groups))
    if len(groups) < 2 or count == len(groups):
        return None
    squares = sum(value * value for group in groups for value in group)
    of_groups = sum(Fraction(sum(group) ** 2, len(group)) for group in groups)
    of_all = Fraction(sum(map(sum, groups)) ** 2, count)
    within = (squares - of_groups) / (count - len(groups))
    between = (of_groups - of_all) / (len(groups) - 1)
    return None if within == 0 else between / within


def paulson_p_value(statistic: Number, between: int, within: int) -> float:
    """Probability of an F at least this large, by Paulson's normal approximation (1942).

    The cube root of F is close to normal: its deviate, then the upper tail of the normal curve.
    """
    root = float(statistic) ** (1 / 3)
    of_between, of_within = 2 / (9 * between), 2 / (9 * within)
    deviate = (root * (1 - of_within) - (1 - of_between)) / math.sqrt(
        of_between + root * root * of_within
    )
    return math.erfc(deviate / math.sqrt(2)) / 2
