"""Alert rules and dashboards: they parse, fire when they should, name metrics that exist, and lead to the runbook."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from countyhub.web.metrics.gauges import METRICS as HUB
from edgeagent.status.metrics import METRICS as BOX
from tests import promtool

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "monitoring"
RULES = sorted((MONITORING / "prometheus").glob("*.rules.yml"))
TESTS = sorted((MONITORING / "prometheus").glob("*.test.yml"))
DASHBOARDS = sorted((MONITORING / "grafana").glob("*.json"))
FOREIGN = {"up", "process_resident_memory_bytes", "process_cpu_seconds_total"}
KNOWN = {metric.name: set(metric.labels) for metric in (*HUB, *BOX)}
ADDED = {"instance", "job"}
"""Labels that Prometheus adds."""
HAN = re.compile(r"[\u4e00-\u9fff]")


def alerts():
    for path in RULES:
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


ALERTS = {rule["alert"]: rule for rule in alerts()}


def named(expression: str) -> set[str]:
    """The metrics in an expression; texts and labels are no metrics."""
    bare = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"\b(?:countyhub|edgeagent|process)_[a-z_]+", bare)) - {"countyhub", "edgeagent"}


def labels_of(expression: str) -> list[tuple[str, set[str]]]:
    """Each metric with the labels that it is asked for by."""
    found = re.findall(r"\b((?:countyhub|edgeagent)_[a-z_]+)\{([^}]*)\}", expression)
    return [(name, set(re.findall(r"([a-z_]+)\s*[=!]", matchers))) for name, matchers in found]


def expressions(path: Path):
    page = json.loads(path.read_text(encoding="utf-8"))
    for panel in page["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def test_there_is_something_to_look_at():
    assert len(RULES) == 2
    assert len(DASHBOARDS) == 2
    assert len(ALERTS) == len(list(alerts())) > 40


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_it_is_in_both_languages(name):
    rule = ALERTS[name]
    texts = rule["annotations"]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert texts["runbook"] == f"docs/runbook.md#{name.lower()}"
    for key in ("summary", "description"):
        assert not HAN.search(texts[key])
        assert HAN.search(texts[f"{key}_zh"])
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]", texts[f"{key}_zh"]), "punctuation of the other language"
        assert set(re.findall(r"\{\{.*?\}\}", texts[key])) == set(re.findall(r"\{\{.*?\}\}", texts[f"{key}_zh"]))


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_names_what_exists(name):
    expression = ALERTS[name]["expr"]
    assert named(expression) <= KNOWN.keys()
    for metric, asked in labels_of(expression):
        assert asked <= KNOWN[metric] | ADDED, metric
    assert named(expression) or "up{" in expression


def test_the_runbook_has_a_section_for_each_alert_and_for_nothing_else():
    text = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
    parts = re.split(r"^### (.+)$", text, flags=re.MULTILINE)[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    assert sections.keys() == ALERTS.keys()
    for name, section in sections.items():
        zh, _, en = section.strip().partition("\n\n")
        assert HAN.search(zh), name
        english = en.split("\n## ")[0]
        assert english.strip(), name
        assert not HAN.search(english), f"{name}: Chinese first, then English"


def test_each_alert_fires_in_a_test_and_stays_silent_in_another():
    fired, silent = set(), 0
    for path in TESTS:
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            for check in test.get("promql_expr_test", ()):
                fired |= {name for sample in check["exp_samples"] for name in re.findall(
                    r'alertname="(\w+)"', sample["labels"])}  # fmt: skip
                silent += not check["exp_samples"]
    assert fired == ALERTS.keys()
    assert silent > 20


def test_promtool_finds_no_fault_in_rules_and_configuration():
    code, said = promtool.run("check", "rules", *map(str, RULES))
    assert code == 0, said
    code, said = promtool.run("check", "config", str(MONITORING / "prometheus/prometheus.yml"))
    assert code == 0, said


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_the_alerts_fire_when_they_should(path):
    code, said = promtool.run("test", "rules", str(path))
    assert code == 0, said


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_names_what_exists_and_no_data_source(path):
    text = path.read_text(encoding="utf-8")
    page = json.loads(text)
    assert len({panel["id"] for panel in page["panels"]}) == len(page["panels"])
    assert set(re.findall(r'"uid": "([^"]*)"', text)) == {"${datasource}", page["uid"]}
    variables = {each["name"] for each in page["templating"]["list"]}
    for title, expression in expressions(path):
        assert HAN.search(title), "titles are in both languages"
        assert "·" in title
        assert named(expression) <= KNOWN.keys() | FOREIGN, title
        assert set(re.findall(r"\$([a-z]\w*)", expression)) <= variables, title
        for metric, asked in labels_of(expression):
            assert asked <= KNOWN[metric] | ADDED, title


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_lie_side_by_side(path):
    taken = set()
    for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_promtool_reads_every_expression_of_the_dashboards(tmp_path):
    """As recording rules: promtool of Debian 12 has no other way to parse an expression."""
    asked = [expression for path in DASHBOARDS for _, expression in expressions(path)]
    rules = [
        {
            "record": f"dashboard:{number}",
            "expr": re.sub(r"\$[a-z]\w*", "x", expression.replace("$__rate_interval", "5m")),
        }
        for number, expression in enumerate(asked)
    ]
    path = tmp_path / "dashboards.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}), encoding="utf-8")
    code, said = promtool.run("check", "rules", str(path))
    assert code == 0, said
    assert len(asked) > 60
