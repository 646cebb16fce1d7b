"""Saves a third of the time that dbt takes beside the database, and changes nothing that it does.

A build of small data is mostly dbt itself. For each node it makes two or three contexts, and in each of them an object
for each of the 900 macros: a million objects in a build of the demo, of which a few thousand are ever called. Here the
object of a macro is made when its name is looked up. Besides, dbt copies the whole context to render a var or an argument
of a data test, makes a macro again for each call, compiles the same template in each build, and parses all the SQL of a
unit test for its first word. For the answer of each query it reads the names of the months in the language of the
machine, and for each context it lists its own options and wraps its exceptions, which few templates name. Before the first
node it makes a dict of every node twice, for a file that says of which type each is, looks for a circle in the slowest of
the ways there are, and reads the source of all that called it, for the name of one module.

It is put on with `make_faster`, which does nothing with a version of dbt that has not been tried. The test
`test_manifest.py::test_the_faster_dbt_compiles_the_same_sql` compares all compiled SQL with that of dbt as it is.
"""

import contextlib
import functools
import re
import sys
from collections import ChainMap
from collections.abc import Callable, Collection, Iterator, Mapping
from importlib.metadata import version
from typing import Any

import networkx
import parsedatetime
from dbt import compilation
from dbt.adapters.base.relation import BaseRelation
from dbt.adapters.duckdb import DuckDBAdapter
from dbt.clients.jinja import _HAS_RENDER_CHARS_PAT, MacroGenerator
from dbt.context import exceptions_jinja, providers
from dbt.context.base import BaseContext, Var
from dbt.context.macro_resolver import TestMacroNamespace
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import Macro
from dbt.include.global_project import PROJECT_NAME as GLOBAL_PROJECT_NAME
from dbt_common import behavior_flags
from dbt_common.clients import jinja as dbt_jinja
from dbt_common.clients.jinja import (
    MacroFuzzEnvironment,
    MacroFuzzTemplate,
    NativeSandboxTemplate,
)
from dbt_common.events.base_types import BaseEvent
from dbt_common.events.event_manager import EventManager

_inject_ctes = compilation.inject_ctes_into_sql


def _inject_ctes_at_once(sql: str, ctes: list[Any]) -> str:
    """What dbt does to the SQL of a unit test: the rows of its inputs before the first CTE."""
    first_word = re.match(r"\s*with\s", sql, re.IGNORECASE)
    if first_word is None or not ctes:
        return _inject_ctes(sql, ctes)
    return f"with {', '.join(cte.sql for cte in ctes)}, {sql[first_word.end() :]}"


class _MadeWhenNamed(dict):
    """A dict with further entries, those that `waiting` names, made when they are looked up."""

    waiting: Mapping[str, Any] = {}

    def _make(self, name: str) -> Any:
        raise NotImplementedError

    def __missing__(self, name: str) -> Any:
        if name not in self.waiting:
            raise KeyError(name)
        made = self[name] = self._make(name)
        return made

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in self.waiting

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def keys(self) -> dict[str, None]:  # type: ignore[override]
        return dict.fromkeys([*dict.keys(self), *self.waiting])

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __bool__(self) -> bool:
        return dict.__len__(self) > 0 or len(self.waiting) > 0

    def values(self) -> list[Any]:  # type: ignore[override]
        return [self[name] for name in self]

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        return [(name, self[name]) for name in self]


class _Macros(_MadeWhenNamed):
    """The macros of a package: name -> what calls it for a node."""

    def __init__(
        self, macros: Mapping[str, Macro], builder: MacroNamespaceBuilder, context: dict[str, Any]
    ) -> None:
        super().__init__()
        self.waiting, self.builder, self.context = macros, builder, context

    def _make(self, name: str) -> MacroGenerator:
        builder = self.builder
        return MacroGenerator(self.waiting[name], self.context, builder.node, builder.thread_ctx)


class _Context(_MadeWhenNamed):
    """What the template of a node can name. Its `waiting` are all macros and packages: name -> where it is found."""

    def _make(self, name: str) -> Any:
        return self.waiting[name](self.namespace, name)


def _from_packages(namespace: MacroNamespace, name: str) -> Any:
    return namespace.packages[name]


def _from_dbt(namespace: MacroNamespace, _: str) -> Any:
    return namespace.global_project_namespace


