"""What can be wrong with a file of the registry as a whole, with its headings and with the length of its rows."""

from __future__ import annotations

from countyhub.registry.mistakes import Mistake, Warned


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
