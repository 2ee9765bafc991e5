"""What the watch asks about streams here: declared models that are on, and what reads writing in frames."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from hakam.adapters import declared as declarations
from hakam.adapters.declared import DeclarationError, Declared
from hakam.adapters.model import ModelUnavailableError
from hakam.intake.asking import note_trouble
from hakam.intake.media_files import NOWHERE
from hakam.intake.switching import is_on
from hakam.live.watching.senses import Hearing, Looking, Reading, Sense, Senses
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict
from hakam.wiring.models import build
from hakam.wiring.reading import PictureReading
from hakam.wiring.settings import Settings

_EVERY: Final = timedelta(seconds=2)  # between two looks at what is declared and switched on
_AGAIN: Final = timedelta(minutes=1)  # until a model that can't be used is tried again
_log: Final = logging.getLogger("hakam.watch")


class WatchSenses:
    """Keeps the senses of the watch as declared, and judges by the rules in force. Used by one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reading = PictureReading(settings, NOWHERE)
        self.senses = Senses()
        self._due: datetime | None = None
        self._made: dict[tuple[str, str], Sense] = {}
        self._failed: dict[tuple[str, str], datetime] = {}
        self._writing: tuple[object, Sense] | None = None
        self._told: set[str] = set()

    def judge(self, event: Event) -> Verdict | None:
        """Return what the rules in force say of an event."""
        return self._reading.judge(event)

    def renew(self, now: datetime) -> None:
        """Take up what was switched on and let go what was switched off."""
        if self._due is not None and now < self._due:
            return
        self._due = now + _EVERY
        found = {}
        for one in declarations.all_in(self._settings.home):
            if isinstance(one, DeclarationError):
                self._say(str(one))
            elif one.what.reads != "text" and is_on(one):
                sense = self._made.get((one.name, one.version)) or self._sense(one, now)
                if sense is not None:
                    found[one.name, one.version] = sense
        self._made = found
        writing = self._read()
        self.senses.renew((*found.values(), *((writing,) if writing is not None else ())))

    def close(self) -> None:
        """End everything."""
        self.senses.close()
        self._reading.close()

    def _sense(self, one: Declared, now: datetime) -> Sense | None:
        key = one.name, one.version
        if now < self._failed.get(key, now):
            return None
        try:
            model = build(self._settings, one)
        except ModelUnavailableError as error:
            self._failed[key] = now + _AGAIN
            self._say(str(error))
            note_trouble(one.name, str(error), now=now)
            return None
        if one.what.reads == "picture":
            return Looking(one.name, model, one.what)
        return Hearing(one.name, model, one.what)

    def _read(self) -> Sense | None:
        reading = self._reading.reading()
        if reading is None:
            return None
        if self._writing is None or self._writing[0] is not reading.sandbox:
            self._writing = (reading.sandbox, Reading(reading.sandbox, tuple(reading.languages)))
        return self._writing[1]

    def _say(self, trouble: str) -> None:
        if trouble not in self._told:
            self._told.add(trouble)
            _log.warning("%s", trouble)
