"""Pages about the metrics, for readers: one per metric, an index to search, and dbt's page with the lineage beside them."""
