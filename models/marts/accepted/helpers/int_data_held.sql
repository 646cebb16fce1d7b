-- The hooks of macros/raw/data_held.sql write the row.
{{ rows_come_from_elsewhere() }}
