"""`retention-ledger diff`: what a change does to the metrics, and what of it nobody has acknowledged.

Most cases compare two small builds made by hand, so that one thing differs at a time. Mistakes in the models of this
project are made in what dbt has read. The command runs on revisions of a repository whose dbt project has the tables
of this one, made by a line of SQL each; and once on a revision of this project.
"""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt_project import ROOT, dbt, manifest_of
from dbt_project import TABLES as BUILD_TABLES
from mutants import Mutant, make_mistake
from test_cli import SETTINGS, command, write_orders

from retention_ledger.diff.compare import compare, compare_definitions, compare_schemas
from retention_ledger.diff.facts import Comparison
from retention_ledger.diff.judge import judge
from retention_ledger.diff.markdown import code, prose, words
from retention_ledger.diff.notes import Notes, entries_of, sections_of
from retention_ledger.diff.render import MARKER, to_markdown
from retention_ledger.diff.review import Review, to_json
from retention_ledger.diff.sides import (
    Asked,
    defines_metrics,
    files_that_differ,
    find_place,
    find_sides,
    reads_the_same,
    seeds_among,
)
from retention_ledger.errors import Stop

SILENT = Notes((), ())

TABLES = """
create schema marts;
create schema intermediate;
create table marts.metric_definitions (
    metric varchar, label varchar, description varchar, formula varchar, unit varchar, direction varchar, nulls varchar,
    kind varchar, mart varchar, numerator varchar, denominator varchar, condition varchar, synonyms varchar,
    sources varchar, version int, is_proportion boolean
);
create table marts.policy_settings (
    setting varchar, value varchar, meaning varchar, is_part_of_version boolean, policy_version varchar
);
create table marts.metric_values (
    metric varchar, basis varchar, period_grain varchar, period_start date, period_end date, period_status varchar,
    segment_dimension varchar, segment_value varchar, value decimal(28, 6), policy_version varchar
);
create table marts.retention_by_period (period_start date, opening_customers int, churned_customers int);
create table marts.customers (customer_id varchar, country varchar, policy_version varchar);
create table intermediate.int_data_held (
    data varchar, settings varchar, relations varchar, last_build varchar, build_id varchar
);
insert into marts.metric_definitions values
    ('customer_churn_rate', 'Churn', 'Who left.', 'churned / opening', 'fraction', 'down', 'Null while partial.', 'ratio',
        'retention_by_period', 'churned_customers', 'opening_customers', null, 'logo churn', null, 1, true),
    ('closing_mrr', 'MRR', 'What is paid.', 'closing_mrr', 'amount in the reporting currency', 'up', 'Never null.', 'money',
        'mrr_by_period', 'closing_mrr', null, null, null, null, 1, false);
insert into marts.policy_settings values
    ('policy_release', '2026.1', 'Release.', true, '2026.1+aaaa'), ('inactivity_days', '90', 'How long.', true, '2026.1+aaaa'),
    ('as_of_date', '2025-06-10', 'Last day.', false, '2026.1+aaaa'), ('calendar', 'common', 'Which.', true, '2026.1+aaaa');
insert into marts.metric_values values
    ('customer_churn_rate', 'orders_window', 'month', '2025-04-01', '2025-04-30', 'complete', 'all', 'all', 0.10, '2026.1+aaaa'),
    ('customer_churn_rate', 'orders_window', 'month', '2025-05-01', '2025-05-31', 'complete', 'all', 'all', 0.20, '2026.1+aaaa'),
    ('customer_churn_rate', 'orders_window', 'month', '2025-05-01', '2025-05-31', 'complete', 'country', 'DE', 0.30, '2026.1+aaaa'),
    ('customer_churn_rate', 'orders_window', 'month', '2025-06-01', '2025-06-30', 'partial', 'all', 'all', null, '2026.1+aaaa'),
    ('closing_mrr', null, 'month', '2025-05-01', '2025-05-31', 'complete', 'all', 'all', 1234.50, '2026.1+aaaa');
insert into marts.retention_by_period values ('2025-05-01', 10, 2);
insert into marts.customers values ('a', 'DE', '2026.1+aaaa');
"""
#: What nearly every change of a definition does, too.
OTHER_HASH = "update marts.policy_settings set policy_version = '2026.1+bbbb'"
NEW_RELEASE = "update marts.policy_settings set value = '2026.2' where setting = 'policy_release'"
CHURN = "metric = 'customer_churn_rate'"
OTHER_FORMULA = f"update marts.metric_definitions set denominator = 'closing_customers', formula = 'churned / closing' where {CHURN}"
RAISED = f"update marts.metric_definitions set version = 2 where {CHURN}"
MOVED = f"update marts.metric_values set value = 0.25 where {CHURN} and period_start = '2025-05-01' and segment_value = 'all'"


