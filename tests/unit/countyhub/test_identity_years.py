"""Years go by, nobody looks after the county's certificates, and no box goes dark.

The code is the real one, time is an argument. What the broker and the boxes think of a certificate on a day is asked of
OpenSSL itself, with the files that they have on that day.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from countyhub.ca import certificates, identities, renewal
from countyhub.ca.authority import Authority
from countyhub.ca.enrolment import EnrolRefused, Registrar
from edgeagent.enrol import keys as request
from edgeagent.enrol.identity import Record
from edgeagent.enrol.renewal import Renewal
from gridwire.enrolment import EnrolRequest, Granted, RenewRequest, read_token
from tests.enrolments import County

BEGIN = datetime(2026, 3, 1, 2, tzinfo=UTC)
YEARS = 3
DEFAULTS: dict[str, int] = {}
QUICK = {"box_days": 60, "ca_days": 400, "server_days": 100, "crl_days": 60, "late_days": 730}
"""A county in which everything ends six times as fast: several CAs follow one another."""


def openssl_verify(files: list[Path], at: datetime, purpose: str, ca: Path, crl: Path | None = None) -> set[Path]:
    """Those that OpenSSL accepts at that time."""
    lists = ["-crl_check", "-CRLfile", str(crl)] if crl is not None else []
    done = subprocess.run(
        ["openssl", "verify", "-attime", str(int(at.timestamp())), "-purpose", purpose, "-no-CAfile", "-no-CApath",
         "-CAfile", str(ca), *lists, *map(str, files)], check=False, capture_output=True, text=True,
    )  # fmt: skip
    return {file for file in files if f"{file}: OK" in done.stdout}


@dataclass
class SimBox:
    """A box's half, with what the real one keeps on disk; `off(day)`: whether it has no power that day."""

    name: str
    folder: Path
    off: object = field(default=lambda _: False)
    ca: str = ""
    key: bytes = b""
    record: Record | None = None
    renewals: int = 0
    dark_days: list[int] = field(default_factory=list)

    @property
    def pem(self) -> Path:
        return self.folder / f"{self.name}.pem"

    @property
    def ca_file(self) -> Path:
        return self.folder / f"{self.name}.ca"

    def keep(self, granted: Granted, key: bytes) -> None:
        request.check_granted(granted.certificate, key, self.name)
        self.ca, self.key = granted.ca, key
        self.record = Record(
            box=granted.box, county=granted.county, hub_host="h", hub_port=1, renew_from=granted.renew_from,
            expires=granted.expires, broker_host="h", broker_port=1,
        )  # fmt: skip
        self.pem.write_text(granted.certificate)
        self.ca_file.write_text(granted.ca)

    def is_due(self, now: datetime, *, trouble: bool) -> bool:
        """As the agent's watch sees it: for hours something is wrong, or it is time."""
        watch = Renewal(Path("/x"), "identity/identity.pem", lambda: "tls" if trouble else "")
        assert self.record is not None
        watch.is_due(self.record, now - timedelta(hours=1))
        return watch.is_due(self.record, now)


