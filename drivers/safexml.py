"""Bytes that call themselves XML -> a tree, however broken, and never dangerous. No I/O.

Devices send undeclared prefixes, byte order marks, bad UTF-8, bare ampersands and NUL bytes: all are mended here.
What is refused: too many bytes or elements, a DTD (the door of every XML bomb), and what has no element at all.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterator

from lxml import etree

from drivers.devicehttp.request import BodyTooLarge
from edgeagent.driver import DriverProblem

Element = etree._Element
MAX_XML_BYTES = 2 * 1024 * 1024
# An element costs some 250 bytes of memory, an attribute as much, and either may take only four bytes of the body.
MAX_MARKS = 200_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# For what comes without a mark: how an element begins in that encoding. One NUL alone is only a NUL.
_STARTS = ((re.compile(rb"<\0[^\0]\0"), "utf-16-le"), (re.compile(rb"\0<\0[^\0]"), "utf-16-be"))
_DECLARATION = re.compile(r"<\?xml[^>]{0,500}\?>", re.IGNORECASE)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""", re.IGNORECASE)
_DTD = re.compile(r"<!\s*(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
# In the order of the text: a comment that opens within an instruction is none.
_NOT_MARKUP = re.compile(r"<\?.*?(?:\?>|\Z)|<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)", re.DOTALL)
# Only what XML itself knows: any other entity would need a DTD, so its ampersand was meant as a character.
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CHINESE = frozenset({"gb2312", "gbk", "gb18030", "gb_2312-80", "cp936", "ms936"})
_OTHERS = {"iso-8859-1": "cp1252", "latin1": "cp1252", "windows-1252": "cp1252", "big5": "big5", "euc-kr": "cp949"}
_HAS_DTD = "it has a DTD / 含有 DTD"


class BadXml(DriverProblem):
    code = "device.bad-xml"
    en = "the device's answer is not usable XML: {why}"
    zh = "设备返回的内容不是可用的 XML：{why}"


def parse_xml(body: bytes, *, max_bytes: int = MAX_XML_BYTES) -> Element:
    """The root element. Raises `BodyTooLarge` and `BadXml`, nothing else."""
    if len(body) > max_bytes:
        raise BodyTooLarge(size=len(body), limit=max_bytes)
    # First of all: a NUL in the middle of a word must not hide the word.
    text = _FORBIDDEN.sub("", decode(body))
    start = text.find("<")
    if start < 0:
        raise BadXml(why="no element / 没有元素")
    declaration = _DECLARATION.match(text, start)
    text = text[declaration.end() if declaration else start :]
    if _DTD.search(_NOT_MARKUP.sub("", text)):
        raise BadXml(why=_HAS_DTD)
    if text.count("<") > MAX_MARKS or text.count("=") > MAX_MARKS:
        raise BadXml(why="too many elements or attributes / 元素或属性过多")
    return _parse(_BARE_AMPERSAND.sub("&amp;", text).encode())


def _parse(body: bytes) -> Element:
    # A parser of its own for each body: a recovering parser keeps its log of errors, and dictionaries, for ever.
    parser = etree.XMLParser(
        recover=True,
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadXml(why=str(error)[:200]) from error
    if root is None:
        raise BadXml(why="no element / 没有元素")
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadXml(why=_HAS_DTD)
    return root


def decode(body: bytes) -> str:
    """Text of the body: by its byte order mark, as UTF-8, as declared, or with replacement characters."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    for begin, encoding in _STARTS:
        if begin.match(body):
            return body.decode(encoding, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_not_utf8(body)


def _decode_not_utf8(body: bytes) -> str:
    declared = _DECLARED.search(body[:400])
    encoding = declared[1].decode("ascii").lower() if declared else ""
    if encoding in _CHINESE:
        return body.decode("gb18030", "replace")
    if encoding in _OTHERS:
        return body.decode(_OTHERS[encoding], "replace")
    text = body.decode("utf-8", "replace")
    # Chinese firmware often declares UTF-8 and writes names in GBK. One broken character, or one among sound Chinese
    # ones, is rather a name cut in the middle of a character.
    broken = text.count("\ufffd")
    if broken > 1 and broken > sum("\u2e80" <= char <= "\u9fff" for char in text):
        with contextlib.suppress(UnicodeDecodeError):
            return body.decode("gb18030")
    return text


def local(node: Element) -> str:
    """Name without namespace or prefix, also of an undeclared prefix; empty for what is no element."""
    return bare(node.tag) if isinstance(node.tag, str) else ""


def bare(name: str) -> str:
    """`{uri}name` and `prefix:name` -> `name`."""
    return name.rpartition("}")[2].rpartition(":")[2]


def children(node: Element, name: str) -> Iterator[Element]:
    """Children of that local name."""
    return (child for child in node if local(child) == name)


def descendants(node: Element, name: str) -> Iterator[Element]:
    """All elements of that local name below the node, and the node itself, in document order."""
    return (found for found in node.iter() if local(found) == name)


def first(node: Element, name: str) -> Element | None:
    """The first of `descendants`."""
    return next(descendants(node, name), None)


def first_text(node: Element, name: str) -> str:
    """Text of the first descendant of that name, stripped; empty when there is none."""
    found = first(node, name)
    return "" if found is None else text_of(found)


def text_of(node: Element) -> str:
    """All text of the element, stripped."""
    return "".join(str(part) for part in node.itertext()).strip()


def attribute(node: Element, name: str) -> str | None:
    """An attribute by local name in any case; None when absent."""
    wanted = name.lower()
    # Not `items()`: it looks up every value by its name, in quadratic time.
    for key in node.attrib:
        if bare(str(key)).lower() == wanted:
            return str(node.get(key))
    return None
