"""The next certificate for the one before: by TLS, by signature once that has ended, over a change of the CA.

And by the running agent itself, without losing an event.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from sqlalchemy import func, select

from countyhub.ca import certificates, renewal
from countyhub.store.identitytables import certificate
from edgeagent.enrol import keys as request
from edgeagent.enrol import steps
from edgeagent.enrol.identity import Identity, Record
from edgeagent.enrol.renewal import ENV_FIRST_S
from gridwire.enrolment import RENEW_PATH, RenewRequest
from tests.enrolments import HOST, Box, County, CountyHub, EnrolledAgent
from tests.harness import until
from tests.hubs import PATIENCE_S
from tests.ports import free_port
from tests.processes import Ledger, emitter

A = "431126001001"


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[County]:
    made = County(tmp_path / "hub", box_days=60, ca_days=400, late_days=100)
    async with made.listening():
        yield made


async def enrolled(county: County, tmp_path: Path, *, days_ago: float = 0) -> Box:
    """A machine whose certificate was given so long ago."""
    box = Box(tmp_path / "box")
    done = await box.enroll("--token-file", await county.ticket(A))
    assert done.returncode == 0, done.stderr
    if days_ago:
        given = datetime.now(UTC) - timedelta(days=days_ago)
        await county.identity(A, box.pem, now=given)
        identity = Identity.of_store(box.store)
        record = msgspec.structs.replace(identity.record(), expires=given + timedelta(days=60))
        (identity.folder / "enrolled.json").write_bytes(msgspec.json.encode(record))
    return box


async def count(county: County) -> int:
    async with county.store.read() as connection:
        return (await connection.execute(select(func.count()).select_from(certificate))).scalar_one()


@pytest.mark.parametrize("days_ago", [0, 41, 59, 61, 150])
async def test_the_next_certificate_comes_with_a_new_key(county, tmp_path, days_ago):
    """Within its life by TLS, after its end by a signature: OpenSSL itself refuses one that has ended."""
    box = await enrolled(county, tmp_path, days_ago=days_ago)
    before, settings = box.certificate(), box.enrolled.read_text()
    done = await box.enroll("--renew")
    assert done.returncode == 0, done.stderr
    after = box.certificate()
    assert after.public_key() != before.public_key()
    assert after.not_valid_after_utc > datetime.now(UTC) + timedelta(days=59)
    assert certificates.common_name(after) == A
    assert box.enrolled.read_text() == settings
    assert not list(box.pem.parent.glob("pending*"))


async def test_one_that_ended_too_long_ago_needs_a_person(county, tmp_path):
    box = await enrolled(county, tmp_path, days_ago=161)
    before = box.pem.read_bytes()
    done = await box.enroll("--renew")
    assert (done.returncode, "enrol.certificate-too-old" in done.stderr) == (1, True)
    assert box.pem.read_bytes() == before
    assert (await box.enroll("--token-file", await county.ticket(A, again=True))).returncode == 0


async def test_a_copied_certificate_without_its_key_is_worth_nothing(county, tmp_path):
    """Certificates are no secret: they cross the wire, and lie in the hub's database."""
    box = await enrolled(county, tmp_path)
    thief = request.new_key()
    csr = request.csr(thief, A)
    pem = box.certificate().public_bytes(certificates.serialization.Encoding.PEM).decode()
    hub = steps.Address(HOST, county.listener.port)
    for signature in ("", "AAAA", request.sign_late(thief, csr)):
        asked = RenewRequest(csr=csr, certificate=pem, signature=signature)
        with pytest.raises(steps.wire.HubRefuses) as refused:
            await asyncio.to_thread(steps.wire.post, hub, Identity.of_store(box.store).ca.read_text(), RENEW_PATH,
                                    asked, steps.Granted)  # fmt: skip
        assert refused.value.refusal.code == "enrol.not-proven"


async def test_an_answer_that_was_lost_is_given_again(county, tmp_path):
    box = await enrolled(county, tmp_path)
    identity = Identity.of_store(box.store)
    key, hub = request.new_key(), steps.Address(HOST, county.listener.port)
    _, old_key = request.own(box.pem.read_bytes(), box.pem)
    identity.ask(f"renews:{request.digest(old_key)}", key)
    asked = RenewRequest(csr=request.csr(key, A))
    lost = await asyncio.to_thread(
        steps.wire.post, hub, identity.ca.read_text(), RENEW_PATH, asked, steps.Granted, box.pem
    )
    assert (await box.enroll("--renew")).returncode == 0
    assert box.pem.read_text().startswith(lost.certificate)
    assert await count(county) == 2


