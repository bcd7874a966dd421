"""What the county says while an earlier word of it is still on trial: the way back leads to what last proved itself.

Also when a file cannot be written, or the technician's are wrong then: what is refused is not kept; the box runs on.
"""

from __future__ import annotations

import asyncio

import msgspec
import pytest

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
    config.write_text(f'box = "{BOX}"\n[hub]\nhost = "127.0.0.1"\n[store]\ndir = "{folder / "store"}"\n')
    return config


def county_part(config, meanwhile=lambda: None):
    """With the reasons of what it tells. The hub is never heard; `meanwhile` happens as it is looked for."""
    told = []

    async def tell(state):
        told.append(state.reason.removeprefix("county-config."))

    return CountyPart(config, config.parent / "store", BOX, "en", tell=tell, heard_s=meanwhile), told


async def test_what_came_during_a_trial_goes_back_to_what_was_in_force_before_it(tmp_path, monkeypatch):
    """The hub acknowledges nothing under either."""
    monkeypatch.setenv(ENV_TRIAL_S, "0.01")
    config = enrolled(tmp_path)
    kept = tmp_path / "store" / countyconfig.FOLDER / countyconfig.STATE
    good = Part(1, "[hub]\nkeepalive_s = 120\n")
    kept.parent.mkdir()
    kept.write_bytes(msgspec.json.encode(State(applied=good, highest=1)))
    part, told = county_part(config)
    for revision in (2, 3):
        await part.take(sign(KEY, BOX, revision, f"[hub]\nkeepalive_s = {60 + revision}\n"))
    assert part.revision == 3
    watching = asyncio.create_task(part.run(with_county_or_without(config)))
    await until(lambda: "taken-back" in told)
    watching.cancel()
    state = msgspec.json.decode(kept.read_bytes(), type=State)
    assert (state.applied, state.lost.revision, state.highest, state.on_trial) == (good, 3, 3, False)
    assert (kept.parent / countyconfig.FILE).read_text() == good.toml


async def test_what_cannot_be_written_is_refused_and_taken_when_it_comes_again(tmp_path):
    config = enrolled(tmp_path)
    part, told = county_part(config)
    folder = tmp_path / "store" / countyconfig.FOLDER
    (folder / countyconfig.FILE).mkdir(parents=True)  # the state can be written, the part cannot
    message = sign(KEY, BOX, 1, "[hub]\nkeepalive_s = 120\n")
    await part.take(message)
    assert (part.revision, told) == (0, ["not-kept"])
    assert county_part(config)[0].revision == 0  # nor does the next process begin with it
    (folder / countyconfig.FILE).rmdir()
    await part.take(message)
    assert (part.revision, (folder / countyconfig.FILE).read_text()) == (1, message.toml)


@pytest.mark.parametrize(
    ("at_start", "words"),
    [
        (True, ["not-kept", "own-files", "applied", "applied", "taken-back"]),
        (False, ["applied", "not-kept", "taken-back", "own-files", "taken-back"]),
    ],
    ids=["to a part that was cut off", "back"],
)
async def test_a_way_that_is_barred_is_gone_later_and_ends_nothing(tmp_path, monkeypatch, at_start, words):
    """First the disk bars it, then the technician's own files do."""
    monkeypatch.setenv(ENV_TRIAL_S, "0.01")
    config = enrolled(tmp_path)
    good, file = config.read_text(), tmp_path / "store" / countyconfig.FOLDER / countyconfig.FILE
    brought = []

    async def change(loaded):
        brought.append(loaded.config.hub.keepalive_s)
        return True

    def bar():
        if file.is_file() and not brought:
            file.unlink()
            file.mkdir()

    part, told = county_part(config, bar)
    await part.take(sign(KEY, BOX, 1, "[hub]\nkeepalive_s = 120\n"))
    if at_start:
        bar()
    part.on_change = change
    watching = asyncio.create_task(part.run(with_county_or_without(config)))
    await until(lambda: "not-kept" in told)
    config.write_text("box =\n")
    file.rmdir()
    await until(lambda: "own-files" in told)
    assert (brought, watching.done()) == ([], False)
    config.write_text(good)
    await until(lambda: len(told) == len(words))
    assert told == words
    assert (part.revision, brought[-1]) == (0, with_county_or_without(config).config.hub.keepalive_s)
    watching.cancel()
