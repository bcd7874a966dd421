"""`edgeagent enroll`: with a one-time token this machine becomes a box of the county: key, certificate, configuration.

May be done again after whatever went wrong. Ends with 0 when it was done, 1 when it was not, 2 for wrong use.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from edgeagent.cli.say import choose, say
from edgeagent.enrol import moving
from edgeagent.enrol.enrolledfile import Own
from edgeagent.enrol.identity import Identity, Record
from edgeagent.enrol.moving import AnotherBox, Left
from gridwire.enrolment import TICKET_SUFFIX, BadTicket, BadToken, NoTicket, OtherBox, Ticket, Token, read_token
from gridwire.identifiers import BadBoxId, check_box_id
from gridwire.problem import Language, Problem

OK, FAILED, WRONG_USE = 0, 1, 2


class TellHow(Problem):
    code = "enrol.tell-how"
    en = "give the token: --token-file FILE from the stick, or --hub HOST --token TOKEN"
    zh = "请给出令牌：--token-file U 盘上的文件，或 --hub 主机 --token 令牌"


class WhichBox(Problem):
    code = "enrol.which-box"
    en = "there are several boxes in {path}: say which this is, --box CODE ({known})"
    zh = "{path} 中有多个盒子：请用 --box 编号 指明本机（{known}）"


WRONG = (TellHow, WhichBox, BadTicket, BadToken, BadBoxId)


class Order(NamedTuple):
    """What to do: which hub, which token, who we shall be (empty: as the token says)."""

    hub: str
    token: Token
    box: str
    name: str


def execute(args: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    own = Own(args.config)
    language = choose(args.language, own.language())
    try:
        return _renew(own, language) if args.renew else _enrol(args, own, language)
    except WRONG as problem:
        print(problem.text(language), file=sys.stderr)
        return WRONG_USE
    except Problem as problem:
        print(problem.text(language), file=sys.stderr)
        return FAILED


def _renew(own: Own, language: Language) -> int:
    from edgeagent.enrol import steps

    identity = Identity.of_store(own.store())
    record = steps.renew(identity).record
    identity.forget_pending()
    print(_until(record, language))
    return OK


def _enrol(args: argparse.Namespace, own: Own, language: Language) -> int:
    from edgeagent.enrol import steps
    from edgeagent.enrol.hub import address

    order = _order(args)
    hub = address(order.hub)
    moving.resume(own.store())
    identity = Identity.of_store(own.store())
    old = identity.record()
    moves = old is not None and bool(order.box) and old.box != order.box
    if moves and not args.move:
        assert old is not None
        raise AnotherBox(old=old.box, new=order.box, unsent=moving.unsent(own.store()))
    own.check(order.box, identity)
    where = Identity(own.store() / moving.COMING) if moves else identity
    done = steps.enrol(where, hub, order.token, order.box or _configured(own), order.name)
    left = moving.set_aside(own.store(), old, datetime.now(UTC)) if moves and old is not None else None
    others = own.write(done.record, identity)
    identity.forget_pending()
    _tell(done.record, own, left, language, is_new=done.is_new)
    for other in others:
        print(other.text(language))
    return OK


def _configured(own: Own) -> str:
    """Who the technician says that we are; empty when nobody does."""
    box = own.get("box")
    return box if isinstance(box, str) else ""


def _order(args: argparse.Namespace) -> Order:
    """Raises one of `WRONG`."""
    box = check_box_id(args.box) if args.box else ""
    if args.token_file is not None:
        ticket = read_ticket(args.token_file, box)
        if box and ticket.box != box:
            raise OtherBox(path=args.token_file, box=ticket.box, asked=box)
        return Order(args.hub or ticket.hub, read_token(ticket.token), ticket.box, ticket.name)
    if not (args.hub and args.token):
        raise TellHow
    return Order(args.hub, read_token(args.token), box, "")


def read_ticket(path: Path, box: str) -> Ticket:
    """The file, or in a folder that of the box, or the only one. Raises `BadTicket`, `WhichBox`."""
    try:
        if path.is_dir():
            found = sorted(path.glob(f"*{TICKET_SUFFIX}"))
            named = [file for file in found if file.stem == box] if box else found
            if len(named) != 1:
                raise WhichBox(path=path, known=", ".join(file.stem for file in found) or "–")
            path = named[0]
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return msgspec.convert(table, Ticket)
    except OSError as error:
        raise NoTicket(path=path, reason=error) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadTicket(path=path) from error


def _tell(record: Record, own: Own, left: Left | None, language: Language, *, is_new: bool) -> None:
    named = f"{record.box} {record.name}".strip()
    if is_new:
        print(say(language, en=f"this machine is box {named} now; settings in {own.file}",
                  zh=f"本机已注册为盒子 {named}；设置写入 {own.file}"))  # fmt: skip
    else:
        print(say(language, en=f"already enrolled as box {named}; settings in {own.file} checked",
                  zh=f"本机此前已注册为盒子 {named}；已核对设置 {own.file}"))  # fmt: skip
    print(_until(record, language))
    if left is not None:
        print(_leftover(left, language))
    print(say(language, en="Next: edgeagent check, then systemctl restart edgeagent",
              zh="下一步：edgeagent check，然后 systemctl restart edgeagent"))  # fmt: skip


def _until(record: Record, language: Language) -> str:
    ends, renewed = f"{record.expires:%Y-%m-%d}", f"{record.renew_from:%Y-%m-%d}"
    return say(language, en=f"certificate until {ends}, renewed by itself from {renewed}",
               zh=f"证书有效期至 {ends}，{renewed} 起自动续签")  # fmt: skip


def _leftover(left: Left, language: Language) -> str:
    if not left.unsent:
        return say(language, en=f"the store of {left.box} is in {left.folder}; all of it was sent",
                   zh=f"{left.box} 的数据在 {left.folder}，均已上报")  # fmt: skip
    order = f"edgeagent run --config {left.config}"
    return say(
        language,
        en=f"{left.unsent} events of {left.box} are not sent yet. Deliver them as {left.box} while its certificate "
        f"holds, as the agent's user:\n  {order}",
        zh=f"{left.box} 尚有 {left.unsent} 条事件未上报。请在其证书有效期内以代理用户执行，按原编号上报：\n  {order}",
    )
