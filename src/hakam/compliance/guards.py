# ruff: noqa: S608 -- every name in these statements is a constant of this file
"""What the database itself forbids: to change, delete or slip in a fact, whoever holds the connection.

`install` is called by a migration, for SQLite and PostgreSQL alike. The one update that passes erases `private`; the
one insert that passes continues the chain. Whoever owns the database can drop the guards; then the chain still tells.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_FACT, _LINK = "compliance_fact", "compliance_factlink"
_COLUMNS = ("seq", "at", "kind", "actor", "subject", "body", "private_digest", "previous", "digest")
_CHANGED = "a fact of the ledger is never changed"
_DELETED = "a fact of the ledger is never deleted"
_INSERTED = "a fact is appended at the end of the ledger or not at all"


class UnguardedDatabaseError(RuntimeError):
    """There are no guards for this kind of database."""


def _sqlite() -> list[str]:
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in _COLUMNS)
    erased = f"NEW.private IS NULL AND {same}"
    follows = (
        f"NEW.seq = (SELECT COALESCE(MAX(seq), 0) + 1 FROM {_FACT}) AND "
        f"NEW.previous = COALESCE((SELECT digest FROM {_FACT} ORDER BY seq DESC LIMIT 1), '{'0' * 64}')"
    )
    return [
        _sqlite_trigger("fact_unchanged", f"BEFORE UPDATE ON {_FACT} WHEN NOT ({erased})", _CHANGED),
        _sqlite_trigger("fact_undeleted", f"BEFORE DELETE ON {_FACT}", _DELETED),
        _sqlite_trigger("fact_appended", f"BEFORE INSERT ON {_FACT} WHEN NOT ({follows})", _INSERTED),
        _sqlite_trigger("factlink_unchanged", f"BEFORE UPDATE ON {_LINK}", _CHANGED),
        _sqlite_trigger("factlink_undeleted", f"BEFORE DELETE ON {_LINK}", _DELETED),
        _sqlite_trigger(
            "factlink_appended",
            f"BEFORE INSERT ON {_LINK} WHEN NEW.fact_id IS NOT (SELECT MAX(seq) FROM {_FACT})"
            f" OR EXISTS (SELECT 1 FROM {_LINK} WHERE id = NEW.id)",
            _INSERTED,
        ),
    ]


def _sqlite_trigger(name: str, when: str, message: str) -> str:
    return f"CREATE TRIGGER compliance_{name} {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"


def _postgresql() -> list[str]:
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in _COLUMNS)
    return [
        _plpgsql("refuse_change", f"RAISE EXCEPTION '{_CHANGED}' USING ERRCODE = 'restrict_violation';"),
        _plpgsql("refuse_delete", f"RAISE EXCEPTION '{_DELETED}' USING ERRCODE = 'restrict_violation';"),
        _plpgsql(
            "only_erase",
            f"IF NEW.private IS NULL AND {same} THEN RETURN NEW; END IF; "
            f"RAISE EXCEPTION '{_CHANGED}' USING ERRCODE = 'restrict_violation';",
        ),
        _plpgsql(
            "only_append",
            f"IF NEW.seq = (SELECT COALESCE(MAX(seq), 0) + 1 FROM {_FACT}) AND NEW.previous = "
            f"COALESCE((SELECT digest FROM {_FACT} ORDER BY seq DESC LIMIT 1), '{'0' * 64}') THEN RETURN NEW; END IF; "
            f"RAISE EXCEPTION '{_INSERTED}' USING ERRCODE = 'restrict_violation';",
        ),
        _plpgsql(
            "only_link_last",
            f"IF NEW.fact_id = (SELECT MAX(seq) FROM {_FACT}) THEN RETURN NEW; END IF; "
            f"RAISE EXCEPTION '{_INSERTED}' USING ERRCODE = 'restrict_violation';",
        ),
        _postgresql_trigger("fact_unchanged", f"BEFORE UPDATE ON {_FACT} FOR EACH ROW", "only_erase"),
        _postgresql_trigger("fact_undeleted", f"BEFORE DELETE ON {_FACT} FOR EACH ROW", "refuse_delete"),
        _postgresql_trigger(
            "fact_untruncated", f"BEFORE TRUNCATE ON {_FACT} FOR EACH STATEMENT", "refuse_delete"
        ),
        _postgresql_trigger("fact_appended", f"BEFORE INSERT ON {_FACT} FOR EACH ROW", "only_append"),
        _postgresql_trigger("factlink_unchanged", f"BEFORE UPDATE ON {_LINK} FOR EACH ROW", "refuse_change"),
        _postgresql_trigger("factlink_undeleted", f"BEFORE DELETE ON {_LINK} FOR EACH ROW", "refuse_delete"),
        _postgresql_trigger(
            "factlink_untruncated", f"BEFORE TRUNCATE ON {_LINK} FOR EACH STATEMENT", "refuse_delete"
        ),
        _postgresql_trigger("factlink_appended", f"BEFORE INSERT ON {_LINK} FOR EACH ROW", "only_link_last"),
    ]


def _plpgsql(name: str, body: str) -> str:
    return f"CREATE FUNCTION compliance_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _postgresql_trigger(name: str, when: str, function: str) -> str:
    return f"CREATE TRIGGER compliance_{name} {when} EXECUTE FUNCTION compliance_{function}()"


_TRIGGERS = (
    ("fact_unchanged", _FACT),
    ("fact_undeleted", _FACT),
    ("fact_untruncated", _FACT),
    ("fact_appended", _FACT),
    ("factlink_unchanged", _LINK),
    ("factlink_undeleted", _LINK),
    ("factlink_untruncated", _LINK),
    ("factlink_appended", _LINK),
)
_FUNCTIONS = ("refuse_change", "refuse_delete", "only_erase", "only_append", "only_link_last")


def create_sql(vendor: str) -> list[str]:
    """Return the statements that create the guards on a `vendor` (`sqlite`, `postgresql`)."""
    if vendor == "sqlite":
        return _sqlite()
    if vendor == "postgresql":
        return _postgresql()
    raise UnguardedDatabaseError(f"the ledger has no guards for {vendor}")


def drop_sql(vendor: str) -> list[str]:
    """Return the statements that drop them."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS compliance_{name}" for name, _ in _TRIGGERS]
    if vendor == "postgresql":
        return [
            *(f"DROP TRIGGER IF EXISTS compliance_{name} ON {table}" for name, table in _TRIGGERS),
            *(f"DROP FUNCTION IF EXISTS compliance_{name}()" for name in _FUNCTIONS),
        ]
    raise UnguardedDatabaseError(f"the ledger has no guards for {vendor}")


def install(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the guards, from a migration: `RunPython(lambda apps, editor: guards.install(editor), ...)`."""
    for statement in [
        *drop_sql(schema_editor.connection.vendor),
        *create_sql(schema_editor.connection.vendor),
    ]:
        schema_editor.execute(statement)


def uninstall(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the guards, to migrate backwards."""
    for statement in drop_sql(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the guards that this database lacks."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        there = {row[0] for row in cursor.fetchall()}
    wanted = [
        name for name, _ in _TRIGGERS if connection.vendor != "sqlite" or not name.endswith("untruncated")
    ]
    return [f"compliance_{name}" for name in wanted if f"compliance_{name}" not in there]
