"""The one table from what cameras say to what we call it, for all makers. Data only; `vocabulary` reads it.

Patterns are local names, any case: `*` within a level, `**` any number of levels. The first that fits counts.
Sources: ONVIF Core, Analytics and Imaging specifications, and what the firmware of some thirty makers sends.
"""

IGNORED = (
    "MediaControl/**", "Media/**", "Media2/**", "Monitoring/**", "RecordingConfig/**", "RecordingHistory/**",
    "Recording/**", "RecordingControl/**", "PTZController/**", "PTZ/**", "Configuration/**", "**/*Configuration",
    "**/*ConfigurationChange*", "**/*ConfigChange", "**/*ConfigChanged", "Device/OperationMode/**",
    "Device/Status/**", "Device/Light/**", "Device/System/**", "Device/Diagnostics/**", "Device/Network/Address*",
    "Device/SystemMessage/**", "Imaging/**", "VideoSource/DayNightVision/**", "VideoSource/DayNight/**",
    "VideoSource/LiveStreamAccessed/**", "VideoSource/ABR/**", "VideoSource/AutofocusEvent/**", "MQTT/**",
    "EventLogger/**", "**/Heartbeat/**", "**/xinternal_data", "AdvancedSecurity/**", "Credential/**", "Schedule/**",
    "LightControl/**", "VideoEncoder/**", "AudioControl/**", "Firmware/**", "UserAlarm/Recurring/**", "Time/**",
    "UserManagement/**", "Profile/**", "Display/**", "Receiver/**", "ActionRule/**", "Storage/Mounted/**",
    "Storage/Recording/**", "Search/**",
)  # fmt: skip
"""State of the machine, not of what it watches."""