def make(file: Path, *statements: str, of: Path | None = None) -> Path:
    """A build made by hand, or a copy of another one with something changed."""
    if of is not None:
        shutil.copy(of, file)
    with duckdb.connect(str(file)) as connection:
        for statement in (*(() if of else (TABLES,)), *statements):
            connection.execute(statement)
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        relations = json.dumps(
            {name: ["marts", name] for (name,) in tables if name != "int_data_held"}
        )
        connection.execute("delete from intermediate.int_data_held")
        connection.execute(
            "insert into intermediate.int_data_held values ('{\"demo\": \"the demo\"}', '{}', ?, 'passed', null)",
            [relations],
        )
    return file


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build that all others are compared with. Not to be written to."""
    return make(tmp_path_factory.mktemp("base") / "base.duckdb")


def review(base: Path, folder: Path, *statements: str, notes: Notes = SILENT) -> Review:
    """What a diff says of a build in which these statements changed something."""
    head = make(folder / "head.duckdb", *statements, of=base)
    found = compare(base, head, "the demo")
    return Review("BASE", "HEAD", found, notes, tuple(judge(found, notes)))


def kinds(found: Review) -> list[tuple[str, tuple[str, ...]]]:
    """Kind and names of the problems."""
    return [(problem.kind, problem.names) for problem in found.problems]


def main_of(found: Review) -> Comparison:
    """The comparison of a review that has one."""
    assert found.main is not None
    return found.main


def test_two_builds_that_are_the_same(base: Path, tmp_path: Path) -> None:
    found = review(base, tmp_path)
    assert (found.verdict, found.exit_code) == ("nothing changed", 0)
    assert main_of(found).values.compared == 4
    assert "**Nothing changed.**" in to_markdown(found)


def test_a_formula_without_its_version_is_not_acknowledged(base: Path, tmp_path: Path) -> None:
    found = review(base, tmp_path, OTHER_FORMULA, OTHER_HASH, MOVED)
    # The values moved with their definition, which is one problem and not two.
    assert kinds(found) == [("definition", ("customer_churn_rate",))]
    assert found.exit_code == 1
    said = to_markdown(found)
    assert "`customer_churn_rate` changed (version 1, **not raised**; 1 closed value moved)" in said
    assert "- formula      churned / opening\n+ formula      churned / closing\n" in said
    assert "- denominator  opening_customers\n+ denominator  closing_customers\n" in said
    assert "`2026.1+aaaa → 2026.1+bbbb`" in said


def test_a_formula_with_its_version_is_acknowledged(base: Path, tmp_path: Path) -> None:
    notes = Notes(("The churn rate is over the closing customers.",), ("movements.md: Churn",))
    found = review(base, tmp_path, OTHER_FORMULA, RAISED, OTHER_HASH, MOVED, notes=notes)
    assert (found.verdict, found.exit_code) == ("acknowledged", 0)
    said = to_markdown(found)
    assert "| versions of metrics | raised: `customer_churn_rate` |" in said
    assert "| CHANGELOG | The churn rate is over the closing customers. |" in said
    assert "| `customer_churn_rate` | `orders_window` | **20.0% → 25.0%** |" in said


METRIC = {
    "metric": "churn", "label": "Churn", "description": "Who left.", "formula": "a / b", "unit": "fraction",
    "direction": "down", "nulls": "Never.", "kind": "ratio", "mart": "m", "numerator": "a", "denominator": "b",
    "condition": None, "synonyms": None, "sources": None, "version": 1, "is_proportion": True,
}  # fmt: skip


@pytest.mark.parametrize(
    "field", ["kind", "unit", "mart", "numerator", "denominator", "condition", "is_proportion"]
)
def test_what_makes_a_metric_is_its_definition(field: str) -> None:
    [found] = compare_definitions([METRIC], [METRIC | {field: "other"}])
    assert (found.change, found.is_versioned, [each.name for each in found.changes]) == (
        "changed",
        False,
        [field],
    )
    [found] = compare_definitions([METRIC], [METRIC | {field: "other", "version": 2}])
    assert (found.change, found.is_versioned) == ("changed", True)


@pytest.mark.parametrize(
    "field", ["label", "description", "nulls", "direction", "synonyms", "sources", "formula"]
)
def test_what_is_said_of_a_metric_is_words(field: str) -> None:
    [found] = compare_definitions([METRIC], [METRIC | {field: "other"}])
    assert (found.change, found.changes, [each.name for each in found.words]) == (
        "reworded",
        (),
        [field],
    )


def test_a_field_that_only_one_version_has_says_nothing() -> None:
    old = {name: value for name, value in METRIC.items() if name != "is_proportion"}
    assert compare_definitions([old], [METRIC]) == ()


def test_other_words_are_harmless(base: Path, tmp_path: Path) -> None:
    found = review(
        base,
        tmp_path,
        f"update marts.metric_definitions set description = 'Better words.' where {CHURN}",
    )
    assert (found.verdict, found.exit_code, found.problems) == ("harmless", 0, ())
    assert "- description: Who left.\n+ description: Better words." in to_markdown(found)


def test_values_that_move_without_their_definition_are_flagged(base: Path, tmp_path: Path) -> None:
    found = review(base, tmp_path, MOVED)
    assert kinds(found) == [("value", ("customer_churn_rate",))]
    [moved] = main_of(found).values.moved
    assert (moved.compared, moved.moved, moved.gone, moved.new) == (3, 1, 0, 0)
    assert (moved.before, moved.after, str(moved.first_period)) == (
        Decimal("0.2"),
        Decimal("0.25"),
        "2025-05-01",
    )
    assert "no definition, version or setting changed with them" in to_markdown(found)


@pytest.mark.parametrize(
    ("acknowledgement", "exit_code"),
    [
        (NEW_RELEASE, 0),
        (RAISED, 0),
        ("update marts.metric_definitions set version = 2 where metric = 'closing_mrr'", 1),
        (OTHER_HASH, 1),
    ],
    ids=["release", "version of the metric", "version of another metric", "hash alone"],
)
def test_what_acknowledges_a_move(
    base: Path, tmp_path: Path, acknowledgement: str, exit_code: int
) -> None:
    assert review(base, tmp_path, MOVED, acknowledgement).exit_code == exit_code


def test_null_is_not_zero(base: Path, tmp_path: Path) -> None:
    found = review(
        base,
        tmp_path,
        f"update marts.metric_values set value = null where {CHURN} and segment_value = 'DE'",
    )
    [moved] = main_of(found).values.moved
    assert (moved.moved, moved.before, moved.after, moved.segment) == (
        1,
        Decimal("0.3"),
        None,
        "DE",
    )
    assert "30.0% → null" in to_markdown(found)


def test_rows_that_come_and_go(base: Path, tmp_path: Path) -> None:
    """A segment that is gone moved to nothing; a period that is gone has gone; what is new beside them is listed."""
    found = review(
        base, tmp_path,
        "update marts.metric_values set segment_value = 'IT' where segment_value = 'DE'",
        "delete from marts.metric_values where period_start = '2025-04-01'",
        "insert into marts.metric_values select * replace ('week' as period_grain) from marts.metric_values "
        "where metric = 'closing_mrr'",
    )  # fmt: skip
    [churn, mrr] = main_of(found).values.moved
    assert (churn.moved, churn.gone, churn.new) == (2, 1, 0)
    assert (mrr.metric, mrr.moved, mrr.gone, mrr.new) == ("closing_mrr", 0, 0, 1)
    assert kinds(found) == [("value", ("customer_churn_rate",))]


def test_a_partial_period_is_no_closed_value(base: Path, tmp_path: Path) -> None:
    partial = "update marts.metric_values set value = 0.5 where period_status = 'partial'"
    found = review(base, tmp_path, partial)
    assert main_of(found).values.moved == ()
    # With the same data it should be the same all the same.
    assert kinds(found) == [("row", ("metric_values",))]


def test_rows_of_a_mart_that_no_metric_is_made_of(base: Path, tmp_path: Path) -> None:
    other = "update marts.customers set country = 'FR'"
    assert kinds(review(base, tmp_path, other)) == [("row", ("customers",))]
    assert review(base, tmp_path, other, NEW_RELEASE).exit_code == 0
    added = review(base, tmp_path, "insert into marts.customers values ('b', 'DE', '2026.1+aaaa')")
    assert (added.exit_code, added.verdict) == (0, "harmless")
    assert (
        review(base, tmp_path, "update marts.customers set policy_version = 'x'").verdict
        == "nothing changed"
    )


def test_a_metric_that_is_new(base: Path, tmp_path: Path) -> None:
    found = review(
        base, tmp_path, OTHER_HASH,
        "insert into marts.metric_definitions select * replace ('nrr' as metric) from marts.metric_definitions where version = 1",
        "delete from marts.metric_definitions where metric = 'nrr' and kind = 'money'",
        "insert into marts.metric_values select * replace ('nrr' as metric) from marts.metric_values",
    )  # fmt: skip
    assert (found.verdict, found.exit_code) == ("harmless", 0)
    [definition] = main_of(found).definitions
    assert (definition.metric, definition.change, main_of(found).values.rows) == (
        "nrr",
        "added",
        (),
    )
    assert "| `nrr` | added | `churned / opening` |" in to_markdown(found)
    assert "| CHANGELOG | **missing** |" in to_markdown(found)


def test_a_metric_that_is_gone(base: Path, tmp_path: Path) -> None:
    gone = (
        f"delete from marts.metric_definitions where {CHURN}",
        f"delete from marts.metric_values where {CHURN}",
    )
    found = review(base, tmp_path, *gone)
    assert kinds(found) == [("metric", ("customer_churn_rate",))]
    told = Notes(("Removed: `customer_churn_rate`.",), ())
    assert review(base, tmp_path, *gone, notes=told).exit_code == 0
    another = Notes(("Removed: `my_customer_churn_rate`.",), ())
    assert review(base, tmp_path, *gone, notes=another).exit_code == 1


def test_a_setting_of_the_policy(base: Path, tmp_path: Path) -> None:
    sixty = "update marts.policy_settings set value = '60' where setting = 'inactivity_days'"
    found = review(base, tmp_path, sixty, OTHER_HASH, MOVED)
    assert kinds(found) == [("setting", ("inactivity_days",))]
    assert "| `inactivity_days` | `90` | `60` | How long. |" in to_markdown(found)
    assert review(base, tmp_path, sixty, NEW_RELEASE, MOVED).exit_code == 0
    new = "insert into marts.policy_settings values ('seasonal_cycles', '2', 'How many.', true, '2026.1+bbbb')"
    assert review(base, tmp_path, new, OTHER_HASH).exit_code == 0
    # A new setting whose default moves figures says nothing of that.
    assert kinds(review(base, tmp_path, new, OTHER_HASH, MOVED)) == [
        ("value", ("customer_churn_rate",))
    ]
    day = "update marts.policy_settings set value = '2025-06-09' where setting = 'as_of_date'"
    assert review(base, tmp_path, day).exit_code == 0


def test_a_definition_that_follows_a_setting(base: Path, tmp_path: Path) -> None:
    """Its condition may name a setting, and who sets it cannot raise a version in somebody else's package."""
    sixty = "update marts.policy_settings set value = '60' where setting = 'inactivity_days'"
    found = review(base, tmp_path, sixty, OTHER_FORMULA, MOVED)
    assert kinds(found) == [("setting", ("inactivity_days",))]
    assert (
        "`customer_churn_rate` changed (because a setting did; 1 closed value moved)"
        in to_markdown(found)
    )
    assert review(base, tmp_path, sixty, OTHER_FORMULA, NEW_RELEASE).exit_code == 0
    # Unless the catalogue itself is another.
    both = judge(main_of(found), SILENT, catalogue_differs=True)
    assert [problem.kind for problem in both] == ["definition", "setting"]


