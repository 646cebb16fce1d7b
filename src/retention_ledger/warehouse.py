"""Where a build lies."""

import os
from pathlib import Path


def warehouse_path() -> Path:
    """The DuckDB file that RETENTION_LEDGER_DB names; default `warehouse.duckdb`, as in profiles.yml."""
    return Path(os.environ.get("RETENTION_LEDGER_DB", "warehouse.duckdb"))
