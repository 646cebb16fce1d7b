"""What is expected of the raw subscriptions: each row a paid period, its amount that of a month."""

from retention_ledger.expectations.landing import checks


def expect(of: checks.Landing) -> None:
    """As of orders; a period starts on its day."""
    of.day = "started_on"
    checks.volume(of)
    checks.holes(of)
    checks.empty_shares(of)
    checks.refused(of)
    checks.repeated_ids(of)
    checks.value_sets(of)
    checks.freshness(of)
    checks.amounts(of)
