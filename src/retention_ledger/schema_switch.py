"""Written beside, published at once, on a PostgreSQL server.

A build is written into schemas of its own, `marts__candidate` beside `marts`. One transaction takes the tables and
views of the former build out of the schemas that readers know and puts those of the new one there. It first locks what
it replaces: who reads in a transaction sees one build to its end, and who comes later the new one. Rights that were
granted, and views of other people that read the marts, are carried over.
"""

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from retention_ledger.database import CANDIDATE, DATA_HELD, FORMER, quoted
from retention_ledger.errors import Refused, Stop
from retention_ledger.publishing import what_fails_is_said
from retention_ledger.server import Connection, Server, connected, what_went_wrong

#: How long a lock is waited for, in milliseconds: less than a server takes to find a deadlock, so that no reader is its victim.
LOCK_TIMEOUT = 400
#: For how many seconds it is tried again while readers are in a transaction.
PATIENCE = 600.0
#: How long a server may take to notice that a command before was killed.
SECONDS_TO_NOTICE = 3.0
#: An identifier may be so long.
LONGEST_NAME = 63

#: Tables and views of some schemas.
RELATIONS = """
select n.nspname, c.relname, c.relkind
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where n.nspname = any(?) and c.relkind in ('r', 'p', 'v', 'm')
order by 1, 2
"""
#: What reads relations of the published schemas and is none of them: views (also of views), foreign keys.
READERS = """
select distinct n.nspname, c.relname, c.relkind, c.oid
from pg_depend as d
inner join pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
inner join pg_class as c on r.ev_class = c.oid
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_class as used on d.refclassid = 'pg_class'::regclass and d.refobjid = used.oid
inner join pg_namespace as place on used.relnamespace = place.oid
where place.nspname = any(?) and c.oid <> used.oid
union
select n.nspname, c.relname, 'f', c.oid
from pg_constraint as k
inner join pg_class as c on k.conrelid = c.oid
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_class as used on k.confrelid = used.oid
inner join pg_namespace as place on used.relnamespace = place.oid
where k.contype = 'f' and place.nspname = any(?) and not n.nspname = any(?)
order by 4
"""
#: The rights on a relation, but those of its owner; and those that new tables of a schema get.
RIGHTS = """
select acl.privilege_type, case when acl.grantee = 0 then 'public' else quote_ident(acl.grantee::regrole::text) end, acl.is_grantable
from pg_class as c
cross join lateral aclexplode(c.relacl) as acl
where c.oid = ?::regclass and acl.grantee <> c.relowner
"""
RIGHTS_OF_NEW = """
select acl.privilege_type, case when acl.grantee = 0 then 'public' else quote_ident(acl.grantee::regrole::text) end, acl.is_grantable
from pg_default_acl as d
inner join pg_namespace as n on d.defaclnamespace = n.oid
cross join lateral aclexplode(d.defaclacl) as acl
where n.nspname = ? and d.defaclobjtype = 'r' and d.defaclrole = current_user::regrole and acl.grantee <> d.defaclrole
"""
BLOCKERS = """
select distinct a.pid, a.usename, coalesce(nullif(a.application_name, ''), 'a program'), a.state
from pg_locks as l
inner join pg_stat_activity as a on l.pid = a.pid
inner join pg_class as c on l.relation = c.oid
inner join pg_namespace as n on c.relnamespace = n.oid
where n.nspname = any(?) and l.granted and l.pid <> pg_backend_pid()
order by 1
"""


