{{ spells_of_orders(lapses_on=calendar_lapses_on, continues_through=calendar_continues_through) }}
