-- The command writes the rows (src/retention_ledger/publishing.py).
{{ rows_come_from_elsewhere() }}
