"""onvif-zeep-async: its own pull point manager, which renews, and restarts what it lost."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import aiohttp  # type: ignore[import-not-found]  # of the peer, which is not installed here
from onvif import ONVIFCamera, ONVIFError
from zeep.exceptions import Error

from bench.peers.onvif_child import LIMIT, POLL_S, RETRY_S, Address, Arrivals, Costs, addresses, answer

_FAILURES = (ONVIFError, Error, aiohttp.ClientError, OSError)
_LIFETIME = timedelta(seconds=600)
_AT_ONCE = 4


async def main() -> None:
    cameras = addresses()
    arrivals, costs, few = Arrivals(len(cameras)), Costs(len(cameras)), asyncio.Semaphore(_AT_ONCE)

    async def begin(number: int) -> asyncio.Task[None]:
        async with few:
            manager = await _connect(cameras[number])
        costs.one_more()
        return asyncio.create_task(_pull_on(manager, number, arrivals))

    tasks = [await begin(0)]
    tasks += await asyncio.gather(*(begin(number) for number in range(1, len(cameras))))
    costs.say()
    threading.Thread(target=answer, args=(arrivals,), daemon=True).start()
    await asyncio.gather(*tasks)


async def _connect(address: Address):  # type: ignore[no-untyped-def]  # a type of the peer, which is not installed here
    camera = ONVIFCamera("127.0.0.1", address.port, address.user, address.password)
    await camera.update_xaddrs()
    await (await camera.create_devicemgmt_service()).GetDeviceInformation()
    media = await camera.create_media_service()
    await media.GetSnapshotUri({"ProfileToken": (await media.GetProfiles())[0].token})
    return await camera.create_pullpoint_manager(_LIFETIME, lambda: None)


async def _pull_on(manager, number: int, arrivals: Arrivals) -> None:  # type: ignore[no-untyped-def]
    question = {"Timeout": timedelta(seconds=POLL_S), "MessageLimit": LIMIT}
    while True:
        try:
            found = await manager.get_service().PullMessages(question)
            arrivals.note(number, len(found.NotificationMessage or ()))
        except _FAILURES:
            manager.resume()  # renew now, and restart when that fails: what its users do
            await asyncio.sleep(RETRY_S)


if __name__ == "__main__":
    asyncio.run(main())