@pytest.mark.parametrize(
    ("statement", "names", "says"),
    [
        ("drop table marts.customers", ("customers",), "The mart `customers` was removed"),
        ("alter table marts.customers drop country", ("customers", "country"),
         "The column `country` of `customers` was removed"),
        ("alter table marts.customers rename country to land", ("customers", "country"),
         "The column `country` of `customers` was removed"),
        ("alter table marts.retention_by_period alter churned_customers type decimal(18, 2)",
         ("retention_by_period", "churned_customers"),
         "The column `churned_customers` of `retention_by_period` was INTEGER and is DECIMAL(18,2)"),
    ],
    ids=["mart dropped", "column dropped", "column renamed", "type changed"],
)  # fmt: skip
def test_a_table_that_breaks_readers(
    base: Path, tmp_path: Path, statement: str, names: tuple[str, ...], says: str
) -> None:
    found = review(base, tmp_path, statement)
    assert [problem.kind for problem in found.problems] == ["schema"]
    assert (
        found.problems[0].says
        == f"{says}, which breaks who reads it. No new entry of CHANGELOG.md names it."
    )
    assert f"### Tables: what breaks readers\n\n- {says}." in to_markdown(found)
    for name in names:
        told = Notes((f"`{name}` is not what it was.",), None)
        assert review(base, tmp_path, statement, notes=told).exit_code == 0
    nowhere = review(base, tmp_path, statement, notes=Notes(None, None))
    assert "There is no CHANGELOG.md that says so." in nowhere.problems[0].says
    # Of two databases nobody can say what was written about them.
    assert (
        review(base, tmp_path, statement, notes=Notes(None, None, has_files=False)).exit_code == 0
    )


