"""What is expected of the raw orders: the table on which most figures rest."""

from retention_ledger.expectations.landing import checks


def expect(of: checks.Landing) -> None:
    """Everything: volume, holes, empty columns, ids, values, freshness, amounts."""
    of.day = "ordered_at"
    checks.volume(of)
    checks.holes(of)
    checks.empty_shares(of)
    checks.refused(of)
    checks.repeated_ids(of)
    checks.value_sets(of)
    checks.freshness(of)
    checks.amounts(of)
