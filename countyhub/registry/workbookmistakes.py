"""What can be wrong with a workbook and not with text: what a spreadsheet stores is not always what it shows."""

from __future__ import annotations

from countyhub.registry.mistakes import Mistake, Warned


class BadWorkbook(Mistake):
    code = "registry.bad-workbook"
    zh = "不是可读取的 .xlsx 工作簿（{why}）；请用表格软件打开后另存为 .xlsx，不设密码"
    en = "is no .xlsx workbook that can be read ({why}); open it and save it as .xlsx, without a password"


class WorkbookTooLarge(Mistake):
    code = "registry.workbook-too-large"
    zh = "过大：{what}；请只保留登记表本身"
    en = "is too large: {what}; keep nothing but the tables of the registry in it"


class NoSheets(Mistake):
    code = "registry.no-sheets"
    zh = "没有登记表；工作表应命名为 {words} 等"
    en = "has none of the tables; the sheets are to be named {words} and so on"


class UnknownSheet(Warned):
    code = "registry.unknown-sheet"
    zh = "不是登记表，未读取{hint}"
    en = "is no table of the registry and was not read{hint}"


class OutlinesElsewhere(Warned):
    code = "registry.outlines-elsewhere"
    zh = "边界不在工作簿中登记，未读取；请放在 grids.geojson（网格边界.geojson）中"
    en = "outlines do not stand in a workbook and were not read: they belong into grids.geojson"


class TooManyRows(Mistake):
    code = "registry.too-many-rows"
    zh = "第 {most} 行之后还有内容，未读取"
    en = "has something in it after row {most}, which was not read"


class ZerosLost(Mistake):
    code = "registry.zeros-lost"
    zh = "“{found}”存为数字，开头的 0 可能已丢失{hint}；请将该列设为“文本”后重新填写"
    en = "“{found}” is stored as a number, zeros in front may be lost{hint}; format the column as text, then enter it"


class DayForCode(Mistake):
    code = "registry.day-for-code"
    zh = "表格软件已把它改成日期 {found}；请将该列设为“文本”后重新填写"
    en = "the spreadsheet has made the day {found} of it; format the column as text, then enter it again"


class CellError(Mistake):
    code = "registry.cell-error"
    zh = "是错误值 {found}；请改正公式或直接填写"
    en = "holds the error {found}; mend the formula, or enter the value itself"


class NoValue(Mistake):
    code = "registry.formula-without-value"
    zh = "是公式，文件中没有它的结果；请在表格软件中打开并保存，或改为直接填写"
    en = "is a formula whose result is not in the file; open and save it in a spreadsheet, or enter the value itself"


class TimeForDay(Mistake):
    code = "registry.time-for-day"
    zh = "{found} 带有时刻；此处只填日期"
    en = "{found} has a time of day; expected a day"


class StoredAsNumbers(Warned):
    code = "registry.stored-as-numbers"
    zh = "有 {count} 格存为数字，已按整数读取；请将该列设为“文本”，否则开头的 0 和第 15 位之后会丢失"
    en = "{count} cells are stored as numbers and read as such; format the column as text, or zeros in front get lost"
