{{ base_table('exchange_rates') }}
