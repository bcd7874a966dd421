"""A machine becomes a box: `edgeagent enroll` as a process, the hub's listener over real TLS, all that can go wrong."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from countyhub.ca import certificates, identities
from countyhub.store.identitytables import certificate, enrol_token
from edgeagent.enrol import keys as request
from edgeagent.enrol import steps
from edgeagent.enrol.hub import Address, HubRefuses
from edgeagent.enrol.identity import Identity
from gridwire.enrolment import ENROL_PATH, EnrolRequest, read_token
from tests.enrolments import HOST, Box, County
from tests.filewatch import Arrivals
from tests.hubs import PATIENCE_S, ROOT

pytestmark = pytest.mark.usefixtures("database")
A, B = "431126001001", "431126001002"
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
needs_faketime = pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed: apt-get install faketime")


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[County]:
    made = County(tmp_path / "hub")
    async with made.listening():
        yield made


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path / "box")


async def given_out(county: County) -> list[str]:
    """Boxes of all certificates, in order."""
    async with county.store.read() as connection:
        query = select(certificate.c.box).order_by(certificate.c.issued)
        return list((await connection.execute(query)).scalars())


async def test_with_the_file_from_the_stick_a_machine_becomes_a_box(county, box):
    done = await box.enroll("--token-file", await county.ticket(A), prefix=("env",))
    assert (done.returncode, done.stderr) == (0, "")
    made = box.certificate()
    assert certificates.common_name(made) == A
    life = made.not_valid_after_utc - datetime.now(UTC)
    assert timedelta(days=364) < life <= timedelta(days=365)
    assert stat.S_IMODE(box.pem.stat().st_mode) == 0o600
    assert stat.S_IMODE(box.pem.parent.stat().st_mode) == 0o700
    checked = box.call("check", "--only", "config")
    assert checked.returncode == 0, checked.stdout
    assert f'box = "{A}"' in box.enrolled.read_text()
    assert 'name = "东山村"' in box.enrolled.read_text()
    assert not (box.pem.parent / "pending.key").exists()


async def test_the_key_and_the_token_stay_where_they_belong(county, box, caplog):
    caplog.set_level("DEBUG")
    ticket = await county.ticket(A)
    done = await box.enroll("--token-file", ticket)
    secret = read_token(ticket.read_text().split('token = "')[1].split('"')[0]).secret
    private = box.pem.read_text().split("-----BEGIN PRIVATE KEY-----")[1][70:110]
    said = done.stdout + done.stderr + caplog.text + box.enrolled.read_text()
    assert secret not in said
    hub = b"".join(path.read_bytes() for path in county.folder.rglob("*") if path.is_file() and path != ticket)
    assert secret.encode() not in hub
    assert private.encode() not in hub


async def test_doing_it_again_does_no_harm(county, box):
    ticket = await county.ticket(A)
    await box.enroll("--token-file", ticket)
    before, settings = box.pem.read_bytes(), box.enrolled.read_text()
    box.enrolled.unlink()
    again = await box.enroll("--token-file", ticket)
    assert again.returncode == 0
    assert "already" in again.stdout
    assert (box.pem.read_bytes(), box.enrolled.read_text()) == (before, settings)
    assert await given_out(county) == [A]


async def test_when_the_answer_is_lost_the_same_machine_gets_the_same_certificate(county, box):
    """Cut off after the hub has written everything down: the key is kept, the token works once more for it."""
    token = read_token(await county.token(A))
    identity, hub = Identity.of_store(box.store), Address(HOST, county.listener.port)
    ca = request.check_pin(await asyncio.to_thread(steps.wire.fetch_trust, hub), token.pin, str(hub))
    key = request.new_key()
    identity.ask(f"token:{steps.purpose(token)}", key)
    asked = EnrolRequest(token=token.text, box=A, csr=request.csr(key, A))
    lost = await asyncio.to_thread(steps.wire.post, hub, ca, ENROL_PATH, asked, steps.Granted)
    done = await asyncio.to_thread(steps.enrol, identity, hub, token, A, "")
    assert done.record.expires == lost.expires
    assert identity.pem.read_text().startswith(lost.certificate)
    assert await given_out(county) == [A]


async def test_a_token_works_for_one_machine_only(county, box, tmp_path):
    ticket = await county.ticket(A)
    await box.enroll("--token-file", ticket)
    thief = Box(tmp_path / "thief")
    done = await thief.enroll("--token-file", ticket)
    assert done.returncode == 1
    assert "enrol.token-used" in done.stderr
    assert f"countyhub box revoke {A}" in done.stderr
    assert not thief.pem.exists()
    assert await given_out(county) == [A]


async def test_two_machines_at_the_same_moment(county, tmp_path):
    """One gets it, whichever."""
    ticket = await county.ticket(A)
    machines = [Box(tmp_path / name) for name in ("one", "other")]
    done = await asyncio.gather(*(machine.enroll("--token-file", ticket, prefix=("env",)) for machine in machines))
    assert sorted(each.returncode for each in done) == [0, 1]
    assert await given_out(county) == [A]


async def test_an_overdue_token_is_refused(county, box):
    ticket = await county.ticket(A)
    async with county.store.write() as connection:
        await connection.execute(update(enrol_token).values(expires=datetime.now(UTC) - timedelta(minutes=1)))
    done = await box.enroll("--token-file", ticket)
    assert (done.returncode, "enrol.token-expired" in done.stderr) == (1, True)


async def test_a_newer_token_takes_the_place_of_an_older_one(county, box):
    old = await county.ticket(A, county.folder / "old")
    new = await county.ticket(A, county.folder / "new")
    done = await box.enroll("--token-file", old)
    assert (done.returncode, "enrol.token-withdrawn" in done.stderr) == (1, True)
    assert (await box.enroll("--token-file", new)).returncode == 0


async def test_a_token_that_nobody_gave_out(county, box):
    good = read_token(await county.token(A))
    made_up = msgspec.structs.replace(good, secret="a" * 26)
    done = await box.enroll("--hub", f"{HOST}:{county.listener.port}", "--token", made_up.text)
    assert (done.returncode, "enrol.token-unknown" in done.stderr) == (1, True)


async def test_a_mistyped_token_is_told_without_asking_anybody(box):
    done = await box.enroll("--hub", "hub.invalid", "--token", "gwe_abc")
    assert (done.returncode, "enrol.bad-token" in done.stderr) == (2, True)


async def test_the_file_of_another_box(county, tmp_path):
    """The technician has taken the wrong file: this machine's configuration says who it is."""
    box = Box(tmp_path / "box", f'box = "{B}"')
    done = await box.enroll("--token-file", await county.ticket(A))
    assert (done.returncode, "enrol.settings-conflict" in done.stderr) == (1, True)
    assert f'{box.config}:2: box = "{B}"' in done.stderr
    word = await box.enroll("--hub", f"{HOST}:{county.listener.port}", "--token", await county.token(A))
    assert (word.returncode, "enrol.token-for-another" in word.stderr) == (1, True)
    assert await given_out(county) == []


