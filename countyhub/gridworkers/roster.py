"""The roster of grid workers of one village: people and their numbers in, keyed hashes out. Pure but for the reading.

Promises: no number is in what comes out, in a mistake or in a repr; a file with one mistake gives nothing at all.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from countyhub.gridworkers.villagekey import Key
from gridwire.identifiers import GRID_PATTERN
from gridwire.messages import Worker
from gridwire.persons import birth_date, card_number, has_resident_shape, is_foreigner_number, is_resident_number
from gridwire.problem import Language, Problem

MAX_BYTES = 1024 * 1024
MAX_WORKERS = 5000
MAX_NAME = 64
NAME, GRID, ID, CARD, BADGE = "name", "grid", "id_number", "card_uid", "badge"
_COLUMNS = {
    "name": NAME, "姓名": NAME,
    "grid": GRID, "网格": GRID, "网格编码": GRID, "网格编号": GRID,
    "id_number": ID, "身份证号": ID, "身份证号码": ID, "公民身份号码": ID, "证件号码": ID,
    "card_uid": CARD, "卡号": CARD, "ic卡号": CARD, "ic 卡号": CARD,
    "badge": BADGE, "工牌": BADGE, "工牌号": BADGE, "工号": BADGE,
}  # fmt: skip
_PERSON = re.compile(r"[0-9a-f]{64}")
_GRID = re.compile(GRID_PATTERN, re.ASCII)
_UID = re.compile(r"[0-9A-F]{8}|[0-9A-F]{10}|[0-9A-F]{14}")
_LONG_NUMBER = re.compile(r"[0-9]{11}")


class RosterRefused(Problem):
    code = "roster.refused"
    en = "nothing was written, for there are mistakes:\n{mistakes_en}"
    zh = "有错误，未写出任何内容：\n{mistakes_zh}"


class RosterUnreadable(Problem):
    code = "roster.unreadable"
    en = "{path} cannot be read: {why}"
    zh = "{path} 无法读取：{why}"


@dataclass(frozen=True)
class Mistake:
    """Of one line. Says what is wrong and never quotes the cell."""

    line: int
    zh: str
    en: str


@dataclass
class Reading:
    """What has been found so far."""

    workers: dict[str, Worker] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    first_lines: dict[str, int] = field(default_factory=dict)

    def wrong(self, line: int, *, en: str, zh: str) -> None:
        self.mistakes.append(Mistake(line, zh, en))

    def take(self, line: int, worker: Worker) -> None:
        first = self.first_lines.setdefault(worker.person, line)
        if first != line:
            self.wrong(line, en=f"the same number as in line {first}", zh=f"与第 {first} 行的号码相同")
        else:
            self.workers[worker.person] = worker


def read_file(path: Path) -> str:
    """The text of a CSV file as office programs write it: UTF-8, or GB18030. Raises `RosterUnreadable`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RosterUnreadable(path=path, why=error.strerror or error) from error
    if len(data) > MAX_BYTES:
        raise RosterUnreadable(path=path, why="> 1 MiB")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RosterUnreadable(path=path, why="neither UTF-8 nor GB18030 / 既不是 UTF-8 也不是 GB18030")


def hash_people(text: str, path: Path, key: Key, *, reversed_uids: bool = False) -> list[Worker]:
    """One worker for each number of each person, in the order of the file. Raises `RosterRefused` with all mistakes."""
    found, columns = Reading(), None
    for line, cells in _rows(text, found):
        if columns is None:
            columns = _columns(line, cells, found)
            continue
        _take_person(line, dict(zip(columns, cells, strict=False)), key, found, reversed_uids=reversed_uids)
    return _finished(found, path)


def read_hashed(text: str, path: Path) -> list[Worker]:
    """A roster as `hash_people` wrote it, to be sent to a box. Raises `RosterRefused`."""
    found, is_first = Reading(), True
    for line, cells in _rows(text, found):
        person, name, grid = (*cells, "", "", "")[:3]
        was_first, is_first = is_first, False
        if was_first and person.lower() == "person":
            continue
        if not _PERSON.fullmatch(person.lower()):
            found.wrong(line, en="the first column is no hash of 64 hex digits; see countyhub roster",
                        zh="第一列不是 64 位十六进制的哈希；请先用 countyhub roster 生成")  # fmt: skip
        elif _is_person(line, name, grid, found):
            found.take(line, Worker(person=person.lower(), name=name, grid=grid))
    return _finished(found, path)


