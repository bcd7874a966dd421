"""What `countyhub check` says of brokers and processes: no English in the Chinese, no names of our own making."""

import os
import re
import socket

import pytest

from countyhub.checks.brokerwords import why
from countyhub.checks.work import WORKS
from countyhub.lease import Lease, process
from gridwire.mqtt import ConnectFailed
from gridwire.mqtt.errors import TEXTS
from gridwire.problem import Both

WHERE = "hub.example.cn:8883"


@pytest.mark.parametrize(
    ("code", "detail", "en", "zh"),
    [
        ("tcp_refused", WHERE, "connection refused: nothing listens on that port", "服务器拒绝连接（端口未开放）"),
        ("timeout", f"{WHERE}, 15 s", "connecting took too long: 15 s", "连接超时：15 秒"),
        (
            "dns",
            "hub.example.cn: [Errno -2] Name or service not known",
            "host name cannot be resolved: Name or service not known",
            "找不到服务器地址（域名解析失败）：没有这个名称",
        ),
        ("unreachable", f"{WHERE}: No route to host", "host or network unreachable: No route to host",
         "网络不通：对方主机不可达"),
        ("tls_files", "/etc/ca.pem: Permission denied", "certificate or key file cannot be used: /etc/ca.pem: "
         "Permission denied", "证书或密钥文件无法读取：/etc/ca.pem：没有权限"),
        ("tls_files", "/etc/ca.pem: [X509] no certificate or crl found", "certificate or key file cannot be used: "
         "/etc/ca.pem: [X509] no certificate or crl found", "证书或密钥文件无法读取：/etc/ca.pem"),
        ("tls_wrong_ca", "self-signed certificate in certificate chain", "server certificate is not signed by the "
         "trusted CA: self-signed certificate in certificate chain", "服务器证书不是由受信任的机构签发"),
        ("connect_refused", "Not authorized (0x87)", "Not authorized (0x87)", "未获授权（0x87）"),
        ("connect_refused", "Strange (0x8B)", "Strange (0x8B)", "原因码（0x8B）"),
        ("tls", "WRONG_VERSION_NUMBER", "TLS failed: WRONG_VERSION_NUMBER", "TLS 加密连接失败：WRONG_VERSION_NUMBER"),
    ],
)  # fmt: skip
def test_a_broker_that_is_not_reached(code: str, detail: str, en: str, zh: str) -> None:
    assert why(ConnectFailed(code, detail), WHERE) == Both(zh, en)


@pytest.mark.parametrize("code", TEXTS)
def test_a_broker_without_a_detail_is_told_in_one_language_each(code: str) -> None:
    said = why(ConnectFailed(code), WHERE)
    assert not re.search("[\u4e00-\u9fff]", said.en)
    assert not re.search("[a-z]{2,} [a-z]{2,}", said.zh)


def test_a_process_is_told_by_machine_and_number() -> None:
    own = Lease(None, "chores").holder
    assert process(own) == Both(f"本机进程 {os.getpid()}", f"this machine, pid {os.getpid()}")
    assert process("hub-b-1-4026531836-77-0a0b") == Both("hub-b-1 进程 77", "hub-b-1, pid 77")
    assert process("old") == Both("old", "old")
    inside_a_container = f"{socket.gethostname()[:20]}-1-77-0a0b"
    assert "pid 77" in process(inside_a_container).en


def test_every_work_has_its_words() -> None:
    assert all(re.search("[\u4e00-\u9fff]", words.zh) for words in WORKS.values())
