"""The command line: `customer-health COMMAND`, from demo data to published marts and reports.

Results go to stdout, progress to stderr. An error is one sentence on stderr and exit status 1.
"""

import argparse
import dataclasses
import datetime
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import duckdb

from customer_health import __version__, settings
from customer_health.build import build
from customer_health.check import check
from customer_health.deliverables.write import write_deliverables
from customer_health.demo.account_history import MOST_ACCOUNTS, WEEKS
from customer_health.demo.customer_success import MOST_CUSTOMERS as MOST_SUCCESS_CUSTOMERS
from customer_health.demo.writer import AS_OF, FORMATS, MOST_CUSTOMERS, write_demo
from customer_health.engines import Publishing, engine_for
from customer_health.engines.duckdb import DuckDB
from customer_health.errors import UserError, as_sentence
from customer_health.export.commands import (
    ALERT_FORMATS,
    ALL,
    DOCUMENTS,
    REPORT_FORMATS,
    TOOLS,
    export_alerts,
    export_reports,
    export_review,
)
from customer_health.load import remarks
from customer_health.outputs import write_outputs
from customer_health.profile import Target, read_target
from customer_health.progress import say, show_details, stage
from customer_health.project import history_tables, require_passed_build
from customer_health.summary import summary


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, like all others."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; see `{self.prog} --help`")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0, 1 for an error, 130 when interrupted."""
    command = "the command line"
    try:
        options = _options(arguments)
        command = options.command
        options.run(options)
    except UserError as error:
        return _fail(str(error))
    except (duckdb.Error, OSError, MemoryError) as error:
        return _fail(as_sentence(error, command))
    except KeyboardInterrupt:
        say("customer-health: stopped.")
        return 130
    return 0


def _fail(sentence: str) -> int:
    say(f"customer-health: {' '.join(sentence.split())}.")
    return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options; what `build` does not know itself is for dbt."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "build":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.dbt_arguments = rest
    return options


def _parser() -> Parser:
    parser = Parser(prog="customer-health", description="The small tool beside the dbt project.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (
        _add_demo,
        _add_load,
        _add_check,
        _add_build,
        _add_publish,
        _add_history,
        _add_report,
        _add_export,
        _add_deliverables,
    ):
        add(commands)
    return parser


def _command(
    commands: "argparse._SubParsersAction[Parser]",
    name: str,
    run: Callable[[argparse.Namespace], None],
    summary: str,
    details: str,
) -> Parser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. {details}",
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    return parser


def _add_demo(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands,
        "demo",
        _demo,
        "write demo data",
        "The same options give the same rows. A file of the same name is replaced.",
    )
    parser.add_argument(
        "--accounts", type=_positive, default=10_000, metavar="N", help="how many (default 10000)"
    )
    parser.add_argument(
        "--customers",
        type=_positive,
        metavar="N",
        help=f"how many (default: as many as accounts, at most {MOST_CUSTOMERS})",
    )
    parser.add_argument(
        "--success-customers",
        type=_positive,
        metavar="N",
        help="how many of the accounts have customer-success records"
        f" (default: eight of nine, at most {MOST_SUCCESS_CUSTOMERS})",
    )
    parser.add_argument(
        "--weeks",
        type=_not_negative,
        default=WEEKS,
        metavar="N",
        help=f"weekly snapshots before --as-of, 0 for none (default {WEEKS})",
    )
    parser.add_argument(
        "--history-accounts",
        type=_positive,
        default=MOST_ACCOUNTS,
        metavar="N",
        help=f"how many of the accounts are in the snapshots (default {MOST_ACCOUNTS})",
    )
    parser.add_argument(
        "--with-mapping",
        action="store_true",
        help="write the table too that brings addresses to customers",
    )
    parser.add_argument("--seed", type=int, default=42, help="default 42")
    parser.add_argument(
        "--as-of",
        type=_date,
        default=AS_OF,
        metavar="YYYY-MM-DD",
        help=f"the day from which ages and dates count back (default {AS_OF})",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="parquet",
        help="default parquet; json has one object per line",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="default: CUSTOMER_HEALTH_RAW, else data/raw"
    )


def _add_load(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands,
        "load",
        _load,
        "bring a folder of files into the schema raw",
        "A file is <table>.csv, .tsv, .txt, .json, .jsonl or .ndjson, also with .gz, .zst or .bz2;"
        " .parquet, .xlsx, or a .zip with one of them; a folder <table>/ holds parts of one form,"
        " also below key=value/. Text is UTF-8 or what CUSTOMER_HEALTH_ENCODING says. Source tables"
        " of the dbt project without a file become empty.",
    )
    _add_folder(parser)
    _add_dbt_options(parser)


def _add_check(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands,
        "check",
        _check,
        "tell what a folder of files would give, without building anything",
        "Shows what `load` would read, all columns that are missing, and how many values of each"
        " column would be refused, with examples.",
    )
    _add_folder(parser)
    _add_project_dir(parser)


def _add_folder(parser: Parser) -> None:
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="DIR",
        help="default: CUSTOMER_HEALTH_RAW, else data/raw",
    )


def _add_build(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands,
        "build",
        _build,
        "load, build and test the dbt project, publish the marts, write the site and the files",
        "In a fresh folder demo data is written first. All other options go to `dbt build`,"
        " such as --vars, --select and --threads; what it says is in its log, logs/dbt.log. On"
        " DuckDB the report site and the deliverables follow.",
    )
    parser.add_argument("--no-site", action="store_true", help="leave the report site as it is")
    parser.add_argument(
        "--no-deliverables",
        action="store_true",
        help="leave CSV files and pictures as they are",
    )
    parser.add_argument(
        "--demo", action="store_true", help="write demo data over the raw files first"
    )
    _add_publishing(parser)
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="show all that dbt says and every step, not one line for each stage",
    )
    _add_dbt_options(parser)


def _add_publish(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands,
        "publish",
        _publish,
        "put the marts of the last dbt build in the place of those that readers see",
        "Readers see the old marts or the new ones, whole (on Spark one mart after the other)."
        " Nothing is published unless the last dbt command built or tested the whole project for"
        " the same target, and passed.",
    )
    _add_publishing(parser)
    _add_dbt_options(parser)


def _add_history(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = commands.add_parser("history", help="the stored dates of scores, on DuckDB")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")
    _command(
        kinds,
        "list",
        _list_history,
        "show the stored dates of the published file",
        "One line for each table of the history and each of its dates.",
    )
    _command(
        kinds,
        "restore",
        _restore_history,
        "take dates over that the published file has and the work file lacks",
        "What `customer-health build` and dbt do before they build.",
    )
    exported = _command(
        kinds,
        "export",
        _export_history,
        "write the stored dates of the published file to Parquet files",
        "One file for each table of the history; a file of the same name is replaced.",
    )
    imported = _command(
        kinds,
        "import",
        _import_history,
        "take dates over that exported files have and the work file lacks",
        "Dates that were dropped come back. What the work file has of a date stays as it is.",
    )
    for parser in (exported, imported):
        parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of the files")
    _add_project_dir(imported)
    dropped = _command(
        kinds,
        "drop",
        _drop_history,
        "drop a stored date from the work file, and with the next publish for all",
        "Its rows are kept in Parquet files beside the work file, which `import` takes back.",
    )
    dropped.add_argument("date", type=_date, metavar="YYYY-MM-DD", help="the day to drop")


def _add_report(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands,
        "report",
        _report,
        "write the report site",
        "Reads the published DuckDB file (CUSTOMER_HEALTH_PUBLISHED) and writes a folder of pages"
        " that open from disk. An earlier site in the folder is replaced when the new one is"
        " complete.",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("site"), metavar="DIR", help="default site"
    )
    _add_dbt_options(parser)


def _add_export(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = commands.add_parser("export", help="write reports and documents from the marts")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")
    reports = _command(
        kinds,
        "customer-success",
        _export_reports,
        "health scores, churn risk and expansion of all customers",
        "Reads the published marts, or with --from a file of customers, which leaves them alone.",
    )
    reports.add_argument("--format", choices=REPORT_FORMATS, default="text", help="default text")
    reports.add_argument("--tool", choices=list(TOOLS), help="default: all three")
    reports.add_argument("--out", type=Path, metavar="FILE", help="default: stdout")
    reports.add_argument(
        "--from",
        type=Path,
        dest="source",
        metavar="FILE",
        help='JSON as {"customers": [...]}; its tool by --tool or by its name',
    )
    reports.add_argument(
        "--as-of", type=_date, metavar="YYYY-MM-DD", help="with --from: the day of the report"
    )
    review = _command(
        kinds,
        "review",
        _export_review,
        "documents of one customer",
        "Fills the templates of reports/templates from the published marts; what no data fills"
        " stays a blank.",
    )
    review.add_argument("--customer", required=True, metavar="ID", help="its customer_id")
    review.add_argument("--document", choices=[*DOCUMENTS, ALL], default="qbr", help="default qbr")
    review.add_argument("--out", type=Path, metavar="DIR", help="default: stdout")
    alerts = _command(
        kinds,
        "alerts",
        _export_alerts,
        "alerts that were opened, came back or were resolved",
        "One line for each, in the order of the days. Reads the published marts.",
    )
    alerts.add_argument(
        "--since", type=_date, required=True, metavar="YYYY-MM-DD", help="from this day on"
    )
    alerts.add_argument(
        "--format",
        choices=ALERT_FORMATS,
        default="json",
        help="default json, one object per line; csv is for spreadsheets",
    )
    alerts.add_argument("--out", type=Path, metavar="FILE", help="default: stdout")
    for kind in (reports, review, alerts):
        _add_dbt_options(kind)


def _add_deliverables(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands,
        "deliverables",
        _deliverables,
        "write the CSV files and pictures that the published reports name",
        "Reads the published DuckDB file. The folder is replaced as a whole; files whose subject"
        " or policy is not there are left out, with the reason.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="default: CUSTOMER_HEALTH_DELIVERABLES, else deliverables",
    )


def _add_project_dir(parser: Parser) -> None:
    parser.add_argument(
        "--project-dir",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the dbt project (default: the current directory)",
    )


def _add_publishing(parser: Parser) -> None:
    """Add what a user may take upon himself for a publish."""
    parser.add_argument(
        "--untested", action="store_true", help="publish marts whose data tests were left out"
    )
    parser.add_argument(
        "--allow-shrink",
        action="store_true",
        help="publish also where none, or less than half, of the accounts or customers are left"
        " (CUSTOMER_HEALTH_SHRINK_LIMIT is another share)",
    )


def _publishing(options: argparse.Namespace) -> Publishing:
    return Publishing(options.untested, options.allow_shrink, shrink_limit=settings.shrink_limit())


def _add_dbt_options(parser: Parser) -> None:
    """Add the options of dbt that tell where to build."""
    _add_project_dir(parser)
    parser.add_argument(
        "-t",
        "--target",
        metavar="NAME",
        help="the target of the dbt profile: duckdb, postgres or spark (default: the profile's)",
    )
    parser.add_argument(
        "--profiles-dir",
        type=Path,
        metavar="DIR",
        help="the folder of profiles.yml (default: DBT_PROFILES_DIR, the project, ~/.dbt)",
    )
    parser.add_argument("--profile", metavar="NAME", help="default: the one the project names")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 1")
    return number


def _not_negative(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 0")
    return number


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date as YYYY-MM-DD") from error


def _demo(options: argparse.Namespace) -> None:
    folder = options.out or settings.raw_folder()
    paths = write_demo(
        folder,
        options.accounts,
        options.seed,
        options.as_of,
        options.format,
        options.customers,
        options.with_mapping,
        options.success_customers,
        options.weeks,
        options.history_accounts,
    )
    print("\n".join(str(path) for path in paths))


def _load(options: argparse.Namespace) -> None:
    folder = options.folder or settings.raw_folder()
    engine = engine_for(_target(options))
    with engine.locked():
        loaded = engine.load(folder, options.project_dir)
    for table in loaded:
        print(table.line)
    for line in remarks(folder, options.project_dir):
        print(line)
    if not (options.project_dir / "dbt_project.yml").is_file():
        say(f"no dbt project in {options.project_dir.absolute()}, so no empty tables were made")


def _check(options: argparse.Namespace) -> None:
    for line in check(options.folder or settings.raw_folder(), options.project_dir):
        print(line)


def _build(options: argparse.Namespace) -> None:
    target = _target(options)
    engine, publishing = engine_for(target), _publishing(options)
    dbt_arguments = options.dbt_arguments
    if options.profile is not None:
        dbt_arguments = ["--profile", options.profile, *dbt_arguments]
    show_details(options.verbose)
    with engine.locked():
        build(
            engine,
            target,
            settings.raw_folder(),
            options.project_dir,
            dbt_arguments,
            options.verbose,
            options.demo,
            publishing,
        )
        lines = summary(engine)
    lines += write_outputs(target, not options.no_site, not options.no_deliverables)
    print()
    print("\n".join(lines))


def _publish(options: argparse.Namespace) -> None:
    target, publishing = _target(options), _publishing(options)
    build = require_passed_build(options.project_dir, target, publishing.untested)
    publishing = dataclasses.replace(publishing, build=build)
    engine = engine_for(target)
    with engine.locked():
        published = engine.publish(options.project_dir, publishing)
    print(f"{published.place}  {published.table_count} tables, {published.view_count} views")


def _list_history(options: argparse.Namespace) -> None:
    for table, dates in DuckDB().stored_dates().items():
        for date in dates:
            print(f"{table}  {date}")


def _restore_history(options: argparse.Namespace) -> None:
    engine = DuckDB()
    with engine.locked():
        engine.restore_history()


def _export_history(options: argparse.Namespace) -> None:
    for path in DuckDB().export_history(options.folder):
        print(path)


def _import_history(options: argparse.Namespace) -> None:
    engine = DuckDB()
    with engine.locked():
        engine.import_history(options.folder, history_tables(options.project_dir))


def _drop_history(options: argparse.Namespace) -> None:
    engine = DuckDB()
    with engine.locked():
        for path in engine.drop_history(options.date.isoformat()):
            print(path)


def _report(options: argparse.Namespace) -> None:
    target = _target(options)
    if target.engine != "duckdb":
        raise UserError(
            f"the report reads a published DuckDB file, and the target {target.name} has none;"
            " build with a target of DuckDB, or copy the marts into such a file"
        )
    # Altair takes a second to import.
    from customer_health.report.site import write_site

    with stage("Site"):
        page = write_site(settings.published_file(), options.out)
    print(page)


def _export_reports(options: argparse.Namespace) -> None:
    export_reports(
        _target(options),
        options.project_dir,
        options.tool,
        options.format,
        options.out,
        options.source,
        options.as_of,
    )


def _export_review(options: argparse.Namespace) -> None:
    written = export_review(
        _target(options), options.project_dir, options.customer, options.document, options.out
    )
    for path in written:
        print(path)


def _export_alerts(options: argparse.Namespace) -> None:
    export_alerts(_target(options), options.since, options.format, options.out)


def _deliverables(options: argparse.Namespace) -> None:
    folder = options.out or settings.deliverables_folder()
    with stage("Deliverables"):
        written = write_deliverables(settings.published_file(), folder)
    for name in written.names:
        print(folder / name)


def _target(options: argparse.Namespace) -> Target:
    """Return the target that the options name; profiles may read dbt's --vars."""
    variables = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    variables.add_argument("--vars")
    known, _ = variables.parse_known_args(options.dbt_arguments)
    return read_target(
        options.project_dir, options.target, options.profiles_dir, options.profile, known.vars
    )


if __name__ == "__main__":
    sys.exit(main())
