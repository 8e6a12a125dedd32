"""Which macros Snowflake, BigQuery and Databricks would need to have overridden.

    python tests/dialects/report.py [--write]

compiles the project as dbt's adapter for each of them would, reads the SQL with sqlglot in their
dialect, looks up every function, type and piece of syntax (facts.py), and prints who wrote what an
engine lacks. The exit status is 1 if docs/engines.md says otherwise; --write puts the table there.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.tokens import Token, TokenType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dialects import facts
from dialects.compiled import ROOT, Macro, Project, Statement, compile_as
from dialects.facts import DIALECTS, Dialect

DOCUMENT = ROOT / "docs" / "engines.md"
BEGIN, END = "<!-- dialects: begin -->", "<!-- dialects: end -->"

# Words before a parenthesis that call nothing.
NOT_CALLED = frozenset(
    "all and as between by case else exists from group having in is join like not on or over"
    " select then union using values when where with within".split()
) | {"group by", "order by", "partition by"}

WITHOUT_WORD = frozenset(
    {TokenType.NUMBER, TokenType.IDENTIFIER, TokenType.R_BRACKET, TokenType.RAW_STRING}
)


@dataclass(frozen=True)
class Use:
    """A word of the SQL that an engine may lack, and the place where it stands."""

    word: str
    start: int
    end: int


@dataclass(frozen=True)
class Finding:
    """What an engine lacks, what it has instead, and who wrote it: a macro, or a file."""

    origin: Macro | str
    dialect: Dialect
    word: str
    instead: str


@dataclass
class Report:
    """What the engines lack, what sqlglot could not read, and what nobody has looked up yet."""

    found: set[Finding] = field(default_factory=set)
    stumbled: set[tuple[Dialect, str]] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)

    def add(self, dialect: Dialect, project: Project) -> None:
        """Add what an engine lacks of a compiled project."""
        for name in project.macros_not_called:
            self.unknown.add(f"macro {name} is not compiled; use it in the settings of compiled.py")
        for statement in project.statements:
            self._add_statement(dialect, project, statement)
        for file, type_ in project.declared_types:
            self._add_word(dialect, type_, file, file)

    def _add_statement(self, dialect: Dialect, project: Project, statement: Statement) -> None:
        quote = '"' if dialect.written_as == "duckdb" else dialect.quote
        sql = with_quotes(statement.sql, project.relations, quote)
        lacking = [
            use
            for use in uses(sql, dialect.written_as)
            if self._add_word(dialect, use.word, statement.origin(use.start), statement.path)
        ]
        for use in reserved_names(sql, dialect):
            instead = f"`` {dialect.quote}{use.word}{dialect.quote} ``"
            self.found.add(Finding(statement.origin(use.start), dialect, use.word, instead))
        sql = with_quotes(statement.sql, project.relations, dialect.quote)
        blocks = [use for use in lacking if use.word in facts.STUMBLING_BLOCKS]
        why = cannot_read(sql, dialect)
        if why and blocks:
            self.stumbled |= {(dialect, use.word) for use in blocks}
            why = cannot_read(without_blocks(sql, blocks), dialect)
        if why:
            self.unknown.add(f"{dialect.title}: {statement.name} is not readable: {why}")

    def _add_word(self, dialect: Dialect, word: str, origin: Macro | str, path: str) -> bool:
        """Note a word if the engine lacks it, and return whether it does."""
        try:
            instead = dialect.instead_of(word)
        except KeyError:
            self.unknown.add(f"{dialect.title}: {word} in {path} is not in facts.py")
            return False
        if instead is None:
            return False
        self.found.add(Finding(origin, dialect, word, instead))
        return True


def with_quotes(sql: str, relations: Iterable[str], quote: str) -> str:
    """Return the SQL with its relations quoted as the engine does; no character moves."""
    for relation in relations:
        sql = sql.replace(relation, relation.replace('"', quote))
    return sql


# --------------------------------------------------------------------------------------------
# Words
# --------------------------------------------------------------------------------------------


def uses(sql: str, written_as: str) -> list[Use]:
    """Return every function, type, keyword, operator and piece of syntax of a statement."""
    tokens = sqlglot.tokenize(sql, read=written_as)
    types = list(_types(sql, tokens))
    inside_types = {place for _, (first, last) in types for place in range(first, last)}
    found = [use for use, _ in types]
    for place, token in enumerate(tokens):
        if place in inside_types:
            continue
        found += _uses_of(sql, tokens, place, token)
    return [*found, *_selects_without_table(tokens)]


def _types(sql: str, tokens: Sequence[Token]) -> Iterator[tuple[Use, tuple[int, int]]]:
    """Yield the type of each cast, and between which tokens it stands."""
    # Per open parenthesis: whether it is that of a cast, and where its last AS stands.
    opened: list[list[int | bool]] = []
    for place, token in enumerate(tokens):
        if token.token_type == TokenType.L_PAREN:
            is_cast = place > 0 and tokens[place - 1].text.lower() in ("cast", "try_cast")
            opened.append([is_cast, 0])
        elif token.token_type == TokenType.ALIAS and opened:
            opened[-1][1] = place
        elif token.token_type == TokenType.R_PAREN:
            is_cast, begin = opened.pop()
            if is_cast and begin:
                first = tokens[begin + 1]
                text = sql[first.start : token.start]
                word = re.sub(r",\s*", ", ", " ".join(text.lower().split()))
                yield Use(word, first.start, token.start), (begin + 1, place)


def _uses_of(sql: str, tokens: Sequence[Token], place: int, token: Token) -> Iterator[Use]:
    """Yield the words that begin with a token."""

    def use(word: str) -> Use:
        return Use(word, token.start, token.end + 1)

    before = tokens[place - 1] if place else None
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    word = token.text.lower()
    kind = token.token_type
    is_called = after is not None and after.token_type == TokenType.L_PAREN
    is_alias = before is not None and before.token_type == TokenType.ALIAS
    if kind == TokenType.STRING:
        written = sql[token.start + 1 : token.end]
        if "''" in written:
            yield use(facts.QUOTE)
        if "\\" in written:
            yield use(facts.BACKSLASH)
    elif kind in WITHOUT_WORD or is_alias:
        return
    elif kind == TokenType.DIV:
        yield use(facts.WHOLE_DIVISION)
    elif kind == TokenType.MOD:
        yield use(facts.REST)
    elif kind == TokenType.L_BRACKET:
        is_element = before is not None and before.token_type in (
            *(TokenType.R_PAREN, TokenType.VAR, TokenType.IDENTIFIER),
        )
        yield use(facts.ELEMENT if is_element else facts.ARRAY)
    elif kind == TokenType.INTERVAL:
        yield use(facts.INTERVAL)
    elif kind == TokenType.VALUES:
        yield use(facts.VALUES)
    elif kind == TokenType.UNION and after is not None:
        yield use("union all" if after.text.lower() == "all" else facts.UNION)
    elif is_called and word not in NOT_CALLED and word[0].isalpha():
        yield use(f"{word}()")
    elif kind != TokenType.VAR:
        yield use(word)


def _selects_without_table(tokens: Sequence[Token]) -> Iterator[Use]:
    """Yield each WHERE of a SELECT that has no FROM."""
    has_table = [True]
    for token in tokens:
        if token.token_type == TokenType.L_PAREN:
            has_table.append(True)
        elif token.token_type == TokenType.R_PAREN:
            has_table.pop()
        elif token.token_type == TokenType.SELECT:
            has_table[-1] = False
        elif token.token_type == TokenType.FROM:
            has_table[-1] = True
        elif token.token_type == TokenType.WHERE and not has_table[-1]:
            yield Use(facts.NO_TABLE, token.start, token.end + 1)


def reserved_names(sql: str, dialect: Dialect) -> Iterator[Use]:
    """Yield the tables and columns whose name the engine wants in quotation marks."""
    words = [
        token
        for token in sqlglot.tokenize(sql, read=dialect.written_as)
        if token.token_type == TokenType.VAR and token.text.lower() in dialect.reserved
    ]
    if not words:
        return
    # Some are syntax, such as the `current` of a window.
    parsed = sqlglot.parse_one(sql, read=dialect.written_as)
    names = {name.name.lower() for name in parsed.find_all(exp.Identifier) if not name.quoted}
    for token in words:
        if token.text.lower() in names:
            yield Use(token.text.lower(), token.start, token.end + 1)


def without_blocks(sql: str, blocks: Iterable[Use]) -> str:
    """Return the SQL with each of sqlglot's stumbling blocks replaced."""
    for use in sorted(blocks, key=lambda use: -use.start):
        written, readable = facts.STUMBLING_BLOCKS[use.word]
        replaced = sql[use.start : use.end].replace(written, readable)
        sql = sql[: use.start] + replaced + sql[use.end :]
    return sql


