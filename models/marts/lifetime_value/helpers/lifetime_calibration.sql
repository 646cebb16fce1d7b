-- What Python checks the prediction on, so that the lineage shows it:
-- depends_on: {{ ref('int_lifetime_holdout') }}
{{ rows_come_from_elsewhere() }}
