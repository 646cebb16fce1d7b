"""What the pages of the metrics say, and how they are written.

Everything is derived: words and formulas from the mart `metric_definitions`, guards and columns from what dbt has read of the
project, worked examples from one worked row per mart (examples.toml).
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from retention_ledger.errors import Stop
from retention_ledger.semantic import OVER_TIME, WITHOUT_PERIODS, Metric

#: The marts in the order of the index, with the words of their heading.
HEADINGS = {
    "retention_by_period": "Customers: who stayed, who left",
    "mrr_by_period": "Recurring revenue",
    "plan_movements_by_period": "Plans",
    "repeat_purchase_by_period": "Purchases",
    "repeat_purchase_by_cohort": "Purchases of a cohort",
    "cohort_retention": "Cohorts",
    "mrr_cohorts": "Recurring revenue of a cohort",
    "onboarding_by_month": "New customers",
    "lifetime_value_by_period": "Lifetime value",
    "acquisition_cost_by_period": "Acquisition",
}

#: dbt's page with models, columns and lineage, beside the index.
LINEAGE = "lineage.html"

IDENTIFIER = re.compile(r"\b[a-z_][a-z0-9_]*\b")


@dataclass(frozen=True)
class Guard:
    """A test that would fail if the metric went wrong: what it is, on which model, and where it is written."""

    name: str
    model: str
    path: str
    arguments: str = ""
    proves: str = ""


@dataclass
class Page:
    """All that the page of a metric says."""

    metric: Metric
    inputs: list[str]
    says: str
    substituted: str
    result: str
    columns: list[tuple[str, str]]
    guards: dict[str, list[Guard]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The metric's name, and that of its page."""
        return self.metric.metric

    @property
    def synonyms(self) -> list[str]:
        """Other names of the same thing."""
        return names_in(self.metric.synonyms or "")

    @property
    def searched(self) -> str:
        """What the search looks at, in lower case."""
        words = (
            self.name,
            self.name.replace("_", " "),
            self.metric.label,
            *self.synonyms,
            self.metric.description,
        )
        return " ".join(words).lower()


def names_in(listed: str) -> list[str]:
    """The names of a list with commas, of which those within brackets do not count."""
    found, depth = [""], 0
    for character in listed:
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            found.append("")
        else:
            found[-1] += character
    return [name.strip() for name in found if name.strip()]


@cache
def worked_rows() -> dict[str, dict[str, Any]]:
    """Mart -> its worked row: column -> number, and `says`, the row in words."""
    text = resources.files("retention_ledger.site").joinpath("examples.toml").read_text("utf-8")
    return tomllib.loads(text)["rows"]


def evaluated(expression: str, row: dict[str, Any]) -> float | None:
    """An SQL expression over the columns of a row."""
    columns = ", ".join(
        f"{value}::decimal(18, 4) as {name}" for name, value in row.items() if name != "says"
    )
    sql = f"select ({expression})::double from (select {columns})"
    [(value,)] = _calculator().execute(sql).fetchall()
    return value


@cache
def _calculator() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def number(value: float, unit: str = "") -> str:
    """A number as people write it; a fraction as a percentage, too."""
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return (
        f"{text} ({value * 100:,.4f}".rstrip("0").rstrip(".") + "%)" if unit == "fraction" else text
    )


def example(metric: Metric) -> tuple[str, str, str]:
    """The worked row in words, the formula with its numbers, and what comes out."""
    row = worked_rows().get(metric.mart)
    missing = [name for name in inputs_of(metric) if row is None or name not in row]
    if row is None or missing:
        raise Stop(
            f"The metric {metric.metric} has no worked example: the row {metric.mart} of "
            f"src/retention_ledger/site/examples.toml has no {', '.join(missing) or 'columns'}."
        )
    substituted = IDENTIFIER.sub(lambda found: number(row[found.group()]), metric.formula)
    result = evaluated(metric.formula, row)
    return row["says"], substituted, number(result, metric.unit)


def inputs_of(metric: Metric) -> list[str]:
    """The columns of the formula, in its order."""
    return list(dict.fromkeys(IDENTIFIER.findall(metric.formula)))


def texts(value: Any) -> Iterator[str]:
    """All texts of nested arguments."""
    if isinstance(value, dict):
        for each in (*value.keys(), *value.values()):
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def mentions(value: Any, columns: Iterable[str]) -> bool:
    """Whether arguments or rows of a test name one of the columns."""
    words = set(IDENTIFIER.findall(" ".join(texts(value))))
    return not words.isdisjoint(columns)


def what_generic_tests_prove(folder: Path) -> dict[str, str]:
    """Generic test -> what it proves, from the table of their README; empty where the folder has none."""
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, re.M))


