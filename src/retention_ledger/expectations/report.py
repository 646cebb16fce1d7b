"""Great Expectations, as it is used here: a context in memory, a suite and a batch per table, Data Docs in a folder."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retention_ledger.expectations.sheet import Finding, Sheet

#: The name of the site, which is what its first page says.
SITE = "Retention Ledger"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No progress bars, no log and no warnings of the library; what it raises is raised."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@dataclass
class Result:
    """What became of the expectations of one table."""

    stage: str
    table: str
    met: int
    findings: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> list[Finding]:
        """The findings that stop."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that do not, as far as no error says the same."""
        said = {(finding.column, finding.observed) for finding in self.errors}
        return [
            finding for finding in self.findings
            if finding.severity == "warning" and (finding.column, finding.observed) not in said
        ]  # fmt: skip


class Report:
    """The validation results of one run, and its Data Docs in a folder of their own."""

    def __init__(self, run_id: str, folder: Path) -> None:
        # Nothing is sent anywhere: the variable is read when the library is imported.
        os.environ["GX_ANALYTICS_ENABLED"] = "False"
        with quiet():
            import great_expectations

            context = great_expectations.get_context(mode="ephemeral")
            context.variables.progress_bars = {"globally": False}
            for name, site in dict(context.variables.data_docs_sites or {}).items():
                # The library makes a temporary folder for a site of its own.
                shutil.rmtree(site["store_backend"]["base_directory"], ignore_errors=True)
                context.delete_data_docs_site(name)
            self.add_site(context, folder)
        self.library: Any = great_expectations
        self.context = context
        self.run_id = run_id
        self.folder = folder
        self.results: list[Result] = []

    @staticmethod
    def add_site(context: Any, folder: Path) -> None:
        """The library's site, with views that need no network."""
        module = "retention_ledger.expectations.docs"
        page = {"view": {"module_name": module, "class_name": "OfflinePageView"}}
        context.add_data_docs_site(
            SITE,
            {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.absolute()),
                },
                "site_index_builder": {
                    "class_name": "DefaultSiteIndexBuilder",
                    "view": {"module_name": module, "class_name": "OfflineIndexView"},
                },
                "site_section_builders": {
                    "expectations": {
                        "class_name": "DefaultSiteSectionBuilder", "source_store_name": "expectations_store",
                        "renderer": {"class_name": "ExpectationSuitePageRenderer"}, **page,
                    },
                    "validations": {
                        "class_name": "DefaultSiteSectionBuilder", "source_store_name": "validation_results_store",
                        "renderer": {"class_name": "ValidationResultsPageRenderer"}, **page,
                    },
                },
            },
        )  # fmt: skip

    def validate(self, stage: str, sheets: list[Sheet]) -> list[Result]:
        """Validates sheets and keeps the results; warnings of both severities of one expectation are one finding."""
        with quiet():
            made = [self.validate_sheet(stage, sheet) for sheet in sheets]
        self.results += made
        return made

    def validate_sheet(self, stage: str, sheet: Sheet) -> Result:
        """One suite, one batch, one validation."""
        import pandas
        from great_expectations.core import RunIdentifier

        from retention_ledger.expectations.sheet import OF, finding_of

        name = f"{stage}_{sheet.table}"
        source = self.context.data_sources.add_pandas(name)
        batch = source.add_dataframe_asset(sheet.table).add_batch_definition_whole_dataframe(stage)
        suite = self.context.suites.add(
            self.library.ExpectationSuite(
                name=name, expectations=sheet.expectations, notes=sheet.notes or None
            )
        )
        definition = self.context.validation_definitions.add(
            self.library.ValidationDefinition(name=name, data=batch, suite=suite)
        )
        done = definition.run(
            batch_parameters={"dataframe": pandas.DataFrame(sheet.rows())},
            run_id=RunIdentifier(run_name=self.run_id),
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [OF]},
        )
        found = [finding_of(result) for result in done.results]
        return Result(
            stage,
            sheet.table,
            found.count(None),
            [finding for finding in found if finding is not None],
        )

    def write(self) -> Path:
        """Writes the Data Docs; returns the page to open."""
        with quiet():
            self.context.build_data_docs(site_names=[SITE])
        # Fonts and pictures, which no page of ours asks for.
        shutil.rmtree(self.folder / "static", ignore_errors=True)
        return self.folder / "index.html"
