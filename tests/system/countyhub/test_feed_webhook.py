"""Webhooks to real HTTP and HTTPS servers that take, refuse, ask to wait, hang, trickle and redirect."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from countyhub import lease
from countyhub.cli import main
from countyhub.feeds import outbox, schedule, subscriptions, webhook
from countyhub.feeds.outbox import Delivery
from countyhub.feeds.source import EventSource
from countyhub.feeds.subscriptions import Subscription
from countyhub.feeds.webhook import Webhooks
from countyhub.outbound import signature
from countyhub.store.engine import Store, open_store
from countyhub.store.hooktables import webhook_delivery
from gridwire.events import Alarm, Sos
from gridwire.identifiers import new_ulid
from tests.certificates import Authority
from tests.feedparts import TOWNSHIP, commit, config, live, running, step
from tests.harness import until
from tests.hubs import PATIENCE_S, ROOT, BoxClient, HubProcess
from tests.instances import NOON, event
from tests.mosquitto import Mosquitto
from tests.ports import NOBODY
from tests.receivers import Receiver

LOOPBACK = ["127.0.0.0/8", "::1/128"]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule of the standard in a thousandth of the time."""
    monkeypatch.setattr(schedule, "PAUSES_S", tuple(each / 1e6 for each in schedule.PAUSES_S))
    monkeypatch.setattr(webhook, "POLL_S", 0.05)
    monkeypatch.setattr(lease, "AGAIN_S", 0.1)


def hooks(store: Store, folder: Path, **settings: Any) -> Webhooks:
    given = {"allow_private": LOOPBACK, "timeout_s": 5.0} | settings
    return Webhooks(store, live(store), config(folder, given))


async def subscribe(store: Store, url: str, **changes: Any) -> Subscription:
    hook = Subscription(
        id=new_ulid(), name="应急局", url=url, secret=signature.new_secret(), created=NOON,
        **({"types": ("alarm", "sos", "case")} | changes),
    )  # fmt: skip
    async with store.write() as connection:
        await subscriptions.add(connection, hook)
    return hook


async def deliveries(store: Store, hook: Subscription) -> list[Delivery]:
    async with store.read() as connection:
        return (await outbox.listed(connection, hook.id, limit=1000))[::-1]


async def now_is(store: Store, hook: Subscription) -> Subscription:
    async with store.read() as connection:
        return await subscriptions.one(connection, hook.id)


async def until_states(store: Store, hook: Subscription, *expected: str) -> list[Delivery]:
    found: list[Delivery] = []

    async def is_so() -> bool:
        found[:] = await deliveries(store, hook)
        return [each.state for each in found] == list(expected)

    try:
        await until(is_so)
    except TimeoutError as error:
        raise AssertionError([(each.state, each.status, each.error) for each in found]) from error
    return found


