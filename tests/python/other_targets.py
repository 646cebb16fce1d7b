"""What Snowflake, BigQuery, Databricks and Redshift would refuse of the project's SQL. Compiled only: nothing is run.

`make targets` compiles every model, data test and analysis with the adapter of each warehouse, with credentials
that open nothing, and holds the SQL against `findings`. Each text is parsed as that dialect. A parser is generous: it
takes any function, and what another dialect writes. So each function must stand in a short list of documented ones,
each type too, and what a warehouse is known to refuse although it parses is a rule of its own.

What this does not see: types of expressions, names of columns, the rows. Only a run shows those.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from unittest import mock

import sqlglot
from sqlglot import exp, tokens
from sqlglot.errors import ErrorLevel, SqlglotError

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("snowflake", "bigquery", "databricks", "redshift")


def _words(text: str, *phrases: str) -> frozenset[str]:
    return frozenset(text.split()) | set(phrases)


#: Functions that all four document, of those that our SQL and dbt's own macros write, with the same arguments in the same order.
EVERYWHERE = _words(
    "abs avg cast ceil chr coalesce concat count dense_rank exp extract first_value floor greatest grouping lag last_value lead "
    "least left ln lower max min nullif power rank regexp_replace replace right round row_number sign sqrt substr substring sum "
    "translate trim upper"
)

#: What each documents beside those, and its SQL has. A new function is looked up before it is added here.
FUNCTIONS = {
    "snowflake": EVERYWHERE
    | _words(
        "date_trunc dateadd datediff listagg object_construct_keep_null split_part to_json try_cast"
    ),
    "bigquery": EVERYWHERE
    | _words(
        "datetime_add datetime_diff error safe_cast safe_offset split string_agg timestamp_trunc to_json_string"
    ),
    "databricks": EVERYWHERE
    | _words(
        "add_months array array_join collect_list date_add date_trunc datediff element_at from_utc_timestamp get listagg locate map "
        "named_struct raise_error regexp_extract regexp_extract_all split struct to_json to_utc_timestamp transform try_cast typeof"
    ),
    "redshift": EVERYWHERE
    | _words("date_trunc dateadd json_serialize listagg object random split_part try_cast"),
}

#: Names of types as they are written in a cast.
TYPES = {
    "snowflake": _words("bigint boolean date decimal integer text timestamp", "double precision"),
    "bigquery": _words(
        "bigint boolean date datetime decimal float64 int64 integer string timestamp"
    ),
    "databricks": _words("bigint boolean date decimal double int integer string timestamp"),
    "redshift": _words(
        "bigint boolean date decimal integer text timestamp varchar", "double precision"
    ),
}

#: Words that may not be the name of a column, table or CTE without quotes, of those that a project like this might use.
RESERVED = {
    "snowflake": "account all any as between by case cast check column connect connection constraint create cross current "
    "current_date database delete distinct drop else exists false following for from full grant group gscluster having ilike in "
    "increment inner insert intersect into is issue join lateral left like localtime minus natural not null of on or order "
    "organization qualify regexp revoke right rlike row rows sample schema select set some start table tablesample then to "
    "trigger true try_cast union unique update using values view when whenever where with",
    "bigquery": "all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube current "
    "default define desc distinct else end enum escape except exclude exists extract false fetch following for from full group "
    "grouping groups hash having if ignore in inner intersect interval into is join lateral left like limit lookup merge natural "
    "new no not null nulls of on or order outer over partition preceding proto qualify range recursive respect right rollup rows "
    "select set some struct tablesample then to treat true unbounded union unnest using when where window with within",
    "databricks": "anti cross except full inner intersect join lateral left minus natural on right semi union using",
    "redshift": "aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary "
    "blanksasnull both bytedict bzip2 case cast check collate column constraint create credentials cross current_date "
    "current_time current_timestamp current_user default deferrable deflate defrag delta delta32k desc disable distinct do else "
    "emptyasnull enable encode encrypt encryption end except explicit false for foreign freeze from full globaldict256 "
    "globaldict64k grant group gzip having identity ignore ilike in initially inner intersect interval into is isnull join "
    "leading left like limit localtime localtimestamp lun luns lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull "
    "null nulls off offline offset oid old on only open or order outer overlaps parallel partition percent permissions pivot "
    "placing primary raw readratio recover references rejectlog resort respect restore right select session_user similar "
    "snapshot some sysdate system table tag tdes text255 text32k then timestamp to top trailing true truncatecolumns unique "
    "unnest unpivot user using verbose wallet when where with without",
}  # fmt: skip
RESERVED = {target: frozenset(words.split()) for target, words in RESERVED.items()}

#: Words before a bracket that call nothing.
NOT_CALLED = _words(
    "all and any as between by case decimal distinct else end except exists filter from group having in intersect interval is join "
    "lateral like limit not numeric on or over qualify recursive select set sets some then union using values when where with within",
    "grouping sets", "order by", "group by", "partition by", "is not",
)  # fmt: skip

#: What is known to be refused and is not mended: target -> the beginning of the finding, and what would mend it.
KNOWN = {
    "bigquery": {
        "casts to decimal with a precision": "a macro in the place of each `cast(x as decimal(p, s))` that writes "
        "`round(cast(x as numeric), s)` there, and BIGNUMERIC for more than nine decimals"
    }
}


def is_known(finding: str, target: str) -> bool:
    """Whether a finding is one of KNOWN."""
    return any(finding.startswith(beginning) for beginning in KNOWN.get(target, {}))


def _called(found: list[tokens.Token]) -> Iterator[str]:
    """The names of functions as they are written."""
    for before, token, behind in zip([None, *found], found, found[1:], strict=False):
        word = token.text.lower()
        if behind.token_type != tokens.TokenType.L_PAREN or not word[:1].isalpha():
            continue
        if token.token_type in (tokens.TokenType.STRING, tokens.TokenType.IDENTIFIER):
            # A quoted name is called only if it is the last part of one: "schema".function(...)
            continue
        if " ".join(word.split()) in NOT_CALLED:
            continue
        # `with x (a, b) as` and `from f() as signs (found)` name columns; `as x (`, too.
        if before is not None and before.text.lower() in ("as", "with"):
            continue
        yield word


def _types(found: list[tokens.Token]) -> Iterator[tuple[str, bool]]:
    """The types of casts as they are written, and whether they have parameters."""
    for place, token in enumerate(found):
        if token.text.lower() not in ("cast", "try_cast", "safe_cast"):
            continue
        depth, start = 0, None
        for end in range(place + 1, len(found)):
            kind = found[end].token_type
            if kind == tokens.TokenType.L_PAREN:
                depth += 1
            elif kind == tokens.TokenType.R_PAREN:
                depth -= 1
                if depth == 0:
                    break
            elif depth == 1 and kind == tokens.TokenType.ALIAS:
                start = end + 1
        if start is not None:
            words = [each.text.lower() for each in found[start:end]]
            bracket = words.index("(") if "(" in words else len(words)
            yield " ".join(words[:bracket]), bracket < len(words)


def _is_aggregate_with_order_and_no_frame(window: exp.Window) -> bool:
    this = window.this
    this = this.this if isinstance(this, (exp.IgnoreNulls, exp.RespectNulls)) else this
    takes_a_frame = isinstance(
        this, (exp.Sum, exp.Max, exp.Min, exp.Count, exp.Avg, exp.FirstValue, exp.LastValue)
    )
    return takes_a_frame and bool(window.args.get("order")) and not window.args.get("spec")


def _frame(window: exp.Window) -> str:
    spec = window.args.get("spec")
    return spec.text("kind").upper() if spec else ""


def _has_modifiers(replace: exp.RegexpReplace) -> bool:
    # What stands fourth is a position in some dialects: a text there was meant as modifiers.
    fourth = [replace.args.get(name) for name in ("modifiers", "position", "occurrence")]
    return any(isinstance(each, exp.Literal) and each.is_string for each in fourth)


def _nulls_are_named(ordered: exp.Ordered) -> bool:
    """Whether NULLS FIRST or LAST is what the dialect does not do by itself, so that it must have been written."""
    window = ordered.find_ancestor(exp.Window, exp.Select)
    return isinstance(window, exp.Window) and _frame(window) == "RANGE"


#: What parses and is refused: the targets, the kind of expression, when, and what to write instead.
RULES: tuple[tuple[str, type[exp.Expression], Callable[[exp.Expression], bool], str], ...] = (
    ("snowflake bigquery redshift", exp.Filter, lambda _: True, "FILTER (WHERE ...): sum or count a CASE"),
    ("bigquery redshift", exp.Lateral, lambda node: isinstance(node.this, exp.Subquery), "LATERAL with a query: join by a key"),
    ("bigquery", exp.Where, lambda node: isinstance(node.parent, exp.Select) and not node.parent.args.get("from_"), "WHERE without FROM: select from a row"),
    ("snowflake bigquery databricks redshift", exp.Distinct, lambda node: bool(node.args.get("on")), "DISTINCT ON: number the rows and take the first"),
    ("redshift", exp.NullSafeEQ, lambda _: True, "IS NOT DISTINCT FROM: compare, and compare what is null"),
    ("redshift", exp.NullSafeNEQ, lambda _: True, "IS DISTINCT FROM: compare, and compare what is null"),
    ("bigquery redshift", exp.Values, lambda node: not isinstance(node.parent, exp.Insert), "VALUES as a table: union all of selects"),
    ("bigquery", exp.ILike, lambda _: True, "ILIKE: compare in lower case"),
    ("bigquery redshift", exp.Count, lambda node: isinstance(node.this, exp.Distinct) and len(node.this.expressions) > 1, "COUNT(DISTINCT a, b): count a query that is distinct"),
    ("bigquery", exp.WithinGroup, lambda _: True, "WITHIN GROUP: rank the rows"),
    ("snowflake bigquery databricks redshift", exp.Collate, lambda _: True, "COLLATE: texts are ordered by their bytes there"),
    ("redshift", exp.Window, _is_aggregate_with_order_and_no_frame, "an aggregate over an ordered window without ROWS: say which rows"),
    ("redshift", exp.Window, lambda node: _frame(node) == "RANGE", "a frame of RANGE: say it by ROWS"),
    ("bigquery", exp.Ordered, _nulls_are_named, "NULLS FIRST or LAST in a frame of RANGE: say it by ROWS"),
    ("snowflake bigquery databricks redshift", exp.RegexpReplace, _has_modifiers, "modifiers of a regular expression as text: no target has the 'g' of PostgreSQL"),
    ("snowflake redshift", exp.Window, lambda node: node.arg_key == "windows", "a WINDOW clause: write the window behind OVER"),
)  # fmt: skip


def _of_tokens(found: list[tokens.Token], target: str, sql: str) -> Iterator[str]:
    """Findings that the tree does not show any more."""
    for name in sorted({*_called(found)} - FUNCTIONS[target]):
        yield f"calls {name}(), which is in no list of documented functions of this target"
    for name, has_parameters in sorted({*_types(found)}):
        if name not in TYPES[target]:
            yield f"casts to {name}, which is no type here"
        elif has_parameters and target == "bigquery":
            yield f"casts to {name} with a precision, which only columns may have: round it"
    for token, behind in pairwise(found):
        if token.token_type == tokens.TokenType.DCOLON and target == "bigquery":
            yield "has a cast by `::`: write CAST"
        if token.token_type == tokens.TokenType.STRING:
            if behind.token_type == tokens.TokenType.STRING:
                yield f"has two texts side by side, or a doubled apostrophe: '{token.text}' '{behind.text}'"
            written = sql[token.start + 1 : token.end]
            escapes = written.replace("\\\\", "").replace("\\'", "").replace("\\n", "").replace("\\t", "").replace("\\r", "")  # fmt: skip
            if "\\" in escapes:
                yield f"has a lone backslash in a text, which is an escape here: '{written}'"
            if target == "bigquery" and "\n" in written:
                yield f"has a line end in a text: {written!r}"
        if token.token_type == tokens.TokenType.INTERVAL and behind.token_type == tokens.TokenType.STRING and target == "bigquery":  # fmt: skip
            yield "has INTERVAL with a text: write a number and a part"


def _of_names(tree: exp.Expression, target: str) -> Iterator[str]:
    for name in tree.find_all(exp.Identifier):
        if not name.quoted and name.name.lower() in RESERVED[target]:
            yield f"has a name that is a reserved word: {name.name}"


def findings(sql: str, target: str) -> list[str]:
    """What a target would refuse of one query, a half sentence each, none twice; empty if nothing is known."""
    try:
        found = sqlglot.tokenize(sql, read=target)
        # sqlglot reads no WINDOW clause as Snowflake; what is in it is read all the same.
        trees = [tree for tree in sqlglot.parse(sql, read=target, error_level=ErrorLevel.RAISE) if tree is not None]  # fmt: skip
    except SqlglotError as error:
        return ["does not parse: " + " ".join(str(error).split())[:200]]
    said = [] if len(trees) == 1 else [f"is {len(trees)} statements"]
    said += _of_tokens(found, target, sql)
    for tree in trees:
        said += _of_names(tree, target)
        if not isinstance(tree, exp.Query):
            said.append("is no query")
        for targets, kind, is_refused, sentence in RULES:
            if target in targets.split() and any(is_refused(node) for node in tree.find_all(kind)):
                said.append(f"has {sentence}")
    return list(dict.fromkeys(said))


# Compiling, in the environment of `make targets`


class AskedTheWarehouse(RuntimeError):
    """Something at compile time wanted to run a query."""


def _refuse(_: object, sql: str, *others: object, **more: object) -> None:
    raise AskedTheWarehouse(f"Compiling asked the warehouse: {' '.join(str(sql).split())[:200]}")


def compiled(target: str, folder: Path) -> dict[str, str]:
    """Name of a node -> its SQL, by dbt's own compile with the adapter of the target.

    No connection is opened: dbt is given one that is open already and empty, any query on it is an error, and the warehouse
    has no relations, as before a first build.
    """
    from dbt.adapters.base.connections import BaseConnectionManager
    from dbt.adapters.contracts.connection import Connection, ConnectionState
    from dbt.adapters.factory import get_adapter_class_by_name, load_plugin
    from dbt.adapters.sql.connections import SQLConnectionManager
    from dbt.cli.main import dbtRunner

    load_plugin(target)
    adapter = get_adapter_class_by_name(target)

    def connection(self: BaseConnectionManager) -> Connection:
        return Connection(type=target, name="nobody", state=ConnectionState.OPEN, handle=None, credentials=self.profile.credentials)  # fmt: skip

    with ExitStack() as patches:
        for where, name, stands_in in (
            (BaseConnectionManager, "get_thread_connection", connection),
            (SQLConnectionManager, "add_query", _refuse),
            (adapter, "get_relation", lambda *_, **__: None),
            (adapter, "list_relations", lambda *_, **__: []),
            *([(adapter, "has_capability", lambda *_: True)] if target == "databricks" else []),
        ):
            patches.enter_context(mock.patch.object(where, name, stands_in))
        run = dbtRunner().invoke([
            "--quiet", "compile", "--no-introspect", "--no-populate-cache", "--project-dir", str(ROOT),
            "--profiles-dir", str(ROOT / "tests" / "targets"), "--target", target,
            "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
        ])  # fmt: skip
    if not run.success:
        raise RuntimeError(f"dbt compile for {target}: {run.exception}")
    return {
        result.node.unique_id: result.node.compiled_code
        for result in run.result
        # A hook has no SQL at compile time: what it does, it does by its macros when a build runs.
        if result.node.resource_type not in ("seed", "operation")
    }


def check(target: str, folder: Path) -> int:
    """Compiles for one target, writes SQL and findings, prints its line; the number of findings."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = compiled(target, folder)
    (folder / "compiled.json").write_text(json.dumps(nodes, indent=1), encoding="utf-8")
    found = {name: findings(sql, target) for name, sql in nodes.items()}
    kinds = Counter(name.split(".")[0] for name in nodes)
    parsed = sum(
        not any(each.startswith("does not parse") for each in said) for said in found.values()
    )
    known = sum(is_known(each, target) for said in found.values() for each in said)
    number = sum(len(said) for said in found.values()) - known
    print(
        f"{target:<11}{kinds['model']:>7}{kinds['test']:>12}{kinds['analysis']:>10}{parsed:>8}{number:>10}{known:>17}",
        flush=True,
    )
    for name, said in found.items():
        for each in said:
            if not is_known(each, target):
                print(f"{target}: {name} {each}.", file=sys.stderr)
    for beginning, cure in KNOWN.get(target, {}).items():
        nodes_of_it = sum(
            any(each.startswith(beginning) for each in said) for said in found.values()
        )
        if nodes_of_it:
            print(
                f"  {nodes_of_it} nodes would be refused: each {beginning}. What is missing: {cure}.",
                flush=True,
            )
        else:
            print(f"{target}: nothing {beginning} any more: take it out of KNOWN.", file=sys.stderr)
            number += 1
    return number


def main(targets: list[str]) -> int:
    """The table, a process per target; 1 if there is a finding."""
    folder = ROOT / "target" / "targets"
    print("Compiled only: nothing of this was run on these warehouses.\n", flush=True)
    print(f"{'target':<11}{'models':>7}{'data tests':>12}{'analyses':>10}{'parsed':>8}{'findings':>10}{'known, not done':>17}", flush=True)  # fmt: skip
    # An adapter changes what dbt knows for a whole process.
    codes = [
        subprocess.run([sys.executable, __file__, "--one", target, str(folder / target)], check=False).returncode
        for target in targets or TARGETS
    ]  # fmt: skip
    return int(any(codes))


if __name__ == "__main__":
    # dbt takes every module whose name begins with dbt_ for a plugin, and beside this file there is one.
    sys.path.remove(str(Path(__file__).resolve().parent))
    if sys.argv[1:2] == ["--one"]:
        sys.exit(check(sys.argv[2], Path(sys.argv[3])) > 0)
    sys.exit(main(sys.argv[1:]))
