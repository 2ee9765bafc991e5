"""The adapter `moderations` for pictures: an endpoint that speaks as OpenAI's moderations do, given a picture.

Settings are those of `hakam.adapters.moderations`. A picture goes as JPEG of at most 512 pixels a side, in an address
`data:`; each is a request of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from hakam.adapters.declared import Declared
from hakam.adapters.endpoint import TroubleError
from hakam.adapters.model import Answer, Known, ModelUnavailableError, Unknown
from hakam.adapters.moderations import Moderations, scores_in
from hakam.media import extra

if TYPE_CHECKING:
    from hakam.adapters.model import Rgb8

SIDE: Final = 512  # pixels of the longer side of what is sent
_QUALITY: Final = 80
_CHANNELS: Final = 3


class PictureModerationsModel(Moderations):
    """A moderation service that looks at pictures. Raises `ModelUnavailableError` for what can't be used."""

    def __init__(self, declared: Declared, *, secret: Callable[[str], str]) -> None:
        try:
            extra.demand()
        except extra.MediaExtraMissingError as error:
            raise ModelUnavailableError(str(error)) from error
        super().__init__(declared, secret=secret)

    def look(self, pictures: Sequence[Rgb8]) -> list[Answer]:
        """Answer each picture; `at_once` of them are under way at a time."""
        return list(self._threads.map(self._one, pictures))

    def _one(self, picture: Rgb8) -> Answer:
        data = jpeg(picture)
        if not data:
            return Unknown("it is no picture of three colours")
        address = "data:image/jpeg;base64," + base64.b64encode(data).decode()
        body: dict[str, Any] = {"input": [{"type": "image_url", "image_url": {"url": address}}]}
        if self._settings.model:
            body["model"] = self._settings.model
        try:
            found, _ = self._endpoint.post("/moderations", body)
        except TroubleError as error:
            return Unknown(str(error), error.again, calls=1)
        said = scores_in(found, self.labels, self._settings.categories)
        return said if isinstance(said, Unknown) else Known(said, calls=1)


def jpeg(picture: Rgb8, side: int = SIDE) -> bytes:
    """Return a picture as JPEG, its longer side at most `side` pixels; nothing for what is no picture."""
    import cv2  # noqa: PLC0415 -- needs the extra

    if picture.ndim != _CHANNELS or picture.shape[2] != _CHANNELS or not picture.size:
        return b""
    share = min(1.0, side / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * share)), max(1, round(picture.shape[0] * share)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if share < 1.0 else picture
    done, data = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes() if done else b""