class World:
    """The hub's files as they are each day, and the broker's as it has read them."""

    def __init__(self, county: County, folder: Path) -> None:
        self.county, self.folder = county, folder
        self.broker_ca, self.broker_crl = folder / "broker-ca.pem", folder / "broker-crl.pem"
        self.kept = renewal.broker_folder(county.config)
        self._dazed: dict[tuple[str, str], bool] = {}

    def restart_broker(self) -> None:
        shutil.copy(self.kept / "ca.pem", self.broker_ca)
        self.reload_broker()

    def reload_broker(self) -> None:
        shutil.copy(self.kept / "crl.pem", self.broker_crl)

    async def enrol(self, box: SimBox, now: datetime) -> None:
        token = read_token(await self.county.token(box.name, now))
        trusted = request.check_pin(self.county.authority.trust(now), token.pin, "hub")
        box.ca_file.write_text(trusted)
        assert self.accepts_hub(box, now)
        key = request.new_key()
        asked = EnrolRequest(token=token.text, box=box.name, csr=request.csr(key, box.name))
        async with self.county.store.write() as connection:
            granted = await Registrar(self.county.authority, self.county.config).enrol(connection, asked, now)
        box.keep(granted, key)

    async def renew(self, box: SimBox, now: datetime) -> None:
        """As `edgeagent enroll --renew`: the CA that follows, then TLS or, if that refuses, a signature."""
        authority = self.county.authority
        followed = request.follow(authority.trust(now), box.ca)
        assert followed is not None, f"{box.name} cannot find its way back"
        box.ca_file.write_text(followed)
        assert self.accepts_hub(box, now)
        old, key = certificates.read(box.pem.read_bytes()), request.new_key()
        csr = request.csr(key, box.name)
        by_tls = box.pem in openssl_verify([box.pem], now, "sslclient", self.kept / "ca.pem")
        asked = RenewRequest(csr=csr) if by_tls else RenewRequest(
            csr=csr, certificate=box.pem.read_text(), signature=request.sign_late(box.key, csr)
        )  # fmt: skip
        async with self.county.store.write() as connection:
            registrar = Registrar(authority, self.county.config)
            granted = await registrar.renew(connection, asked, old if by_tls else None, now)
        box.keep(granted, key)
        box.renewals += 1

    def accepts_hub(self, box: SimBox, at: datetime) -> bool:
        """Whether the box believes hub and broker; in 1970 as well."""
        server = self.kept / "server.pem"
        both = (box.ca_file.read_text(), server.read_text())
        if both not in self._dazed:
            found = openssl_verify([server], datetime(1970, 1, 1, 0, 1, tzinfo=UTC), "sslserver", box.ca_file)
            self._dazed[both] = found == {server}
        return self._dazed[both] and openssl_verify([server], at, "sslserver", box.ca_file) == {server}

    def connected(self, boxes: list[SimBox], at: datetime) -> set[str]:
        """Whom the broker lets in, and who believes the broker."""
        files = [box.pem for box in boxes]
        accepted = openssl_verify(files, at, "sslclient", self.broker_ca, self.broker_crl)
        believed = {
            text: self.accepts_hub(box, at) for text, box in {box.ca_file.read_text(): box for box in boxes}.items()
        }
        return {box.name for box in boxes if box.pem in accepted and believed[box.ca_file.read_text()]}


