"""Osprey's rules: files that require each other, labels as marks, and what can't be carried over with its line."""

from __future__ import annotations

import pytest
from tests.importing.conftest import engine_of, event_of, fired

from hakam.importing.carried import Imported, Status
from hakam.importing.osprey import read
from hakam.policy.counters import MemoryCounters
from hakam.signals.measure import measure

BASE = """\
UserId: Entity[str] = EntityJson(type='User', path='$.user_id', coerce_type=True)
EventType: str = JsonData(path='$.event_type')
PostText: str = JsonData(path='$.post.text')
PostCount: int = JsonData(path='$.user.post_count')
EmbedLink: Optional[str] = JsonData(path='$.post.embed')
MentionIds: List[str] = JsonData(path='$.post.mentions')
ActionName = GetActionName()
Minute: int = 60
IsPost = EventType == 'create_post'
"""
IMPORT = "Import(rules=['models/base.sml'])\n"


def made(rule: str, **files: str) -> Imported:
    given = {
        "main.sml": "Require(rule='rules/one.sml')\n",
        "models/base.sml": BASE,
        "rules/one.sml": IMPORT + rule,
    }
    return read(given | files)


def single(*conditions: str) -> str:
    return f"Found = Rule(when_all=[{', '.join(conditions)}], description='d')\n"


@pytest.mark.parametrize(
    ("conditions", "yes", "no"),
    [
        (
            ["EventType == 'create_post'", "TextContains(text=PostText, phrase='hello')"],
            {"item": {"text": "well, Hello!"}, "extra": {"event_type": "create_post"}},
            {"item": {"text": "hellos"}, "extra": {"event_type": "create_post"}},
        ),
        (["IsPost"], {"extra": {"event_type": "create_post"}}, {"extra": {"event_type": "edit"}}),
        (["not IsPost"], {"extra": {"event_type": "edit"}}, {"extra": {"event_type": "create_post"}}),
        (["TextContains(text=PostText, phrase='a.b')"], {"item": {"text": "x a.b y"}}, {"item": {"text": "aab"}}),
        (["TextContains(text=PostText, phrase='#ad')"], {"item": {"text": "now (#ad)"}}, {"item": {"text": "#ads"}}),
        (["TextContains(text=PostText, phrase='c++')"], {"item": {"text": "C++11"}}, {"item": {"text": "abc++"}}),
        (
            ["PostCount == 1", "EmbedLink != None", "ListLength(list=MentionIds) >= 1"],
            {"extra": {"post_count": 1, "embed_link": "x", "mention_ids": ["a"]}},
            {"extra": {"post_count": 1, "mention_ids": ["a"]}},
        ),
        (["EmbedLink == None", "IsPost"], {"extra": {"event_type": "create_post"}}, {"extra": {"embed_link": "x"}}),
        (
            [r"RegexMatch(target=PostText, pattern=r'fr[e3]{2}\b', case_insensitive=True)"],
            {"item": {"text": "FR33"}},
            {"item": {"text": "freed"}},
        ),
        (["RegexMatch(target=PostText, pattern='Free')"], {"item": {"text": "Free"}}, {"item": {"text": "free"}}),
        (["StringLength(s=PostText) > 10 * 2"], {"item": {"text": "x" * 21}}, {"item": {"text": "x" * 20}}),
        (["StringStartsWith(s=PostText, start='!')"], {"item": {"text": "!a"}}, {"item": {"text": "a!"}}),
        (["StringEndsWith(s=PostText, end='!')"], {"item": {"text": "a!"}}, {"item": {"text": "!a"}}),
        (["StringToLower(s=PostText) == 'abc'"], {"item": {"text": "ABC"}}, {"item": {"text": "abcd"}}),
        (["UserId in ['a', 'b']"], {"author": {"id": "b"}}, {"author": {"id": "c"}}),
        (["PostCount > 1 or PostCount < -1"], {"extra": {"post_count": 2}}, {"extra": {"post_count": 0}}),
        (["ActionName == 'send'"], {"extra": {"action_name": "send"}}, {"extra": {"action_name": "see"}}),
        (["HasLabel(entity=UserId, label='vip')"], {"author": {"labels": ["vip"]}}, {}),
        (["PostCount < 5 * Minute"], {"extra": {"post_count": 299}}, {"extra": {"post_count": 300}}),
    ],
)  # fmt: skip
def test_a_condition_means_what_it_meant(
    conditions: list[str], yes: dict[str, object], no: dict[str, object]
) -> None:
    engine = engine_of(_declared(made(single(*conditions))))
    assert fired(engine, yes) == ["found"]
    assert fired(engine, no) == []


