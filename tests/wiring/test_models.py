"""The worker's two lanes of models: declarations on disk, a service on a socket, the models that ship."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from tests.adapters.speaking import Service, service

from hakam.adapters import declared as declarations
from hakam.adapters.declared import Declared
from hakam.adapters.model import ModelUnavailableError
from hakam.compliance.models import Fact
from hakam.door.decode import Received
from hakam.door.judgement import prepare
from hakam.intake import events
from hakam.intake.models import LaterJudgement, ModelUse
from hakam.intake.switching import switch_off, switch_on
from hakam.review.models import Case, Decision
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.published import PublishedPack
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.wiring import models
from hakam.wiring.models import Models
from hakam.wiring.settings import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.sockets]
NOW = datetime.now(tz=UTC)
RULES = """\
- rule: judge-says-threat
  policy: threat
  stage: live
  when: scores["judge:threat"] >= 0.8
  then: [review(queue="threats")]
- rule: encoder-says-toxic
  policy: hate
  stage: live
  when: scores["encoder:toxicity"] >= 0.5
  then: [limit_reach(days=3)]
"""
BAD = "you are a filthy stupid bitch and i will hurt you"


@pytest.fixture
def chosen(tmp_path: Path, db: None) -> Settings:
    files = {**scene.PACK, "rules.yaml": RULES}
    scene.publish(files)
    found: Settings = replace(django_settings.HAKAM, home=tmp_path)
    return found


@pytest.fixture
def served() -> Iterator[Service]:
    with service() as server:
        yield server


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FileEventLog]:
    log = FileEventLog(tmp_path / "events")
    yield log
    log.close()


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path / "vault", b"k" * 32)


def declare(chosen: Settings, served: Service, more: str = "") -> Declared:
    folder = chosen.home / declarations.FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "judge.toml").write_text(
        f"""\
