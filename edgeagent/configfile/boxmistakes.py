"""What can be wrong with a box's configuration beyond the form of its files: one class a kind, in two languages.

What any file of settings may have wrong, and the suggestions ("did you mean"), stand in `gridwire.settings.mistakes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from gridwire.problem import Language, Problem
from gridwire.settings.mistakes import Mistake, in_order


class BadConfig(Problem):
    """The configuration cannot be used. `mistakes` are all that were found, in the order of files and lines."""

    code = "config.bad"
    en = "mistakes in the configuration: {count}"
    zh = "配置中有 {count} 处错误"
    exit_code: ClassVar[int] = 78
    """EX_CONFIG of sysexits.h; the unit does not restart on it."""

    def __init__(
        self, mistakes: Iterable[Mistake], warnings: Iterable[Mistake] = (), language: Language | None = None
    ) -> None:
        self.mistakes = in_order(mistakes)
        self.warnings = in_order(warnings)
        self.language = language
        """What the broken file says about the language, when it can be read that far."""
        super().__init__(count=len(self.mistakes))

    def text(self, language: Language) -> str:
        """Each mistake on a line, then the summary."""
        return "\n".join([*(mistake.text(language) for mistake in self.mistakes), self.summary(language)])

    def summary(self, language: Language) -> str:
        return super().text(language)


class NoFile(Mistake):
    code = "config.no-file"
    en = "there is no such file; with a token of the county “edgeagent enroll”, without “edgeagent setup” makes one"
    zh = "没有这个文件；有县里的令牌请执行“edgeagent enroll”，否则可用“edgeagent setup”问答生成"


class FileNotRead(Mistake):
    code = "config.not-read"
    en = "is not read: only names ending in .toml are"
    zh = "没有读取：只读取以 .toml 结尾的文件"


class UnknownDriver(Mistake):
    code = "config.unknown-driver"
    en = "there is no driver “{name}”"
    zh = "没有名为“{name}”的驱动"


class BrokenDriver(Mistake):
    """The driver exists and cannot be loaded: its devices are shown as down, all others work."""

    code = "config.broken-driver"
    en = "driver “{name}” cannot be loaded, the device will not be watched: {reason}"
    zh = "驱动“{name}”无法加载，该设备将不受监测：{reason}"


class BadDevice(Mistake):
    code = "config.bad-device-id"
    en = "“{name}” is no device id: 1 to 32 of a-z, 0-9 and -, not beginning or ending with -"
    zh = "“{name}”不是有效的设备编号：应为 1 至 32 个小写字母、数字或 -，且首尾不能是 -"


class BadTimeZone(Mistake):
    code = "config.bad-time-zone"
    en = "“{name}” is no IANA time zone of this machine"
    zh = "“{name}”不是本机认识的 IANA 时区"


class BadHours(Mistake):
    code = "config.bad-hours"
    en = "“{hours}” begins and ends at the same time: for the whole day write 00:00-24:00"
    zh = "“{hours}”的开始与结束相同：全天请写 00:00-24:00"


class NoPlace(Mistake):
    code = "config.no-place"
    en = "sunrise and sunset need the place: set `latitude` and `longitude` at the top, e.g. 25.6 and 111.9"
    zh = "日出日落需要知道位置：请在文件开头设置 `latitude`（纬度）和 `longitude`（经度），如 25.6 和 111.9"


class NeverHeld(Mistake):
    code = "config.never-held"
    en = "has no effect: fire and smoke never wait"
    zh = "不起作用：火情和烟雾从不等待"


class HalfPlace(Mistake):
    code = "config.half-place"
    en = "latitude and longitude belong together: `{missing}` is missing"
    zh = "经度和纬度必须同时设置：缺少 `{missing}`"


class NoSuchDevice(Mistake):
    code = "config.no-such-device"
    en = "there is no device “{name}”"
    zh = "没有名为“{name}”的设备"


class UnknownKind(Mistake):
    code = "config.unknown-kind"
    en = "alarm kind “{name}” is not known"
    zh = "不认识的报警类型“{name}”"


class SecretMissing(Mistake):
    code = "config.secret-missing"
    en = "secret: file {path} {reason}"
    zh = "密码文件 {path} {reason}"


class SecretOpen(Mistake):
    code = "config.secret-open"
    en = "{path} can be read by others (mode {mode}): chmod 600 {path}"
    zh = "{path} 可被其他用户读取（权限 {mode}）：请执行 chmod 600 {path}"


class SecretUnset(Mistake):
    code = "config.secret-unset"
    en = "secret: environment variable {name} is not set"
    zh = "密码所在的环境变量 {name} 没有设置"


class PlainSecret(Mistake):
    code = "config.plain-secret"
    en = "a password stands here and others can read the file (mode {mode}): chmod 600, or use file:PATH"
    zh = "此处写有密码，而文件可被其他用户读取（权限 {mode}）：请 chmod 600，或改用 file:路径"


class TlsFile(Mistake):
    code = "config.tls-file"
    en = "file {path} {reason}"
    zh = "文件 {path} {reason}"


class TlsPair(Mistake):
    code = "config.tls-pair"
    en = "certificate and key belong together: `{missing}` is missing"
    zh = "证书和私钥必须同时设置：缺少 `{missing}`"


class PortAndTls(Mistake):
    code = "config.port-and-tls"
    en = "port {port} is usual {usual}, here it is {here}"
    zh = "端口 {port} 通常{usual}，此处却{here}"


class OpenLink(Mistake):
    code = "config.open-link"
    en = "the link to {host} is not encrypted, passwords and events can be read on the way: add [hub.tls]"
    zh = "到 {host} 的连接没有加密，途中可被窃听：请加上 [hub.tls]"


class NoDevices(Mistake):
    code = "config.no-devices"
    en = "no device is configured: nothing will be watched"
    zh = "没有配置任何设备，不会监测任何东西"


class GridElsewhere(Mistake):
    code = "config.grid-elsewhere"
    en = "grid {grid} is not in the village {village} of this box"
    zh = "网格 {grid} 不属于本盒所在的村 {village}"
