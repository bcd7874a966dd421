"""`edgeagent terminal --ports` over a made-up /dev and /sys."""

import json

import pytest

from edgeagent.cli import main
from edgeagent.cli.terminal.ports import configured, found


@pytest.fixture
def root(tmp_path):
    """ttyUSB0 by-id, ttyUSB1 by-path only, ttyS0 of the board, ttyS1 that does not exist really, a console."""
    for name in ("ttyUSB0", "ttyUSB1", "ttyS0", "ttyS1", "tty1"):
        device = tmp_path / "sys/devices" / name / "interface" / name
        device.mkdir(parents=True)
        if "USB" in name:
            (device.parent.parent / "idVendor").write_text("1a86\n")
            (device.parent.parent / "idProduct").write_text("7523\n")
            (device.parent.parent / "product").write_text("USB \x1b[31mSerial\n")
        tty = tmp_path / "sys/class/tty" / name
        tty.mkdir(parents=True)
        if name != "tty1":
            (tty / "device").symlink_to(device)
        if "ttyS" in name:
            (tty / "type").write_text("4\n" if name == "ttyS0" else "0\n")
        (tmp_path / "dev").mkdir(exist_ok=True)
        (tmp_path / "dev" / name).touch()
    for folder, link, name in (
        ("by-path", "pci-0:2:1", "ttyUSB0"),
        ("by-id", "usb-1a86", "ttyUSB0"),
        ("by-path", "pci-0:2:2", "ttyUSB1"),
    ):
        (tmp_path / "dev/serial" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "dev/serial" / folder / link).symlink_to(f"../../{name}")
    return tmp_path


def config(root, *ports):
    file = root / "edgeagent.toml"
    parts = "\n".join(
        f'[[device.hall.part]]\nprotocol = "line"\nname = "p{n}"\nport = "{p}"' for n, p in enumerate(ports)
    )
    file.write_text(f'[device.hall]\ndriver = "terminal"\n{parts}\n[device.x]\ndriver = "terminal"\npart = 7\n')
    return file


def test_ports_have_their_lasting_names(root):
    assert [(port.device, port.name, port.what) for port in found(root)] == [
        ("/dev/ttyS0", "/dev/ttyS0", ""),
        ("/dev/ttyUSB0", "/dev/serial/by-id/usb-1a86", "USB [31mSerial 1a86:7523"),
        ("/dev/ttyUSB1", "/dev/serial/by-path/pci-0:2:2", "USB [31mSerial 1a86:7523"),
    ]


@pytest.mark.parametrize(("language", "absent"), [("zh", "不存在：是否未插入？"), ("en", "NOT THERE: unplugged?")])
def test_what_hangs_where_and_what_is_missing(root, capsys, language, absent):
    file = config(root, "/dev/ttyUSB0", "/dev/serial/by-path/pci-0:2:2", "/dev/serial/by-id/gone", "socket://h:1")
    code = main(["terminal", "--ports", "--root", str(root), "--config", str(file), "--language", language])
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()[1:]]
    told = {line[0].strip(): [cell.strip() for cell in line if cell.strip()] for line in lines}
    assert code == 1
    assert told["/dev/serial/by-id/usb-1a86"][-1] == "hall/p0"
    assert told["/dev/serial/by-path/pci-0:2:2"][-1] == "hall/p1"
    assert told["/dev/serial/by-id/gone"][2:] == [absent, "hall/p2"]
    assert told["socket://h:1"][-1] == "hall/p3"
    assert told["/dev/ttyS0"][-1] == "-"


def test_as_json(root, capsys):
    file = config(root, "/dev/ttyUSB0")
    assert main(["terminal", "--ports", "--json", "--root", str(root), "--config", str(file)]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["used_by"] for each in told] == [[], ["hall/p0"], []]


def test_a_machine_without_ports(tmp_path, capsys):
    none = ["terminal", "--ports", "--root", str(tmp_path), "--config", str(tmp_path / "absent"), "--language", "en"]
    assert main(none) == 0
    assert capsys.readouterr().out == "this machine has no serial port\n"


def test_tables_with_mistakes_do_no_harm():
    assert list(configured({"a": {"driver": "terminal", "part": [1, {"port": 5}]}, "b": {"driver": "onvif"}})) == []


def test_a_port_that_no_tty_driver_knows_is_there_all_the_same(root, capsys):
    (root / "dev" / "desk").touch()
    file = config(root, "/dev/desk")
    assert main(["terminal", "--ports", "--root", str(root), "--config", str(file), "--language", "en"]) == 0
    (line,) = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("/dev/desk")]
    assert line == ["/dev/desk", str(root / "dev" / "desk"), "-", "hall/p0"]
