"""Folding a log anew with effects off: only the state comes of it, and what the desk would have been told last."""

from collections.abc import Iterable, Iterator, Sequence

from schemas.needs import (
    AccountStanding,
    Effect,
    OpenNeed,
    ProposeReorder,
    RefuseNeed,
    WithdrawNeed,
    WithdrawReorder,
    decode_effect,
    encode_effect,
)
from streams import codec
from streams.artefacts import ArtefactSource
from streams.codec import decode_account
from streams.core.context import Installation
from streams.generations.files import GenerationFile
from streams.microbatch.ports import Record, Write
from streams.processor import LogFolder
from streams.workspace import key_of

NEEDS, STANDINGS = b"n:", b"s:"
"""Where last words are kept: of a need by its id, of an account by its own."""


class Builder:
    """One partition of a generation. What the fold records is in the log already; letters were kept long ago."""

    def __init__(
        self, file: GenerationFile, number: int, installation: Installation, artefacts: ArtefactSource
    ) -> None:
        self.file = file
        self._folder = LogFolder(number, file, installation, artefacts)

    def read_artefacts_from(self, artefacts: ArtefactSource) -> None:
        """Use this source from now on."""
        self._folder.read_artefacts_from(artefacts)

    def fold(self, records: Sequence[Record], position: int) -> None:
        """Fold records that follow each other in the log, and keep where that leads. Raises Unavailable."""
        folded = self._folder.fold(records)
        self.file.write(folded.writes, told_last(folded.effects), position)


def told_last(effects: Iterable[Effect]) -> Iterator[Write]:
    """What of these is the last word on a need that stands, or on an account."""
    for effect in effects:
        match effect:
            case OpenNeed() | RefuseNeed() | ProposeReorder():
                yield NEEDS + effect.need_id.encode(), encode_effect(effect)
            case WithdrawNeed() | WithdrawReorder():
                yield NEEDS + effect.need_id.encode(), None
            case AccountStanding():
                yield standing_key(effect.account_id), encode_effect(effect)
            case _:
                pass


def go_back(file: GenerationFile) -> None:
    """The file becomes the state before the switch to it; what that state has not told is forgotten with it."""
    changed = set(file.go_back())
    file.forget_told([key for key, raw in file.told_items(NEEDS) if not _stands(file, changed, decode_effect(raw))])


def _stands(file: GenerationFile, changed: set[bytes], word: Effect) -> bool:
    """Whether the state has the need, too; accounts that did not change are not asked."""
    if not isinstance(word, OpenNeed | RefuseNeed | ProposeReorder) or key_of(word.account_id) not in changed:
        return True
    return holds(file, word)


def holds(file: GenerationFile, word: OpenNeed | RefuseNeed | ProposeReorder) -> bool:
    """Whether the state has the need. What a call has settled it forgets without a word: the desk knows."""
    raw = file.get(key_of(word.account_id))
    pair = None if raw is None else decode_account(raw).pairs.get(word.group)
    if pair is None:
        return False
    if pair.need is not None:
        return pair.need.need_id == word.need_id
    return pair.refusal is not None and pair.refusal.cycle == word.cycle


def standing_key(account_id: str) -> bytes:
    """Where an account's last standing is kept."""
    return STANDINGS + account_id.encode()


def made_by(release: str, installation: Installation) -> str:
    """What a state depends on beside the log: one that was begun by something else is not gone on with."""
    return f"{release} codec {codec.VERSION} {installation}"
