"""`edgeagent support-bundle` and `config diff`: what somebody far away needs, and nothing that is private."""

import itertools
import json
import stat
import tarfile

import pytest

from edgeagent.cli import main
from gridwire.events import Checkin, Request
from tests.checking import written
from tests.commands import command
from tests.instances import BOX
from tests.outboxes import alarm, draft, outbox
from tests.ports import NOBODY
from tests.processes import AgentProcess

SECRETS = ("camera-secret-77", "file-secret-\"88'", "hub-secret-99", "0f" * 32, "user-secret-55")
NUMBERS = ("430121199001011239", "43012119850505123X", "0013572468", "04A1B2C3D4E5F6", "13912345678")
NAMES = ("王小明", "欧阳春花", "Wang Xiaoming", "老李的鱼塘")
PERSON_HASH = "c0ffee" * 10


@pytest.fixture
def box(tmp_path):
    """A box in whose every corner something lies that must not leave it."""
    folder = tmp_path / "etc"
    (folder / "secrets").mkdir(parents=True)
    for name, text in {"cameras": SECRETS[1], "village-key": f"k1:{SECRETS[3]}"}.items():
        file = folder / "secrets" / name
        file.write_text(text + "\n")
        file.chmod(0o600)
    (folder / "roster.csv").write_text(
        f"person,name,grid\n{PERSON_HASH},{NAMES[1]},{BOX}001\n{'ab' * 32},{NAMES[2]},\n"
    )
    text = f"""
[device.gate]
driver = "onvif"
name = "{NAMES[3]}"
address = "127.0.0.1:1"
username = "{NAMES[0]}"
password = "{SECRETS[0]}"
[device.pond]
driver = "http_snapshot"
url = "http://127.0.0.1:1/x"
username = "admin"
password = "file:secrets/cameras"
[device.desk]
driver = "terminal"
key_file = "{folder}/secrets/village-key"
roster_file = "{folder}/roster.csv"
[[device.desk.part]]
protocol = "line"
port = "/dev/ttyUSB7"
"""
    return written(folder, text, hub=f'password = "{SECRETS[2]}"\n')


def log_file(folder):
    lines = [f"Nov 22 08:00:0{n} box edgeagent[12]: ERROR x: {word}" for n, word in enumerate((*SECRETS[:4], *NUMBERS))]
    lines += [f"card of {NAMES[0]} shown", f"worker {NAMES[2]}", f"http://u:{SECRETS[4]}@127.0.0.1/ refused: 401"]
    lines += ["WARNING onvif: gate: onvif.no-slot: 摄像机的事件订阅名额已满"]
    file = folder / "agent.log"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def content(bundle) -> dict[str, str]:
    with tarfile.open(bundle) as archive:
        return {entry.name.partition("/")[2]: archive.extractfile(entry).read().decode() for entry in archive}


def assert_nothing_private(files):
    for name, text in files.items():
        plain = text + json.dumps(json.loads(text), ensure_ascii=False) if name.endswith(".json") else text
        for word in (*SECRETS, *NUMBERS, *NAMES, PERSON_HASH):
            assert word not in plain, (name, word)


def test_nothing_secret_and_nobodys_data(tmp_path, box, capsys):
    out = tmp_path / "bundle.tar.gz"
    words = ["--config", str(box), "--out", str(out), "--offline", "--log", str(log_file(tmp_path)), "--language", "zh"]
    assert main(["support-bundle", *words]) == 0
    assert str(out) in capsys.readouterr().out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    files = content(out)
    assert_nothing_private(files)
    assert json.loads(files["config.json"])["config"]["hub"]["password"] == "***"
    assert json.loads(files["config.json"])["config"]["device"]["gate"]["options"]["address"] == "127.0.0.1:1"
    assert json.loads(files["versions.json"])["edgeagent"]
    assert json.loads(files["hardware.json"])["memory"]["MemTotal"]
    assert "check.clock" in files["check.json"] or "synchronised" in files["check.json"]
    assert "摄像机的事件订阅名额已满" in files["log-1.txt"]  # our own words stay
    assert "ERROR x: ***" in files["log-1.txt"]
    assert BOX in files["config.json"]


def of_people():
    """Events that say who somebody is, in every field that may."""
    for number, name in itertools.zip_longest(NUMBERS, NAMES, fillvalue=NAMES[0]):
        yield draft(Checkin(method="id", person=PERSON_HASH, key="k1", masked=number, name=name, point=NAMES[3]))
        yield draft(Request(item="0301", mode="report", receipt="R-1", text=f"{name}, {number}"))
        yield alarm(source=name, detail={"card": number, "face": name})