TOPICS: tuple[tuple[str, str], ...] = (
    # Names that mean the same wherever firmware puts them.
    ("**/MotionAlarm/**", "motion"),
    ("**/MotionDetection/**", "motion"),
    ("**/VideoMotion*/**", "motion"),
    ("**/VideoMove/**", "motion"),
    ("**/HumanShapeDetect*/**", "person"),
    ("**/*DigitalInput/**", "digital_input"),
    ("**/VirtualInput/**", "digital_input"),
    ("**/BinaryInput/**", "digital_input"),
    ("**/AuxIn/**", "digital_input"),
    ("**/AlarmIn/**", "digital_input"),
    ("**/*AlarmInput/**", "digital_input"),
    ("**/VideoLos*/**", "signal_lost"),
    ("**/SignalLos*/**", "signal_lost"),
    ("VideoSource/ConnectionFail*/**", "signal_lost"),
    ("**/VideoCover/**", "tamper"),
    ("**/VideoBlind/**", "tamper"),
    ("**/MaskAlarm/**", "tamper"),
    ("**/Shelter*/**", "tamper"),
    ("**/CameraSabotage/**", "tamper"),
    ("**/Tampering*/**", "tamper"),
    ("**/*TooDark/**", "too_dark"),
    ("**/*TooBright/**", "too_bright"),
    ("**/*TooBlurry/**", "too_blurry"),
    ("**/*TooNoisy/**", "picture"),
    ("**/Defocus*/**", "too_blurry"),
    ("**/Blur*/**", "too_blurry"),
    ("**/VideoUnfocus/**", "too_blurry"),
    ("**/VideoAbnormal*/**", "picture"),
    ("**/GlobalSceneChange/**", "scene_change"),
    ("**/SceneChange*/**", "scene_change"),
    ("**/GlobalChange/**", "scene_change"),
    ("**/IllegalAccess/**", "illegal_access"),
    ("**/Login*Fail*/**", "illegal_access"),
    ("**/LoginLock*/**", "illegal_access"),
    ("**/IP*Conflict/**", "network_failure"),
    ("**/NetworkBreak*/**", "network_failure"),
    ("**/EthernetBroken/**", "network_failure"),
    ("**/Network*Fail*/**", "network_failure"),
    ("**/Disk*/**", "storage_failure"),
    ("**/SDCard*/**", "storage_failure"),
    ("**/HDD*/**", "storage_failure"),
    ("**/HDFull/**", "storage_failure"),
    ("**/HDErr*/**", "storage_failure"),
    ("**/Shock*/**", "tamper"),
    ("**/Occupancy*/**", "counter"),
    # The camera's own parts.
    ("VideoSource/Shading/**", "tamper"),
    ("VideoSource/Radiometry*/**", "temperature"),
    ("Device/Trigger/Relay/**", "relay"),
    ("Device/Trigger/DigitalRelay/**", "relay"),
    ("Device/Trigger/MotionDetector/**", "motion"),
    ("Device/Trigger/Visitor/**", "person"),
    ("Device/Trigger/CallRequest/**", "person"),
    ("Device/IO/OutputPort/**", "relay"),
    ("Device/IO/**", "digital_input"),
    ("Device/Sensor/PIR/**", "motion"),
    ("Device/Casing/**", "tamper"),
    ("Device/Window/**", "tamper"),
    ("Device/HardwareFailure/Storage*/**", "storage_failure"),
    ("Device/HardwareFailure/**", "hardware_failure"),
    ("Device/Storage*/**", "storage_failure"),
    ("Storage/**", "storage_failure"),
    ("Device/Power*/**", "hardware_failure"),
    ("Network/Lost/**", "network_failure"),
    ("Network/*Disconnect*/**", "network_failure"),
    ("Device/Network/Lost/**", "network_failure"),
    ("Device/Network/*Broken/**", "network_failure"),
    ("Device/Network/*Disconnect*/**", "network_failure"),
    ("AudioAnalytics/**", "sound"),
    ("AudioSource/**", "sound"),
    # Rules of the ONVIF Analytics specification.
    ("RuleEngine/CellMotionDetector/Intrusion", "intrusion"),
    ("RuleEngine/CellMotionDetector/LineCross", "line_crossing"),
    ("RuleEngine/CellMotionDetector/People", "person"),
    ("RuleEngine/CellMotionDetector/Tamper", "tamper"),
    ("RuleEngine/CellMotionDetector/TpSmartEvent", "object"),
    ("RuleEngine/CellMotionDetector/**", "motion"),
    ("RuleEngine/MotionRegionDetector/**", "motion"),
    ("RuleEngine/MotionDetector/**", "motion"),
    ("RuleEngine/TamperDetector/**", "tamper"),
    ("RuleEngine/LineDetector/**", "line_crossing"),
    ("RuleEngine/FieldDetector/*Loitering", "loitering"),
    ("RuleEngine/FieldDetector/**", "intrusion"),
    ("RuleEngine/LoiteringDetector/**", "loitering"),
    ("RuleEngine/CountAggregation/**", "counter"),
    ("RuleEngine/*Counter/**", "counter"),
    ("RuleEngine/*Counting/**", "counter"),
    ("RuleEngine/ObjectDetector/Count", "counter"),
    ("RuleEngine/ObjectDetection/**", "object"),
    ("RuleEngine/ObjectDetector/Object*", "object"),
    ("RuleEngine/Recognition/Face", "face"),
    ("RuleEngine/Recognition/LicensePlate", "vehicle"),
    ("RuleEngine/LicensePlateRecognition/**", "vehicle"),
    ("RuleEngine/Radiometry/**", "temperature"),
    # TP-Link, Tapo, VIGI.
    ("RuleEngine/TPSmartEventDetector/**", "object"),
    ("RuleEngine/PeopleDetector/**", "person"),
    ("RuleEngine/IntrusionDetector/**", "intrusion"),
    ("RuleEngine/Region*Detector/**", "intrusion"),
    ("RuleEngine/LineCrossDetector/**", "line_crossing"),
    ("RuleEngine/VehicleDetector/**", "vehicle"),
    ("RuleEngine/PetDetector/**", "animal"),
    ("RuleEngine/UnattendedBaggageDetector/**", "object"),
    ("RuleEngine/ObjectRemoveDetector/**", "object"),
    # Reolink, Ajax, Dahua, Uniview, XM and clones.
    ("RuleEngine/MyRuleDetector/PeopleDetect", "person"),
    ("RuleEngine/MyRuleDetector/VehicleDetect", "vehicle"),
    ("RuleEngine/MyRuleDetector/DogCatDetect", "animal"),
    ("RuleEngine/MyRuleDetector/FaceDetect", "face"),
    ("RuleEngine/MyRuleDetector/Visitor", "person"),
    ("RuleEngine/MyRuleDetector/Package*", "object"),
    ("RuleEngine/MyRuleDetector/LineCross*", "line_crossing"),
    ("RuleEngine/MyRuleDetector/ObjectsInside", "intrusion"),
    ("RuleEngine/RingDetector/**", "person"),
    ("VehicleAlarm/IVB/**", "vehicle"),
    ("**/EnterArea/**", "intrusion"),
    ("**/LeaveArea/**", "intrusion"),
    # Hanwha.
    ("**/IVALine*/**", "line_crossing"),
    ("**/IVAArea*/**", "intrusion"),
    # Axis.
    ("RuleEngine/VMD3/**", "motion"),
    ("CameraApplicationPlatform/VMD/**", "motion"),
    ("CameraApplicationPlatform/MotionGuard/**", "motion"),
    ("CameraApplicationPlatform/FenceGuard/**", "line_crossing"),
    ("CameraApplicationPlatform/LoiteringGuard/**", "loitering"),
    ("CameraApplicationPlatform/ObjectAnalytics/**", "object"),
    ("CameraApplicationPlatform/LPR*/**", "vehicle"),
    ("CameraApplicationPlatform/ALPV*/**", "vehicle"),
    # Bosch: the last level is the name that the rule was given.
    ("IVA/*Field/**", "intrusion"),
    ("IVA/CrossingLine*/**", "line_crossing"),
    ("IVA/Loitering*/**", "loitering"),
    ("IVA/IdleObject/**", "object"),
    ("IVA/RemovedObject/**", "object"),
    ("IVA/DetectAnyObject/**", "object"),
    ("IVA/CrowdDensity*/**", "crowd"),
    ("IVA/Counter/**", "counter"),
    ("IVA/FlameDetection/**", "fire"),
    ("IVA/SmokeDetection/**", "smoke"),
)

