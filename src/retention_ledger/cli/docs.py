"""`retention-ledger docs`: the pages of the metrics, with dbt's page of models and lineage beside them."""

from pathlib import Path

from rich.console import Console

from retention_ledger.cli.commands import must_be_known, named_database, say, working
from retention_ledger.cli.dbt import Dbt, failure, shown
from retention_ledger.cli.project import Project
from retention_ledger.database import find_build, opened
from retention_ledger.errors import Stop
from retention_ledger.semantic import definitions
from retention_ledger.site.pages import write


def docs(
    out: Console,
    project: Project,
    database: Path | None,
    folder: Path,
    schema: str | None,
    verbose: bool,
) -> None:
    """Writes the pages of a build that is there into a folder. Stop where dbt cannot read the project."""
    file = must_be_known(named_database(database, project), "The documentation")
    with opened(file) as connection:
        held = find_build(connection, file, schema)
        held.require(connection, ["metric_definitions", "metric_values"])
    metrics = definitions(file, schema)
    dbt = Dbt(project, held.settings, verbose)
    with working(out, "Reading the project ..."):
        dbt.read()
    manifest = dbt.manifest
    with working(out, "Writing the pages ..."):
        outcome = dbt.run("docs", "generate", "--static")
        if not outcome.passed:
            raise Stop(failure(outcome, project))
        page = project.target_folder / "static_index.html"
        try:
            index = write(metrics, manifest, folder, page, project.ours / "tests" / "generic")
        except OSError as error:
            raise Stop(f"The pages cannot be written to {folder}: {error.strerror}.") from error
    say(out, f"{len(metrics)} metrics, and the lineage of the models: {shown(index)}")
