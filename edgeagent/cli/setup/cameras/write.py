"""Puts cameras into the plan: tables for new ones, logins that were missing, a rule for those without pictures."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edgeagent.cli.newdevices import Named, added, table_of, without_login
from edgeagent.cli.say import say
from edgeagent.cli.setup.basics import put
from edgeagent.cli.setup.cameras.numbered import answer_of, pick
from edgeagent.cli.setup.plan import CAMERAS, Plan
from edgeagent.cli.setup.talk import Talk


def write(talk: Talk, plan: Plan, new: list[Named], late: list[Named]) -> None:
    """`late`: configured already, and logged in to only now."""
    file = plan.present.folder / "conf.d" / CAMERAS
    late = [_with_secret(plan, one) for one in late]
    filled_in = without_login(file, late) if file.exists() else []
    for one in late:
        if one.id not in {each.id for each in filled_in} and not (one.known or {}).get("username"):
            for key in ("username", "password"):
                put(talk, plan, ("device", one.id, key), one.found.settings[key])
    if not new and not filled_in:
        return
    if filled_in:
        names = ", ".join(one.id for one in filled_in)
        talk.tell(en=f"logins that failed before are filled in: {names}", zh=f"补上此前失败的登录：{names}")
    text = plan.text(file).encode()
    if filled_in:
        text = added(file, text, (), filled_in)
        plan.replace(file, text.decode())
    blocks = [table_of(one, talk.language) for one in new]
    if blocks:
        plan.append(CAMERAS, "\n".join(blocks))
        _pictures(talk, plan, new)


def _with_secret(plan: Plan, one: Named) -> Named:
    login = one.found.login
    if login is None or not login.password:
        return one
    settings = dict(one.found.settings)
    settings["password"] = plan.keep_secret(f"cameras-{login.username}", login.password)
    return one._replace(found=msgspec.structs.replace(one.found, settings=settings))


def _pictures(talk: Talk, plan: Plan, new: Sequence[Named]) -> None:
    """A rule for those that take none."""
    if talk.alone:
        all_of_them = talk.given("pictures") is not False
        answers = talk.given("camera")
        said = [answer_of(answers, one, "pictures") for one in new]
        without = [one.id for one, own in zip(new, said, strict=True) if not (all_of_them if own is None else own)]
    else:
        lines = [f"  {number:>3}  {one.found.name}  {one.found.address}" for number, one in enumerate(new, 1)]
        talk.tell(en="\n" + "\n".join(lines), zh="\n" + "\n".join(lines))
        takes = pick(talk, len(new), "哪些在报警时附图片，如 1,3-4；all 全部；none 都不附",
                      "Which take a picture with each alarm, e.g. 1,3-4; all; none", "all")  # fmt: skip
        without = [one.id for number, one in enumerate(new) if number not in takes]
    if without:
        note = say(talk.language, en="# alarms of these come without a picture", zh="# 以下摄像机报警不附图片")
        listed = ", ".join(f'"{each}"' for each in without)
        plan.append(CAMERAS, f"{note}\n[[rule]]\ndevices = [{listed}]\npicture = false\n")
