"""Texts of the keys that the pages listen to."""

from __future__ import annotations

from gridwire.problem import Both

TEXTS: dict[str, Both] = {
    "keys.title": Both("键盘操作", "Keys"),
    "keys.rows": Both("下一行、上一行；回车打开", "next and previous row; Enter opens it"),
    "keys.search": Both("查找", "search"),
    "keys.escape": Both("离开输入框，关闭窗口", "leave a field, close a window"),
    "keys.this": Both("显示本说明", "show this"),
    "keys.typing": Both("输入文字时，这些按键不起作用。", "While you type in a field none of them does anything."),
}
