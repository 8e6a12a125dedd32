-- Grain: one account on one date of the snapshots that this run scores. Empty on a normal day.
{{ config(enabled=customer_health.subject_is_built('trajectory')) }}
{{ customer_health.cleaned_accounts(
    "(select * from " ~ ref('base_salesforce__snapshot_rows') ~ " where row_rank = 1) as accepted",
    customer_health.snapshot_columns() if customer_health.slices().snapshots_to_score else {},
    'as_of_date'
) }}
