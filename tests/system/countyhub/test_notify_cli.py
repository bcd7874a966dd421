"""`countyhub notify …`, as it is typed, beside a hub's database."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from countyhub.cli import main
from countyhub.registry import plan
from countyhub.registry.content import Content
from countyhub.store.engine import open_store
from simulators.county.build import COUNTY
from tests.casebooks import VILLAGE, staff
from tests.gateways import Gateway, Mailbox, Says, mail_server
from tests.ports import NOBODY
from tests.registries import ZONE, small
from tests.waking import County, phone

CLERK = staff("village_clerk", VILLAGE)


@contextmanager
def gateway(says: Says) -> Iterator[Gateway]:
    """On a thread of its own: a command has its own event loop."""
    served, loop = Gateway(says), asyncio.new_event_loop()
    context = served.open()
    loop.run_until_complete(context.__aenter__())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class Command:
    """`countyhub` with a configuration of its own and the small county's registry."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.file = folder / "countyhub.toml"
        self.url = f"sqlite:///{folder}/hub.db"

    def configure(self, tables: str) -> None:
        self.file.write_text(f'county = "{COUNTY}"\nname = "澄禾县"\ndata_dir = "{self.folder}"\n{tables}')

    async def prepare(self) -> None:
        store = await open_store(self.url)
        found = plan.make(small(self.folder / "registry"), Content.bare(()), revision=0, county=COUNTY,
                          today=date(2026, 6, 1))  # fmt: skip
        await plan.apply(store, found, by="test", now=datetime.now(UTC), zone=ZONE)
        await store.close()

    def __call__(self, *words: str, language: str = "en") -> tuple[int, str]:
        code = main(["notify", *words, "--config", str(self.file), "--language", language])
        told = self.capsys.readouterr()
        return code, told.out + told.err


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    made = Command(tmp_path, capsys)
    asyncio.run(made.prepare())
    return made


def sms(url: str, more: str = "") -> str:
    return f'[notify.sms]\nurl = "{url}"\ntimeout_s = 1\n{more}'


def test_a_test_message_says_what_is_wrong(command: Command) -> None:
    mailbox = Mailbox()
    with gateway(Says()) as served, mail_server(mailbox) as port:
        mail = f'[notify.email]\nhost = "127.0.0.1"\nport = {port}\nsender = "hub@county.cn"\n'
        command.configure(sms(served.url) + mail)
        assert command("test", "sms", "13800000000")[0] == 0
        assert "澄禾县" in served.asked[0].json["content"]
        code, told = command("test", "email", "a@b.cn")
        assert (code, "TLS failed" in told, "STARTTLS" in told) == (1, True, True)
    command.configure(sms("http://nowhere.invalid/"))
    code, told = command("test", "sms", "13800000000", language="zh")
    assert (code, "未送达：域名无法解析" in told) == (1, True)
    command.configure(sms(f"http://127.0.0.1:{NOBODY}"))
    assert "no connection" in command("test", "sms", "13800000000")[1]
    assert command("test", "sms", "x")[0] == 2
    code, told = command("test", "wecom", "robot:a")
    assert (code, "notify.channel-off" in told) == (78, True)


def test_ways_and_quiet_hours_of_a_person(command: Command) -> None:
    command.configure(sms("http://127.0.0.1:1/"))
    assert command("subscribe", CLERK) == (0, f"{CLERK}: sms={phone(CLERK)}; quiet 22:00-07:00; zh\n")
    assert command("subscribe", CLERK, "sms", "13900000000")[1].startswith(f"{CLERK}: sms=13900000000")
    assert command("subscribe", CLERK, "sms", "--off")[1].startswith(f"{CLERK}: no way")
    assert command("quiet", CLERK, "none", "--texts", "en")[1].endswith("quiet none; en\n")
    assert command("quiet", CLERK, "county")[1].endswith("quiet 22:00-07:00; en\n")
    for wrong in (("subscribe", CLERK, "sms"), ("subscribe", CLERK, "sms", "x"), ("subscribe", "nobody"),
                  ("quiet", CLERK, "25:00-07:00"), ("ack", "1-2-3")):  # fmt: skip
        assert command(*wrong)[0] == 2


def test_what_did_not_arrive_is_listed_and_sent_again_and_a_call_is_answered(command: Command) -> None:
    async def happen(served: Gateway) -> str:
        store = await open_store(command.url)
        here = County(store, served)
        here.now = datetime(2026, 6, 3, 2, 0, tzinfo=UTC)
        await here.open()
        number = await here.sos()
        await here.round()
        await store.close()
        return number

    with gateway(Says(400, "no such number")) as served:
        command.configure(sms(served.url))
        number = asyncio.run(happen(served))
        code, told = command("list")
        assert (code, f"CALL {number} since 06-03 10:00" in told) == (0, True)
        assert "the message was refused: HTTP 400 no such number" in told
        assert "求助" in command("list", language="zh")[1]
        found = json.loads(command("list", "--json", "--state", "failed")[1])
        assert found["totals"] == {"failed": len(found["parcels"])}
        assert command("retry", str(found["parcels"][0]["id"])) == (0, "1 go again\n")
        assert json.loads(command("list", "--json")[1])["totals"]["waiting"] == 1
        assert command("ack", number)[0] == 0
        assert "CALL" not in command("list")[1]