def _declared(found: Imported) -> Imported:
    assert [entry.status for entry in found.entries] != [Status.LEFT_OUT], found.entries
    return found


def test_labels_become_marks_that_other_rules_see() -> None:
    text = IMPORT + (
        "Many = Rule(when_all=[PostCount > 20], description='many')\n"
        "WhenRules(rules_any=[Many], then=[LabelAdd(entity=UserId, label='Likely Spammer', "
        "expires_after=TimeDelta(days=2))])\n"
        "Warn = Rule(when_all=[HasLabel(entity=UserId, label='Likely Spammer'), IsPost], description='warn')\n"
        "WhenRules(rules_any=[Warn], then=[BanUser(entity=UserId, comment='x')])\n"
    )
    found = read({"models/base.sml": BASE, "rules.sml": text})
    assert 'mark("likely-spammer", on="author", expires="2d")' in found.files["rules.yaml"]
    found.files["rules.yaml"] = found.files["rules.yaml"].replace("stage: shadow", "stage: live")
    engine, counters = engine_of(found), MemoryCounters()

    def judged(extra: dict[str, object], at: str) -> list[str]:
        event = event_of({"extra": extra, "at": at})
        return [one.rule for one in engine.judge(event, measure(event, engine.needs), counters).firings]

    assert judged({"event_type": "create_post"}, "2026-01-01T12:00:00Z") == []
    assert judged({"post_count": 21}, "2026-01-01T12:01:00Z") == ["many"]
    assert judged({"event_type": "create_post"}, "2026-01-01T12:02:00Z") == ["warn"]
    assert judged({"event_type": "create_post"}, "2026-01-04T12:02:00Z") == []
    by_rule = {entry.rule: entry.notes for entry in found.entries}
    assert "the effect `BanUser` asks for a person here; choose a measure" in by_rule["warn"]


def test_a_file_that_is_required_under_a_condition_brings_it_along() -> None:
    found = read(
        {
            "main.sml": "Import(rules=['models/base.sml'])\nRequire(rule='index.sml', require_if=IsPost)\n",
            "index.sml": "Require(rule='rules/one.sml', require_if=PostCount > 3)\n",
            "models/base.sml": BASE,
            "rules/one.sml": single("TextContains(text=PostText, phrase='x')"),
        }
    )
    engine = engine_of(found)
    text = {"text": "x"}
    assert fired(engine, {"item": text, "extra": {"event_type": "create_post", "post_count": 4}}) == ["found"]
    assert fired(engine, {"item": text, "extra": {"event_type": "create_post", "post_count": 3}}) == []
    assert fired(engine, {"item": text, "extra": {"event_type": "edit", "post_count": 4}}) == []


def test_a_path_with_a_name_in_it_holds_where_the_name_is_that() -> None:
    found = read(
        {
            "main.sml": "Import(rules=['models/base.sml'])\n"
            "Require(rule=f'actions/{ActionName}.sml', require_if=PostCount > 1)\n",
            "models/base.sml": BASE,
            "actions/send.sml": single("TextContains(text=PostText, phrase='x')"),
            "actions/see.sml": "Seen = Rule(when_all=[PostCount > 5], description='s')\n",
        }
    )
    assert not found.count(Status.LEFT_OUT)
    engine = engine_of(found)
    send = {"item": {"text": "x"}, "extra": {"action_name": "send", "post_count": 9}}
    assert fired(engine, send) == ["found"]
    assert fired(engine, {**send, "extra": {"action_name": "send", "post_count": 1}}) == []
    assert fired(engine, {**send, "extra": {"action_name": "see", "post_count": 9}}) == ["seen"]
    assert fired(engine, {"item": {"text": "x"}}) == []


def test_a_path_that_no_file_has_is_named() -> None:
    (entry,) = made("Require(rule=f'nowhere/{ActionName}.sml')\n").entries
    assert "at run time" in entry.notes[0]


def test_a_file_that_several_require_is_read_for_each_of_them() -> None:
    files = {
        "main.sml": "Import(rules=['models/base.sml'])\nRequire(rule=f'actions/{ActionName}.sml')\n",
        "models/base.sml": BASE,
        "actions/send.sml": "Require(rule='both.sml', require_if=PostCount > 3)\n",
        "actions/edit.sml": "Require(rule='both.sml')\n",
        "actions/see.sml": "",
        "both.sml": single("TextContains(text=PostText, phrase='x')"),
    }
    engine = engine_of(read(files))

    def read_for(action: str, posts: int) -> bool:
        return bool(
            fired(engine, {"item": {"text": "x"}, "extra": {"action_name": action, "post_count": posts}})
        )

    assert [read_for("send", 4), read_for("send", 3), read_for("edit", 1), read_for("see", 9)] == [
        True,
        False,
        True,
        False,
    ]
    # whoever requires it without a condition reads it always
    engine = engine_of(read({**files, "main.sml": files["main.sml"] + "Require(rule='both.sml')\n"}))
    assert read_for("see", 9)


