"""Every setting of the agent, once: name, type, limits, default, unit and meaning; samples and reference come from it.

A device's table has the common keys of `DeviceSettings` and, beside them, the keys of its driver's `Config`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from gridwire.events import Severity
from gridwire.identifiers import BOX_PATTERN, COUNTY_PATTERN, DEVICE_PATTERN, GRID_PATTERN, county_of
from gridwire.kinds import KINDS
from gridwire.problem import Language
from gridwire.settings import Settings, about

Hours = Annotated[
    str,
    about(
        "时段，写作 [星期 ]起-止，如 22:00-06:00、周六,周日 00:00-24:00、周一-周五 日落-30分钟-日出+30分钟；"
        "跨午夜的时段归于开始的那一天",
        "hours: [DAYS ]FROM-TO, e.g. 22:00-06:00, Sat,Sun 00:00-24:00, Mon-Fri sunset-30min-sunrise+30min; hours over "
        "midnight belong to the day on which they begin",
        example="20:00-06:00",
    ),
]
NEVER_HELD: Final = frozenset(name for name, kind in KINDS.items() if kind.never_held)
"""Kinds of which no rule holds back the start or the end."""
PresetName = Literal["pond", "forest-edge", "village-office"]
"""What each of them does stands in `edgeagent.rules.presets`."""
MakerName = Literal["hikvision", "dahua", "uniview", "tvt", "tp-link", "xm", "reolink", "axis"]
"""What the cameras of each need stands in `edgeagent.configfile.makers`."""
DevicePreset = Literal[
    "pond", "forest-edge", "village-office",
    "hikvision", "dahua", "uniview", "tvt", "tp-link", "xm", "reolink", "axis",
]  # fmt: skip
"""Either of them; a test sees to it that none is left out."""
DeviceId = Annotated[str, Meta(pattern=DEVICE_PATTERN, examples=["cam-1"])]


class TlsSettings(Settings, frozen=True, kw_only=True):
    """How the box proves who it is, and knows the hub. Relative paths begin at the folder of `edgeagent.toml`."""

    ca: Annotated[
        str,
        about(
            "县级 CA 证书，PEM 文件",
            "certificate of the county's CA, PEM file",
            min_length=1,
            example="/etc/edgeagent/ca.pem",
        ),
    ]
    cert: Annotated[str, about("本盒证书，PEM 文件", "the box's certificate, PEM file")] = ""
    key: Annotated[
        str, about("本盒私钥，PEM 文件，不得让其他用户读取", "the box's key, PEM file, readable by nobody else")
    ] = ""


class HubSettings(Settings, frozen=True, kw_only=True):
    """The broker at the county."""

    host: Annotated[
        str, about("消息服务器的域名或地址", "name or address of the broker", min_length=1, example="hub.example.cn")
    ]
    port: Annotated[
        int,
        about(
            "端口：使用 TLS 为 8883，不用为 1883",
            "port of the broker: 8883 with TLS, 1883 without",
            ge=1,
            le=65535,
        ),
    ] = 8883
    others: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[^\s:/]+:[0-9]{1,5}$")], ...],
        about(
            "备用消息服务器，写作 主机:端口，按优先顺序；首选不可达时依次使用",
            "further brokers as HOST:PORT, in order of preference, for when the first does not answer",
            example=["backup.example.cn:8883"],
        ),
    ] = ()
    protocol: Annotated[Literal["5", "3.1.1"], about("MQTT 版本", "version of MQTT")] = "5"
    username: Annotated[str, about("用户名；留空即盒子编号", "user name; empty: the box id")] = ""
    password: Annotated[
        str, about("密码：file:路径、env:变量名或明文", "password: `file:PATH`, `env:NAME` or the text", secret=True)
    ] = ""
    tls: Annotated[
        TlsSettings | None, about("TLS；没有此表则连接不加密", "TLS; without this table the link is not encrypted")
    ] = None
    keepalive_s: Annotated[
        int, about("空闲时心跳间隔，秒", "seconds between pings on a quiet link", ge=10, le=3600)
    ] = 240
    health_every_s: Annotated[int, about("健康报文间隔，秒", "seconds between health messages", ge=5, le=3600)] = 300
    backoff_max_s: Annotated[
        int,
        about("两次重连之间的最长间隔，秒", "longest pause between two attempts to connect, seconds", ge=1, le=3600),
    ] = 60
    will_delay_s: Annotated[
        int, about("断线多少秒后由服务器通告失联", "seconds after which the broker tells the loss", ge=0, le=3600)
    ] = 60
    resend_after_s: Annotated[
        float,
        about(
            "未收到县级确认时，多少秒后重发最早一条",
            "seconds without the hub's acknowledgement before the oldest goes again",
            ge=1,
            le=900,
        ),
    ] = 30.0
    data_mb_per_month: Annotated[
        int,
        about(
            "计流量线路每月流量预算，MiB，收发合计；0 为不限。接近用完时依次缩小图片、暂存图片不发、减少健康报文；"
            "报警、签到和求助始终发送",
            "data budget of a metered link, MiB a month, both directions; 0: none. As it runs short, pictures get "
            "smaller, then stay here, then health is rare; alarms, check-ins and SOS always go",
            ge=0,
            le=1048576,
        ),
    ] = 0
    data_reset_day: Annotated[
        int, about("流量预算每月重新起算的日期", "day of the month on which the budget begins anew", ge=1, le=28)
    ] = 1

    def __repr__(self) -> str:
        """For logs: without the password."""
        return f"HubSettings(host={self.host!r}, port={self.port}, protocol={self.protocol!r}, tls={self.tls!r})"


class StoreSettings(Settings, frozen=True, kw_only=True):
    """What the box keeps, and where."""

    dir: Annotated[str, about("待发库和图片所在目录", "folder of the outbox and of the pictures", min_length=1)] = (
        "/var/lib/edgeagent"
    )
    max_mb: Annotated[int, about("待发库文件限额，MiB", "quota of the outbox's file, MiB", ge=4, le=65536)] = 256
    pictures_max_mb: Annotated[int, about("图片限额，MiB", "quota of the pictures, MiB", ge=1, le=1048576)] = 512
    retain_days: Annotated[
        float,
        about("已确认事件保留天数，供补传", "days that acknowledged events stay for replay", ge=0, le=365),
    ] = 7.0
    reading_linger_ms: Annotated[
        int,
        about(
            "读数合并入库的等待时间，毫秒，用于减少闪存磨损",
            "how long readings may wait for company before a commit, milliseconds, for the flash's sake",
            ge=0,
            le=10000,
        ),
    ] = 300


class StatusSettings(Settings, frozen=True, kw_only=True):
    """The local status page and the metrics."""

    host: Annotated[
        str, about("监听地址；只有 127.0.0.1 不对外", "address to listen on; only 127.0.0.1 is private", min_length=1)
    ] = "127.0.0.1"
    port: Annotated[
        int, about("页面和指标的端口；0 为任意空闲端口", "port of page and metrics; 0: any free one", ge=0, le=65535)
    ] = 9464
    enabled: Annotated[
        bool, about("提供页面及 /metrics、/livez、/readyz", "serve the page and /metrics, /livez, /readyz")
    ] = True


class RuleSettings(Settings, frozen=True, kw_only=True):
    """What becomes of an alarm. Of all rules that match, the last one in the files counts, setting by setting."""

    devices: Annotated[tuple[DeviceId, ...], about("设备编号；留空为全部", "device ids; empty: all")] = ()
    kinds: Annotated[tuple[str, ...], about("报警类型；留空为全部", "alarm kinds; empty: all", example=["motion"])] = ()
    preset: Annotated[
        PresetName | None,
        about(
            "按名称套用一组规则，内容见 edgeagent rules presets；本条其他设置优先",
            "rules by name for these devices and kinds, see edgeagent rules presets; what else stands here counts more",
        ),
    ] = None
    armed: Annotated[
        tuple[Hours, ...] | None,
        about(
            "布防时段，写作 [星期 ]起-止；其余时间的报警不上报",
            "hours in which alarms count, [DAYS ]FROM-TO; others are suppressed",
        ),
    ] = None
    min_duration_s: Annotated[
        Annotated[float, Meta(ge=0, le=3600, examples=[3])] | None,
        about(
            "报警须持续多少秒才算数，提前结束则不上报；脉冲、火情、烟雾不等待",
            "seconds that an alarm must stand before it counts; one that ends before is suppressed. Pulses, fire and "
            "smoke never wait",
        ),
    ] = None
    merge_gap_s: Annotated[
        Annotated[float, Meta(ge=0, le=3600, examples=[10])] | None,
        about(
            "结束后多少秒内再次开始视为同一次报警；重叠的报警也合并",
            "an alarm that begins again within so many seconds after its end goes on as one; so do those that overlap",
        ),
    ] = None
    merge_by: Annotated[
        Literal["kind", "source"] | None,
        about(
            "合并范围：kind 为同一设备同一类型（不论主题和来源），source 为各来源分开；"
            "不设则画面类按 kind，其余按 source",
            "what is merged: kind (all of a device and kind, whichever topic or source tells it) or source (each "
            "source for itself). Unset: kind for what cameras see, source for the rest",
        ),
    ] = None
    cooldown_s: Annotated[
        Annotated[float, Meta(ge=0, le=86400, examples=[60])] | None,
        about("一次报警后多少秒内的重复报警不上报", "seconds after a start in which a further start is suppressed"),
    ] = None
    severity: Annotated[Severity | None, about("严重程度", "how grave it is")] = None
    picture: Annotated[bool | None, about("是否同时抓拍图片", "take a picture with it", example=False)] = None
    drop: Annotated[bool | None, about("始终不上报", "suppress it always", example=False)] = None


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every device has; `options` is the decoded `Config` of its driver, None if that cannot be loaded."""

    driver: Annotated[
        str, about("驱动名称，如 onvif、terminal", "name of the driver, e.g. onvif, terminal", min_length=1)
    ]
    name: Annotated[str, about("显示名称", "name for people", max_length=64)] = ""
    grid: Annotated[
        Annotated[str, Meta(pattern=GRID_PATTERN, examples=["430121001001001"])] | None,
        about("所在网格，15 位", "grid in which it stands, 15 digits"),
    ] = None
    enabled: Annotated[bool, about("false 表示保留配置但不监测", "false: configured but not watched")] = True
    preset: Annotated[
        Annotated[DevicePreset, Meta(examples=["pond"])]
        | Annotated[tuple[DevicePreset, ...], Meta(max_length=4)]
        | None,
        about(
            "按名称套用：一组报警规则（[[rule]] 优先），或该厂家摄像机所需的设置（本表所写优先）；"
            '多个写作 ["hikvision", "pond"]；全部名称见 docs/reference/presets.md',
            "by name: rules for its alarms (every [[rule]] counts more), or what cameras of its maker need (what this "
            'table says counts more); several as ["hikvision", "pond"]; all names: docs/reference/presets.md',
        ),
    ] = None
    options: Any = None