@dataclass
class CandidateSchemas:
    """What a command writes on a server instead of the schemas that readers know; `place` is the server.

    ``dbt`` has read the project when `make` is called, and from then on builds into the candidates.
    """

    place: Server
    dbt: Any
    is_whole: bool
    is_made: bool = False
    is_published: bool = False
    was_there: bool = False
    schemas: dict[str, str] = field(default_factory=dict)
    holder: Connection | None = None

    def make(self) -> None:
        """Makes the candidate schemas, with what a build adds to, or where it is one of a part, with everything;
        Stop where another command builds, or something in the database would be in the way at the end."""
        self.schemas = {schema: schema + CANDIDATE for schema in schemas_of(self.dbt.manifest)}
        self.refuse_long_names()
        self.refuse_raw_tables()
        self.holder = self.place.connect()
        take_lock(self.holder, self.place, self.data_schema())
        with connected(self.place) as connection:
            self.refuse_missing_rights(connection)
            self.refuse_readers_that_cannot_follow(connection)
            drop_schemas(connection, [name for name in self.others()])
            for schema in self.schemas.values():
                connection.execute(f"create schema {quoted(schema)}")
            self.copy(connection)
            connection.commit()
        self.dbt.redirect(self.schemas)
        self.is_made = True

    def others(self) -> list[str]:
        """The schemas that are there only while a build is made and published."""
        return [schema + ending for schema in self.schemas for ending in (CANDIDATE, FORMER)]

    def data_schema(self) -> str:
        """The schema, as readers know it, that says which build it is."""
        return self.dbt.schema().removesuffix(CANDIDATE)

    def copy(self, connection: Connection) -> None:
        """Copies into the candidates what is published and will not be built anew; their views last, in the order in which
        they were made."""
        there = {
            (schema, name): kind
            for schema, name, kind in connection.execute(RELATIONS, [list(self.schemas)]).fetchall()
        }
        self.was_there = (self.data_schema(), DATA_HELD) in there
        wanted = {
            (node.schema, node.alias)
            for node in relations_of(self.dbt.manifest)
            if not self.is_whole
            or str(node.config.materialized) not in ("table", "view", "seed", "ephemeral")
        }
        for schema, name in sorted(wanted & there.keys()):
            if there[schema, name] in "rp":
                source, copied = table(schema, name), table(self.schemas[schema], name)
                connection.execute(f"create table {copied} (like {source} including all)")
                connection.execute(f"insert into {copied} select * from {source}")
                connection.execute(f"analyze {copied}")
        connection.execute("set local search_path = pg_catalog")
        views = [key for key in wanted & there.keys() if there[key] == "v"]
        for schema, name, sql in connection.execute(
            "select n.nspname, c.relname, pg_get_viewdef(c.oid) from pg_class as c inner join pg_namespace as n "
            "on c.relnamespace = n.oid where c.relkind = 'v' and n.nspname = any(?) order by c.oid",
            [list(self.schemas)],
        ).fetchall():
            if (schema, name) in views:
                connection.execute(
                    f"create view {table(self.schemas[schema], name)} as {self.redirected(sql)}"
                )

    def redirected(self, sql: str) -> str:
        """The SQL of a view with the candidates instead of the schemas; what stands in quotes stays as it is."""
        written = {
            form: (name, form)
            for name in self.schemas
            for form in ({quoted(name)} | ({name} if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else set()))
        }  # fmt: skip
        forms = "|".join(re.escape(form) for form in sorted(written, key=len, reverse=True))
        return re.sub(
            rf"'(?:[^']|'')*'|(?<![\w.\"])({forms})(?=\.)",
            lambda found: quoted(self.schemas[written[found[1]][0]]) if found[1] else found[0],
            sql,
        )

    def publish(self) -> None:
        """Puts the tables of the candidates in the place of those that readers know, in one transaction."""
        import psycopg2

        with connected(self.place) as connection:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    self.switch(connection)
                    connection.commit()
                    break
                except psycopg2.errors.LockNotAvailable as error:
                    connection.rollback()
                    if time.monotonic() > deadline:
                        raise Stop(self.who_reads(connection)) from error
                    time.sleep(0.3)
            self.is_published = True
            drop_schemas(connection, self.others())
            connection.commit()
        self.dbt.redirect({candidate: schema for schema, candidate in self.schemas.items()})

    def switch(self, connection: Connection) -> None:
        """The statements of the transaction."""
        connection.execute(f"set local lock_timeout = {LOCK_TIMEOUT}")
        connection.execute("set local search_path = pg_catalog")
        there = connection.execute(RELATIONS, [list(self.schemas)]).fetchall()
        made = connection.execute(RELATIONS, [list(self.schemas.values())]).fetchall()
        back = {candidate: schema for schema, candidate in self.schemas.items()}
        comes = {(back[schema], name): kind for schema, name, kind in made}
        goes = {(schema, name): kind for schema, name, kind in there if (schema, name) in comes}
        tables = [table(*key) for key, kind in goes.items() if kind in "rp"]
        if tables:
            connection.execute(f"lock table only {', only '.join(tables)} in access exclusive mode")
        followers = [
            (table(schema, name), connection.execute("select pg_get_viewdef(?::oid)", [oid]).fetchone()[0])
            for schema, name, kind, oid in self.readers(connection)
            if kind == "v" and (schema, name) not in goes
        ]  # fmt: skip
        held = table(self.schemas[self.data_schema()], DATA_HELD)
        [(relations,)] = connection.execute(f"select relations from {held}").fetchall() or [(None,)]
        if relations is not None:
            named = {
                model: [back.get(schema, schema), alias]
                for model, (schema, alias) in json.loads(relations).items()
            }
            connection.execute(
                f"update {held} set relations = ?", [json.dumps(named, sort_keys=True)]
            )
        for schema in self.schemas:
            connection.execute(f"create schema if not exists {quoted(schema)}")
            connection.execute(f"create schema {quoted(schema + FORMER)}")
        for (schema, name), kind in comes.items():
            rights = connection.execute(RIGHTS_OF_NEW, [schema]).fetchall()
            if (schema, name) in goes:
                rights += connection.execute(RIGHTS, [table(schema, name)]).fetchall()
                move(connection, schema, name, goes[schema, name], schema + FORMER)
            move(connection, self.schemas[schema], name, kind, schema)
            for privilege, grantee, may_grant in dict.fromkeys(rights):
                connection.execute(
                    f"grant {privilege} on {table(schema, name)} to {grantee}"
                    + (" with grant option" if may_grant else "")
                )
        for view, sql in followers:
            connection.execute(f"create or replace view {view} as {sql}")

    def readers(self, connection: Connection) -> list[tuple]:
        """What reads the published tables and is not made by the build, in the order in which it was made."""
        schemas = list(self.schemas)
        own = {(node.schema.removesuffix(CANDIDATE), node.alias) for node in relations_of(self.dbt.manifest)}  # fmt: skip
        return [
            row
            for row in connection.execute(READERS, [schemas, schemas, schemas]).fetchall()
            if (row[0], row[1]) not in own and not row[0].endswith((CANDIDATE, FORMER))
        ]

    def who_reads(self, connection: Connection) -> str:
        """A sentence for those whose transactions did not come to an end."""
        seen = connection.execute(BLOCKERS, [list(self.schemas)]).fetchall()
        names = ", ".join(f"{program} of {user} (pid {pid}, {state})" for pid, user, program, state in seen[:3])  # fmt: skip
        return (
            f"The build is made, but it could not be published for {PATIENCE:.0f} s, because others read the marts within a "
            f"transaction that does not end: {names or 'none is left now'}. End these, and run this command again."
        )

    def refuse_long_names(self) -> None:
        """Stop where a candidate's name would be cut off."""
        for schema in self.schemas:
            if len((schema + CANDIDATE).encode()) > LONGEST_NAME:
                raise Refused(
                    f"The schema {schema} has a name of more than {LONGEST_NAME - len(CANDIDATE)} characters, and a build is "
                    f"written into {schema}{CANDIDATE} beside it: shorten `schema` in the profile."
                )

    def refuse_raw_tables(self) -> None:
        """Stop where raw tables stand in a schema that is replaced."""
        for source in self.dbt.manifest.sources.values():
            if source.schema in self.schemas and source.package_name == "retention_ledger":
                raise Refused(
                    f"The raw table {source.schema}.{source.identifier} stands in a schema that the build writes to and replaces: "
                    "move it to another one, or name another `schema` in the profile."
                )

    def refuse_missing_rights(self, connection: Connection) -> None:
        """Stop where the user may not make schemas, or does not own what is replaced."""
        [(may,)] = connection.execute(
            "select has_database_privilege(current_database(), 'create')"
        ).fetchall()
        if not may:
            raise Refused(
                f"The user {self.place.user} may not make schemas in {self.place}, and a build is written into schemas of its "
                f"own: grant create on database {self.place.name} to {self.place.user}."
            )
        foreign = connection.execute(
            "select n.nspname || '.' || c.relname from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid "
            "where n.nspname = any(?) and c.relkind in ('r', 'p', 'v') and not pg_has_role(c.relowner, 'usage') order by 1",
            [list(self.schemas)],
        ).fetchall()
        own = {f"{node.schema}.{node.alias}" for node in relations_of(self.dbt.manifest)}
        in_the_way = [name for (name,) in foreign if name in own]
        if in_the_way:
            raise Refused(
                f"{in_the_way[0]} in {self.place} belongs to another user than {self.place.user}, who therefore may not replace "
                "it: build as its owner, or name another `schema` in the profile."
            )

    def refuse_readers_that_cannot_follow(self, connection: Connection) -> None:
        """Stop where something reads the published tables that cannot be pointed at the new ones."""
        kinds = {"m": "The materialized view", "f": "The foreign key of"}
        for schema, name, kind, _ in self.readers(connection):
            if kind in kinds:
                raise Refused(
                    f"{kinds[kind]} {schema}.{name} holds on to tables that a build replaces: make a view of it, "
                    "or a model of the dbt project, and drop it."
                )

    def discard(self) -> None:
        """Removes candidates into which no table was written."""
        if self.is_made:
            with connected(self.place) as connection:
                drop_schemas(connection, self.others())
                connection.commit()
        self.is_made = False

    def what_readers_see(self) -> str:
        """After a failure: what is still there, and where the candidates are."""
        if not self.is_made:
            return ""
        if self.is_published:
            return f"\nReaders of {self.place} see the new build; the former one is still in schemas that end in {FORMER}."
        still = (
            f"Readers of {self.place} see the build that was there before."
            if self.was_there
            else f"There is still no build in {self.place}."
        )
        return f"\n{still} What this one has made is kept in the schemas {', '.join(sorted(self.schemas.values()))}."


