"""The README of an evidence pack: what each file is, and how an authority checks it without us."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hakam.regulator.proof import KEY, MANIFEST, SIGNATURE

README: Final = "README.md"
_WHAT: Final = (  # beginning of a name, or the whole of it -> what it is
    ("documents/contacts.json", "points of contact and legal representative, as published (DSA Arts 11 to 13)"),
    ("documents/risk-", "a risk assessment that was approved, with its evidence: `.md` to read, `.json` with figures"),
    ("documents/checklist-", "a checklist, line by line: the law, the measure, its state, by whom or by which figure"),
    ("figures/notices.json", "notices of the last year: received, answered, how fast"),
    ("figures/decisions.json", "decisions of the last year: by clause, by measure, by people and by machines"),
    ("figures/complaints.json", "complaints of the last year: received, upheld, denied"),
    ("figures/clocks.csv", "legal clocks that started in the last year, and how many were missed"),
    ("figures/requests.csv", "requests of authorities and people under laws of single countries, with their times"),
    ("figures/facts.csv", "the kinds of facts in the ledger: how many, the first and the last number"),
    ("configuration/profile.json", "what the platform says of itself: size, kind of service, countries"),
    ("configuration/duties.csv", "which duties apply and why; `unverified`: its text was not read for this table"),
    ("configuration/clocks.csv", "the periods of law that are counted, in every version"),
    ("configuration/rulebook/", "the rule book in force: clauses, rules, their tests"),
    ("configuration/banks.csv", "banks of known content: source, clause, number of entries"),
    ("reports/", "a published transparency report, one CSV for each sheet; folder: law, period, version"),
    ("ledger/proof.json", "the ledger's length and last digest, and whether its chain holds"),
)  # fmt: skip
_CHECK: Final = f"""\
## How to check it

With Hakam, from any machine:

    hakam evidence check PACK.zip --key evidence-key.pem

Take `evidence-key.pem` from the platform's own page `/contact/evidence-key.pem`. `{KEY}` in this pack is the same key,
but proves only that nothing was changed since, not by whom the pack was made.

By hand, with the tools of any Unix system, in the folder into which the ZIP was opened:

1. The signature: Ed25519 over the bytes of `{MANIFEST}`, in base64 (OpenSSL 3).

       base64 -d {SIGNATURE} > signature.bin
       openssl pkeyutl -verify -pubin -inkey evidence-key.pem -rawin -in {MANIFEST} -sigfile signature.bin

2. Each file: `{MANIFEST}` names every file with its SHA-256, this one too. A file that it does not name does not belong
   to the pack, apart from `{MANIFEST}`, `{SIGNATURE}` and `{KEY}`.

       sha256sum FILE

3. The ledger: the SHA-256 of `{MANIFEST}` is on record in the platform's ledger, as the fact `evidence.packed` right
   after the fact number `ledger_head`. Ask the platform for that fact.

       sha256sum {MANIFEST}
"""


def readme(platform: str, made: str, names: Iterable[str]) -> bytes:
    """Return the page that explains these files."""
    lines = [
        f"# Evidence pack of {platform}",
        "",
        f"Made {made}. All times are in UTC.",
        "",
        "## What is in it",
        "",
    ]
    lines += [f"- `{name}`: {described(name)}" for name in sorted(names)]
    ends = (
        (MANIFEST, "every file with its SHA-256 and size, and the head of the ledger at that moment"),
        (SIGNATURE, "the signature over the manifest"),
        (KEY, "the public key of the signature"),
    )
    lines += [f"- `{name}`: {what}" for name, what in ends]
    return ("\n".join(lines) + "\n\n" + _CHECK).encode()


def described(name: str) -> str:
    """Say what a file of a pack is; empty of one that nobody described."""
    return next((what for begin, what in _WHAT if name.startswith(begin)), "")
