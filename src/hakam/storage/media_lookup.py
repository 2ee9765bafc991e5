"""What the banks say of a picture as people see it: decoded in the sandbox, by its hashes, then by its landmarks."""

from __future__ import annotations

from hakam.media.sandbox import Sandbox
from hakam.storage.known_media import Alike, KnownMedia
from hakam.vocabulary.bank import EntryKind


def look_at(data: bytes, media: KnownMedia, sandbox: Sandbox, *, at: float) -> list[Alike]:
    """Return what lies near, one for each bank and way of looking. `at`: Unix seconds, when it was posted.

    Landmarks are compared only with banks in which no hash is near: that costs some milliseconds a known picture.
    Raises `sandbox.UnreadableError`.
    """
    looked = sandbox.look(data, landmarks=media.holds(EntryKind.LANDMARKS))
    wanted = [(EntryKind.PDQ, one.digest, None) for one in looked.hashes if one.good]
    found: dict[str, Alike] = {}
    for match in media.known.find(wanted, at).matches:
        how = f"{match.distance} bits apart"
        found.setdefault(match.bank, Alike(match.bank, match.entry, match.kind, how))
    if looked.landmarks:
        for alike in media.pictures(looked.landmarks, at, besides=frozenset(found)):
            found.setdefault(alike.bank, alike)
    return list(found.values())