def write(workers: Sequence[Worker]) -> str:
    """CSV, as the terminal's `roster_file` and `read_hashed` take it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("person", "name", "grid"))
    writer.writerows((worker.person, worker.name, worker.grid) for worker in workers)
    return text.getvalue()


def _finished(found: Reading, path: Path) -> list[Worker]:
    if not found.workers and not found.mistakes:
        found.wrong(1, en="there is nobody in it", zh="文件中没有人员")
    if len(found.workers) > MAX_WORKERS:
        found.wrong(1, en=f"more than {MAX_WORKERS} numbers", zh=f"超过 {MAX_WORKERS} 个号码")
    if found.mistakes:
        raise RosterRefused(mistakes_en=_listed(found, path, "en"), mistakes_zh=_listed(found, path, "zh"))
    return list(found.workers.values())


def _listed(found: Reading, path: Path, language: Language) -> str:
    shown = found.mistakes[:50]
    lines = [f"{path}:{each.line}: {each.zh if language == 'zh' else each.en}" for each in shown]
    return "\n".join(lines + (["…"] if len(found.mistakes) > len(shown) else []))


def _rows(text: str, found: Reading) -> Iterator[tuple[int, list[str]]]:
    """Lines with something in them, and their numbers; commas, semicolons or tabs divide."""
    head = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t，", key=head.count))
    while True:
        line = rows.line_num + 1
        try:
            cells = [unicodedata.normalize("NFKC", cell).strip() for cell in next(rows)]
        except StopIteration:
            return
        except csv.Error:
            found.wrong(line, en="cannot be read as CSV", zh="无法按 CSV 解析")
            return
        if any(cells) and not cells[0].startswith("#"):
            yield line, cells


def _columns(line: int, cells: Sequence[str], found: Reading) -> list[str]:
    columns = [_COLUMNS.get(cell.lower(), "") for cell in cells]
    for place, column in enumerate(columns, 1):
        if not column and cells[place - 1]:
            # What stands there may be somebody's number, where there is no head: not quoted.
            found.wrong(line, en=f"column {place} is none of name, grid, id_number, card_uid, badge",
                        zh=f"第 {place} 列的标题不是 姓名、网格、身份证号、卡号、工牌 之一")  # fmt: skip
    for column in (NAME, GRID, ID, CARD, BADGE):
        if columns.count(column) > 1:
            found.wrong(line, en=f"column {column} comes twice", zh=f"{column} 列重复")
    return columns


def _take_person(line: int, cells: Mapping[str, str], key: Key, found: Reading, *, reversed_uids: bool) -> None:
    name, grid = cells.get(NAME, ""), cells.get(GRID, "")
    if not _is_person(line, name, grid, found):
        return
    numbers: list[str] = []
    if cells.get(ID):
        numbers += _id_number(line, cells[ID], found)
    if cells.get(CARD):
        numbers += _uid(line, cells[CARD], found, reversed_uids=reversed_uids)
    if cells.get(BADGE):
        badge = cells[BADGE]
        numbers.append(badge.upper() if is_resident_number(badge.upper()) else badge)
    if not any(cells.get(column) for column in (ID, CARD, BADGE)):
        found.wrong(line, en="neither ID number nor card nor badge", zh="身份证号、卡号、工牌都没有填")
    for number in dict.fromkeys(numbers):
        found.take(line, Worker(person=key.hash_number(number), name=name, grid=grid))


def _is_person(line: int, name: str, grid: str, found: Reading) -> bool:
    before = len(found.mistakes)
    if len(name) > MAX_NAME or _LONG_NUMBER.search(name) or not name.isprintable():
        found.wrong(line, en="this cannot be a name", zh="姓名一栏填写有误")
    if grid and not _GRID.match(grid):
        found.wrong(line, en="a grid has 15 digits: 12 of the village, 3 of the grid",
                    zh="网格编码应为 15 位数字：12 位村级区划代码加 3 位网格号")  # fmt: skip
    return len(found.mistakes) == before


def _id_number(line: int, given: str, found: Reading) -> list[str]:
    number = re.sub(r"[\s-]", "", given).upper()
    if is_foreigner_number(number) or is_resident_number(number):
        return [number]
    if len(number) != 18:
        found.wrong(line, en="an ID number has 18 characters (did the office program shorten it to 4.3E+17?)",
                    zh="身份证号应为 18 位（是否被表格软件改成了 4.3E+17？请把该列设为文本）")  # fmt: skip
    elif not has_resident_shape(number):
        found.wrong(line, en="this is no ID number", zh="不是有效的身份证号")
    elif birth_date(number) is None:
        found.wrong(line, en="the birth date in the ID number does not exist", zh="身份证号中的出生日期不存在")
    else:
        found.wrong(line, en="the check digit of the ID number is wrong: a digit is mistyped",
                    zh="身份证号校验码不符：有数字录错")  # fmt: skip
    return []


def _uid(line: int, given: str, found: Reading, *, reversed_uids: bool) -> list[str]:
    digits = re.sub(r"[\s:-]", "", given).upper()
    if not _UID.fullmatch(digits):
        found.wrong(line, en="a card's UID has 8, 10 or 14 hex digits, as edgeagent terminal --hash tells it",
                    zh="卡号应为 8、10 或 14 位十六进制 UID")  # fmt: skip
        return []
    return [card_number(bytes.fromhex(digits), is_reversed=reversed_uids)]
