"""The evidence pack: what it holds, how it proves itself, and how every change of it is found."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.regulator.test_contacts import CONTACTS
from tests.regulator.test_risks import write

from hakam.compliance import ledger
from hakam.compliance.models import Fact, RulebookVersion
from hakam.compliance.profile import Profile, set_profile
from hakam.compliance.reports import keeping
from hakam.compliance.reports.period import year
from hakam.compliance.reports.sheets import Stated
from hakam.regulator import contacts, pack, proof, reading, requests, risks
from hakam.regulator.checks import Chosen
from hakam.regulator.regimes import Said
from hakam.staff.models import User
from hakam.storage.embedded.vault import FileVault
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
KEY = proof.key_from("secret")
CHOSEN = Chosen(24, 14, database=False)


def build() -> bytes:
    return pack.build("p", key=KEY, chosen=CHOSEN, by=SYSTEM, now=NOW)


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def closed(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


@pytest.fixture
def full(book: RulebookVersion, lena: User, omar: User, vault: FileVault) -> bytes:
    """Give the pack of a platform that has something of everything."""
    set_profile(Profile(platform="p", countries=("DE", "GB")), by=SYSTEM, now=NOW)
    contacts.publish("p", CONTACTS, by=SYSTEM, now=NOW)
    risks.approve("p", write(lena, now=NOW).pk, by=omar.actor, now=NOW)
    requests.receive(
        "uk.intimate", Said(contact="a@b.example"), platform="p", vault=vault, by=SYSTEM, now=NOW
    )
    report = keeping.make(
        "p", year(2025), stated=Stated(provider="P", service="S"), by=SYSTEM, now=NOW, zone=UTC
    )
    keeping.publish(report.pk, by=SYSTEM, now=NOW)
    return build()


def test_it_holds_documents_figures_configuration_reports_and_the_proof(full: bytes) -> None:
    files = opened(full)
    for name in (
        "documents/contacts.json", "documents/risk-uk-1.md", "documents/risk-uk-1.json", "documents/checklist-dsa.csv",
        "documents/checklist-ofcom.csv", "documents/checklist-apple.csv", "figures/notices.json", "figures/clocks.csv",
        "figures/facts.csv", "figures/requests.csv", "configuration/profile.json", "configuration/duties.csv",
        "configuration/clocks.csv", "configuration/rulebook/rules.yaml", "configuration/banks.csv",
        "ledger/proof.json", "manifest.json", "manifest.sig", "public-key.pem",
    ):  # fmt: skip
        assert name in files, name
    assert sum(name.startswith("reports/dsa-2025-01-01-2025-12-31-v1/") for name in files) == 11
    assert b"Risk profiles of Ofcom" in files["documents/risk-uk-1.md"]
    assert json.loads(files["ledger/proof.json"])["holds"] is True
    assert b"uk.intimate,incomplete" in files["figures/requests.csv"]
    assert b"in.preserve" in files["configuration/duties.csv"]
    assert b"unverified" in files["configuration/duties.csv"]


def test_its_readme_says_of_every_file_what_it_is(full: bytes) -> None:
    files = opened(full)
    said = files["README.md"].decode()
    assert [name for name in files if f"`{name}`" not in said and name != "README.md"] == []
    assert [name for name in files if not reading.described(name) and "/" in name] == []
    assert re.findall(r"^- `[^`]+`: *$", said, re.MULTILINE) == []
    assert "Made 2026-11-28 12:00." in said
    assert "README.md" in {one["name"] for one in json.loads(files["manifest.json"])["files"]}


def test_by_its_readme_it_is_checked_with_the_tools_of_any_system(full: bytes, tmp_path: Path) -> None:
    files = opened(full)
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "evidence-key.pem").write_bytes(proof.public_pem(KEY))
    commands = [
        line.strip()
        for line in files["README.md"].decode().split("\n")
        if line.startswith("       ") and "FILE" not in line
    ]
    assert len(commands) == 3

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S602 -- what the README tells people to type
            command, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )

    decoded, verified, summed = map(run, commands)
    assert (decoded.returncode, verified.returncode) == (0, 0), verified.stderr
    assert ledger.body_of(Fact.objects.get(kind="evidence.packed"))["manifest"] in summed.stdout
    (tmp_path / "manifest.json").write_bytes(files["manifest.json"] + b" ")
    assert run(commands[1]).returncode != 0


def test_it_proves_itself_and_the_ledger_knows_it(full: bytes) -> None:
    assert proof.check(full) == []
    assert proof.check(full, public_key=proof.public_pem(KEY)) == []
    files = opened(full)
    fact = Fact.objects.get(kind="evidence.packed")
    assert ledger.body_of(fact)["manifest"] == hashlib.sha256(files["manifest.json"]).hexdigest()
    manifest = json.loads(files["manifest.json"])
    before = Fact.objects.get(seq=fact.seq - 1)
    assert (manifest["ledger_head"], manifest["ledger_digest"]) == (before.seq, before.digest)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f | {"figures/notices.json": b"{}"}, ["figures/notices.json was changed"]),
        (
            lambda f: {k: v for k, v in f.items() if k != "ledger/proof.json"},
            ["ledger/proof.json is missing"],
        ),
        (lambda f: f | {"extra.txt": b""}, ["extra.txt is not in the manifest"]),
        (
            lambda f: f | {"manifest.sig": base64.b64encode(b"x" * 64)},
            ["the signature does not fit the manifest"],
        ),
        (lambda f: {k: v for k, v in f.items() if k != "manifest.sig"}, ["manifest.sig is missing"]),
        (lambda f: f | {"public-key.pem": b"no key"}, ["the signature does not fit the manifest"]),
        (
            lambda f: f | {"manifest.json": b"{"},
            ["the signature does not fit the manifest", "the manifest can't be read"],
        ),
    ],
)
def test_every_change_is_found(book: RulebookVersion, change: object, said: list[str]) -> None:
    assert proof.check(closed(change(opened(build())))) == said  # type: ignore[operator]


def test_folders_of_a_pack_that_was_zipped_again_are_no_change(full: bytes) -> None:
    whole = opened(full)
    folders = {f"{Path(name).parent}/": b"" for name in whole if "/" in name}
    assert len(folders) > 1
    assert proof.check(closed(whole | folders)) == []


def test_nothing_stands_in_it_twice(book: RulebookVersion) -> None:
    held = io.BytesIO(build())
    genuine = opened(held.getvalue())["figures/notices.json"]
    with zipfile.ZipFile(held, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("figures/notices.json", genuine)
    assert proof.check(held.getvalue()) == ["figures/notices.json is in it more than once"]


@pytest.mark.parametrize("flag", [0x1, None])
def test_what_can_not_be_opened_is_said_so(book: RulebookVersion, flag: int | None) -> None:
    whole = bytearray(build())
    with zipfile.ZipFile(io.BytesIO(bytes(whole))) as archive:
        one = archive.getinfo("README.md")
        central = whole.index(b"PK\x01\x02")
    if flag:  # told to be encrypted
        whole[central + 8] |= flag
    else:  # damaged in the middle
        begin = one.header_offset + 30 + len(one.filename)
        whole[begin : begin + 20] = b"\xff" * 20
    assert proof.check(bytes(whole)) == ["this is no ZIP file that can be read"]


def test_a_pack_signed_by_somebody_else_is_told_apart(book: RulebookVersion) -> None:
    other = pack.build("p", key=proof.key_from("other"), chosen=CHOSEN, by=SYSTEM, now=NOW)
    assert proof.check(other) == []  # it is whole
    assert proof.check(other, public_key=proof.public_pem(KEY)) == ["the signature does not fit the manifest"]


@pytest.mark.parametrize("data", [b"", b"PK", b"\x00" * 100])
def test_what_is_no_pack_is_said_so(data: bytes) -> None:
    assert proof.check(data) == ["this is no ZIP file that can be read"]


def test_an_empty_house_has_a_pack_too(db: None) -> None:
    data = build()
    assert proof.check(data) == []
    assert json.loads(opened(data)["ledger/proof.json"])["facts"] == 0


def test_a_broken_chain_is_told_and_not_hidden(book: RulebookVersion) -> None:
    Fact.objects.filter(seq=1).update(body="{}")
    proof = json.loads(opened(build())["ledger/proof.json"])
    assert proof["holds"] is False
    assert proof["findings"][0].startswith("C001")


def test_the_key_is_the_secrets_and_no_other() -> None:
    assert proof.public_pem(proof.key_from("a")) == proof.public_pem(proof.key_from("a"))
    assert proof.public_pem(proof.key_from("a")) != proof.public_pem(proof.key_from("b"))
