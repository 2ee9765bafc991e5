"""The declared models of this installation, built for the worker and for `hakam models`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from hakam.adapters import declared as declarations
from hakam.adapters.chat import ChatModel
from hakam.adapters.declared import Declaration, DeclarationError, Declared
from hakam.adapters.hugging_face import TransformersModel
from hakam.adapters.model import AnyModel, ModelUnavailableError
from hakam.adapters.moderations import ModerationsModel
from hakam.adapters.onnx import OnnxModel
from hakam.adapters.onnx_picture import OnnxPictureModel
from hakam.adapters.picture_moderations import PictureModerationsModel
from hakam.adapters.shipped import NAME, ShippedModel
from hakam.adapters.transcriptions import TranscriptionsModel
from hakam.intake import cursors, events
from hakam.intake.asking import Asker, note_trouble
from hakam.intake.models import Cursor
from hakam.intake.switching import cursor_of, is_on
from hakam.review import clauses
from hakam.signals.models import shipped
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault
from hakam.wiring import plugins
from hakam.wiring.settings import SettingError, Settings

LOG = logging.getLogger("hakam.models")
Build = Callable[[Declared], Any]
_GROUPS: Final = {"text": plugins.MODELS, "picture": plugins.PICTURE_MODELS, "speech": plugins.SPEECH_MODELS}


class Row(NamedTuple):
    """One declaration as `hakam models` shows it: the model, or why there is none."""

    name: str
    declared: Declared | None
    model: AnyModel | None
    trouble: str


def adapters(settings: Settings, reads: str = "text") -> Mapping[str, Build]:
    """Return how a model of each adapter is built: those that come with Hakam and those installed beside it.

    `reads`: what they are given, as declarations say it. Raises `plugins.PluginError`.
    """
    secret = settings.given_secret
    ours: dict[str, dict[str, Build]] = {
        "text": {
            "chat": lambda one: ChatModel(one, secret=secret, clause=_words),
            "moderations": lambda one: ModerationsModel(one, secret=secret),
            "onnx": OnnxModel,
            "transformers": TransformersModel,
        },
        "picture": {
            "moderations": lambda one: PictureModerationsModel(one, secret=secret),
            "onnx": OnnxPictureModel,
        },
        "speech": {"transcriptions": lambda one: TranscriptionsModel(one, secret=secret)},
    }
    added: dict[str, Build] = plugins.load(_GROUPS[reads])
    taken = sorted(set(ours[reads]) & set(added))
    if taken:
        raise plugins.PluginError(f"an extension claims {', '.join(taken)}, which comes with Hakam")
    return ours[reads] | added


def build(settings: Settings, one: Declared) -> Any:
    """Return the model of a declaration, of the kind that its `reads` says. Raises `ModelUnavailableError`."""
    known = adapters(settings, one.what.reads)
    made = known.get(one.what.adapter)
    if made is None:
        raise ModelUnavailableError(
            f"{one.name}: there is no adapter {one.what.adapter!r} that reads {one.what.reads}; there are "
            f"{', '.join(sorted(known))}"
        )
    try:
        return made(one)
    except (ModelUnavailableError, SettingError) as error:
        raise ModelUnavailableError(f"{one.name}: {error}") from error


def rows(settings: Settings) -> Iterator[Row]:
    """Yield every declaration with its model. The caller closes the models."""
    for one in declarations.all_in(settings.home):
        if isinstance(one, DeclarationError):
            yield Row(str(one).partition(":")[0], None, None, str(one))
            continue
        try:
            yield Row(one.name, one, build(settings, one), "")
        except ModelUnavailableError as error:
            yield Row(one.name, one, None, str(error))


def _words(clause: str, language: str) -> str:
    """Return the title and the text of a clause of the rule book in force."""
    found = clauses.find(clause)
    if found is None:
        raise ModelUnavailableError(f"there is no clause `{clause}` in the rule book in force")
    return f"{clauses.title_of(found, language)}\n{clauses.text_of(found, language)}"


class Models:
    """The models at work in one lane of the worker: those of this machine, or those behind endpoints.

    Built anew when a declaration, a switch or the rule book changes. Used by one thread.
    """

    def __init__(self, settings: Settings, *, endpoints: bool) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._seen: object = None
        self._askers: dict[str, Asker] = {}
        self._told: set[str] = set()

    def consume(self, log: EventLog, *, vault: Vault, now: datetime, limit: int) -> int:
        """Let each model read on; return how many records were passed. One that fails does not stop the others."""
        self._keep_up(now)
        passed = 0
        failed: Exception | None = None
        for asker in self._askers.values():
            try:
                passed += asker.consume(log, vault=vault, now=now, limit=limit)
            except Exception as error:  # noqa: BLE001 -- told to the worker when all have had their turn
                failed = error
        if failed is not None:
            raise failed
        return passed

    def close(self) -> None:
        """Release every model."""
        for asker in self._askers.values():
            asker.model.close()
        self._askers = {}

    def _keep_up(self, now: datetime) -> None:
        version = clauses.active()
        on = []
        for one in declarations.all_in(self._settings.home):
            if isinstance(one, DeclarationError):
                self._say(str(one))
            elif one.what.reads == "text" and is_on(one):  # the others are asked by the watch of live streams
                on.append(one)
        seen = (version.digest if version else "", tuple((one.name, one.version) for one in on))
        if seen == self._seen:
            return
        self.close()
        if not self._endpoints:
            self._begin(NAME)
            reader = shipped.reader()
            what = Declaration("encoder", ShippedModel.labels)
            self._askers[NAME] = Asker(NAME, ShippedModel(reader), what)
        for one in on:
            try:
                model = build(self._settings, one)
            except ModelUnavailableError as error:
                self._say(str(error))
                note_trouble(one.name, str(error), now=now)
                continue
            if bool(model.sends_to) is self._endpoints:
                self._askers[one.name] = Asker(one.name, model, one.what)
            else:
                model.close()
        self._seen = seen

    @staticmethod
    def _begin(name: str) -> None:
        """Let a model without a switch begin where the first reader of the log is, not at the beginning of time."""
        Cursor.objects.get_or_create(pk=cursor_of(name), defaults={"seq": cursors.position(events.CURSOR)})

    def _say(self, trouble: str) -> None:
        if trouble not in self._told:
            self._told.add(trouble)
            LOG.warning("%s", trouble)
