"""Channel `wecom` (企业微信): a group by its robot (`robot:NAME`, `robot:NAME:USERID` to mention one), a member by an
application (`user:USERID`).

A robot takes 20 messages a minute and a text of 2048 bytes; whoever sends faster is shut out for a while. The
application's messages are checked for repetition by WeCom itself for four hours (`enable_duplicate_check`), those of a
robot are not. Codes: developer.work.weixin.qq.com/document/path/90313; robots 91770, messages 90236.
"""

from __future__ import annotations

import re
from time import monotonic
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from countyhub.config import WecomSettings
from countyhub.configfile import secret
from countyhub.notify import posting
from countyhub.notify.channel import BadAddress, Failed, Outcome, Parcel, Retry, Sent, Unclear, cut

_ADDRESS = re.compile(
    r"robot:(?P<robot>[^:\s]{1,32})(?::(?P<mention>[A-Za-z0-9_.@-]{1,64}))?|user:(?P<user>[A-Za-z0-9_.@-]{1,64})"
)
_TOKEN_OVER: Final = frozenset({40014, 41001, 42001})
_TOO_FAST: Final = frozenset({45009, 45033, 130101})
_NOT_OURS: Final = frozenset({40001, 40013, 40056, 48002, 60020, 93000, 301002})
"""Wrong secret, organisation, application or robot, or our IP is not on its list: a person must change something."""
_NO_SUCH_MEMBER: Final = frozenset({40003, 60111, 81013})
MAX_BYTES = 2048
_MARK_BYTES = 12
"""Room for the id that makes an application's message one of its kind."""
PAUSE_S = 60.0
TOKEN_EARLY_S = 300.0
"""A token is fetched anew before it is over."""


class _Answer(msgspec.Struct):
    errcode: int
    errmsg: str = ""
    msgid: str = ""
    invaliduser: str = ""
    access_token: str = ""
    expires_in: Annotated[int, Meta(ge=0)] = 7200


_answer = msgspec.json.Decoder(_Answer)


class Wecom:
    """Raises `SecretUnreadable` and OSError (the CA's file) when it is made."""

    name = "wecom"
    per_minute = 20

    def __init__(self, settings: WecomSettings, proxy: str) -> None:
        self._settings = settings
        self._robots = {name: secret(key) for name, key in settings.robots.items()}
        self._secret = secret(settings.secret)
        self._client = posting.client(ca=settings.ca, proxy=proxy, timeout_s=settings.timeout_s)
        self._token, self._token_until = "", 0.0

    def check(self, address: str) -> None:
        found = _ADDRESS.fullmatch(address)
        if found and found["robot"] in self._robots:
            return
        if found and found["user"] and self._settings.corp_id:
            return
        names = [f"robot:{name}" for name in self._robots] + ["user:USERID"] * bool(self._settings.corp_id)
        raise BadAddress(address=address, channel=self.name, hint=", ".join(names) or "-")

    def fits(self, text: str) -> bool:
        return len(text.encode()) <= MAX_BYTES - _MARK_BYTES

    def lane(self, address: str) -> str:
        """Each robot for itself. A member takes 30 a minute, more than anybody is sent."""
        return f"{self.name}/{':'.join(address.split(':')[:2])}"[:64]

    def repeats_safely(self, address: str) -> bool:
        return address.startswith("user:")

    async def send(self, parcel: Parcel) -> Outcome:
        try:
            self.check(parcel.address)
        except BadAddress as problem:
            return Failed("address", str(problem))
        if parcel.address.startswith("robot:"):
            return await self._by_robot(parcel)
        return await self._by_application(parcel)

    async def close(self) -> None:
        await self._client.aclose()

    async def _by_robot(self, parcel: Parcel) -> Outcome:
        _, name, mention = f"{parcel.address}:".split(":")[:3]
        text: dict[str, Any] = {"content": cut(parcel.text, MAX_BYTES)}
        if mention:
            text["mentioned_list"] = [mention]
        query = urlencode({"key": self._robots[name]})
        return _judged(await self._post(f"webhook/send?{query}", {"msgtype": "text", "text": text}))

    async def _by_application(self, parcel: Parcel, *, again: bool = False) -> Outcome:
        token = await self._valid_token()
        if not isinstance(token, str):
            return token
        # The same JSON is dropped for four hours: the id makes that hold for this message, not for one like it.
        body = {
            "touser": parcel.address.removeprefix("user:"),
            "msgtype": "text",
            "agentid": self._settings.agent_id,
            "text": {"content": f"{cut(parcel.text, MAX_BYTES - _MARK_BYTES)}\n#{parcel.id[-8:]}"},
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 14400,
        }
        answer = await self._post(f"message/send?{urlencode({'access_token': token})}", body)
        if isinstance(answer, _Answer) and answer.errcode in _TOKEN_OVER:
            self._token = ""
            if not again:
                return await self._by_application(parcel, again=True)
            return Retry("auth", _said(answer))
        if isinstance(answer, _Answer) and answer.errcode == 0 and answer.invaliduser:
            return Failed("address", f"invaliduser {answer.invaliduser}")
        return _judged(answer)

    async def _valid_token(self) -> str | Retry | Failed:
        if self._token and monotonic() < self._token_until:
            return self._token
        query = urlencode({"corpid": self._settings.corp_id, "corpsecret": self._secret})
        answer = await self._call("GET", f"gettoken?{query}", None)
        if isinstance(answer, Unclear):  # nobody was sent anything yet
            return Retry(answer.why, answer.detail)
        if not isinstance(answer, _Answer):
            return answer
        if answer.errcode or not answer.access_token:
            judged = _judged(answer)
            return judged if isinstance(judged, (Retry, Failed)) else Retry("auth", _said(answer))
        self._token = answer.access_token
        self._token_until = monotonic() + max(answer.expires_in - TOKEN_EARLY_S, 0)
        return self._token

    async def _post(self, path: str, body: object) -> _Answer | Retry | Failed | Unclear:
        return await self._call("POST", path, msgspec.json.encode(body))

    async def _call(self, method: str, path: str, content: bytes | None) -> _Answer | Retry | Failed | Unclear:
        url = f"{self._settings.url.rstrip('/')}/cgi-bin/{path}"
        headers = {"Content-Type": "application/json"} if content else {}
        total_s = self._settings.timeout_s * 2
        answer = await posting.request(self._client, method, url, content=content, headers=headers, total_s=total_s)
        if not isinstance(answer, posting.Answer):
            return answer
        try:
            return _answer.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Unclear("answer", answer.body[:200].decode(errors="replace"))


def _judged(answer: _Answer | Retry | Failed | Unclear) -> Outcome:
    if not isinstance(answer, _Answer):
        return answer
    if answer.errcode == 0:
        return Sent(answer.msgid)
    if answer.errcode == -1:
        return Retry("broken", _said(answer))
    if answer.errcode in _TOO_FAST:
        return Retry("rate", _said(answer), PAUSE_S)
    if answer.errcode in _NOT_OURS:
        return Retry("auth", _said(answer))
    return Failed("address" if answer.errcode in _NO_SUCH_MEMBER else "refused", _said(answer))


def _said(answer: _Answer) -> str:
    return f"errcode {answer.errcode} {answer.errmsg}"[:300]
