"""Customer retention figures that reconcile: the dbt project's command, prediction and demo."""

__version__ = "0.1.0"
