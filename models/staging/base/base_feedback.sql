{{ base_table('feedback') }}