async def test_a_stick_for_a_tour(county, box):
    stick = county.folder / "stick"
    for each in (A, B):
        await county.ticket(each, stick)
    which = await box.enroll("--token-file", stick)
    assert (which.returncode, "enrol.which-box" in which.stderr, B in which.stderr) == (2, True, True)
    assert (await box.enroll("--token-file", stick, "--box", B)).returncode == 0
    assert certificates.common_name(box.certificate()) == B


async def test_somebody_in_between_gets_no_token(county, box, tmp_path):
    """Another CA answers at the address of the token: nothing but the question for its CA is asked."""
    other = County(tmp_path / "other")
    async with other.listening():
        ticket = await county.ticket(A)
        text = ticket.read_text().replace(f":{county.listener.port}", f":{other.listener.port}")
        ticket.write_text(text)
        done = await box.enroll("--token-file", ticket)
    assert (done.returncode, "enrol.fingerprint-wrong" in done.stderr) == (1, True)
    assert not box.pem.exists()
    assert (await box.enroll("--hub", f"{HOST}:{county.listener.port}", "--token-file", ticket)).returncode == 0


async def test_somebody_who_repeats_the_true_ca_gets_no_token_either(county, box):
    """What he says of the CA is right; TLS with a certificate that this CA has not signed is not."""
    from gridwire.enrolment import TRUST_PATH
    from tests.certificates import Authority as Foreign

    truth = msgspec.json.encode(county.authority.trust(datetime.now(UTC)))
    own = Foreign(county.folder / "foreign").issue("hub", names=(f"IP:{HOST}",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(truth) + truth)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        done = await box.enroll("--hub", f"{HOST}:{port}", "--token", await county.token(A))
    assert (done.returncode, "enrol.tls:" in done.stderr) == (1, True)
    assert "not signed by the trusted CA" in done.stderr
    assert [line.split()[1] for line in asked] == [TRUST_PATH.encode()]


@pytest.mark.parametrize(
    ("hub", "code"),
    [("hub.invalid", "enrol.dns"), ("127.0.0.1:1", "enrol.tcp"), ("bad host", "enrol.bad-address"),
     ("127.0.0.1:99999", "enrol.bad-address"), ("１２７.0.0.1：１", "enrol.tcp")],
)  # fmt: skip
async def test_what_is_wrong_on_the_way_is_told_apart(county, box, hub, code):
    done = await box.enroll("--hub", hub, "--token", await county.token(A))
    assert (done.returncode, f"{code}:" in done.stderr) == (1, True)


async def test_what_is_no_hub_at_all(county, box):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(answer, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        done = await box.enroll("--hub", f"{HOST}:{port}", "--token", await county.token(A))
    assert (done.returncode, "enrol.tls:" in done.stderr) == (1, True)


async def test_the_wrong_name_of_the_right_hub(county, box):
    """Its certificate names 127.0.0.1 alone."""
    done = await box.enroll("--hub", f"localhost:{county.listener.port}", "--token", await county.token(A))
    assert (done.returncode, "certificate is for another host" in done.stderr) == (1, True)


async def test_what_a_technician_has_written_stays(county, tmp_path):
    """An address of his own is kept, and said."""
    box = Box(tmp_path / "box", '[hub]\nhost = "10.8.0.1"\n')
    text = box.config.read_text()
    done = await box.enroll("--token-file", await county.ticket(A))
    assert done.returncode == 0
    assert box.config.read_text() == text
    assert f'{box.config}:3: hub.host = "10.8.0.1"' in done.stdout
    assert "host" not in box.enrolled.read_text()
    assert box.call("check", "--only", "config").returncode == 0


async def test_own_certificates_of_the_technician_are_a_mistake_told_before_the_token_is_used(county, tmp_path):
    box = Box(tmp_path / "box", '[hub.tls]\nca = "/etc/ssl/own.pem"\n')
    done = await box.enroll("--token-file", await county.ticket(A))
    assert (done.returncode, "hub.tls.ca" in done.stderr) == (1, True)
    assert await given_out(county) == []


async def test_names_in_a_request_mean_nothing(county):
    """Whatever a machine calls itself, it is called as its token says."""
    token = read_token(await county.token(A))
    identity = Identity.of_store(county.folder / "somewhere")
    hub = Address(HOST, county.listener.port)
    done = await asyncio.to_thread(steps.enrol, identity, hub, token, "", "")
    assert done.record.box == A


async def test_a_machine_set_up_anew_shuts_out_what_was_before(county, box, tmp_path):
    """The disk died: the same box, a new key. What the old certificate was good for ends with it."""
    await box.enroll("--token-file", await county.ticket(A))
    with pytest.raises(identities.HasBox):
        await county.token(A)
    old_serial, ticket = box.certificate().serial_number, await county.ticket(A, again=True)
    async with county.store.read() as connection:
        assert await identities.revoked(connection, datetime.now(UTC)) == {}, "until the new one is there"
    new = Box(tmp_path / "new")
    assert (await new.enroll("--token-file", ticket)).returncode == 0
    async with county.store.read() as connection:
        listed = await identities.revoked(connection, datetime.now(UTC))
    assert [[line.serial for line in each] for each in listed.values()] == [[old_serial]]
    done = await box.enroll("--renew")
    assert (done.returncode, "enrol.certificate-revoked" in done.stderr) == (1, True)


@needs_faketime
async def test_a_box_without_battery_wakes_in_1970_and_enrols_all_the_same(county, box):
    """Two minutes into 1970, as hardware without clock and battery does."""
    prefix = ("env", "TZ=UTC", f"LD_PRELOAD={FAKETIME}", "FAKETIME=1970-01-01 00:02:00")
    done = await box.enroll("--token-file", await county.ticket(A), prefix=prefix)
    assert done.returncode == 0, done.stderr


@needs_faketime
async def test_a_clock_that_is_far_ahead_is_named(county, box):
    prefix = ("env", "TZ=UTC", f"LD_PRELOAD={FAKETIME}", "FAKETIME=2049-07-01 12:00:00")
    done = await box.enroll("--token-file", await county.ticket(A), prefix=prefix)
    assert (done.returncode, "enrol.tls:" in done.stderr) == (1, True)
    assert "has expired (or our clock is wrong)" in done.stderr
    assert "clock says 2049-07-01" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment", ["identity/pending.key", "identity/pending.json", "identity/ca.pem", "identity/identity.pem",
               "identity/enrolled.json", "../etc/conf.d/10-enrolled.toml"],
)  # fmt: skip
async def test_whoever_is_killed_in_the_middle_does_it_again(county, tmp_path, moment):
    """kill -9 as soon as this file is there; then the same command once more."""
    for attempt in range(1, 6):
        name, box = f"{A[:-1]}{attempt}", Box(tmp_path / f"box-{attempt}")
        ticket = await county.ticket(name)
        order = ["enroll", "--token-file", str(ticket), "--config", str(box.config)]
        if await asyncio.to_thread(killed_at, (box.store / moment).resolve(), order) == -signal.SIGKILL:
            break  # else it was quicker than we are, once in a while
    else:
        pytest.fail("it had ended each time before it was killed")
    done = await box.enroll("--token-file", ticket)
    assert done.returncode == 0, done.stderr
    assert len(await given_out(county)) == attempt
    assert certificates.common_name(box.certificate()) == name
    assert not list(box.pem.parent.glob("pending*"))
    assert (await box.enroll("--renew")).returncode == 0


