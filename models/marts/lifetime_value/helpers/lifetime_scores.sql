-- What Python scores, so that the lineage shows it:
-- depends_on: {{ ref('int_lifetime_rows') }}
{{ rows_come_from_elsewhere() }}
