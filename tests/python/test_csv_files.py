"""CSV files for people: no text is a formula, however it is written."""

import unicodedata

import duckdb
import pytest

from customer_health.csv_files import WIDE_SIGNS, neutral, neutral_sql

FORMULAS = [
    *(sign + "1+1" for sign in "=+-@\t\r"),
    "\uff1d1+1",
    "\uff0bA1",
    "\uff0dA1",
    "\uff20SUM(A1)",
    "\ufe66A1",
    " =1",
    "\n=1",
    "\x00=1",
    "\x0b\x1f=1",
    "\x85@A1",
    "\u00a0=1",
    "\u200b\ufeff=1",
    "\u3000\uff1d1",
    "\u2060\u00ad+1",
]
TEXTS = ["", "a", "a=1", "1-2", "'=1", " a", "\u200bname", "東京", "\u2212 5", "é", "…="]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_become_texts(text):
    assert neutral(text) == f"'{text}"
    assert by_duckdb(text) == f"'{text}"


@pytest.mark.parametrize("text", TEXTS)
def test_other_texts_stay(text):
    assert neutral(text) == text
    assert by_duckdb(text) == text


def test_all_signs_that_normalise_to_one_that_begins_a_formula():
    signs = {
        character
        for character in map(chr, range(0x80, 0x110000))
        if unicodedata.normalize("NFKC", character)[:1] in ("=", "+", "-", "@")
    }
    assert signs == set(WIDE_SIGNS)


def test_python_and_duckdb_agree_on_every_character():
    texts = [f"{chr(code)}=" for code in range(0x3100) if not 0xD800 <= code < 0xE000]
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select {neutral_sql('text')} from (select unnest($texts) as text)", {"texts": texts}
        ).fetchall()
    assert [row[0] for row in rows] == [neutral(text) for text in texts]


def by_duckdb(text: str) -> str:
    with duckdb.connect() as connection:
        [row] = connection.execute(
            f"select {neutral_sql('text')} from (select $text as text)", {"text": text}
        ).fetchall()
    return row[0]
