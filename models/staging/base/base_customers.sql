{{ base_table('customers') }}
