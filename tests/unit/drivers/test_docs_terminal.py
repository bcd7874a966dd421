"""What docs/terminal.md says of configuration, codes and commands is what the code takes."""

import re
import shlex
from pathlib import Path

import pytest

from countyhub.cli import parser as hub_parser
from drivers.terminal import partsettings
from drivers.terminal.actions import action_in_code
from edgeagent import plugins
from edgeagent.cli import parser as agent_parser
from edgeagent.configfile import load

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "terminal.md").read_text(encoding="utf-8")
TOML = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1]
COMMANDS = [
    line.partition("#")[0].partition(">>")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


def test_the_configuration_loads_and_has_every_protocol(tmp_path):
    file = tmp_path / "edgeagent.toml"
    file.write_text(f'box = "431126001002"\n[hub]\nhost = "hub.example.cn"\n{TOML}', encoding="utf-8")
    options = load(file, plugins.resolve).config.device["hall"].options
    kinds = partsettings.Part.__args__
    assert {type(part) for part in options.part} == set(kinds)


def test_the_codes_are_understood():
    codes = re.findall(r"`(GW:[^`\[]*[^`\]])`", PAGE.partition("## English")[0])
    assert len(codes) > 8
    assert [code for code in codes if action_in_code(code) is None and code != "GW:"] == []


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith(("edgeagent", "countyhub"))])
def test_the_commands_exist(line):
    program, *words = shlex.split(line)
    parser = agent_parser() if program == "edgeagent" else hub_parser()
    parser.parse_args(words)
