"""What is expected of the raw feedback: a score, a text, or both, of a customer."""

from retention_ledger.expectations.landing import checks


def expect(of: checks.Landing) -> None:
    """As of orders, without amounts; scores are a short list."""
    of.day = "given_at"
    checks.volume(of)
    checks.holes(of)
    checks.empty_shares(of)
    checks.refused(of)
    checks.repeated_ids(of)
    checks.value_sets(of)
    checks.freshness(of)
