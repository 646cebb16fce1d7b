"""What is expected of the raw exchange rates: a currency occurs at each change of its rate."""

from retention_ledger.expectations.landing import checks


def expect(of: checks.Landing) -> None:
    """Volume, empty columns, the currencies, freshness. A rate of one currency is no outlier among those of others."""
    of.day = "valid_from"
    checks.volume(of)
    checks.empty_shares(of)
    checks.refused(of)
    checks.value_sets(of)
    checks.freshness(of)