TELLING_ITEMS = {
    "ismotion": "motion",
    "ismovedetected": "motion",
    "istamper": "tamper",
    "isinside": "",
    "islinecross": "line_crossing",
    "ispersonin": "intrusion",
    "isregionentrance": "intrusion",
    "isregionexiting": "intrusion",
    "isenterregion": "intrusion",
    "isleaveregion": "intrusion",
    "isunattendedbaggage": "object",
    "isunattendedobject": "object",
    "isobjectremoval": "object",
    "isscenechange": "scene_change",
    "issignalloss": "signal_lost",
}
"""Data names that say the kind themselves; one message may carry several. Empty: they do not, whatever their words."""

STATE_ITEMS = frozenset(
    {"state", "isinside", "inside", "istpsmartevent", "failed", "logicalstate", "active", "alert", "triggered",
     "detected", "isdetected", "lost", "disruption", "tampering", "tampered", "motion", "sound", "crossed", "open",
     "isactive", "isalarm", "istriggered", "alarm", "alarmstate", "sensor_level"}
)  # fmt: skip
"""Data names that hold the boolean; the kind is the topic's."""

WEAK_ITEMS = ("value", "level", "flank", "status", "audio", "trigger", "event", "happened")
"""They hold it when nothing better does."""

IGNORED_ITEMS = frozenset({"isconfigchange"})
"""Data names that speak of the machine, in whatever topic."""

RULE_ITEMS = ("rule", "rulename")

CLASS_ITEMS = ("classtypes", "classtype", "objectclass", "objecttype", "class", "classification", "targettype",
               "object", "vehicletype", "type")  # fmt: skip
"""Items that name the class of what was seen, in this order."""

