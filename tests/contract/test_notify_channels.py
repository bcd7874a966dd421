"""Each channel against a real server that takes messages, refuses them, hangs, and breaks off in the middle."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import ssl
from pathlib import Path

import msgspec
import pytest

from countyhub.config import CHANNELS, EmailSettings, NotifySettings, SmsSettings, WebhookSettings, WecomSettings
from countyhub.notify import channels
from countyhub.notify.channel import BadAddress, Channel, Failed, Parcel, Retry, Sent, Unclear
from countyhub.notify.email_smtp import Email
from countyhub.notify.sms_http import Sms
from countyhub.notify.webhook import BadSecret, Webhook
from countyhub.notify.wecom import Wecom
from tests.certificates import Authority
from tests.gateways import Gateway, Mailbox, Says, mail_server
from tests.ports import NOBODY

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
TEXT = "已超时（红灯）：东山村三组，限 05-01 12:00"


def letter(address: str, text: str = TEXT, **changes: object) -> Parcel:
    return Parcel("01ARZ3NDEKTSV4RRFFQ69G5FAV", address, "事项\r\nBcc: x@y", text, **changes)


async def sent(channel: Channel, parcel: Parcel) -> object:
    try:
        return await channel.send(parcel)
    finally:
        await channel.close()


def test_a_channel_has_its_settings_and_somebody_who_makes_it():
    assert set(channels.MAKERS) == set(CHANNELS) <= {field.name for field in msgspec.structs.fields(NotifySettings)}


# Whatever speaks HTTP


def sms(url: str, **changes: object) -> Sms:
    return Sms(SmsSettings(url=url, timeout_s=1, **changes), "")


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (Says(200), Sent),
        (Says(500), Retry),
        (Says(503), Retry),
        (Says(429, headers={"Retry-After": "7"}), Retry),
        (Says(401), Retry),
        (Says(302, headers={"Location": "http://127.0.0.1:1/"}), Retry),
        (Says(400), Failed),
        (Says(410), Failed),
        (Says(502), Unclear),
        (Says(504), Unclear),
        (Says(200, "x" * 1000, cut=60), Unclear),
        (Says(200, cut=0), Unclear),
        (Says(200, "x" * 1000, cut=500), Unclear),
    ],
)
async def test_what_an_http_answer_means(says: Says, outcome: type) -> None:
    async with Gateway(says).open() as gateway:
        found = await sent(sms(gateway.url), letter("13800000000"))
    assert isinstance(found, outcome)
    assert len(gateway.asked) == 1
    if says.status == 429:
        assert (found.why, found.after_s) == ("rate", 7.0)
    if says.status == 401:
        assert found.why == "auth"


async def test_a_gateway_that_hangs_may_have_taken_it() -> None:
    async with Gateway(Says(hangs=True)).open() as gateway:
        assert (await sent(sms(gateway.url), letter("13800000000")))[0] == "timeout"


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async with Gateway(Says(200, "x" * 10_000_000)).open() as gateway:
        assert isinstance(await sent(sms(gateway.url), letter("13800000000")), Sent)


async def test_name_connection_and_certificate_are_told_apart(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = authority.issue("sms", names=("IP:127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    assert (await sent(sms("http://nowhere.invalid/"), letter("13800000000"))).why == "dns"
    assert (await sent(sms(f"http://127.0.0.1:{NOBODY}/"), letter("13800000000"))).why == "unreachable"
    async with Gateway(Says()).open(tls=context) as gateway:
        assert (await sent(sms(gateway.url), letter("13800000000"))).why == "tls"
        assert isinstance(await sent(sms(gateway.url, ca=str(authority.ca)), letter("13800000000")), Sent)


# sms


async def test_fields_are_filled_and_nothing_in_a_text_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_KEY", "key")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    fields = {"mobile": "{phone}", "param": '{"content":"{text_json}"}', "msgid": "{id}"}
    async with Gateway(Says()).open() as gateway:
        channel = sms(f"{gateway.url}/{{id}}", fields=fields, headers={"X-Key": "{secret}"}, secret="env:SMS_KEY")
        assert isinstance(await sent(channel, letter("138-0000-0000", '"{phone}"\n')), Sent)
    (asked,) = gateway.asked
    assert asked.json["mobile"] == "13800000000"
    assert asked.json["param"] == '{"content":"\\"{phone}\\"\\n"}'
    assert (asked.headers["x-key"], asked.path) == ("key", f"/{asked.json['msgid']}")


@pytest.mark.parametrize("way", [{"method": "GET"}, {"body": "form"}])
async def test_gateways_that_want_a_form_or_an_address(way: dict) -> None:
    async with Gateway(Says()).open() as gateway:
        assert isinstance(await sent(sms(gateway.url, **way), letter("13800000000", "红灯 & 1+1")), Sent)
    (asked,) = gateway.asked
    text = asked.target if way.get("method") else f"/?{asked.body.decode()}"
    assert "phone=13800000000" in text
    assert "%E7%BA%A2%E7%81%AF" in text
    assert "%26" in text


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"data": {"code": 0}}, Sent),
        ({"data": {"code": "0"}}, Sent),
        ({"data": {"code": 7}}, Retry),
        ({"data": {"code": 8}}, Failed),
        ({"data": []}, Unclear),
        ("<html>", Unclear),
    ],
)
async def test_a_gateway_that_says_200_to_everything(body: object, outcome: type) -> None:
    async with Gateway(Says(200, body)).open() as gateway:
        channel = sms(gateway.url, success_field="data.code", retry_values=("7",))
        assert isinstance(await sent(channel, letter("13800000000")), outcome)


# WeCom


def wecom(url: str) -> Wecom:
    return Wecom(WecomSettings(url=url, robots={"grid": "KEY"}, corp_id="C", agent_id=7, secret="S", timeout_s=1), "")


@pytest.mark.parametrize(
    ("code", "outcome", "why"),
    [
        (0, Sent, ""),
        (-1, Retry, "broken"),
        (45009, Retry, "rate"),
        (93000, Retry, "auth"),
        (40008, Failed, "refused"),
    ],
)
async def test_a_robot_and_its_error_codes(code: int, outcome: type, why: str) -> None:
    async with Gateway(Says(200, {"errcode": code, "errmsg": "said"})).open() as gateway:
        found = await sent(wecom(gateway.url), letter("robot:grid:zhang", "东" * 2000))
    assert isinstance(found, outcome)
    assert not why or found.why == why
    (asked,) = gateway.asked
    assert (asked.path, asked.query) == ("/cgi-bin/webhook/send", {"key": "KEY"})
    text = asked.json["text"]
    assert len(text["content"].encode()) <= 2048
    assert (asked.json["msgtype"], text["mentioned_list"]) == ("text", ["zhang"])
    if code == 45009:
        assert found.after_s == 60


async def test_an_application_fetches_its_token_once_and_again_when_it_is_over() -> None:
    tokens = iter(("first", "second"))
    over = iter((True, False, False))

    def answer(asked) -> Says:
        if asked.path.endswith("gettoken"):
            assert asked.query == {"corpid": "C", "corpsecret": "S"}
            return Says(200, {"errcode": 0, "access_token": next(tokens), "expires_in": 7200})
        return Says(200, {"errcode": 42001 if next(over) else 0, "msgid": "m"})

    async with Gateway(answer).open() as gateway:
        channel = wecom(gateway.url)
        assert await channel.send(letter("user:zhang")) == Sent("m")
        assert await channel.send(letter("user:zhang")) == Sent("m")
        await channel.close()
    used = [asked.query["access_token"] for asked in gateway.asked if asked.path.endswith("message/send")]
    assert used == ["first", "second", "second"]
    bodies = [asked.body for asked in gateway.asked if asked.path.endswith("message/send")]
    assert len(set(bodies)) == 1, "the same message is the same JSON, which WeCom then shows once"
    assert gateway.asked[-1].json["enable_duplicate_check"] == 1


async def test_a_member_who_is_not_there_and_a_token_that_is_not_given() -> None:
    gone = [Says(200, {"errcode": 0, "access_token": "t"}), Says(200, {"errcode": 0, "invaliduser": "zhang"})]
    async with Gateway(gone).open() as gateway:
        assert (await sent(wecom(gateway.url), letter("user:zhang"))).why == "address"
    async with Gateway(Says(200, {"errcode": 60020, "errmsg": "not allow to access from your ip"})).open() as gateway:
        assert await sent(wecom(gateway.url), letter("user:zhang")) == Retry(
            "auth", "errcode 60020 not allow to access from your ip"
        )
    async with Gateway(Says(cut=0)).open() as gateway:  # nobody was sent anything
        assert isinstance(await sent(wecom(gateway.url), letter("user:zhang")), Retry)


# Webhook


async def test_a_webhook_is_signed_and_says_its_id() -> None:
    async with Gateway(Says(204)).open() as gateway:
        channel = Webhook(WebhookSettings(secret=SECRET, timeout_s=1), "", ["127.0.0.0/8"])
        assert isinstance(await sent(channel, letter(f"{gateway.url}/hook", urgent=True, numbers=("1-2-3",))), Sent)
    (asked,) = gateway.asked
    signed = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    mac = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    assert asked.headers["webhook-signature"] == f"v1,{mac}"
    assert asked.headers["webhook-id"] == letter("").id
    assert (asked.json["text"], asked.json["urgent"], asked.json["cases"]) == (TEXT, True, ["1-2-3"])


@pytest.mark.parametrize(
    "private", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "https://[::ffff:169.254.169.254]:{port}/"]
)
async def test_a_webhook_goes_to_no_private_address_unless_its_network_is_allowed(private: str) -> None:
    async with Gateway(Says(204)).open() as gateway:
        port = gateway.url.rpartition(":")[2]
        outcome = await sent(
            Webhook(WebhookSettings(secret=SECRET, timeout_s=1), ""), letter(private.format(port=port))
        )
        assert isinstance(outcome, Failed)
        assert (outcome.why, "allow_private" in outcome.detail) == ("address", True)
        assert gateway.asked == []
        wrong = await sent(Webhook(WebhookSettings(secret=SECRET), "", ["127.0.0.1/33"]), letter(gateway.url))
        assert isinstance(wrong, Retry)


async def test_a_webhook_follows_no_redirect() -> None:
    async with Gateway(Says(302, headers={"Location": "http://169.254.169.254/latest"})).open() as gateway:
        channel = Webhook(WebhookSettings(secret=SECRET, timeout_s=1), "", ["127.0.0.0/8"])
        assert isinstance(await sent(channel, letter(gateway.url)), Retry)
        assert len(gateway.asked) == 1


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", SECRET.removeprefix("whsec_"), "whsec_AAAA"])
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(BadSecret):
        Webhook(WebhookSettings(secret=secret), "")


# Mail


def mail(port: int, **changes: object) -> Email:
    settings = {"host": "127.0.0.1", "port": port, "sender": "hub@county.cn", "timeout_s": 2, **changes}
    return Email(EmailSettings(**settings), "宁远县")


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_goes_encrypted_with_login(tmp_path: Path, security: str) -> None:
    authority, mailbox = Authority(tmp_path), Mailbox()
    certificate = authority.issue("mail", names=("IP:127.0.0.1",))
    how = {"security": security, "username": "hub"}
    with mail_server(mailbox, certificate=certificate, implicit=security == "tls", login=True) as port:
        good = mail(port, **how, ca=str(authority.ca), password="secret")
        assert isinstance(await sent(good, letter("zhang@county.cn", urgent=True)), Sent)
        assert (await sent(mail(port, **how, password="secret"), letter("zhang@county.cn"))).why == "tls"
        bad = mail(port, **how, ca=str(authority.ca), password="wrong")
        assert (await sent(bad, letter("zhang@county.cn"))).why == "auth"
    (envelope,) = mailbox.envelopes
    read = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("hub@county.cn", ["zhang@county.cn"])
    assert read.get_content().strip() == TEXT
    assert (read["Subject"], read["Bcc"]) == ("事项 Bcc: x@y", None)
    assert (read["Message-ID"], read["From"]) == (f"<{letter('').id}@county.cn>", "宁远县 <hub@county.cn>")
    assert read["Importance"] == "high"


async def test_a_server_without_starttls_gets_no_mail() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        assert (await sent(mail(port), letter("zhang@county.cn"))).why == "tls"
        assert isinstance(await sent(mail(port, security="none"), letter("zhang@county.cn")), Sent)
    assert len(mailbox.envelopes) == 1


@pytest.mark.parametrize(
    ("rcpt", "data", "outcome", "why"),
    [
        ("450 later", "250 OK", Retry, "rate"),
        ("550 nobody", "250 OK", Failed, "address"),
        ("250 OK", "451 later", Retry, "rate"),
        ("250 OK", "554 spam", Failed, "refused"),
        ("250 OK", "close", Unclear, "answer"),
    ],
)
async def test_what_a_mail_server_says(rcpt: str, data: str, outcome: type, why: str) -> None:
    mailbox = Mailbox()
    mailbox.to_rcpt, mailbox.to_data = rcpt, data
    with mail_server(mailbox) as port:
        found = await sent(mail(port, security="none"), letter("zhang@county.cn"))
    assert (type(found), found.why) == (outcome, why)


async def test_a_mail_server_that_is_not_there() -> None:
    assert (await sent(mail(25, host="nowhere.invalid"), letter("zhang@county.cn"))).why == "dns"
    assert (await sent(mail(NOBODY), letter("zhang@county.cn"))).why == "unreachable"
    async with Gateway(Says(hangs=True)).open() as gateway:
        port = int(gateway.url.rsplit(":", 1)[1])
        assert (await sent(mail(port, timeout_s=1), letter("zhang@county.cn"))).why == "timeout"


@pytest.mark.parametrize(
    ("make", "good", "bad"),
    [
        (lambda: mail(25), ["a.b@c-d.cn"], ["a", "a@b\r\nBcc: c@d", "a@b c", "<a@b>", "a@b,c@d", "@b", ""]),
        (lambda: sms("http://x/"), ["13800000000", "+8613800000000"], ["", "138", "1380000000a", "1,2,3,4,5,6"]),
        (
            lambda: wecom("http://x"),
            ["robot:grid", "robot:grid:a", "user:a"],
            ["robot:other", "a", "user:", "user:a|b"],
        ),
        (
            lambda: Webhook(WebhookSettings(secret=SECRET), ""),
            ["https://a.cn/b"],
            ["ftp://a", "a", "http://", "http://a b"],
        ),
    ],
)
def test_addresses_are_looked_at_before_anything_is_sent(make, good: list[str], bad: list[str]) -> None:
    channel = make()
    for address in good:
        channel.check(address)
    for address in bad:
        with pytest.raises(BadAddress):
            channel.check(address)
