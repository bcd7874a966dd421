"""Every reason for which a payload or an event is refused, by name. Codes are stable: the hub counts by them."""

from __future__ import annotations

from gridwire.problem import Problem


class Empty(Problem):
    code = "wire.empty"
    en = "the payload is empty"
    zh = "报文为空"


class PayloadTooLarge(Problem):
    code = "wire.payload-too-large"
    en = "the payload has {size} bytes, at most {limit} are allowed"
    zh = "报文有 {size} 字节，超过上限 {limit} 字节"


class UnknownPayload(Problem):
    code = "wire.unknown-payload"
    en = "the payload begins with {first} and is neither an event, a batch nor a compressed one"
    zh = "报文以 {first} 开头，既不是事件、批次，也不是压缩报文"


class PictureNotEvent(Problem):
    code = "wire.picture-not-event"
    en = "a JPEG came where an event belongs"
    zh = "应为事件的位置收到了 JPEG 图片"


class CompressionBroken(Problem):
    code = "wire.compression-broken"
    en = "the compressed payload cannot be read: {why}"
    zh = "压缩报文无法解压：{why}"


class CompressionBomb(Problem):
    code = "wire.compression-bomb"
    en = "the compressed payload unpacks to more than {limit} bytes"
    zh = "压缩报文解压后超过 {limit} 字节"


class TooManyEvents(Problem):
    code = "wire.too-many-events"
    en = "the batch has {count} events, at most {limit} are allowed"
    zh = "批次含 {count} 个事件，超过上限 {limit} 个"


class EventTooLarge(Problem):
    code = "wire.event-too-large"
    en = "the event has {size} bytes, at most {limit} are allowed"
    zh = "事件有 {size} 字节，超过上限 {limit} 字节"


class NotUtf8(Problem):
    code = "wire.not-utf8"
    en = "the text is not UTF-8 from byte {at} on"
    zh = "文本自第 {at} 字节起不是 UTF-8 编码"


class NotJson(Problem):
    code = "wire.not-json"
    en = "this is not JSON: {why}"
    zh = "不是有效的 JSON：{why}"


class NulCharacter(Problem):
    code = "wire.nul-character"
    en = "a text contains the character U+0000, which databases cannot store"
    zh = "文本含有数据库无法保存的空字符 U+0000"


class NestedTooDeep(Problem):
    code = "wire.nested-too-deep"
    en = "the JSON is nested deeper than {limit} levels"
    zh = "JSON 嵌套超过 {limit} 层"


class BadEnvelope(Problem):
    code = "wire.bad-envelope"
    en = "attribute “{attribute}” of the event is wrong: {why}"
    zh = "事件属性“{attribute}”有误：{why}"


class ForeignSource(Problem):
    code = "wire.foreign-source"
    en = "the event says that it comes from “{source}” but came by the topic of “{topic}”"
    zh = "事件自称来自“{source}”，却由“{topic}”的主题送达"


class UnknownType(Problem):
    code = "wire.unknown-type"
    en = "event type “{type}” is not known to this release"
    zh = "本版本不认识事件类型“{type}”"


class WrongLane(Problem):
    code = "wire.wrong-lane"
    en = "an event of type “{type}” travels in lane {expected}, not {lane}"
    zh = "类型为“{type}”的事件应走 {expected} 通道，而不是 {lane}"


class BadData(Problem):
    code = "wire.bad-data"
    en = "data of type “{type}” is wrong at “{field}”: {why}"
    zh = "类型为“{type}”的数据在“{field}”处有误：{why}"


class BadMessage(Problem):
    code = "wire.bad-message"
    en = "message on “{topic}” is wrong at “{field}”: {why}"
    zh = "主题“{topic}”上的报文在“{field}”处有误：{why}"


class NotJpeg(Problem):
    code = "wire.not-jpeg"
    en = "the picture is not a JPEG: it begins with {first}"
    zh = "图片不是 JPEG:开头为 {first}"


class JpegTruncated(Problem):
    code = "wire.jpeg-truncated"
    en = "the JPEG of {size} bytes has no end: it was cut off"
    zh = "{size} 字节的 JPEG 没有结束标记，图片不完整"


class PictureTooLarge(Problem):
    code = "wire.picture-too-large"
    en = "the picture has {size} bytes, at most {limit} are allowed"
    zh = "图片有 {size} 字节，超过上限 {limit} 字节"


def first_bytes(payload: bytes) -> str:
    """How a payload begins, in hex, for what is refused by its first bytes."""
    return payload[:4].hex(" ").upper() or "-"