def test_many_tables_that_break_readers_are_one_problem(base: Path, tmp_path: Path) -> None:
    drop = (
        "drop table marts.customers",
        "alter table marts.retention_by_period drop churned_customers",
    )
    [problem] = review(base, tmp_path, *drop).problems
    assert problem.names == ("customers", "retention_by_period.churned_customers")
    assert problem.says.startswith(
        "2 marts and columns were removed or have another type, which breaks who reads them: "
    )
    assert problem.says.endswith("No new entry of CHANGELOG.md names them or their mart.")
    [problem] = review(
        base, tmp_path, *drop, notes=Notes(("No `customers` any more.",), ())
    ).problems
    assert problem.names == ("retention_by_period.churned_customers",)


@pytest.mark.parametrize(
    ("before", "after", "is_it"),
    [
        ("DECIMAL(18,2)", "DECIMAL(28,2)", True), ("INTEGER", "BIGINT", True), ("BIGINT", "INTEGER", False),
        ("DECIMAL(28,2)", "DECIMAL(18,2)", False), ("DECIMAL(18,2)", "DECIMAL(28,6)", False),
        ("INTEGER", "DECIMAL(18,2)", False), ("VARCHAR", "DATE", False),
    ],
)  # fmt: skip
def test_a_wider_type_breaks_nobody(before: str, after: str, is_it: bool) -> None:
    [found] = compare_schemas({"m": {"c": before}}, {"m": {"c": after}})
    assert (found.change, found.breaks_readers) == (("wider", False) if is_it else ("type", True))


def test_what_is_new_breaks_nobody(base: Path, tmp_path: Path) -> None:
    found = review(
        base,
        tmp_path,
        "alter table marts.customers add email varchar",
        "create table marts.orders (a int)",
    )
    assert (found.verdict, found.exit_code) == ("harmless", 0)
    assert "New: `customers.email`, `orders`." in to_markdown(found)


def test_the_review_for_machines(base: Path, tmp_path: Path) -> None:
    found = json.loads(
        to_json(review(base, tmp_path, OTHER_FORMULA, MOVED, "drop table marts.customers"))
    )
    assert (found["verdict"], found["exit_code"]) == ("not acknowledged", 1)
    assert [problem["kind"] for problem in found["problems"]] == ["definition", "schema"]
    assert found["main"]["values"]["moved"][0]["after"] == 0.25
    assert found["main"]["definitions"][0]["changes"][0] == {
        "name": "formula", "before": "churned / opening", "after": "churned / closing",
    }  # fmt: skip


