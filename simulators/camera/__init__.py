"""A simulated ONVIF camera, and a farm of several: real HTTP, real SOAP, real long polls, on 127.0.0.1.

It is as strict as a strict camera (WS-Addressing, nonces, clock, subscription slots) and as broken as its
`quirks` say. Tests and the demo see no difference from a camera on the wall.
"""

from simulators.camera.camera import Camera
from simulators.camera.config import CameraConfig
from simulators.camera.farm import CameraFarm
from simulators.camera.picture import PictureUnavailable
from simulators.camera.quirks import QUIRKS
from simulators.camera.raised import Raised

__all__ = ["QUIRKS", "Camera", "CameraConfig", "CameraFarm", "PictureUnavailable", "Raised"]