def test_files_that_require_each_other_end() -> None:
    files = {"a.sml": "Require(rule='b.sml')\n" + single("1 > 0"), "b.sml": "Require(rule='a.sml')\n"}
    assert len(read(files).entries) == 1


def test_a_text_with_its_case_is_found_in_that_case() -> None:
    engine = engine_of(made(single("TextContains(text=PostText, phrase='USA', case_sensitive=True)")))
    assert fired(engine, {"item": {"text": "in the USA."}}) == ["found"]
    assert fired(engine, {"item": {"text": "in the usa."}}) == []


def test_a_label_under_a_condition_leaves_its_rule_out() -> None:
    """Otherwise the label would land on more people than there."""
    text = single("PostCount > 3") + "Also = Rule(when_all=[IsPost], description='also')\n"
    label = "LabelAdd(entity=UserId, label='meow', expires_after=TimeDelta(days=1), "
    given = {
        entry.rule: entry
        for entry in made(
            f"{text}WhenRules(rules_any=[Found], then=[{label}apply_if=Also)])\n"
            f"WhenRules(rules_any=[Also], then=[{label}delay_action_by=TimeDelta(days=1))])\n"
        ).entries
    }
    assert given[None].status is Status.LEFT_OUT
    assert "apply_if" in given[None].notes[0]
    assert "the label came later there; the mark is set at once here" in given["also"].notes


def test_a_rule_may_name_another() -> None:
    text = single("PostCount > 3") + "Also = Rule(when_all=[Found, IsPost], description='also')\n"
    engine = engine_of(made(text))
    assert fired(engine, {"extra": {"post_count": 4, "event_type": "create_post"}}) == ["found", "also"]
    assert fired(engine, {"extra": {"post_count": 4}}) == ["found"]


@pytest.mark.parametrize(
    ("rule", "line", "why"),
    [
        (single("MxLookup(domain=PostText) == 'x'"), 2, "the function `MxLookup`"),
        (single("Nowhere > 3"), 2, "`Nowhere`, which nothing defines"),
        ("A = B\nB = A\n" + single("A > 3"), 4, "needs itself"),
        (single("StringStartsWith(s=PostText)"), 2, "another form than is known: 'start'"),
        (single("RegexMatch(target=PostText, pattern='a(?!b)')"), 2, "look-around"),
        (single("1 < PostCount < 3"), 2, "a chain of comparisons"),
        (single("HasLabel(entity=UserId, label='x', manual=True)"), 2, "more than an entity and a label"),
        (single(), 2, "a rule without conditions"),
        ("for x in y: pass\n", 2, "no statement of SML"),
        ("Require(rule=PostText)\n", 2, "at run time"),
        ("def (\n", 2, "can't be read"),
    ],
)
def test_what_can_t_be_carried_over_is_named_with_its_line(rule: str, line: int, why: str) -> None:
    (entry,) = made(rule).entries
    assert (entry.file, entry.line, entry.status) == ("rules/one.sml", line, Status.LEFT_OUT)
    assert why in entry.notes[0]


def test_a_rule_with_labels_only_asks_for_a_person_and_says_so() -> None:
    text = (
        single("PostCount > 3")
        + "WhenRules(rules_any=[Found], then=[LabelAdd(entity=UserId, label='meow')])\n"
    )
    (entry,) = made(text).entries
    assert "the label has no end there; the mark lives 30d here" in entry.notes
    assert "it has no effect there but labels; a review is asked for here" in entry.notes


@pytest.mark.parametrize(
    ("path", "on"),
    [
        ("$.user.id", "author"),
        ("$.data.author.id", "author"),
        ("$.author_id", "author"),
        ("$.post.id", "item"),
        ("$.message_id", "item"),
    ],
)
def test_an_entity_is_known_by_where_its_id_stands(path: str, on: str) -> None:
    rule = (
        f"Who: Entity[str] = EntityJson(type='X', path='{path}')\n"
        "Found = Rule(when_all=[TextContains(text=PostText, phrase='hello')], description='d')\n"
        "WhenRules(rules_any=[Found], then=[LabelAdd(entity=Who, label='seen', expires_after=TimeDelta(days=7))])\n"
    )
    imported = made(rule)
    assert imported.count(Status.LEFT_OUT) == 0
    assert f'mark("seen", on="{on}", expires="7d")' in imported.files["rules.yaml"]


