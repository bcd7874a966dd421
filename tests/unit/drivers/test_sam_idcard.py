"""The ID-card reader's frames byte for byte, its decoder under noise, and what of a card leaves the parser."""

import contextlib
import itertools
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.terminal.frames import sam_idcard as sam
from drivers.terminal.frames.sam_idcard import Answer, CardUnreadable, SamDecoder, Status, TextAhead
from drivers.terminal.idnumber import VillageKey
from simulators.terminal.cards import foreigner, foreigner_2023, resident, with_check_character
from simulators.terminal.idreader import read_answer

KEY = VillageKey("k1", bytes(range(32)))
NUMBER = with_check_character("11010119900307100")
CARD = resident(NUMBER, "张小三")
PREAMBLE = "AA AA AA 96 69 "
ANSWERS = {
    "status": ("00 04 00 00 90 94", Status.DONE, b""),
    "module": (
        "00 14 00 00 90 05 01 01 00 00 00 00 00 A1 B2 C3 D4 00 00 00 01 84",
        Status.DONE,
        bytes.fromhex("0501010000000000A1B2C3D400000001"),
    ),
    "found": ("00 08 00 00 9F 00 00 00 00 97", Status.FOUND, bytes(4)),
    "none": ("00 04 00 00 80 84", Status.NO_CARD, b""),
    "selected": ("00 0C 00 00 90 00 00 00 00 00 00 00 00 9C", Status.DONE, bytes(8)),
    "select failed": ("00 04 00 00 81 85", Status.SELECT_FAILED, b""),
    "read failed": ("00 04 00 00 41 45", Status.READ_FAILED, b""),
}
NONE = bytes.fromhex(PREAMBLE + ANSWERS["none"][0])
READ = read_answer(CARD)


def decoded(decoder: SamDecoder, *chunks: bytes) -> list[Answer]:
    """The whole answers."""
    return [answer for chunk in chunks for answer in decoder.feed(chunk) if isinstance(answer, Answer)]


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (sam.STATUS, "00 03 11 FF ED"),
        (sam.MODULE_ID, "00 03 12 FF EE"),
        (sam.FIND, "00 03 20 01 22"),
        (sam.SELECT, "00 03 20 02 21"),
        (sam.READ, "00 03 30 01 32"),
    ],
)
def test_requests(request_bytes, expected):
    assert request_bytes == bytes.fromhex(PREAMBLE + expected)


@pytest.mark.parametrize("name", ANSWERS)
def test_answers(name):
    body, status, data = ANSWERS[name]
    assert decoded(SamDecoder(), bytes.fromhex(PREAMBLE + body)) == [Answer(status, data)]


def test_read_answer_is_1295_bytes():
    assert len(READ) == sam.READ_ANSWER_BYTES == 1295
    assert READ[5:14] == bytes.fromhex("05 08 00 00 90 01 00 04 00")
    (answer,) = decoded(SamDecoder(), READ)
    assert sam.card_text(answer) == CARD.text


@pytest.mark.parametrize("status", Status)
def test_only_90_and_9f_are_fine(status):
    assert Answer(status).is_fine == (status in (0x90, 0x9F))
    assert Answer(status).status_name
    assert Answer(0x5A).status_name == "status 5A"


def test_frames_split_at_every_byte():
    stream = READ + NONE
    for cut in range(len(stream) + 1):
        assert len(decoded(SamDecoder(), stream[:cut], stream[cut:])) == 2


def test_the_text_is_told_once_ahead_of_its_photo():
    decoder = SamDecoder()
    for _ in range(2):
        frames = [frame for byte in READ for frame in decoder.feed(bytes((byte,)))]
        assert [type(frame) for frame in frames] == [TextAhead, Answer]
        assert frames[0].text == CARD.text
        assert NUMBER not in repr(frames)
        assert str(CARD.text) not in repr(frames)
    decoder.feed(READ[:300])
    decoder.silence()
    assert [type(frame) for frame in decoder.feed(READ[:300])] == [TextAhead]
    assert [type(frame) for frame in decoder.feed(READ[300:] + READ[:300])] == [Answer, TextAhead]


def test_half_answer_swallows_nothing_after_a_pause():
    decoder = SamDecoder()
    assert decoded(decoder, READ[:700]) == []
    assert decoder.silence() == []
    assert not decoder.is_midway
    assert len(decoded(decoder, NONE, NONE)) == 2


def test_pause_hands_over_frames_behind_a_false_start():
    decoder = SamDecoder()
    assert decoded(decoder, READ[:700], NONE, NONE) == []
    assert decoder.silence() == [Answer(Status.NO_CARD)] * 2


def test_wrong_checksum_is_no_frame_and_costs_no_other():
    bad = NONE[:-1] + b"\x85"
    decoder = SamDecoder()
    assert decoded(decoder, bad + NONE) == [Answer(Status.NO_CARD)]
    assert decoder.bad_bytes == len(bad)


@pytest.mark.parametrize("length", [0, 3, 0x0509, 0xFFFF])
def test_impossible_lengths_are_passed_over_at_once(length):
    start = bytes.fromhex(PREAMBLE) + length.to_bytes(2, "big")
    assert decoded(SamDecoder(), start + NONE) == [Answer(Status.NO_CARD)]


@given(noise=st.binary(max_size=200), cuts=st.lists(st.integers(0, 1500), max_size=6), half=st.integers(0, 1294))
@example(noise=b"\xaa\xaa", cuts=[], half=0)
def test_noise_never_loses_the_next_whole_frame(noise, cuts, half):
    decoder = SamDecoder()
    decoded(decoder, noise, READ[:half])
    decoder.silence()
    edges = sorted({0, *(cut % len(READ) for cut in cuts), len(READ)})
    answers = decoded(decoder, *(READ[a:b] for a, b in itertools.pairwise(edges)))
    assert [sam.card_text(answer) for answer in answers] == [CARD.text]


