"""`retention-ledger diff`: what a change of the project does to its metrics."""

import dataclasses
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from retention_ledger.database import check_file, find_build, opened
from retention_ledger.diff.builds import run_builds
from retention_ledger.diff.compare import compare
from retention_ledger.diff.facts import Comparison
from retention_ledger.diff.judge import judge
from retention_ledger.diff.notes import read_notes
from retention_ledger.diff.render import to_markdown
from retention_ledger.diff.review import Review, to_json
from retention_ledger.diff.sides import (
    Asked,
    Side,
    defines_metrics,
    files_that_differ,
    find_place,
    find_sides,
    reads_the_same,
    seeds_among,
    workplace,
)
from retention_ledger.diff.worker import Order
from retention_ledger.errors import Stop
from retention_ledger.restatements import raw_rows_changed

#: The exit code where nothing could be compared; 1 says that something is not acknowledged.
TROUBLE = 2


@dataclass(frozen=True)
class DiffOptions:
    """The options of the command beside what is compared."""

    database: Path | None = None
    fixture: bool = True
    threads: int | None = None
    form: str = "markdown"
    output: Path | None = None


def diff(asked: Asked, options: DiffOptions) -> int:
    """Compares, writes the review, and returns the exit code; progress goes to standard error."""
    if options.form not in ("markdown", "json"):
        raise Stop(f"`--format` is {options.form!r}; it is markdown or json.")
    if not options.fixture and options.database is None:
        raise Stop(
            "`--no-fixture` leaves only your own marts to compare: name them with `--database FILE`."
        )
    if options.output is not None and not options.output.absolute().parent.is_dir():
        raise Stop(
            f"There is no folder {options.output.absolute().parent} to write {options.output.name} into."
        )
    errors = Console(stderr=True, highlight=False)
    if not errors.is_terminal:
        errors = Console(
            file=sys.stderr, force_terminal=False, no_color=True, width=10_000, highlight=False
        )
    with workplace() as work:
        base, head = find_sides(find_place(asked), work)
        found = review_of(errors, base, head, asked, options, work)
    return write(found, options)


def review_of(
    errors: Console, base: Side, head: Side, asked: Asked, options: DiffOptions, work: Path
) -> Review:
    """Builds what has to be built, and compares."""
    notes = read_notes(base, head)
    if options.database is not None:
        check_own(options.database, head)
    is_same = reads_the_same(base, head)
    files = () if is_same else files_that_differ(base, head)
    found = []
    if options.fixture and not is_same:
        found.append(compare_fixture(errors, base, head, asked, options, work, files))
    if options.database is not None:
        found.append(compare_own(errors, options.database, head, asked, work, options.threads))
    main, own = [*found, None, None][:2]
    differs = defines_metrics(files, head)
    problems = judge(main, notes, own, differs) if main is not None else []
    return Review(base.said, head.said, main, notes, tuple(problems), own, files, differs)


def compare_fixture(
    errors: Console, base: Side, head: Side, asked: Asked, options: DiffOptions, work: Path, files: tuple[str, ...]
) -> Comparison:  # fmt: skip
    """What BASE and HEAD make of the same data, which is what the project reads by itself or the settings name."""
    orders = {
        side.role: order_of(side, asked, work, options.threads or 1)
        for side in (base, head)
        if side.database is None
    }
    try:
        built = run_builds(errors, orders) if orders else {}
    except Stop as stop:
        raise Stop(f"{stop}{with_own_marts(options, base)}") from stop
    seeds = seeds_among(files, base) if asked.settings is None else []
    other_data = (
        f"The data itself changed, too ({', '.join(seeds[:5])}), so what moved may be due to that, and is not judged."
        if seeds
        else ""
    )
    databases = [side.database or built[side.role] for side in (base, head)]
    # Of databases nobody knows whether they were built from the same data.
    is_known = base.database is None and head.database is None and not seeds
    return compare(*databases, data_of(databases[1], base, asked), is_known, other_data)


def with_own_marts(options: DiffOptions, base: Side) -> str:
    """A hint for a project that reads tables which an empty database does not have."""
    if base.project is None or base.project.ours == base.project.folder or not options.fixture:
        return ""
    return (
        "\nThe project is built into an empty database. Where it reads tables that nobody makes there, compare on your own "
        "marts alone: `--database FILE --no-fixture`."
    )


def order_of(side: Side, asked: Asked, work: Path, threads: int | None) -> Order:
    """The build of a side into an empty database."""
    assert side.project is not None
    return Order(
        str(side.project.folder), str(asked.profiles_dir.absolute()) if asked.profiles_dir else None, asked.target,
        side.settings or {}, str(work / side.role.lower() / "build"), needs_packages=side.needs_packages, threads=threads,
    )  # fmt: skip


def data_of(file: Path, base: Side, asked: Asked) -> str:
    """What was compared on, in words."""
    if base.database is not None:
        return "the databases"
    if asked.settings is not None:
        return f"the data of {asked.settings.name}"
    with opened(file) as connection:
        try:
            held = find_build(connection, file).data
        except Stop:
            return "the fixture"
    return "the demo" if "demo" in held else "the data that the project reads"


def check_own(database: Path, head: Side) -> None:
    """Stop where one's own marts cannot be built again."""
    check_file(database, must_exist=True)
    if head.project is None:
        raise Stop(
            "With `--database`, HEAD has to be a project (a revision or a folder), because it is built again."
        )


def compare_own(
    errors: Console, database: Path, head: Side, asked: Asked, work: Path, threads: int | None
) -> Comparison:
    """One's own published marts, against what HEAD makes in a copy of them with the settings that they remember."""
    folder = work / "own"
    folder.mkdir()
    with opened(database) as connection:
        settings = find_build(connection, database).settings
        copy = folder / database.name
        needed, free = database.stat().st_size, shutil.disk_usage(folder).free
        if free < needed:
            raise Stop(
                f"A copy of {database} takes {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free in {folder}."
            )
        shutil.copyfile(database, copy)
    order = order_of(head, asked, work, threads)
    order = dataclasses.replace(
        order,
        settings=settings | (head.settings or {}),
        folder=str(folder / "build"),
        database=str(copy),
    )
    run_builds(errors, {f"{database.name} by HEAD": order})
    other_data = ""
    raw = raw_rows_changed(copy)
    if raw is None:
        other_data = (
            "These marts were not published by the command, so nobody knows whether raw rows have changed since: what "
            "moved may be due to that, and is not judged."
        )
    elif raw:
        changed = ", ".join(f"{number:,} of {name}" for name, number in raw.items())
        other_data = (
            f"Raw rows about closed periods have changed since these marts were published ({changed}): what moved may be "
            "due to that, and is not judged."
        )
    data = f"your published marts ({database.name}), which HEAD built again in a copy"
    return compare(database, copy, data, same_data=False, other_data=other_data)


def write(review: Review, options: DiffOptions) -> int:
    """Writes the review where it should go, and returns the exit code."""
    said = to_json(review) if options.form == "json" else to_markdown(review)
    if options.output is not None:
        options.output.write_text(said, encoding="utf-8")
    elif options.form == "markdown" and sys.stdout.isatty():
        # A terminal has nothing to open with a click.
        shown = (
            said.replace("<details><summary>", "**")
            .replace("</summary>", "**")
            .replace("</details>", "")
        )
        Console(highlight=False).print(Markdown(shown))
    else:
        sys.stdout.write(said.rstrip("\n") + "\n")
    for problem in review.problems if options.output is not None else ():
        print(problem.says, file=sys.stderr)
    return review.exit_code
