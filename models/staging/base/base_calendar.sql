{{ base_table('calendar') }}
