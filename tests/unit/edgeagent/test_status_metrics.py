"""The table of metrics: names by Prometheus' rules, one value each, and text that Prometheus can read."""

from __future__ import annotations

from hypothesis import given, settings

from edgeagent.status.exposition import Exporter
from edgeagent.status.metrics import METRICS
from edgeagent.status.state import BoxStatus
from tests import promtool
from tests.instances import structs
from tests.metricnames import follow_the_rules, values
from tests.unit.edgeagent.status_sample import sample


def test_names_and_texts_follow_the_rules():
    follow_the_rules(METRICS, "edgeagent")


def test_every_value_has_as_many_labels_as_the_table_says():
    for metric in METRICS:
        found = list(metric.read(sample()))
        assert found, metric.name
        assert {len(labels) for labels, _ in found} == {len(metric.labels)}
        assert len({labels for labels, _ in found}) == len(found)


def test_the_text_says_what_the_box_is():
    found = values(Exporter().text(sample()))
    assert found["edgeagent_build_info", "1.2.3"] == 1
    assert found["edgeagent_events_total", "alarm"] == 42
    assert found["edgeagent_events_total", "sos"] == 0
    assert found["edgeagent_suppressed_total", "cooldown"] == 7
    assert found["edgeagent_outbox_events", "alarm"] == 3
    assert found["edgeagent_outbox_evicted_total", "reading"] == 4
    assert found["edgeagent_outbox_oldest_age_seconds",] == 61.5
    assert found["edgeagent_mqtt_connected",] == 1
    assert found["edgeagent_device_up", "cam-1"] == 1
    assert found["edgeagent_device_up", "cam-2"] == 0
    assert ("edgeagent_device_up", "cam-3") not in found
    assert found["process_resident_memory_bytes",] > 0


def test_what_is_unknown_is_absent():
    assert ("edgeagent_clock_offset_seconds",) not in values(Exporter().text(sample(offset_s=None)))


def test_a_second_scrape_shows_the_second_state():
    exporter = Exporter()
    exporter.text(sample())
    assert values(exporter.text(sample(connected=False)))["edgeagent_mqtt_connected",] == 0


@settings(max_examples=30)
@given(structs(BoxStatus))
def test_whatever_devices_are_called_the_text_stays_readable(status):
    assert values(Exporter().text(status))


def test_promtool_finds_no_fault():
    assert promtool.run("check", "metrics", stdin=Exporter().text(sample())) == (0, "")