def test_nothing_in_the_data_is_markdown(base: Path, tmp_path: Path) -> None:
    nasty = "a|b`c``@all <img src=x> #1\n| x | <!-- -->"
    found = review(
        base, tmp_path,
        f"update marts.metric_values set segment_value = '{nasty}', value = 9 where segment_value = 'DE'",
        f"update marts.metric_definitions set description = '{nasty}```\n# loud' where {CHURN}",
        f"update marts.policy_settings set meaning = '{nasty}', value = '{nasty}' where setting = 'inactivity_days'",
    )  # fmt: skip
    said = to_markdown(found)
    [row] = [line for line in said.splitlines() if line.startswith("| `inactivity_days`")]
    assert row.count("|") - row.count("\\|") == 5
    assert "\n# loud" not in said and "\n````diff\n" in said
    assert code("a|b`c``d") == "```a\\|b`c``d```"
    assert code("`") == "`` ` ``"
    assert prose("The mart `a|b` has *no* @one `") == "The mart `a\\|b` has \\*no\\* @\u200bone \\`"
    assert words("@all [x](y) <b>") == "@\u200ball \\[x\\](y) &lt;b&gt;"


def test_a_comment_is_never_too_long(base: Path, tmp_path: Path) -> None:
    found = review(base, tmp_path, OTHER_FORMULA, MOVED)
    main = main_of(found)
    [moved] = main.values.moved
    many = tuple(
        dataclasses.replace(moved, metric=f"metric_{number}" * 20) for number in range(500)
    )
    long = dataclasses.replace(main, values=dataclasses.replace(main.values, moved=many))
    said = to_markdown(dataclasses.replace(found, main=long))
    assert "… and 460 more metrics, which `--format json` lists." in said
    assert len(said.encode()) < 65_536
    short = to_markdown(dataclasses.replace(found, main=long), longest=3_000)
    assert len(short.encode()) <= 3_001
    assert "Left out, because a comment takes no more: values that moved" in short
    assert short.startswith(MARKER) and "The definition of `customer_churn_rate` changed" in short
    assert json.loads(to_json(dataclasses.replace(found, main=long)))["main"]["values"]["moved"][
        499
    ]


def test_what_changelog_and_decisions_say() -> None:
    assert entries_of("# Title\n\n- one\n  goes on\n- two\n\nA paragraph.\n## 1.0\n* three\n") == [
        "one goes on", "two", "A paragraph.", "three",
    ]  # fmt: skip
    assert list(sections_of("# Chapter\n\n## First\ntext\n## Second\n")) == ["First", "Second"]
    assert list(sections_of("# Only\ntext\n")) == ["Only"]


def test_builds_that_cannot_be_compared(base: Path, tmp_path: Path) -> None:
    half = make(
        tmp_path / "half.duckdb",
        "update intermediate.int_data_held set last_build = 'failed'",
        of=base,
    )
    with duckdb.connect(str(half)) as connection:
        connection.execute("update intermediate.int_data_held set last_build = 'failed'")
    with pytest.raises(Stop, match=r"The last build of the database .* failed"):
        compare(base, half, "")
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    with pytest.raises(Stop, match="holds no build of this version"):
        compare(base, tmp_path / "empty.duckdb", "")
    # A version that did not yet say what it is.
    old = Path(shutil.copy(base, tmp_path / "old.duckdb"))
    with duckdb.connect(str(old)) as connection:
        connection.execute("drop table intermediate.int_data_held")
        for column in ("formula", "nulls", "is_proportion"):
            connection.execute(f"alter table marts.metric_definitions drop {column}")
        connection.execute(RAISED)
    found = compare(old, base, "")
    assert found.values.moved == ()
    assert [(each.change, each.formula) for each in found.definitions] == [
        ("versioned", "churned / opening")
    ]
    assert [each.formula for each in compare(base, old, "").definitions] == [
        "churned_customers / opening_customers"
    ]


def test_other_data_is_not_judged(base: Path, tmp_path: Path) -> None:
    head = make(
        tmp_path / "head.duckdb", MOVED, "update marts.customers set country = 'FR'", of=base
    )
    found = compare(base, head, "the demo", other_data="The data itself changed, too.")
    assert judge(found, SILENT) == [] and found.values.moved and found.values.rows
    assert "The data itself changed, too." in to_markdown(Review("a", "b", found, SILENT))