@given(st.lists(st.one_of(st.binary(max_size=64), st.just(bytes.fromhex(PREAMBLE)), st.just(NONE[:9]))))
def test_decoder_raises_on_nothing_and_stays_bounded(chunks):
    decoder = SamDecoder()
    for chunk in chunks:
        decoder.feed(chunk)
        assert len(decoder._buffer) <= sam.READ_ANSWER_BYTES + 64
    decoder.silence()
    assert not decoder.is_midway


def test_resident_card():
    card = sam.parse_card(CARD.text, KEY)
    assert (card.kind, card.masked, card.name) == ("resident", f"110101********{NUMBER[-4:]}", "")
    assert card.number_hash == KEY.hash_number(NUMBER)
    assert sam.parse_card(CARD.text, KEY, keep_name=True).name == "张小三"


def test_long_validity_and_dated_validity():
    assert sam.parse_card(resident(NUMBER, "张三", end="20400101").text, KEY).kind == "resident"


def test_foreigner_card():
    card = sam.parse_card(foreigner("CAN110081010278", "SMITH, JOHN").text, KEY, keep_name=True)
    assert (card.kind, card.masked, card.name) == ("foreigner", "CAN**********78", "SMITH, JOHN")


def test_foreigner_card_of_2023():
    """Nine, province, nationality as a number, birth date, serial, check digit; a long name goes on elsewhere."""
    number = with_check_character("91112419810102001")
    card = sam.parse_card(foreigner_2023(number, "WOLFESCHLEGELSTEINHAUSEN, HUBERT BLAINE").text, KEY, keep_name=True)
    assert (card.kind, card.masked) == ("foreigner", f"911124********{number[-4:]}")
    assert card.name == "WOLFESCHLEGELSTEINHAUSEN, HUBERT BLAINE"
    assert card.number_hash == KEY.hash_number(number)
    card = sam.parse_card(foreigner_2023(number, "ZHENGJIAN, YANGBEN", chinese_name="证件样本").text, KEY)
    assert card.name == ""


@pytest.mark.parametrize("kind", ["J", "Z", "外"])
def test_other_kinds_are_never_guessed(kind):
    with pytest.raises(CardUnreadable, match="unknown card kind"):
        sam.parse_card(resident(NUMBER, "张三", kind=kind).text, KEY)


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (resident(NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1"), "张三"), "check digit wrong"),
        (resident(NUMBER, "张三", birth="19900308"), "birth date differs"),
        (resident(with_check_character("11010119900231100"), "张三"), "check digit wrong"),
        (resident("", "张三"), "check digit wrong"),
        (foreigner("CAN1100810102", "SMITH"), "number malformed"),
        (foreigner("CAN11008101027A", "SMITH"), "number malformed"),
        (foreigner_2023("911124198101020019", "SMITH"), "check digit wrong"),
        (foreigner_2023(with_check_character("91112419810102001"), "SMITH", birth="19810103"), "birth date differs"),
        (foreigner_2023(NUMBER, "SMITH"), "number malformed"),
        (foreigner("CAN110081010278", "SMITH", birth="19811302"), "number malformed"),
    ],
)
def test_unbelievable_cards(card, reason):
    with pytest.raises(CardUnreadable, match=reason):
        sam.parse_card(card.text, KEY)


def test_damaged_text_quotes_nothing():
    text = b"\x00\xd8" + CARD.text[2:30] + CARD.text[30:]
    with pytest.raises(CardUnreadable, match="damaged text") as caught:
        sam.parse_card(text, KEY)
    assert caught.value.__cause__ is None


@given(st.binary(max_size=1400))
def test_parser_raises_only_its_own_error(data):
    for parse in (
        lambda: sam.parse_card(data, KEY),
        lambda: sam.card_text(Answer(0x90, data)),
    ):
        with pytest.raises(CardUnreadable):
            parse()


def test_two_flipped_bits_never_give_a_wrong_number():
    rng = random.Random(11643)
    number_at = 14 + 30 + 2 + 4 + 16 + 70
    right = KEY.hash_number(NUMBER)
    believed_alone = 0
    for _ in range(3000):
        spoilt = bytearray(READ)
        for bit in rng.sample(range(number_at * 8, (number_at + 36) * 8), 2):
            spoilt[bit // 8] ^= 1 << bit % 8
        answers = decoded(SamDecoder(), bytes(spoilt), READ)
        if len(answers) == 1:  # the checksum saw it
            continue
        with contextlib.suppress(CardUnreadable):
            believed_alone += sam.parse_card(sam.card_text(answers[0]), KEY).number_hash != right
        with pytest.raises(CardUnreadable, match="two reads differ"):
            sam.parse_twice_read(*map(sam.card_text, answers), KEY)
    assert believed_alone > 0, "a single read lets some pass: that is why there are two"
    assert sam.parse_twice_read(CARD.text, CARD.text, KEY).number_hash == right


def test_nothing_of_the_card_in_any_repr():
    (answer,) = decoded(SamDecoder(), READ)
    card = sam.parse_card(sam.card_text(answer), KEY, keep_name=True)
    shown = repr(answer) + repr(card) + repr(KEY)
    assert NUMBER not in shown
    assert NUMBER[6:14] not in shown
    assert "张" not in shown
    assert KEY.secret.hex() not in shown