def cannot_read(sql: str, dialect: Dialect) -> str | None:
    """Return why sqlglot cannot read a statement in a dialect; None if it can."""
    try:
        sqlglot.parse_one(sql, read=dialect.name)
    except sqlglot.ParseError as error:
        what = error.errors[0]
        return f"{what['description']} at {what['highlight']!r}"
    return None


# --------------------------------------------------------------------------------------------
# The table
# --------------------------------------------------------------------------------------------


def table(report: Report) -> str:
    """Return the report in Markdown: macros to override, other changes, what sqlglot says."""
    by_macro: dict[str, list[Finding]] = defaultdict(list)
    by_word: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.found:
        if isinstance(finding.origin, Macro) and finding.origin.is_dispatched:
            by_macro[finding.origin.name].append(finding)
        else:
            by_word[finding.word].append(finding)
    titles = " | ".join(dialect.title for dialect in DIALECTS)
    lines = [f"| macro to override | {titles} |", "|---|---|---|---|"]
    for name, found in sorted(by_macro.items()):
        cells = (_cell(found, dialect, "`{word}` → {instead}") for dialect in DIALECTS)
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    lines += ["", f"| also to be changed | {titles} | where |", "|---|---|---|---|---|"]
    for word, found in sorted(by_word.items()):
        cells = (_cell(found, dialect, "{instead}") for dialect in DIALECTS)
        where = ", ".join(sorted({_place(finding.origin) for finding in found}))
        lines.append(f"| `{word}` | {' | '.join(cells)} | {where} |")
    lines.append("")
    for dialect in DIALECTS:
        words = sorted(word for stumbled, word in report.stumbled if stumbled is dialect)
        listed = ", ".join(f"`{word}`" for word in words)
        says = f"stumbles over {listed}" if words else "reads everything"
        lines.append(f"- sqlglot, {dialect.title}: {says}")
    return "\n".join(lines) + "\n"