adapter = "chat"
labels = ["threat"]
[settings]
url = "{served.url}"
model = "m"
style = "policy"
clause = "threat"
{more}
""",
        encoding="utf-8",
    )
    return declarations.read(folder / "judge.toml")


def post(log: FileEventLog, vault: FileVault, *texts: str) -> None:
    judgement = prepare(PublishedPack(scene.in_force(), {**scene.PACK, "rules.yaml": RULES}))
    for text in texts:
        event = scene.event(text, item=str(log.last_seq()))
        log.append(judgement.judge([Received(scene.raw(event), event, at=event.at.timestamp())]))
    while events.consume(log, vault=vault, now=NOW, limit=100):
        pass


def run(lane: Models, log: FileEventLog, vault: FileVault) -> int:
    return lane.consume(log, vault=vault, now=NOW, limit=100)


def test_nothing_is_sent_until_somebody_switches_it_on(
    chosen: Settings, served: Service, log: FileEventLog, vault: FileVault
) -> None:
    one = declare(chosen, served)
    lane = Models(chosen, endpoints=True)
    post(log, vault, BAD)
    assert (run(lane, log, vault), served.seen) == (0, [])
    switch_on(one, sends_to="x", by=SYSTEM, now=NOW)
    post(log, vault, BAD + " again")
    assert run(lane, log, vault) == 1
    assert [message["role"] for message in served.seen[0]["messages"]] == ["system", "user"]
    assert "Do not threaten people." in served.seen[0]["messages"][0]["content"]
    assert (Case.objects.get().queue, Fact.objects.filter(kind="model.asked").count()) == ("threats", 1)
    assert (ModelUse.objects.get().tokens, LaterJudgement.objects.get().scores) == (
        110,
        {"judge:threat": 0.9},
    )
    declare(chosen, served, "seconds = 5")  # somebody changed the file: it is another model, and off
    post(log, vault, BAD + " for the third time")
    assert run(lane, log, vault) == 0
    assert len(served.seen) == 1
    switch_off("judge", by=SYSTEM, now=NOW)
    lane.close()


def test_the_models_that_ship_read_where_a_rule_reads_them(
    chosen: Settings, served: Service, log: FileEventLog, vault: FileVault
) -> None:
    switch_on(declare(chosen, served), sends_to="x", by=SYSTEM, now=NOW)
    lane = Models(chosen, endpoints=False)
    assert run(lane, log, vault) == 0
    post(log, vault, "what a lovely morning", BAD)
    assert run(lane, log, vault) == 2
    assert served.seen == []  # the other lane's
    calm, harsh = LaterJudgement.objects.order_by("seq")
    assert calm.scores["encoder:toxicity"] < 0.3
    assert harsh.scores["encoder:toxicity"] > 0.7
    assert set(harsh.scores) >= {"encoder:hate", "encoder:threat", "encoder:spam"}
    assert Decision.objects.get().key == f"event:{harsh.seq}/encoder"
    lane.close()


def test_words_of_the_clause_follow_the_rule_book(
    chosen: Settings, served: Service, log: FileEventLog, vault: FileVault
) -> None:
    switch_on(declare(chosen, served), sends_to="x", by=SYSTEM, now=NOW)
    lane = Models(chosen, endpoints=True)
    post(log, vault, BAD)
    run(lane, log, vault)
    files = {
        "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "2.0.0"),
        "policies.yaml": scene.PACK["policies.yaml"].replace("Do not threaten people.", "No threats at all."),
        "rules.yaml": RULES,
    }
    scene.publish(files)
    post_under = prepare(PublishedPack(scene.in_force(), files))
    event = scene.event(BAD + " too", item="new")
    log.append(post_under.judge([Received(scene.raw(event), event, at=event.at.timestamp())]))
    events.consume(log, vault=vault, now=NOW, limit=10)
    run(lane, log, vault)
    assert "No threats at all." in served.seen[-1]["messages"][0]["content"]
    one, two = LaterJudgement.objects.order_by("seq").values_list("made_by", flat=True)
    assert one != two
    lane.close()


def test_a_model_that_fails_does_not_stop_the_others(
    chosen: Settings, served: Service, log: FileEventLog, vault: FileVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = chosen.home / declarations.FOLDER
    folder.mkdir()
    (folder / "broken.toml").write_text("no toml", encoding="utf-8")
    (folder / "gone.toml").write_text(
        'adapter = "onnx"\nlabels = ["x"]\n[settings]\nfolder = "gone"\ntokenizer = "bytes"\n',
        encoding="utf-8",
    )
    switch_on(declarations.read(folder / "gone.toml"), sends_to="", by=SYSTEM, now=NOW)
    lane = Models(chosen, endpoints=False)
    run(lane, log, vault)  # the encoder begins here
    post(log, vault, BAD)
    assert run(lane, log, vault) == 1
    lane.close()


def test_a_model_that_is_on_and_can_not_be_built_says_so_where_people_look(
    chosen: Settings, served: Service, log: FileEventLog, vault: FileVault
) -> None:
    one = declare(chosen, served, "strange = 1")
    switch_on(one, sends_to="", by=SYSTEM, now=NOW)
    lane = Models(chosen, endpoints=True)
    run(lane, log, vault)
    lane.close()
    assert "strange" in ModelUse.objects.get(name="judge").trouble


def test_a_declaration_that_can_not_be_built_says_why(chosen: Settings, served: Service) -> None:
    one = declare(chosen, served)
    changed = Declared(one.name, one.version, replace_adapter(one, "magic"), one.folder)
    with pytest.raises(
        ModelUnavailableError, match="'magic' that reads text; there are chat, moderations, onnx"
    ):
        models.build(chosen, changed)
    with pytest.raises(ModelUnavailableError, match="HAKAM_SECRET_LLM"):
        models.build(chosen, declare(chosen, served, 'key = "llm"'))
    path = chosen.home / declarations.FOLDER / "judge.toml"
    path.write_text(path.read_text("utf-8").replace('"threat"\n', '"no-such"\n'), encoding="utf-8")
    (row,) = models.rows(chosen)
    assert "no clause `no-such`" in row.trouble


def replace_adapter(one: Declared, adapter: str) -> declarations.Declaration:
    import msgspec  # noqa: PLC0415 -- beside its only use

    return msgspec.structs.replace(one.what, adapter=adapter)
