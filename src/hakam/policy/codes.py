"""Every finding that the checker can make. Codes are stable: a code is never used again for something else.

`hakam explain P103` prints an entry; the reference and the tests derive from it. `bad` and `good` are
fragments, put in place of `where`: a rule's key (`when`, `then`, `stage`, `policy`) or a file of the pack. Without
`where` it is no fault of a pack, and there is no example.
"""
# ruff: noqa: E501 -- a table: one line for each entry

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hakam.vocabulary.finding import Severity


class CodeSpec(msgspec.Struct, frozen=True):
    """What one code means."""

    code: str
    severity: Severity
    title: str
    explanation: str
    where: str
    bad: str
    good: str


_E, _W = Severity.ERROR, Severity.WARNING
_C = CodeSpec
_RULE = "- rule: r1\n  policy: spam\n  stage: live\n  when: author.posts > 3\n  then: [limit_reach]\n"
_TEST = "- test: t1\n  text: free money\n  fires: [r1]\n"
_CLAUSE = (
    "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: Do not send spam.}\n"
    "  ladder: [limit_reach, remove]\n"
)
_PACK = 'id: sample\nversion: "1.0"\nmaturity: test\nlanguages: [en]\n'

_TWO_STAGED = "staged:\n  most: {value: 4, stage: shadow}\n  few: {value: 2, stage: shadow}\n"
_COUNTERS = "".join(
    _RULE.replace("r1", f"r{n}").replace("author.posts > 3", f'count(by=author.id, within="{n + 1}s") > 3')
    for n in range(201)
)

