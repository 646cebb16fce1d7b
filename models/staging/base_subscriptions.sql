{{ base_table('subscriptions') }}
