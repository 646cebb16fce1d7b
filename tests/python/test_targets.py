"""Other warehouses: the check of `make targets` finds what they refuse, and what is dispatched is held by a literal."""

import re
import tomllib

import engines
import other_targets
import pytest
from other_targets import KNOWN, TARGETS, findings
from packaging.requirements import Requirement

ROOT = other_targets.ROOT
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

#: What no target but DuckDB, or not all of them, would take: SQL, the targets that refuse it, words of the finding.
REFUSED = (
    ("select list_filter(a, lambda x: x > 1) as b from t", "snowflake bigquery databricks redshift", "list_filter()|does not parse"),
    ("select try_strptime(a, '%Y') as b from t", "snowflake bigquery databricks redshift", "try_strptime()"),
    ("select regexp_matches(a, 'b') as c from t", "snowflake bigquery databricks redshift", "regexp_matches()"),
    ("select date_trunc('month', a) as b from t", "bigquery", "date_trunc()|month"),
    ("select pg_typeof(a) as b from t", "snowflake bigquery databricks redshift", "pg_typeof()"),
    ("select cast(a as hugeint) as b from t", "snowflake bigquery databricks redshift", "casts to hugeint|does not parse"),
    ("select cast(a as double precision) as b from t", "bigquery databricks", "casts to double precision|does not parse"),
    ("select cast(a as decimal(28, 2)) as b from t", "bigquery", "casts to decimal with a precision"),
    ("select a::date as b from t", "bigquery", "`::`"),
    ("select sum(a) filter (where b) as c from t", "snowflake bigquery redshift", "FILTER"),
    ("select sum(a) over w as c from t window w as (partition by b)", "snowflake redshift", "WINDOW|does not parse"),
    ("select c.b from t cross join lateral (select t.a as b) as c", "bigquery redshift", "LATERAL"),
    ("select 1 as a where 1 = 0", "bigquery", "WHERE without FROM"),
    ("select distinct on (a) a, b from t", "snowflake bigquery databricks redshift", "DISTINCT ON|does not parse|on()"),
    ("select a is not distinct from b as c from t", "redshift", "IS NOT DISTINCT FROM"),
    ("select a is distinct from b as c from t", "redshift", "IS DISTINCT FROM"),
    ("select * from (values (1), (2)) as t (a)", "bigquery redshift", "VALUES|does not parse"),
    ("select a from t where a ilike 'b'", "bigquery", "ILIKE"),
    ("select a from t except select a from u", "bigquery", "does not parse"),
    ("select a from t union select a from u", "bigquery", "does not parse"),
    ("select sum(a) over (partition by b order by c) as d from t", "redshift", "without ROWS"),
    ("select count(*) over (order by a range between unbounded preceding and current row) as b from t", "redshift", "RANGE"),
    ("select max(a) over (order by b nulls last range between unbounded preceding and current row) as c from t", "bigquery redshift", "RANGE"),
    ("select regexp_replace(a, 'b', 'c', 'g') as d from t", "snowflake bigquery databricks redshift", "modifiers|does not parse"),
    ("select a from t order by a collate \"C\"", "snowflake bigquery databricks redshift", "COLLATE|does not parse"),
    ("select 'it''s' as a", "bigquery databricks", "side by side|does not parse"),
    (r"select regexp_replace(a, 'b(c)', '\1') as d from t", "snowflake bigquery databricks redshift", "lone backslash|does not parse"),
    ("select 'a\nb' as c", "bigquery", "line end"),
    ("select a + interval '1' day as b from t", "bigquery", "INTERVAL"),
    ("select a as nulls from t", "bigquery redshift", "reserved word: nulls|does not parse"),
    ("select count(distinct a, b) as c from t", "bigquery redshift", "COUNT(DISTINCT"),
    ("analyze t", "snowflake bigquery databricks redshift", "is no query|does not parse"),
)  # fmt: skip


@pytest.mark.parametrize(("sql", "refusing", "words"), REFUSED, ids=[sql[:50] for sql, _, _ in REFUSED])  # fmt: skip
def test_what_a_warehouse_refuses_is_found(sql: str, refusing: str, words: str) -> None:
    for target in TARGETS:
        said = " / ".join(findings(sql, target))
        if target in refusing.split():
            assert any(each in said for each in words.split("|")), (target, said)


