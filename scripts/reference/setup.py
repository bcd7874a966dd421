"""docs/reference/setup.md: the file of `edgeagent setup --answers`, from the Struct that reads it."""

from __future__ import annotations

from edgeagent.cli.setup.answers import Answers, CameraAnswer, LoginAnswer
from reference.tables import doc, field_row, fields, table

_EXAMPLE = """\
box = "430121001001"
name = "东山村"
uplink = "enroll"
token_file = "tokens"            # 文件夹，内有 430121001001.enrol / a folder

[login.hikvision]                # 一类摄像机只写一次 / once for all of a kind
username = "onvif"
password = "file:hikvision-password"
[login.all]                      # 其余 / the rest
username = "admin"
password = "file:other-password"

[camera."192.168.1.64"]          # 也可用编号 / or by its id
name = "村口"
grid = "001"
[camera."192.168.1.90"]
take = false

[[part]]
protocol = "sam_idcard"
port = "/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0"
"""


def text() -> str:
    """The whole page."""
    lines = [
        "# Answers for `edgeagent setup` 答案文件",
        "",
        "`edgeagent setup --answers FILE.toml` asks nobody; `--dry-run` shows what would be written. What is left",
        "out has the default that a person is offered. All mistakes come at once, with file and line (exit code 78);",
        "values that stand in files already are only changed with `change_existing = true`. Passwords are files that",
        "only their owner reads (`chmod 600`), beside this file.",
        "",
        "不提问，直接按文件设置；`--dry-run` 只显示不写入。没写的项取默认值。",
        "",
        "```toml",
        *_EXAMPLE.splitlines(),
        "```",
        "",
        *_table(Answers, skip=("login", "camera")),
    ]
    for struct in (LoginAnswer, CameraAnswer):
        lines += ["", doc(struct), "", *_table(struct)]
    return "\n".join(lines) + "\n"


def _table(struct: type, skip: tuple[str, ...] = ()) -> list[str]:
    rows = [field_row(field) for field in fields(struct) if field.encode_name not in skip]
    return table(["key", "type", "default", "meaning"], rows)
