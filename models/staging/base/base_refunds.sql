{{ base_table('refunds') }}