def as_code(text: str) -> Markup:
    """A text as HTML, with what stands in backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def plain(arguments: dict[str, Any]) -> str:
    """The arguments of a generic test as a person writes them."""
    return ", ".join(
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in arguments.items()
        if name not in ("model", "column_name")
    )


def guards_of(
    metric: Metric, inputs: list[str], manifest: Any, proves: dict[str, str]
) -> dict[str, list[Guard]]:
    """The tests that guard a metric, by what they look at: the metric itself, what it is made of, its whole mart."""
    found: dict[str, list[Guard]] = {"metric": [], "inputs": [], "mart": []}
    marts = {metric.mart, *(["metric_values"] if metric.by_period else [])}

    def add(said: Any, guard: Guard, is_of_mart: bool) -> None:
        if mentions(said, [metric.metric]):
            found["metric"].append(guard)
        elif is_of_mart and mentions(said, inputs):
            found["inputs"].append(guard)
        elif is_of_mart:
            found["mart"].append(guard)

    for node in manifest.nodes.values():
        if str(node.resource_type) != "test":
            continue
        read = {name.split(".")[-1] for name in node.depends_on.nodes}
        generic = getattr(node, "test_metadata", None)
        if generic is None:
            if read & {metric.mart}:
                add(node.raw_code, Guard(node.name, metric.mart, node.original_file_path), True)
            continue
        on = str(node.attached_node or "").split(".")[-1]
        if on in marts:
            said = {**generic.kwargs, "column": node.column_name or ""}
            said.pop("model", None)
            about = plain(generic.kwargs)
            about = f"{node.column_name}; {about}".rstrip("; ") if node.column_name else about
            is_of_mart = on == metric.mart or not mentions(
                said, manifest_columns(manifest, on) - {metric.metric, "value"}
            )
            add(
                said,
                Guard(
                    generic.name, on, node.original_file_path, about, proves.get(generic.name, "")
                ),
                is_of_mart,
            )
    for unit in manifest.unit_tests.values():
        if unit.model in marts:
            rows = unit.expect.rows if isinstance(unit.expect.rows, list) else []
            guard = Guard(unit.name, unit.model, unit.original_file_path)
            if rows and unit.model == metric.mart and mentions(rows, [metric.metric, *inputs]):
                add(rows, guard, True)
            elif unit.model != metric.mart:
                found["mart"].append(guard)
    return {
        name: sorted(guards, key=lambda guard: (guard.model, guard.name))
        for name, guards in found.items()
    }


def manifest_columns(manifest: Any, model: str) -> set[str]:
    """The columns that a model describes."""
    node = manifest.nodes.get(f"model.retention_ledger.{model}")
    return set(node.columns) if node else set()


def columns_of(metric: Metric, manifest: Any) -> list[tuple[str, str]]:
    """Where the metric stands as a column: mart and column, its own mart first."""
    marker = f"- Formula, over `{metric.mart}`: `{metric.formula}`"
    found = [
        (node.name, column.name)
        for node in manifest.nodes.values()
        if str(node.resource_type) == "model" and str(node.access) == "public"
        for column in node.columns.values()
        if marker in column.description and metric.description in column.description
    ]
    return sorted(found, key=lambda place: (place[0] != metric.mart, place))


def pages_of(metrics: list[Metric], manifest: Any, proves: dict[str, str]) -> list[Page]:
    """The pages, in the order of the index; `proves` says of generic tests what they prove."""
    order = list(HEADINGS)
    unknown = {metric.mart for metric in metrics} - set(order)
    if unknown:
        raise Stop(
            f"The pages of metrics have no heading for {', '.join(sorted(unknown))}: add it to HEADINGS."
        )
    pages = []
    for metric in sorted(metrics, key=lambda each: order.index(each.mart)):
        inputs = inputs_of(metric)
        says, substituted, result = example(metric)
        guards = guards_of(metric, inputs, manifest, proves)
        pages.append(
            Page(metric, inputs, says, substituted, result, columns_of(metric, manifest), guards)
        )
    return pages


def write(
    metrics: list[Metric], manifest: Any, folder: Path, lineage: Path | None, generic_tests: Path
) -> Path:
    """Writes the pages into a folder and returns the index.

    `manifest` is what dbt has read of the project, `lineage` dbt's own page (None: without), `generic_tests` the folder of
    the generic tests, whose README says what each proves.
    """
    environment = Environment(
        loader=PackageLoader("retention_ledger.site"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    environment.filters["as_code"] = as_code
    proves = what_generic_tests_prove(generic_tests)
    pages = pages_of(metrics, manifest, proves)
    known = {page.name for page in pages}
    given = {
        "pages": pages, "headings": HEADINGS, "policy": metrics[0].policy_version, "lineage": LINEAGE if lineage else "", "known": known,
        "without_periods": WITHOUT_PERIODS, "over_time": OVER_TIME,
    }  # fmt: skip
    (folder / "metrics").mkdir(parents=True, exist_ok=True)
    if lineage:
        (folder / LINEAGE).write_bytes(lineage.read_bytes())
    index = folder / "index.html"
    index.write_text(environment.get_template("index.j2").render(up="", **given), encoding="utf-8")
    template = environment.get_template("metric.j2")
    for page in pages:
        text = template.render(page=page, up="../", **given)
        (folder / "metrics" / f"{page.name}.html").write_text(text, encoding="utf-8")
    return index
