"""Texts of the keys that the pages listen to."""

from __future__ import annotations

from countyhub.web.texts.text import Text

TEXTS: dict[str, Text] = {
    "keys.title": Text("键盘操作", "Keys"),
    "keys.rows": Text("下一行、上一行；回车打开", "next and previous row; Enter opens it"),
    "keys.search": Text("查找", "search"),
    "keys.escape": Text("离开输入框，关闭窗口", "leave a field, close a window"),
    "keys.this": Text("显示本说明", "show this"),
    "keys.typing": Text("输入文字时，这些按键不起作用。", "While you type in a field none of them does anything."),
}