_SPECS = (
    # The files of a pack
    _C("P001", _E, "too large", "A file, a list or the pack is larger than what can be read safely.", "lists/bad-words.txt", "<more than 200,000 lines>", "one\n"),
    _C("P002", _E, "not YAML", "The file can't be read as YAML. Often an expression needs `|` and its own line, or a tab indents.", "pack.yaml", "id: [sample\n", _PACK),
    _C("P003", _E, "duplicate key", "A mapping has the same key twice; readers of YAML would silently drop one.", "pack.yaml", _PACK + "id: other\n", _PACK),
    _C("P004", _E, "outside strict YAML", "Anchors, aliases, tags, directives, several documents and very deep nesting are not read: a rule must say what it means where it stands.", "pack.yaml", _PACK.replace("sample", "&a sample"), _PACK),
    _C("P005", _E, "more findings than are shown", "The list of findings was cut. Mend the first ones and check again.", "rules.yaml", "- bad\n" * 1100, _RULE),
    _C("P006", _E, "a word that some read as something else", "`no`, `on`, `012`, `1e3`, `2024-01-31` and `12:30` mean different things to different readers of YAML.", "pack.yaml", _PACK.replace("[en]", "[en, no]"), _PACK.replace("[en]", "[en]")),
    _C("P007", _E, "unknown key", "Nothing reads this key, so it is a mistake of spelling or stands in the wrong place.", "rules.yaml", _RULE + "  polcy: spam\n", _RULE),
    _C("P008", _E, "missing key", "Something that must be said is not.", "rules.yaml", _RULE.replace("  stage: live\n", ""), _RULE),
    _C("P009", _E, "wrong sort of value", "A list stands where a text should, a number where a text should, and so on.", "pack.yaml", _PACK.replace('"1.0"', "1.0"), _PACK),
    _C("P010", _W, "a file that nothing reads", "The name of a file says what it holds; this name says nothing.", "rule.yaml", _RULE, ""),
    _C("P011", _E, "no such choice", "The value is one of a closed list, and this is none of them.", "pack.yaml", _PACK.replace("maturity: test", "maturity: stabel"), _PACK),
    _C("P012", _E, "not an id", "Ids, names of fields, versions and languages have a fixed form, since they end in logs and addresses.", "rules.yaml", _RULE.replace("r1", "R 1"), _RULE),
    _C("P013", _E, "defined twice", "Two rules, clauses or tests have the same id.", "rules.yaml", _RULE + _RULE, _RULE),
    _C("P014", _E, "missing file", "A pack has at least `pack.yaml` and `policies.yaml`.", "pack.yaml", "<absent>", _PACK),
    _C("P015", _W, "no text in a language", "The pack names a language in which people would find no text.", "pack.yaml", _PACK.replace("[en]", "[en, ar]"), _PACK),
    _C("P017", _E, "out of bounds", "A number lies outside what it may be.", "policies.yaml", _CLAUSE.replace("20", "200"), _CLAUSE),
    _C("P018", _W, "a term twice", "A list holds the same line twice, or a line that is the same in folded text, where alone rules search the list.", "lists/bad-words.txt", "one\ntwo\none\n", "one\ntwo\n"),
    _C("P019", _W, "an empty list", "The list holds nothing, so no rule that searches it fires.", "lists/bad-words.txt", "# nothing yet\n", "one\n"),
    _C("P020", _E, "not a term", "A line of a list is too long, or holds characters that no text has.", "lists/bad-words.txt", "x" * 300 + "\n", "one\n"),
    _C("P021", _W, "never used", "A list or a term that no rule reads.", "lists/unread.txt", "one\n", ""),
    _C("P022", _W, "no mild step", "The ladder begins with a severe measure; the mildest that works should be at hand.", "policies.yaml", _CLAUSE.replace("[limit_reach, remove]", "[remove]"), _CLAUSE),
    _C("P023", _E, "no ground", "A clause rests on a law (`legal`), on the operator's own terms (`contractual: true`), or both (DSA Art. 17(3)(d) and (e)).", "policies.yaml", _CLAUSE + "  contractual: false\n", _CLAUSE),
    _C("P024", _W, "a table in place of a list", "A list has one entry a line. Where each line has the same columns, each is read as one long term, and nothing is found by it.", "lists/bad-words.txt", "scam,high\nfraud,low\nphish,low\n", "scam\nfraud\nphish\n"),
    # Expressions
    _C("P101", _E, "not an expression", "The expression can't be read. Its grammar is Python's.", "when", "author.posts > 3 and", "author.posts > 3"),
    _C("P102", _E, "not part of the language", "Python knows this, the rule language does not: it has conditions, values and the functions of its table.", "when", "author.posts > 3 if author.verified else False", "author.posts > 3 and author.verified"),
    _C("P103", _E, "unknown name", "No field and no term has this name.", "when", "author.folowers > 3", "author.followers > 3"),
    _C("P104", _E, "unknown function", "No function has this name.", "when", 'contain_any(text.folded, ["scam"])', 'contains_any(text.folded, ["scam"])'),
    _C("P105", _E, "wrong arguments", "The function takes other arguments, or other names of arguments.", "when", "matches(text.folded)", 'matches(text.folded, r"sc[a4]m")'),
    _C("P106", _E, "wrong type of argument", "The argument has not the type that the function needs.", "when", "len(author.posts) > 3", "len(author.name) > 3"),
    _C("P107", _E, "types that do not fit", "Two values of different types are compared, or an operator has no meaning for them.", "when", 'author.posts > "3"', "author.posts > 3"),
    _C("P108", _E, "no condition", "A rule asks whether something holds; this is a value.", "when", "author.posts", "author.posts > 3"),
    _C("P109", _E, "not a time", "Durations are written `90s`, `10m`, `24h`, `7d`, `2w`, `1h30m`; times as ISO 8601.", "when", 'author.age < "1 day"', 'author.age < "1d"'),
    _C("P110", _E, "too large an expression", "Expressions are bounded in length, number of parts and depth, so that none can stall the door.", "when", "not " * 60 + "author.verified", "author.verified"),
    _C("P111", _E, "unknown list", "There is no file of this name in `lists/`.", "when", 'contains_any(text.folded, list("bad-wrods"))', 'contains_any(text.folded, list("bad-words"))'),
    _C("P112", _E, "a list of another kind", "Lists of terms are searched in texts; lists of values and domains are compared.", "when", 'author.country in list("bad-words")', 'author.country in ["DE", "AT"]'),
    _C("P113", _W, "always the same", "The outcome does not depend on the event.", "when", "author.posts > 3 and True", "author.posts > 3"),
    _C("P114", _E, "compared with nothing", "A value that is missing is unknown, and unknown equals nothing. `known(x)` asks.", "when", "author.followers != None", "known(author.followers)"),
    _C("P115", _E, "never equal", "The field has a closed list of values, and this is none of them.", "when", 'item.kind == "vidoe"', 'item.kind == "video"'),
    _C("P116", _E, "a mixed list", "A list holds constants of one type.", "when", 'author.country in ["DE", 3]', 'author.country in ["DE", "AT"]'),
    _C("P117", _E, "a term that needs itself", "Terms may use other terms, but not in a circle.", "terms.yaml", "one: two and author.verified\ntwo: one or author.verified\n", "one: author.verified\n"),
    _C("P118", _E, "undeclared field", "Fields of `extra` are declared in `pack.yaml` with their types.", "when", "extra.karma > 3", "author.posts > 3"),
    _C("P119", _W, "outside a score's range", "Scores lie between 0 and 1.", "when", 'scores["toxicity"] > 90', 'scores["toxicity"] > 0.9'),
    _C("P120", _E, "arithmetic without meaning", "Arithmetic is for numbers, times and durations.", "when", "author.name + 1 > 3", "author.posts + 1 > 3"),
    _C("P121", _E, "a backslash in plain quotes", 'In plain quotes a backslash may vanish or turn into another character; in r"..." it stays.', "when", 'matches(text.folded, "sc\\d+m")', 'matches(text.folded, r"sc\\d+m")'),
    _C("P122", _E, "`in` on a text", "`in` would find parts of words. The functions say whether whole words are meant.", "when", '"scam" in text.folded', 'word(text.folded, "scam")'),
    _C("P123", _W, "a value twice", "A list in a rule holds the same value twice.", "when", 'author.country in ["DE", "DE"]', 'author.country in ["DE", "AT"]'),
    _C("P124", _E, "unknown rule", "No rule has this id, so none can be referred to or switched off by it.", "when", 'rule("r9") and author.verified', "author.verified"),
    _C("P125", _W, "a mark that nobody sets", "No rule's `then` sets this mark, so the question is always answered no.", "when", 'marked("burner", on="author")', "author.verified"),
    _C("P126", _E, "a sign that looks like another", "Programs for writing texts put in curly quotes, long dashes, spaces and marks that nobody sees; Arabic keyboards have a comma and digits of their own. Conditions are written with the plain signs of a keyboard; within the quotes of a text anything may stand.", "when", "word(text.folded, “scam”)", 'word(text.folded, "scam")'),
    _C("P127", _E, "written as in another language", "Databases and programs write `&&`, `||`, `!`, `AND`, `=`, `<>`, `LIKE`, `BETWEEN`, `IS NULL`. Here conditions are joined by `and`, `or`, `not`, compared by `==`, `!=`, `<`, `in`, and texts are searched by functions.", "when", "author.posts > 3 AND author.verified", "author.posts > 3 and author.verified"),
    _C("P128", _W, "two texts side by side", "Two texts that nothing joins are read as one long text. In a list a comma was probably forgotten, and neither of both is found.", "when", 'word(text.folded, "scam" "fraud")', 'word(text.folded, "scam", "fraud")'),
    _C("P129", _W, "no country's code", "Countries have the two letters of ISO 3166-1. `UK` and `EL` are common and are not among them: the United Kingdom is `GB`, Greece is `GR`. Codes that the standard leaves to its users, such as `XK`, are taken as they are.", "when", 'author.country == "UK"', 'author.country == "GB"'),
    _C("P130", _W, "no language's tag", "Languages are written as in BCP 47: two small letters (ISO 639-1), three only where there are no two, then a hyphen before a country. The comparison is letter by letter.", "when", 'item.language == "english"', 'item.language == "en"'),
    _C("P131", _W, "divided by nought", "Nothing divided by nought is a number. The result is unknown on every event, so what compares it never holds.", "when", "author.posts / 0 > 3", "author.posts / 2 > 3"),
    # Texts and patterns
    _C("P201", _E, "not an RE2 pattern", "Patterns are RE2: no look-around and no back references, hence never slow.", "when", 'matches(text.folded, r"(scam")', 'matches(text.folded, r"(scam)")'),
    _C("P202", _E, "a pattern that knows ASCII only", r"`\b`, `\B`, `\w` and `\W` see no letter in Arabic, Greek or Cyrillic.", "when", r'matches(text.folded, r"\bscam\b")', 'word(text.folded, "scam")'),
    _C("P203", _E, "too large a pattern", "The pattern would need too much memory.", "when", 'matches(text.raw, r"(((a{100}){100}){100})")', 'matches(text.raw, r"a{100}")'),
    _C("P204", _E, "a pattern that matches everything", "The pattern is found in every text, so it says nothing.", "when", 'matches(text.folded, r"a*")', 'matches(text.folded, r"a+")'),
    _C("P205", _W, "never in folded text", "Folding changes these letters in a way that the pattern can't follow.", "when", 'matches(text.folded, r"aaaaaa")', 'matches(text.raw, r"aaaaaa")'),
    _C("P206", _W, "nothing left to search", "After folding nothing is left of the term: it has no letters or digits.", "when", 'word(text.folded, "!!!", "scam")', 'word(text.folded, "scam")'),
    _C("P207", _E, "whole words outside folded text", "Words are told apart on folded text, for every script.", "when", 'contains_any(text.raw, ["scam"])', 'contains_any(text.raw, ["scam"], words=False)'),
    _C("P208", _W, "a very short part", "A part of one character is found in almost any text.", "when", 'contains_any(text.folded, ["a"], words=False)', 'contains_any(text.folded, ["a"])'),
    _C("P209", _W, "a pattern among terms", "Terms are words, not patterns: a star, a percent sign or `\\b` has no meaning in them and is gone after folding. `matches` takes patterns; `words=False` finds parts of words.", "when", 'contains_any(text.folded, ["scam*"])', 'contains_any(text.folded, ["scam"], words=False)'),
    _C("P210", _W, "a term that adds nothing", "Wherever this term is found, a shorter one of the same list is found too.", "when", 'word(text.folded, "free", "free money")', 'word(text.folded, "free")'),
    _C("P211", _W, "a list's name as a term", "The text is the name of a list, and is searched as a word. A list is named with `list(...)`.", "when", 'contains_any(text.folded, "bad-words")', 'contains_any(text.folded, list("bad-words"))'),
    _C("P212", _W, "a pattern that never matches", "`$` is the end of the text, so nothing can follow it. A dollar sign has a backslash before it.", "when", 'matches(text.raw, r"$100")', 'matches(text.raw, r"\\$100")'),
    _C("P213", _W, "a pattern as other programs write it", r"Elsewhere slashes stand around a pattern, with flags behind them, and `\<` and `\>` are edges of words. Here a pattern stands alone, in folded text case is gone already, and `word` or `words=True` ask for whole words.", "when", 'matches(text.folded, "/scam/i")', 'matches(text.folded, "scam")'),
    # Measures and stages
    _C("P301", _E, "unknown measure", "There is no measure of this name.", "then", "[limit_reech]", "[limit_reach]"),
    _C("P302", _E, "wrong arguments of a measure", "The measure takes other arguments, or needs one that is not there.", "then", "[withhold]", '[withhold(territory="DE")]'),
    _C("P303", _E, "a measure that needs two people", "What can't be taken back is decided by two people, never by a rule.", "then", "[terminate]", '[review(queue="accounts")]'),
    _C("P304", _W, "not on the ladder", "The clause's ladder does not hold this measure, so people could not have chosen it.", "then", "[demonetise]", "[limit_reach]"),
    _C("P305", _E, "not a queue", "The name of a queue is in small letters, digits and `-`.", "then", '[review(queue="Spam Queue")]', '[review(queue="spam")]'),
    _C("P306", _E, "unknown stage", "A rule is `shadow`, `canary N%` or `live`.", "stage", "lvie", "live"),
    _C("P307", _E, "not a share", "A canary's share lies above 0 and up to 100 %.", "stage", "canary 0%", "canary 5%"),
    _C("P308", _E, "does nothing", "A rule proposes at least a measure or a review.", "then", "[]", "[limit_reach]"),
    _C("P309", _W, "twice the same", "A measure or a review stands twice in one list.", "then", "[limit_reach, limit_reach]", "[limit_reach]"),
    _C("P310", _E, "unknown policy", "Each rule enforces a clause of `policies.yaml`.", "policy", "spamm", "spam"),
    _C("P311", _E, "not mildest first", "A ladder climbs: each step at least as severe as the one before.", "policies.yaml", _CLAUSE.replace("[limit_reach, remove]", "[limit_reach, remove, warn]"), _CLAUSE),
    _C("P312", _E, "two lives for one mark", "A mark lives equally long whichever rule sets it.", "rules.yaml", _RULE.replace("[limit_reach]", '[\'mark("x", on="author", expires="1d")\', \'mark("x", on="author", expires="2d")\']'), _RULE.replace("[limit_reach]", '[\'mark("x", on="author", expires="1d")\']')),
    _C("P313", _E, "two values on trial in one rule", "A value is tried against the one in force. If a rule read two of them, nobody could tell which of both made a difference.", "tuned.yaml", _TWO_STAGED, "params: {most: 4}\n"),
    # Tests
    _C("P401", _E, "a test of no rule", "The test names a rule that is not there.", "tests.yaml", _TEST.replace("[r1]", "[r2]"), _TEST),
    _C("P402", _E, "a test that expects nothing", "A test says which rules fire, or which stay silent.", "tests.yaml", "- test: t1\n  text: hello\n", _TEST),
    _C("P403", _E, "not an event", "The event of the test has a wrong type or value.", "tests.yaml", _TEST + "  event: {author: {followers: many}}\n", _TEST),
    _C("P404", _W, "a rule without a test", "No test names the rule, so nobody would notice if it stopped working.", "tests.yaml", "- test: t1\n  text: hello\n  fires: []\n", _TEST),
    # Counters and bounds
    _C("P501", _E, "not a window", "A counter's window lasts from one second to 30 days.", "when", 'count(by=author.id, within="60d") > 3', 'count(by=author.id, within="7d") > 3'),
    _C("P502", _E, "a counter inside a counter", "What a counter counts can't depend on another counter.", "when", 'count(by=author.id, within="1h", where=count(by=item.id, within="1h") > 3) > 3', 'count(by=author.id, within="1h") > 3'),
    _C("P503", _E, "not a key", "Counters are kept by a text or a number of the event.", "when", 'count(by=item.links, within="1h") > 3', 'count(by=author.id, within="1h") > 3'),
    _C("P504", _E, "too costly", "The rule would take too long for each event.", "when", " or ".join(f'matches(folded(author.name), r"x{n}y")' for n in range(40)), 'matches(folded(author.name), r"x[0-9]+y")'),
    _C("P505", _E, "too many", "The pack holds more rules or counters than can be kept.", "rules.yaml", _COUNTERS, _RULE),
    # What rules mean together
    _C("P601", _W, "never fires", "What the rule asks for can't be at once, so it fires on no event.", "when", "author.posts > 5 and author.posts < 3", "author.posts > 5 or author.posts < 3"),
    _C("P602", _W, "two rules that contradict", "Two rules of one clause fire on exactly the same events and ask for different measures: what happens to people depends on which one is read.", "rules.yaml", _RULE + _RULE.replace("r1", "r2").replace("[limit_reach]", "[remove]"), _RULE),
    _C("P603", _W, "adds nothing", "Whenever this rule fires, another fires too, under the same clause, with the same measures.", "rules.yaml", _RULE + _RULE.replace("r1", "r2").replace("> 3", "> 5"), _RULE),
    _C("P604", _W, "the same judged otherwise", "Two rules fire on exactly the same events under different clauses: people would be told two reasons for one thing.", "rules.yaml", _RULE + _RULE.replace("r1", "r2").replace("policy: spam", "policy: scam"), _RULE),
    _C("P605", _E, "judged otherwise by another way", "Rules are judged by one compiled function at the door, by the plain interpreter when that fails, and over columns in back-tests. Before a pack is published a sample is judged by all three, and they must agree.", "", "", ""),
)  # fmt: skip

CODES: Mapping[str, CodeSpec] = {spec.code: spec for spec in _SPECS}
CHECKED: Mapping[str, CodeSpec] = {code: spec for code, spec in CODES.items() if spec.where}
"""Those that the checker makes of a pack's files, each with an example. The others are found by judging."""
