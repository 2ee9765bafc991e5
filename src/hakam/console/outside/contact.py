"""How the platform is reached, for anybody to read: authorities, people, the representative; and the evidence key.

# DSA Art. 11(1), Art. 11(2), Art. 12(1), Art. 12(2), Art. 13(1), Art. 13(4), TCO Art. 15, TCO Art. 17(4).
"""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from hakam.compliance.profile import profile_of
from hakam.console.installation import installation
from hakam.console.outside.reading import page
from hakam.regulator import contacts, proof


@require_GET
def contact(request: HttpRequest) -> HttpResponse:
    """Show the contact points."""
    name = installation().platform
    said = contacts.contacts_of(name)
    context = {
        "contacts": said,
        "languages": said.authorities_languages or profile_of(name).languages,
        "changed_at": contacts.changed_at(name),
    }
    return page(request, "contact.html", context)


@require_GET
def contact_json(_request: HttpRequest) -> HttpResponse:
    """Give the contact points to machines."""
    said = contacts.contacts_of(installation().platform)
    return HttpResponse(msgspec.json.format(msgspec.json.encode(said)), content_type="application/json")


@require_GET
def evidence_key(_request: HttpRequest) -> HttpResponse:
    """Give the public key by which anybody can tell that an evidence pack is ours."""
    key = proof.key_from(installation().secret("evidence"))
    return HttpResponse(proof.public_pem(key), content_type="application/x-pem-file")
