"""Where things live and who reads them, each from its environment variable, else a default.

Relative paths count from the current directory, as in dbt's own profile.
"""

import codecs
import os
import sys
from fractions import Fraction
from pathlib import Path

from customer_health.errors import UserError

# Of the published accounts, and customers, this share is left after a publish.
SHRINK_LIMIT = Fraction(1, 2)


def raw_folder() -> Path:
    """Return the folder of raw files: one `<table>.csv|.parquet|.json` for each source table."""
    return Path(os.environ.get("CUSTOMER_HEALTH_RAW") or "data/raw")


def raw_folder_is_named() -> bool:
    """Whether somebody said where the raw files are: then they are to be there."""
    return bool(os.environ.get("CUSTOMER_HEALTH_RAW"))


def work_file() -> Path:
    """Return the DuckDB file that `load` and dbt write, one process at a time."""
    return Path(os.environ.get("CUSTOMER_HEALTH_WORK") or "warehouse/work.duckdb")


def published_file() -> Path:
    """Return the DuckDB file that readers open. Only `publish` replaces it, as a whole."""
    return Path(os.environ.get("CUSTOMER_HEALTH_PUBLISHED") or "warehouse/customer_health.duckdb")


def deliverables_folder() -> Path:
    """Return the folder of the CSV files and pictures that the reports name."""
    return Path(os.environ.get("CUSTOMER_HEALTH_DELIVERABLES") or "deliverables")


def site_folder() -> Path:
    """Return the folder of the report site."""
    return Path(os.environ.get("CUSTOMER_HEALTH_SITE") or "site")


def cache_folder() -> Path:
    """Return the folder of what can be made again: below the one that the system has for it."""
    configured = Path(os.environ.get("XDG_CACHE_HOME") or "")
    # The standard wants relative paths passed over.
    if configured.is_absolute():
        return configured / "customer_health"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "customer_health"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "customer_health" / "cache"
    return Path.home() / ".cache" / "customer_health"


def spark_stage() -> Path:
    """Return the folder in which `load` hands files to Spark: its driver and workers read it."""
    return Path(os.environ.get("CUSTOMER_HEALTH_SPARK_STAGE") or "warehouse/spark_stage")


def reader_role() -> str:
    """Return the Postgres role that may read the marts and nothing else."""
    return os.environ.get("CUSTOMER_HEALTH_READER") or "bi_reader"


def shrink_limit() -> Fraction:
    """Return the share of the published accounts, and customers, that a publish must leave."""
    text = os.environ.get("CUSTOMER_HEALTH_SHRINK_LIMIT")
    if not text:
        return SHRINK_LIMIT
    try:
        limit = Fraction(text)
    except (ValueError, ZeroDivisionError):
        limit = Fraction(-1)
    if not 0 <= limit <= 1:
        raise UserError(
            f"CUSTOMER_HEALTH_SHRINK_LIMIT is {text}, which is no share; give a number from 0 to 1"
            " such as 0.5"
        )
    return limit


def encoding() -> str | None:
    """Return the encoding of raw text that is no UTF-8, by its Python name, None if not set."""
    name = os.environ.get("CUSTOMER_HEALTH_ENCODING")
    if not name:
        return None
    try:
        # Some codecs of Python, such as base64, are none of texts.
        "".encode(name)
        return codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        raise UserError(
            f"CUSTOMER_HEALTH_ENCODING is {name}, which is no encoding; name one such as"
            " windows-1252 or gb18030"
        ) from error
