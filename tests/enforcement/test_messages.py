"""What leaves: worded from the one record, the same at every try, with addresses that lead somewhere."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import Letter, letter
from hakam.enforcement.messages import UnsendableError, compose
from hakam.enforcement.models import Effect
from hakam.enforcement.payloads import measure_payload, reversal_payload, stream_of, target_of
from hakam.enforcement.reverse import reverse
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
BASE = "https://hakam.example/"


def worded(effect: Effect, play: Any, base: str = BASE) -> Any:
    return compose(effect, now=play.now, base_url=base, platform_name="Maydan")


def test_a_message_is_the_same_at_every_try_but_for_when_it_is_sent(play: Any) -> None:
    done = play.restrict(author_email="u1@example.org")
    for effect in done.effects:
        first = worded(effect, play)
        again = compose(effect, now=play.now + timedelta(days=2), base_url=BASE, platform_name="Maydan")
        assert (first.id, first.kind, first.created_at) == (again.id, again.kind, again.created_at)
        assert msgspec.json.encode(first.data) == msgspec.json.encode(again.data)
        assert again.sent_at - first.sent_at == timedelta(days=2)


def test_a_statement_by_mail_is_a_letter_in_its_own_language(play: Any) -> None:
    done = play.restrict(author_email="u1@example.org", language="ar")
    effect = next(e for e in done.effects if e.channel == Channel.EMAIL)
    sent = msgspec.convert(worded(effect, play).data, Letter)
    assert (sent.to, sent.language) == ("u1@example.org", "ar")
    assert sent.subject == "بيان الأسباب: قرار بشأن المنشور"
    assert next(s.heading for s in sent.sections) == "مضمون القرار"
    urls = [link.url for s in sent.sections for link in s.links] + [link.url for link in sent.links]
    assert all(url.startswith("https://hakam.example/") for url in urls)
    assert f"https://hakam.example/s/{done.statement.token}" in urls


def test_the_letter_and_the_webhook_say_the_same(play: Any) -> None:
    done = play.restrict(author_email="u1@example.org")
    hook, mail = (worded(e, play).data for e in done.effects if e.kind == "statement.issued")
    said = [p for s in hook["text"]["sections"] for p in s["paragraphs"]]
    assert said == [p for s in mail["sections"] for p in s["paragraphs"]]
    assert said


def test_a_withdrawal_is_worded_as_one(play: Any) -> None:
    play.restrict(author_email="u1@example.org", undo_seconds=0)
    play.deliver()
    reverse(by=play.basil, now=play.now, decision="decision:1", because="secret reasons of the house")
    for effect in Effect.objects.filter(kind=EffectKind.STATEMENT_WITHDRAWN):
        data = worded(effect, play).data
        assert "reversed" in str(data.get("subject") or data["text"]["title"])
        assert "secret reasons" not in str(data)


def test_a_statement_that_is_gone_cannot_be_sent(play: Any) -> None:
    done = play.restrict()
    effect = next(e for e in done.effects if e.kind == "statement.issued")
    for lost in (str(uuid.uuid4()), "nonsense", None):
        effect.payload = {"statement": lost}
        with pytest.raises(UnsendableError, match="no statement"):
            worded(effect, play)


def test_only_paths_become_addresses(play: Any) -> None:
    effect = Effect(kind="notice.receipt", channel="email", created_at=play.now)
    effect.payload = letter(
        to="a@b.example",
        language="en",
        subject="s",
        paragraphs=["/not/a/link"],
        links=(("Status", "/n/abc"), ("Law", "https://law.example/")),
    )
    data = worded(effect, play, "https://hakam.example").data
    assert [link["url"] for link in data["links"]] == ["https://hakam.example/n/abc", "https://law.example/"]
    assert list(data["sections"][0]["paragraphs"]) == ["/not/a/link"]


def test_a_measure_says_what_where_to_whom_and_for_how_long(play: Any) -> None:
    done = play.restrict(Measure(MeasureKind.SUSPEND, days=7, note="third time"))
    row = done.measures[0]
    assert measure_payload(row, item_url="") == {
        "measure": {"id": row.pk, "kind": "suspend", "days": 7, "note": "third time"},
        "target": "account",
        "item": {"platform": "maydan", "kind": "post", "id": "77", "url": None},
        "author": {"id": "u1"},
        "until": "2026-03-09T09:00:10+00:00",
        "reversal": "compensable",
        "decision": "decision:1",
        "statement": str(done.statement.pk),
    }


def test_messages_on_one_account_share_a_stream_whatever_the_item(play: Any) -> None:
    one = play.restrict(Measure(MeasureKind.SUSPEND, days=7)).measures[0]
    two = play.restrict(Measure(MeasureKind.SUSPEND, days=9), item=ItemRef("maydan", "post", "78")).measures[
        0
    ]
    item = play.restrict(Measure(MeasureKind.REMOVE)).measures[0]
    assert stream_of(one) == stream_of(two) == "account:maydan/u1#suspend"
    assert stream_of(item) == "item:maydan/post/77#remove"
    assert (target_of(one), target_of(item)) == ("account", "item")


def test_a_reversal_names_what_other_decisions_still_restrict(play: Any) -> None:
    one = play.restrict(Measure(MeasureKind.SUSPEND, days=7)).measures[0]
    two = play.restrict(Measure(MeasureKind.SUSPEND, days=9), item=ItemRef("maydan", "post", "78")).measures[
        0
    ]
    play.restrict(Measure(MeasureKind.SUSPEND, days=9), author_id="u2")
    standing = reversal_payload(one, item_url="", because="x")["still_standing"]
    assert [(m["id"], m["days"]) for m in standing] == [(two.pk, 9)]
