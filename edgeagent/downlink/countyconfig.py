"""The county's part of the configuration: taken when the county has signed it, tried, kept, or taken back.

What is refused changes nothing, and is told once: an event about the box, a log line, a count. What is taken is on
trial until the hub has acknowledged something; if it does not in time, the part before it comes back by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from edgeagent import plugins
from edgeagent.configfile import BadConfig, Loaded, load
from edgeagent.configfile.countypart import FILE, FOLDER
from edgeagent.enrol.identity import Identity, IdentityNotWritten, write
from gridwire.events import DeviceState
from gridwire.messages import CountyConfig
from gridwire.problem import Language, Problem
from gridwire.signing import is_signed

log = logging.getLogger(__name__)

STATE = "state.json"
TRIAL_S = 600.0
ENV_TRIAL_S = "EDGEAGENT_COUNTY_TRIAL_S"
"""For tests: seconds until a part that costs the uplink is taken back."""
_LOOK_S = 0.2
_AGAIN_SHARE = 1 / 20
"""Of the trial: the pause before what failed is done again, for each time may write to the card."""
_MAX_DETAIL = 500


class OtherBox(Problem):
    code = "county-config.other-box"
    en = "revision {revision} is for box {box}"
    zh = "第 {revision} 版属于盒子 {box}"


class NoKey(Problem):
    code = "county-config.no-key"
    en = "revision {revision}: this box has no key of the county's to verify it; it gets one as it enrols or renews"
    zh = "第 {revision} 版：本机没有县级公钥，无法验证；注册或续期时会取得"


class BadSignature(Problem):
    code = "county-config.bad-signature"
    en = "revision {revision} is not signed by the county: somebody else has sent it, or the county has made a new key"
    zh = "第 {revision} 版没有县级签名：由他人发出，或县级已更换密钥"


class OldRevision(Problem):
    code = "county-config.old-revision"
    en = "revision {revision} is not newer than {highest}: somebody repeats an old one, or the hub was set back"
    zh = "第 {revision} 版不比第 {highest} 版新：有人重放旧配置，或汇聚端曾恢复到旧状态"


class Invalid(Problem):
    code = "county-config.invalid"
    en = "revision {revision} does not fit this box: {why_en}"
    zh = "第 {revision} 版不适用于本机：{why_zh}"


class NotKept(Problem):
    code = "county-config.not-kept"
    en = "revision {revision} cannot be written: {reason}"
    zh = "第 {revision} 版无法写入：{reason}"


class OwnFiles(Problem):
    code = "county-config.own-files"
    en = "revision {revision} waits, the files on the box are wrong: {why_en}"
    zh = "第 {revision} 版未生效，本机的配置文件有误：{why_zh}"


class Part(msgspec.Struct, frozen=True):
    """What was taken."""

    revision: int
    toml: str


class State(msgspec.Struct, frozen=True, kw_only=True):
    """`state.json`. `highest`: of all that were ever taken, also those taken back. `lost`: taken back last. `told`: the
    refusal told last."""

    applied: Part = Part(0, "")
    before: Part = Part(0, "")
    lost: Part = Part(0, "")
    highest: int = 0
    on_trial: bool = False
    told: str = ""


class CountyPart:
    """`take` each message, `run` until cancelled. `on_change` brings what is written into force, and says whether it is
    now; else the agent starts anew."""

    def __init__(
        self,
        config: Path,
        store: Path,
        box: str,
        language: Language,
        *,
        tell: Callable[[DeviceState], Awaitable[None]],
        heard_s: Callable[[], float | None],
    ) -> None:
        self.refused = 0
        self.on_change: Callable[[Loaded], Awaitable[bool]] = _nobody
        self._config, self._folder, self._box, self._language = config, store / FOLDER, box, language
        self._identity = Identity.of_store(store)
        self._tell, self._heard_s = tell, heard_s
        self._state = self._read()
        self._turn = asyncio.Lock()
        self._taken = asyncio.Event()
        self._said = ""
        self._trial_s = float(os.environ.get(ENV_TRIAL_S) or TRIAL_S)

    @property
    def revision(self) -> int:
        """What is in force; 0: none."""
        return self._state.applied.revision

    async def take(self, message: CountyConfig) -> None:
        """Bring it into force, or say why not. The last one comes at every connection: that is no news."""
        async with self._turn:
            state = self._state
            if message.box == self._box and Part(message.revision, message.toml) in (state.applied, state.lost):
                return
            try:
                loaded = await self._check(message)
                self._keep(
                    State(
                        applied=Part(message.revision, message.toml),
                        before=state.before if state.on_trial else state.applied,
                        told=state.told,
                        highest=message.revision,
                        on_trial=True,
                    )
                )
            except Problem as problem:
                await self._refuse(message, problem)
                return
            log.info("the county's configuration, revision %d, is taken on trial", message.revision)
            if await self.on_change(loaded):
                self._taken.set()

    async def run(self, loaded: Loaded) -> None:
        """Watch over what is on trial. `loaded`: with what the agent has started."""
        await self._start(loaded)
        while True:
            if self._state.on_trial:
                await self._try()
            else:
                await self._taken.wait()
            self._taken.clear()

    # -- is it right ---------------------------------------------------------------------------------------------

    async def _check(self, message: CountyConfig) -> Loaded:
        """The whole configuration with it. Raises the problems above."""
        revision = message.revision
        if message.box != self._box:
            raise OtherBox(revision=revision, box=message.box)
        record = self._identity.record()
        if record is None or not record.config_key:
            raise NoKey(revision=revision)
        if not await asyncio.to_thread(is_signed, message, record.config_key):
            raise BadSignature(revision=revision)
        if revision <= self._state.highest:
            raise OldRevision(revision=revision, highest=self._state.highest)
        try:
            return await asyncio.to_thread(load, self._config, plugins.resolve, county=message.toml)
        except BadConfig as problem:
            raise Invalid(revision=revision, why_en=_why(problem, "en"), why_zh=_why(problem, "zh")) from problem

    async def _refuse(self, message: CountyConfig, problem: Problem) -> None:
        self.refused += 1
        log.warning("the county's configuration is refused: %s", problem)
        digest = hashlib.sha256(msgspec.json.encode(message) + problem.code.encode()).hexdigest()
        if digest == self._state.told:
            return  # retained: it comes again at every connection
        with contextlib.suppress(NotKept):
            self._keep(msgspec.structs.replace(self._state, told=digest))
        await self._say("degraded", problem.code, problem.text(self._language))

    # -- does it work --------------------------------------------------------------------------------------------

    async def _try(self) -> None:
        """Until the hub has acknowledged anything under it, a newer one has come, or the time is over."""
        trial, since = self._state.applied, time.monotonic()
        await self._say(*self._word())
        await self._insist(lambda: self._end_trial(trial, since))

    async def _end_trial(self, trial: Part, since: float) -> None:
        """Raises `NotKept`."""
        while self._state.applied == trial:
            heard = self._heard_s()
            if heard is not None and heard > since:
                self._keep(msgspec.structs.replace(self._state, before=Part(0, ""), on_trial=False))
                log.info("the county's configuration, revision %d, is in force", trial.revision)
                return
            if time.monotonic() - since > self._trial_s:
                await self._take_back()
                return
            await asyncio.sleep(_LOOK_S)

    async def _take_back(self) -> None:
        """Raises `NotKept`."""
        async with self._turn:
            lost, before = self._state.applied, self._state.before
            nothing = Part(0, "")
            self._keep(msgspec.structs.replace(self._state, applied=before, before=nothing, lost=lost, on_trial=False))
        word = self._word()
        log.error("under the county's configuration the hub was not heard for %g s: %s", self._trial_s, word[-1])
        await self._say(*word)
        await self._insist(self._bring_into_force)

    async def _start(self, loaded: Loaded) -> None:
        """After a start: finish what was cut off, and say if the part was left out."""
        wanted = self._state.applied.toml
        if _text(self._folder / FILE) != wanted:
            await self._insist(self._bring_into_force)
        elif wanted and self._folder / FILE not in loaded.files:
            await self._say("degraded", "county-config.left-out", f"revision {self.revision}")

    async def _bring_into_force(self) -> None:
        """What is kept, whatever runs now. Raises `NotKept`, `OwnFiles`."""
        if _text(self._folder / FILE) != self._state.applied.toml:
            self._keep(self._state)
        try:
            loaded = with_county_or_without(self._config)
        except BadConfig as problem:
            why = {f"why_{language}": _why(problem, language) for language in ("en", "zh")}
            raise OwnFiles(revision=self.revision, **why) from problem
        await self.on_change(loaded)

    async def _insist(self, step: Callable[[], Awaitable[None]]) -> None:
        """Until it is done. What runs goes on meanwhile; what hinders it is told once, and that it hinders no more."""
        told = ""
        while True:
            try:
                await step()
            except (NotKept, OwnFiles) as problem:
                if problem.code != told:
                    told = problem.code
                    log.error("the county's configuration stays as it runs: %s", problem)
                    await self._say("degraded", problem.code, problem.text(self._language))
                await asyncio.sleep(self._trial_s * _AGAIN_SHARE)
            else:
                break
        if told and told == self._said:
            await self._say(*self._word())

    def _word(self) -> tuple[str, str, str]:
        """What is to be said of the revision in force: that it is, or that it is again."""
        applied, lost = self._state.applied, self._state.lost
        if lost.revision > applied.revision:
            return "degraded", "county-config.taken-back", f"revision {lost.revision} -> {applied.revision}"
        return "up", "county-config.applied", f"revision {applied.revision}"

    async def _say(self, state: str, reason: str, detail: str) -> None:
        self._said = reason
        fields = {"state": state, "reason": reason, "detail": detail[:_MAX_DETAIL]}
        await self._tell(msgspec.convert(fields, DeviceState))

    # -- on disk -------------------------------------------------------------------------------------------------

    def _read(self) -> State:
        try:
            return msgspec.json.decode((self._folder / STATE).read_bytes(), type=State)
        except FileNotFoundError:
            return State()
        except (OSError, msgspec.DecodeError) as error:
            log.error("%s cannot be read, the county's next revision begins anew: %s", self._folder / STATE, error)
            return State()

    def _keep(self, state: State) -> None:
        """First what is to be, then the file that makes it so; both or neither. Raises `NotKept`."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write(self._folder / STATE, msgspec.json.encode(state), private=True)
            try:
                self._keep_text(state.applied.toml)
            except (OSError, IdentityNotWritten):
                write(self._folder / STATE, msgspec.json.encode(self._state), private=True)
                raise
        except (OSError, IdentityNotWritten) as error:
            raise NotKept(revision=state.applied.revision, reason=error) from error
        self._state = state

    def _keep_text(self, toml: str) -> None:
        """Raises OSError, `IdentityNotWritten`."""
        if toml:
            write(self._folder / FILE, toml.encode(), private=True)
        else:
            (self._folder / FILE).unlink(missing_ok=True)


def with_county_or_without(config: Path) -> Loaded:
    """The configuration; without the county's part where that no longer fits the technician's files. Raises `BadConfig`
    when these alone are wrong."""
    try:
        return load(config, plugins.resolve)
    except BadConfig as problem:
        loaded = load(config, plugins.resolve, county="")
        log.error("the county's part of the configuration is left out:\n%s", problem.text("en"))
        return loaded


def _why(problem: BadConfig, language: Language) -> str:
    return "; ".join(mistake.text(language) for mistake in problem.mistakes)[:_MAX_DETAIL]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


async def _nobody(loaded: Loaded) -> bool:
    return False
