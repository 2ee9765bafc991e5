"""The shelf of one bank: its hashes as files, from which they are looked up without the database.

One process writes, under its own lock; any number open it. Exact hashes and texts are arrays that are replaced whole,
pictures lie in a hash index with a journal. The manifest is replaced last, so a reader sees one revision or the next.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from hakam.media.long_hashes import Frame
from hakam.signals.near_duplicates import within
from hakam.storage import made_shelf, text_index
from hakam.storage.clip_index import NAME as FRAMES
from hakam.storage.clip_index import ClipIndex, clips_of, moments_in
from hakam.storage.embedded.durable import sync_data, write_whole
from hakam.storage.made_shelf import Held as Held  # noqa: PLC0414 -- what is written, by the name it has here
from hakam.vocabulary.bank import BULLETINS, EXACT, MADE, TEXT_DISTANCE, EntryKind

if TYPE_CHECKING:
    from hakam.storage.hash_index.index import HashIndex

_WORDS = 4
_ATTEMPTS = 5  # to open what a writer replaces meanwhile
_FOLD_AT = 20_000  # pictures in the journal beyond which the index is written anew


class ShelfError(RuntimeError):
    """A shelf is damaged, or pictures can't be looked up here. The message says what would help."""


class Near(NamedTuple):
    """An entry that is the same or near, and by how many bits it differs."""

    entry: int
    distance: int


class Manifest(msgspec.Struct, frozen=True):
    """What is on the shelf. `exact` and `texts` name files; empty: there are none."""

    revision: int = 0
    exact: str = ""
    texts: str = ""
    pictures: int = 0
    made: dict[str, str] = {}  # kind to file, of the kinds that are more than one hash
    clips: str = ""  # the file that says how many moments each clip has; the frames are in an index beside it
    layout: int = 0  # of these files: another version's are written anew
    text_tables: str = ""  # the name of the tables of its texts, of which a large bank has some
    stale: bool = False  # a file still holds bits of hashes that were taken out: `erase` ends that
    bulletins: bool = False  # whether hashes of addresses or accounts ever came


LAYOUT = 1


def key_of(kind: EntryKind, digest: str) -> bytes:
    """Return the 32 bytes under which an exact hash is looked up: evenly spread whatever the kind."""
    return sha256(f"{kind.value}:{digest}".encode()).digest()


class Shelf:
    """The hashes of one bank, open for looking up. Opening reads the manifest and maps the rest."""

    def __init__(self, folder: Path) -> None:
        """Open what is there. Raises `ShelfError` for what can't be read."""
        self.folder = folder
        for attempt in range(_ATTEMPTS):
            self.manifest = manifest_of(folder)
            try:
                self._exact = _load(folder, self.manifest.exact)
                self._texts = _load(folder, self.manifest.texts)
                self._text_tables = text_index.load(folder, self.manifest.text_tables)
                self._pictures: HashIndex | None = _index(folder) if self.manifest.pictures else None
                self._moments = _load(folder, self.manifest.clips)
                if self._pictures is not None:
                    self._pictures.search(bytes(32), 0)  # compiles: nobody who asks later waits for that
            except (OSError, ValueError) as error:
                replaced = isinstance(error, FileNotFoundError) and manifest_of(folder) != self.manifest
                if not replaced or attempt == _ATTEMPTS - 1:
                    raise ShelfError(f"{folder}: {error}") from error
            else:
                return

    @property
    def revision(self) -> int:
        """The revision of the bank that this is."""
        return self.manifest.revision

    @property
    def has_texts(self) -> bool:
        """Whether any text can match."""
        return self._texts is not None

    @property
    def has_bulletins(self) -> bool:
        """Whether any address or account can match."""
        return self._exact is not None and self.manifest.bulletins

    @property
    def has_exact(self) -> bool:
        """Whether any file can match byte for byte."""
        return self._exact is not None

    @property
    def has_pictures(self) -> bool:
        """Whether any picture can match."""
        return self._pictures is not None

    def has_made(self, kind: EntryKind) -> bool:
        """Whether anything of a kind that is more than one hash is here."""
        return kind.value in self.manifest.made

    def made(self, kind: EntryKind) -> list[Held]:
        """Return all there is of a kind that is more than one hash. Read anew each time. Raises `ShelfError`."""
        try:
            return made_shelf.load(self.folder, kind, self.manifest.made.get(kind.value, ""))
        except (OSError, ValueError) as error:
            raise ShelfError(f"{self.folder}: {error}") from error

    def clips(self) -> tuple[ClipIndex, dict[int, int]] | None:
        """Return the frames of its clips, and how many moments each clip has by entry; None if there are no clips.

        Opened anew each time. Raises `ShelfError`, also if the extra `hakam[media]` is not installed.
        """
        if self._moments is None:
            return None
        moments, entries = self._moments
        return _clip_index(self.folder), dict(zip(entries.tolist(), moments.tolist(), strict=True))

    def __len__(self) -> int:
        exact = 0 if self._exact is None else self._exact.shape[1]
        texts = 0 if self._texts is None else self._texts.shape[1]
        return exact + texts + (len(self._pictures) if self._pictures is not None else 0)

    def look(self, kind: EntryKind, digest: str, distance: int) -> Near | None:
        """Return the nearest entry within `distance` bits (texts: at most 14), or None. `digest`: lower-case hex."""
        found = self.find(kind, digest, distance)
        return found[0] if found else None

    def find(self, kind: EntryKind, digest: str, distance: int) -> list[Near]:
        """Return all entries within reach, nearest first."""
        if kind in EXACT or kind in BULLETINS:
            return [Near(entry, 0) for entry in self._same(key_of(kind, digest))]
        if kind in MADE:
            return [Near(one.entry, 0) for one in self.made(kind) if one.digest == digest]
        if kind is EntryKind.TEXT:
            return self._like(int(digest, 16), min(distance, TEXT_DISTANCE))
        if self._pictures is None:
            return []
        return [Near(hit.key, hit.distance) for hit in self._pictures.search(bytes.fromhex(digest), distance)]

    def _same(self, key: bytes) -> list[int]:
        if self._exact is None:
            return []
        words = np.frombuffer(key, np.uint64)
        first = self._exact[0]
        low = int(np.searchsorted(first, words[0], side="left"))
        found = []
        while low < len(first) and first[low] == words[0]:
            if all(self._exact[n][low] == words[n] for n in range(1, _WORDS)):
                found.append(int(self._exact[_WORDS][low]))
            low += 1
        return sorted(found)

    def _like(self, hash_: int, distance: int) -> list[Near]:
        if self._texts is None:
            return []
        if self._text_tables is None:
            found = within(self._texts[0], hash_, distance)
        else:
            found = self._text_tables.within(hash_, distance)
        return sorted(
            (Near(int(self._texts[1][n]), far) for n, far in found),
            key=lambda near: (near.distance, near.entry),
        )


