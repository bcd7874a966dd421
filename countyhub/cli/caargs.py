"""The arguments of `countyhub ca` and `countyhub broker-config`, without what they need to import."""

from __future__ import annotations

import argparse
from pathlib import Path

from countyhub.cli.say import say
from gridwire.problem import Language


def add_ca(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`init`, `show`, `renew`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    texts = {
        "init": say(language, en="make the county's CA, once", zh="建立县级 CA，只需一次"),
        "show": say(language, en="fingerprint, what ends when, which boxes have what",
                    zh="查看指纹、各证书到期时间和盒子状态"),
        "renew": say(language, en="what the running hub does by itself every hour",
                     zh="立即续签即将到期的证书（汇聚端每小时自动进行）"),
    }  # fmt: skip
    for name, text in texts.items():
        actions.add_parser(name, parents=[common], help=text, description=text)


def add_broker(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument(
        "--out", metavar="DIR", type=Path,
        help=say(language, en="folder to write into, e.g. /etc/mosquitto/countyhub (default: print the configuration)",
                 zh="写入的文件夹，例如 /etc/mosquitto/countyhub（默认只显示配置）"),
    )  # fmt: skip
    parser.add_argument(
        "--include", metavar="DIR", type=Path,
        help=say(language, en="put countyhub.conf there, e.g. /etc/mosquitto/conf.d (default: DIR of --out)",
                 zh="countyhub.conf 写到此处，例如 /etc/mosquitto/conf.d（默认与 --out 相同）"),
    )  # fmt: skip
    parser.add_argument(
        "--store", metavar="DIR", type=Path,
        help=say(language, en="where mosquitto keeps sessions; makes a configuration that stands alone",
                 zh="mosquitto 保存会话的文件夹；生成可独立使用的完整配置"),
    )  # fmt: skip
    parser.add_argument(
        "--group", metavar="NAME", default="mosquitto",
        help=say(language, en="group that may read the key (default: %(default)s)",
                 zh="可以读取私钥的用户组（默认 %(default)s）"),
    )  # fmt: skip
    parser.add_argument(
        "--apply", metavar="UNIT",
        help=say(language, en="then reload or restart this service if anything changed, e.g. mosquitto.service",
                 zh="有变化时重新加载或重启该服务，例如 mosquitto.service"),
    )  # fmt: skip
    parser.add_argument(
        "--again", action="store_true",
        help=say(language, en="only if this was done before; else do nothing, which is no failure",
                 zh="仅当以前执行过才再次执行，否则什么也不做，也不算失败"),
    )  # fmt: skip
    parser.add_argument(
        "--listen", metavar="ADDRESS", default="",
        help=say(language, en="address for the boxes (default: all)", zh="供盒子连接的监听地址（默认全部）"),
    )  # fmt: skip


def add_box(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser, language: Language
) -> None:
    """`add`, `replace`, `revoke` of `countyhub box`."""
    texts = {
        "add": say(language, en="one-time tokens, with which boxes get their certificates",
                   zh="生成一次性令牌，盒子凭它获取证书"),
        "replace": say(language, en="another machine takes the place of a box; the old one may deliver what it has",
                       zh="更换盒子：新机器用新编号，旧盒子可继续上报剩余事件"),
        "revoke": say(language, en="a box may not connect any more, at once", zh="吊销盒子的证书，立即断开"),
    }  # fmt: skip
    added = {
        name: actions.add_parser(name, parents=[common], help=text, description=text) for name, text in texts.items()
    }
    box = say(language, en="id of the box", zh="盒子编号")
    added["add"].add_argument("box", nargs="*", metavar="CODE", help=box)
    added["add"].add_argument(
        "--file", metavar="CSV", type=Path,
        help=say(language, en="boxes of a tour: a column box (or 盒子), and name if there is one",
                 zh="一次巡装的盒子清单：需有“盒子”（box）列，可有“名称”（name）列"),
    )  # fmt: skip
    added["add"].add_argument(
        "--again", action="store_true",
        help=say(language, en="the box has a certificate and is set up anew, on a new disk",
                 zh="盒子已有证书，因重装系统或换盘需重新注册"),
    )  # fmt: skip
    for name in ("replace", "revoke"):
        added[name].add_argument("box", metavar="BOX", help=box)
    for name in ("add", "replace"):
        added[name].add_argument(
            "--out", metavar="DIR", type=Path,
            help=say(language, en="put a file for each box there, e.g. on a stick",
                     zh="每个盒子生成一个文件，写到此处，例如 U 盘"),
        )  # fmt: skip
        added[name].add_argument("--json", action="store_true", help=say(language, en="as JSON", zh="输出 JSON"))
    added["revoke"].add_argument(
        "--reason",
        metavar="TEXT",
        default="",
        help=say(language, en="for the record, e.g. stolen", zh="原因，例如被盗"),
    )
