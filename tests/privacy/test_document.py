"""The copy of a person's data: its pages say in words what its JSON keeps as values."""

from __future__ import annotations

import io
import json
import zipfile

from tests.privacy.conftest import NOW, World
from tests.privacy.test_requests import released

from hakam.privacy import requests


def test_the_pages_say_values_in_words_and_the_data_keep_them(world: World) -> None:
    # GDPR Art. 12(1)
    world.decided(world.case("You are vermin"))
    notice = world.notice(notifier="u1", harm="hate_speech")
    made = released(world)
    data = requests.hand_over(str(made.pk), vault=world.vault, by=world.amal.actor, now=NOW)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        english, arabic = (archive.read(f"data-{one}.html").decode() for one in ("en", "ar"))
        plain = json.loads(archive.read("data.json"))
    assert plain["notices_sent"][0]["harm"] == notice.harm == "hate_speech"
    for code in ("hate_speech", "statement.issued", "notice_log", "no_violation", ">remove<", "contractual"):
        assert code not in english, code
        assert code not in arabic, code
    for said in ("Hate speech", "Remove", "Decided", "a moderator", "Taken by a person"):
        assert said in english, said
        assert f">{said}<" not in arabic, said
    for said in ("خطاب كراهية", "إزالة", "مشرف محتوى"):
        assert said in arabic, said
