"""Files to load, and what became of them in the work file of the current directory."""

import datetime
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb


def declare_sources(house: Path, sources: str) -> None:
    """Make `house` a dbt project that declares the source tables of a YAML text."""
    staging = house / "models" / "staging" / "crm"
    staging.mkdir(parents=True)
    (staging / "_crm__sources.yml").write_text(sources)
    (house / "dbt_project.yml").write_text("name: demo\n")


def query(sql: str) -> list[tuple]:
    """Return the rows of a query of the work file."""
    with duckdb.connect("warehouse/work.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


def write_json(path: Path, texts: Sequence[str]) -> None:
    """Write the texts by number (id, x) as JSON; then an empty one, and NULL with the id -1."""
    records = [{"id": number, "x": text} for number, text in enumerate([*texts, ""])]
    path.with_suffix(".json").write_text(json.dumps([*records, {"id": -1, "x": None}]))


def write_parquet(path: Path, texts: Sequence[str]) -> None:
    """Write the same as parquet."""
    rows = [*enumerate([*texts, ""]), (-1, None)]
    with duckdb.connect() as connection:
        connection.execute("create table t (id bigint, x varchar)")
        connection.executemany("insert into t values (?, ?)", rows)
        connection.execute(f"copy t to '{path.with_suffix('.parquet')}' (format parquet)")


def write_workbook(path: Path, sheets: dict[str, list[list]]) -> None:
    """Write a workbook as Excel would, with the cells of each sheet."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    numbers = range(1, len(sheets) + 1)
    names = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in zip(numbers, sheets, strict=True)
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}/worksheet" Target="worksheets/{number}.xml"/>'
        for number in numbers
    )
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="rId1"'
            f' Type="{kind}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{kind}"><sheets>{names}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{relations}">{links}<Relationship Id="rId99"'
            f' Type="{kind}/styles" Target="styles.xml"/></Relationships>',
        )
        # The second style is that of days and times.
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/>'
            '<xf numFmtId="22"/></cellXfs></styleSheet>',
        )
        for number, rows in zip(numbers, sheets.values(), strict=True):
            cells = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
            archive.writestr(
                f"xl/worksheets/{number}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
            )


def _cell(value: object) -> str:
    """Return a cell: Excel counts days from the end of 1899."""
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, datetime.date):
        moment = datetime.datetime.fromisoformat(value.isoformat())
        days = (moment - datetime.datetime(1899, 12, 30)) / datetime.timedelta(1)
        return f'<c s="1"><v>{days}</v></c>'
    if isinstance(value, (int, float)):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