def check_of_the_page() -> Any:
    """The function that docs/feeds.md gives to receivers."""
    page = (ROOT / "docs/feeds.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(import base64.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)
    return names["check"]


def seqs(receiver: Receiver) -> list[int]:
    return [json.loads(each.body)["seq"] for each in receiver.got]


# -- what is taken


async def test_each_once_signed_in_order_one_at_a_time(store: Store, tmp_path: Path) -> None:
    async with Receiver() as receiver:
        hook = await subscribe(store, receiver.url)
        await commit(store, *range(1, 21))
        await step(store, "431126-20260501-0001", "opened")
        async with running(hooks(store, tmp_path).run()):
            await until(lambda: len(receiver.got) == 21, PATIENCE_S)
            await commit(store, 21)
            await until(lambda: len(receiver.got) == 22, PATIENCE_S)
            await until_states(store, hook, *["done"] * 22)
    assert [seq for each in receiver.got if (seq := json.loads(each.body).get("seq"))] == list(range(1, 22))
    assert receiver.most_under_way == 1
    check = check_of_the_page()
    for got in receiver.got:
        assert (got.method, got.path) == ("POST", "/hooks?a=1")
        assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
        assert got.headers["host"] == f"localhost:{receiver.port}"
        assert got.headers["webhook-id"] == json.loads(got.body)["id"]
        assert check(got.headers, got.body, hook.secret)
        assert not check(got.headers, got.body + b" ", hook.secret)
        assert not check(got.headers, got.body, signature.new_secret())


async def test_only_what_was_asked_for(store: Store, tmp_path: Path) -> None:
    async with Receiver() as fire, Receiver() as elsewhere, Receiver() as here:
        await subscribe(store, fire.url, types=("alarm",), kinds=("fire",))
        nothing = await subscribe(store, elsewhere.url, areas=("431126002",))
        await subscribe(store, here.url, types=("sos",), areas=(TOWNSHIP,))
        await commit(store, *range(1, 251))
        await commit(store, 251, data=Alarm(kind="fire", state="start"))
        await commit(store, 252, data=Sos())
        async with running(hooks(store, tmp_path).run()):
            await until(lambda: fire.got and here.got, PATIENCE_S)

            async def are_passed_over() -> bool:
                return (await now_is(store, nothing)).event_cursor >= 252

            await until(are_passed_over)
        assert (seqs(fire), seqs(here), seqs(elsewhere)) == ([251], [252], [])


async def test_rotation_signs_with_both_for_a_day(store: Store, tmp_path: Path) -> None:
    check = check_of_the_page()
    async with Receiver() as receiver:
        hook = await subscribe(store, receiver.url)
        fresh, now = signature.new_secret(), datetime.now(UTC)
        async with store.write() as connection:
            await subscriptions.rotate(connection, hook, fresh, now)
        await commit(store, 1)
        async with running(hooks(store, tmp_path).run()):
            await until(lambda: receiver.got, PATIENCE_S)
        (got,) = receiver.got
        assert got.headers["webhook-signature"].count("v1,") == 2
        assert all(check(got.headers, got.body, secret) for secret in (hook.secret, fresh))
    later = await now_is(store, hook)
    assert later.secrets(now + timedelta(hours=23)) == [fresh, hook.secret]
    assert later.secrets(now + timedelta(hours=25)) == [fresh]


# -- what is not taken


@pytest.mark.parametrize(
    ("answers", "statuses"),
    [
        ([500, 404, 200], "500"),
        ([(302, "location: http://169.254.169.254/latest/meta-data/\r\n"), 200], "302"),
        (["close", "garbage", 200], ""),
        (["endless", 200], "500"),
    ],
)
async def test_what_fails_is_tried_again_before_the_next_goes(
    store: Store, tmp_path: Path, answers: list[Any], statuses: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Receiver() as receiver:
        receiver.answers.extend(answers)
        hook = await subscribe(store, receiver.url)
        await commit(store, 1, 2)
        async with running(hooks(store, tmp_path).run()):
            first, second = await until_states(store, hook, "done", "done")
    assert seqs(receiver) == [1] * len(answers) + [2]
    ids = [each.headers["webhook-id"] for each in receiver.got]
    assert len(set(ids[:-1])) == 1
    assert (first.attempts, first.failures, second.attempts) == (len(answers), len(answers) - 1, 1)
    assert f"has not taken {ids[0]}: {statuses}" in caplog.text
    assert "\x1b" not in caplog.text
    assert (await now_is(store, hook)).failing_since is None


@pytest.mark.parametrize("answer", ["hang", "trickle"])
async def test_who_does_not_answer_in_time_has_not_taken_it(store: Store, tmp_path: Path, answer: str) -> None:
    async with Receiver() as slow, Receiver() as other:
        slow.usual = answer
        hook, beside = await subscribe(store, slow.url), await subscribe(store, other.url)
        await commit(store, 1, 2)
        async with running(hooks(store, tmp_path, timeout_s=0.5).run()):
            await until_states(store, beside, "done", "done")  # one that hangs holds up nobody else
            await until(lambda: len(slow.got) == 2, PATIENCE_S)
    first, second = await deliveries(store, hook)
    assert "no answer within 0.5 s" in first.error
    assert (first.state, second.attempts) == ("waiting", 0)


async def test_after_the_last_retry_it_is_given_up_kept_and_can_go_again(store: Store, tmp_path: Path) -> None:
    async with Receiver() as receiver:
        receiver.usual = 500
        hook = await subscribe(store, receiver.url)
        await commit(store, 1)
        async with running(hooks(store, tmp_path).run()):
            (dead,) = await until_states(store, hook, "dead")
            assert (dead.attempts, dead.status, dead.error) == (10, 500, "well")
            assert (await now_is(store, hook)).failing_since is not None
            receiver.usual = 204
            async with store.write() as connection:
                assert await outbox.again(connection, [dead.id], "", datetime.now(UTC)) == 1
            await until_states(store, hook, "done")
    assert len({each.headers["webhook-id"] for each in receiver.got}) == 1
    assert len({each.body for each in receiver.got}) == 1


async def test_410_stops_the_webhook_and_resume_goes_on(store: Store, tmp_path: Path) -> None:
    async with Receiver() as receiver, Receiver() as other:
        receiver.answers.append(410)
        hook, beside = await subscribe(store, receiver.url), await subscribe(store, other.url)
        await commit(store, 1, 2)
        async with running(hooks(store, tmp_path).run()):

            async def is_gone() -> bool:
                return (await now_is(store, hook)).state == "gone"

            await until(is_gone)
            assert (await now_is(store, hook)).reason == "410 well"
            for seq in (3, 4):  # by the second, what came with the first has been dealt with
                await commit(store, seq)
                await until_states(store, beside, *["done"] * seq)
            assert seqs(receiver) == [1]
            async with store.write() as connection:
                await subscriptions.change(connection, hook.id, state="active", reason="")
            await until_states(store, hook, *["done"] * 4)
    assert seqs(receiver) == [1, 1, 2, 3, 4]
    assert seqs(other) == [1, 2, 3, 4]


@pytest.mark.parametrize("status", [429, 503])
async def test_who_asks_to_wait_is_waited_for_and_it_is_no_failure(store: Store, tmp_path: Path, status: int) -> None:
    async with Receiver() as receiver:
        receiver.answers.append((status, "retry-after: 3600\r\n"))
        hook = await subscribe(store, receiver.url)
        await commit(store, 1)
        async with running(hooks(store, tmp_path).run()):

            async def is_tried() -> bool:
                return any(each.attempts for each in await deliveries(store, hook))

            await until(is_tried)
            (waiting,) = await deliveries(store, hook)
            assert (waiting.attempts, waiting.failures, waiting.state) == (1, 0, "waiting")
            assert waiting.due - waiting.tried == timedelta(hours=1)
            async with store.write() as connection:
                await outbox.hurry(connection, hook.id, datetime.now(UTC))
            await until_states(store, hook, "done")


# -- where it may go


@pytest.mark.sqlite_only
async def test_a_name_that_leads_to_the_loopback_is_refused_at_each_attempt(store: Store, tmp_path: Path) -> None:
    """The name was added when the settings allowed it, or when it said something else."""
    async with Receiver() as receiver:
        hook = await subscribe(store, receiver.url)
        direct = await subscribe(store, "http://169.254.169.254/latest/meta-data/")
        await commit(store, 1)
        async with running(hooks(store, tmp_path, allow_private=[]).run()):
            (dead,) = await until_states(store, hook, "dead")
            (metadata,) = await until_states(store, direct, "dead")
        assert receiver.got == []
    assert "feeds.private-address: localhost is at" in dead.error
    assert "169.254.169.254, which is no public address" in metadata.error


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("name", "trusted"), [("localhost", True), ("localhost", False), ("other.example", True)])
async def test_over_tls_the_certificate_must_be_for_the_name(
    store: Store, tmp_path: Path, name: str, trusted: bool
) -> None:
    authority = Authority(tmp_path / "ca")
    async with Receiver(authority.issue(name, names=(f"DNS:{name}",))) as receiver:
        hook = await subscribe(store, receiver.url)
        await commit(store, 1)
        async with running(hooks(store, tmp_path, ca=str(authority.ca) if trusted else "").run()):
            good = name == "localhost" and trusted
            (only,) = await until_states(store, hook, "done" if good else "dead")
    assert receiver.names[0] == "localhost"
    assert good or "certificate verify failed" in only.error
    assert bool(receiver.got) is good


@pytest.mark.sqlite_only
async def test_a_mistake_in_the_settings_is_told_and_ends_nothing(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(hooks(store, tmp_path, allow_private=["10.20.0.0.0/16"]).run()) as task:
        await until(lambda: "feeds.bad-network" in caplog.text, PATIENCE_S)
        assert not task.done()


# -- several processes


async def test_of_several_processes_one_delivers_and_another_follows(store: Store, tmp_path: Path) -> None:
    async with Receiver() as receiver:
        hook = await subscribe(store, receiver.url)
        async with running(hooks(store, tmp_path).run()):
            async with running(hooks(store, tmp_path).run()):
                await commit(store, *range(1, 31))
                await until_states(store, hook, *["done"] * 30)
            await commit(store, *range(31, 41))
            await until_states(store, hook, *["done"] * 40)
    assert list(dict.fromkeys(seqs(receiver))) == list(range(1, 41))
    assert receiver.most_under_way == 1


@pytest.mark.slow
async def test_a_hub_that_is_killed_goes_on_where_it_was(tmp_path: Path, counted: Callable[[str], None]) -> None:
    settings = f"[feeds]\nallow_private = {json.dumps(LOOPBACK)}\n"
    with Mosquitto(tmp_path / "mqtt") as broker, HubProcess(tmp_path, broker.port, settings) as hub:
        async with Receiver() as receiver, BoxClient(broker.port) as box:
            await hub.until_connected()
            store = await open_store(hub.url)
            hook = await subscribe(store, receiver.url, types=("sos",))
            for first in range(1, 121, 20):
                await box.events(*(event(Sos(), seq) for seq in range(first, first + 20)))
                if first % 40 == 1:
                    await until(lambda first=first: len(receiver.got) > first // 2, PATIENCE_S)
                    hub.kill()
                    hub.start()
            await until(lambda: len(set(seqs(receiver))) == 120, PATIENCE_S)
            await until_states(store, hook, *["done"] * 120)
            await store.close()
    assert list(dict.fromkeys(seqs(receiver))) == list(range(1, 121))
    counted(f"120 events through 3 kills of the hub: {len(receiver.got)} deliveries, each event in its order")


@pytest.mark.slow
async def test_a_long_absence_is_read_from_the_inbox_not_kept_twice(store: Store, tmp_path: Path) -> None:
    async with Receiver() as receiver:
        receiver.usual = (429, "retry-after: 3600\r\n")
        hook = await subscribe(store, receiver.url)
        await commit(store, *range(1, 301))
        async with running(hooks(store, tmp_path).run()):
            await until(lambda: receiver.got, PATIENCE_S)
            assert len(await deliveries(store, hook)) == 200
            receiver.usual = 200
            async with store.write() as connection:
                await connection.execute(webhook_delivery.update().values(due=NOON))
            await until_states(store, hook, *["done"] * 300)
    assert list(dict.fromkeys(seqs(receiver))) == list(range(1, 301))


# -- by hand


class Said(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


async def test_by_hand(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with Receiver() as receiver:
        hub = HubProcess(tmp_path, NOBODY, f"[feeds]\nallow_private = {json.dumps(LOOPBACK)}\n")
        await (await open_store(hub.url)).close()

        async def cli(*words: str) -> Said:
            given = ["webhook", *words, "--config", str(hub.config), "--language", "en"]
            code = await asyncio.to_thread(main, given)
            return Said(code, *capsys.readouterr())

        refused = await cli("add", "https://169.254.169.254/", "--types", "sos")
        assert (refused.returncode, "feeds.private-address" in refused.stderr) == (2, True)
        with pytest.raises(SystemExit, match="2"):
            await cli("add", receiver.url, "--types", "sos,nonsense")
        added = await cli("add", receiver.url, "--types", "sos,case", "--areas", TOWNSHIP, "--name", "应急局", "--json")
        made = json.loads(added.stdout)
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made["secret"])
        tested = await cli("test", made["id"])
        assert (tested.returncode, tested.stdout) == (0, "taken: 200\n")
        (got,) = receiver.got
        assert check_of_the_page()(got.headers, got.body, made["secret"])
        assert json.loads(got.body)["type"] == "cn.gridwire.test.v1"
        receiver.usual = 500
        assert (await cli("test", made["id"][:8])).returncode == 1
        await cli("pause", made["id"])
        (listed,) = [json.loads(line) for line in (await cli("list", "--json")).stdout.splitlines()]
        assert (listed["state"], listed["types"], listed["waiting"]) == ("paused", ["sos", "case"], 0)
        assert "secret" not in listed
        store = await open_store(hub.url)
        hook = await now_is(store, Subscription(**{**listed_keys(listed), "secret": ""}))
        await fail(store, hook)
        dead = json.loads((await cli("deliveries", made["id"], "--state", "dead", "--json")).stdout)
        assert (dead["error"], dead["body"]["type"]) == ("well", "cn.gridwire.sos.v1")
        assert (await cli("retry", str(dead["id"]))).stdout == "1 go again\n"
        assert (await cli("skip", made["id"])).returncode == 0
        assert (await cli("retry", "--webhook", made["id"])).stdout == "1 go again\n"
        assert (await cli("retry")).returncode == 2
        assert "whsec_" in (await cli("rotate", made["id"])).stdout
        assert (await now_is(store, hook)).old_secret == made["secret"]
        assert (await cli("resume", made["id"])).returncode == 0
        assert (await cli("remove", made["id"])).returncode == 0
        assert await deliveries(store, hook) == []
        assert (await cli("pause", made["id"])).returncode == 2
        await store.close()


def listed_keys(listed: dict[str, Any]) -> dict[str, Any]:
    return {"id": listed["id"], "name": "", "url": listed["url"], "types": (), "created": NOON}


async def fail(store: Store, hook: Subscription) -> None:
    """One delivery that was given up."""
    await commit(store, 1, data=Sos())
    async with store.write() as connection:
        page = await EventSource("431126", "").page(connection, live(store).current, 0, (), 10)
        await outbox.put(connection, hook, "event", page.items, NOON)
        values = {"state": "dead", "finished": NOON, "error": "well"}
        await connection.execute(webhook_delivery.update().values(**values))
