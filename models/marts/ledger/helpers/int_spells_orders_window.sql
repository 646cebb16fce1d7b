{{ spells_of_orders(lapses_on=window_lapses_on, continues_through=window_lapses_on) }}
