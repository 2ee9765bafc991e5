"""What rules and parameters are for, as each reader finds it: in their language, else in the pack's first."""

from __future__ import annotations

import pytest
from tests.console.conftest import SignIn

from hakam.staff.roles import Role
from hakam.testing import scene

BOTH = "{en: Too many people at once., ar: أشخاص كثيرون دفعة واحدة.}"
FOREIGN = "{fr: Trop de gens., de: Zu viele Leute.}"
PARAM = "- {{param: mentions, type: number, default: 10, least: 2, most: 500, about: {about}}}\n"
RULE = """\
- rule: mass-mention
  policy: spam
  stage: live
  about: {about}
  when: len(item.mentions) >= params.mentions
  then: [label("spam")]
"""
PAGES = {
    "/desk/rules": Role.POLICY_LEAD,
    "/desk/rules/parameters": Role.POLICY_LEAD,
    "/desk/incidents/new": Role.INCIDENT_LEAD,
}


def publish(about: str, languages: str = "en, ar") -> None:
    pack = scene.PACK["pack.yaml"].replace("[en, ar]", f"[{languages}]")
    assert f"[{languages}]" in pack
    scene.publish(
        scene.PACK
        | {
            "pack.yaml": pack,
            "params.yaml": PARAM.format(about=about),
            "rules/more.yaml": RULE.format(about=about),
        }
    )


def shown(sign_in: SignIn, path: str, language: str) -> str:
    answer = sign_in(PAGES[path], language=language).get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("path", PAGES)
def test_it_is_told_in_the_language_of_the_reader(db: None, sign_in: SignIn, path: str) -> None:
    publish(BOTH)
    pages = {language: shown(sign_in, path, language) for language in ("en", "ar")}
    assert '<bdi dir="auto">Too many people at once.</bdi>' in pages["en"]
    assert '<bdi dir="auto">أشخاص كثيرون دفعة واحدة.</bdi>' in pages["ar"]
    assert "دفعة واحدة" not in pages["en"]
    assert "at once" not in pages["ar"]


@pytest.mark.parametrize("path", PAGES)
def test_who_finds_no_text_in_their_language_finds_the_first_of_the_pack(
    db: None, sign_in: SignIn, path: str
) -> None:
    publish(FOREIGN, "de, fr")
    page = shown(sign_in, path, "ar")
    assert '<bdi dir="auto">Zu viele Leute.</bdi>' in page
    assert "Trop de gens" not in page


@pytest.mark.parametrize("path", PAGES)
def test_one_text_is_for_all(db: None, sign_in: SignIn, path: str) -> None:
    publish("Too many <b>people</b>.")
    for language in ("en", "ar"):
        assert '<bdi dir="auto">Too many &lt;b&gt;people&lt;/b&gt;.</bdi>' in shown(sign_in, path, language)
