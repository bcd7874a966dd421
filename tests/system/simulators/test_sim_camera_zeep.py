"""The simulated camera as real clients see it: zeep with the WSDLs that onvif-zeep ships parses every answer."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import zeep
from requests.auth import HTTPDigestAuth
from zeep.exceptions import Fault
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from simulators.camera import Camera, CameraConfig

WSDL = Path(zeep.__file__).parent.parent / "wsdl"
PASSWORD = "pond-Fish-7"
BINDINGS = {
    "devicemgmt": ("{http://www.onvif.org/ver10/device/wsdl}DeviceBinding", "/onvif/device_service"),
    "media": ("{http://www.onvif.org/ver10/media/wsdl}MediaBinding", "/onvif/media_service"),
    "imaging": ("{http://www.onvif.org/ver20/imaging/wsdl}ImagingBinding", "/onvif/imaging_service"),
    "events": ("{http://www.onvif.org/ver10/events/wsdl}EventBinding", "/onvif/event_service"),
}
_documents = {}


def client(name, *, wsse=None, session=None):
    """A zeep client on a shared document: parsing the WSDL takes a second."""
    transport = Transport(cache=None, timeout=10, operation_timeout=10, session=session)
    if name not in _documents:
        _documents[name] = zeep.wsdl.Document(str(WSDL / f"{name}.wsdl"), transport)
    return zeep.Client(_documents[name], wsse=wsse, transport=transport)


def token(password=PASSWORD, created=None):
    return UsernameToken("admin", password, use_digest=True, zulu_timestamp=True, created=created)


async def call(camera, name, operation, *, wsse=None, session=None, address=None, binding=None, **arguments):
    def run():
        bound, path = BINDINGS[name]
        where = address or f"http://127.0.0.1:{camera.port}{path}"
        service = client(name, wsse=wsse, session=session).create_service(binding or bound, where)
        return getattr(service, operation)(**arguments)

    return await asyncio.to_thread(run)


@pytest.fixture
async def camera():
    camera = Camera(CameraConfig(name="池塘 pond", password=PASSWORD))
    await camera.start()
    yield camera
    await camera.stop()


async def test_clock_is_told_without_credentials(camera):
    camera.set_clock(-3600)
    answer = (await call(camera, "devicemgmt", "GetSystemDateAndTime")).UTCDateTime
    told = datetime(
        *(answer.Date.Year, answer.Date.Month, answer.Date.Day),
        *(answer.Time.Hour, answer.Time.Minute, answer.Time.Second),
        tzinfo=UTC,
    )
    assert timedelta(minutes=59) < datetime.now(UTC) - told < timedelta(minutes=61)


async def test_device_answers_parse(camera):
    information = await call(camera, "devicemgmt", "GetDeviceInformation", wsse=token())
    assert (information.Manufacturer, information.SerialNumber) == ("Gridcam", "GC2000-000001")
    services = await call(camera, "devicemgmt", "GetServices", wsse=token(), IncludeCapability=False)
    assert services[0].XAddr == camera.xaddr
    capabilities = await call(camera, "devicemgmt", "GetCapabilities", wsse=token())
    assert capabilities.Events.WSPullPointSupport is True
    assert capabilities.Media.StreamingCapabilities.RTP_TCP is True
    scopes = await call(camera, "devicemgmt", "GetScopes", wsse=token())
    assert any("/name/" in scope.ScopeItem for scope in scopes)
    interfaces = await call(camera, "devicemgmt", "GetNetworkInterfaces", wsse=token())
    assert interfaces[0].IPv4.Config.Manual[0].Address == "127.0.0.1"
    assert (await call(camera, "devicemgmt", "GetHostname")).Name == "GC2000-000001"


async def test_media_and_imaging_answers_parse(camera):
    profiles = await call(camera, "media", "GetProfiles", wsse=token())
    assert [profile.token for profile in profiles] == ["Profile_1", "Profile_2"]
    assert profiles[1].VideoEncoderConfiguration.Resolution.Width == 640
    assert profiles[0].VideoSourceConfiguration.SourceToken == "VideoSource_1"
    sources = await call(camera, "media", "GetVideoSources", wsse=token())
    assert sources[0].Resolution.Height == 1080
    snapshot = await call(camera, "media", "GetSnapshotUri", wsse=token(), ProfileToken="Profile_1")
    assert snapshot.Uri == camera.snapshot_uri
    setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
    stream = await call(camera, "media", "GetStreamUri", wsse=token(), ProfileToken="Profile_2", StreamSetup=setup)
    assert stream.Uri.startswith("rtsp://127.0.0.1")
    imaging = await call(camera, "imaging", "GetImagingSettings", wsse=token(), VideoSourceToken="VideoSource_1")
    assert imaging.Brightness == 50


async def test_unknown_profile_is_a_fault_with_the_standards_subcode(camera):
    with pytest.raises(Fault) as caught:
        await call(camera, "media", "GetSnapshotUri", wsse=token(), ProfileToken="none")
    assert caught.value.subcodes[-1].localname == "NoProfile"


async def test_event_answers_parse(camera):
    properties = await call(camera, "events", "GetEventProperties", wsse=token())
    assert properties.FixedTopicSet is True
    created = await call(camera, "events", "CreatePullPointSubscription", wsse=token(), InitialTerminationTime="PT60S")
    assert timedelta(seconds=55) < created.TerminationTime - created.CurrentTime <= timedelta(seconds=60)
    address = created.SubscriptionReference.Address._value_1
    pulled = await call(
        camera,
        "events",
        "PullMessages",
        wsse=token(),
        address=address,
        binding="{http://www.onvif.org/ver10/events/wsdl}PullPointSubscriptionBinding",
        Timeout=timedelta(seconds=5),
        MessageLimit=100,
    )
    assert len(pulled.NotificationMessage) == len(camera.state.properties())
    assert camera.subscriptions == 1


async def test_onvif_service_of_onvif_zeep_works(camera):
    onvif = pytest.importorskip("onvif")

    def run():
        service = onvif.ONVIFService(
            camera.xaddr,
            "admin",
            PASSWORD,
            str(WSDL / "devicemgmt.wsdl"),
            zeep_client=client("devicemgmt", wsse=token()),
            binding_name=BINDINGS["devicemgmt"][0],
        )
        return service.GetDeviceInformation()

    assert (await asyncio.to_thread(run)).Model == "GC-2000"


async def test_wrong_password_and_stale_token_are_not_authorized(camera):
    late = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=10)
    for wrong in (token("no"), token(created=late), None):
        with pytest.raises(Fault) as caught:
            await call(camera, "devicemgmt", "GetDeviceInformation", wsse=wrong)
        assert caught.value.subcodes[-1].localname == "NotAuthorized"


async def test_http_digest_alone_is_enough_and_its_camera_takes_nothing_else():
    camera = Camera(CameraConfig(name="digest", password=PASSWORD, auth="digest", digest_algorithm="SHA-256"))
    await camera.start()
    with pytest.raises(Fault):
        await call(camera, "devicemgmt", "GetDeviceInformation", wsse=token())
    session = requests.Session()
    session.auth = HTTPDigestAuth("admin", PASSWORD)
    for _ in range(2):
        answer = await call(camera, "devicemgmt", "GetDeviceInformation", session=session)
    await camera.stop()
    assert answer.Model == "GC-2000"
