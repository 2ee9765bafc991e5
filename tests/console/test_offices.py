"""Rules, deliveries, ledger, people, keys: the pages beside the queue."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import authenticate
from tests.console.conftest import Desk, SignIn

from hakam.compliance.models import Fact
from hakam.console.desk.rules import pieces
from hakam.enforcement.models import Effect
from hakam.enforcement.outbox import EffectState
from hakam.staff import keys
from hakam.staff.models import ApiKey, User
from hakam.staff.roles import Role
from hakam.testing import scene

NEWER = {
    **scene.PACK,
    "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0"),
    "policies.yaml": scene.PACK["policies.yaml"].replace(
        "Do not threaten people.", "Do not threaten anybody."
    ),
}


def test_the_rule_book_is_shown_whole(desk: Desk, sign_in: SignIn) -> None:
    page = sign_in().get("/desk/rules").content.decode()
    for words in (
        "Hate speech",
        "خطاب كراهية",
        'id="rule-known-spam"',
        "Criminal Code, section 130",
        "in force",
    ):
        assert words in page


def test_a_condition_is_coloured_by_what_its_pieces_are(desk: Desk, sign_in: SignIn) -> None:
    page = sign_in().get("/desk/rules").content.decode()
    assert '<span class="text">&quot;buy followers&quot;</span>' in page
    assert '<span class="name">word</span>' in page


@pytest.mark.parametrize(
    "source",
    [
        'word(text.folded, "x") and not known(author.followers)',
        "a >= 0.5 or\n  b in [1, 2]",
        "broken (",
        '"never closed',
        "",
        "x  # a remark",
        "سلام == 'سلام'",
    ],
)
def test_the_pieces_spell_the_condition(source: str) -> None:
    assert "".join(piece.text for piece in pieces(source)) == source


def test_an_earlier_version_can_be_read(desk: Desk, sign_in: SignIn) -> None:
    scene.publish(NEWER, now=desk.now)
    page = sign_in().get("/desk/rules", {"version": "1.0.0"}).content.decode()
    assert "no longer in force" in page
    assert "Do not threaten people." in page
    assert sign_in().get("/desk/rules", {"version": "9"}).status_code == 404


def test_without_a_rule_book_the_page_says_so(db: None, sign_in: SignIn) -> None:
    assert "No rule book is in force" in sign_in().get("/desk/rules").content.decode()


def dead(desk: Desk, by: User) -> Effect:
    desk.remove(desk.case(), by)
    effect = Effect.objects.get(kind="measure.apply")
    Effect.objects.filter(pk=effect.pk).update(
        state=EffectState.DEAD, attempts=9, last_error="503 from the platform"
    )
    effect.refresh_from_db()
    return effect


def test_deliveries_are_listed_and_dead_letters_stand_out(desk: Desk, sign_in: SignIn, amal: User) -> None:
    effect = dead(desk, amal)
    page = sign_in().get("/desk/deliveries").content.decode()
    assert f'data-effect="{effect.pk}"' in page
    assert "Dead letter" in page
    assert 'data-count="deliveries"' in page
    only = sign_in().get("/desk/deliveries", {"state": "dead"}).content.decode()
    assert re.findall(r'data-effect="([^"]+)"', only) == [str(effect.pk)]


@pytest.mark.parametrize(
    "query", [{"state": "nonsense"}, {"before": "nonsense"}, {"before": "2026-01-01T00:00:00"}]
)
def test_a_filter_that_makes_no_sense_is_no_error(desk: Desk, sign_in: SignIn, query: dict[str, str]) -> None:
    assert sign_in().get("/desk/deliveries", query).status_code == 200


def test_a_dead_letter_is_sent_again(desk: Desk, sign_in: SignIn, amal: User) -> None:
    effect = dead(desk, amal)
    client = sign_in(Role.SENIOR_MODERATOR)
    page = client.get(f"/desk/deliveries/{effect.pk}").content.decode()
    assert "503 from the platform" in page
    assert "data-replay" in page
    client.post(f"/desk/deliveries/{effect.pk}/replay")
    effect.refresh_from_db()
    assert effect.state == EffectState.PENDING
    assert Fact.objects.filter(kind="effect.replayed").exists()
    assert "It leaves again" in client.get(f"/desk/deliveries/{effect.pk}").content.decode()


def test_what_was_not_given_up_is_not_sent_again(desk: Desk, sign_in: SignIn, amal: User) -> None:
    desk.remove(desk.case(), amal)
    effect = desk.effect()
    client = sign_in(Role.SENIOR_MODERATOR)
    assert "data-replay" not in client.get(f"/desk/deliveries/{effect.pk}").content.decode()
    client.post(f"/desk/deliveries/{effect.pk}/replay")
    assert "It is not sent again" in client.get("/desk/deliveries").content.decode()


def test_the_contents_of_a_message_are_for_some(desk: Desk, sign_in: SignIn, amal: User) -> None:
    desk.remove(desk.case(), amal)
    path = f"/desk/deliveries/{desk.effect().pk}"
    assert "Your role does not open the contents" in sign_in().get(path).content.decode()
    assert 'class="raw"' in sign_in(Role.SENIOR_MODERATOR).get(path).content.decode()


@pytest.mark.parametrize("id_", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_no_delivery_no_page(desk: Desk, sign_in: SignIn, id_: str) -> None:
    assert sign_in().get(f"/desk/deliveries/{id_}").status_code == 404
    assert sign_in(Role.SENIOR_MODERATOR).post(f"/desk/deliveries/{id_}/replay").status_code == 404


def test_the_ledger_lists_facts_with_names(desk: Desk, sign_in: SignIn, amal: User) -> None:
    desk.remove(desk.case(), amal)
    page = sign_in(Role.AUDITOR).get("/desk/ledger").content.decode()
    for words in (
        "Case opened",
        "Case decided",
        "Statement issued",
        "<bdi>amal</bdi>",
        "Rule book published",
    ):
        assert words in page


def test_facts_can_be_filtered_and_paged(desk: Desk, sign_in: SignIn) -> None:
    for number in range(60):
        desk.case(f"post {number}")
    client = sign_in(Role.AUDITOR)
    page = client.get("/desk/ledger", {"kind": "case.opened"}).content.decode()
    shown = [int(n) for n in re.findall(r'<li data-fact="(\d+)"', page)]
    assert len(shown) == 50
    older = re.search(r"before=(\d+)", page)
    assert older is not None
    page = client.get("/desk/ledger", {"kind": "case.opened", "before": older[1]}).content.decode()
    rest = [int(n) for n in re.findall(r'<li data-fact="(\d+)"', page)]
    assert len(rest) == 10
    assert max(rest) < min(shown)


def test_the_chain_is_verified_on_the_page(desk: Desk, sign_in: SignIn) -> None:
    desk.case()
    assert 'data-chain="whole"' in sign_in(Role.AUDITOR).get("/desk/ledger/chain").content.decode()


def test_the_story_of_a_case_is_told_in_order(desk: Desk, sign_in: SignIn, amal: User) -> None:
    case = desk.case()
    desk.complaint(desk.remove(case, amal))
    page = sign_in(Role.AUDITOR).get("/desk/ledger/story", {"subject": f"case:{case.pk}"}).content.decode()
    told = re.findall(r'<span class="strong">([^<]+)</span> <span class="soft">', page)
    assert told.index("Case opened") < told.index("Case decided") < told.index("Complaint received")


@pytest.mark.parametrize("subject", ["", "nothing:1", "<script>", "x" * 5000, "case:abc"])
def test_the_story_of_nothing_is_empty(desk: Desk, sign_in: SignIn, subject: str) -> None:
    answer = sign_in(Role.AUDITOR).get("/desk/ledger/story", {"subject": subject})
    assert answer.status_code == 200
    assert "The ledger says nothing about it" in answer.content.decode()
    assert "<script>" not in answer.content.decode().replace("<script src", "").replace("<script type", "")


def test_one_fact_shows_its_links(desk: Desk, sign_in: SignIn) -> None:
    desk.case()
    newest = Fact.objects.order_by("-seq")[0]
    page = sign_in(Role.AUDITOR).get(f"/desk/ledger/{newest.seq}").content.decode()
    assert newest.digest in Fact.objects.values_list("digest", flat=True)
    assert Fact.objects.get(seq=newest.seq).previous in page
    assert sign_in(Role.AUDITOR).get("/desk/ledger/99999").status_code == 404


PERSON = {"username": "nour", "email": "nour@example.org", "role": "moderator", "language": "ar"}


def test_an_administrator_makes_accounts(desk: Desk, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMINISTRATOR)
    answer = client.post("/desk/people/add", PERSON | {"password": "correct horse battery"})
    assert answer.headers["Location"] == "/desk/people"
    assert 'data-person="nour"' in client.get("/desk/people").content.decode()
    assert authenticate(username="nour", password="correct horse battery") is not None


@pytest.mark.parametrize(
    "change",
    [{"username": ""}, {"email": "nonsense"}, {"role": "king"}, {"language": "xx"}, {"password": "short"}],
)
def test_an_account_that_can_not_be_is_refused(desk: Desk, sign_in: SignIn, change: dict[str, str]) -> None:
    answer = sign_in(Role.ADMINISTRATOR).post("/desk/people/add", PERSON | change)
    assert answer.status_code == 422
    assert 'class="wrong"' in answer.content.decode() or "note danger" in answer.content.decode()
    assert not User.objects.filter(email="nour@example.org").exists()


def test_roles_and_access_are_changed_on_the_record(desk: Desk, sign_in: SignIn, amal: User) -> None:
    client = sign_in(Role.ADMINISTRATOR)
    client.post(f"/desk/people/{amal.pk}", {"role": "senior_moderator"})
    client.post(f"/desk/people/{amal.pk}", {"active": "no"})
    amal.refresh_from_db()
    assert (amal.role, amal.is_active) == ("senior_moderator", False)
    assert Fact.objects.filter(kind="user.changed").count() == 2
    client.post(f"/desk/people/{amal.pk}", {"active": "yes"})
    amal.refresh_from_db()
    assert amal.is_active


def test_nobody_changes_their_own_role(desk: Desk, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMINISTRATOR)
    me = User.objects.get(role=Role.ADMINISTRATOR)
    client.post(f"/desk/people/{me.pk}", {"role": "viewer"})
    assert "Somebody else must change your own role" in client.get("/desk/people").content.decode()
    assert client.post("/desk/people/9999", {"role": "viewer"}).status_code == 404


KEY = {"name": "Maydan", "platform": "maydan", "scopes": ["events:write", "check"], "days": ""}


def test_a_key_is_shown_once(desk: Desk, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMINISTRATOR)
    answer = client.post("/desk/keys/issue", KEY)
    text = re.search(r"data-issued-key>([^<]+)<", answer.content.decode())
    assert text is not None
    assert keys.find(text[1]) is not None
    assert answer.headers["Cache-Control"] == "no-store"
    assert text[1] not in client.get("/desk/keys").content.decode()


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"platform": "Not A Platform"}, {"scopes": []}, {"scopes": ["all"]}, {"days": "0"}],
)
def test_a_key_that_can_not_be_is_refused(desk: Desk, sign_in: SignIn, change: dict[str, object]) -> None:
    answer = sign_in(Role.ADMINISTRATOR).post("/desk/keys/issue", KEY | change)
    assert answer.status_code == 422
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked(desk: Desk, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMINISTRATOR)
    client.post("/desk/keys/issue", KEY | {"days": "30"})
    key = ApiKey.objects.get()
    assert key.expires_at is not None
    client.post(f"/desk/keys/{key.prefix}/revoke")
    page = client.get("/desk/keys").content.decode()
    assert "Revoked" in page
    assert f"/desk/keys/{key.prefix}/revoke" not in page
    assert client.post("/desk/keys/nonsense/revoke").status_code == 404


def test_preferences_are_saved(desk: Desk, sign_in: SignIn, amal: User) -> None:
    client = sign_in(amal)
    given = {"language": "ar", "arabic_indic_digits": "on", "shortcuts": "on", "veil": "all"}
    assert client.post("/desk/preferences", given).headers["Location"] == "/desk/preferences"
    amal.refresh_from_db()
    assert (amal.language, amal.arabic_indic_digits) == ("ar", True)
    assert amal.preferences == {"shortcuts": True, "veil": "all"}
    page = client.get("/desk/preferences").content.decode()
    assert "تم الحفظ" in page
    assert client.post("/desk/preferences", {"language": "xx"}).status_code == 400