def killed_at(file: Path, order: list[str]) -> int:
    """How `edgeagent` ended that was killed as soon as this file was there. Blocking."""
    file.parent.mkdir(mode=0o700, parents=True)
    whole = [sys.executable, "-m", "edgeagent.cli", *order]
    with Arrivals(file.parent) as arrivals, subprocess.Popen(whole, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        assert arrivals.wait(file, PATIENCE_S)
        process.kill()
    return process.returncode


# The listener itself


def ask(county: County, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=county.folder / "broker" / "ca.pem")
    connection = http.client.HTTPSConnection(HOST, county.listener.port, context=context, timeout=10)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [("GET", "/", b"", 404), ("GET", "/enrol/v1/enrol", b"", 405), ("POST", "/enrol/v1/enrol", b"{}", 400),
     ("POST", "/enrol/v1/enrol", b"\xff\xfe", 400), ("POST", "/enrol/v1/renew", b'{"csr": "x"}', 403),
     ("POST", "/enrol/v1/enrol", b"x" * 70000, 413), ("POST", "/enrol/v1/renew", b"[" * 60000, 400)],
)  # fmt: skip
async def test_nonsense_is_answered_and_harms_nobody(county, method, path, body, status):
    assert (await asyncio.to_thread(ask, county, method, path, body))[0] == status
    assert (await asyncio.to_thread(ask, county, "GET", "/enrol/v1/trust"))[0] == 200


