"""Why a database, a backup or what is to be stored cannot be used, for people; each says what to do."""

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
    en = (
        "database {url} cannot be used: {reason}. Is [database] url right, may the hub's user read and write it? If "
        "the file is damaged: countyhub restore"
    )
    zh = (
        "数据库 {url} 无法使用：{reason}。[database] 的 url 是否正确？汇聚端的用户能否读写？如文件已损坏，请执行 "
        "countyhub restore"
    )


class DatabaseUnreachable(DatabaseUnusable):
    code = "hub.database-unreachable"
    en = (
        "database {url} cannot be reached at present: {reason}. Does it run (systemctl status postgresql), is "
        "[database] url right?"
    )
    zh = (
        "暂时无法连接数据库 {url}：{reason}。数据库是否运行（systemctl status postgresql）？[database] 的 url 是否正"
        "确？"
    )


class DatabaseNotEmpty(Problem):
    code = "hub.database-not-empty"
    en = "database {url} is in use already: restore into an empty one, or with --force in place of all that is in it"
    zh = "数据库 {url} 中已有数据：请恢复到空数据库，或加 --force 覆盖其中全部内容"


class HubRunning(Problem):
    code = "hub.running"
    en = "a hub or another program has the database {url} open: stop it first; nothing was changed"
    zh = "汇聚端或其他程序正在使用数据库 {url}：请先停止；未作任何改动"


class BackupExists(Problem):
    code = "hub.backup-exists"
    en = "{path} exists already and is not overwritten: choose another name"
    zh = "{path} 已存在，不会覆盖：请换一个文件名"


class DiskFull(Problem):
    code = "hub.disk-full"
    en = "{folder}: the disk is full, nothing was kept there; the database is as it was. Make room or take another disk"
    zh = "{folder}：磁盘已满，没有留下任何文件，数据库未受影响：请腾出空间，或换一块磁盘"


class BackupFolderAbsent(Problem):
    code = "hub.backup-folder-absent"
    en = (
        "there is no folder {path}: is the disk for backups mounted? A new one: install -d -m 700 -o countyhub "
        "-g countyhub {path}"
    )
    zh = "没有文件夹 {path}：备份磁盘是否已挂载？新建：install -d -m 700 -o countyhub -g countyhub {path}"


class BackupUnreadable(Problem):
    code = "hub.backup-unreadable"
    en = "{path} is no whole backup that can be read here: {reason}"
    zh = "{path} 不是可在此读取的完整备份：{reason}"


class CannotStore(Problem):
    code = "hub.cannot-store"
    en = "the database cannot take this one: {reason}"
    zh = "数据库无法保存这一条：{reason}"
