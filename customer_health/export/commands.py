"""The commands of `customer-health export`, below the command line."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from customer_health.errors import UserError
from customer_health.export.alerts import FORMATS as ALERT_FORMATS
from customer_health.export.alerts import write_alerts
from customer_health.export.from_file import marts_from_file, tool_of
from customer_health.export.reading import published
from customer_health.export.report import FORMATS as REPORT_FORMATS
from customer_health.export.report import TOOLS, write_reports, written
from customer_health.export.review import DOCUMENTS, write_review
from customer_health.profile import Target

__all__ = [
    "ALERT_FORMATS",
    "ALL",
    "DOCUMENTS",
    "REPORT_FORMATS",
    "TOOLS",
    "export_alerts",
    "export_reports",
    "export_review",
]

ALL = "all"


def export_reports(
    target: Target,
    project: Path,
    tool: str | None,
    format_: str,
    out: Path | None,
    source: Path | None = None,
    as_of: datetime.date | None = None,
) -> None:
    """Write the reports of one tool or of all, from the published marts or from a file."""
    if source is None:
        if as_of is not None:
            raise UserError(
                "--as-of goes with --from; published marts have the date of their build"
            )
        with published(target) as marts, written(out) as file:
            write_reports(marts, [tool] if tool else list(TOOLS), format_, project, file)
        return
    tool = tool_of(source, tool)
    # What cannot be written shows before the build, which takes a while.
    with written(out) as file, marts_from_file(source, tool, project, target, as_of) as marts:
        write_reports(marts, [tool], format_, project, file)


def export_review(
    target: Target, project: Path, customer: str, document: str, folder: Path | None
) -> Sequence[Path]:
    """Fill one document of a customer or all of them."""
    if document == ALL and folder is None:
        raise UserError(f"--document {ALL} writes {len(DOCUMENTS)} files; name a folder with --out")
    documents = list(DOCUMENTS) if document == ALL else [document]
    with published(target) as marts:
        return write_review(marts, project, customer, documents, folder)


def export_alerts(target: Target, since: datetime.date, format_: str, out: Path | None) -> None:
    """Write the alerts that were opened, came back or were resolved since a day."""
    with published(target) as marts, written(out) as file:
        write_alerts(marts, since, format_, file)
