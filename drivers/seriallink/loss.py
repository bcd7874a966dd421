"""How a port is lost: one problem with a stable reason, whatever the system said."""

import errno
import termios

from drivers.seriallink.port import is_network
from edgeagent.driver import DriverProblem

_REASONS = {
    errno.ENOENT: "missing",
    errno.EACCES: "refused",
    errno.EPERM: "refused",
    errno.EAGAIN: "busy",
    errno.EBUSY: "busy",
    errno.EIO: "unplugged",
    errno.ENXIO: "unplugged",
    errno.ENODEV: "unplugged",
    errno.ECONNRESET: "unplugged",
    errno.EPIPE: "unplugged",
    errno.ECONNREFUSED: "unreachable",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.ETIMEDOUT: "unreachable",
}


class LinkLost(DriverProblem):
    """`reason` is one of missing, refused, busy, unplugged, unreachable, write-timeout, failed."""

    code = "serial.lost"
    en = "serial port {port}: {reason} ({detail})"
    zh = "串口 {port} 中断：{reason}（{detail}）"

    @property
    def reason(self) -> str:
        return str(self.facts["reason"])


def explain(error: Exception, port: str = "") -> tuple[str, str]:
    """(stable reason, the system's text) of an error of a port."""
    number = error.args[0] if isinstance(error, termios.error) else getattr(error, "errno", None)
    other = "unreachable" if is_network(port) else "failed"
    return _REASONS.get(number or 0, other), str(error)
