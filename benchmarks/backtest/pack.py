"""A pack that asks for something of every kind, in both languages: what is judged the same by every way of judging."""
# ruff: noqa: E501 -- a table of conditions

from __future__ import annotations

CONDITIONS = (
    'word(text.folded, "free crypto", "ربح سريع")',
    'contains_any(text.folded, list("bait"))',
    'contains_any(text.folded, ["إضغط هنا", "click here"])',
    'contains_any(text.folded, ["كتا", "cryp"], words=False)',
    'matches(text.folded, r"v[i1!]agra|اربح [0-9]+ دولار")',
    'matches(text.folded, r"^(?:idea|كتاب)")',
    'matches(text.folded, r"(?:night|ليل)$")',
    'matches(text.raw, r"[A-Z]{3,} [A-Z]{3,}")',
    'matches(text.folded, r"[\\p{L}]+den", words=True)',
    'not word(text.folded, "sun") and word(text.folded, "moon", "river", "نهر")',
    'text.length > 150 and text.language == "ar"',
    'text.word_count <= 2 and text.script != "Latn"',
    "author.posts < 5 and author.followers < author.following",
    'author.age < "1d" and not author.verified',
    'not (author.age < "1d") or author.verified',
    'author.created_at > "2026-02-01"',
    "not known(author.country) and known(context.country)",
    'author.country in ["DE", "FR"] and author.country != context.country',
    'author.country not in list("countries")',
    'not author.country in list("countries") and not known(item.parent)',
    'author.name in ["Admin", ""]',
    'word(folded(author.name), "admin", "قهوة")',
    'starts_with(context.client, "curl/", "متص")',
    'ends_with(links.hosts, ".example") and len(item.mentions) >= 3',
    'any_in(links.domains, list("domains"))',
    'not any_in(item.hashtags, ["sun", "قهوة"]) and len(item.hashtags) > 0',
    '"muted" in author.labels or "adult" in item.labels',
    "author.id in item.mentions",
    'item.community in item.hashtags or not "vip" in author.labels and author.posts > 900',
    'scores["toxicity"] >= 0.4',
    'not scores["toxicity"] < 0.3 and scores["spam"] * 2 > 1',
    'scores["absent"] > 0.5 or scores["sexual"] == 1',
    "author.followers / author.posts > 50",
    "author.followers // (author.posts - 3) % 7 == 2",
    "author.followers - author.following * 3 < -500 and item.reach > 10",
    'event.at - author.created_at > "30d" and event.kind == "comment"',
    'item.kind in ["listing", "profile"] or event.change == "deleted"',
    'item.audience != "public" and item.media_count >= 2',
    '"image/jpeg" in item.media_types and not known(text.raw)',
    'extra.karma < 0 or extra.vip and extra.plan == "مجاني"',
    '"ب" in extra.tags or not extra.vip',
    "author.verified == True and text.repairs > 0",
    'contains_any(item.title, ["Sun", "River"], words=False)',
    'matches(author.name, r"^[a-z]+_[0-9]$")',
    'count(by=author.id, within="10m") > 30',
    'count(by=(author.id, item.community), within="1h", where=word(text.folded, "sun", "شمس", "قهوة")) >= 3',
    'distinct(author.id, per=text.fingerprint, within="10m") >= 2',
    'distinct(item.community, per=author.id, within="30m", where=author.posts < 50) > 3 and author.verified',
    'count(by=context.ip_hash, within="2m") == 1 and count(within="1s") > 4',
    'not count(by=item.parent, within="1d") > 1 and known(item.parent)',
)


def files(conditions: tuple[str, ...] = CONDITIONS, *, version: str = "1", first: int = 0) -> dict[str, str]:
    """Return a pack with one rule, `r00` and so on, for each condition."""
    rules = "".join(
        f"- rule: r{n:02}\n  policy: {'spam' if n % 2 else 'threats'}\n  stage: live\n  about: Rule {n} of the benchmark.\n"
        f"  when: |\n    {when}\n  then: [remove]\n"
        for n, when in enumerate(conditions, first)
    )
    made = {
        "pack.yaml": f'id: backtest\nversion: "{version}"\nmaturity: test\nlanguages: [en]\n'
        "extra: {karma: number, vip: boolean, plan: text, tags: texts}\n",
        "policies.yaml": "".join(
            f"- policy: {name}\n  harm: {harm}\n  severity: {severity}\n  contractual: true\n  title: {{en: {name}}}\n"
            f"  text: {{en: Not allowed.}}\n  ladder: [limit_reach, remove]\n"
            for name, harm, severity in (("spam", "spam", 20), ("threats", "threat", 60))
        ),
        "rules.yaml": rules,
        "lists/bait.txt": "giveaway\nاقتل نفسك\n100% legit\n",
        "lists/countries.txt": "# kind: values\nDE\nSA\nEG\n",
        "lists/domains.txt": "# kind: domains\nevil.example\nbit.ly\nsun.example\n",
    }
    return {path: text for path, text in made.items() if not path.startswith("lists/") or _used(path, rules)}


def _used(path: str, rules: str) -> bool:
    return f'list("{path[6:-4]}")' in rules
