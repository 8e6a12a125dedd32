"""A dbt project of two marts that builds in seconds, with sets of schemas as in the real one."""

from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]

# The variables: what every mart says, and how long the second one takes on Postgres.
FILES = {
    "dbt_project.yml": """
        name: small
        profile: small
        flags: {send_anonymous_usage_stats: false}
        models:
          small:
            staging: {+schema: staging, +materialized: view}
            marts: {+schema: marts, +materialized: table}
        vars: {marker: one, seconds: 0}
        """,
    "profiles.yml": """
        small:
          target: "{{ env_var('CUSTOMER_HEALTH_TARGET', 'duckdb') }}"
          outputs:
            duckdb: {type: duckdb, path: "{{ env_var('CUSTOMER_HEALTH_WORK') }}", threads: 1}
            postgres:
              type: postgres
              host: "{{ env_var('PGHOST') }}"
              port: "{{ env_var('PGPORT') | as_number }}"
              user: "{{ env_var('PGUSER') }}"
              password: "{{ env_var('PGPASSWORD') }}"
              dbname: "{{ env_var('PGDATABASE') }}"
              schema: main
              threads: 2
            spark:
              type: spark
              method: thrift
              host: "{{ env_var('CUSTOMER_HEALTH_SPARK_HOST') }}"
              port: "{{ env_var('CUSTOMER_HEALTH_SPARK_PORT') | as_number }}"
              user: "{{ env_var('CUSTOMER_HEALTH_SPARK_USER') }}"
              schema: default
              threads: 2
              poll_interval: 1
        """,
    "models/staging/crm/_crm__sources.yml": """
        sources:
          - name: raw
            tables:
              - name: accounts
                columns:
                  - {name: account_id, data_type: varchar}
                  - {name: amount, data_type: double}
        """,
    "models/staging/crm/stg_accounts.sql": """
        select account_id, '{{ var("marker") }}' as marker from {{ source('raw', 'accounts') }}
        """,
    "models/marts/first.sql": """
        select account_id, marker from {{ ref('stg_accounts') }}
        """,
    "models/marts/second.sql": """
        select account_id, marker
        from {{ ref('first') }}
        {% if var('seconds') %} cross join pg_sleep({{ var('seconds') }}) {% endif %}
        """,
    "models/marts/_marts.yml": """
        models:
          - name: first
            description: The first mart's \\ description
            columns:
              - name: marker
                description: It's the marker
                data_tests:
                  - accepted_values: {arguments: {values: [one, two, three]}}
        """,
}


def write_small_project(folder: Path) -> None:
    """Write the project into a folder, with the real macro that names the schemas."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(content), encoding="utf-8")
    macro = Path("macros") / "cross_db" / "generate_schema_name.sql"
    (folder / "macros").mkdir()
    (folder / "macros" / macro.name).write_bytes((ROOT / macro).read_bytes())