def _from_local(namespace: MacroNamespace, name: str) -> Any:
    return namespace.local_namespace[name]


def _from_root(namespace: MacroNamespace, name: str) -> Any:
    return namespace.global_namespace[name]


def _from_internal(namespace: MacroNamespace, name: str) -> Any:
    return namespace.global_project_namespace[name]


def _build_namespace(
    self: MacroNamespaceBuilder, macros_by_package: dict[str, dict[str, Macro]], context: Any
) -> MacroNamespace:
    """As dbt's, but for making nothing of what it finds."""
    internal_names = self.internal_package_names
    local, root = (
        {} if package in internal_names else macros_by_package.get(package, {})
        for package in (self.search_package, self.root_package)
    )
    if self.root_package == self.search_package:
        root = {}
    internal: dict[str, Macro] = {}
    for package in reversed(self.internal_package_names_order):
        internal.update(macros_by_package.get(package, {}))
    packages = [package for package in macros_by_package if package not in internal_names]

    namespace = MacroNamespace(
        global_namespace=_Macros(root, self, context),
        local_namespace=_Macros(local, self, context),
        global_project_namespace=_Macros(internal, self, context),
        packages={
            package: _Macros(macros_by_package[package], self, context) for package in packages
        },
    )
    # What is found last wins: this is dbt's order of search, backwards.
    namespace.found = (
        dict.fromkeys(internal, _from_internal)
        | {GLOBAL_PROJECT_NAME: _from_dbt}
        | dict.fromkeys(packages, _from_packages)
        | dict.fromkeys(root, _from_root)
        | dict.fromkeys(local, _from_local)
    )
    return namespace


def _start_context(self: BaseContext, *arguments: Any, **named: Any) -> None:
    _init_base_context(self, *arguments, **named)
    self._ctx = _Context()


def _context_with_macros(self: ManifestContext) -> dict[str, Any]:
    if isinstance(self.namespace, TestMacroNamespace):
        return _manifest_context_to_dict(self)
    context = super(ManifestContext, self).to_dict()
    for name in [name for name in dict.keys(context) if name in self.namespace.found]:
        del context[name]  # a macro of the same name wins
    context.namespace, context.waiting = self.namespace, self.namespace.found
    return context


def _rendered_var(self: Var, name: str) -> Any:
    """The value of a var, which dbt renders with a copy of the whole context, also where there is nothing to render."""
    value = self._merged[name]
    if isinstance(value, str) and not _HAS_RENDER_CHARS_PAT.search(value):
        return value
    return _get_rendered_var(self, name)


def _macro_once(self: MacroGenerator) -> Any:
    """What a macro is in its context, also when it is called again."""
    if "_found" not in vars(self):
        self._found = _get_macro(self)
    return self._found


def _compile_once(self: MacroFuzzEnvironment, source: str, *arguments: Any, **named: Any) -> Any:
    """The code of a template, also when another build has the same template."""
    if arguments or named:
        return _compile(self, source, *arguments, **named)
    key = (type(self), *sorted(self.filters), source)
    if key not in _compiled:
        _compiled[key] = _compile(self, source)
    return _compiled[key]


class _Exceptions(_MadeWhenNamed):
    """The exceptions that a template can raise: name -> a function that adds the node to what it raises."""

    waiting = exceptions_jinja.CONTEXT_EXPORTS

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.wrap = exceptions_jinja.wrapper(model)

    def _make(self, name: str) -> Callable[..., Any]:
        return self.wrap(self.waiting[name])


class _Chain(ChainMap):
    """A ChainMap that finds a name without a generator."""

    def __contains__(self, name: object) -> bool:
        for each in self.maps:  # noqa: SIM110
            if name in each:
                return True
        return False


def _options_once(arguments: Any) -> dict[str, Any]:
    """The options of the command, a dict of its own for each context."""
    if not _options or _options[0] is not arguments:
        _options[:] = arguments, _args_to_dict(arguments)
    return dict(_options[1])


def _circle(self: compilation.Linker) -> str | None:
    """The names of a circle of references, or None; looked for only where there is one."""
    return None if networkx.is_directed_acyclic_graph(self.graph) else _find_cycles(self)


