"""`edgeagent check` on the way to the hub: each fault of DNS, TCP and TLS with a real cause, and the round trip."""

import asyncio
import contextlib
import json
import resource
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from edgeagent.checks import backlog, brokers, roundtrip, tls
from edgeagent.checks.scene import Scene
from gridwire.codec import decode_message
from gridwire.messages import Reply
from gridwire.mqtt import MqttClient, MqttSettings
from tests.checking import Signer, faults, lines, scene, serving, written
from tests.checking import tls as trusting
from tests.harness import until
from tests.hubs import PATIENCE_S, HubProcess
from tests.instances import BOX
from tests.mosquitto import Mosquitto, ServerTls
from tests.ports import NOBODY
from tests.processes import AgentProcess, Ledger, emitter
from tests.smallbox import fill

ROOT = Path(__file__).resolve().parents[3]
DAY = timedelta(days=1)


@pytest.fixture
def county(tmp_path):
    return Signer(tmp_path / "county")


# -- names and ports -------------------------------------------------------------------------------------------------


def test_a_name_that_does_not_exist(tmp_path):
    """`.invalid` never does (RFC 2606). Where no name server answers, that is said instead."""
    told = faults("dns", scene(tmp_path, host="hub.invalid"))
    (line,) = told.values()
    assert line.code in ("check.dns-no-name", "check.dns-no-server")
    assert "hub.invalid" in line.en
    assert "hub.host" in line.zh or "resolvectl" in line.zh