# Mistakes in the models of this project


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small build of this project: tables alone."""
    folder = tmp_path_factory.mktemp("shop")
    write_orders(folder / "exports")
    settings = SHOP | {"raw_files": str(folder / "exports" / "{name}.csv")}
    run = dbt(
        *BUILD_TABLES,
        "--select",
        *WHAT_IS_READ,
        database=folder / "built.duckdb",
        settings=settings,
    )
    assert run.ok, run.text
    return folder / "built.duckdb"


SHOP = SETTINGS | {"as_of_date": "2024-12-31", "period_grains": ["month"], "segment_dimensions": []}
WHAT_IS_READ = ("+metric_values", "metric_definitions", "policy_settings")


def with_mistake(shop: Path, folder: Path, mutant: Mutant, *models: str) -> Review:
    """What a diff says of the shop, built again with a mistake in these models or in what they are made of."""
    head = Path(shutil.copy(shop, folder / "built.duckdb"))
    settings = SHOP | {"raw_files": str(shop.parent / "exports" / "{name}.csv")}
    manifest = manifest_of(settings, head)
    make_mistake(manifest, mutant)
    run = dbt("run", "--select", *models, database=head, settings=settings, manifest=manifest)
    assert run.ok, run.text
    found = compare(shop, head, "the shop")
    return Review("BASE", "HEAD", found, SILENT, tuple(judge(found, SILENT)))


def test_a_boundary_that_is_shifted_in_sql(shop: Path, tmp_path: Path) -> None:
    """No unit test and no data test notices this mistake, and the catalogue says what it said."""
    days = "{{ add_days(ordered_on, policy('inactivity_days')"
    mutant = Mutant(
        "", "", "macros/ledger/spells_of_orders.sql", days + ") }}", days + " + 1) }}", ""
    )
    found = with_mistake(shop, tmp_path, mutant, "int_spells_orders_window+,+metric_values")
    assert main_of(found).definitions == () and main_of(found).settings == ()
    [problem] = found.problems
    assert problem.kind == "value" and "churn_events" in problem.names
    assert "orders" not in problem.names


def test_a_formula_of_the_catalogue_that_changed(shop: Path, tmp_path: Path) -> None:
    right = (
        "denominator='opening_customers', is_column=true,\n"
        "            description='Share of the opening customers who are inactive at the close."
    )
    wrong = right.replace("opening_customers", "closing_customers")
    mutant = Mutant("", "", "macros/metrics/retention_metrics.sql", right, wrong, "")
    found = with_mistake(
        shop, tmp_path, mutant, "metric_definitions", "policy_settings", "retention_by_period", "int_metrics_measured", "metric_values"
    )  # fmt: skip
    assert kinds(found) == [("definition", ("customer_churn_rate",))]
    assert main_of(found).version_before != main_of(found).version_after


# The command, on revisions of a repository. Its dbt project has the tables of this one, made by a line of SQL each.

PROJECT = {
    "dbt_project.yml": "{name: retention_ledger, version: '1.0', config-version: 2, profile: p, model-paths: [models], "
    "macro-paths: [macros], models: {+materialized: table, +schema: marts}, "
    "vars: {inactivity_days: 90, policy_release: '2026.1', raw_files: null}}",
    "profiles.yml": "p: {target: d, outputs: {d: {type: duckdb, path: \"{{ env_var('RETENTION_LEDGER_DB') }}\", threads: 1}}}",
    "macros/schema.sql": "{% macro generate_schema_name(name, node) %}{{ name or 'main' }}{% endmacro %}",
    "models/policy_settings.sql": "select *, '1+a' as policy_version from (values "
    "('policy_release', '{{ var('policy_release') }}', 'Release.', true), "
    "('inactivity_days', '{{ var('inactivity_days') }}', 'How long.', true)) as s(setting, value, meaning, is_part_of_version)",
    "models/metric_definitions.sql": "select 'orders' as metric, 'Orders' as label, 'How many.' as description, 'orders' as formula, "
    "'orders' as unit, 'up' as direction, 'Never null.' as nulls, 'count' as kind, 'm' as mart, 'orders' as numerator, "
    "null as denominator, null as condition, null as synonyms, null as sources, 1 as version, false as is_proportion",
    "models/orders.sql": "select unnest(range(10)) as day",
    "models/metric_values.sql": "select 'orders' as metric, null::varchar as basis, 'month' as period_grain, "
    "date '2025-05-01' as period_start, date '2025-05-31' as period_end, 'complete' as period_status, "
    "'all' as segment_dimension, 'all' as segment_value, count(*)::decimal(28, 6) as value from {{ ref('orders') }} where day < 5",
    "models/int_data_held.sql": "{{ config(schema='intermediate') }} select '{}' as data, '{}' as settings, "
    "'{\"metric_values\": [\"marts\", \"metric_values\"], \"metric_definitions\": [\"marts\", \"metric_definitions\"], "
    "\"policy_settings\": [\"marts\", \"policy_settings\"], \"orders\": [\"marts\", \"orders\"]}' as relations, "
    "'passed' as last_build, null::varchar as build_id",
    "CHANGELOG.md": "# Changelog\n\n- The first.\n",
}  # fmt: skip


def git(folder: Path, *arguments: str) -> str:
    """What a git command says."""
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=os.environ | alone, capture_output=True, text=True, check=True
    ).stdout  # fmt: skip


def write(folder: Path, files: dict[str, str]) -> None:
    """Writes files, with their folders."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replaces a text that is in a file."""
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose project is in a folder, with two revisions: the second shifts a boundary, and no more is said of it."""
    top = tmp_path_factory.mktemp("repository")
    write(top / "project", PROJECT)
    git(top, "init", "--quiet", "--initial-branch", "main")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--message", "first")
    git(top, "switch", "--quiet", "--create", "work")
    edit(top / "project", "models/metric_values.sql", "day < 5", "day <= 5")
    git(top, "commit", "--quiet", "--all", "--message", "second")
    return top


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    """The project in a clone that a test may change."""
    git(tmp_path, "clone", "--quiet", str(repository), "clone")
    git(tmp_path / "clone", "branch", "--quiet", "main", "origin/main")
    return tmp_path / "clone" / "project"


def run_diff(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command in a folder; what it makes for itself is gone afterwards."""
    work = folder.parent / "work"
    work.mkdir(exist_ok=True)
    done = command("diff", *arguments, folder=folder, TMPDIR=str(work), DBT_LOG_PATH="logs")
    assert list(work.iterdir()) == []
    work.rmdir()
    return done


