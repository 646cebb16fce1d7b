"""What is expected of the raw tables that others are looked up in: `calendar` and `customer_id_map`."""

from retention_ledger.expectations.landing import checks


def expect(of: checks.Landing) -> None:
    """Volume, empty columns, ids. dbt's tests stop at a day of the calendar that is missing or twice there."""
    checks.volume(of)
    checks.empty_shares(of)
    checks.repeated_ids(of)
