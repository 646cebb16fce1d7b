"""What is expected of the raw customers: who they are, and the columns that segments are made of."""

from retention_ledger.expectations.landing import checks


def expect(of: checks.Landing) -> None:
    """Volume, holes, empty columns (email, country), ids, values of segments, freshness of sign-ups; no amounts."""
    of.day = "signed_up_at"
    checks.volume(of)
    checks.holes(of)
    checks.empty_shares(of)
    checks.refused(of)
    checks.repeated_ids(of)
    checks.value_sets(of)
    checks.freshness(of)
