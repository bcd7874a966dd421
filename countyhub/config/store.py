"""The database, how long things are kept in it, and how what is missing is asked for."""

from __future__ import annotations

from typing import Annotated

from gridwire.settings import Settings, about


class DatabaseSettings(Settings, frozen=True, kw_only=True):
    """Where everything is kept."""

    url: Annotated[
        str,
        about(
            "留空即 data_dir 下的 SQLite 文件 hub.db；或 `postgresql://用户@主机/库名`；本机套接字 "
            "`postgresql://用户@/库名?host=/run/postgresql`；经网络连接时加 `?sslmode=verify-full`",
            "empty: the SQLite file hub.db in data_dir; or `postgresql://USER@HOST/NAME`; by the local "
            "socket `postgresql://USER@/NAME?host=/run/postgresql`; over a network with "
            "`?sslmode=verify-full`",
        ),
    ] = ""
    password: Annotated[
        str,
        about(
            "PostgreSQL 密码：file:路径、env:变量名或明文；留空则没有，或写在 url 中",
            "of PostgreSQL: `file:PATH`, `env:NAME` or the text; empty: none, or in the URL",
            secret=True,
        ),
    ] = ""


class RetentionSettings(Settings, frozen=True, kw_only=True):
    """How long things are kept, in days; 0: for ever. Looked at daily, and by `countyhub prune`. What is not settled
    stays in any case: missing numbers, letters that could not be read, orders without an answer."""

    pictures_days: Annotated[
        int,
        about(
            "图片：公共场所视频按国务院令第 799 号保存 30 天，防范恐怖袭击重点目标按《反恐怖主义法》保存 90 "
            "天；占用磁盘最多",
            "pictures: video of public places is kept 30 days by Order 799, at key targets 90 by the "
            "Counter-Terrorism Law; they fill the disk",
            ge=0,
            le=36500,
        ),
    ] = 90
    events_days: Annotated[
        int,
        about(
            "事件及其归并结果：三年，便于逐年对比和核查迟来的投诉；在办案件所依据的保留",
            "events, and what was made of them: three years, so that years can be compared and a late "
            "complaint looked into; what an open case stands on stays",
            ge=0,
            le=36500,
        ),
    ] = 1100
    dead_letters_days: Annotated[
        int,
        about(
            "后来得以读取的报文，以及已处理的重复编号",
            "letters that could be read in the end, and numbers used twice that were dealt with",
            ge=0,
            le=36500,
        ),
    ] = 200
    gaps_days: Annotated[
        int,
        about(
            "盒子不得不放弃的事件记录：与事件同期，用于说明事件数量",
            "what boxes had to give up: as long as the events, whose counts it explains",
            ge=0,
            le=36500,
        ),
    ] = 1100
    orders_days: Annotated[
        int,
        about(
            "下达给盒子的指令及其答复：日志，法律要求保存六个月",
            "orders to boxes and their answers: logs, of which the law wants six months",
            ge=0,
            le=36500,
        ),
    ] = 200

    deliveries_days: Annotated[
        int,
        about(
            "推送记录，以及对方最终未接收的内容",
            "what webhooks were sent, and what they would not take in the end",
            ge=0,
            le=36500,
        ),
    ] = 30

    attachments_days: Annotated[
        int,
        about(
            "已结束案件的图片和文件，自最后变动起算：与事件同期，因其涉及个人；时间线上仍留有曾经存在的记录",
            "pictures and documents of cases that are over, counted from their last change: as long as the "
            "events, for they show people, and the timeline still says that they were there",
            ge=0,
            le=36500,
        ),
    ] = 1100
    cases_days: Annotated[
        int,
        about(
            "已结束的案件及其时间线，自最后变动起算：十年，即公文档案的最短保管期限；清理前请导出（countyhub "
            "case export）。在办案件和与其并案的保留；案号不再使用",
            "cases that are over, with their timelines, counted from their last change: ten years, the "
            "shortest term of official files; export them before (countyhub case export). Open ones stay, "
            "and those merged with what is open; a number is never given again",
            ge=0,
            le=36500,
        ),
    ] = 3660
    audit_days: Annotated[
        int,
        about(
            "审计记录：法律要求不少于六个月（《网络安全法》第二十三条，2026 年起）",
            "who did what: the law wants six months (Cybersecurity Law of 2026, article 23)",
            ge=183,
            le=36500,
        ),
    ] = 1100

    def days(self) -> dict[str, int]:
        """Kind -> days, in the order in which they are given up."""
        letters, orders = self.dead_letters_days, self.orders_days
        return {
            "pictures": self.pictures_days,
            "events": self.events_days,
            "letters": letters,
            "reused": letters,
            "gaps": self.gaps_days,
            "matters": self.events_days,
            "links": self.events_days,
            "suppressed": self.events_days,
            "orders": orders,
            "replies": orders,
            "deliveries": self.deliveries_days,
            "attachments": self.attachments_days,
            "cases": self.cases_days,
        }


class ReplaySettings(Settings, frozen=True, kw_only=True):
    """How missing events are asked for."""

    pause_s: Annotated[
        float,
        about("对同一编号流两次补发请求的间隔，秒", "seconds between two requests for the same lane", ge=0.1, le=3600),
    ] = 30
    pause_max_s: Annotated[
        float,
        about(
            "一直没有补到时间隔逐次加倍，最长不超过此值，秒",
            "the pause doubles up to this while nothing comes, seconds",
            ge=1,
            le=86400,
        ),
    ] = 3600
    max_numbers: Annotated[int, about("一次请求补发的最多事件数", "events asked for at once", ge=1, le=100000)] = 5000
