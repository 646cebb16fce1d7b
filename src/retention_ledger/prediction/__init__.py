"""Lifetime value: the models of purchases and spend, and their fit on a build."""

from retention_ledger.prediction.fit import predict

__all__ = ["predict"]