def _graph_summary(self: compilation.Linker, manifest: Manifest) -> dict[int, dict[str, Any]]:
    """Name, type and successors of each node, numbered."""
    numbers = {name: number for number, name in enumerate(self.graph)}
    summary: dict[int, dict[str, Any]] = {}
    for name, number in numbers.items():
        summary[number] = {"name": name, "type": str(manifest.expect(name).resource_type)}
        if succeeding := [numbers[each] for each in self.graph.successors(name)]:
            summary[number]["succ"] = succeeding
    return summary


def _calling_module() -> str:
    """The name of the module that made an option of dbt's own behaviour."""
    frame = sys._getframe(1)
    while frame and frame.f_globals.get("__name__") == behavior_flags.__name__:
        frame = frame.f_back
    return frame.f_globals.get("__name__", "Unknown") if frame else "Unknown"


def _drop_what_is_there(self: DuckDBAdapter, relation: BaseRelation) -> None:
    """Drops a relation, but for the backup of a table that was not there before, which dbt drops for each that it makes."""
    if str(relation.identifier).endswith("__dbt_backup") and not self.get_relation(
        relation.database, relation.schema, relation.identifier
    ):
        return
    _drop_relation(self, relation)


#: What dbt says at the level of debugging, some ten times for each node: every statement, and how long it took.
DEBUGGING = {
    "CacheAction", "ConnectionClosed", "ConnectionReused", "ConnectionUsed", "NewConnectionOpening", "NodeCompiling",
    "NodeExecuting", "Rollback", "SQLCommit", "SQLQuery", "SQLQueryStatus", "WritingInjectedSQLForNode",
}  # fmt: skip
_init_event, _fire_event = BaseEvent.__init__, EventManager.fire_event


@contextlib.contextmanager
def without(events: Collection[str]) -> Iterator[None]:
    """dbt makes no messages of these events, which nobody hears; a tenth of the time of a build of small data."""

    def init_event(self: BaseEvent, *arguments: Any, **named: Any) -> None:
        if type(self).__name__ in events:
            self.pb_msg = None
        else:
            _init_event(self, *arguments, **named)

    def fire_event(self: EventManager, event: BaseEvent, *arguments: Any, **named: Any) -> None:
        if event.pb_msg is not None:
            _fire_event(self, event, *arguments, **named)

    BaseEvent.__init__, EventManager.fire_event = init_event, fire_event
    try:
        yield
    finally:
        BaseEvent.__init__, EventManager.fire_event = _init_event, _fire_event


_compiled: dict[tuple[Any, ...], Any] = {}
_options: list[Any] = []  # those of the last command, and what dbt makes of them
#: The versions of dbt with which the SQL was compared.
TRIED = ("1.11.",)


# What dbt has of its own.
_init_base_context = BaseContext.__init__
_manifest_context_to_dict = ManifestContext.to_dict
_get_rendered_var = Var.get_rendered_var
_get_macro = MacroGenerator.get_macro
_compile = MacroFuzzEnvironment.compile
_args_to_dict = providers.args_to_dict
_drop_relation = DuckDBAdapter.drop_relation
_find_cycles = compilation.Linker.find_cycles


def make_faster() -> None:
    """Makes dbt in this process faster, once; does nothing where this was not tried with its version."""
    if not version("dbt-core").startswith(TRIED):
        return
    compilation.inject_ctes_into_sql = _inject_ctes_at_once
    BaseContext.__init__ = _start_context
    MacroNamespaceBuilder.build_namespace = _build_namespace
    ManifestContext.to_dict = _context_with_macros
    Var.get_rendered_var = _rendered_var
    MacroGenerator.get_macro = _macro_once
    MacroFuzzEnvironment.compile = _compile_once
    # Arguments of data tests without a copy of the context for each, as dbt does where it renders text.
    NativeSandboxTemplate.new_context = MacroFuzzTemplate.new_context
    parsedatetime.Constants = functools.cache(parsedatetime.Constants)
    providers.args_to_dict = _options_once
    providers.wrapped_exports = _Exceptions
    dbt_jinja.ChainMap = _Chain
    DuckDBAdapter.drop_relation = _drop_what_is_there
    compilation.Linker.find_cycles = _circle
    compilation.Linker.get_graph_summary = _graph_summary
    behavior_flags.BehaviorFlagRendered._default_source = staticmethod(_calling_module)
