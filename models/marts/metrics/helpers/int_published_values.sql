-- The command writes the rows (src/retention_ledger/restatements.py).
{{ rows_come_from_elsewhere() }}
