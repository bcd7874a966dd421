"""The file of `edgeagent setup --answers`: every answer, once, checked as the configuration is, with all mistakes.

What is left out has the default that a person would be offered; a re-run starts from what is configured.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edgeagent.configfile.boxmistakes import BadConfig
from edgeagent.configfile.merge import merge
from edgeagent.configfile.ownfile import OwnFiles
from edgeagent.configfile.reader import read
from gridwire.identifiers import BOX_PATTERN
from gridwire.problem import Language
from gridwire.settings import Settings, about
from gridwire.settings.decode import Decoder, fields_of

Text = Annotated[str, msgspec.Meta(max_length=512)]


class LoginAnswer(Settings, frozen=True, kw_only=True):
    """`[login.KIND]`: the user of all cameras of a kind: a maker's preset, `other`, or `all` for whatever is left."""

    username: Annotated[str, about("用户名", "user", max_length=64, example="onvif")]
    password: Annotated[
        str, about("密码：本文件旁的 file:路径、env:变量名或明文",
                   "password: `file:PATH` beside this file, `env:NAME` or the text",
                   secret=True, max_length=128, example="file:cameras-password")
    ]  # fmt: skip


class CameraAnswer(Settings, frozen=True, kw_only=True):
    """`[camera."ADDRESS"]`, or by the id that it has or gets: one camera."""

    name: Annotated[Text | None, about("名称，即安装地点", "name, i.e. its place", example="村口")] = None
    grid: Annotated[Text | None, about("网格编号，15 位，或末 3 位", "grid, 15 digits, or the last 3")] = None
    pictures: Annotated[bool | None, about("报警时附图片", "a picture with each alarm", example=True)] = None
    take: Annotated[bool, about("false 表示不接入", "false: not ours, leave it out")] = True


class Answers(Settings, frozen=True, kw_only=True):
    """The top of the file."""

    box: Annotated[
        Annotated[str, msgspec.Meta(pattern=BOX_PATTERN)] | None,
        about("盒子编号：12 位村级区划代码，同村第二台起加 -2、-3",
              "box id: 12-digit village code, -2, -3 for further boxes", example="430121001001"),
    ] = None  # fmt: skip
    name: Annotated[Text | None, about("村名", "name of the village", example="东山村")] = None
    language: Annotated[Language | None, about("界面语言", "language of texts for people")] = None
    uplink: Annotated[
        Literal["broker", "enroll", "keep"] | None,
        about("上行方式：broker 使用 hub 中的服务器；enroll 用 token_file 注册；keep 保留现有设置",
              "how it reaches the county: the broker of `hub`, `edgeagent enroll` with `token_file`, or as it is "
              "configured"),
    ] = None  # fmt: skip
    hub: Annotated[Text | None, about("消息服务器，主机 或 主机:端口", "broker, HOST or HOST:PORT",
                                      example="hub.example.cn:8883")] = None  # fmt: skip
    ca: Annotated[Text | None, about("县级 CA 证书，PEM 文件；`-` 表示不加密",
                                     "certificate of the county's CA, PEM file; `-`: no TLS",
                                     example="ca.pem")] = None  # fmt: skip
    hub_username: Annotated[Text | None, about("用户名；留空即盒子编号", "user at the broker; empty: the box id")] = (
        None
    )
    hub_password: Annotated[
        Text | None, about("其密码：file:路径、env:变量名或明文", "its password: `file:PATH`, `env:NAME` or the text",
                           secret=True)
    ] = None  # fmt: skip
    token_file: Annotated[
        Text | None, about("countyhub box add 生成的令牌文件，或存放各村令牌的文件夹，相对本文件；"
                           "或写作 汇聚端主机 令牌",
                           "token of `countyhub box add`: a file, or a folder with one file a box, beside this file; "
                           "or `HUB TOKEN`")
    ] = None  # fmt: skip
    search: Annotated[
        bool | None, about("查找摄像机（默认查找）", "search for cameras (default: yes)", example=True)
    ] = None
    range: Annotated[
        Text | None, about("逐个询问这些地址；留空则组播查找",
                           "ask these addresses one by one; empty: all that answer a multicast",
                           example="192.168.1.0/24")
    ] = None  # fmt: skip
    login: Annotated[dict[str, LoginAnswer], about("各类摄像机的用户", "users of cameras by kind")] = {}  # noqa: RUF012  # a Struct's
    camera: Annotated[
        dict[str, CameraAnswer], about("单台摄像机的设置", "what is to be said of single cameras")
    ] = {}  # noqa: RUF012  # fmt: skip
    pictures: Annotated[bool | None, about("摄像机报警时附图片（默认附）",
                                           "cameras take a picture with each alarm (default: yes)",
                                           example=True)] = None  # fmt: skip
    key_file: Annotated[Text | None, about("终端的村密钥文件", "the terminal's village key",
                                           example="village.key")] = None  # fmt: skip
    part: Annotated[
        tuple[dict[str, Any], ...],
        about("终端的部件：写法同 [[device.编号.part]]，见驱动 terminal",
              "parts of the terminal: what stands in its [[device.ID.part]], see driver `terminal`"),
    ] = ()  # fmt: skip
    change_existing: Annotated[
        bool, about("允许改动文件中已有的值", "values that stand in files already may be changed")
    ] = False


def read_answers(file: Path) -> Answers:
    """Raises `BadConfig` with all mistakes, each with file and line."""
    source = read(file)
    tree = merge(str(file), [source])
    decoder = Decoder(tree, OwnFiles(file.parent, os.environ).secret, complete=source.complete)
    decoder.mistakes += source.mistakes
    right = decoder.table(fields_of(Answers), tree.data, ())
    if decoder.mistakes:
        raise BadConfig(decoder.mistakes)
    answers = msgspec.convert(right, Answers)
    token = answers.token_file
    if token is None or len(token.split()) == 2:  # HUB TOKEN
        return answers
    return msgspec.structs.replace(answers, token_file=str(file.parent.absolute() / token))


def value_at(answers: Answers, path: tuple[str, ...]) -> Any:
    """What stands at `("camera", "10.0.0.8", "name")`; None for nothing."""
    found: Any = answers
    for name in path:
        found = found.get(name) if isinstance(found, dict) else getattr(found, name, None)
    return found
