"""`certificates`: for how long are CA, server and revocation list good, and which boxes' end soon?"""

from __future__ import annotations

from countyhub.ca import keeper, renewal
from countyhub.ca.authority import CaBroken
from countyhub.ca.files import KeyOpen
from countyhub.ca.keeper import BoxEnding, CaEnding, CrlEnding, ServerEnding
from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Fault, Line, foreign, found, passed
from gridwire.problem import Problem


class NoCa(Fault):
    code = "check.ca-none"
    level = "warn"
    en = "the county has no CA yet, boxes cannot enrol: countyhub ca init"
    zh = "县里还没有 CA，盒子无法注册：请执行 countyhub ca init"


class Unusable(Fault):
    code = "check.ca-unusable"
    en = (
        "the certificates cannot be read ({reason}): countyhub ca renew makes those of server and list anew; the "
        "CA comes back from its copy"
    )
    zh = "证书无法读取（{reason}）：countyhub ca renew 可重新生成服务器证书和吊销列表；CA 须从备份恢复"


async def _look(scene: Scene) -> list[Line]:
    config = scene.config
    if not config.enrol.enabled:
        return [passed("注册功能已关闭", "enrolment is switched off")]
    if not keeper.has_ca(config):
        return [found(NoCa())]
    try:
        ends = renewal.ends(config, scene.now)
        near = await keeper.outlook(scene.store, config, scene.now) if scene.store is not None else []
    except keeper.PROBLEMS as problem:
        return [foreign(problem, "fail")]
    except (OSError, ValueError) as error:
        return [found(Unusable(reason=error))]
    lines = [_ending(scene, problem) for problem in near]
    if any(isinstance(problem, CaEnding | ServerEnding | CrlEnding) for problem in near):
        return lines
    days = {name: (end - scene.now).days for name, end in ends._asdict().items()}
    en = ", ".join(f"{name} {count} days" for name, count in days.items())
    zh = f"CA 还有 {days['ca']} 天，服务器证书 {days['server']} 天，吊销列表 {days['crl']} 天"
    return [*lines, passed(zh, en)]


def _ending(scene: Scene, problem: Problem) -> Line:
    """What is over already, or is about the hub itself and two weeks from its end, fails."""
    end = problem.facts["end"]
    days = (end - scene.now).days if hasattr(end, "year") else 0  # type: ignore[operator]  # a datetime
    return foreign(problem, "fail" if days < (0 if isinstance(problem, BoxEnding) else 14) else "warn")


CHECK = Check(
    "certificates",
    "CA、服务器证书、吊销列表和各盒子证书的剩余天数",
    "days left of CA, server certificate, revocation list and the boxes' certificates",
    _look,
    (NoCa, Unusable, CaBroken, KeyOpen, CaEnding, ServerEnding, CrlEnding, BoxEnding),
)
