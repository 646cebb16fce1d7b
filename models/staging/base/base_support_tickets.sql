{{ base_table('support_tickets') }}
