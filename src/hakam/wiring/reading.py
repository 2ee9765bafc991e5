"""What the worker reads pictures with: the rules in force as the door judges by them, a reader of text, a network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from hakam.door import aside
from hakam.door.judgement import Judgement, UnusablePackError, prepare
from hakam.intake.media_files import MediaFolder
from hakam.intake.picture_contents import Reading
from hakam.media import extra, nudity, tesseract
from hakam.media.sandbox import Sandbox
from hakam.policy.outside import BadListError
from hakam.policy.rules import Rule
from hakam.policy.tree import Field, walk
from hakam.storage.embedded.lists import FOLDER, open_lists
from hakam.storage.embedded.published import PublishedReader
from hakam.storage.published import Published
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict
from hakam.wiring import publish
from hakam.wiring.settings import Settings

_VERDICTS = msgspec.json.Decoder(Verdict)
_PATH = f'scores["{nudity.SCORE}"]'


class PictureReading:
    """The rules in force and what reads pictures for them. Its counters count nothing: rules that count are unknown."""

    def __init__(self, settings: Settings, folder: MediaFolder) -> None:
        self._home = settings.home
        self._folder = folder
        self._wanted = settings.languages
        self._reader = PublishedReader(publish.published_path(settings))
        self._judgement: Judgement | None = None
        self._sandbox: Sandbox | None = None
        self.trouble = ""

    def reading(self) -> Reading | None:
        """Return what pictures are read with now; None if nothing reads them here, or no rules are in force.

        Letters take Tesseract with data of a language of this installation, the score `hakam[nudity]` and a rule that
        asks for it, both `hakam[media]`.
        """
        told = self._reader.poll()
        if told is not None:
            self._use(told)
        judgement = self._judgement
        languages = tesseract.installed(self._wanted) if tesseract.available() else ()
        scored = judgement is not None and nudity.available() and asks(judgement.engine.rules)
        if judgement is None or not extra.available() or not (languages or scored):
            return None
        if self._sandbox is None or self._sandbox.nudity != scored:
            self.close()
            self._sandbox = Sandbox(nudity=scored)
        return Reading(self._sandbox, languages, self.judge, self._folder)

    def judge(self, event: Event) -> Verdict | None:
        """Return what the rules in force say of an event, without its counting for others."""
        return None if self._judgement is None else _VERDICTS.decode(self._judgement.consider(event))

    def close(self) -> None:
        """End the sandbox's children."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    def _use(self, told: Published) -> None:
        if told.pack is None:
            self._judgement = None
            return
        try:
            self._judgement = prepare(
                told.pack,
                lists=open_lists(Path(self._home) / FOLDER, told.lists),
                aside=aside.read(self._home, told.pack.ref.digest, told.released),
            )
            self.trouble = ""
        except (UnusablePackError, BadListError) as error:  # the door tells of it: it can't use them either
            self._judgement, self.trouble = None, str(error)


def asks(rules: Iterable[Rule]) -> bool:
    """Whether some rule reads the score of nudity."""
    fields = (node for rule in rules for node in walk(rule.when) if isinstance(node, Field))
    return any(node.spec.path == _PATH for node in fields)
