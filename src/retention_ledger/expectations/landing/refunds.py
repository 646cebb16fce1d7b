"""What is expected of the raw refunds: few, uneven from day to day, and never fewer than last time."""

from retention_ledger.expectations.landing import checks


def expect(of: checks.Landing) -> None:
    """As of orders, without value sets: refunds have no short lists."""
    of.day = "refunded_at"
    checks.volume(of)
    checks.holes(of)
    checks.empty_shares(of)
    checks.refused(of)
    checks.repeated_ids(of)
    checks.freshness(of)
    checks.amounts(of)
