"""Starting Django in a process of ours, and making a home ready for use."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import django

from hakam.vocabulary.actor import SYSTEM
from hakam.wiring.settings import Settings, settings


class NotReadyError(RuntimeError):
    """The home is not ready for what was asked; the message says what to do."""


def start_django() -> Settings:
    """Load Django with our settings; return those. Safe to call again. Raises `SettingError`."""
    chosen = settings()
    chosen.home.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hakam.wiring.django_settings")
    django.setup()
    return chosen


def pending_migrations() -> list[str]:
    """Return the migrations that the database lacks, as `app.name`."""
    from django.db import connection  # noqa: PLC0415 -- needs Django started
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def migrate() -> list[str]:
    """Bring the database to this version's shape; return the migrations that were applied."""
    from django.core.management import call_command  # noqa: PLC0415 -- needs Django started

    pending = pending_migrations()
    if pending:
        call_command("migrate", interactive=False, verbosity=0)
    return pending


def require_ready() -> None:
    """Raise `NotReadyError` if the database is not in this version's shape."""
    pending = pending_migrations()
    if pending:
        raise NotReadyError(
            f"the database lacks {len(pending)} migrations; run `hakam migrate` or `hakam up`"
        )


def _try(files: dict[str, str], chosen: Settings) -> None:
    """Raise `NotReadyError` if ways of judging a pack differ. One with errors is left to who publishes it."""
    from hakam.backtest.agreement import findings_of  # noqa: PLC0415 -- needs Django started
    from hakam.compliance import lists  # noqa: PLC0415
    from hakam.policy.pack import load_pack  # noqa: PLC0415
    from hakam.wiring.comparing import compare_here  # noqa: PLC0415

    pack = load_pack(files, lists.opened()).pack
    found = compare_here(pack, chosen) if pack is not None else None
    if found is not None and not found.sound:
        told = [f"{one.code} {one.message}" for one in findings_of(found.differences)]
        told += [f"the rule `{rule}` fails" for rule in found.failed]
        raise NotReadyError(f"the pack can't be put in force: {'; '.join(told[:3])}")


def ensure_rulebook(chosen: Settings, *, now: datetime) -> str:
    """Publish the settings' pack if no rule book is in force yet; return the name of the one in force."""
    from hakam.compliance import lists, rulebook  # noqa: PLC0415 -- needs Django started
    from hakam.storage.packs import read_folder  # noqa: PLC0415
    from hakam.wiring.ports import default_pack  # noqa: PLC0415

    version = rulebook.active()
    if version is None:
        files = read_folder(Path(chosen.pack) if chosen.pack else default_pack())
        if chosen.pack:  # the one that ships is tried by our own tests
            _try(files, chosen)
        version = rulebook.publish(
            files,
            by=SYSTEM,
            now=now,
            note="the rule book that the installation began with",
            lists=lists.opened(),
        )
    return str(rulebook.ref_of(version))