def test_another_person_of_the_event_is_not_its_author() -> None:
    """A label of whoever is written to must not land on whoever writes."""
    for path in ("$.target.id", "$.recipient_user_id", "$.user.friend.id", "$.id"):
        rule = (
            f"Who: Entity[str] = EntityJson(type='User', path='{path}')\n"
            "Found = Rule(when_all=[TextContains(text=PostText, phrase='hello')], description='d')\n"
            "WhenRules(rules_any=[Found], then=[LabelAdd(entity=Who, label='seen', expires_after=TimeDelta(days=7))])\n"
        )
        (entry,) = made(rule).entries
        assert entry.status is Status.LEFT_OUT, path


def test_a_name_with_a_stroke_before_it_is_of_its_file_alone() -> None:
    one = (
        IMPORT
        + "_Word = 'hello'\nOne = Rule(when_all=[TextContains(text=PostText, phrase=_Word)], description='d')\n"
    )
    imported = made(one, **{"rules/two.sml": one.replace("hello", "bye").replace("One", "Two")})
    assert [(entry.rule, entry.what) for entry in imported.entries] == [("one", "One: d"), ("two", "Two: d")]
    engine = engine_of(imported)
    assert fired(engine, {"item": {"text": "hello"}}) == ["one"]
    assert fired(engine, {"item": {"text": "bye"}}) == ["two"]
    field = "_Post: str = JsonData(path='$.kind_of_post')\nThird = Rule(when_all=[_Post == 'x'], description='d')\n"
    assert "kind_of_post" not in (files := made(IMPORT + field).files)["rules.yaml"]
    assert "extra.post ==" in files["rules.yaml"]


def test_a_name_that_two_define_otherwise_is_told_and_the_first_holds() -> None:
    again = single("PostCount > 1") + single("PostCount > 2")
    imported = made(again, **{"models/other.sml": BASE})  # the same once more is no other
    told = [(entry.file, entry.line, entry.what, entry.notes) for entry in imported.entries if not entry.rule]
    assert told == [("rules/one.sml", 3, "Found", ("the name is defined before, in rules/one.sml:2",))]
    assert "extra.post_count > 1" in imported.files["rules.yaml"]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("Found = Rule(when_any=[PostCount > 1], description='d')", "more than `when_all` and `description`"),
        ("Found = Rule([PostCount > 1], description='d')", "more than `when_all` and `description`"),
        ("Found = Rule(when_all=PostCount > 1, description='d')", "`when_all` is no list of conditions"),
        ("Found = Rule(description='d')", "`when_all` is no list of conditions"),
    ],
)
def test_a_rule_of_an_odd_form_is_no_rule_that_always_fires(rule: str, why: str) -> None:
    main = "Import(rules=['models/base.sml'])\nRequire(rule='rules/one.sml', require_if=IsPost)\n"
    (entry,) = made(rule + "\n", **{"main.sml": main}).entries
    assert (entry.status, why in entry.notes[0]) == (Status.LEFT_OUT, True)


@pytest.mark.parametrize(
    ("statement", "what", "why"),
    [
        ("WhenRules(rules_any=[Found, Ghost], then=[])", "Ghost", "no rule of this name is defined"),
        ("WhenRules(rules_any=[PostCount], then=[])", "PostCount", "no rule of this name is defined"),
        ("WhenRules(rules_all=[Found], then=[])", "WhenRules(", "a form of `WhenRules` that is not known"),
        ("Require(rule='rules/gone.sml')", "Require(", "the file is not among those given"),
    ],
)
def test_what_no_rule_gets_is_told_with_its_line(statement: str, what: str, why: str) -> None:
    imported = made(single("PostCount > 1") + statement + "\n")
    (entry,) = [entry for entry in imported.entries if not entry.rule]
    assert (entry.file, entry.line, entry.notes) == ("rules/one.sml", 3, (why,))
    assert entry.what.startswith(what)
    assert [one.rule for one in imported.entries if one.rule] == ["found"]


def test_whether_there_is_a_text_may_be_asked() -> None:
    imported = made(single("PostText != None", "EmbedLink == None"))
    (entry,) = imported.entries
    assert (entry.rule, entry.lacks) == ("found", None)
    assert fired(engine_of(imported), {"item": {"text": "hello"}}) == ["found"]
    assert fired(engine_of(imported), {}) == []
