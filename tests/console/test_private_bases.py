"""The page of legal bases for reading private messages, and what the public sees of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.console.conftest import SignIn

from hakam.compliance import private_bases
from hakam.compliance.models import PrivateBasis
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _of_maydan(settings: Any) -> None:
    settings.HAKAM = replace(settings.HAKAM, platform="maydan", platform_name="Maydan")


@pytest.fixture
def zaynab(book: object, sign_in: SignIn) -> Client:
    return sign_in(scene.person("zaynab", Role.LEGAL))


@pytest.fixture
def omar(book: object, sign_in: SignIn) -> Client:
    return sign_in(scene.person("omar", Role.ADMINISTRATOR))


def propose(client: Client, **more: str) -> Any:
    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    given = {"law": "Child Protection Act, s. 4", "purpose": "Known pictures alone.", "until": day}
    return client.post(reverse("console:propose_private_basis"), given | more)


def act(client: Client, do: str, **more: str) -> Any:
    basis = PrivateBasis.objects.latest("pk")
    return client.post(reverse("console:act_on_private_basis", args=[basis.pk]), {"do": do} | more)


def read(client: Client) -> str:
    return client.get(reverse("console:private_bases")).content.decode()


def test_one_proposes_another_confirms_and_anybody_ends(zaynab: Client, omar: Client) -> None:
    assert 'data-private="off"' in read(zaynab)
    assert propose(zaynab).status_code == 302
    assert "somebody else must confirm it" in read(zaynab)
    assert 'data-form="confirm-basis"' not in read(zaynab)
    assert act(zaynab, "confirm").status_code == 422
    assert 'data-form="confirm-basis"' in read(omar)
    assert act(omar, "confirm").status_code == 302
    assert 'data-private="on"' in read(omar)
    public = Client().get("/transparency").content.decode()
    assert "Private messages are read now." in public
    assert "Child Protection Act, s. 4" in public
    assert act(zaynab, "end").status_code == 422
    assert act(zaynab, "end", because="The law lapsed.").status_code == 302
    assert "The law lapsed." in read(zaynab)
    assert 'data-private="off"' in read(zaynab)
    public = Client().get("/transparency").content.decode()
    assert "are read now" not in public
    assert "Child Protection Act, s. 4" in public  # it was read by that law for a time


def test_the_public_is_told_that_nothing_is_read(zaynab: Client) -> None:
    propose(zaynab)
    public = Client().get("/transparency").content.decode()
    assert "They are not read" in public
    assert "Child Protection Act" not in public  # only proposed


@pytest.mark.parametrize("until", ["", "tomorrow", "2026-02-30", "1999-01-01"])
def test_a_wrong_day_loses_nothing(zaynab: Client, until: str) -> None:
    answer = propose(zaynab, until=until, purpose="Typed with care.")
    assert answer.status_code == 422
    assert "Typed with care." in answer.content.decode()
    assert not PrivateBasis.objects.exists()


def test_other_acts_are_refused_and_a_refusal_is_kept(zaynab: Client, omar: Client) -> None:
    propose(zaynab)
    assert act(omar, "burn").status_code == 422
    assert act(omar, "refuse", because="Too wide.").status_code == 302
    assert "Refused" in read(omar)
    assert private_bases.published(timezone.now()) == {}


def test_an_auditor_reads_and_changes_nothing(zaynab: Client, sign_in: SignIn) -> None:
    propose(zaynab)
    auditor = sign_in(Role.AUDITOR)
    page = read(auditor)
    assert "Child Protection Act, s. 4" in page
    assert "<form" not in page.split("<main", 1)[1].split("</main", 1)[0]
    assert act(auditor, "confirm").status_code == 404  # no page of theirs
