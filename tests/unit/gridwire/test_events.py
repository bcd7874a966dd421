"""The tables of events agree with each other; kinds have names in both languages."""

from gridwire.events import EVENT_LANES, KEPT_LANES, LANE_OF, LANES, TYPE_OF, TYPES, Data
from gridwire.kinds import KINDS, kind_name


def test_every_type_has_a_lane_and_a_name():
    assert set(TYPES.values()) == set(Data.__subclasses__()) == set(LANE_OF)
    assert {TYPE_OF[struct]: struct for struct in TYPES.values()} == dict(TYPES)
    assert set(LANE_OF.values()) == set(EVENT_LANES)


def test_lanes():
    assert set(KEPT_LANES) < set(EVENT_LANES) < set(LANES)


def test_every_kind_is_a_valid_one_and_named_twice():
    for kind, name in KINDS.items():
        assert kind.replace("_", "").isalpha()
        assert kind.islower()
        assert kind_name(kind, "zh") == name.zh
        assert kind_name(kind, "en") == name.en
    assert kind_name("unheard_of", "zh") == "unheard_of"