class Config(Settings, frozen=True, kw_only=True):
    """The whole configuration: `edgeagent.toml`, and with it `conf.d/*.toml` in the order of their names.

    Tables of several files are put together and `[[rule]]` lists joined; a setting that two files set is a mistake.
    """

    box: Annotated[
        str,
        about(
            "盒子编号：12 位村级区划代码，同村第二台起加 -2、-3",
            "box id: 12-digit village code, -2, -3 for further boxes",
            pattern=BOX_PATTERN,
            example="430121001001",
        ),
    ]
    county: Annotated[
        str,
        about(
            "主题中的县级代码；留空即取盒子编号前 6 位",
            "county of the topics; empty: as in the box id",
            pattern=rf"^$|{COUNTY_PATTERN}",
        ),
    ] = ""
    name: Annotated[str, about("村名或点位名", "name of the place", max_length=64)] = ""
    language: Annotated[Language, about("界面语言", "language of texts for people")] = "zh"
    timezone: Annotated[
        str,
        about(
            "规则时段和流量预算月份的时区（IANA 名称）",
            "IANA time zone of hours in rules and of the data budget's month",
        ),
    ] = "Asia/Shanghai"
    latitude: Annotated[
        Annotated[float, Meta(ge=-90, le=90, examples=[25.6])] | None,
        about("纬度，十进制度，用于日出日落", "of the place, decimal degrees, north positive; for sunrise and sunset"),
    ] = None
    longitude: Annotated[
        Annotated[float, Meta(ge=-180, le=180, examples=[111.9])] | None,
        about("经度，十进制度，用于日出日落", "of the place, decimal degrees, east positive; for sunrise and sunset"),
    ] = None
    hub: Annotated[HubSettings, about("县级消息服务器", "the broker at the county")]
    store: Annotated[StoreSettings, about("本盒保存的数据", "what the box keeps")] = StoreSettings()
    status: Annotated[StatusSettings, about("本地状态页和指标", "local status page and metrics")] = StatusSettings()
    rule: Annotated[tuple[RuleSettings, ...], about("报警规则", "what becomes of alarms")] = ()
    device: Annotated[
        dict[str, DeviceSettings], about("每台设备一个表，以编号命名", "one table a device, named by its id")
    ] = msgspec.field(default_factory=dict)

    @property
    def county_code(self) -> str:
        """As it is set, else that of the box's village."""
        return self.county or county_of(self.box)