def test_what_all_of_them_take_is_no_finding() -> None:
    sql = """
    with counted as (
        select
            customer_id,
            coalesce(sum(case when is_counted then amount end), 0) as amount,
            row_number() over (partition by country order by amount desc nulls last, customer_id) as place,
            sum(amount) over (partition by country order by customer_id rows between unbounded preceding and current row) as so_far
        from orders
        group by grouping sets ((customer_id, country), (country))
    )
    select chr(39) || cast(customer_id as bigint) || chr(39) as customer_id, place from counted where place <= 3
    """
    assert {target: findings(sql, target) for target in TARGETS} == {target: [] for target in TARGETS}  # fmt: skip


def test_each_rule_fires_and_each_target_has_a_known_gap_only_where_it_is_named() -> None:
    sentences = {sentence for _, _, _, sentence in other_targets.RULES}
    said = " / ".join(each for sql, _, _ in REFUSED for target in TARGETS for each in findings(sql, target))  # fmt: skip
    assert [sentence for sentence in sorted(sentences) if f"has {sentence}" not in said] == [
        # WITHIN GROUP is in no SQL that all other targets take: see the next line.
        "WITHIN GROUP: rank the rows"
    ]
    within = "select percentile_cont(0.5) within group (order by a) as b from t"
    assert any("WITHIN GROUP" in each for each in findings(within, "bigquery"))
    assert set(KNOWN) <= set(TARGETS)


def test_a_duckdb_only_function_in_a_model_is_a_finding_of_the_program(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    nodes = {"model.retention_ledger.orders": "select list_sum(a) as b, cast(c as decimal(28, 2)) as d from t"}  # fmt: skip
    monkeypatch.setattr(other_targets, "compiled", lambda *_: nodes)
    assert other_targets.check("bigquery", tmp_path) == 1
    written = capsys.readouterr()
    assert written.err == (
        "bigquery: model.retention_ledger.orders calls list_sum(), which is in no list of documented functions of this target.\n"
    )
    assert "1 nodes would be refused: each casts to decimal with a precision." in written.out
    nodes["model.retention_ledger.orders"] = "select a from t"
    assert other_targets.check("snowflake", tmp_path) == 0
    # What is mended must leave the list of what is known.
    assert other_targets.check("bigquery", tmp_path) == 1
    assert "take it out of KNOWN" in capsys.readouterr().err


# Every dispatched macro has a literal

#: Macros that are dispatched and have no literal in GOLDEN, each with what holds it instead.
WITHOUT_A_LITERAL = {
    "create_reading_functions": "makes the functions that the others call",
    "joined_texts": "an aggregate: the sentences of the tests that use it are compared with words",
    "settle_table": "writes no value: the rows of every relation are compared",
    "columns_may_be_absent": "says whether, and writes no SQL: the raw tables of the compared builds lack some",
    "replace_rows": "a statement of one hook: data_held is read by the next build",
    "write_load": "a statement of one hook: the loads are read by the next build",
    **dict.fromkeys(
        ("absolute_path", "all_raw_rows", "attach_databases", "copied_table", "copy_attached", "files_of_paths", "land_files", "landed_file", "rows_of_landed_file"),
        "files and attached databases are read on one engine each, which its own tests look at",
    ),
}  # fmt: skip


def dispatched(macros: dict[str, str]) -> dict[str, set[str]]:
    """Name that is dispatched -> the macros that dispatch it, of file name -> text."""
    found: dict[str, set[str]] = {}
    for text in macros.values():
        for macro in re.split(r"{%-?\s*macro\s+", text)[1:]:
            for name in re.findall(r"adapter\.dispatch\(\s*'(\w+)'", macro):
                found.setdefault(name, set()).add(re.match(r"\w+", macro)[0])
    return found


def without_a_literal(macros: dict[str, str], expressions: list[str]) -> list[str]:
    """The dispatched names that no expression reaches by a macro that dispatches them."""
    called = {name for expression in expressions for name in re.findall(r"(\w+)\(", expression)}
    return sorted(name for name, callers in dispatched(macros).items() if not callers & called)


def our_macros() -> dict[str, str]:
    """Path -> text of every macro file."""
    return {
        str(path): path.read_text(encoding="utf-8") for path in (ROOT / "macros").rglob("*.sql")
    }


def test_every_dispatched_macro_has_a_literal_or_a_reason() -> None:
    expressions = [expression for _, expression, _ in engines.GOLDEN.values()]
    assert without_a_literal(our_macros(), expressions) == sorted(WITHOUT_A_LITERAL)
    planted = {
        "new.sql": "{% macro new_one(x) -%}\n{{ adapter.dispatch('new_one', 'retention_ledger')(x) }}"
    }
    assert without_a_literal(our_macros() | planted, expressions) == sorted([*WITHOUT_A_LITERAL, "new_one"])  # fmt: skip


def test_every_override_belongs_to_a_macro_that_is_dispatched() -> None:
    """A misspelt `snowflake__safe_devide` would never be called."""
    names = {*dispatched(our_macros())}
    ours = {
        name.split("__", 1)[1]
        for text in our_macros().values()
        for name in re.findall(r"{%-?\s*macro\s+((?:snowflake|bigquery|databricks|redshift)__\w+)", text)
    }  # fmt: skip
    # dbt's own, which a root project may override.
    assert ours and ours - {"type_string"} <= names


# No model asks which target it is on


def asking(texts: dict[str, str]) -> list[str]:
    """The files that look at the target's type or name, of file name -> text."""
    return sorted(name for name, text in texts.items() if re.search(r"target\s*(\.|\[['\"])\s*(type|name)\b", text))  # fmt: skip


def test_no_model_macro_or_test_asks_for_the_target() -> None:
    texts = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for folder in ("models", "macros", "analyses", "seeds", "tests/generic", "tests/singular")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".sql", ".yml", ".yaml", ".md")
    }
    assert asking(texts) == []
    planted = {
        "a.sql": "{% if target.type == 'spark' %}",
        "b.yml": "{{ target['name'] }}",
        "c.sql": "target.schema",
    }
    assert asking(planted) == ["a.sql", "b.yml"]


