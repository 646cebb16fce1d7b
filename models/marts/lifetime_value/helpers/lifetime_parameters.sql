-- What Python fits on, so that the lineage shows it:
-- depends_on: {{ ref('int_lifetime_rows') }}
-- depends_on: {{ ref('int_lifetime_spend') }}
{{ rows_come_from_elsewhere() }}
