"""What is expected of raw tables as they were delivered, and of marts before they are read.

dbt's tests hold identities that are true or false. Here is what only looks wrong next to something else: the load
before this one, the months around a month, a rate's own history. Facts are counted in the warehouse
(``macros/expectations``), the expectations over them are Great Expectations', a module per table, and its Data Docs
are the report. ``runner`` puts it together; nothing here is imported before it is needed, for the import takes seconds.
"""
