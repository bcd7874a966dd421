"""A list of people becomes a roster of hashes, the same ones that the terminal makes; no number ever comes out."""

from datetime import date
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countyhub.gridworkers.roster import RosterRefused, RosterUnreadable, hash_people, read_file, read_hashed, write
from countyhub.gridworkers.villagekey import Key
from drivers.terminal.desk import Credential
from drivers.terminal.frames.icem import CardSeen
from drivers.terminal.frames.sam_idcard import parse_card
from drivers.terminal.idnumber import VillageKey
from drivers.terminal.readers import card_credential, code_credential
from drivers.terminal.roster import read_roster
from gridwire.messages import Worker
from gridwire.persons import check_character
from simulators.terminal.cards import foreigner, foreigner_2023, resident, with_check_character

KEY = Key("c1-431126001002", bytes(range(32)))
DRIVERS_KEY = VillageKey(KEY.id, KEY.secret)
NUMBER = "11010519491231002X"
OF_2023 = with_check_character("91112419810102001")
HEAD = "name,grid,id_number,card_uid,badge\n"
FILE = Path("people.csv")


def people(text, **options):
    return hash_people(HEAD + text, FILE, KEY, **options)


def refused(text, language="en"):
    with pytest.raises(RosterRefused) as raised:
        people(text)
    return raised.value.text(language).splitlines()[1:]


def digest(credential: Credential) -> str:
    return credential.number_hash.digest


@pytest.mark.parametrize("order", ["as-sent", "reversed"])
def test_the_hashes_are_those_of_the_terminal(order):
    found = people(f"张三,431126001002007,{NUMBER.lower()},6b:3d:12:d6,W0001\n", reversed_uids=order == "reversed")
    seen = CardSeen("m1", bytes.fromhex("6B3D12D6"))
    assert [worker.person for worker in found] == [
        digest(code_credential(NUMBER, DRIVERS_KEY)),
        digest(card_credential(seen, order=order, key=DRIVERS_KEY)),
        digest(code_credential("W0001", DRIVERS_KEY)),
    ]
    assert {(worker.name, worker.grid) for worker in found} == {("张三", "431126001002007")}


@pytest.mark.parametrize(
    "card", [foreigner("CAN110081010278", "SMITH"), foreigner_2023(OF_2023, "SMITH"), resident(NUMBER, "张三")]
)
def test_a_card_that_the_terminal_knows_may_stand_in_the_roster(card):
    (worker,) = people(f"张三,,{card.number.lower()},,\n")
    assert worker.person == parse_card(card.text, DRIVERS_KEY).number_hash.digest


def test_what_is_written_the_terminal_and_the_hub_read_again(tmp_path):
    workers = people(f'"王, 五",,{NUMBER},,\n李四,,,,W0002\n')
    text = write(workers)
    assert list(read_roster(text, tmp_path).values()) == workers
    assert read_hashed(text, FILE) == workers
    assert NUMBER not in text


@pytest.mark.parametrize("divider", [",", ";", "\t", "，"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_as_office_programs_write_it(tmp_path, divider, encoding):
    path = tmp_path / "people.csv"
    rows = ("姓名,身份证号,卡号,备注".replace(",备注", ""), f"张三,{NUMBER},6B3D12D6", "", "# 以下为空", ",,")
    path.write_bytes("\r\n".join(row.replace(",", divider) for row in rows).encode(encoding))
    assert len(hash_people(read_file(path), path, KEY)) == 2


def test_full_width_digits_and_blanks_are_put_right():
    (worker,) = people("张三,,１１０１０５ 19491231 ００２ｘ,,\n")
    assert worker.person == KEY.hash_number(NUMBER)


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("张三,,110105194912310021,,", "check digit"),
        ("张三,,110105199902310021,,", "birth date"),
        ("张三,,4.3E+17,,", "18 characters"),
        ("张三,,110105491231002,,", "18 characters"),
        ("张三,,010105194912310021,,", "no ID number"),
        ("张三,,,6B3D12,", "8, 10 or 14 hex digits"),
        ("张三,,,1812345678901,", "8, 10 or 14 hex digits"),
        ("张三,,,,", "neither ID number nor card nor badge"),
        ("张三,431126,,,W0001", "15 digits"),
        (f"{NUMBER},,,,W0001", "cannot be a name"),
        ("张三,,,,W0001\n李四,,,,W0001", "the same number as in line 2"),
    ],
)
def test_mistakes_name_the_line_and_never_the_number(line, mistake):
    (told,) = refused(line + "\n")
    assert told.startswith(f"people.csv:{2 + line.count(chr(10))}: ")
    assert mistake in told
    assert not any(len(word) > 10 and word.isdigit() for word in told.replace(":", " ").split())


def test_all_mistakes_come_at_once_in_chinese_too():
    told = refused("张三,,110105194912310021,,\n李四,,,,\n王五,1,,,W1\n", "zh")
    assert [line.partition(": ")[0] for line in told] == ["people.csv:2", "people.csv:3", "people.csv:4"]
    assert "校验码不符" in told[0]


def test_a_file_without_a_head_is_no_list_of_people():
    with pytest.raises(RosterRefused) as raised:
        hash_people(f"张三,431126001002007,{NUMBER},,\n", FILE, KEY)
    assert "column 1 is none of" in str(raised.value)
    assert NUMBER not in str(raised.value)
    with pytest.raises(RosterRefused, match="nobody"):
        hash_people("", FILE, KEY)


def test_numbers_are_not_sent_to_a_box():
    with pytest.raises(RosterRefused, match="no hash") as raised:
        read_hashed(f"{NUMBER},张三,\n", FILE)
    assert NUMBER not in str(raised.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(RosterUnreadable, match="No such file"):
        read_file(tmp_path / "absent.csv")
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RosterUnreadable, match="GB18030"):
        read_file(tmp_path / "x")
    (tmp_path / "big").write_bytes(b"a" * (1024 * 1024 + 1))
    with pytest.raises(RosterUnreadable, match="1 MiB"):
        read_file(tmp_path / "big")


resident = st.builds(
    lambda region, day, order: (first := f"{region}{day:%Y%m%d}{order:03d}") + check_character(first),
    st.integers(110000, 659999), st.dates(date(1900, 1, 1)), st.integers(0, 999),
)  # fmt: skip


@given(st.text(max_size=400), st.sampled_from([hash_people, read_hashed]))
@settings(deadline=None)
def test_any_text_is_a_roster_or_a_mistake(text, how):
    how = partial(how, key=KEY) if how is hash_people else how
    for shown in (text, HEAD + text):
        try:
            workers = how(shown, FILE)
        except RosterRefused as problem:
            told = problem.text("zh")
            assert "people.csv:" in told
        else:
            assert workers
            assert all(isinstance(worker, Worker) for worker in workers)
            assert list(read_roster(write(workers), FILE).values()) == workers


@given(
    resident,
    st.sampled_from(["{},,,,", ",{},,,", ",,{},,", ",,,{},", ",,,,{}", "{0},{0},{0},{0},{0}"]),
)
@settings(deadline=None)
def test_a_number_in_any_column_never_comes_out(number, row):
    try:
        told = write(people(row.format(number) + "\n"))
    except RosterRefused as problem:
        told = problem.text("en") + problem.text("zh")
    assert number not in told
    assert number[6:14] not in told
