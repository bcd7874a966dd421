"""What can be wrong with rows beside each other: periods, codes that name nothing, what one file asks of another."""

from __future__ import annotations

from countyhub.registry.mistakes import Mistake, Warned


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
