"""`retention-ledger diff`: what a change does to the metrics, and what of it nobody has acknowledged.

Most cases compare two small builds made by hand, so that one thing differs at a time. Mistakes in the models of this
project are made in what dbt has read. The command runs on revisions of a repository whose dbt project has the tables
of this one, made by a line of SQL each; and once on a revision of this project.
"""

import dataclasses
import json
import os
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
from dbt_project import ROOT, dbt, manifest_of, query
from mutants import Mutant, make_mistake
from test_cli import SETTINGS, write_orders

from retention_ledger.diff.compare import Comparison, Moved, compare
from retention_ledger.diff.judge import judge
from retention_ledger.diff.notes import Notes, entries_of, sections_of
from retention_ledger.diff.render import MARKER, Review, code, to_json, to_markdown, words
from retention_ledger.diff.sides import repository_of
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


@pytest.mark.parametrize("column", ["unit", "condition", "mart", "kind", "numerator"])
def test_all_that_makes_a_metric_is_its_definition(base: Path, tmp_path: Path, column: str) -> None:
    found = review(
        base, tmp_path, f"update marts.metric_definitions set {column} = 'other' where {CHURN}"
    )
    assert kinds(found) == [("definition", ("customer_churn_rate",))]


@pytest.mark.parametrize(
    "column", ["label", "description", "nulls", "direction", "synonyms", "sources", "formula"]
)
def test_other_words_are_harmless(base: Path, tmp_path: Path, column: str) -> None:
    found = review(
        base,
        tmp_path,
        f"update marts.metric_definitions set {column} = 'Better words.' where {CHURN}",
    )
    assert (found.verdict, found.exit_code, found.problems) == ("harmless", 0, ())
    assert [each.change for each in main_of(found).definitions] == ["reworded"]
    assert f"+ {column}: Better words." in to_markdown(found)


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
    found = compare(old, base, "")
    assert (found.definitions, found.values.moved) == ((), ())
