"""Every page in a real browser, both languages, both themes: no rule of WCAG 2.2 AA is broken, nothing overflows."""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import partial
from importlib.resources import files
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone
from msgspec import convert
from playwright.sync_api import Browser, Page
from tests.console.conftest import Desk, Stored
from tests.console.test_events import noted as note_event
from tests.console.test_tuning import FILES as TUNABLE
from tests.exchange.conftest import MD5
from tests.exchange.conftest import page as exchange_page
from tests.intake.test_order_contents import REMOVAL
from tests.live.audience.hall import GRAIN, GRAIN_AGAIN, WAGES, WATER, Hall
from tests.live.surge.test_signs import CROWD as CALM
from tests.media.drawings import drawing, file_of, grey
from tests.regulator.test_contacts import CONTACTS
from tests.regulator.test_risks import WHOLE as WHOLE_ASSESSMENT

from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.rows import Row
from hakam.compliance import drafts, private_bases
from hakam.compliance.models import MadeReport
from hakam.compliance.profile import Profile, set_profile
from hakam.compliance.reports import keeping
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.sheets import Stated
from hakam.console.installation import vault
from hakam.console.outside.stage import stage_token
from hakam.exchange.kinds import Response as ExchangeResponse
from hakam.exchange.kinds import Trust, Way
from hakam.exchange.messages import Changes
from hakam.exchange.models import Dataset, Partner
from hakam.exchange.partners import add_partner, agree, ask_trust
from hakam.exchange.taking import take
from hakam.intake import authorities, flaggers, orders, threats
from hakam.intake.models import Conduct, Notice, Strike, Suspension
from hakam.live.models import (
    AudienceQuestion,
    Cut,
    LivePermit,
    Presence,
    Refusal,
    Stream,
    StreamPoint,
    StreamStep,
)
from hakam.live.waiting.plan import Plan, keep_plan
from hakam.live.watching.watcher import frames_folder
from hakam.privacy import holds, schedule
from hakam.privacy import requests as data_requests
from hakam.regulator import contacts, requests, risks
from hakam.regulator.regimes import Said
from hakam.review import bulk, trials, trips
from hakam.review.models import Decision
from hakam.review.proposing import propose
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.testing.peers import Peer
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIOLATIONS = """async rules =>
    (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]})).violations"""  # the rest takes as long
SETTLED = 200  # milliseconds after which a page has fetched what it fetches by itself
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LOOKS = [("en", "light", WIDE), ("ar", "dark", WIDE)]
"""On a narrow screen: `test_accessibility_narrow`, a file of its own, so that two processes share the work."""


