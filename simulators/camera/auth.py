"""Who may do what on one camera: the modes of `CameraConfig.auth`, and the lock after too many wrong passwords."""

import time
from datetime import datetime

from simulators.camera.config import CameraConfig
from simulators.camera.http import Request
from simulators.camera.httpauth import DigestCheck, HttpAuthRefused, check_basic
from simulators.camera.soap import Element
from simulators.camera.usernametoken import TokenCheck, TokenRefused, find_token


class NotAuthorized(Exception):
    """`challenge` is the WWW-Authenticate value to send, or None in mode `usernametoken`."""

    def __init__(self, reason: str, challenge: str | None) -> None:
        super().__init__(reason)
        self.challenge = challenge


class Gate:
    """Lets requests of one camera in; begins afresh (no nonce known, no lock) at each reboot."""

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self._digest = DigestCheck(
            config.user, config.password, realm=f"IP Camera({config.serial})", algorithm=config.digest_algorithm
        )
        self._token = TokenCheck(config.user, config.password, config.fresh_s)
        self.failures = 0
        self._locked_until_s = 0.0

    def admit_soap(self, request: Request, header: Element | None, now: datetime) -> None:
        """Raise NotAuthorized unless the request may run; `now` is the camera's own clock."""
        mode = self._config.auth
        if mode == "none":
            return
        offers_digest = mode in ("digest", "both")
        challenge = self._digest.challenge() if offers_digest else None
        self._refuse_when_locked(challenge)
        if "separate_onvif_user" in self._config.quirks:
            raise NotAuthorized("no such ONVIF user", challenge)
        token = find_token(header) if mode in ("usernametoken", "both") else None
        if token is not None:
            try:
                self._token.check(token, now)
            except TokenRefused as error:
                self._count(error.wrong_password)
                raise NotAuthorized(str(error), self._digest.challenge() if offers_digest else None) from error
            self.failures = 0
        elif offers_digest:
            self._admit_digest(request)
        else:
            raise NotAuthorized("no UsernameToken with PasswordDigest", None)

    def admit_picture(self, request: Request) -> None:
        """The same for a snapshot."""
        mode = self._config.snapshot_auth
        if mode == "none":
            return
        if mode == "digest":
            self._refuse_when_locked(self._digest.challenge())
            self._admit_digest(request)
            return
        challenge = 'Basic realm="IP Camera"'
        self._refuse_when_locked(challenge)
        try:
            check_basic(request.headers.get("authorization", ""), self._config.user, self._config.password)
        except HttpAuthRefused as error:
            self._count(error.wrong_password)
            raise NotAuthorized(str(error), challenge) from error
        self.failures = 0

    def _admit_digest(self, request: Request) -> None:
        try:
            self._digest.check(request.headers.get("authorization", ""), request.method, request.target)
        except HttpAuthRefused as error:
            self._count(error.wrong_password)
            raise NotAuthorized(str(error), self._digest.challenge(stale=error.stale)) from error
        self.failures = 0

    def _count(self, wrong_password: bool) -> None:
        if not wrong_password:
            return
        self.failures += 1
        if self._config.lock_after and self.failures >= self._config.lock_after:
            self._locked_until_s = time.monotonic() + self._config.lock_s
            self.failures = 0

    def _refuse_when_locked(self, challenge: str | None) -> None:
        if time.monotonic() < self._locked_until_s:
            raise NotAuthorized("the account is locked", challenge)