def manifest_of(folder: Path) -> Manifest:
    """Return what a shelf says of itself; an empty one if there is none. Raises `ShelfError`."""
    try:
        found = msgspec.json.decode((folder / "shelf.json").read_bytes(), type=Manifest)
    except FileNotFoundError:
        return Manifest()
    except (OSError, msgspec.MsgspecError) as error:
        raise ShelfError(f"{folder}: {error}") from error
    if found.layout != LAYOUT:
        raise ShelfError(f"{folder}: written by another version")
    return found


def write(
    folder: Path, revision: int, added: Iterable[Held], removed: Sequence[int], *, anew: bool = False
) -> Manifest:
    """Bring a shelf to a revision: take out `removed`, put in `added`. `anew`: nothing of before stays.

    Raises `ShelfError`, for pictures also if the extra `hakam[media]` is not installed; then the shelf is as it was,
    but perhaps for pictures, of which some may be in already: the next attempt puts in all of them again.
    """
    before = Manifest() if anew else manifest_of(folder)
    if anew and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    exact: list[tuple[bytes, int]] = []
    bulletins = before.bulletins
    texts: list[tuple[int, int]] = []
    pictures: list[tuple[int, bytes]] = []
    made: list[Held] = []
    for one in added:
        if one.kind in MADE:
            made.append(one)
        elif one.kind in EXACT or one.kind in BULLETINS:
            bulletins = bulletins or one.kind in BULLETINS
            exact.append((key_of(one.kind, one.digest), one.entry))
        elif one.kind is EntryKind.TEXT:
            texts.append((int(one.digest, 16), one.entry))
        else:
            pictures.append((one.entry, bytes.fromhex(one.digest)))
    gone = np.array(sorted(removed), np.uint64)
    count, stale = _write_pictures(folder, before, pictures, removed)
    clips = clips_of(made)
    stale |= _write_clips(folder, before, clips, removed)
    moments = (
        np.array([[moments_in(frames), entry] for entry, frames in clips.items()], np.uint64).reshape(-1, 2).T
    )
    text_file = _replace(folder, f"texts-{revision}.npy", before.texts, _text_rows(texts), gone, sort=False)
    fresh = Manifest(
        revision,
        _replace(folder, f"exact-{revision}.npy", before.exact, _exact_rows(exact), gone, sort=True),
        text_file,
        count,
        made_shelf.replace(folder, revision, before.made, made, removed),
        _replace(folder, f"clips-{revision}.npy", before.clips, moments, gone, sort=False),
        LAYOUT,
        before.text_tables if text_file == before.texts else _text_tables(folder, text_file, revision),
        before.stale or stale,
        bulletins,
    )
    write_whole(folder / "shelf.json", msgspec.json.encode(fresh))
    _tidy(folder, fresh)
    return fresh


