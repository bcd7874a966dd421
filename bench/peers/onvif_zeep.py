"""onvif-zeep as shipped: `ONVIFCamera`, whose constructor makes the pull point that is then pulled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import zeep
from onvif import ONVIFCamera, ONVIFError
from requests import RequestException
from zeep.exceptions import Error

from bench.peers.onvif_child import LIMIT, POLL_S, Address, Pull, run_threads

WSDL = str(Path(zeep.__file__).parents[1] / "wsdl")


def connect(address: Address) -> Pull:
    camera = ONVIFCamera("127.0.0.1", address.port, address.user, address.password, WSDL)
    camera.create_devicemgmt_service().GetDeviceInformation()
    media = camera.create_media_service()
    media.GetSnapshotUri({"ProfileToken": media.GetProfiles()[0].token})
    point = camera.create_pullpoint_service()
    question = {"Timeout": timedelta(seconds=POLL_S), "MessageLimit": LIMIT}
    return lambda: len(point.PullMessages(question).NotificationMessage or ())


if __name__ == "__main__":
    run_threads(connect, (ONVIFError, Error, RequestException, OSError))
