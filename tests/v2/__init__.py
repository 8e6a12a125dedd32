"""The project under dbt v2, held against dbt-core 1: `make v2`."""
