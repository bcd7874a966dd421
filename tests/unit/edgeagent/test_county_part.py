"""What the county says while an earlier word of it is still on trial: the way back leads to what last proved itself."""

from __future__ import annotations

import asyncio

import msgspec

from edgeagent.downlink import countyconfig
from edgeagent.downlink.countyconfig import ENV_TRIAL_S, CountyPart, Part, State, with_county_or_without
from edgeagent.enrol.identity import FOLDER, RECORD, Record
from gridwire.signing import public_of, sign
from tests.harness import until
from tests.hubs import COUNTY
from tests.instances import BOX, NOON

KEY = b"k" * 32


def enrolled(folder):
    """The configuration of an enrolled box."""
    (folder / "store" / FOLDER).mkdir(parents=True, mode=0o700)
    record = Record(
        box=BOX, county=COUNTY, hub_host="127.0.0.1", hub_port=1, renew_from=NOON, expires=NOON,
        broker_host="127.0.0.1", broker_port=1, config_key=public_of(KEY),
    )  # fmt: skip
    (folder / "store" / FOLDER / RECORD).write_bytes(msgspec.json.encode(record))
    config = folder / "edgeagent.toml"
    config.write_text(f'box = "{BOX}"\n[hub]\nhost = "127.0.0.1"\n')
    return config


async def test_what_came_during_a_trial_goes_back_to_what_was_in_force_before_it(tmp_path, monkeypatch):
    """The hub acknowledges nothing under either."""
    monkeypatch.setenv(ENV_TRIAL_S, "0.01")
    config = enrolled(tmp_path)
    kept = tmp_path / "store" / countyconfig.FOLDER / countyconfig.STATE
    good = Part(1, "[hub]\nkeepalive_s = 120\n")
    kept.parent.mkdir()
    kept.write_bytes(msgspec.json.encode(State(applied=good, highest=1)))
    told = []

    async def tell(state):
        told.append(state.reason)

    part = CountyPart(config, tmp_path / "store", BOX, "en", tell=tell, heard_s=lambda: None)
    for revision in (2, 3):
        await part.take(sign(KEY, BOX, revision, f"[hub]\nkeepalive_s = {60 + revision}\n"))
    assert part.revision == 3
    watching = asyncio.create_task(part.run(with_county_or_without(config)))
    await until(lambda: "county-config.taken-back" in told)
    watching.cancel()
    state = msgspec.json.decode(kept.read_bytes(), type=State)
    assert (state.applied, state.lost.revision, state.highest, state.on_trial) == (good, 3, 3, False)
    assert (kept.parent / countyconfig.FILE).read_text() == good.toml