async def test_a_box_that_slept_through_the_change_of_the_ca_finds_its_way(county, tmp_path):
    """It trusts the old CA alone, which has ended; the new one is vouched for by the old one's key."""
    box = await enrolled(county, tmp_path)
    known = Identity.of_store(box.store).ca.read_text()
    authority, long_ago = county.authority, datetime.now(UTC) - timedelta(days=500)
    first = authority.generations[0]
    old = certificates.ca(first.key, authority.county, 1, long_ago + timedelta(days=400))
    (renewal.ca_folder(county.config) / "1.crt").write_bytes(certificates.pem(old))
    Identity.of_store(box.store).ca.write_bytes(certificates.pem(old))
    county.authority.advance(county.config.enrol, long_ago + timedelta(days=300))
    await county.keep()
    county.listener.reload()
    done = await box.enroll("--renew")
    assert done.returncode == 0, done.stderr
    ca = Identity.of_store(box.store).ca.read_text()
    assert ca != known
    assert len(x509.load_pem_x509_certificates(ca.encode())) == 1, "the old one has ended"
    assert certificates.is_signed_by(box.certificate(), county.authority.generations[1].certificate)


async def test_a_hub_with_a_ca_of_its_own_is_not_followed(county, tmp_path):
    """Nor is anything shown to it."""
    box = await enrolled(county, tmp_path)
    before = {path: path.read_bytes() for path in box.pem.parent.iterdir()}
    other = County(tmp_path / "other")
    async with other.listening() as listener:
        identity = Identity.of_store(box.store)
        record = msgspec.structs.replace(identity.record(), hub_port=listener.port)
        (identity.folder / "enrolled.json").write_bytes(msgspec.json.encode(record))
        done = await box.enroll("--renew")
    assert (done.returncode, "enrol.hub-foreign" in done.stderr) == (1, True)
    after = {path: path.read_bytes() for path in box.pem.parent.iterdir()}
    assert {path.name for path in after if after[path] != before.get(path)} == {"enrolled.json"}


async def test_a_machine_without_certificate_says_what_to_do(tmp_path):
    done = await Box(tmp_path / "box").enroll("--renew")
    assert (done.returncode, "edgeagent enroll --token-file" in done.stderr) == (1, True)


@pytest.mark.slow
async def test_the_running_agent_renews_by_itself_and_loses_nothing(tmp_path):
    """In a child process: what makes keys and requests is never in the agent's own memory."""
    county = County(tmp_path / "hub", port=free_port())
    county.init()
    box, ledger = Box(tmp_path / "box", "[hub]\nbackoff_max_s = 1\nhealth_every_s = 5\n"), Ledger(tmp_path / "pond.txt")
    rest = tmp_path / "rest"
    box.config.write_text(box.config.read_text() + emitter(ledger.path, {"alarm": 1}, every_ms=50, stop_file=str(rest)))
    with county.broker(), CountyHub(county) as hub:
        await hub.until_connected()
        await until(lambda: "boxes enrol at port" in hub.log, PATIENCE_S)
        async with county.opened():
            token = await county.token(A)
        await box.enroll("--hub", f"{HOST}:{county.config.enrol.port}", "--token", token)
        first = box.certificate().serial_number
        identity = Identity.of_store(box.store)
        due = msgspec.structs.replace(identity.record(), renew_from=datetime.now(UTC) - timedelta(hours=1))
        agent = EnrolledAgent(box)
        agent.environment[ENV_FIRST_S] = "3"
        with agent:
            await agent.until_running()
            (identity.folder / "enrolled.json").write_bytes(msgspec.json.encode(due))
            await until(lambda: box.certificate().serial_number != first, PATIENCE_S)
            await agent.until_log("the box's certificate was renewed")
            maps = Path(f"/proc/{agent.pid}/maps").read_text()
            assert "cryptography" not in maps
            agent_log = agent.log
            agent.kill()
            told_before = len(ledger.told)
            agent.start()
            await agent.until_running()
            await until(lambda: len(ledger.told) > told_before, PATIENCE_S)  # what the kill cut short was begun again
            rest.touch()
            await until(lambda: ledger.is_at_rest, PATIENCE_S)
            await agent.until_drained()
            assert agent_log.count(": connected,") == 1, "the connection that stood went on"
            told = set(ledger.told_ids)
            stored = {each for (each,) in hub.rows("SELECT event_id FROM event")}
            assert told <= stored
    assert isinstance(identity.record(), Record)
