"""The words for why a file could not be looked at, in the language in force."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from hakam.media.trouble import Trouble

UNREAD: Final[dict[str, Promise]] = {
    Trouble.EMPTY.value: pgettext_lazy("file that can't be read", "it is empty"),
    Trouble.NOT_A_PICTURE.value: pgettext_lazy("file that can't be read", "it is no picture"),
    Trouble.NOT_A_CLIP.value: pgettext_lazy("file that can't be read", "it is no clip and no recording"),
    Trouble.TOO_LARGE.value: pgettext_lazy("file that can't be read", "it has too many pixels"),
    Trouble.TOO_BIG.value: pgettext_lazy("file that can't be read", "it has too many bytes"),
    Trouble.DAMAGED.value: pgettext_lazy("file that can't be read", "it is damaged or cut short"),
    Trouble.TOO_SLOW.value: pgettext_lazy("file that can't be read", "there was no time to read it"),
    Trouble.DEADLY.value: pgettext_lazy("file that can't be read", "the program that read it ended"),
    Trouble.NO_READER.value: pgettext_lazy("file that can't be read", "no program could be started for it"),
    Trouble.NOT_OPEN.value: pgettext_lazy("file that can't be read", "its file can't be opened"),
}