def test_two_revisions_by_the_command(project: Path) -> None:
    before = git(project, "worktree", "list", "--porcelain"), git(project, "stash", "list")
    done = run_diff(project, "main", "work")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(MARKER)
    assert (
        "1 value of closed periods (the data that the project reads) moved, of `orders`"
        in done.stdout
    )
    assert "Files that dbt reads and that differ: `models/metric_values.sql`." in done.stdout
    assert "| `orders` | `-` | **5 → 6** |" in done.stdout
    assert "Building BASE ...\nBuilding HEAD ...\n" in done.stderr
    # Nothing is left in the repository, and nothing was changed there.
    assert git(project, "status", "--porcelain") == ""
    assert (
        git(project, "worktree", "list", "--porcelain"),
        git(project, "stash", "list"),
    ) == before


def test_settings_are_those_of_the_revision(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of settings in the repository is read as it was; the data that it names is where the file is now."""
    write(project.parent, {"shop.yml": "inactivity_days: 60\nraw_files: exports/{name}.csv\n"})
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--all", "--message", "settings")
    write(project.parent, {"shop.yml": "inactivity_days: 30\nraw_files: exports/{name}.csv\n"})
    monkeypatch.chdir(project)
    asked = Asked("HEAD", None, settings=Path("../shop.yml"))
    base, head = find_sides(find_place(asked), tmp_path / "first")
    assert (base.said, head.said) == (
        f"HEAD ({git(project, 'rev-parse', 'HEAD')[:9]})",
        "the working folder",
    )
    exports = str(project.parent / "exports" / "{name}.csv")
    assert base.settings == {"inactivity_days": 60, "raw_files": exports}
    assert head.settings == {"inactivity_days": 30, "raw_files": exports}
    assert not reads_the_same(base, head)
    with pytest.raises(Stop, match=r"BASE \(main \(.{9}\)\) has no settings file \.\./shop.yml"):
        find_sides(
            find_place(Asked("main", None, settings=Path("../shop.yml"))), tmp_path / "second"
        )
    # The installed project, in a repository that has only the settings.
    shutil.copytree(project, tmp_path / "installed")
    git(project, "rm", "--quiet", "-r", "--cached", ".")
    shutil.rmtree(project)
    monkeypatch.chdir(project.parent)
    monkeypatch.setattr("retention_ledger.cli.project.carried", lambda: tmp_path / "installed")
    base, head = find_sides(
        find_place(Asked("HEAD", None, settings=Path("shop.yml"))), tmp_path / "third"
    )
    assert (
        base.project is not None
        and base.project.folder == tmp_path / "installed"
        and head.project == base.project
    )
    assert (base.settings, head.settings) == (
        {"inactivity_days": 60, "raw_files": exports},
        {"inactivity_days": 30, "raw_files": exports},
    )


def test_seeds_are_the_data(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that changed may move figures; one that is new is read by nothing that was there."""
    write(project, {"seeds/raw_orders.csv": "a\n1\n"})
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "a seed")
    write(
        project,
        {
            "seeds/raw_orders.csv": "a\n2\n",
            "seeds/raw_refunds.csv": "a\n1\n",
            "models/a.sql": "select 1",
        },
    )
    monkeypatch.chdir(project)
    base, head = find_sides(find_place(Asked("HEAD", None)), tmp_path / "first")
    files = files_that_differ(base, head)
    assert files == ("models/a.sql", "seeds/raw_orders.csv", "seeds/raw_refunds.csv")
    assert seeds_among(files, base) == ["seeds/raw_orders.csv"]