@contextlib.contextmanager
def beside_schemas(server: Server, dbt: Any, is_whole: bool) -> Iterator[CandidateSchemas]:
    """Candidate schemas on a server where nobody else builds meanwhile; as `publishing.beside` for files."""
    import psycopg2

    candidate = CandidateSchemas(server, dbt, is_whole)
    server.connect().close()
    try:
        with what_fails_is_said(candidate, CANDIDATE, ""):
            try:
                yield candidate
            except psycopg2.Error as error:
                raise Stop(what_went_wrong(server, error)) from error
    finally:
        if candidate.holder is not None:
            # The server notices that a connection is closed only a moment later.
            with contextlib.suppress(psycopg2.Error):
                candidate.holder.execute("select pg_advisory_unlock_all()")
                candidate.holder.commit()
            candidate.holder.close()


def relations_of(manifest: Any) -> list[Any]:
    """The models, seeds and snapshots that stand as relations in the database."""
    return [
        node
        for node in manifest.nodes.values()
        if str(node.resource_type) in ("model", "seed", "snapshot")
        and str(node.config.materialized) != "ephemeral"
    ]


def schemas_of(manifest: Any) -> list[str]:
    """The schemas that the project writes to."""
    return sorted({node.schema for node in relations_of(manifest)})


def table(schema: str, name: str) -> str:
    """A relation as SQL."""
    return f"{quoted(schema)}.{quoted(name)}"


