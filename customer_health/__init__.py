"""The small tool beside the dbt project: demo data, load, build and publish."""

__version__ = "0.1.0"
