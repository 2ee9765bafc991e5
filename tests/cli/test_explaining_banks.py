"""`hakam explain` of a verdict that banks had a part in: the same verdict again, from the record alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.cli import explanations
from hakam.cli.screen import CommandError
from hakam.compliance import rulebook
from hakam.door.decode import Received
from hakam.door.judgement import prepare
from hakam.storage.bank_shelf import Held, write
from hakam.storage.event_log import Record
from hakam.storage.known_content import KnownContent, bank_folder
from hakam.storage.published import PublishedBank, PublishedPack
from hakam.testing import scene
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.event import Media
from hakam.vocabulary.verdict import Verdict

pytestmark = pytest.mark.django_db
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
NEAR = PDQ[:-1] + "3"
RULE = """\
- rule: known-attack
  policy: threat
  stage: live
  when: bank("attack", distance=20)
  then: [remove]
"""


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Give the record of an event that a rule fired on and that a bank asks a person about."""
    files = {**scene.PACK, "rules.yaml": RULE}
    ref = rulebook.ref_of(scene.publish(files))
    judgement = prepare(PublishedPack(ref, files))
    banks = []
    for number, (name, clause) in enumerate((("attack", ""), ("ncii", "hate")), 1):
        write(bank_folder(tmp_path, number), 1, [Held(7, EntryKind.PDQ, PDQ)], [])
        banks.append(PublishedBank(number, name, 1, clause=clause))
    judgement.known = KnownContent(tmp_path, banks)
    event = scene.event()
    item = msgspec.structs.replace(event.item, media=(Media(hashes={"pdq": NEAR}),))
    event = msgspec.structs.replace(event, item=item)
    (entry,) = judgement.judge([Received(scene.raw(event), event, None, event.at.timestamp())])
    return Record(1, entry.at, entry.platform, entry.id, entry.at, entry.raw, entry.signals, entry.verdict)


def told(record: Record) -> Verdict:
    return msgspec.json.decode(record.verdict, type=Verdict)


def test_a_verdict_of_rules_and_banks_can_be_judged_again(record: Record, capsys: Any) -> None:
    assert [firing.rule for firing in told(record).firings] == ["known-attack", "bank:ncii"]
    explanations._explain(record)
    shown = capsys.readouterr().out
    assert "judged again: the same verdict" in shown
    assert 'bank("attack", distance=20)' in shown


def test_a_verdict_that_was_changed_afterwards_is_found_out(record: Record) -> None:
    changed = msgspec.structs.replace(told(record), measures=())
    spoiled = msgspec.structs.replace(record, verdict=msgspec.json.encode(changed))
    with pytest.raises(CommandError, match="reproduced"):
        explanations._explain(spoiled)
