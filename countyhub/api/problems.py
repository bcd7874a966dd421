"""What can be wrong with a request, each with its status; and every answer that says so, as RFC 9457 has it."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from countyhub.cases import refusals as cases
from countyhub.cases.finding import BadPage
from countyhub.downlink.notices import BoardTooLarge
from countyhub.feeds.subscriptions import NoSuchWebhook, TooManyWebhooks
from countyhub.lifecycle import refusals
from countyhub.notify.alerts import NoSuchCall
from gridwire.problem import Problem

MEDIA_TYPE = "application/problem+json"


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake in the request."""

    at: Annotated[str, Meta(description="where: the name of a parameter, or a path in the body such as `$.title`")]
    why: Annotated[str, Meta(description="what is wrong there")]


class ProblemAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was refused (RFC 9457), and what to do. `code` never changes: programs go by it."""

    type: Annotated[str, Meta(description="`urn:gridwire:problem:` and the code")]
    title: Annotated[str, Meta(description="the status in words")]
    status: Annotated[int, Meta(ge=400, le=599, description="as the status line says")]
    code: Annotated[str, Meta(description="the reason, stable; docs/reference/errors.md has them all")]
    detail: Annotated[str, Meta(description="the reason and what to do, in the language that was asked for")]
    zh: Annotated[str, Meta(description="the same in Chinese")]
    en: Annotated[str, Meta(description="the same in English")]
    errors: Annotated[tuple[Fault, ...], Meta(description="every mistake that was found in the request")] = ()
    version: Annotated[int | None, Meta(description="of a conflict: the version that is in force now")] = None


class ApiProblem(Problem):
    """Base of what this interface itself refuses. `headers` go with the answer; `version`: see `ProblemAnswer`."""

    status: ClassVar[int] = 400

    def __init__(
        self,
        *,
        headers: dict[str, str] | None = None,
        errors: tuple[Fault, ...] = (),
        version: int | None = None,
        **facts: object,
    ) -> None:
        self.headers = headers or {}
        self.errors = errors
        self.version = version
        super().__init__(**facts)


class BadRequest(ApiProblem):
    code = "api.bad-request"
    en = "the request is not as the interface describes it: {why}; see /api/1/openapi.json"
    zh = "请求不符合接口说明：{why}；请查看 /api/1/openapi.json"


class NoToken(ApiProblem):
    status = 401
    code = "api.no-token"
    en = "send a token: Authorization: Bearer gw_…; countyhub token add makes one"
    zh = "缺少令牌：请带上 Authorization: Bearer gw_…；令牌由 countyhub token add 生成"


class BadToken(ApiProblem):
    status = 401
    code = "api.bad-token"
    en = "this is no token of this hub: is it complete, and is it this county's?"
    zh = "不是本汇聚端的令牌：是否完整？是否属于本县？"


class SessionOver(ApiProblem):
    status = 401
    code = "api.session-over"
    en = "this session is over: log in again"
    zh = "会话已结束：请重新登录"


class ForeignRequest(ApiProblem):
    status = 403
    code = "api.foreign-request"
    en = "this did not come from a page of this console, or the page is old: reload it and try again"
    zh = "请求不是从本系统的页面发出，或页面已过期：请刷新页面后重试"


class MustChangePassword(ApiProblem):
    status = 403
    code = "api.must-change-password"
    en = "choose a password of your own first, at /account"
    zh = "请先在 /account 设置自己的密码"


class TokenExpired(ApiProblem):
    status = 401
    code = "api.token-expired"
    en = "the token {name} has expired: have a new one made"
    zh = "令牌“{name}”已过期：请重新申请"


class TokenRevoked(ApiProblem):
    status = 401
    code = "api.token-revoked"
    en = "the token {name} was revoked: have a new one made"
    zh = "令牌“{name}”已被吊销：请重新申请"


class ScopeMissing(ApiProblem):
    status = 403
    code = "api.scope-missing"
    en = "the token is not for this: it lacks the scope {scope}"
    zh = "令牌没有此项权限：缺少 {scope}"


class NoPerson(ApiProblem):
    status = 403
    code = "api.no-person"
    en = "a machine's token cannot act: use one that was made with --person"
    zh = "此令牌没有对应工号，不能办理：请使用带工号的令牌"


class PersonAway(ApiProblem):
    status = 403
    code = "api.person-away"
    en = "person {person} of this token has no duty today, says the registry"
    zh = "登记表显示工号 {person} 今日没有职责，令牌不能使用"


class OnlyWhole(ApiProblem):
    status = 403
    code = "api.whole-county-only"
    en = "this belongs to no area: only a token that sees the whole county may do it"
    zh = "此项不属于某一区划：只有全县范围的令牌可以使用"


class PlainHttp(ApiProblem):
    status = 403
    code = "api.plain-http"
    en = "nobody is let in over an open network: set tls_cert in [web], or name your TLS proxy in proxies there"
    zh = "不接受经明文网络的访问：请在 [web] 中设 tls_cert，或在前面设置 TLS 反向代理并填入 proxies"


class NotFound(ApiProblem):
    status = 404
    code = "api.not-found"
    en = "there is no {what} of this name, or this token does not see it"
    zh = "没有这一项（{what}），或此令牌无权查看"


class WrongMethod(ApiProblem):
    status = 405
    code = "api.wrong-method"
    en = "{method} is not possible here; possible are {allowed}"
    zh = "此处不支持 {method}，可用的有 {allowed}"


class TooSlow(ApiProblem):
    status = 408
    code = "api.too-slow"
    en = "the request's body did not come within {seconds} s: send it again"
    zh = "请求正文在 {seconds} 秒内没有收全：请重发"


class Conflict(ApiProblem):
    status = 409
    code = "api.conflict"
    en = "somebody else has changed this (it is now {found}, you saw {expected}): look at it again"
    zh = "内容刚被他人更新（现为 {found}，您看到的是 {expected}）：请重新查看后再操作"


class InProgress(ApiProblem):
    status = 409
    code = "api.in-progress"
    en = "a request with this Idempotency-Key is being answered just now: ask again in a moment"
    zh = "相同 Idempotency-Key 的请求正在处理：请稍后再试"


class Changed(ApiProblem):
    status = 412
    code = "api.changed"
    en = "it is no longer what If-Match says: look at it again"
    zh = "内容已不是 If-Match 所指的版本：请重新查看后再操作"


class TooLarge(ApiProblem):
    status = 413
    code = "api.too-large"
    en = "the body is too large: at most {limit} bytes"
    zh = "请求正文过大：最多 {limit} 字节"


class WrongType(ApiProblem):
    status = 415
    code = "api.wrong-type"
    en = "the body must be {wanted}, and its Content-Type must say so"
    zh = "请求正文应为 {wanted}，并在 Content-Type 中注明"


class KeyReused(ApiProblem):
    status = 422
    code = "api.key-reused"
    en = "this Idempotency-Key was used for another request: make a new one for each"
    zh = "此 Idempotency-Key 已用于另一请求：每次请求请用新的"


class TooMany(ApiProblem):
    status = 429
    code = "api.too-many"
    en = "too many requests with this token: wait {seconds} s"
    zh = "此令牌请求过于频繁：请 {seconds} 秒后再试"


class TooManyFailures(ApiProblem):
    status = 429
    code = "api.too-many-failures"
    en = "too many requests without a good token from this address: wait {seconds} s"
    zh = "此地址的无效请求过多：请 {seconds} 秒后再试"


class Away(ApiProblem):
    status = 503
    code = "api.database-away"
    en = "the database cannot be used just now: try again soon"
    zh = "数据库暂时无法使用：请稍后再试"


_ELSEWHERE: dict[type[Problem], int] = {
    cases.NotThere: 404,
    cases.NoSuchPerson: 403,
    cases.NotTheRole: 403,
    cases.AttachmentKind: 415,
    cases.AttachmentTooLarge: 413,
    BadPage: 400,
    NoSuchWebhook: 404,
    NoSuchCall: 404,
    TooManyWebhooks: 409,
    refusals.NotYours: 403,
    refusals.InputWrong: 422,
    refusals.NotNow: 409,
    BoardTooLarge: 422,
}
"""Problems of other parts that may come out of here; the first base that is listed counts."""
TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 409: "Conflict", 412: "Precondition Failed", 413: "Content Too Large",
    415: "Unsupported Media Type", 422: "Unprocessable Content", 429: "Too Many Requests", 503: "Service Unavailable",
}  # fmt: skip


def status_of(problem: type[Problem]) -> int:
    """The status that a problem is answered with."""
    if issubclass(problem, ApiProblem):
        return problem.status
    return next((_ELSEWHERE[base] for base in problem.__mro__ if base in _ELSEWHERE), 422)


def version_of(problem: Problem) -> int | None:
    """Of a conflict: the version that is in force now."""
    found = problem.facts.get("found") if isinstance(problem, refusals.Stale) else getattr(problem, "version", None)
    return found if isinstance(found, int) else None


def answer_of(problem: Problem, *, zh: bool) -> ProblemAnswer:
    """The body of the answer."""
    status, texts = status_of(type(problem)), {"zh": problem.sentence("zh"), "en": problem.sentence("en")}
    return ProblemAnswer(
        type=f"urn:gridwire:problem:{problem.code}",
        title=TITLES[status],
        status=status,
        code=problem.code,
        detail=texts["zh" if zh else "en"],
        zh=texts["zh"],
        en=texts["en"],
        errors=getattr(problem, "errors", ()),
        version=version_of(problem),
    )


class ReasonNeeded(ApiProblem):
    status = 403
    code = "api.reason-needed"
    en = "say first why you want to see it: POST /look with object={subject}"
    zh = "请先说明查看理由：向 /look 提交 object={subject}"