def ask_slowly(county: County, size: int) -> bytes:
    """Sends its body when the answer is there already: one that looks for it only then must not have been cut off."""
    context = ssl.create_default_context(cafile=county.folder / "broker" / "ca.pem")
    with (
        socket.create_connection((HOST, county.listener.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as secure,
    ):
        secure.sendall(f"POST /enrol/v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
        answer = secure.recv(4096)
        for _ in range(size // 16384):
            secure.sendall(b"x" * 16384)
        return answer.partition(b"\r\n")[0]


async def test_who_is_still_sending_what_is_too_large_sees_the_answer(county):
    """Closed at once, the connection was reset, and the box saw that instead of the reason."""
    assert await asyncio.to_thread(ask_slowly, county, 60 * 16384) == b"HTTP/1.1 413 Content Too Large"


async def test_a_request_must_be_signed_by_its_key(county):
    """Nobody gets a certificate for a key that is not his."""
    token = await county.token(A)
    csr = request.csr(request.new_key(), A)
    lines = csr.splitlines()
    lines[-2] = lines[-2][:10] + ("A" if lines[-2][10] != "A" else "B") + lines[-2][11:]
    body = msgspec.json.encode(EnrolRequest(token=token, csr="\n".join(lines)))
    assert (await asyncio.to_thread(ask, county, "POST", ENROL_PATH, body))[0] == 400
    assert await given_out(county) == []


async def test_an_old_tls_is_refused(county):
    context = ssl.create_default_context(cafile=county.folder / "broker" / "ca.pem")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(HOST, county.listener.port, ssl=context)


async def test_a_box_that_runs_wild_is_stopped(county):
    token = read_token(await county.token(A))
    identity, hub = Identity.of_store(county.folder / "wild"), Address(HOST, county.listener.port)
    await asyncio.to_thread(steps.enrol, identity, hub, token, A, "")
    with pytest.raises(HubRefuses) as refused:
        for _ in range(30):
            identity.forget_pending()
            await asyncio.to_thread(steps.renew, identity)
    assert refused.value.refusal.code == "enrol.too-many"


# A machine that becomes another box


async def test_a_machine_that_is_another_box_says_so_and_nothing_changes(county, box):
    await box.enroll("--token-file", await county.ticket(A))
    before = box.pem.read_bytes()
    done = await box.enroll("--token-file", await county.ticket(B))
    assert (done.returncode, "enrol.another-box" in done.stderr) == (1, True)
    assert box.pem.read_bytes() == before
    moved = await box.enroll("--token-file", await county.ticket(B), "--move")
    assert (moved.returncode, certificates.common_name(box.certificate())) == (0, B)
    left = next((box.store / "left").iterdir())
    assert (left / "identity" / "identity.pem").read_bytes() == before
    assert f'box = "{A}"' in (left / "edgeagent.toml").read_text()
    assert f'box = "{B}"' in box.enrolled.read_text()


async def test_a_move_that_was_cut_off_is_finished(county, box):
    """After the old identity had gone, before the new one stood in its place."""
    await box.enroll("--token-file", await county.ticket(A))
    ticket = await county.ticket(B)
    token = read_token(ticket.read_text().split('token = "')[1].split('"')[0])
    coming, hub = Identity(box.store / "identity.coming"), Address(HOST, county.listener.port)
    await asyncio.to_thread(steps.enrol, coming, hub, token, B, "")
    (box.store / "left" / "x").mkdir(parents=True)
    (box.store / "identity").rename(box.store / "left" / "x" / "identity")
    done = await box.enroll("--token-file", ticket)
    assert (done.returncode, certificates.common_name(box.certificate())) == (0, B)
    assert await given_out(county) == [A, B]


async def test_a_move_waits_for_the_agent_to_stop(county, box):
    from edgeagent.outbox import hold

    await box.enroll("--token-file", await county.ticket(A))
    ticket = await county.ticket(B)
    with hold(box.store):
        done = await box.enroll("--token-file", ticket, "--move")
        assert done.returncode == 1
        assert certificates.common_name(box.certificate()) == A
    assert (await box.enroll("--token-file", ticket, "--move")).returncode == 0
    assert certificates.common_name(box.certificate()) == B
    assert await given_out(county) == [A, B]
