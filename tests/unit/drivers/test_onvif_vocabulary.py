"""Every topic that cameras are known to send has its kind; what is unknown keeps its topic; noise stays out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.onvif.notifications import Notification
from drivers.onvif.topics import IGNORED, TELLING_ITEMS, TOPICS, WORDS
from drivers.onvif.vocabulary import (
    EVERYTHING,
    MAX_OBJECT_CHARS,
    boolean,
    interpret,
    kind_of,
    path_of,
    state_path,
)
from gridwire.kinds import KINDS


def notification(topic, data=None, *, source=None, key=None, operation="Changed"):
    return Notification(topic, operation, source or {}, key or {}, data or {}, None)


def told(topic, data, **more):
    return [(signal.kind, signal.value) for signal in interpret(notification(topic, data, **more))]


STATES = [
    ("tns1:VideoSource/MotionAlarm", {"State": "true"}, "motion"),
    ("tns1:RuleEngine/CellMotionDetector/Motion", {"IsMotion": "true"}, "motion"),
    ("tns1:RuleEngine/MotionRegionDetector/Motion", {"State": "1"}, "motion"),
    ("tns1:VideoSource/ImageTooDark/AnalyticsService", {"State": "true"}, "too_dark"),
    ("tns1:VideoSource/ImageTooBlurry/ImagingService", {"State": "true"}, "too_blurry"),
    ("tns1:VideoSource/ImageTooBright/RecordingService", {"State": "true"}, "too_bright"),
    ("tns1:VideoSource/GlobalSceneChange/ImagingService", {"State": "true"}, "scene_change"),
    ("tns1:VideoSource/SignalLoss", {"State": "true"}, "signal_lost"),
    ("tns1:RuleEngine/TamperDetector/Tamper", {"IsTamper": "true"}, "tamper"),
    ("tns1:RuleEngine/FieldDetector/ObjectsInside", {"IsInside": "true"}, "intrusion"),
    ("tns1:Device/Trigger/DigitalInput", {"LogicalState": "true"}, "digital_input"),
    ("tns1:Device/Trigger/Relay", {"LogicalState": "active"}, "relay"),
    ("tns1:Device/HardwareFailure/StorageFailure", {"Failed": "true"}, "storage_failure"),
    ("tns1:AudioAnalytics/Audio/DetectedSound", {"State": "true"}, "sound"),
    ("tns1:Device/Trigger/tnshik:AlarmIn", {"State": "true"}, "digital_input"),
    ("tns1:UserAlarm/tnshik:IllegalAccess", {"State": "true"}, "illegal_access"),
    ("tns1:Device/tnshik:Network/tnshik:EthernetBroken", {"State": "true"}, "network_failure"),
    ("tns1:Device/tnshik:Device/tnshik:HDFull", {"State": "true"}, "storage_failure"),
    ("tns1:VideoSource/ConnectionFailed", {"State": "true"}, "signal_lost"),
    ("tns1:VideoSource/tnssamsung:NetworkAlarmInput", {"State": "true"}, "digital_input"),
    ("tns1:OpenApp/WiseAI/IvaArea/Appearing", {"State": "true"}, "intrusion"),
    ("tns1:RuleEngine/CryDetector/Cry", {"IsCry": "true"}, "sound"),
    ("tns1:RuleEngine/GlassBreakDetector/GlassBreak", {"IsGlassBreak": "true"}, "sound"),
    ("tns1:RuleEngine/PackageDetector/Package", {"IsPackage": "true"}, "object"),
    ("tns1:RuleEngine/LeaveArea/Leave", {"State": "true"}, "intrusion"),
    ("tns1:RuleEngine/WanderingDetector/Wandering", {"State": "true"}, "loitering"),
    ("tns1:VideoSource/Occlusion", {"State": "true"}, "tamper"),
    ("tns1:Device/LoginFailed", {"State": "true"}, "illegal_access"),
    ("tns1:Network/IPAddressConflict", {"State": "true"}, "network_failure"),
    ("tns1:Device/tnsaxis:Power/Failure", {"state": "1"}, "hardware_failure"),
    ("tns1:UserAlarm/IVA/HumanShapeDetect", {"State": "true"}, "person"),
    ("tns1:VehicleAlarm/IVB/VehicleDetect", {"State": "true"}, "vehicle"),
    ("tns1:RuleEngine/CellMotionDetector/Intrusion", {"IsIntrusion": "true"}, "intrusion"),
    ("tns1:RuleEngine/CellMotionDetector/LineCross", {"IsLineCross": "true"}, "line_crossing"),
    ("tns1:RuleEngine/CellMotionDetector/People", {"IsPeople": "true"}, "person"),
    ("tns1:RuleEngine/CellMotionDetector/Tamper", {"IsTamper": "true"}, "tamper"),
    ("tns1:RuleEngine/CellMotionDetector/TpSmartEvent", {"IsTPSmartEvent": "true"}, "object"),
    ("tns1:RuleEngine/PeopleDetector/People", {"IsPeople": "true"}, "person"),
    ("tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent", {"IsVehicle": "true"}, "vehicle"),
    ("tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent", {"IsPet": "true"}, "animal"),
    ("tns1:RuleEngine/MyRuleDetector/PeopleDetect", {"State": "true"}, "person"),
    ("tns1:RuleEngine/MyRuleDetector/VehicleDetect", {"State": "true"}, "vehicle"),
    ("tns1:RuleEngine/MyRuleDetector/DogCatDetect", {"State": "true"}, "animal"),
    ("tns1:RuleEngine/MyRuleDetector/FaceDetect", {"State": "true"}, "face"),
    ("tns1:RuleEngine/MyRuleDetector/Visitor", {"State": "true"}, "person"),
    ("tns1:RuleEngine/MyRuleDetector/Package", {"State": "true"}, "object"),
    ("tnsaxis:CameraApplicationPlatform/VMD/Camera1Profile1", {"active": "1"}, "motion"),
    ("tnsaxis:CameraApplicationPlatform/FenceGuard/Camera1Profile1", {"active": "1"}, "line_crossing"),
    ("tnsaxis:CameraApplicationPlatform/LoiteringGuard/Camera1Profile1", {"active": "1"}, "loitering"),
    ("tnsaxis:CameraApplicationPlatform/MotionGuard/Camera1Profile1", {"active": "1"}, "motion"),
    ("tnsaxis:CameraApplicationPlatform/ObjectAnalytics/Device1Scenario1", {"active": "1"}, "object"),
    ("tns1:Device/tnsaxis:IO/Port", {"state": "1"}, "digital_input"),
    ("tns1:Device/tnsaxis:Sensor/PIR", {"state": "1"}, "motion"),
    ("tnsaxis:Storage/Alert", {"overall_health": "-3", "alert": "1"}, "storage_failure"),
    ("tns1:VideoSource/tnsaxis:Tampering", {"tampering": "1"}, "tamper"),
    ("tns1:RuleEngine/tnsajax:MotionDetector/Detection", {"Detected": "true"}, "motion"),
    ("tns1:UserAlarm/VideoCover", {"State": "TRUE"}, "tamper"),
    ("tns1:UserAlarm/VideoLost", {"State": "TRUE"}, "signal_lost"),
    ("tns1:VideoAnalytics/tnshik:MotionAlarm", {"State": "TRUE"}, "motion"),
    ("tns1:VideoAnalytics/tnssamsung:MotionDetection", {"State": "true"}, "motion"),
    ("tns1:VideoSoure/MotionAlarm", {"State": "true"}, "motion"),
    ("tns1:RuleEngine/RegionEntranceDetector/RegionEntrance", {"IsRegionEntrance": "1"}, "intrusion"),
    ("tns1:RuleEngine/SmokeDetector/Smoke", {"IsSmoke": "1"}, "smoke"),
]


@pytest.mark.parametrize(("topic", "data", "kind"), STATES)
def test_states(topic, data, kind):
    assert told(topic, data) == [(kind, True)]


@pytest.mark.parametrize(("topic", "data", "kind"), STATES)
def test_prefixes_case_and_namespaces_do_not_matter(topic, data, kind):
    bare = path_of(topic)
    assert told(bare, data) == [(kind, True)]
    assert told("tns9:" + bare.replace("/", "/x:"), data) == [(kind, True)]
    assert told(f"{{http://www.onvif.org/ver10/topics}}{bare.lower()}", data) == [(kind, True)]


@pytest.mark.parametrize(
    ("topic", "data", "kind"),
    [
        ("tns1:RuleEngine/LineDetector/Crossed", {"ObjectId": "1"}, "line_crossing"),
        ("tns1:RuleEngine/VehicleDetector/tnshik:Vehicle", {"PlateNumber": "湘A12345", "Likelihood": "90"}, "vehicle"),
        ("tns1:RuleEngine/CountAggregation/Counter", {"Count": "4"}, "counter"),
        ("vendor:Something/New", {"Level": "7"}, "other"),
        ("tns1:RuleEngine/LineDetector/Crossed", {}, "line_crossing"),
        ("", {"Level": "7"}, "other"),
    ],
)
def test_pulses(topic, data, kind):
    assert told(topic, data) == [(kind, None)]


@pytest.mark.parametrize(
    "topic",
    [
        "tns1:MediaControl/VideoEncoderConfiguration",
        "tns1:MediaControl/VideoSourceConfiguration",
        "tns1:Monitoring/ProcessorUsage",
        "tns1:Monitoring/OperatingTime/LastReboot",
        "tns1:RecordingConfig/JobState",
        "tnsaxis:CameraApplicationPlatform/ObjectAnalytics/xinternal_data",
        "tns1:Device/tnsaxis:Status/SystemReady",
    ],
)
def test_ignored(topic):
    assert told(topic, {"Value": "1", "State": "true"}) == []
    assert told("tns1:RuleEngine/X/Y", {"IsConfigChange": "true"}) == []


def test_an_empty_message_means_that_it_is_over():
    (signal,) = interpret(notification("tns1:RuleEngine/CellMotionDetector/Motion"))
    assert (signal.item, signal.value) == (EVERYTHING, False)


def test_a_motion_alarm_without_a_value_is_a_pulse():
    assert told("tns1:VideoSource/MotionAlarm", {}, source={"Source": "1"}) == [("motion", None)]


def test_a_word_in_an_unknown_topic_tells_the_kind():
    assert told("vendor:IVS/PedestrianDetect", {"State": "true"}) == [("person", True)]
    assert told("vendor:IVS/SmokeAlarm", {"State": "true"}) == [("smoke", True)]
    assert told("vendor:IVS/Concat", {"State": "true"}) == [("other", True)]


def test_one_message_may_carry_several_states():
    data = {"IsPeople": "true", "IsVehicle": "false", "IsPet": "true"}
    expected = [("person", True), ("vehicle", False), ("animal", True)]
    assert told("tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent", data) == expected


def test_lists_of_classes_are_states_of_their_own():
    topic = "tns1:RuleEngine/ObjectDetection/Object"
    on = dict(told(topic, {"ClassTypes": "Human Vehicle"}))
    assert {kind for kind, value in on.items() if value} == {"person", "vehicle"}
    assert {kind for kind, value in on.items() if not value} == {"animal", "face", "fire", "smoke", "object"}
    assert set(dict(told(topic, {"ClassTypes": ""})).values()) == {False}
    assert dict(told(topic, {"ClassTypes": "Human,Forklift"}))["object"] is True


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("SmartMotionHuman", "person"),
        ("smart_motion_vehicle", "vehicle"),
        ("越界人形", "person"),
        ("机动车", "vehicle"),
        ("MyMotionDetectorRule", "motion"),
        ("Location-North", "motion"),
        ("", "motion"),
    ],
)
def test_the_rule_name_refines_a_vague_kind(rule, kind):
    source = {"Rule": rule}
    assert told("tns1:RuleEngine/CellMotionDetector/Motion", {"IsMotion": "true"}, source=source) == [(kind, True)]
    assert told("tns1:VideoSource/MotionAlarm", {"State": "1"}, source=source) == [(kind, True)]


def test_the_rule_name_does_not_turn_a_line_into_a_person():
    source = {"Rule": "LineHuman"}
    crossed = told("tns1:RuleEngine/LineDetector/Crossed", {"ObjectId": "3"}, source=source)
    assert crossed == [("line_crossing", None)]


def test_the_object_is_kept():
    (signal,) = interpret(
        notification("RuleEngine/FieldDetector/ObjectsInside", {"IsInside": "1"}, key={"ObjectId": "9"})
    )
    assert signal.object == "9"


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("1", True), ("active", True), (" True ", True), ("false", False), ("0", False),
     ("inactive", False), ("", None), ("7", None), ("Ring", None)],
)  # fmt: skip
def test_booleans(text, value):
    assert boolean(text) is value


def test_an_unknown_name_with_a_spelled_truth_is_a_state():
    assert told("vendor:X/Y", {"Whatever": "true", "Level": "1"}) == [("other", True)]


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("RuleEngine/ObjectDetector/Car", "vehicle"),
        ("Device/Trigger/SDCardFailure", "storage_failure"),
        ("Device/DiskError", "storage_failure"),
        ("Device/Network/Disconnected", "network_failure"),
        ("UserAlarm/NetworkFailure", "network_failure"),
        ("RuleEngine/MyRuleDetector/ShockDetection", "tamper"),
        ("RuleEngine/FaceDetector/ObjectDetection", "face"),
        ("RuleEngine/AbandonedObject/Object", "object"),
        ("RuleEngine/IntrusionDetection/Alert", "intrusion"),
        ("RuleEngine/LineCounter/Crossed", "counter"),
        ("RuleEngine/ObjectCounting/Count", "counter"),
        ("UserAlarm/GateA/PersonCounting", "counter"),
        ("UserAlarm/GateA/PersonCount", "counter"),
        ("Alarm/humandetection", "person"),
        ("VideoAnalytics/motiondetected", "motion"),
        ("Device/Hardware/CartridgeStatus", "other"),
        ("RuleEngine/Petrol/Level", "other"),
        ("Status/facetime", "other"),
        ("A/Backend", "other"),
    ],
)
def test_words_of_unknown_topics_count_and_parts_of_words_do_not(topic, kind):
    assert kind_of(topic) == kind


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("HumanDetect", "person"),
        ("MyPeopleDetectorRule", "person"),
        ("人员入侵", "person"),
        ("停车场人员入侵", "person"),
        ("车辆", "vehicle"),
        ("人", "person"),
        ("人脸抓拍", "face"),
        ("停车场入口", "motion"),
        ("机动车道", "motion"),
        ("人民路口", "motion"),
        ("Car park north", "motion"),
        ("CarPark", "motion"),
        ("Scarf", "motion"),
    ],
)
def test_names_of_places_are_no_classes(rule, kind):
    source = {"RuleName": rule}
    assert told("tns1:RuleEngine/CellMotionDetector/Motion", {"IsMotion": "true"}, source=source) == [(kind, True)]


@pytest.mark.parametrize(
    ("data", "key", "thing"),
    [
        ({"IsInside": "1", "ObjectType": "Human"}, {"ObjectId": "9"}, "Human"),
        ({"IsInside": "1"}, {"ObjectId": "9", "ClassType": "Vehicle"}, "Vehicle"),
        ({"IsInside": "1", "Type": "Forklift"}, {"ObjectId": "9"}, "9"),
        ({"IsInside": "1", "ObjectClass": "Forklift"}, {}, "Forklift"),
        ({"IsInside": "1", "ObjectType": "None"}, {}, ""),
        ({"IsInside": "1", "Object": "12"}, {}, ""),
    ],
)
def test_the_class_is_told_wherever_it_stands(data, key, thing):
    (signal,) = interpret(notification("RuleEngine/FieldDetector/ObjectsInside", data, key=key))
    assert (signal.kind, signal.value, signal.object) == ("intrusion", True, thing)


def test_a_class_of_nothing_and_no_state_is_nothing():
    assert told("tns1:RuleEngine/ObjectDetector/Object", {"ObjectType": "None"}) == []


def test_what_is_deleted_is_over_whatever_it_says():
    (signal,) = interpret(notification("RuleEngine/X/Motion", {"IsMotion": "true"}, operation="Deleted"))
    assert (signal.item, signal.value) == (EVERYTHING, False)


def test_started_and_ended_are_one_state():
    for name, value in (("IntrusionStarted", True), ("IntrusionEnded", False)):
        topic = f"VideoAnalytics/{name}"
        assert told(topic, {}, source={"Rule": "1"}) == [("intrusion", value)]
        assert state_path(topic) == "VideoAnalytics/Intrusion"


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ({"Level": "1"}, True),
        ({"Value": "inactive"}, False),
        ({"flank": "0"}, False),
        ({"Status": "Normal", "Percentage": "1"}, False),
        ({"Level": "0", "State": "true"}, True),
        ({"IsWhatever": "1", "Level": "0"}, True),
        ({"Percentage": "1"}, None),
        ({"A": "true", "B": "false"}, None),
    ],
)
def test_the_surest_of_several_values_is_the_state(data, value):
    assert told("tns1:VideoSource/Tampering", data) == [("tamper", value)]


NAMES = st.text(st.sampled_from("IsMotionClassTypes StateObject车人{}/:*"), max_size=16)
ITEMS = st.dictionaries(NAMES, NAMES | st.sampled_from(["true", "0", "Human Vehicle", "", "on"]), max_size=4)


@given(NAMES, st.sampled_from(["", "Initialized", "Changed", "Deleted"]), ITEMS, ITEMS, ITEMS)
def test_whatever_is_said_means_something_or_nothing(topic, operation, source, key, data):
    for signal in interpret(Notification(topic, operation, source, key, data, None)):
        assert signal.kind in KINDS
        assert len(signal.object) <= MAX_OBJECT_CHARS


def test_the_tables_speak_of_known_kinds_only():
    used = {kind for _, kind in TOPICS} | set(WORDS.values()) | {kind for kind in TELLING_ITEMS.values() if kind}
    assert used | {"counter"} <= KINDS.keys()
    assert len({path for path, _ in TOPICS} | set(IGNORED)) == len(TOPICS) + len(IGNORED)


def test_no_pattern_is_hidden_behind_another():
    for pattern, kind in TOPICS:
        path = pattern.replace("/**", "/X").replace("**/", "X/").replace("*", "y")
        assert kind_of(path) == kind or kind_of(path.removesuffix("/X")) == kind, pattern
