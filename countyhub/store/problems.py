"""Why a database cannot be used, for people."""

from __future__ import annotations

from gridwire.problem import Problem


class DatabaseNewer(Problem):
    code = "hub.database-newer"
    en = "database {where} is of a newer countyhub (format {revision}); nothing was changed: install that version"
    zh = "数据库 {where} 由更新版本的 countyhub 写入（格式 {revision}）；未作任何改动，请安装对应的新版本"


class DatabaseForeign(Problem):
    code = "hub.database-foreign"
    en = "database {where} belongs to another program (table {table}); nothing was changed: choose another one"
    zh = "数据库 {where} 属于其他程序（表 {table}）；未作任何改动，请另选数据库"


class DatabaseUnusable(Problem):
    code = "hub.database-unusable"
    en = "database {url} cannot be used: {reason}"
    zh = "数据库 {url} 无法使用：{reason}"


class CannotStore(Problem):
    code = "hub.cannot-store"
    en = "the database cannot take this one: {reason}"
    zh = "数据库无法保存这一条：{reason}"
