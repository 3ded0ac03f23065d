"""The parser process: reads limits, then batches of files from standard input, and answers each with its records."""

from __future__ import annotations

import contextlib
import resource
import struct
import sys
from typing import BinaryIO

import msgspec

from repos.engine.types import Limits

from .workers import Job, records_of

_size = struct.Struct("<I")


# Bytes of address space. Some sources make a grammar take many GB: then this process dies alone and its file is left
# out, before the server has to choose what to end.
MEMORY = 3 << 30


def limit_memory() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    with contextlib.suppress(OSError, ValueError):  # a system that has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))


def main(read: BinaryIO, write: BinaryIO) -> None:
    head = _receive(read)
    if head is None:
        return
    limits = msgspec.msgpack.decode(head, type=Limits)
    jobs = msgspec.msgpack.Decoder(list[Job])
    while (data := _receive(read)) is not None:
        answer = msgspec.msgpack.encode(records_of(jobs.decode(data), limits))
        write.write(_size.pack(len(answer)) + answer)
        write.flush()


def _receive(read: BinaryIO) -> bytes | None:
    head = read.read(_size.size)
    if len(head) < _size.size:
        return None
    data = read.read(_size.unpack(head)[0])
    return data if len(data) == _size.unpack(head)[0] else None


if __name__ == "__main__":
    limit_memory()
    main(sys.stdin.buffer, sys.stdout.buffer)
