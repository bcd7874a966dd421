"""The command `edgeagent` as a person calls it: a process, its output, its exit code."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands import edgeagent

ROOT = Path(__file__).resolve().parents[3]
GOOD = 'box = "430121001001"\n[hub]\nhost = "127.0.0.1"\nport = 1\n'
BAD = 'box = "430121001001"\n[hub]\nhots = "127.0.0.1"\nport = "1883"\n'


@pytest.fixture
def config(tmp_path):
    def write(text: str, name: str = "edgeagent.toml") -> Path:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_check_of_a_good_configuration(config):
    done = edgeagent("check", "--only", "config", "--config", config(GOOD), "--language", "en")
    assert done.returncode == 0
    first, second, last = done.stdout.splitlines()
    assert first.startswith("WARN  config ")  # no device is configured
    assert "configuration is right: box 430121001001, devices 0, rules 0" in second
    assert last == "0 failed, 1 warnings, 1 well"


def test_check_names_every_mistake_on_a_line_and_exits_78(config):
    file = config(BAD)
    done = edgeagent("check", "--config", file)
    assert done.returncode == 78
    assert done.stdout.splitlines() == [
        f"{file}:2: hub.host: 缺少这一项（消息服务器的域名或地址） [config.missing-key]",
        f"{file}:3: hub.hots: 没有这个设置项，是不是“host”？ [config.unknown-key]",
        f"{file}:4: hub.port: 现在是文本“1883”，应为 1 至 65535 的整数：请去掉引号 [config.wrong-type]",
        f"警告：{file}: 没有配置任何设备，不会监测任何东西 [config.no-devices]",
        "config.bad: 配置中有 3 处错误",
    ]


def test_check_as_json_has_both_languages(config):
    file = config(BAD)
    done = edgeagent("check", "--config", file, "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (78, False)
    assert answer["mistakes"][1] == {
        "code": "config.unknown-key",
        "file": str(file),
        "line": 3,
        "key": "hub.hots",
        "en": "there is no such setting, did you mean “host”?",
        "zh": "没有这个设置项，是不是“host”？",
    }
    good = json.loads(edgeagent("check", "--only", "config", "--config", config(GOOD), "--json").stdout)
    assert (good["ok"], good["box"], good["mistakes"]) == (True, "430121001001", [])


@pytest.mark.parametrize(
    ("text", "args", "environ", "begin"),
    [
        (GOOD, ("--language", "zh"), {"LANG": "en_US.UTF-8"}, "故障 0 项"),
        ('language = "en"\n' + GOOD, (), {"LANG": "zh_CN.UTF-8"}, "0 failed"),
        ('language = "en"\nx = 1\n' + GOOD, (), {"LANG": "zh_CN.UTF-8"}, "config.bad: mistakes"),
        ("x = 1\n" + GOOD, (), {"LANG": "zh_CN.UTF-8"}, "config.bad: 配置中"),
        ("x = 1\n" + GOOD, (), {"LANG": "de_DE.UTF-8"}, "config.bad: mistakes"),
        ("x = 1\n" + GOOD, (), {"LANG": "C.UTF-8"}, "config.bad: 配置中"),
    ],
)
def test_language_is_asked_for_configured_or_of_the_environment(config, text, args, environ, begin):
    done = edgeagent("check", "--only", "config", "--config", config(text), *args, **environ, PYTHONUTF8="1")
    assert done.stdout.splitlines()[-1].startswith(begin)


def test_a_terminal_without_chinese_is_no_reason_to_fail(config):
    done = edgeagent("check", "--config", config(BAD), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (78, "")


def test_check_offline_connects_to_nothing(config):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        config(GOOD.replace("port = 1", f"port = {listener.getsockname()[1]}"))
        file = config(
            f'[device.cam-1]\ndriver = "onvif"\naddress = "127.0.0.1:{listener.getsockname()[1]}"\n', "conf.d/c.toml"
        )
        done = edgeagent("check", "--offline", "--config", file.parent.parent / "edgeagent.toml", "--language", "en")
        assert " 0 failed" in " " + done.stdout.splitlines()[-1], done.stdout
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("args", [(), ("--minimal",)])
def test_the_sample_passes_the_check(config, tmp_path, args):
    """Of the drivers only those whose settings all have defaults or examples; a terminal must be told its parts."""
    text = edgeagent("sample", *args).stdout.partition("[device.")[0]
    assert edgeagent("check", "--only", "config", "--config", config(text)).returncode == 0


def test_sample_of_a_driver():
    done = edgeagent("sample", "--driver", "onvif")
    assert done.returncode == 0
    assert '[device.onvif-1]\ndriver = "onvif"\n' in done.stdout
    wrong = edgeagent("sample", "--driver", "onvf", "--language", "en")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("driver.unknown: there is no driver “onvf”, there are: ")


def test_version_loads_next_to_nothing():
    code = "import sys; from edgeagent.cli import main; main(['version']); print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("edgeagent ")
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not {"msgspec", "asyncio", "drivers", "paho", "aiosqlite", "edgeagent.config", "http.client"} & loaded


def test_status_without_an_agent(config):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = edgeagent("status", "--config", config(GOOD + f"[status]\nport = {port}\n"), "--language", "en")
    assert done.returncode == 1
    assert done.stdout.startswith(f"no agent answers at http://127.0.0.1:{port} (")


def test_run_with_a_wrong_configuration_exits_78(config):
    done = edgeagent("run", "--config", config(BAD))
    assert done.returncode == 78
    assert "hub.hots" in done.stdout + done.stderr


def test_status_of_a_running_agent(config, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    file = config(GOOD + f'[store]\ndir = "{tmp_path}/store"\n[status]\nport = {port}\n')
    config('[device.cam-1]\ndriver = "onvif"\naddress = "127.0.0.1:1"\npassword = "canary"\n', "conf.d/cam.toml")
    with subprocess.Popen(
        [sys.executable, "-m", "edgeagent.cli", "run", "--config", str(file)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as agent:  # fmt: skip
        try:
            deadline = time.monotonic() + 30
            while (done := edgeagent("status", "--config", file)).returncode and time.monotonic() < deadline:
                time.sleep(0.1)
            english = edgeagent("status", "--config", file, "--language", "en").stdout
            answer = json.loads(edgeagent("status", "--config", file, "--json").stdout)
        finally:
            agent.send_signal(signal.SIGTERM)
            said = agent.communicate(timeout=30)[1]
    assert done.returncode == 0
    assert "未连接县级平台 127.0.0.1:1" in done.stdout
    assert "Not connected to the hub 127.0.0.1:1" in english
    assert answer["box"] == "430121001001"
    assert [device["id"] for device in answer["devices"]] == ["cam-1"]
    assert agent.returncode == 0
    assert "canary" not in done.stdout + english + str(answer) + said


@pytest.mark.parametrize("args", [(), ("nothing",), ("check", "--language", "fr")])
def test_wrong_use_exits_2(args):
    assert edgeagent(*args).returncode == 2