async def test_with_a_running_agent_whose_outbox_is_full_of_people(tmp_path, box):
    """Events lie in the outbox; only their numbers are told."""
    async with outbox(tmp_path / "box" / "store") as store:
        told = [await store.put(event) for event in of_people()]
    devices = (
        f'[device.gate]\ndriver = "onvif"\nname = "{NAMES[3]}"\naddress = "127.0.0.1:1"\npassword = "{SECRETS[0]}"\n'
    )
    with AgentProcess(tmp_path / "box", NOBODY, devices + f'username = "{NAMES[0]}"\n') as agent:
        await agent.until_running()
        before = stored(agent)
        out = tmp_path / "bundle.tar.gz"
        async with command(agent, "support-bundle", "--out", out, "--log", agent.folder / "agent.log") as called:
            assert (await called.end())[0] == 0
        after = stored(agent)
    assert {each.id for each in told} <= before["alarm"] | before["record"]
    files = content(out)
    assert_nothing_private(files)
    status = json.loads(files["status.json"])
    assert (status["box"], status["devices"][0]["id"]) == (BOX, "gate")
    kept = {lane: numbers["kept"] for lane, numbers in json.loads(files["outbox.json"])["lanes"].items()}
    assert kept["alarm"] == len(told) / 3
    assert len(before["record"]) <= kept["record"] <= len(after["record"]), "the agent stores its own beside them"


def stored(agent):
    """Ids of the events that lie in the store, by lane."""
    lanes = {lane: agent.rows(f"SELECT body FROM {lane}") for lane in ("alarm", "record")}
    return {lane: {json.loads(body)["id"] for (body,) in bodies} for lane, bodies in lanes.items()}


def test_a_wrong_configuration_is_part_of_what_is_told(tmp_path, box, capsys):
    box.write_text(box.read_text() + f'pasword = "{SECRETS[4]}"\n')
    out = tmp_path / "bundle.tar.gz"
    words = ["--config", str(box), "--out", str(out), "--log", str(log_file(tmp_path)), "--language", "en"]
    assert main(["support-bundle", *words]) == 0
    files = content(out)
    assert "pasword" in files["mistakes.txt"]
    for name, text in files.items():
        for word in (*SECRETS[:4], *NUMBERS, *NAMES):
            assert word not in text, (name, word)


def test_a_place_that_cannot_be_written(tmp_path, box, capsys):
    assert main(["support-bundle", "--config", str(box), "--out", str(tmp_path / "none" / "x.tar.gz")]) == 1
    assert "none" in capsys.readouterr().err


# -- config diff -----------------------------------------------------------------------------------------------------


async def test_the_files_the_defaults_and_the_running_agent(tmp_path):
    devices = '[device.gate]\ndriver = "onvif"\naddress = "127.0.0.1:1"\npassword = "secret-1234"\n'
    agent = AgentProcess(tmp_path, NOBODY, devices)
    async with command(agent, "config", "diff", "--json") as called:
        assert (await called.end())[0] == 0
    told = json.loads("".join(called.lines))
    assert told["running"] is None
    found = {each["key"]: each for each in told["settings"]}
    assert (found["hub.port"]["value"], found["hub.port"]["default"]) == (1, 8883)
    assert found["hub.port"]["where"].startswith(f"{agent.config}:")
    assert found["device.gate.address"]["where"].startswith(f"{agent.config}:")
    assert found["device.gate.password"]["value"] == "***"
    assert "device.gate.poll_s" not in found
    with agent:
        await agent.until_running()
        async with command(agent, "config", "diff", language="zh") as called:
            assert (await called.end())[0] == 0
        assert "运行中的代理设置相同" in called.lines[-1]
        agent.configure(devices.replace("secret-1234", "other-5678") + "poll_s = 5\n")
        async with command(agent, "config", "diff", "--json") as called:
            assert (await called.end())[0] == 0
        (other,) = json.loads("".join(called.lines))["running"]
        assert other == {"key": "device.gate.poll_s", "file": 5.0, "running": 20.0}


def test_wrong_files_are_said(tmp_path, capsys):
    file = written(tmp_path, "[nothing]\n")
    assert main(["config", "diff", "--config", str(file), "--language", "en"]) == 78
    assert "[config.unknown-key]" in capsys.readouterr().err
