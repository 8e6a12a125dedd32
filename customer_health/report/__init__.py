"""The report: a static site read from the published DuckDB file, which opens from disk."""
