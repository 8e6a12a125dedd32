"""The analysts' pages of docs/, made from what dbt knows and from a demo: `make docs`."""
