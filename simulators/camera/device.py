"""Device service (ONVIF ver10/device): clock, identity, services, scopes, network, reboot."""

from datetime import UTC, datetime
from urllib.parse import quote

from simulators.camera.operation import Operation, plain
from simulators.camera.soap import NS, SoapRequest, element, leaf, qname
from simulators.camera.state import EVENT_PATH, CameraState
from simulators.camera.times import BEIJING

PATH = "/onvif/device_service"
MEDIA_PATH = "/onvif/media_service"
IMAGING_PATH = "/onvif/imaging_service"
SERVICES = (("tds", PATH), ("trt", MEDIA_PATH), ("tev", EVENT_PATH), ("timg", IMAGING_PATH))


def scopes(state: CameraState) -> list[str]:
    """The scopes of GetScopes and of discovery."""
    base = "onvif://www.onvif.org"
    config = state.config
    return [
        f"{base}/type/video_encoder",
        f"{base}/Profile/Streaming",
        f"{base}/hardware/{quote(config.model)}",
        f"{base}/name/{quote(config.name)}",
        f"{base}/location/country/china",
    ]


def _date_time(tag: str, moment: datetime) -> str:
    time_of_day = element(
        "tt:Time", leaf("tt:Hour", moment.hour), leaf("tt:Minute", moment.minute), leaf("tt:Second", moment.second)
    )
    date = element("tt:Date", leaf("tt:Year", moment.year), leaf("tt:Month", moment.month), leaf("tt:Day", moment.day))
    return element(tag, time_of_day, date)


def get_system_date_and_time(state: CameraState, request: SoapRequest) -> str:
    now = state.clock.now()
    if "tells_local_time" in state.config.quirks:
        now = now.astimezone(BEIJING).replace(tzinfo=UTC)
    clock = element(
        "tds:SystemDateAndTime",
        leaf("tt:DateTimeType", "Manual"),
        leaf("tt:DaylightSavings", False),
        element("tt:TimeZone", leaf("tt:TZ", "CST-8")),
        _date_time("tt:UTCDateTime", now),
        _date_time("tt:LocalDateTime", now.astimezone(BEIJING)),
    )
    return element("tds:GetSystemDateAndTimeResponse", clock)


def get_device_information(state: CameraState, request: SoapRequest) -> str:
    config = state.config
    return element(
        "tds:GetDeviceInformationResponse",
        leaf("tds:Manufacturer", config.maker),
        leaf("tds:Model", config.model),
        leaf("tds:FirmwareVersion", config.firmware),
        leaf("tds:SerialNumber", config.serial),
        leaf("tds:HardwareId", "88"),
    )


def get_services(state: CameraState, request: SoapRequest) -> str:
    version = element("tds:Version", leaf("tt:Major", 2), leaf("tt:Minor", 60))
    listed = (
        element("tds:Service", leaf("tds:Namespace", NS[prefix]), leaf("tds:XAddr", state.address(path)), version)
        for prefix, path in SERVICES
        if prefix != "tev" or "no_event_service" not in state.config.quirks
    )
    return element("tds:GetServicesResponse", *listed)


def get_capabilities(state: CameraState, request: SoapRequest) -> str:
    events = element(
        "tt:Events",
        leaf("tt:XAddr", state.address(EVENT_PATH)),
        leaf("tt:WSSubscriptionPolicySupport", True),
        leaf("tt:WSPullPointSupport", True),
        leaf("tt:WSPausableSubscriptionManagerInterfaceSupport", False),
    )
    streaming = element(
        "tt:StreamingCapabilities",
        leaf("tt:RTPMulticast", False),
        leaf("tt:RTP_TCP", True),
        leaf("tt:RTP_RTSP_TCP", True),
    )
    capabilities = element(
        "tds:Capabilities",
        element("tt:Device", leaf("tt:XAddr", state.address(PATH))),
        "" if "no_event_service" in state.config.quirks else events,
        element("tt:Imaging", leaf("tt:XAddr", state.address(IMAGING_PATH))),
        element("tt:Media", leaf("tt:XAddr", state.address(MEDIA_PATH)), streaming),
    )
    return element("tds:GetCapabilitiesResponse", capabilities)


def get_scopes(state: CameraState, request: SoapRequest) -> str:
    listed = (
        element("tds:Scopes", leaf("tt:ScopeDef", "Fixed"), leaf("tt:ScopeItem", scope)) for scope in scopes(state)
    )
    return element("tds:GetScopesResponse", *listed)


def get_hostname(state: CameraState, request: SoapRequest) -> str:
    information = element("tds:HostnameInformation", leaf("tt:FromDHCP", False), leaf("tt:Name", state.config.serial))
    return element("tds:GetHostnameResponse", information)


def get_network_interfaces(state: CameraState, request: SoapRequest) -> str:
    info = element("tt:Info", leaf("tt:Name", "eth0"), leaf("tt:HwAddress", mac_address(state)), leaf("tt:MTU", 1500))
    manual = element("tt:Manual", leaf("tt:Address", "127.0.0.1"), leaf("tt:PrefixLength", 8))
    ipv4 = element("tt:IPv4", leaf("tt:Enabled", True), element("tt:Config", manual, leaf("tt:DHCP", False)))
    interface = element("tds:NetworkInterfaces", leaf("tt:Enabled", True), info, ipv4, token="eth0")
    return element("tds:GetNetworkInterfacesResponse", interface)


def mac_address(state: CameraState) -> str:
    """A locally administered address that follows from the port."""
    return f"02:00:00:00:{state.port >> 8:02x}:{state.port & 255:02x}"


def system_reboot(state: CameraState, request: SoapRequest) -> str:
    state.on_reboot()
    return element("tds:SystemRebootResponse", leaf("tds:Message", f"Rebooting in {state.config.reboot_s:.0f} s"))


CLOCK = plain(get_system_date_and_time, public=True)
OPERATIONS: dict[str, Operation] = {
    qname("tds:GetSystemDateAndTime"): CLOCK,
    qname("tds:GetServices"): plain(get_services, public=True),
    qname("tds:GetCapabilities"): plain(get_capabilities, public=True),
    qname("tds:GetHostname"): plain(get_hostname, public=True),
    qname("tds:GetDeviceInformation"): plain(get_device_information),
    qname("tds:GetScopes"): plain(get_scopes),
    qname("tds:GetNetworkInterfaces"): plain(get_network_interfaces),
    qname("tds:SystemReboot"): plain(system_reboot),
}
