"""The words that inputs are made of: parts of conditions, and what the readers under test know by heart."""

NUMBERS = (  # values
    "author.followers", "author.posts", "item.reach", "text.length", "len(item.mentions)",
    "extra.karma", "event.hour", 'scores["toxicity"]', 'count(by=author.id, within="10m")',
    'sum(item.reach, per=author.id, within="1h")',
    'distinct(author.id, per=text.fingerprint, within="1h")', 'rate(by=author.id, within="10m")',
    "len(text.folded)", 'similar(text.folded, "free money now")', "3", "0", "-1", "1e9", "0.5",
    "author.age", '"1d"', "event.weekday", "author.following", "text.word_count", "text.repairs",
    "item.media_count", "len(links.urls)", "len(extra.tags)", 'scores["nobody"]', "9007199254740993",
    'count(by=item.community, within="30d", where=author.verified)',
    'distinct(item.id, per=(author.id, author.country), within="1h")',
)  # fmt: skip
TEXTS = (  # fields that are searched
    "text.folded", "text.raw", "author.name", "item.title", "folded(author.name)", "links.hosts",
    "author.id",
)  # fmt: skip
TERMS = (  # what is searched for
    "free", "free money", "ربح سريع", "win", "a1", "مال", "", " ", "x", "é", "😀", "ـ", "spam", "DE",
    "ً",
)  # fmt: skip
LEAVES = (  # whole conditions
    'similar(text.folded, "free", at_least=0.5)', 'similar(text.folded, "send me your wallet", at_least=0.5)',
    "author.verified", "extra.vip", "newcomer", '"a1" in list("bad-ids")',
    'rule("first")', 'marked("seen", on="author")',
    'bank("known")', 'author.country in territory("EU")', 'item.kind == "post"', "known(author.posts)",
    "event.weekday in [6, 7]", 'author.id in list("bad-ids")',
    'contains_any(text.folded, list("phrases"))', "any_in(extra.tags, ['a', 'b'])",
    'contains_any(text.folded, list("words"))', "True", "'a' in extra.tags",
    "author.name == item.title", 'author.created_at > "2025-06-01"', 'text.script == "Arab"',
    'text.language in ["ar", "fr"]', 'any_in(links.domains, ["b.example", "shop.example"])',
    '"phone" in text.private_data', 'known(text.raw) and text.raw != ""', "item.parent in item.mentions",
    '"spammer" in author.labels', 'known(scores["toxicity"])',
    'marked("seen", on="author") or author.created_at < event.at', "event.hour in [0, 12, 23]",
    'author.country in ["DE", "AT"]', "item.language != text.language",
)  # fmt: skip
PATTERNS = (  # of RE2
    "fre+", "m.n", "[a-z]{4}", "سر[يا]ع", "^a", "b$", "(?i)AB", "a|b", "\\d+", "[^\\s]x", "ة", "[ء-ي]+",
)  # fmt: skip
_SIGNS = (  # what else stands in conditions
    "and", "or", "not", "in", "contains_any", "matches", "words=", "within=", "where=", "lambda",
    "None", "==", "f''", '"""', "r'", "1_0", "0x", ":=", "**", "//", "\u202e", "if", "else", "await",
    "#",
)  # fmt: skip
GRAMMAR = (*NUMBERS, *TEXTS, *LEAVES, *_SIGNS)
YAML = (  # strict or not
    "- ", ": ", "|\n", ">-\n", "&a ", "*a", "!!str ", "? ", "---\n", "...\n", "%YAML 1.1\n", "<<: ",
    "yes", "012", "~", "null", "\t", "'", '"', "{", "}", "[", "]", "\u2028", "\x85", "\ufeff", "\r",
    "\\x", "\\u", "#",
)  # fmt: skip
KEYS = (  # of a pack's files
    "rule:", "policy:", "stage:", "when:", "then:", "quota:", "id:", "version:", "languages:", "extra:",
    "title:", "text:", "ladder:", "severity:", "harm:", "test:", "event:", "before:", "fires:",
    "params:", "# kind: ",
)  # fmt: skip
PARTS = (  # of patterns
    "\\p{L}", "\\Q", "\\E", "[[:alpha:]]", "(?i)", "(?P<a>", "{2,3}", "{1000}", "\\x{", "\\pN", "[^",
    "a-z", "ة", "(?:", "*?", "++", "\\d", "\\C", "|", "^", "$", "\\z", "[ء-ي]",
)  # fmt: skip
MEMBERS = (  # of events
    '"id":', '"at":', '"author":', '"item":', '"text":', '"extra":', '"scores":', '"context":',
    '"media":', "[", "]", "{", "}", "null", "1e999", "-0", "\\ud800", "\\u0000", "2026-01-01T12:00:00Z",
    '"events":', "\n",
)  # fmt: skip
TRICKS = (  # of spelling
    "\u200b", "ً", "ـ", "́", "ᅠ", "가", "ﷺ", "😀", "\u200d", "0", "@", "$", ". ", "xn--", "https://",
    "hxxp[:]//", "www.", "\u202e", "ⅰ", "ｆ", "а", "ο", "\x00", "̸", "ـ",
)  # fmt: skip
PIECES = (  # of patterns as others write them
    "a", "b", "ab", "1", "é", "ا", ".*", ".*?", ".+", r"\b", r"\s*", r"\d", r"\D", r"\s", r"\S", r"\w", r"\W",
    ".", "[a-c]", "[^a]", r"[\w-]", r"[\d.]", "(a|b)", "(?:", "(", ")", "|", "*", "+", "?", "{2}", "{1,3}", "^",
    "$", "-", " ", "_", "@", r"\.", r"[\s,]", r"[\s\S]", r"\x41", r"\.?", "(?P<n>", "x{0,2}", "+?", "(?#c)",
    r"\\", '"', "'",
)  # fmt: skip
SIGNS = (  # of texts in which they are looked for
    "a", "b", "ab", "1", "é", "É", "ا", " ", "_", "-", "٣", "\u00a0", ".", "@", "A", "B", ",", "x", '"', "'", "\\",
)  # fmt: skip
OF_OTHERS = (  # of rules of other systems
    "(regex)", "(includes, regex)", "(full-exact)", "(case-sensitive)", "~body", "author:", "action: filter", "---\n",
    "comment_karma: '< 1'", "satisfy_any_threshold: true", "is_edited: true", "standard: x", "\\b", "\\w", "#1",
    '"trigger_type":', '"trigger_metadata":', '"keyword_filter":', '"regex_patterns":', '"mention_total_limit":',
    '"actions":', '"exempt_channels":', '"enabled":', "Rule(when_all=[", "WhenRules(", "Require(rule=", "Import(",
    "JsonData(path=", "LabelAdd(", "HasLabel(", "RegexMatch(", "TimeDelta(days=", "require_if=", "None",
    "lambda: 0", "f'{x}'", "_Private", "threshold", "true", "null", "1e999", "NaN", "keyword", "phrase",
    "expires_at", "\u2028", "\x85", "'", '"', "*", "&a", "!!int ",
)  # fmt: skip