def move(connection: Connection, schema: str, name: str, kind: str, to: str) -> None:
    """Moves a table or view into another schema."""
    what = {"v": "view", "m": "materialized view"}.get(kind, "table")
    connection.execute(f"alter {what} {table(schema, name)} set schema {quoted(to)}")


def drop_schemas(connection: Connection, names: list[str]) -> None:
    """Drops schemas with all that is in them."""
    for name in names:
        connection.execute(f"drop schema if exists {quoted(name)} cascade")


def take_lock(connection: Connection, server: Server, schema: str) -> None:
    """Holds the lock of a build for as long as the connection is open; Stop where another command does."""
    key = int.from_bytes(
        hashlib.sha1(f"retention-ledger {schema}".encode()).digest()[:8], "big", signed=True
    )
    deadline = time.monotonic() + SECONDS_TO_NOTICE
    while True:
        [(is_free,)] = connection.execute("select pg_try_advisory_lock(?)", [key]).fetchall()
        connection.commit()
        if is_free or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    if not is_free:
        rows = connection.execute(
            "select a.pid, coalesce(host(a.client_addr), 'this machine'), to_char(a.backend_start, 'HH24:MI') from pg_locks as l "
            "inner join pg_stat_activity as a on l.pid = a.pid where l.locktype = 'advisory' and l.granted and l.objsubid = 1 "
            "and l.classid::bigint = ? and l.objid::bigint = ? and l.database = (select oid from pg_database where datname = current_database())",
            [(key >> 32) & 0xFFFFFFFF, key & 0xFFFFFFFF],
        ).fetchall()
        holder = "".join(f" (from {address}, process {pid} of the server, since {since})" for pid, address, since in rows[:1])  # fmt: skip
        raise Refused(
            f"Another retention-ledger command is writing to {server}{holder}: wait until it is done."
        )
