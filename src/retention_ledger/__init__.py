"""Python helpers of the Retention Ledger dbt project."""