def test_packages_of_a_revision(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are those that are installed, unless the revision asks for others."""
    write(project, {"packages.yml": "packages: [{git: somewhere, revision: v1}]\n"})
    write(
        project,
        {
            "dbt_packages/ledger/dbt_project.yml": PROJECT["dbt_project.yml"],
            ".gitignore": "dbt_packages\n",
        },
    )
    edit(project, "dbt_project.yml", "name: retention_ledger", "name: shop")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "a host")
    monkeypatch.chdir(project)
    base, _ = find_sides(find_place(Asked("HEAD", None)), tmp_path / "first")
    assert base.project is not None and not base.needs_packages
    assert base.project.ours.resolve() == project / "dbt_packages" / "ledger"
    edit(project, "packages.yml", "v1", "v2")
    assert defines_metrics(("models/a.sql", "packages.yml"), base) and not defines_metrics(
        ("models/a.sql",), base
    )
    base, head = find_sides(find_place(Asked("HEAD", None)), tmp_path / "second")
    assert base.needs_packages and not head.needs_packages
    assert defines_metrics((), base) and not defines_metrics((), head)


def test_the_same_revision(project: Path) -> None:
    done = run_diff(project, "work", "HEAD")
    assert (done.returncode, done.stderr) == (0, "")
    assert "**Nothing changed.**" in done.stdout
    # Files that dbt does not read are no change.
    write(project, {"README.md": "new"})
    assert "**Nothing changed.**" in run_diff(project, "HEAD").stdout
    git(project, "switch", "--quiet", "--detach", "main")
    assert "**Nothing changed.**" in run_diff(project, "work", "main", "--merge-base").stdout


def test_what_cannot_be_compared(project: Path, tmp_path: Path) -> None:
    def trouble(*arguments: object, folder: Path = project) -> str:
        done = run_diff(folder, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr

    said = trouble("mian")
    assert said.startswith("BASE is 'mian', which is no revision of the repository ")
    assert said.endswith("and no folder or database. Did you mean main?\n")
    assert "BASE is the folder models, and there is no dbt project in it." in trouble("models")
    assert "HEAD is gone.duckdb, and there is no such database." in trouble("main", "gone.duckdb")
    (project / "text.duckdb").write_text("x" * 5000)
    assert "text.duckdb is a file, but no DuckDB database" in trouble("text.duckdb", "text.duckdb")
    assert "`--format` is 'html'; it is markdown or json." in trouble("main", "--format", "html")
    assert "name them with `--database FILE`" in trouble("main", "--no-fixture")
    git(
        project,
        "clone",
        "--quiet",
        "--depth",
        "1",
        f"file://{project.parent}",
        str(tmp_path / "shallow"),
    )
    said = trouble("main", folder=tmp_path / "shallow" / "project")
    assert "(this clone is shallow: fetch the whole history, as with `fetch-depth: 0`)" in said
    alone = tmp_path / "alone"
    write(alone, PROJECT)
    assert "is in none." in trouble("main", folder=alone)


@pytest.fixture(scope="module")
def published(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first revision built."""
    folder = tmp_path_factory.mktemp("published")
    git(folder, "clone", "--quiet", "--branch", "main", str(repository), "clone")
    run = subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "run", "--profiles-dir", "."],
        cwd=folder / "clone" / "project", env=os.environ | {"RETENTION_LEDGER_DB": str(folder / "shop.duckdb")},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    return folder / "shop.duckdb"


def test_published_marts(project: Path, published: Path) -> None:
    before = published.read_bytes()
    done = run_diff(
        project, "main", "work", "--database", published, "--no-fixture", "--format", "json", "--output", "../review.json"
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    found = json.loads((project.parent / "review.json").read_text())
    assert found["own"] is None and found["files"] == ["models/metric_values.sql"]
    assert found["main"]["values"]["headline"][0]["after"] == 6
    assert found["main"]["values"]["other_data"].startswith(
        "These marts were not published by the command"
    )
    assert published.read_bytes() == before and [
        path.name for path in published.parent.glob("*.duckdb*")
    ] == ["shop.duckdb"]


def test_a_build_that_fails(project: Path, published: Path) -> None:
    write(project, {"models/orders.sql": "select nothing as day"})
    done = run_diff(project, published)
    assert (done.returncode, done.stdout) == (2, "")
    assert "HEAD could not be built.\nmodel orders: " in done.stderr and "nothing" in done.stderr


def test_who_breaks_it_off_leaves_nothing(project: Path, published: Path) -> None:
    write(
        project,
        {"models/orders.sql": "select count(*) as day from range(1000000) a, range(1000000) b"},
    )
    work = project.parent / "work"
    work.mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "retention_ledger", "diff", str(published)], cwd=project, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(work)}, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stderr is not None and running.stderr.readline() == "Building HEAD ...\n"
    deadline = time.monotonic() + 60
    while not list(work.glob("*/head/build/warehouse.duckdb")) and time.monotonic() < deadline:
        time.sleep(0.1)
    workers = [
        path.name for path in Path("/proc").glob("[0-9]*") if str(work) in environment_of(path)
    ]
    assert len(workers) >= 2
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) not in (0, 1)
    assert list(work.iterdir()) == []
    assert not [name for name in workers if is_running(name)]


def is_running(process: str) -> bool:
    """Whether a process goes on; one that has ended may wait for somebody to take note."""
    try:
        return Path("/proc", process, "stat").read_text().split(")")[-1].split()[0] != "Z"
    except OSError:
        return False


def environment_of(process: Path) -> str:
    """The environment of a process; nothing where it has ended or is somebody else's."""
    try:
        return (process / "environ").read_text(errors="replace")
    except OSError:
        return ""


def test_the_workflow() -> None:
    """Every action is pinned, code of the pull request runs without rights, and the comment is found by its marker."""
    text = (ROOT / ".github" / "workflows" / "metric_diff.yml").read_text()
    workflow = yaml.safe_load(text)
    assert list(workflow[True]) == ["pull_request"] and workflow["permissions"] == {}
    jobs = workflow["jobs"]
    assert jobs["diff"]["permissions"] == {"contents": "read"} and jobs["comment"][
        "permissions"
    ] == {"pull-requests": "write"}
    steps = [step for job in jobs.values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert len(used) == 4 and all(
        re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", name) for name in used
    )
    assert not any("checkout" in step.get("uses", "") for step in jobs["comment"]["steps"])
    # Nothing that a pull request names is put into a script.
    assert not any("${{" in step.get("run", "") for step in steps)
    assert f'startswith("{MARKER}")' in text
