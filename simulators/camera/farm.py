"""Several cameras in one process on one event loop, with a control server and a discovery responder."""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from simulators.camera.camera import Camera
from simulators.camera.config import CameraConfig
from simulators.camera.control import ControlServer
from simulators.camera.discovery import PORT, DiscoveryResponder


class CameraFarm:
    """`async with CameraFarm([CameraConfig(name="c1"), ...]) as farm: farm["c1"].raise_alarm("motion")`.

    `discovery_port` None: no discovery; 0: a free UDP port on loopback, unicast. `multicast` also listens on
    239.255.255.250, port `multicast_port` (0: a free one). Raises ValueError when two cameras have one name.
    """

    def __init__(
        self,
        configs: Iterable[CameraConfig],
        *,
        control_port: int = 0,
        discovery_port: int | None = None,
        multicast: bool = False,
        multicast_port: int = PORT,
    ) -> None:
        listed = list(configs)
        self.cameras = {config.name: Camera(config) for config in listed}
        if len(self.cameras) != len(listed):
            raise ValueError("两台摄像机同名 / two cameras have the same name")
        self.control = ControlServer(self.cameras, port=control_port)
        wanted = discovery_port is not None or multicast
        self.discovery = (
            DiscoveryResponder(
                self.cameras, port=discovery_port or 0, multicast=multicast, multicast_port=multicast_port
            )
            if wanted
            else None
        )

    def __getitem__(self, name: str) -> Camera:
        return self.cameras[name]

    async def start(self) -> None:
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.stop)
            for camera in self.cameras.values():
                await camera.start()
            await self.control.start()
            if self.discovery is not None:
                await self.discovery.start()
            undo.pop_all()

    async def stop(self) -> None:
        if self.discovery is not None:
            self.discovery.stop()
        await self.control.stop()
        for camera in self.cameras.values():
            await camera.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