def test_no_name_server_at_all(tmp_path):
    """A network of its own, in which nothing can be reached."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from edgeagent.checks.dns import _resolve\n"
        "print(_resolve('hub.example.cn').code)"
    )
    command = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", code, str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unshare" in done.stderr:
        pytest.skip(f"no network of one's own is allowed here: {done.stderr.strip()}")
    assert done.stdout.strip() == "check.dns-no-server", done.stderr


def test_names_that_are_known_and_addresses(tmp_path):
    assert [line.level for line in lines("dns", scene(tmp_path, host="localhost"))] == ["pass"]
    assert [line.level for line in lines("dns", scene(tmp_path, host="127.0.0.1"))] == ["pass"]


def test_a_port_on_which_nobody_listens(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    told = faults("tcp", scene(tmp_path, port=port))["check.tcp-closed"]
    assert "hub.port" in told.en
    assert told.subject == f"127.0.0.1:{port}"


def test_a_host_that_does_not_answer(tmp_path, monkeypatch):
    """A listener whose queue is full takes no more: the kernel lets a further SYN go unanswered."""
    monkeypatch.setattr(brokers, "TIMEOUT_S", 1.0)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(8):
            each = socket.socket()
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
            waiting.append(each)
        told = faults("tcp", scene(tmp_path, port=listener.getsockname()[1]))
        for each in waiting:
            each.close()
    assert "SIM" in told["check.tcp-no-answer"].en


def test_no_way_to_the_host(tmp_path):
    """A network of its own has no route to anywhere."""
    file = written(tmp_path, host="192.0.2.1")
    command = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-m", "edgeagent.cli", "check"]
    command += ["--only", "tcp", "--json", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if "unshare" in done.stderr:
        pytest.skip(f"no network of one's own is allowed here: {done.stderr.strip()}")
    (told,) = json.loads(done.stdout)["checks"]
    assert told["code"] == "check.tcp-no-route"
    assert "ip route" in told["zh"]
    assert done.returncode == 78


# -- the hub's certificate -------------------------------------------------------------------------------------------


def over_tls(tmp_path, port, signer, own=None, host="127.0.0.1") -> Scene:
    return scene(tmp_path, host=host, port=port, hub=trusting(signer, own))


def test_a_hub_that_proves_who_it_is(tmp_path, county):
    with serving(county.issue("hub", "127.0.0.1")) as port:
        (line,) = lines("tls", over_tls(tmp_path, port, county))
    assert line.level == "pass"
    assert "TLSv1.3" in line.en
    assert "29" in line.zh  # days


def test_a_certificate_of_another_authority(tmp_path, county):
    with serving(Signer(tmp_path / "other", "other").issue("hub", "127.0.0.1")) as port:
        told = faults("tls", over_tls(tmp_path, port, county))["check.tls-unknown-ca"]
    assert "edgeagent enroll --token-file" in told.en
    assert str(county.ca) in told.zh


def test_a_certificate_for_another_name(tmp_path, county):
    with serving(county.issue("hub", "hub.county.cn", "10.1.2.3")) as port:
        told = faults("tls", over_tls(tmp_path, port, county))["check.tls-wrong-name"]
    assert "is for hub.county.cn, 10.1.2.3, not for 127.0.0.1" in told.en


def test_a_certificate_that_has_ended(tmp_path, county):
    with serving(county.issue("hub", "127.0.0.1", begins=-9 * DAY, ends=-2 * DAY)) as port:
        told = faults("tls", over_tls(tmp_path, port, county))["check.tls-hub-expired"]
    assert "countyhub ca renew" in told.zh


def test_a_clock_in_the_past(tmp_path, county):
    with serving(county.issue("hub", "127.0.0.1", begins=2 * DAY)) as port:
        told = faults("tls", over_tls(tmp_path, port, county))["check.tls-not-yet-valid"]
    assert "our clock is in the past" in told.en
    assert "timedatectl set-time" in told.zh


def test_a_port_without_tls(tmp_path, county):
    with serving(None) as port:
        told = faults("tls", over_tls(tmp_path, port, county))["check.tls-plain-port"]
    assert "8883 with TLS, 1883 without" in told.en


def test_a_broker_without_tls_where_tls_is_configured(tmp_path, county):
    with Mosquitto(tmp_path / "broker") as broker:
        assert "check.tls-plain-port" in faults("tls", over_tls(tmp_path, broker.port, county))


def test_tls_that_is_not_configured(tmp_path, monkeypatch):
    """On this machine nothing need be encrypted; elsewhere it is said."""
    with serving(None) as port:
        (line,) = lines("tls", scene(tmp_path, port=port))
        assert line.level == "pass"
        monkeypatch.setattr(tls, "_LOCAL", ())
        told = faults("tls", scene(tmp_path, port=port))["check.tls-none"]
    assert told.level == "warn"
    assert "edgeagent enroll" in told.en


def test_a_port_that_wants_tls(tmp_path, county, monkeypatch):
    monkeypatch.setattr(tls, "_LOCAL", ())
    with serving(county.issue("hub", "127.0.0.1")) as port:
        assert "[hub.tls]" in faults("tls", scene(tmp_path, port=port))["check.tls-needed"].zh


def test_a_hub_that_knows_no_new_tls(tmp_path, county):
    with serving(county.issue("hub", "127.0.0.1"), maximum_version=ssl.TLSVersion.TLSv1_2) as port:
        assert "mosquitto 2.0" in faults("tls", over_tls(tmp_path, port, county))["check.tls-version"].en


def test_files_that_are_no_certificates(tmp_path, county):
    own = county.issue(BOX)
    with serving(county.issue("hub", "127.0.0.1")) as port:
        seen = over_tls(tmp_path, port, county, own)
        own.certificate.write_text("no certificate")
        assert "enroll" in faults("tls", seen)["check.tls-files"].en


# -- our own certificate, at a real broker ---------------------------------------------------------------------------


@pytest.fixture
def broker(tmp_path, county):
    hub = county.issue("hub", "127.0.0.1")
    county.issue("430121001009")
    options = ServerTls(county.ca, hub.certificate, hub.key, require_certificate=True)
    crl = county.revocations("430121001009")
    with Mosquitto(tmp_path / "broker", tls=options, extra=f"tls_version tlsv1.3\ncrlfile {crl}\n") as running:
        yield running


def at(tmp_path, broker, county, own) -> dict:
    return faults("tls", over_tls(tmp_path, broker.port, county, own))


def test_a_certificate_that_the_broker_takes(tmp_path, broker, county):
    (line,) = lines("tls", over_tls(tmp_path, broker.port, county, county.issue(BOX)))
    assert line.level == "pass"
    assert "New client connected" not in broker.log  # nobody logged in


def test_no_certificate_where_one_is_wanted(tmp_path, broker, county):
    assert "enrol it" in at(tmp_path, broker, county, None)["check.tls-own-missing"].en


def test_a_certificate_of_another_county(tmp_path, broker, county):
    own = Signer(tmp_path / "other", "other").issue(BOX)
    assert "this county" in at(tmp_path, broker, county, own)["check.tls-own-unknown"].en


def test_a_certificate_of_ours_that_has_ended(tmp_path, broker, county):
    own = county.issue(BOX, begins=-9 * DAY, ends=-DAY)
    assert "enroll --renew" in at(tmp_path, broker, county, own)["check.tls-own-expired"].en


def test_a_certificate_of_ours_that_was_revoked(tmp_path, broker, county):
    own = type(county.issue(BOX))(county.folder / "county-430121001009.crt", county.folder / "county-430121001009.key")
    assert "countyhub box add" in at(tmp_path, broker, county, own)["check.tls-own-revoked"].zh


def test_a_certificate_that_is_for_servers_only(tmp_path, broker, county):
    own = county.issue(BOX, purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    assert "broker's log" in at(tmp_path, broker, county, own)["check.tls-refused"].en


def test_the_boxs_own_certificate_on_the_disk(tmp_path, county):
    own = county.issue(BOX)
    seen = over_tls(tmp_path, 1, county, own)
    (line,) = lines("certificate", seen)
    assert line.level == "pass"
    assert "299 more days" in line.en
    assert (
        "enroll --renew"
        in faults("certificate", seen._replace(now=seen.now + 280 * DAY))["check.certificate-ends-soon"].en
    )
    assert "check.certificate-expired" in faults("certificate", seen._replace(now=seen.now + 301 * DAY))
    told = faults("certificate", seen._replace(now=seen.now - 30 * DAY))["check.certificate-not-yet-valid"]
    assert "timedatectl" in told.zh


def test_certificates_that_do_not_belong_here(tmp_path, county):
    own, other = county.issue(BOX), county.issue("430121001009")
    mixed = own._replace(key=other.key)
    assert "check.certificate-other-key" in faults("certificate", over_tls(tmp_path, 1, county, mixed))
    told = faults("certificate", over_tls(tmp_path, 1, county, other))["check.certificate-other-box"]
    assert "--move" in told.en
    foreign = Signer(tmp_path / "other", "other").issue(BOX)
    assert "check.certificate-other-ca" in faults("certificate", over_tls(tmp_path, 1, county, foreign))
    seen = over_tls(tmp_path, 1, county, own)
    own.certificate.write_text("nothing")
    assert "check.certificate-unusable" in faults("certificate", seen)


# -- the round trip --------------------------------------------------------------------------------------------------


def of_agent(agent: AgentProcess) -> Scene:
    """What the checks see beside that agent, running or not."""
    from edgeagent import plugins
    from edgeagent.checks import scene as scenes
    from edgeagent.configfile import load

    sys.path.insert(0, str(ROOT / "tests" / "drivers_for_tests"))
    try:
        return scenes.look(load(agent.config, plugins.resolve))
    finally:
        sys.path.pop(0)


@contextlib.asynccontextmanager
async def at_broker(port: int):
    """Somebody else at the broker: the client, and what it hears."""
    up, heard = asyncio.Event(), []
    settings = MqttSettings(host="127.0.0.1", port=port, client_id="somebody")
    client = MqttClient(settings, on_up=lambda _: up.set(), on_message=heard.append)
    running = asyncio.create_task(client.run())
    await asyncio.wait_for(up.wait(), 20)
    yield client, heard
    await client.stop()
    await running


async def hub_lines(agent: AgentProcess) -> list:
    return await asyncio.to_thread(lambda: lines("hub", of_agent(agent)))


async def test_an_event_and_its_acknowledgement_with_and_without_the_agent(tmp_path):
    devices = emitter(tmp_path / "ledger.txt", {"alarm": 1}, until=3)
    with Mosquitto(tmp_path / "broker") as broker, HubProcess(tmp_path / "hub", broker.port):
        agent = AgentProcess(tmp_path / "box", broker.port, devices)
        with agent:
            await agent.until_running()
            await agent.until_status("connected", equals=True)
            await until(lambda: ("alarm-0", 3) in Ledger(tmp_path / "ledger.txt").raised, PATIENCE_S)
            await agent.until_drained()
            sent = (await agent.status())["counters"]["sent"]
            (line,) = await hub_lines(agent)
            assert line.level == "pass", line
            after = await agent.status()
            assert after["counters"]["sent"] == sent + 1
            assert after["connects"] == 1  # nobody took the session over
            running = await asyncio.to_thread(of_agent, agent)
            assert not faults("agent", running)
            assert not faults("backlog", running)
            assert running.running.heard_s is not None
            agent.stop()
            agent._process = None
            (line,) = await hub_lines(agent)
            assert line.level == "pass", line


async def test_the_hub_is_gone_and_the_broker_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(roundtrip, "ACK_S", 2.0)
    devices = emitter(tmp_path / "ledger.txt", {"alarm": 1}, until=3)
    with Mosquitto(tmp_path / "broker") as broker:
        with AgentProcess(tmp_path / "box", broker.port, devices) as agent:
            await agent.until_running()
            await agent.until_status("connected", equals=True)
            (line,) = await hub_lines(agent)
            assert line.code in ("check.hub-absent", "check.hub-silent")
            agent.stop()
        (line,) = await hub_lines(agent)
        assert line.code == "check.hub-absent"
        assert "systemctl status countyhub" in line.zh
        broker.stop()
        (line,) = await hub_lines(agent)
        assert line.code == "check.hub-disconnected"
        assert " / " not in line.en


@pytest.mark.slow
async def test_what_is_meant_for_the_agent_stays_at_the_broker(tmp_path):
    """The check has the agent's session while no agent runs: orders in it must not be lost."""
    devices = emitter(tmp_path / "ledger.txt", {"alarm": 1}, until=3)
    with Mosquitto(tmp_path / "broker") as broker, HubProcess(tmp_path / "hub", broker.port):
        with AgentProcess(tmp_path / "box", broker.port, devices) as agent:
            await agent.until_running()
            await agent.until_status("connected", equals=True)
            await agent.until_drained()
            agent.stop()
        order = {"id": "01J00000000000000000000001", "op": "ping", "by": "test", "expires": now(3600)}
        async with at_broker(broker.port) as (client, heard):
            await client.subscribe([(f"grid/1/{BOX[:6]}/{BOX}/up/reply", 1)])
            await client.publish(f"grid/1/{BOX[:6]}/{BOX}/down/cmd", json.dumps(order).encode())
            (line,) = await hub_lines(agent)
            assert line.level == "pass", line
            assert not heard
            with agent:
                await until(lambda: heard)
        reply = decode_message(heard[0].payload, Reply, heard[0].topic)
        assert (reply.id, reply.ok) == (order["id"], True)


