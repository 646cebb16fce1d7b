"""What is expected of the raw support tickets: a row per ticket."""

from retention_ledger.expectations.landing import checks


def expect(of: checks.Landing) -> None:
    """As of orders, without amounts; topics are a short list."""
    of.day = "opened_at"
    checks.volume(of)
    checks.holes(of)
    checks.empty_shares(of)
    checks.refused(of)
    checks.repeated_ids(of)
    checks.value_sets(of)
    checks.freshness(of)
