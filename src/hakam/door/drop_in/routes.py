"""Which path belongs to which service in another shape."""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from hakam.door.app import Answer, Door
from hakam.door.drop_in.akismet import Akismet
from hakam.door.drop_in.analyst import Analyst
from hakam.door.drop_in.call import DropIn, TooManyFieldsError, call_of
from hakam.door.drop_in.labels import Labels
from hakam.door.drop_in.moderations import Moderations
from hakam.door.drop_in.perspective import Perspective
from hakam.door.drop_in.pictures import Pictures

if TYPE_CHECKING:
    from hakam.signals.models.reading import Reader

USED = "drop-in.used"  # in the home: empty, there once a text has come
_log = logging.getLogger("hakam.door")


@cache
def loaded() -> Reader:
    """Return the reader of this process after it read a text, so that nothing more is loaded for the next."""
    from hakam.signals.models import shipped  # noqa: PLC0415 -- loads NumPy and the models

    reader = shipped.reader()
    reader.read(["good morning to all of you"])
    return reader


class DropIns:
    """All of them, over one analyst. `find` and `serve` are what the server calls."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.analyst = Analyst(loaded, used=door.config.home / USED)
        labels = Labels(door.config.home)
        services: tuple[DropIn, ...] = (
            Moderations(door.admit, self.analyst, Pictures(lambda: door.known, door.clause, time.time)),
            Perspective(door.admit, self.analyst, labels),
            Akismet(door.admit, self.analyst, labels, door.may_read_private),
        )
        self._by_path = {path: service for service in services for path in service.paths}

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path, for the reference."""
        return tuple(self._by_path)

    def find(self, path: str) -> DropIn | None:
        """Return the service of a path. Clients may write the colon of a method as `%3A`."""
        return self._by_path.get(path) or self._by_path.get(path.replace("%3A", ":").replace("%24", "$"))

    async def serve(self, service: DropIn, scope: Any, protocol: Any) -> Answer:
        """Answer one request in the shape of its own service, whatever goes wrong."""
        limit = self._door.published.max_body_bytes
        try:
            call = await call_of(scope, protocol, limit)
            if call is None:
                return service.too_large(limit)
            return await service.answer(call._replace(path=call.path.replace("%3A", ":").replace("%24", "$")))
        except TooManyFieldsError as wrong:
            return service.failed(400, str(wrong))
        except Exception:  # noqa: BLE001 -- one request must not end the others
            _log.exception("%s %s failed", scope.method, scope.path)
            return service.failed(500, "Something went wrong here; the log has the rest.")
