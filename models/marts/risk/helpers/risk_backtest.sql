-- What Python tests on, so that the lineage shows it:
-- depends_on: {{ ref('int_risk_signals') }}
-- depends_on: {{ ref('int_risk_histories') }}
{{ rows_come_from_elsewhere() }}
