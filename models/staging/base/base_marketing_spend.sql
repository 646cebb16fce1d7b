{{ base_table('marketing_spend') }}
