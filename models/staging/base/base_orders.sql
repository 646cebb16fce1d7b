{{ base_table('orders') }}
