"""Which encoding bytes that are no UTF-8 are probably in, so that a sentence can name it.

Each candidate decodes the text; the best one gives the most characters that are common in its
languages. Only sentences rest on this: what is read, the user says.
"""

import re
from collections.abc import Sequence

# By Python's names; earlier ones win if two are as good.
NAMES = {
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "gb18030": "GB18030",
    "cp932": "Shift-JIS",
    "cp949": "EUC-KR",
    "big5": "Big5",
}
WESTERN = re.compile(
    r"[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e]"
)
CENTRAL = re.compile(r"[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0102-\u017e\u0218-\u021b]")
CYRILLIC = re.compile(r"[\u0400-\u045f]")
SIGNS = re.compile(
    r"[\u00a0\u00a1\u00a3\u00a7\u00a9-\u00ab\u00ae\u00b0\u00b4\u00b7\u00ba\u00bb\u00bf"
    r"\u2013\u2014\u2018-\u201e\u2022\u2026\u20ac\u2116\u2122]"
)
WORD = re.compile(r"[^\W\d_]+")

# The first bytes of characters that are common; those that are rare have others.
COMMON_FIRST_BYTES: dict[str, tuple[str, Sequence[int]]] = {
    "gb18030": ("gb2312", range(0xB0, 0xD8)),
    "cp932": ("shift_jis", (*range(0x82, 0x84), *range(0x88, 0x98))),
    "cp949": ("euc_kr", range(0xB0, 0xC9)),
    "big5": ("big5", range(0xA4, 0xC7)),
}
# Korean is also common Chinese, and a few Chinese characters are also Korean; many are not.
TELLING_CHARACTERS = 8
KEPT_CHARACTERS = 5000


def likely_encoding(sample: bytes) -> str | None:
    """Return Python's name of the encoding, None if none is likely."""
    lines = b"\n".join(line for line in sample.split(b"\n") if not line.isascii())
    scores = {name: _score(name, lines) for name in NAMES}
    best = max(scores, key=lambda name: scores[name])
    if best == "gb18030" and scores["cp949"] == scores[best]:
        told = sum(not character.isascii() for character in lines.decode("cp949"))
        best = "cp949" if told >= TELLING_CHARACTERS else best
    return best if scores[best] > 0.5 else None


def _score(name: str, lines: bytes) -> float:
    """Return the share of the characters beyond ASCII that are common where they stand."""
    try:
        text = lines.decode(name)[:KEPT_CHARACTERS]
    except UnicodeDecodeError:
        return 0
    told = [character for character in text if not character.isascii()]
    if not told:
        return 0
    if name in COMMON_FIRST_BYTES:
        return sum(_is_common(character, *COMMON_FIRST_BYTES[name]) for character in told) / len(
            told
        )
    letters = {"cp1252": WESTERN, "cp1250": CENTRAL, "cp1251": CYRILLIC}[name]
    is_natural = _is_cyrillic if name == "cp1251" else _is_latin
    words = "".join(filter(is_natural, WORD.findall(text)))
    return (len(letters.findall(words)) + len(SIGNS.findall(text))) / len(told)


def _is_latin(word: str) -> bool:
    """Whether a word has plain letters too, as all have but the shortest."""
    return len(word) == 1 or any(map(str.isascii, word))


def _is_cyrillic(word: str) -> bool:
    """Whether a word has no plain letters, and capitals at its beginning or throughout."""
    has_case = word.islower() or word.isupper() or word.istitle()
    return has_case and not any(map(str.isascii, word))


def _is_common(character: str, narrow: str, first_bytes: Sequence[int]) -> bool:
    encoded = character.encode(narrow, "ignore")
    return len(encoded) == 2 and encoded[0] in first_bytes