SURE_CLASS_ITEMS = frozenset({"classtypes", "classtype", "objectclass", "objecttype"})
"""Those of them that never hold anything else: an unknown word is an unknown class, an empty one means nothing."""

CLASSES = {
    "human": "person",
    "humans": "person",
    "person": "person",
    "persons": "person",
    "people": "person",
    "pedestrian": "person",
    "body": "person",
    "humanbody": "person",
    "face": "face",
    "humanface": "face",
    "head": "person",
    "vehicle": "vehicle",
    "vehicles": "vehicle",
    "vehical": "vehicle",
    "car": "vehicle",
    "cars": "vehicle",
    "bus": "vehicle",
    "truck": "vehicle",
    "bike": "vehicle",
    "bicycle": "vehicle",
    "motorbike": "vehicle",
    "motorcycle": "vehicle",
    "nonmotor": "vehicle",
    "plate": "vehicle",
    "licenseplate": "vehicle",
    "animal": "animal",
    "animals": "animal",
    "pet": "animal",
    "pets": "animal",
    "dog": "animal",
    "cat": "animal",
    "dogcat": "animal",
    "bird": "animal",
    "fire": "fire",
    "flame": "fire",
    "smoke": "smoke",
}
"""Object classes (ONVIF Analytics, ObjectType, and makers' own), also as words in the names of rules."""

NO_CLASS = frozenset({"", "none", "unknown", "null", "undefined"})

WORDS = {
    **{word: kind for word, kind in CLASSES.items() if word not in ("body", "head")},
    "visitor": "person",
    "doorbell": "person",
    "motion": "motion",
    "vmd": "motion",
    "pir": "motion",
    "tamper": "tamper",
    "mask": "tamper",
    "cover": "tamper",
    "sabotage": "tamper",
    "masked": "tamper",
    "occlusion": "tamper",
    "line": "line_crossing",
    "tripwire": "line_crossing",
    "crossing": "line_crossing",
    "intrusion": "intrusion",
    "perimeter": "intrusion",
    "region": "intrusion",
    "climb": "intrusion",
    "climbing": "intrusion",
    "loitering": "loitering",
    "wandering": "loitering",
    "parking": "vehicle",
    "crowd": "crowd",
    "gathering": "crowd",
    "sound": "sound",
    "audio": "sound",
    "scream": "sound",
    "gunshot": "sound",
    "cry": "sound",
    "bark": "sound",
    "meow": "sound",
    "glass": "sound",
    "temperature": "temperature",
    "door": "door",
    "object": "object",
    "abandoned": "object",
    "removed": "object",
    "missing": "object",
    "unattended": "object",
    "package": "object",
    "baggage": "object",
    "luggage": "object",
}
"""The last resort: words in the last levels of a topic that is in no table, and in the names of data."""

COUNTING_WORDS = frozenset({"counter", "count", "counting"})
"""They win over all other words: who counts people does not report a person."""

CHINESE_WORDS = (
    ("人脸", "face"), ("人形", "person"), ("人员", "person"), ("行人", "person"), ("人体", "person"),
    ("有人", "person"), ("人检测", "person"), ("人侦测", "person"), ("车辆", "vehicle"), ("机动车", "vehicle"),
    ("汽车", "vehicle"), ("货车", "vehicle"), ("轿车", "vehicle"), ("电动车", "vehicle"), ("车牌", "vehicle"),
    ("有车", "vehicle"), ("车检测", "vehicle"), ("车侦测", "vehicle"), ("动物", "animal"), ("宠物", "animal"),
    ("火焰", "fire"), ("明火", "fire"), ("烟雾", "smoke"),
)  # fmt: skip
"""Words in the names that people give to rules."""

PLACES = ("停车场", "机动车道", "车道", "车库", "车棚", "车站", "车间", "人行", "人民", "carpark", "car park",
          "parking lot", "parkinglot", "fire door", "firedoor", "fire exit", "cat eye")  # fmt: skip
"""Places in the names of rules; they are no classes."""