def axe() -> str:
    """Return the source of axe-core (MPL-2.0), which a development dependency carries."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def furnish_partner(desk: Desk) -> None:
    """Add a partner whose trust waits for a second person, with a bank of its own here."""
    peer = Peer()
    add_partner(
        "maidan", title="ميدان", address="https://maidan.example/exchange/v1", key=peer.public, own="", by=SYSTEM,
        now=desk.now,
    )  # fmt: skip
    agree("maidan", Way.GIVE, "spam", countries=["DE"], by=SYSTEM, now=desk.now)
    agree(
        "maidan", Way.TAKE, "threat", clause="spam", response=ExchangeResponse.HOLD, by=SYSTEM, now=desk.now
    )
    told = convert(exchange_page(MD5[:3]), Changes)
    take(Partner.objects.get(), told, now=desk.now)
    ask_trust("maidan", Trust.ACT, because="a good month", by=SYSTEM, now=desk.now)
    Dataset.objects.get_or_create(
        name="hosts", number="1", title="Hosts of scams", kind="domain", policy="reject", created_at=desk.now
    )


def put_on_air(desk: Desk, by: User, decision: Decision) -> list[int]:
    """Put a stream on air that a bank knows, and one that was cut; refuse two people. Return the streams."""
    furnish_partner(desk)
    given = {
        "platform": scene.PLATFORM,
        "server": "s",
        "account": "u1",
        "started_at": desk.now,
        "seen_at": desk.now,
    }
    live = Stream.objects.create(
        **given, name="show", title="حديث المساء", item_id="b-1", state="live", watched="close", viewers=1200,
        score=0.9,        flagged={"known-spam": "entry 1, vpdq, 4 of 4 frames"}, flagged_at=desk.now, clause="hate",
    )  # fmt: skip
    cut = Stream.objects.create(**given, name="gone", item_id="b-2", state="cut", ended_at=desk.now)
    folder = frames_folder(settings.HAKAM.home, live.pk)
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(24):
        (folder / f"{desk.now.timestamp() + n / 2:.3f}.jpg").write_bytes(
            file_of(grey(drawing(n, 320, 180)), "JPEG")
        )
        parts = {"known": n / 30, "reports": 0.2, "chat": 0.0, "growth": 0.1, "shares": 0.0}
        StreamPoint.objects.create(stream=live, at=desk.now + timedelta(seconds=n), score=n / 30, parts=parts)
    Presence.objects.create(stream=live, user=scene.person("oskar"), since=desk.now, seen_at=desk.now)
    StreamStep.objects.create(stream=cut, step="cut_and_preserve", decision=decision.pk, by=by, at=desk.now)
    kept = {"name": "gone.flv", "digest": "d" * 64, "size": 1, "bank": "known-spam", "rows": 3}
    Cut.objects.create(
        stream=cut, decision=decision.pk, preserve=True, ordered_at=desk.now, black_at=desk.now + timedelta(seconds=1),
        preserved=[kept, kept | {"bank": "", "error": "its end can't be read"}], preserved_at=desk.now,
    )  # fmt: skip
    refusal = {"platform": scene.PLATFORM, "server": "s", "stream": "show", "account": "u2", "first_at": desk.now,
               "last_at": desk.now}  # fmt: skip
    why = Refusal.objects.create(
        **refusal, token="told-why", why="new_account", facts={"account_days": [1, 7]}
    )
    Refusal.objects.create(
        **refusal, token="told-decided", why="barred", statement=desk.statement(decision).token
    )
    LivePermit.objects.create(
        platform=scene.PLATFORM, account="u2", state="asked", asked_at=desk.now, words="من فضلكم", refusal=why
    )
    LivePermit.objects.create(
        platform=scene.PLATFORM, account="u3", event="Wedding", state="granted", settled_at=desk.now,
        ends_at=desk.now + timedelta(days=3),
    )  # fmt: skip
    let_ask(desk)
    return [live.pk, cut.pk]


def let_ask(desk: Desk) -> None:
    """Plan an event, and let its audience ask: one question waits, one is chosen, one is answered, one aside."""
    opens = desk.now.replace(microsecond=0)
    talk = Plan("talk", {"en": "Talk", "ar": "حديث"}, opens, opens + timedelta(hours=2), capacity=100, pace=5)
    keep_plan(settings.HAKAM.home, msgspec.structs.replace(talk, platform=scene.PLATFORM))
    note_event(timezone.now(), signs=msgspec.structs.replace(CALM, young=180, alike=150))
    hall = Hall(desk.now)
    for text in (GRAIN, GRAIN_AGAIN, WAGES, WATER, "لماذا الآن؟"):
        hall.ask(text)
    hall.take_in()
    for text, state in ((WAGES, "next"), (WATER, "answered"), ("لماذا الآن؟", "aside")):
        AudienceQuestion.objects.filter(text=text).update(state=state, moved_at=desk.now)


def reports(desk: Desk) -> MadeReport:
    """Publish the reports of the year before this one; return a draft of this one."""
    for law in (keeping.DSA, keeping.TCO):
        past = keeping.make(
            settings.HAKAM.platform, year_of(desk.now.year - 1), law=law, stated=Stated(provider="M", service="M"),
            by=SYSTEM, now=desk.now, zone=UTC,
        )  # fmt: skip
        keeping.publish(past.pk, by=SYSTEM, now=desk.now)
    return keeping.make(
        settings.HAKAM.platform, year_of(desk.now.year), stated=Stated(provider="P", service="S"), by=SYSTEM,
        now=desk.now, zone=UTC,
    )  # fmt: skip


@pytest.fixture
def everything(live_server: Any, stored: Stored) -> dict[str, list[str]]:
    """Give a house in which every page has something to show; return the pages by who opens them."""
    newer = {**TUNABLE, "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0")}
    scene.publish({**newer, "policies.yaml": scene.PACK["policies.yaml"].replace("same thing", "same")})
    desk = Desk()
    amal = scene.person("amal")
    scene.person("root", Role.ADMINISTRATOR)
    removed = desk.remove(desk.case("You are vermin"), amal)
    complaint = desk.complaint(removed)
    case = desk.case(
        "كلام \u202eخفي\u200b vermin", values={"word(text.folded, list)": "vermin"}, language="ar"
    )
    desk.later(desk.frames(case), "كلام آخر")
    desk.case("secret", clause="child-abuse", harm="csam")
    proposal = propose(
        desk.case("I will find you", clause="threat", harm="threat").pk,
        by=amal.actor,
        now=desk.now,
        clause="threat",
        measures=[Measure(MeasureKind.TERMINATE)],
        facts="It threatens somebody.",
    )
    private_bases.propose(
        settings.HAKAM.platform, law="Child Protection Act, s. 4", purpose="Known pictures.", by=amal.actor,
        until=desk.now + timedelta(days=30), now=desk.now,
    )  # fmt: skip
    given = {"harm": "threat", "addresses": "https://maydan.example/77", "illegal": "no", "explanation": "e",
             "good_faith": "on"}  # fmt: skip
    Client().post("/report", given)
    token = Notice.objects.get().token
    hotline = flaggers.register(
        platform="maydan", name="Hotline e. V.", email="n@hotline.example", country="DE", scope=["threat"],
        coordinator_email="dsc@coordinator.example", awarded_on=desk.now.date(), by=amal.actor, now=desk.now,
    )  # fmt: skip
    nora = scene.person("nora", Role.TRUSTED_FLAGGER)
    flaggers.admit(hotline.pk, nora, by=amal.actor, now=desk.now)
    conduct = Conduct.objects.create(
        token="tok",
        platform=scene.PLATFORM,
        kind="notices",
        account="u7",
        warned_at=desk.now,
        warning="Stop it.",
    )
    Strike.objects.create(
        conduct=conduct, ref="notice:x", at=desk.now, by=str(amal.actor), because="Nothing there."
    )
    Suspension.objects.create(
        conduct=conduct, begins=desk.now, ends=desk.now + timedelta(days=7), by=str(amal.actor), because="It went on.",
        factors={"strikes": 2, "total": 9, "gravity": "It takes time from others.", "intention": ""},
        objection="They were right!", objected_at=desk.now,
    )  # fmt: skip
    draft = drafts.begin("Followers for sale", by=amal.actor, now=desk.now)
    wrong = scene.PACK["rules.yaml"].replace("policy: spam", "policy: spamm")
    drafts.save(draft.pk, path="rules.yaml", text=wrong, seen=0, by=amal.actor, now=desk.now)
    bank = create_bank(
        "known-spam", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=desk.now
    )
    fill(bank.name, [Row(EntryKind.PDQ, f"{7:064x}", "c-1", "A1")], by=SYSTEM, now=desk.now)
    seen = drafts.begin("Sales", by=amal.actor, now=desk.now)
    sales = scene.PACK["rules.yaml"].replace("buy followers", "vermin")
    drafts.save(seen.pk, path="rules.yaml", text=sales, seen=0, by=amal.actor, now=desk.now)
    trials.ask(seen.pk, days=7, by=amal.actor, now=desk.now)
    trials.run_next(lambda _since: [scene.event("vermin"), scene.event("x")], clock=lambda: desk.now)
    office = authorities.register(
        name="Office for Internet Crime", kind="court", country="DE", email="o@office.example", phone="+49 611 1",
        by=amal.actor, now=desk.now,
    )  # fmt: skip
    order = orders.receive(
        msgspec.structs.replace(REMOVAL, contact="", silent_days=42, silent_because="Art. 11(3)"),
        platform=scene.PLATFORM, authority_id=office.pk, vault=vault(), by=amal.actor, now=desk.now,
    )  # fmt: skip
    threat = threats.start(
        proposal.case_id,
        what="He says where she lives.",
        imminent=True,
        user=amal,
        vault=vault(),
        now=desk.now,
    )
    with transaction.atomic():
        trips.note(["known-spam"], pack=scene.in_force(), now=desk.now)
    for n in range(3):
        stored.post(f"vermin {n}", author="u1")
    root = User.objects.get(username="root")
    together = bulk.prepare(stored.log.read(0, 9), user=root, now=desk.now, asked={})
    yearly = reports(desk)
    set_profile(
        Profile(platform=settings.HAKAM.platform, countries=("DE", "GB", "US")), by=SYSTEM, now=desk.now
    )
    asked = requests.receive(
        "us.intimate", Said(contact="a@b.example", urls=("https://maydan.example/77",)),
        platform=settings.HAKAM.platform, vault=vault(), by=SYSTEM, now=desk.now,
    )  # fmt: skip
    contacts.publish(settings.HAKAM.platform, CONTACTS, by=SYSTEM, now=desk.now)
    assessed = risks.write(
        settings.HAKAM.platform,
        "uk",
        WHOLE_ASSESSMENT,
        owner=root,
        by=amal.actor,
        now=desk.now,
        trigger="The year.",
    )
    risks.approve(settings.HAKAM.platform, assessed.pk, by=SYSTEM, now=desk.now)
    held = holds.place(
        f"case:{case.pk}", reason="The court asks.", until=desk.now + timedelta(days=90), by=amal.actor,
        now=desk.now, covers=["account:maydan/u1"],
    )  # fmt: skip
    schedule.propose(
        "events", months=3, days=0, ground="GDPR", because="Enough.", by=amal.actor, now=desk.now
    )
    owner = data_requests.receive("access", platform="maydan", account="u1", by=amal.actor, now=desk.now)
    shown = put_on_air(desk, amal, removed)
    return {
        "nora": ["/desk/flag"],
        "": [f"/m/{conduct.token}", "/intimate", "/contact", f"/q/{asked.token}", "/live/told-why",
             "/live/told-decided", f"/stage/talk/{stage_token('talk')}",
             "/", "/report", f"/n/{token}", f"/s/{desk.statement(removed).token}", f"/c/{complaint.token}", "/rules",
             "/rules/differences", "/transparency", f"/transparency/{desk.now.year - 1}", "/transparency/exchange",
            "/accounts/login/", "/accounts/password/reset/", "/nothing"],
        "root": ["/desk/", "/desk/search?search=vermin", f"/desk/cases/{case.pk}/", f"/desk/cases/{case.pk}/ 1",
                 "/desk/complaints", f"/desk/complaints/{complaint.pk}", "/desk/proposals",
                 f"/desk/proposals/{proposal.pk}", "/desk/rules", "/desk/models", "/desk/deliveries",
                 f"/desk/verdicts/{stored.post('You can buy followers')}", "/desk/verdicts/1?rule=known-spam",
                 "/desk/investigate?go=1&span=all&by=day&top=author.id&top=links.domains",
                 f"/desk/together/{together.pk}", "/desk/together",
                 "/desk/investigate?go=1&where=author.postz", "/desk/investigate/sql",
                 "/desk/investigate/entity?kind=author.id&value=u1&span=all",
                 "/desk/rules/holdback?span=28&days=7",
                 "/desk/rules/parameters", "/desk/rules/drafts", f"/desk/rules/drafts/{draft.pk}",
                 f"/desk/rules/drafts/{draft.pk}?path=pack.yaml", f"/desk/rules/drafts/{seen.pk}/trial",
                 f"/desk/rules/drafts/{seen.pk}/release", "/desk/rules?version=1.0.0",
                 f"/desk/deliveries/{desk.effect().pk}", "/desk/ledger", f"/desk/ledger/story?subject=case:{case.pk}",
                 "/desk/ledger/1", "/desk/people", "/desk/keys",
                 "/desk/flaggers", f"/desk/flaggers/{hotline.pk}",
                 "/desk/banks", f"/desk/banks/{bank.name}/", "/desk/partners", "/desk/partners/maidan",
                 "/desk/misuse", f"/desk/misuse/{conduct.pk}",
                 "/desk/orders", f"/desk/orders/{order.pk}", "/desk/authorities",
                 "/desk/private", "/desk/requests", f"/desk/requests/{asked.pk}", "/desk/profile",
                 "/desk/contacts", "/desk/risks", f"/desk/risks/{assessed.pk}", "/desk/risks/draft/uk",
                 "/desk/checklists/dsa", "/desk/checklists/ofcom",
                 "/desk/threats", f"/desk/threats/{threat.pk}",
                 "/desk/retention", "/desk/holds", f"/desk/holds/{held.pk}", "/desk/data-requests",
                 f"/desk/data-requests/{owner.pk}", "/desk/processing", "/desk/research",
                 "/desk/live", *(f"/desk/live/{pk}" for pk in shown), "/desk/live/permits",
                 "/desk/events", "/desk/events/talk", "/desk/events/talk/surge", "/desk/events/talk/questions",
                 "/desk/reports", f"/desk/reports/{yearly.pk}?part=6&all=1", f"/desk/reports/{yearly.pk}/facts/6/0/5",
                 "/desk/preferences", "/accounts/2fa/"],
    }  # fmt: skip


def open_for(browser: Browser, address: str, who: str, look: tuple[str, str, dict[str, int]]) -> Page:
    """Return a page of a browser in which `who` is signed in."""
    language, theme, size = look
    context = browser.new_context(viewport=size, bypass_csp=True)  # type: ignore[arg-type]
    cookies = {"django_language": language, "hakam_theme": theme}
    if who:
        client = Client()
        client.force_login(User.objects.get(username=who))
        cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
    return context.new_page()


def complain(broken: list[str], error: object) -> None:
    broken.append(f"script: {error}")


@pytest.mark.embedded  # what is on a page is the same on any database
@pytest.mark.timeout(900)  # more than fifty pages
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look[0]}-{look[1]}-{look[2]['width']}")
def test_no_page_breaks_a_rule(
    browser: Browser,
    live_server: Any,
    everything: dict[str, list[str]],
    look: tuple[str, str, dict[str, int]],
) -> None:
    assert broken_rules(browser, live_server.url, everything, look) == []


def broken_rules(
    browser: Browser, address: str, everything: dict[str, list[str]], look: tuple[str, str, dict[str, int]]
) -> list[str]:
    """Look at every page and return what breaks a rule of accessibility, a script that fails, a page too wide."""
    source = axe()
    broken: list[str] = []
    for who, paths in everything.items():
        page = open_for(browser, address, who, look)
        page.on("pageerror", partial(complain, broken))
        for entry in paths:
            path, _space, key = entry.partition(" ")
            page.goto(address + path)
            if key:
                page.keyboard.press(key)
                page.locator("[data-detail]").wait_for()
            page.wait_for_timeout(SETTLED)
            page.evaluate(source)
            broken += [
                f"{path}: {v['id']}: {v['nodes'][0]['html'][:160]}" for v in page.evaluate(VIOLATIONS, RULES)
            ]
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if overflow > 0:
                broken.append(f"{path}: {overflow} px too wide")
        page.context.close()
    return broken


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_bar_is_whole_on_a_small_laptop_however_much_waits(
    browser: Browser, live_server: Any, everything: dict[str, list[str]], language: str
) -> None:
    for who in everything:
        page = open_for(browser, live_server.url, who, (language, "light", {"width": 1280, "height": 800}))
        page.goto(live_server.url + "/desk/")
        if page.locator("#navigation").count() == 0:
            continue
        page.evaluate("document.querySelectorAll('#navigation .count').forEach(n => n.textContent = '9,999')")
        hidden = page.evaluate("(n => n.scrollWidth - n.clientWidth)(document.querySelector('#navigation'))")
        assert hidden <= 0, f"{who}: {hidden} px of the menu are cut off"
        inside = """(() => {
            const bar = document.querySelector('header.shell').getBoundingClientRect();
            return [...document.querySelectorAll('#navigation > *, header.shell .tools > *')]
                .filter(n => n.offsetWidth)
                .map(n => n.getBoundingClientRect())
                .every(box => box.left >= bar.left && box.right <= bar.right);
        })()"""
        assert page.evaluate(inside), who
        if page.locator("[data-more]").count():
            page.locator("[data-more]").click()
            box = page.locator("#more").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 1280
        page.context.close()


def test_a_case_fits_one_screen(browser: Browser, live_server: Any, everything: dict[str, list[str]]) -> None:
    page = open_for(browser, live_server.url, "root", LOOKS[0])
    for entry in everything["root"]:
        if not entry.startswith("/desk/cases/"):
            continue
        path, _space, key = entry.partition(" ")
        page.goto(live_server.url + path)
        if key:
            page.keyboard.press(key)
        assert page.evaluate("document.documentElement.scrollHeight") <= 900
        bar = page.locator("[data-bar]").bounding_box()
        assert bar is not None
        assert bar["y"] + bar["height"] <= 900


def test_single_keys_do_nothing_when_switched_off_or_while_typing(
    browser: Browser, live_server: Any, everything: dict[str, list[str]]
) -> None:
    page = open_for(browser, live_server.url, "root", LOOKS[0])
    page.goto(f"{live_server.url}/desk/")
    page.fill("#search", "")
    page.locator("#search").press_sequentially("n0u?")
    assert page.url.startswith(f"{live_server.url}/desk/")
    assert page.locator("#search").input_value() == "n0u?"
    root = User.objects.get(username="root")
    root.preferences = {"shortcuts": False}
    root.save()
    page.goto(f"{live_server.url}/desk/")
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    assert page.url == f"{live_server.url}/desk/"
    page.keyboard.press("Control+k")
    assert page.locator("#palette").evaluate("dialog => dialog.open")
