"""Where one run of the agent keeps its place: a checkpointer that is packed into bytes and stored with its turn.

A turn, what waits in it and the place to go on from are then written in one transaction: none is ever there without
the others. Only plain data and the agent's own messages are packed and unpacked, never arbitrary objects.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

_MSGPACK = "msgpack"


class _Write(NamedTuple):
    """What a step had done before the run stopped."""

    channel: str
    value: Any
    path: str


class Notebook(BaseCheckpointSaver[int]):
    """The last checkpoint of one run, and what was written since."""

    def __init__(self, packed: bytes = b"") -> None:
        """An empty one, or what `packed` returned."""
        super().__init__(serde=JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None))
        self._checkpoint: Checkpoint | None = None
        self._metadata: CheckpointMetadata = {}
        self._writes: dict[tuple[str, int], _Write] = {}
        if packed:
            self._unpack(packed)

    def packed(self) -> bytes:
        """All of it as bytes."""
        writes = [[task_id, index, *write] for (task_id, index), write in self._writes.items()]
        kind, packed = self.serde.dumps_typed([self._checkpoint, self._metadata, writes])
        if kind != _MSGPACK:
            raise ValueError(f"a checkpoint became {kind}")
        return packed

    def _unpack(self, packed: bytes) -> None:
        self._checkpoint, self._metadata, writes = self.serde.loads_typed((_MSGPACK, packed))
        self._writes = {(task_id, index): _Write(*write) for task_id, index, *write in writes}

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Where the run stopped; None before its first step."""
        if self._checkpoint is None:
            return None
        ordered = sorted(self._writes.items(), key=lambda item: (item[1].path, *item[0]))
        writes = [(task_id, write.channel, write.value) for (task_id, _), write in ordered]
        here = _place(config, self._checkpoint)
        return CheckpointTuple(here, self._checkpoint, self._metadata, None, writes)

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint in place of the one before."""
        self._checkpoint, self._metadata, self._writes = checkpoint, metadata, {}
        return _place(config, checkpoint)

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep what a step wrote."""
        for index, (channel, value) in enumerate(writes):
            self._writes[task_id, WRITES_IDX_MAP.get(channel, index)] = _Write(channel, value, task_path)


def _place(config: RunnableConfig, checkpoint: Checkpoint) -> RunnableConfig:
    asked = config["configurable"]
    return {
        "configurable": {
            "thread_id": asked["thread_id"],
            "checkpoint_ns": asked.get("checkpoint_ns", ""),
            "checkpoint_id": checkpoint["id"],
        }
    }
