"""`retention-ledger init`: looks at an export, and writes the settings with which it is read.

- `tables.py` reads the files, with the reader that a build has, or the tables of a schema.
- `layouts.py` knows the exports of known systems (`examples/`).
- `guesses.py` finds out what the columns of any other are.
- `settings_file.py` writes it down, with what is not known as decisions.
"""