# Who builds on DuckDB installs nothing of the others

ADAPTERS = ("bigquery", "databricks", "postgres", "redshift", "snowflake", "spark")


def test_each_target_is_an_extra_and_none_is_a_dependency() -> None:
    base = {Requirement(each).name for each in PROJECT["dependencies"]}
    assert not base & {f"dbt-{name}" for name in ADAPTERS}
    extras = PROJECT["optional-dependencies"]
    for name in set(ADAPTERS) - {"spark"}:
        assert f"dbt-{name}" in {Requirement(each).name for each in extras[name]}, name


@pytest.mark.parametrize("name", ["requirements", "requirements-targets", "requirements-spark"])
def test_a_lock_has_pins_and_hashes_and_nothing_else(name: str) -> None:
    """So no place from which packages come: that is the business of who installs."""
    allowed = re.compile(
        r"[a-z0-9-]+(\[[a-z0-9, -]+\])?==[^ /]+( ; [^/]+)? \\| {4}--hash=sha256:[0-9a-f]{64}( \\)?"
    )
    lines = (ROOT / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not allowed.fullmatch(line)] == []
    assert len(lines) > 5 and not allowed.fullmatch("--prefer-binary")


def test_the_extras_allow_the_versions_that_are_compiled_with() -> None:
    lock = (ROOT / "requirements-targets.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", lock, re.MULTILINE))
    assert lock.count("==") <= lock.count("--hash=")
    for name in TARGETS:
        [required] = map(Requirement, PROJECT["optional-dependencies"][name])
        assert required.specifier.contains(pinned[required.name]), required
    for name in ("dbt-core", "sqlglot"):
        assert f"\n{name}=={pinned[name]} " in (ROOT / "requirements.txt").read_text(encoding="utf-8"), name  # fmt: skip


def test_the_matrix_says_compiled_only_of_what_is_never_run() -> None:
    text = (ROOT / "docs" / "warehouses.md").read_text(encoding="utf-8")
    for name in ("Snowflake", "BigQuery", "Databricks", "Redshift"):
        [row] = re.findall(rf"^\| {name} \|.*$", text, re.MULTILINE)
        assert "compiled only" in row
    versions = dict(re.findall(r"^(dbt-[a-z]+)==(\S+)", (ROOT / "requirements-targets.txt").read_text(), re.MULTILINE))  # fmt: skip
    for name in TARGETS:
        assert f"dbt-{name} {'.'.join(versions[f'dbt-{name}'].split('.')[:2])}" in text