def erase(folder: Path) -> bool:
    """Write the files anew that still hold bits of what was taken out, and delete the old. Return whether any did.

    A file that Windows keeps because somebody has it mapped goes the next time.
    """
    manifest = manifest_of(folder)
    if not manifest.stale:
        return False
    if (folder / "pictures").exists():
        index = _index(folder)
        index.fold()
        index.drop_old()
    if (folder / FRAMES).exists():
        _clip_index(folder).fold()
    write_whole(folder / "shelf.json", msgspec.json.encode(msgspec.structs.replace(manifest, stale=False)))
    _tidy(folder, manifest)
    return True


def _write_pictures(
    folder: Path, before: Manifest, pictures: list[tuple[int, bytes]], removed: Sequence[int]
) -> tuple[int, bool]:
    """Return how many pictures are on the shelf now, and whether bits of removed ones still lie in its files."""
    if not pictures and not before.pictures:
        return 0, False
    index = _index(folder)
    gone = index.remove(removed) if len(index) else 0
    if len(pictures) > _FOLD_AT and not len(index):
        digests = np.frombuffer(b"".join(digest for _, digest in pictures), np.uint64).reshape(-1, _WORDS)
        index.rebuild(np.array([entry for entry, _ in pictures], np.uint64), digests)
    elif pictures:
        index.add(pictures)
        if index.since_base > _FOLD_AT:
            index.fold()
    return len(index), bool(gone)


def _write_clips(
    folder: Path, before: Manifest, clips: Mapping[int, Sequence[Frame]], removed: Sequence[int]
) -> bool:
    """Return whether bits of removed frames still lie in the files."""
    if not clips and not before.clips:
        return False
    return _clip_index(folder).write(clips, removed)


def _clip_index(folder: Path) -> ClipIndex:
    try:
        return ClipIndex(folder)
    except ImportError as error:
        raise ShelfError(
            "clips can't be looked up: install Hakam with `pip install 'hakam[media]'`"
        ) from error
    except (OSError, ValueError) as error:
        raise ShelfError(f"{folder}: {error}") from error


def _index(folder: Path) -> HashIndex:
    try:
        from hakam.storage.hash_index.index import HashIndex  # noqa: PLC0415 -- needs Numba
    except ImportError as error:
        raise ShelfError(
            "pictures can't be looked up: install Hakam with `pip install 'hakam[media]'`"
        ) from error
    return HashIndex(folder / "pictures")


def _exact_rows(rows: list[tuple[bytes, int]]) -> NDArray[np.uint64]:
    if not rows:
        return np.empty((_WORDS + 1, 0), np.uint64)
    words = np.frombuffer(b"".join(key for key, _ in rows), np.uint64).reshape(-1, _WORDS)
    return np.vstack([words.T, np.array([[entry for _, entry in rows]], np.uint64)])


def _text_rows(rows: list[tuple[int, int]]) -> NDArray[np.uint64]:
    if not rows:
        return np.empty((2, 0), np.uint64)
    return np.array(rows, np.uint64).T.copy()


def _text_tables(folder: Path, texts: str, revision: int) -> str:
    held = _load(folder, texts)
    return "" if held is None else text_index.write(folder, f"text-{revision}", held[0])


def _replace(
    folder: Path, name: str, before: str, fresh: NDArray[np.uint64], gone: NDArray[np.uint64], *, sort: bool
) -> str:
    """Write an array with what is added and without what is gone; return the name of its file, empty for none."""
    held = _load(folder, before)
    if held is not None and not fresh.shape[1] and not np.isin(held[-1], gone).any():
        return before
    parts = (
        [fresh]
        if held is None
        else [held[:, ~np.isin(held[-1], gone) & ~np.isin(held[-1], fresh[-1])], fresh]
    )
    rows = np.hstack(parts)
    if not rows.shape[1]:
        return ""
    if sort:
        rows = rows[:, np.argsort(rows[0], kind="stable")]
    with (folder / name).open("wb") as file:
        np.save(file, np.ascontiguousarray(rows))
        file.flush()
        sync_data(file.fileno())
    return name


def _load(folder: Path, name: str) -> NDArray[np.uint64] | None:
    return np.load(folder / name, mmap_mode="r").view(np.ndarray) if name else None


def _tidy(folder: Path, manifest: Manifest) -> None:
    """Delete the arrays that the manifest does not name."""
    named = {manifest.exact, manifest.texts, manifest.clips, *manifest.made.values()}
    for path in (*folder.glob("*.npy"), *folder.glob("*.npz")):
        if path.name not in named.union(text_index.files(manifest.text_tables)):
            try:
                path.unlink()
            except OSError:  # mapped by a reader on Windows: it goes the next time
                continue