def now(later_s: float = 0.0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=later_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_a_login_that_is_refused_and_a_box_without_rights(tmp_path):
    acl = f"user {BOX}\ntopic read grid/1/{BOX[:6]}/{BOX}/down/#\n"
    with Mosquitto(tmp_path / "broker", users={BOX: "right-password"}, acl=acl) as broker:
        agent = AgentProcess(tmp_path / "box", broker.port, hub='password = "wrong-password"\n')
        (line,) = await hub_lines(agent)
        assert line.code == "check.hub-refused"
        assert "wrong-password" not in line.en + line.zh
        agent = AgentProcess(tmp_path / "box2", broker.port, hub='password = "right-password"\n')
        (line,) = await hub_lines(agent)
        assert (line.code, line.level) == ("check.hub-untried", "warn")
        await fill(agent.folder / "store", 1)
        (line,) = await hub_lines(agent)
        assert (line.code, line.level) == ("check.hub-not-allowed", "fail")
        assert "countyhub broker-config" in line.zh


async def test_a_backlog_that_is_large_nearly_fills_its_quota_and_cannot_be_read(tmp_path):
    agent = AgentProcess(tmp_path / "box", NOBODY, store="max_mb = 4")
    await fill(agent.folder / "store", backlog.MANY + 1, apart_s=0.0)
    assert "an hour" in faults("backlog", of_agent(agent))["check.backlog-many"].en
    await fill(agent.folder / "store", 2_500, apart_s=0.0)
    assert "store.max_mb" in faults("backlog", of_agent(agent))["check.backlog-nearly-full"].zh
    for file in agent.database.parent.glob("outbox.db*"):
        file.unlink()
    agent.database.write_bytes(b"no database at all, but some text of a page's length" * 200)
    assert "sudo" in faults("backlog", of_agent(agent))["outbox.unreadable"].en


async def test_an_outbox_that_is_full(tmp_path):
    agent = AgentProcess(tmp_path / "box", NOBODY, emitter(tmp_path / "ledger.txt", {"alarm": 4}), store="max_mb = 4")
    await fill(agent.folder / "store", 14_000, apart_s=0.0)
    with agent:
        await agent.until_running()
        await agent.until_status("store", "full", equals=True)
        told = faults("backlog", await asyncio.to_thread(of_agent, agent))
    assert told["check.backlog-full"].level == "fail"
    assert "store.max_mb" in told["check.backlog-full"].en


async def test_an_outbox_that_cannot_be_written(tmp_path):
    with AgentProcess(tmp_path / "box", NOBODY, emitter(tmp_path / "ledger.txt", {"alarm": 4})) as agent:
        await agent.until_running()
        pid, (_, most) = agent.pid, resource.prlimit(agent.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))  # the kernel refuses whatever it writes to a file
        await agent.until_status("store", "unwritable", equals="disk I/O error")
        told = faults("backlog", await asyncio.to_thread(of_agent, agent))
    assert told["check.backlog-unwritable"].level == "fail"
    assert "disk I/O error" in told["check.backlog-unwritable"].en
    assert "check.backlog-full" not in told


async def test_a_backlog_that_is_old(tmp_path):
    devices = emitter(tmp_path / "ledger.txt", {"alarm": 1}, until=3)
    with AgentProcess(tmp_path / "box", NOBODY, devices) as agent:
        await agent.until_running()
        await agent.until_status("emitted", "alarm", equals=3)
        seen = await asyncio.to_thread(of_agent, agent)
        late = seen.running.status
        old = type(late)(
            **{name: getattr(late, name) for name in late.__struct_fields__} | {"oldest_waiting_s": 7200.0}
        )
        told = faults("backlog", seen._replace(running=seen.running._replace(status=old)))
        assert "the oldest for 2 h" in told["check.backlog-late"].en
        agent.stop()
    (line,) = lines("backlog", await asyncio.to_thread(of_agent, agent))
    assert line.level == "pass"
    assert not line.en.startswith("0 events")
