"""Media service (ONVIF ver10/media) and the little of Imaging that clients ask for."""

from simulators.camera.operation import Operation, plain
from simulators.camera.soap import SoapFault, SoapRequest, element, leaf, qname
from simulators.camera.state import CameraState
from simulators.camera.topics import VIDEO_SOURCE

SNAPSHOT_PATH = "/snapshot.jpg"
STREAM_PATH = "/Streaming/"
WRONG_LOGIN = "?usr=admin&pwd=123456"
# token, name, width, height, frames/s, kbit/s
PROFILES = (
    ("Profile_1", "mainStream", 1920, 1080, 25, 4096),
    ("Profile_2", "subStream", 640, 360, 12, 512),
)


def _video_source_configuration() -> str:
    return element(
        "tt:VideoSourceConfiguration",
        leaf("tt:Name", "VideoSourceConfig"),
        leaf("tt:UseCount", len(PROFILES)),
        leaf("tt:SourceToken", VIDEO_SOURCE),
        element("tt:Bounds", x="0", y="0", width="1920", height="1080"),
        token="VideoSourceToken",
    )


def _encoder(token: str, width: int, height: int, frames: int, kilobits: int) -> str:
    rate = element(
        "tt:RateControl",
        leaf("tt:FrameRateLimit", frames),
        leaf("tt:EncodingInterval", 1),
        leaf("tt:BitrateLimit", kilobits),
    )
    address = element("tt:Address", leaf("tt:Type", "IPv4"), leaf("tt:IPv4Address", "0.0.0.0"))
    multicast = element("tt:Multicast", address, leaf("tt:Port", 0), leaf("tt:TTL", 1), leaf("tt:AutoStart", False))
    return element(
        "tt:VideoEncoderConfiguration",
        leaf("tt:Name", f"VideoEncoder_{token}"),
        leaf("tt:UseCount", 1),
        leaf("tt:Encoding", "H264"),
        element("tt:Resolution", leaf("tt:Width", width), leaf("tt:Height", height)),
        leaf("tt:Quality", 3.0),
        rate,
        element("tt:H264", leaf("tt:GovLength", 50), leaf("tt:H264Profile", "Main")),
        multicast,
        leaf("tt:SessionTimeout", "PT60S"),
        token=f"VideoEncoderToken_{token}",
    )


def get_profiles(state: CameraState, request: SoapRequest) -> str:
    listed = (
        element(
            "trt:Profiles",
            leaf("tt:Name", name),
            _video_source_configuration(),
            _encoder(token, width, height, frames, kilobits),
            token=token,
            fixed="true",
        )
        for token, name, width, height, frames, kilobits in PROFILES
    )
    return element("trt:GetProfilesResponse", *listed)


def get_video_sources(state: CameraState, request: SoapRequest) -> str:
    resolution = element("tt:Resolution", leaf("tt:Width", 1920), leaf("tt:Height", 1080))
    source = element("trt:VideoSources", leaf("tt:Framerate", 25.0), resolution, token=VIDEO_SOURCE)
    return element("trt:GetVideoSourcesResponse", source)


def _check_profile(request: SoapRequest) -> str:
    token = request.text("trt:ProfileToken") or ""
    if token not in [profile[0] for profile in PROFILES]:
        raise SoapFault("Sender", ("ter:InvalidArgVal", "ter:NoProfile"), f"no profile {token!r}")
    return token


def _media_uri(tag: str, uri: str) -> str:
    media_uri = element(
        "trt:MediaUri",
        leaf("tt:Uri", uri),
        leaf("tt:InvalidAfterConnect", False),
        leaf("tt:InvalidAfterReboot", False),
        leaf("tt:Timeout", "PT0S"),
    )
    return element(tag, media_uri)


def get_snapshot_uri(state: CameraState, request: SoapRequest) -> str:
    _check_profile(request)
    if "no_snapshot_uri" in state.config.quirks:
        raise SoapFault("Receiver", ("ter:ActionNotSupported", "ter:NotSupported"), "no snapshots")
    return _media_uri("trt:GetSnapshotUriResponse", snapshot_uri(state))


def snapshot_uri(state: CameraState) -> str:
    """As announced."""
    quirks = state.config.quirks
    if "snapshot_port_80" in quirks:
        return f"http://127.0.0.1:80{SNAPSHOT_PATH}"
    query = WRONG_LOGIN if "snapshot_query_login" in quirks else ""
    missing = "snapshot_404" in quirks
    return state.address(("/onvif/no-such-picture.jpg" if missing else SNAPSHOT_PATH) + query)


def get_stream_uri(state: CameraState, request: SoapRequest) -> str:
    """Behind NAT the host is wrong, the port is forwarded."""
    token = _check_profile(request)
    host = state.address("").removeprefix("http://").partition(":")[0]
    return _media_uri("trt:GetStreamUriResponse", f"rtsp://{host}:{state.rtsp_port}{STREAM_PATH}{token}")


def get_imaging_settings(state: CameraState, request: SoapRequest) -> str:
    if request.text("timg:VideoSourceToken") != VIDEO_SOURCE:
        raise SoapFault("Sender", ("ter:InvalidArgVal", "ter:NoSource"), "no such video source")
    names = ("Brightness", "ColorSaturation", "Contrast", "Sharpness")
    settings = element("timg:ImagingSettings", *(leaf(f"tt:{name}", 50.0) for name in names))
    return element("timg:GetImagingSettingsResponse", settings)


OPERATIONS: dict[str, Operation] = {
    qname("trt:GetProfiles"): plain(get_profiles),
    qname("trt:GetVideoSources"): plain(get_video_sources),
    qname("trt:GetSnapshotUri"): plain(get_snapshot_uri),
    qname("trt:GetStreamUri"): plain(get_stream_uri),
}
IMAGING_OPERATIONS: dict[str, Operation] = {
    qname("timg:GetImagingSettings"): plain(get_imaging_settings),
}
