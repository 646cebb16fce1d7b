{{ base_table('customer_id_map') }}
