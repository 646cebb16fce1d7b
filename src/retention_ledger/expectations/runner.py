"""Both stages, for the command and for a build: facts from dbt, expectations, sentences, Data Docs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_ledger.errors import Stop

if TYPE_CHECKING:
    from retention_ledger.cli.dbt import Dbt
    from retention_ledger.database import Place
    from retention_ledger.expectations.report import Report, Result

#: How the message begins in which a macro hands over facts (macros/expectations/facts.sql).
FACTS = "facts: "


def facts_of(dbt: Dbt, macro: str) -> dict[str, Any]:
    """What a macro of macros/expectations counts in the warehouse."""
    said: list[str] = []

    def listen(event: Any) -> None:
        message = str(getattr(event.data, "msg", ""))
        if message.startswith(FACTS):
            said.append(message)

    run_operation(dbt, macro, {}, listen)
    return json.loads(said[-1].removeprefix(FACTS))


def run_operation(
    dbt: Dbt, macro: str, arguments: dict[str, Any], listen=lambda event: None
) -> None:
    """Runs a macro of this package; Stop with what dbt says where it cannot."""
    from retention_ledger.cli.dbt import failure

    outcome = dbt.run(
        "run-operation", f"retention_ledger.{macro}", "--args", json.dumps(arguments), listen=listen
    )
    if not outcome.passed:
        raise Stop("The expectations could not be looked at.\n" + failure(outcome, dbt.project))


def docs_folder(database: Place | None, dbt: Dbt) -> Path:
    """Where the Data Docs of all runs are: beside the database; on other warehouses in the folder of the logs."""
    if isinstance(database, Path):
        return database.absolute().with_name(f"{database.stem}_data_docs")
    return dbt.project.logs.parent / "data_docs"


@dataclass
class Expectations:
    """The expectations of one run. `landing` comes before the marts are built, `publish` after their tests."""

    dbt: Dbt
    database: Place | None
    accepts: bool = False  # errors stop nothing, and the load is what the next one is compared with
    run_id: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y%m%dT%H%M%S"))
    report: Report | None = None
    load: dict[str, Any] | None = None  # the profile of this load, per table
    last: dict[str, Any] | None = None  # the load that it is compared with
    same: dict[str, Any] | None = None  # the load of the last build, if it is this one

    @property
    def folder(self) -> Path:
        """Where the Data Docs of this run are."""
        return docs_folder(self.database, self.dbt) / self.run_id

    def made(self) -> Report:
        """The report, made when it is first needed: the import of the library takes seconds."""
        if self.report is None:
            from retention_ledger.expectations.report import Report

            self.report = Report(self.run_id, self.folder)
        return self.report

    def landing(self) -> list[Result]:
        """Looks at the raw tables as they are in the warehouse now."""
        from retention_ledger.expectations.delivery import Delivery
        from retention_ledger.expectations.limits import Limits

        facts = facts_of(self.dbt, "landing_facts")
        deliveries = {
            table: Delivery.of_facts(table, rows) for table, rows in facts["tables"].items()
        }
        limits = Limits(facts["limits"], TABLES)
        self.load = {table: delivery.profile() for table, delivery in deliveries.items()}
        self.choose_last(facts["loads"])
        until = facts["as_of_date"]
        report = self.made()
        from retention_ledger.expectations import landing

        return report.validate(
            "landing",
            landing.sheets(
                deliveries, self.last and self.last["profile"], date.fromisoformat(until) if until else None, limits
            ),
        )  # fmt: skip

    def choose_last(self, loads: list[dict[str, Any]]) -> None:
        """The load before this one. A load that is there once more is compared as it was the first time,
        unless it was accepted as it is."""
        if loads and loads[-1]["profile"] == self.load:
            self.same = loads[-1]
            loads = loads if self.same["was_accepted"] else loads[:-1]
        self.last = loads[-1] if loads else None

    def publish(self) -> list[Result]:
        """Looks at the marts as they are in the warehouse now."""
        from retention_ledger.expectations.limits import Limits

        facts = facts_of(self.dbt, "published_facts")
        report = self.made()
        from retention_ledger.expectations import publish

        return report.validate(
            "publish",
            publish.sheets(facts["marts"], facts["columns"], Limits(facts["limits"], TABLES)),
        )

    def remember(self) -> None:
        """Makes the load of `landing` the one that the next load is compared with."""
        same = self.same
        if same is not None and (same["was_accepted"] or not self.accepts):
            return
        run_operation(
            self.dbt, "remember_load",
            {
                "load_id": self.run_id, "was_accepted": self.accepts,
                "profile": json.dumps(self.load, sort_keys=True), "replaces": same and same["load_id"],
            },
        )  # fmt: skip

    def compared_with(self) -> str:
        """A sentence: what the raw tables were compared with."""
        if self.last is None:
            return "This is the first load of this data, so it is compared with no other one."
        day = datetime.strptime(self.last["load_id"], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        if self.same is not None and self.same["was_accepted"]:
            return "The raw tables are those of the last load, which was accepted as it is."
        return f"The raw tables were compared with the load of {day:%Y-%m-%d %H:%M} UTC."


#: The raw tables and marts that a limit may be of.
TABLES = [
    "orders", "customers", "refunds", "subscriptions", "exchange_rates", "marketing_spend", "support_tickets",
    "feedback", "calendar", "customer_id_map",
    "retention_by_period", "mrr_by_period", "repeat_purchase_by_period", "cohort_retention", "mrr_cohorts",
    "customer_lifetime_value",
]  # fmt: skip


def sentences(results: Iterable[Result]) -> tuple[list[str], list[str]]:
    """Errors and warnings as sentences; of one and the same place the error only."""
    results = list(results)
    errors = [f"{result.stage}: {finding}" for result in results for finding in result.errors]
    warnings = [f"{result.stage}: {finding}" for result in results for finding in result.warnings]
    return errors, warnings
