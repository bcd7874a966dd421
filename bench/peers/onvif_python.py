"""onvif-python: `ONVIFClient`, a pull point made and pulled as its documentation shows."""

from __future__ import annotations

from onvif import ONVIFClient, ONVIFOperationException
from requests import RequestException
from zeep.exceptions import Error

from bench.peers.onvif_child import LIMIT, POLL_S, Address, Pull, run_threads

TIMEOUT_S = POLL_S + 10
"""Its default of 10 s is shorter than the poll."""


def connect(address: Address) -> Pull:
    client = ONVIFClient("127.0.0.1", address.port, address.user, address.password, timeout=TIMEOUT_S)
    client.devicemgmt().GetDeviceInformation()
    media = client.media()
    media.GetSnapshotUri(ProfileToken=media.GetProfiles()[0].token)
    point = client.pullpoint(client.events().CreatePullPointSubscription(InitialTerminationTime="PT60S"))
    return lambda: len(point.PullMessages(Timeout=f"PT{POLL_S}S", MessageLimit=LIMIT).NotificationMessage or ())


if __name__ == "__main__":
    run_threads(connect, (ONVIFOperationException, Error, RequestException, OSError))