@pytest.mark.parametrize(
    ("settings", "step"),
    [pytest.param(DEFAULTS, 42, id="defaults"), pytest.param(QUICK, 28, id="six-times-as-fast"),
     pytest.param(QUICK, 1, id="six-times-as-fast-daily", marks=pytest.mark.slow),
     pytest.param(DEFAULTS, 1, id="defaults-daily", marks=pytest.mark.slow)],
)  # fmt: skip
async def test_no_box_goes_dark(tmp_path, settings, step, counted):
    county = County(tmp_path / "hub", **settings)
    county.init(BEGIN)
    fast = 6 if settings else 1
    boxes = [
        SimBox("431126001001", tmp_path),
        SimBox("431126001002", tmp_path, lambda day: (day * fast // 60) % 4 == 1),  # off for two months every year
        SimBox("431126001003", tmp_path, lambda day: 200 // fast < day < 640 // fast),  # off for more than a year
        SimBox("431126001004", tmp_path, lambda day: day < 500),  # comes late
    ]
    async with county.opened():
        world = World(county, tmp_path)
        rounds = await years(world, boxes, step)
    steady, late = boxes[0], boxes[2]
    assert steady.dark_days == [], "never, also not for the time of a renewal"
    assert boxes[1].dark_days == [] or settings, "off for two months: its certificate holds"
    assert late.renewals, "back after its certificate had ended"
    cas = len(county.authority.generations)
    assert cas > 3 if settings else cas == 1
    renewals, dark = sum(box.renewals for box in boxes), [len(box.dark_days) for box in boxes]
    counted(f"{YEARS} years: {cas} CAs, {rounds['server']} server certificates, {rounds['crl']} revocation lists, "
            f"{renewals} renewals, steps dark {dark}")  # fmt: skip


async def years(world: World, boxes: list[SimBox], step: int) -> dict[str, int]:
    """The hub does its rounds; the broker is reloaded, and restarted only every fifth of a box's life."""
    restarts = world.county.config.enrol.box_days // 5
    made = {"ca": 0, "server": 0, "crl": 0}
    world.restart_broker()
    for day in range(0, YEARS * 365, step):
        now = BEGIN + timedelta(days=day)
        done = await world.county.keep(now)
        made = {name: count + getattr(done, name) for name, count in made.items()}
        world.restart_broker() if day % restarts < step else world.reload_broker()
        present = [box for box in boxes if not box.off(day)]
        for box in present:
            if box.record is None:
                await world.enrol(box, now)
        before = world.connected(present, now)
        for box in present:
            if box.name not in before:
                box.dark_days.append(day)
            if box.is_due(now, trouble=box.name not in before):
                await world.renew(box, now)
        assert world.connected(present, now) == {box.name for box in present}, f"day {day}"
    return made


async def test_a_box_that_was_revoked_or_has_left_stays_out_for_ever(tmp_path):
    county = County(tmp_path / "hub", **QUICK, leaving_days=30)
    county.init(BEGIN)
    thief, old = SimBox("431126001001", tmp_path), SimBox("431126001002", tmp_path)
    async with county.opened() as store:
        world = World(county, tmp_path)
        await county.keep(BEGIN)
        for box in (thief, old):
            await world.enrol(box, BEGIN)
        async with store.write() as connection:
            await identities.revoke(connection, thief.name, by="test", now=BEGIN)
            with pytest.raises(identities.WasRevoked):  # it was given a certificate: “none” would be wrong
                await identities.replace(connection, thief.name, by="test", now=BEGIN, days=30)
            assert await identities.replace(connection, old.name, by="test", now=BEGIN, days=30) == f"{old.name}-2"
        for day in range(0, 350, 25):
            now = BEGIN + timedelta(days=day)
            async with store.write() as connection:
                for box in await identities.overdue(connection, now):
                    await identities.revoke(connection, box, by="test", now=now)
            await county.keep(now)
            world.restart_broker()
            assert world.connected([thief, old], now) == ({old.name} if day < 30 else set())
            for box in (thief, old):
                if box is thief or day >= 30:
                    with pytest.raises(EnrolRefused):
                        await world.renew(box, now)


async def test_one_that_leaves_gets_no_more_than_its_time(tmp_path):
    county = County(tmp_path / "hub", **QUICK, leaving_days=30)
    county.init(BEGIN)
    old = SimBox("431126001002", tmp_path)
    async with county.opened() as store:
        world = World(county, tmp_path)
        await world.enrol(old, BEGIN)
        async with store.write() as connection:
            await identities.replace(connection, old.name, by="test", now=BEGIN, days=30)
        await world.renew(old, BEGIN + timedelta(days=1))
    assert old.record.expires == BEGIN + timedelta(days=30)


async def test_a_hub_restored_from_a_backup_knows_its_boxes_by_their_certificates(tmp_path):
    """The database is older than the box; the CA's files were kept apart."""
    county = County(tmp_path / "hub", **QUICK)
    county.init(BEGIN)
    box = SimBox("431126001001", tmp_path)
    async with county.opened():
        world = World(county, tmp_path)
        await county.keep(BEGIN)
        await world.enrol(box, BEGIN)
    for file in (tmp_path / "hub").glob("hub.db*"):
        file.unlink()
    async with county.opened() as store:
        await world.renew(box, BEGIN + timedelta(days=40))
        async with store.read() as connection:
            found = await identities.every(connection, BEGIN)
    assert [(each.box, each.state) for each in found] == [(box.name, "active")]


def test_the_ca_must_outlive_its_boxes():
    from countyhub.ca.authority import CaTooShort, check_days
    from countyhub.config import EnrolSettings

    with pytest.raises(CaTooShort):
        check_days(EnrolSettings(ca_days=1000))
    check_days(EnrolSettings())


def test_what_is_signed_never_outlives_its_ca(tmp_path):
    county = County(tmp_path / "hub", **QUICK)
    ca = county.init(BEGIN).generations[0]
    late = ca.expires - timedelta(days=3)
    key = certificates.new_key()
    made = certificates.box(
        ca.certificate, ca.key, key.public_key(), "431126", "431126001001", late, late + timedelta(days=60)
    )
    assert made.not_valid_after_utc == ca.expires
    assert isinstance(Authority.open(renewal.ca_folder(county.config)), Authority)


async def test_what_nears_its_end_is_told_a_month_before(tmp_path):
    """A box that is off; and a hub that nobody runs any more."""
    from countyhub.ca.keeper import outlook

    county = County(tmp_path / "hub")
    county.init(BEGIN)
    box = SimBox("431126001001", tmp_path)
    async with county.opened() as store:
        world = World(county, tmp_path)
        await world.enrol(box, BEGIN)

        async def told(days: int) -> list[str]:
            return sorted(each.code for each in await outlook(store, county.config, BEGIN + timedelta(days=days)))

        assert await told(334) == []
        assert await told(336) == ["identity.box-ending", "identity.crl-ending"]
        await county.keep(BEGIN + timedelta(days=336))
        assert await told(336) == ["identity.box-ending"]
        await world.renew(box, BEGIN + timedelta(days=336))
        assert await told(336) == []
