"""Users and passwords that `edgeagent discover` may try: from files, or asked for; never on the command line."""

from __future__ import annotations

import argparse
import getpass
import re
import sys
from pathlib import Path

from edgeagent.cli.say import say
from edgeagent.configfile.ownfile import OwnFiles
from edgeagent.driver import Login
from gridwire import wholefile
from gridwire.problem import Language, Problem
from gridwire.settings.mistakes import Mistake, Place

_MAX_SECRETS = 100


class BadLogin(Problem):
    code = "discover.bad-login"
    en = "“{text}” is no login: write USER:FILE, the password stands in the file"
    zh = "“{text}”格式不对：请写作 用户:文件，密码放在文件里"


class BadPasswordFile(Problem):
    code = "discover.bad-password-file"
    en = "--password-file, --login: {why_en}"
    zh = "--password-file、--login：{why_zh}"


class UserWithoutPassword(Problem):
    code = "discover.user-without-password"
    en = "--user and --password-file belong together (nobody is there who could be asked)"
    zh = "--user 和 --password-file 应同时给出（当前不是终端，无法提示输入）"


class SecretNotKept(Problem):
    code = "discover.secret-not-kept"
    en = "the password could not be stored in {folder}: {why}"
    zh = "无法把密码存入 {folder}：{why}"


def logins(args: argparse.Namespace, language: Language) -> tuple[Login, ...]:
    """In the order of the command line. Raises `BadLogin`, `BadPasswordFile`, `UserWithoutPassword`."""
    folder = args.config.parent.absolute()
    found: list[Login] = []
    user = args.user
    if user is None and not args.login and not args.password_file and _somebody_is_there():
        print(
            say(language, en="user (empty: none): ", zh="用户名（留空则不登录）："), end="", file=sys.stderr, flush=True
        )
        user = sys.stdin.readline().strip() or None
    if user is not None:
        found.append(_first(user, args.password_file, folder, language))
    elif args.password_file:
        raise UserWithoutPassword
    for text in args.login:
        name, _, path = text.partition(":")
        if not name or not path:
            raise BadLogin(text=text[:64])
        found.append(_of_file(name, Path(path), folder))
    return tuple(found)


def _first(user: str, file: Path | None, folder: Path, language: Language) -> Login:
    if file is not None:
        return _of_file(user, file, folder)
    if not _somebody_is_there():
        raise UserWithoutPassword
    return Login(user, getpass.getpass(say(language, en=f"password of {user}: ", zh=f"{user} 的密码：")))


def _somebody_is_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _of_file(user: str, path: Path, folder: Path) -> Login:
    """The reference is relative where the file lies beside the configuration: systemd hands `secrets/` over so."""
    path = path.absolute()
    try:
        password = OwnFiles(folder, {}).secret(f"file:{path}", Place(str(path)), "password")
    except Mistake as mistake:
        why = {f"why_{language}": mistake.sentence(language) for language in ("zh", "en")}
        raise BadPasswordFile(**why) from None
    inside = path.is_relative_to(folder)
    return Login(user, password, f"file:{path.relative_to(folder) if inside else path}")


def keep(login: Login, folder: Path) -> Login:
    """The same with its password in a file of its own, `secrets/…` beside the configuration. Raises `SecretNotKept`."""
    secrets = folder.absolute() / "secrets"
    name = re.sub(r"[^a-z0-9]+", "-", login.username.lower()).strip("-")[:24] or "camera"
    try:
        secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(1, _MAX_SECRETS):
            file = secrets / (f"cameras-{name}" if number == 1 else f"cameras-{name}-{number}")
            if _holds(file, login.password):
                return login._replace(reference=f"file:secrets/{file.name}")
    except OSError as error:
        raise SecretNotKept(folder=secrets, why=error.strerror or error) from error
    raise SecretNotKept(folder=secrets, why="cameras-*")


def _holds(file: Path, password: str) -> bool:
    """Whether the file has this password, or has got it now. Raises OSError."""
    try:
        wholefile.create(file, password.encode() + b"\n", mode=0o600)
    except FileExistsError:
        return file.read_bytes() == password.encode() + b"\n"
    return True
