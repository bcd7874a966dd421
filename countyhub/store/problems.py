"""Why a database cannot be used, for people."""

from __future__ import annotations

from gridwire.problem import Problem


class DatabaseNewer(Problem):
    code = "hub.database-newer"
    en = "database {where} is of a newer countyhub (format {revision}); nothing was changed: install that version"
    zh = "数据库 {where} 由更新版本的 countyhub 写入（格式 {revision}）；未作任何改动，请安装对应的新版本"


class DatabaseOlder(Problem):
    code = "hub.database-older"
    en = "database {url} has format {revision}, this release reads {newest}: run countyhub migrate, or start the hub"
    zh = "数据库 {url} 的格式为 {revision}，本版本读取 {newest}：请先运行 countyhub migrate，或启动汇聚端"


class DatabaseAbsent(Problem):
    code = "hub.database-absent"
    en = "there is no database at {url} yet: has the hub ever run, and is this its configuration?"
    zh = "{url} 处还没有数据库：汇聚端是否运行过？配置文件是否正确？"


class DatabaseForeign(Problem):
    code = "hub.database-foreign"
    en = "database {where} belongs to another program (table {table}); nothing was changed: choose another one"
    zh = "数据库 {where} 属于其他程序（表 {table}）；未作任何改动，请另选数据库"


class DatabaseUnusable(Problem):
    code = "hub.database-unusable"
    en = "database {url} cannot be used: {reason}"
    zh = "数据库 {url} 无法使用：{reason}"


class DatabaseUnreachable(DatabaseUnusable):
    code = "hub.database-unreachable"
    en = "database {url} cannot be reached at present: {reason}"
    zh = "暂时无法连接数据库 {url}：{reason}"


class CannotStore(Problem):
    code = "hub.cannot-store"
    en = "the database cannot take this one: {reason}"
    zh = "数据库无法保存这一条：{reason}"
