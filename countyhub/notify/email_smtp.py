"""Channel `email`: one message by SMTP (RFC 5321), encrypted by STARTTLS or from the first byte, in a thread.

Until the text is handed over nothing has been sent; afterwards, without an answer, nobody knows. A second copy bears
the same Message-ID, by which servers and programs know it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from time import monotonic

from countyhub.config import EmailSettings
from countyhub.configfile import secret
from countyhub.notify.channel import BadAddress, Failed, Outcome, Parcel, Retry, Sent, Unclear

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
MAX_CHARS = 16 * 1024
TOTAL_S = 60.0
"""Whoever is not asked for the text by then is not given it: the claim must outlast all of this."""


class Email:
    """Raises `SecretUnreadable` and OSError (the CA's file) when it is made."""

    name = "email"
    per_minute = 0

    def __init__(self, settings: EmailSettings, county: str) -> None:
        self._settings = settings
        self._county = county
        self._password = secret(settings.password)
        self._tls = ssl.create_default_context(cafile=settings.ca or None)

    def check(self, address: str) -> None:
        if len(address) > 254 or not _ADDRESS.fullmatch(address):
            raise BadAddress(address=address, channel=self.name, hint="name@example.cn")

    def fits(self, text: str) -> bool:
        return len(text) <= MAX_CHARS

    def lane(self, address: str) -> str:
        return self.name

    def repeats_safely(self, address: str) -> bool:
        return True

    async def send(self, parcel: Parcel) -> Outcome:
        return await asyncio.to_thread(self._send, parcel)

    async def close(self) -> None:
        """Nothing stays open."""

    def _send(self, parcel: Parcel) -> Outcome:
        begun = monotonic()
        with contextlib.ExitStack() as stack:
            try:
                server = stack.enter_context(self._open())
                self._log_in(server)
                refused = self._envelope(server, parcel.address)
            except smtplib.SMTPException as error:
                return _before(error)
            except OSError as error:
                return _no_connection(error)
            if refused is not None:
                return refused
            if monotonic() - begun > TOTAL_S:
                return Retry("timeout", "too slow before the text")
            return _hand_over(server, self._written(parcel))

    @contextlib.contextmanager
    def _open(self) -> Iterator[smtplib.SMTP]:
        s = self._settings
        if s.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(s.host, s.port, timeout=s.timeout_s, context=self._tls)
        else:
            server = smtplib.SMTP(s.host, s.port, timeout=s.timeout_s)
        try:
            yield server
        finally:
            server.close()

    def _log_in(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self._settings.security == "starttls":
            server.starttls(context=self._tls)  # refuses to go on in the clear
            server.ehlo()
        if self._settings.username:
            server.login(self._settings.username, self._password)

    def _envelope(self, server: smtplib.SMTP, address: str) -> Outcome | None:
        """Sender and recipient; None when both are taken."""
        code, told = server.mail(self._settings.sender)
        if code != 250:
            return Retry("rate" if 400 <= code < 500 else "auth", _said(code, told))
        code, told = server.rcpt(address)
        if code in (250, 251):
            return None
        return Retry("rate", _said(code, told)) if 400 <= code < 500 else Failed("address", _said(code, told))

    def _written(self, parcel: Parcel) -> bytes:
        sender = self._settings.sender
        name, domain = sender.rsplit("@", 1)
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(self._county, name, domain)
        message["To"] = parcel.address
        message["Subject"] = " ".join(parcel.subject.split())
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{parcel.id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        if parcel.urgent:
            message["Importance"] = "high"
            message["X-Priority"] = "1"
        message.set_content(parcel.text + "\n", cte="base64")
        return message.as_bytes()


def _hand_over(server: smtplib.SMTP, written: bytes) -> Outcome:
    try:
        code, told = server.data(written)
    except smtplib.SMTPDataError as error:  # it did not want the text at all
        return _by_code(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return Unclear("timeout" if _timed_out(error) else "answer", str(error))
    with contextlib.suppress(smtplib.SMTPException, OSError):
        server.quit()
    return Sent(_said(code, told)) if code == 250 else _by_code(code, told)


def _by_code(code: int, told: bytes | str) -> Outcome:
    return Retry("rate", _said(code, told)) if 400 <= code < 500 else Failed("refused", _said(code, told))


def _before(error: smtplib.SMTPException) -> Outcome:
    """What went wrong before there was a recipient: the message is not to blame."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        temporary = 400 <= error.smtp_code < 500
        return Retry("rate" if temporary else "auth", _said(error.smtp_code, error.smtp_error))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Retry("tls" if "STARTTLS" in str(error) else "auth", str(error))
    return Retry("timeout" if _timed_out(error) else "broken", str(error))


def _no_connection(error: OSError) -> Outcome:
    if isinstance(error, ssl.SSLError):
        return Retry("tls", str(error))
    if isinstance(error, socket.gaierror):
        return Retry("dns", str(error))
    return Retry("timeout" if isinstance(error, TimeoutError) else "unreachable", str(error))


def _timed_out(error: BaseException) -> bool:
    """smtplib calls it a lost connection."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _said(code: int, told: bytes | str) -> str:
    text = told.decode(errors="replace") if isinstance(told, bytes) else told
    return f"{code} {' '.join(text.split())}"[:300]
