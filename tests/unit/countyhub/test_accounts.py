"""Accounts: passwords, sessions and what ends them, log-ins held back, masks; on both databases."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, update

from countyhub.accounts import masking, passwords, reasons, session, users
from countyhub.accounts.entry import Entry, From, Held, LinkOver, SamePassword, WrongPassword
from countyhub.accounts.lockout import ADDRESS
from countyhub.accounts.session import Limits
from countyhub.audit import reading
from countyhub.store.accounttables import account
from countyhub.store.engine import Store
from countyhub.web.door.openanswers import CHECK_EVERY_S, OpenAnswers
from tests import logins
from tests.logins import CHEAP, PASSWORD

NOW = datetime.now(UTC)
LIMITS = Limits(timedelta(minutes=30), timedelta(hours=12))
HERE = From("10.1.1.1", "Firefox")


@pytest.fixture
async def entry(store: Store):
    await logins.user(store, "zhang.san", ["county"])
    return Entry(store, CHEAP, LIMITS)


async def is_in(store: Store, cookie: str, at: datetime = NOW) -> bool:
    async with store.read() as connection:
        return await session.find(connection, cookie, at, LIMITS) is not None


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("abc", "too-short"), ("Password123!", "too-common"), ("P@ssw0rd2024", "too-common"),
        ("1234567890", "too-common"), ("qwertyuiop123", "too-common"), ("woaini1314520", "too-common"),
        ("Admin@123456", "too-common"), ("abcd1234efgh", "too-common"), ("1qaz2wsx3edc", "too-common"),
        ("hunter2hunter2", "too-common"), ("Ｐａｓｓｗｏｒｄ１２３", "too-common"), ("20260101abc!", "too-common"),
        ("zhangSan-2026", "like-name"), ("vjqxkdpwzrlm", "too-plain"), ("x" * 200, "too-long"),
        (PASSWORD, ""), ("correct horse battery", ""), ("山高月小水落石出清风徐来水波不兴", ""), ("sunflower7!x", ""),
    ],
)  # fmt: skip
def test_which_passwords_will_do(password: str, wrong: str) -> None:
    if not wrong:
        passwords.check(password, "zhangsan")
        return
    with pytest.raises(passwords.WeakPassword) as problem:
        passwords.check(password, "zhangsan")
    assert problem.value.code == f"password.{wrong}"


def test_a_password_that_is_made_here_will_do() -> None:
    made = {passwords.generate() for _ in range(200)}
    assert len(made) == 200
    for each in made:
        passwords.check(each, "admin")


@pytest.mark.parametrize("ended_by", ["password", "role", "disabled", "logout"])
async def test_a_session_ends_with_what_it_stood_on(store: Store, entry: Entry, ended_by: str) -> None:
    cookie = await entry.by_password(" Zhang.San ", PASSWORD, HERE, NOW)
    assert await is_in(store, cookie)
    assert not await is_in(store, cookie[:-1] + ("A" if cookie[-1] != "A" else "B"))
    async with store.write() as connection:
        if ended_by == "password":
            await users.set_password(connection, "zhang.san", "", must_change=False, now=NOW)
        elif ended_by == "role":
            await users.change(connection, "zhang.san", ["inspector"], person="", area="", now=NOW)
        elif ended_by == "disabled":
            await users.disable(connection, "zhang.san", NOW)
    if ended_by == "logout":
        async with store.read() as connection:
            found = await session.find(connection, cookie, NOW, LIMITS)
        await entry.out(found.id, NOW)
    assert not await is_in(store, cookie)


async def test_who_is_disabled_by_whatever_way_is_out(store: Store, entry: Entry) -> None:
    """Also where nobody has ended the sessions: the log-in was a moment before."""
    cookie = await entry.by_password("zhang.san", PASSWORD, HERE, NOW)
    async with store.write() as connection:
        await connection.execute(update(account).values(disabled=NOW))
    assert not await is_in(store, cookie)


async def test_open_answers_end_with_their_sessions_and_ask_once_for_all(store: Store, entry: Entry) -> None:
    """Short answers are never cut: the one to a log-out is among them."""
    asked: list[str] = []
    now = datetime.now(UTC)  # what `OpenAnswers` goes by
    async with store.read() as connection:
        found = await users.one(connection, "zhang.san")
        event.listen(connection.engine.sync_engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    async with store.write() as connection:
        numbers = [(await session.begin(connection, found, now))[0] for _ in range(3)]
        await session.end(connection, numbers[0], "logout", now)
    now_s = 100.0
    answers = OpenAnswers(store, LIMITS, lambda: now_s)
    with contextlib.ExitStack() as stack:
        several = [stack.enter_context(answers.under_way(number)) for number in (*numbers, numbers[0])]
        now_s += CHECK_EVERY_S - 1
        assert (await asyncio.gather(*(each() for each in several)), asked) == ([False] * 4, [])
        for expected in (1, 2):
            now_s += CHECK_EVERY_S
            assert await asyncio.gather(*(each() for each in several)) == [True, False, False, True]
            assert len([each for each in asked if "account" in each]) == expected


async def test_a_session_ends_by_time(store: Store, entry: Entry) -> None:
    cookie = await entry.by_password("zhang.san", PASSWORD, HERE, NOW)
    assert await is_in(store, cookie, NOW + timedelta(minutes=29))
    assert not await is_in(store, cookie, NOW + timedelta(minutes=30))
    for hours in range(13):
        async with store.write() as connection:
            await session.note_seen(connection, 1, NOW + timedelta(hours=hours))
        assert await is_in(store, cookie, NOW + timedelta(hours=hours)) == (hours < 12), hours
    wall = await logins.user(store, "wall", ["inspector"], stays=True)
    async with store.write() as connection:
        _, screen = await session.begin(connection, wall, NOW)
    assert await is_in(store, screen, NOW + timedelta(days=29))
    assert not await is_in(store, screen, NOW + timedelta(days=30))
    async with store.write() as connection:
        await session.tidy(connection, NOW + timedelta(days=1), LIMITS)
    assert not await is_in(store, cookie, NOW)
    assert await is_in(store, screen, NOW)


async def test_a_log_in_follows_another_and_the_old_cookie_is_void(store: Store, entry: Entry) -> None:
    first = await entry.by_password("zhang.san", PASSWORD, HERE, NOW)
    second = await entry.by_password("zhang.san", PASSWORD, HERE._replace(cookie=first), NOW)
    assert [await is_in(store, each) for each in (first, second)] == [False, True]


async def test_failures_make_wait_longer_and_longer_and_never_for_ever(entry: Entry) -> None:
    at, waits = NOW, []

    async def fail(number: int) -> None:
        with pytest.raises(WrongPassword):
            await entry.by_password("zhang.san", "wrong", From(f"10.2.2.{number}"), at)

    for number in range(4):
        await fail(number)
    for number in range(4, 13):
        await fail(number)
        with pytest.raises(Held) as held:
            await entry.by_password("zhang.san", PASSWORD, HERE, at)
        waits.append(held.value.seconds)
        at += timedelta(seconds=held.value.seconds)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert await entry.by_password("zhang.san", PASSWORD, HERE, at)
    await fail(99)
    assert await entry.by_password("zhang.san", PASSWORD, HERE, at), "what was right has forgiven the rest"


async def test_an_address_that_tries_many_names_waits(entry: Entry) -> None:
    for number in range(20):
        with pytest.raises(WrongPassword):
            await entry.by_password(f"nobody{number}", "x", HERE, NOW)
    with pytest.raises(Held):
        await entry.by_password("zhang.san", PASSWORD, HERE, NOW)
    assert await entry.by_password("zhang.san", PASSWORD, From("10.1.1.2"), NOW)
    async with entry.store.read() as connection:
        names = {row.object for row in await reading.newest(connection, kind="login.failed")}
    assert names == {""}, "what was typed is written down only where it is a name"


async def test_a_right_password_takes_its_own_try_from_the_address_again(entry: Entry) -> None:
    """Or an office of twenty would lock itself out each morning."""
    for _ in range(ADDRESS.nth + 1):
        assert await entry.by_password("zhang.san", PASSWORD, HERE, NOW)


async def test_a_thousand_tries_at_once_are_as_many_failures(entry: Entry) -> None:
    tries = (entry.by_password("zhang.san", f"x{number}", From(f"10.3.3.{number}"), NOW) for number in range(12))
    said = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(each).__name__ for each in said) == ["Held"] * 7 + ["WrongPassword"] * 5


async def test_a_link_lets_in_once_and_in_time(store: Store, entry: Entry) -> None:
    who = await logins.user(store, "zhang.san")
    async with store.write() as connection:
        good, late = [await session.add_link(connection, who, NOW + timedelta(minutes=minutes)) for minutes in (10, -1)]
    assert await is_in(store, await entry.by_link(good, HERE, NOW))
    for used in (good, late, "nonsense"):
        with pytest.raises(LinkOver):
            await entry.by_link(used, HERE, NOW)


async def test_changing_ones_own_password_keeps_only_this_session(store: Store, entry: Entry) -> None:
    other = await entry.by_password("zhang.san", PASSWORD, HERE, NOW)
    with pytest.raises(WrongPassword):
        await entry.change_password("zhang.san", "wrong", "x9k-demo-tree7", HERE, NOW)
    with pytest.raises(SamePassword):
        await entry.change_password("zhang.san", PASSWORD, PASSWORD, HERE, NOW)
    fresh = await entry.change_password("zhang.san", PASSWORD, "x9k-demo-tree7", HERE, NOW)
    assert [await is_in(store, each) for each in (other, fresh)] == [False, True]
    with pytest.raises(WrongPassword):
        await entry.by_password("zhang.san", PASSWORD, HERE, NOW)


def test_a_csrf_token_is_its_sessions_alone_and_another_on_each_page() -> None:
    mine, theirs = session.new_secret(), session.new_secret()
    first, second = session.csrf(mine), session.csrf(mine)
    assert first != second
    assert session.is_csrf(mine, first)
    assert session.is_csrf(mine, second)
    for wrong in ("", ".", first[:-1], session.csrf(theirs), first + "x", "é." + first, mine):
        assert not session.is_csrf(mine, wrong)


async def test_a_reason_opens_what_it_was_given_for_and_no_more(store: Store, entry: Entry) -> None:
    async with store.write() as connection:
        for reason, text in (("", "case 7"), ("curious", "case 7"), ("case", " x ")):
            with pytest.raises(reasons.ReasonMissing):
                await reasons.give(connection, 1, "picture.looked", ["picture/a"], reason=reason, text=text, now=NOW)
        await reasons.give(connection, 1, "picture.looked", ["picture/a"], reason="case", text="case 7", now=NOW)
    async with store.read() as connection:
        asked = [(1, "picture/a", 0), (1, "picture/b", 0), (2, "picture/a", 0), (1, "picture/a", 31)]
        found = [await reasons.is_open(connection, who, what, NOW + timedelta(minutes=m)) for who, what, m in asked]
        (row,) = await reading.newest(connection, kind="picture.looked")
    assert found == [True, False, False, False]
    assert row.detail == b'{"reason":"case","text":"case 7"}'


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("请回电13812345678，谢谢", "请回电138****5678，谢谢"),
        ("身份证431126199001011234", "身份证**************1234"),
        ("永久居留证911156199001011232", "永久居留证**************1232"),
        ("信用代码911156199001011231", "信用代码911156199001011231"),
        ("138 1234 5678 或 0746-7221234", "138****5678 或 0746-****1234"),
        ("案件 431126-20260101-0001 第 110 号", "案件 431126-20260101-0001 第 110 号"),
    ],
)
def test_numbers_in_texts_are_masked(said: str, shown: str) -> None:
    assert masking.text(said) == shown


def test_names_and_telephones_are_masked() -> None:
    assert [masking.name(each) for each in ("张三丰", "张", "Zhang San", "")] == ["张**", "张*", "Z*", ""]
    assert [masking.phone(each) for each in ("13812345678", "110", "7221234", "")] == [
        "138****5678",
        "110",
        "****34",
        "",
    ]
