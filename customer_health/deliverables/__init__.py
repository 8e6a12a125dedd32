"""The CSV files and pictures that the published reports name, from a published DuckDB file."""
