"""What recorders and cameras call an event -> what we call it: one table. Pure.

Names are compared without case, blanks, `_`, `-` and `.`. What nobody knows becomes `other`, its name kept as topic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from edgeagent.driver import KINDS

IGNORE = "ignore"
"""In place of a kind: events of this name are not wanted."""
_FILLERS = re.compile(r"[\s_.-]+")

NAMES: Mapping[str, str] = {
    # Hikvision ISAPI, `eventType`
    "vmd": "motion", "motiondetection": "motion", "pir": "motion", "piralarm": "motion",
    "linedetection": "line_crossing", "fielddetection": "intrusion", "regionentrance": "intrusion",
    "regionexiting": "intrusion", "loitering": "loitering", "group": "person", "peopledetection": "person",
    "facedetection": "face", "facesnap": "face", "facelib": "face", "vehicledetection": "vehicle", "anpr": "vehicle",
    "parking": "vehicle", "unattendedbaggage": "object", "attendedbaggage": "object",
    "shelteralarm": "tamper", "tamperdetection": "tamper", "scenechangedetection": "scene_change",
    "defocus": "too_blurry", "defocusdetection": "too_blurry", "videoloss": "signal_lost", "badvideo": "picture",
    "videomismatch": "picture", "io": "digital_input", "alarmlocal": "digital_input", "alarmin": "digital_input",
    "diskfull": "storage_failure", "diskerror": "storage_failure", "diskunformat": "storage_failure",
    "recordingfailure": "storage_failure", "nicbroken": "network_failure", "ipconflict": "network_failure",
    "illaccess": "illegal_access", "illegalaccess": "illegal_access", "audioexception": "sound",
    "audiodetection": "sound", "firedetection": "fire", "smokedetection": "smoke", "heartbeat": IGNORE,
    # Dahua, `Code`
    "videomotion": "motion", "smartmotionhuman": "person", "smartmotionvehicle": "vehicle", "humantrait": "person",
    "crosslinedetection": "line_crossing", "crossregiondetection": "intrusion", "wanderdetection": "loitering",
    "leftdetection": "object", "takenawaydetection": "object", "parkingdetection": "vehicle",
    "trafficjunction": "vehicle", "rioterdetection": "person", "videoblind": "tamper", "videounfocus": "too_blurry",
    "videoabnormaldetection": "picture", "scenechange": "scene_change", "storagefailure": "storage_failure",
    "storagenotexist": "storage_failure", "storagelowspace": "storage_failure", "netabort": "network_failure",
    "loginfailure": "illegal_access", "audiomutation": "sound", "audioanomaly": "sound", "firewarning": "fire",
    "alarmoutput": "relay", "doorstatus": "door", "timechange": IGNORE, "ntpadjusttime": IGNORE, "newfile": IGNORE,
    # What people write into panels and gateways
    "human": "person", "people": "person", "car": "vehicle", "linecrossing": "line_crossing",
    "tampering": "tamper", "input": "digital_input", "waterlevel": "water_level",
}  # fmt: skip
"""Documented by the makers (ISAPI event types, Dahua event codes), and seen from their devices."""

_TARGETS = {"human": "person", "person": "person", "vehicle": "vehicle", "motorvehicle": "vehicle", "animal": "animal"}


class Kinds:
    """The table, with what one device's settings say otherwise."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = {_plain(name): kind for name, kind in own.items()}

    def kind_of(self, name: str, target: str = "") -> str:
        """Our kind, or `IGNORE`. `target`: what the device saw there; it makes plain motion more exact."""
        plain = _plain(name)
        if plain in self._own:
            return self._own[plain]
        kind = name if name in KINDS else NAMES.get(plain, "other")
        return _TARGETS.get(_plain(target), kind) if kind == "motion" else kind


def _plain(name: str) -> str:
    return _FILLERS.sub("", name).lower()
