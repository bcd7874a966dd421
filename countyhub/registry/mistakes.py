"""Everything that can be wrong with the files of the registry: a class a kind, with a stable code, in two languages.

A mistake knows its file, row and column and says what to do. None ever quotes what looks like somebody's number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from gridwire.problem import Both, Language, Problem

NOTHING = Both("", "")


def perhaps(text: str) -> Both:
    """A suggestion."""
    return Both(f"; did you mean “{text}”?", f"；是不是“{text}”？") if text else NOTHING


class Place(NamedTuple):
    """Where something stands. `row` counts from 1 as a spreadsheet does, the heading is 1; 0: the file as a whole.

    `key`: of a row that is in the database and in no file.
    """

    file: str
    row: int = 0
    column: Both = NOTHING
    key: str = ""

    @property
    def both(self) -> Both:
        return Both(self.text("en"), self.text("zh"))

    def text(self, language: Language) -> str:
        if self.key:
            return f"{self.file} {self.key}" + ("（已登记）" if language == "zh" else " (registered)")
        row = (f" 第 {self.row} 行" if language == "zh" else f", row {self.row}") if self.row else ""
        name = self.column.text(language)
        column = (f"“{name}”列" if language == "zh" else f", column {name}") if name else ""
        return f"{self.file}{row}{column}"


class Mistake(Problem):
    """Something wrong at a place. `warning`: it is told, and the import goes on."""

    warning: ClassVar[bool] = False

    def __init__(self, place: Place, **facts: object) -> None:
        self.place = place
        super().__init__(**facts)

    def text(self, language: Language) -> str:
        colon = "：" if language == "zh" else ": "
        return f"{self.place.text(language)}{colon}{self.sentence(language)} [{self.code}]"


class Warned(Mistake):
    """Base of what is told and does not stop an import."""

    warning = True


def in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """By file and row, mistakes before warnings, without repeats."""
    unique = {(each.place, each.text("en")): each for each in mistakes}
    return sorted(unique.values(), key=lambda each: (each.warning, each.place.file, each.place.row, each.place.key))


# Files


class FileUnreadable(Mistake):
    code = "registry.file-unreadable"
    zh = "无法读取：{why}"
    en = "cannot be read: {why}"


class NoText(Mistake):
    code = "registry.no-text"
    zh = "既不是 UTF-8 也不是 GBK 文本；请在表格软件中另存为“CSV UTF-8（逗号分隔）”"
    en = "is neither UTF-8 nor GBK text; save it from the spreadsheet as “CSV UTF-8 (comma delimited)”"


class NoRegistry(Mistake):
    code = "registry.no-files"
    zh = "文件夹中没有登记表；应有 areas.csv（区划.csv）等，见 docs/registry.md"
    en = "there is no file of the registry in this folder; expected areas.csv and others, see docs/registry.md"


class TwoFiles(Mistake):
    code = "registry.two-files"
    zh = "与 {other} 是同一张表；请只保留一个"
    en = "is the same table as {other}; keep only one of them"


class UnknownFile(Warned):
    code = "registry.unknown-file"
    zh = "不是登记表，未读取{hint}"
    en = "is no file of the registry and was not read{hint}"


class Workbook(Mistake):
    code = "registry.workbook"
    zh = "是其他格式的工作簿；请另存为 .xlsx，或把每张表另存为“CSV UTF-8（逗号分隔）”"
    en = "is a workbook of another format; save it as .xlsx, or each sheet as “CSV UTF-8 (comma delimited)”"


class UnknownColumn(Mistake):
    code = "registry.unknown-column"
    zh = "没有这一列{hint}"
    en = "there is no such column{hint}"


class PersonalColumn(Mistake):
    code = "registry.personal-column"
    zh = "此表不得含有个人信息；请删除这一列"
    en = "this table must not hold data on persons; delete the column"


class MissingColumn(Mistake):
    code = "registry.missing-column"
    zh = "缺少这一列"
    en = "the column is missing"


class DoubleColumn(Mistake):
    code = "registry.double-column"
    zh = "这一列出现两次"
    en = "the column stands there twice"


class RowTooLong(Mistake):
    code = "registry.row-too-long"
    zh = "有 {found} 格，标题只有 {expected} 列；名称中含有逗号时请加引号"
    en = "has {found} cells, the heading {expected}; a text with a comma needs quotation marks"


# Cells


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


# Rows


class DoubleRow(Mistake):
    code = "registry.double-row"
    zh = "与 {other} 重复"
    en = "repeats {other}"


class Backwards(Mistake):
    code = "registry.backwards"
    zh = "停用日期 {until} 早于启用日期 {since}"
    en = "ends on {until}, before it begins on {since}"


class Overlap(Mistake):
    code = "registry.overlap"
    zh = "{code} 自 {day} 起同时另有一行有效（{other}）；请在那一行填停用日期 {day}"
    en = "{code}: from {day} on another row ({other}) holds too; give that one {day} as the day on which it ends"


class UnknownCode(Mistake):
    code = "registry.unknown-code"
    zh = "{file} 中没有“{found}”{hint}"
    en = "there is no “{found}” in {file}{hint}"


class NotLookedUp(Warned):
    code = "registry.not-looked-up"
    zh = "有无法读取的行；改正之前，其他表对它的引用不作核对"
    en = "has rows that cannot be read; what other tables say of it is checked once they are right"


class NotThen(Mistake):
    code = "registry.not-then"
    zh = "“{found}”在 {day} 无效；请在同日停用本行并另加一行，或在 {file} 中填写“并入”"
    en = "“{found}” is not in force on {day}; end this row then and add another, or say in {file} what it became"


class WrongLevel(Mistake):
    code = "registry.wrong-level"
    zh = "“{found}”是{level}，此处应为{expected}"
    en = "“{found}” is a {level}, expected {expected}"


class WrongLength(Mistake):
    code = "registry.wrong-length"
    zh = "{level}的编码应为 {digits} 位"
    en = "the code of a {level} has {digits} digits"


class Circle(Mistake):
    code = "registry.circle"
    zh = "“{found}”经并入或上级又回到自身"
    en = "“{found}” comes back to itself by what it was merged into or belongs to"


class MergedAlive(Mistake):
    code = "registry.merged-alive"
    zh = "已填并入“{found}”，却没有停用日期"
    en = "was merged into “{found}”, but no day is given on which it ended"


class OtherCounty(Mistake):
    code = "registry.other-county"
    zh = "区划表中没有本县（{county}）；见 countyhub.toml 的 county"
    en = "the county {county} of countyhub.toml is not among the areas"


class NoDeadline(Mistake):
    code = "registry.no-deadline"
    zh = "分类 {code} 没有时限；请在 deadlines.csv 中给它或其大类加一行"
    en = "category {code} has no deadline; add a row for it or its group to deadlines.csv"


class NoGroup(Mistake):
    code = "registry.no-group"
    zh = "分类 {code} 的大类 {group} 未登记"
    en = "the group {group} of category {code} is missing"


class MustBeGiven(Mistake):
    code = "registry.must-be-given"
    zh = "小类必须填写{what}"
    en = "a kind of matter needs {what}"


class NoInterval(Mistake):
    code = "registry.no-interval"
    zh = "“间隔天数”与“每月几日”须填其一，且只填其一"
    en = "either every_days or month_days must be given, and not both"


class WrongPlace(Mistake):
    code = "registry.wrong-place"
    zh = "角色“{role}”的范围应为{expected}"
    en = "the place of a {role} is a {expected}"


class TwoHolders(Mistake):
    code = "registry.card-twice"
    zh = "同一张卡已登记给 {other}"
    en = "the same card is registered for {other}"


class ManyEnded(Mistake):
    code = "registry.many-ended"
    zh = "文件中少了 {count} 行（共 {of} 行），导入将停用它们；确实如此请加 --allow-ending"
    en = "{count} of {of} rows are no longer in the file and would be ended; if that is meant, add --allow-ending"


class YearUnknown(Warned):
    code = "registry.year-unknown"
    zh = "没有 {year} 年的放假安排：该年工作日时限会算错；国务院公布后请补充"
    en = "nothing is known about holidays of {year}: working days of that year will be wrong; add them once published"


class GridUnstaffed(Warned):
    code = "registry.grid-unstaffed"
    zh = "网格 {code} 没有网格员"
    en = "grid {code} has no worker"


# Polygons


class BadGeoJson(Mistake):
    code = "registry.bad-geojson"
    zh = "不是可用的 GeoJSON：{why}"
    en = "is no GeoJSON that can be used: {why}"


class BadOutline(Mistake):
    code = "registry.bad-outline"
    zh = "{code} 的边界不可用：{why}"
    en = "the outline of {code} cannot be used: {why}"


class SwappedOutline(Mistake):
    code = "registry.swapped"
    zh = "{code}：经度与纬度颠倒，应为先经度后纬度"
    en = "{code}: latitude and longitude are swapped, longitude comes first"


class Crossing(Mistake):
    code = "registry.crossing"
    zh = "{code} 的边界在 {point} 处自相交叉"
    en = "the outline of {code} crosses itself at {point}"


class OutlinesOverlap(Mistake):
    code = "registry.outlines-overlap"
    zh = "{code} 与 {other} 的边界重叠约 {area} 平方米，占较小者的 {percent}%"
    en = "the outlines of {code} and {other} overlap by some {area} m², {percent} % of the smaller one"
