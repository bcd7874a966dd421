"""What can be wrong with one cell: what it holds is not what its column takes, or looks like a person's number."""

from __future__ import annotations

from countyhub.registry.mistakes import Mistake, Warned


class Empty(Mistake):
    code = "registry.empty"
    zh = "必须填写（{what}）"
    en = "must be filled in ({what})"


class BadCode(Mistake):
    code = "registry.bad-code"
    zh = "“{found}”不符合要求：{what}{hint}"
    en = "“{found}” will not do: {what}{hint}"


class DigitsLost(Mistake):
    code = "registry.digits-lost"
    zh = "“{found}”：表格软件已改写这个编码，末尾数字丢失；请将该列设为“文本”后重新填写"
    en = "“{found}”: the spreadsheet has lost digits of the code; format the column as text, then enter it again"


class BadDay(Mistake):
    code = "registry.bad-day"
    zh = "“{found}”不是日期；应如 2026-03-16{hint}"
    en = "“{found}” is no day; expected e.g. 2026-03-16{hint}"


class BadNumber(Mistake):
    code = "registry.bad-number"
    zh = "“{found}”不是{what}"
    en = "“{found}” is no {what}"


class OutOfRange(Mistake):
    code = "registry.out-of-range"
    zh = "{found} 超出范围，应为 {lowest} 至 {highest}{hint}"
    en = "{found} is out of range, expected {lowest} to {highest}{hint}"


class BadWord(Mistake):
    code = "registry.bad-word"
    zh = "“{found}”不可用；可填：{words}{hint}"
    en = "“{found}” is not one of: {words}{hint}"


class TooLong(Mistake):
    code = "registry.too-long"
    zh = "超过 {most} 个字"
    en = "is longer than {most} characters"


class Formula(Mistake):
    code = "registry.formula"
    zh = "以“{found}”开头，表格软件会当作公式执行；请改写"
    en = "begins with “{found}”, which a spreadsheet would run as a formula; write it otherwise"


class LooksPersonal(Mistake):
    code = "registry.looks-personal"
    zh = "像是{what}，不予登记；请改用{instead}"
    en = "looks like {what} and is not taken; use {instead}"


class NotKept(Mistake):
    code = "registry.not-kept"
    zh = "本软件不登记此类人员；可填：{words}"
    en = "lists of such persons are not kept by this software; it may be: {words}"


class Mended(Warned):
    code = "registry.mended"
    zh = "“{found}”按“{used}”读取（全角字符、空格或表格软件的改写）"
    en = "“{found}” was read as “{used}” (full-width characters, blanks or the spreadsheet's rewriting)"
