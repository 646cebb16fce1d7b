-- What Python fits on, so that the lineage shows it:
-- depends_on: {{ ref('int_risk_signals') }}
{{ rows_come_from_elsewhere() }}