def _cell(found: Sequence[Finding], dialect: Dialect, form: str) -> str:
    lacked = {(f.word, f.instead) for f in found if f.dialect is dialect}
    return "; ".join(form.format(word=word, instead=instead) for word, instead in sorted(lacked))


def _place(origin: Macro | str) -> str:
    """Return a macro as code, a model by its name, any other file as it is called."""
    if isinstance(origin, Macro):
        return f"`{origin.name}`"
    return Path(origin).name.removesuffix(".sql")


def known_adapter(dialect: Dialect) -> tuple[str, ...]:
    """Return the names of the engine's adapter; one name for all that the project never names."""
    files = (ROOT / "dbt_project.yml", *ROOT.glob("m*/**/*.sql"), *ROOT.glob("[ms]*/**/*.yml"))
    project = " ".join(file.read_text(encoding="utf-8") for file in files)
    is_known = any(re.search(rf"\b{name}(\b|__)", project) for name in dialect.adapter_names)
    return dialect.adapter_names if is_known else ("other",)


def documented() -> str:
    """Return the table that docs/engines.md shows."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return text.partition(f"{BEGIN}\n")[2].partition(END)[0]


def write(text: str) -> None:
    """Put the table into docs/engines.md."""
    document = DOCUMENT.read_text(encoding="utf-8")
    before, begin, rest = document.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{DOCUMENT} has no lines {BEGIN} and {END}")
    DOCUMENT.write_text(before + begin + text + end + after, encoding="utf-8")


def main() -> int:
    """Print the report; return 1 if it is not the documented one or a word is not looked up."""
    parser = argparse.ArgumentParser(description="What other engines lack of our SQL.")
    parser.add_argument("--write", action="store_true", help="put the table into docs/engines.md")
    options = parser.parse_args()
    report = Report()
    compiled: dict[tuple[str, ...], Project] = {}
    with tempfile.TemporaryDirectory(prefix="customer_health_dialects_") as folder:
        for dialect in DIALECTS:
            adapter = known_adapter(dialect)
            if adapter not in compiled:
                compiled[adapter] = compile_as(adapter, Path(folder) / adapter[0])
            report.add(dialect, compiled[adapter])
    text = table(report)
    print(text)
    if report.unknown:
        print(*sorted(report.unknown), sep="\n", file=sys.stderr)
        return 1
    if options.write:
        write(text)
    if documented() != text:
        print(f"{DOCUMENT.name} shows another table; run this with --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
