"""How one port is opened: its name, its speed, and how long what may last."""

from typing import Annotated, Literal

from drivers.seriallink.port import Speed, is_valid
from edgeagent.driver import Settings, about


class SerialSettings(Settings, frozen=True, kw_only=True):
    """How one port is opened. A part's own settings may extend it."""

    port: Annotated[
        str,
        about(
            "设备文件，最好用 /dev/serial/by-id/ 下的名称；或 socket://主机:端口、rfc2217://主机:端口",
            "device file, best a name under /dev/serial/by-id/; or socket://HOST:PORT, rfc2217://HOST:PORT",
            min_length=1,
        ),
    ]
    baud: Annotated[int, about("波特率", "bits per second", ge=50, le=4_000_000)] = 9600
    data_bits: Annotated[Literal[7, 8], about("数据位", "data bits")] = 8
    parity: Annotated[Literal["N", "E", "O"], about("校验：N 无、E 偶、O 奇", "parity: none, even, odd")] = "N"
    stop_bits: Annotated[Literal[1, 2], about("停止位", "stop bits")] = 1
    inter_byte_timeout_s: Annotated[
        float,
        about(
            "停顿超过此时间即视为一帧结束，秒", "a pause as long as this ends a frame, whole or half, in s", gt=0, le=10
        ),
    ] = 0.2
    write_timeout_s: Annotated[
        float,
        about(
            "设备超过此时间不收数据即视为断开，秒",
            "a device that takes no bytes for so long is lost, in s",
            gt=0,
            le=60,
        ),
    ] = 2.0
    reopen_first_s: Annotated[
        float, about("断开后首次重新打开前的等待，秒", "wait before the first attempt to open again, in s", gt=0)
    ] = 0.5
    reopen_last_s: Annotated[
        float, about("等待逐次加倍，最长不超过此值，秒", "the wait doubles up to this, in s", gt=0)
    ] = 10.0

    def __post_init__(self) -> None:
        if not is_valid(self.port):
            raise ValueError(
                "a port is a device file, socket://HOST:PORT or rfc2217://HOST:PORT"
                " / 串口应为设备文件、socket://主机:端口 或 rfc2217://主机:端口"
            )

    @property
    def speed(self) -> Speed:
        return Speed(self.baud, self.data_bits, self.parity, self.stop_bits)
