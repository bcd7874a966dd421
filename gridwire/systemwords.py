"""What the operating system says of a file or a connection, in words for people: `os.strerror` knows English only."""

from __future__ import annotations

import errno
import os
import re
import socket
from typing import Final

_BY_NUMBER: Final = {
    errno.EACCES: "没有权限",
    errno.EADDRINUSE: "端口已被其他程序占用",
    errno.EADDRNOTAVAIL: "本机没有这个地址",
    errno.EBUSY: "正被使用",
    errno.ECONNREFUSED: "对方拒绝连接（该端口没有程序监听）",
    errno.ECONNRESET: "对方中断了连接",
    errno.EEXIST: "已经存在",
    errno.EHOSTUNREACH: "对方主机不可达",
    errno.EINVAL: "参数无效",
    errno.EIO: "读写错误，磁盘可能已损坏",
    errno.EISDIR: "是文件夹，不是文件",
    errno.ELOOP: "符号链接循环",
    errno.EMFILE: "打开的文件过多",
    errno.ENAMETOOLONG: "文件名过长",
    errno.ENETDOWN: "网络未启用",
    errno.ENETUNREACH: "网络不可达",
    errno.ENODEV: "没有这个设备",
    errno.ENOENT: "文件或文件夹不存在",
    errno.ENOSPC: "磁盘已满",
    errno.ENOTDIR: "不是文件夹",
    errno.ENOTEMPTY: "文件夹不是空的",
    errno.ENXIO: "设备不存在",
    errno.EPERM: "不允许此操作",
    errno.EPIPE: "接收方已关闭",
    errno.EROFS: "磁盘是只读的",
    errno.ETIMEDOUT: "连接超时",
    errno.ETXTBSY: "文件正被使用",
}
_ZH: Final = {os.strerror(number): words for number, words in _BY_NUMBER.items()} | {
    "Name or service not known": "没有这个名称",
    "Temporary failure in name resolution": "域名服务器没有应答",
    "No address associated with hostname": "这个名称没有地址",
    "timed out": "超时",
    "missing": "缺失",
    "Input data was truncated": "内容不完整，后面被截断",
    "JSON is malformed": "格式错误",
}
"""glibc's words: `os.strerror`, and those of getaddrinfo(3), which has its own numbers, and of the decoder of JSON."""
_NUMBERED: Final = re.compile(r"\[Errno -?[0-9]+\] (.+)")
"""How Python writes an OSError as a text."""


def system_words(value: object, language: str) -> object:
    """An OSError, or what it calls its reason, as words of that language, without number and path. What is no such
    thing, and what we have no words for, comes back as it is."""
    if isinstance(value, OSError | socket.gaierror) and value.strerror:
        value = value.strerror
    if isinstance(value, str) and (numbered := _NUMBERED.fullmatch(value)):
        value = numbered[1]
    if language == "zh" and isinstance(value, str):
        return _ZH.get(value, value)
    return value
