"""What is expected of the raw marketing spend: a row per channel and day, or month."""

from retention_ledger.expectations.landing import checks


def expect(of: checks.Landing) -> None:
    """As of orders: a channel that is new, or was delivered in pence."""
    of.day = "spent_on"
    checks.volume(of)
    checks.holes(of)
    checks.empty_shares(of)
    checks.refused(of)
    checks.repeated_ids(of)
    checks.value_sets(of)
    checks.freshness(of)
    checks.amounts(of)
