"""People who watch the console's live pages, in a process of their own: it pays for what browsers would.

Reads one line of JSON, `[{"path": "/live?…", "cookie": "…"}, …]`; prints `ready` when all streams have had their first
update; from then on notes every update; when stdin says `end`, prints for each watcher what came, and ends.

    python -m bench.watchers PORT
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

READ_BYTES = 1 << 20


class Watcher:
    """One stream. `ids`: of the rows that came, repeats too; `at_s`: when each update came."""

    def __init__(self, path: str, cookie: str) -> None:
        self._path, self._cookie = path, cookie
        self.ids: list[int] = []
        self.at_s: list[float] = []
        self.last_id = ""
        self.size = 0
        self.stands = asyncio.Event()
        self.ended = ""

    async def run(self, port: int) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=READ_BYTES)
            lines = (f"GET {self._path} HTTP/1.0", f"Host: 127.0.0.1:{port}", f"Cookie: {self._cookie}", "", "")
            writer.write("\r\n".join(lines).encode())
            status = await reader.readline()
            if b" 200 " not in status:
                raise OSError(status.decode().strip())
            while await reader.readline() != b"\r\n":
                pass
            await self._read(reader)
            self.ended = "closed"
        except OSError as error:
            self.ended = str(error)
        self.stands.set()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Only looks for what it counts: the browser's work is not measured here."""
        rest = b""
        while data := await reader.read(READ_BYTES):
            self.size += len(data)
            *messages, rest = (rest + data).split(b"\n\n")
            for message in messages:
                if b"event: update" in message:
                    self._take(message)
                    self.stands.set()

    def _take(self, message: bytes) -> None:
        self.at_s.append(time.monotonic())
        for line in message.split(b"\n"):
            if line.startswith(b"id: "):
                self.last_id = line[4:].decode()
            elif line.startswith(b'data: {"rows"'):
                self.ids += [row["id"] for row in json.loads(line[6:])["rows"]]

    def told(self) -> dict[str, Any]:
        apart = [after - before for before, after in zip(self.at_s, self.at_s[1:], strict=False)]
        return {
            "path": self._path, "ids": self.ids, "updates": len(self.at_s), "least_s": min(apart, default=9.0),
            "mean_s": sum(apart[1:]) / max(len(apart) - 1, 1) if len(apart) > 1 else 9.0,
            "last_id": self.last_id, "size": self.size, "ended": self.ended,
        }  # fmt: skip


async def main() -> int:
    port = int(sys.argv[1])
    watchers = [Watcher(each["path"], each["cookie"]) for each in json.loads(sys.stdin.readline())]
    async with asyncio.TaskGroup() as tasks:
        running = []
        for watcher in watchers:
            running.append(tasks.create_task(watcher.run(port)))
            await asyncio.sleep(0.005)  # nobody opens two hundred pages in one moment
        for watcher in watchers:
            await watcher.stands.wait()
        print(json.dumps({"ready": len(watchers)}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for task in running:
            task.cancel()
    print(json.dumps({"told": [watcher.told() for watcher in watchers]}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
