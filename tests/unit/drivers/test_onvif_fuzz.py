"""What a broken or hostile camera may send costs little memory and linear work, and never an error without a name."""

import random
import resource
import subprocess
import sys

import pytest

from drivers.onvif.notifications import BadXml, BodyTooLarge, parse
from drivers.onvif.states import MAX_STATES, States
from drivers.onvif.vocabulary import interpret
from drivers.safexml import MAX_XML_BYTES
from tests.fuzz.onvif_notifications import SEEDS, check

SEED_BODIES = sorted(path.read_bytes() for path in SEEDS.glob("*.xml"))
OPENED = b"<NotificationMessage><Message><Data>"


def hostile(size):
    """Bodies of about `size` bytes, by what is wrong with them."""
    some = size // 40
    return {
        "declarations": b"<?xml " * (size // 6),
        "comments": b"<a>" + b"<!-- " * (size // 6),
        "sections": b"<a>" + b"<![CDATA[" * (size // 10),
        "blanks": b"<a><!" + b" " * size,
        "ampersands": b"<a>" + b"&#1" * (size // 3),
        "nesting": b"<a>" * (size // 3),
        "nested messages": OPENED * (size // len(OPENED)),
        "nested, then flat": OPENED * 80 + b"<SimpleItem/>" * (size // 13),
        "nested items": b"<NotificationMessage><Message><Data><ElementItem>" * 60 + b"<b>x</b>" * (size // 8),
        "nested topics": b"<NotificationMessage><Topic>" * 100 + b"<b>x</b>" * (size // 8),
        "nested data": OPENED + b"<Data>" * 200 + b"<SimpleItem/>" * (size // 13),
        "attributes": b"<a " + b" ".join(b'a%d=""' % number for number in range(size // 12)) + b"/>",
        "attributes of a message": OPENED[:-6]
        + b"<Message "
        + b" ".join(b'a%d=""' % number for number in range(size // 12))
        + b"/>",
        "namespaces": b"<a " + b" ".join(b'xmlns:a%d="u"' % number for number in range(size // 18)) + b"/>",
        "slashes": b"<NotificationMessage><Topic>" + b"/" * size + b"x</Topic></NotificationMessage>",
        "text": b"<a>" + b"x" * size + b"</a>",
        "zeros": b"<a>" + b"\0" * size,
        "broken GBK": b"<a>" + "越".encode("gbk") * (size // 2) + b"\xff",
        "UTF-16": "<a>越</a>".encode("utf-16-be") * (size // 16),
        "rubbish": bytes(range(1, 256)) * (size // 255),
        "one name": OPENED + b'<SimpleItem Name="N" Value="1"/>' * some + b"</Data>",
    }


def attempt(body):
    try:
        return len(parse(body))
    except (BadXml, BodyTooLarge):
        return 0


@pytest.mark.parametrize("name", hostile(100))
def test_work_grows_with_the_size_and_no_faster(name):
    small, large = (calls(hostile(size)[name]) for size in (60_000, 180_000))
    assert large < 3.5 * small + 2_000


def calls(body):
    """How often a function is called: work that does not depend on the machine."""
    count = 0

    def tally(frame, event, arg):
        nonlocal count
        count += 1

    sys.setprofile(tally)
    try:
        attempt(body)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.slow
def test_memory_is_bounded():
    """In a process of its own: all of these bodies, as large as they may be, cost some 60 MiB at their peak."""
    answer = subprocess.run([sys.executable, __file__], check=True, capture_output=True, text=True, timeout=100)
    assert int(answer.stdout) < 120


@pytest.mark.parametrize("size", [MAX_XML_BYTES + 1, 10_000_000])
def test_too_many_bytes_are_refused_unread(size):
    with pytest.raises(BodyTooLarge):
        parse(b"<" * size)


@pytest.mark.parametrize("body", [b"<a>" + b"<b/>" * 200_001, b"<a " + b'b="" ' * 200_001 + b"/>"])
def test_too_many_elements_or_attributes_are_refused(body):
    with pytest.raises(BadXml):
        parse(body)


def test_a_bomb_stays_small():
    """Entities of entities, in text and in an attribute, by every door."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 10}">' for n in range(12))
    use = "<Data><SimpleItem Name='a' Value='&e11;'/></Data>&e11;"
    for before in ("", "<?p <!-- ?>", "<!-- x -->", "\0", "<!DOC\0TYPE"):
        with pytest.raises(BadXml):
            parse(f"{before}<!DOCTYPE r [{entities}]><NotificationMessage>{use}</NotificationMessage>".encode())
    found = parse(f"<NotificationMessage><Message>{use}</Message></NotificationMessage>".encode())
    assert found[0].data == {"a": "&e11;"}


def test_mutations_of_real_messages_break_nothing():
    chance = random.Random(20250314)
    for _ in range(400):
        check(mutated(chance))


def mutated(chance):
    body = bytearray(chance.choice(SEED_BODIES))
    for _ in range(chance.randrange(1, 12)):
        at, other = chance.randrange(len(body)), chance.choice(SEED_BODIES)
        part = chance.randrange(len(other))
        match chance.randrange(5):
            case 0:
                body[at] = chance.randrange(256)
            case 1:
                del body[at : at + chance.randrange(1, 200)]
            case 2:
                body[at:at] = other[part : part + chance.randrange(400)]
            case 3:
                body[at:at] = body[at : at + chance.randrange(300)] * 3
            case 4:
                body[at:at] = chance.choice([b"\0", b"\xff", b"<", b"]]>", b"<!--", b"&#0;", b"\xef\xbb\xbf", b'"'])
        if not body:
            return b"<"
    return bytes(body)


def test_seeds_lead_to_alarms():
    assert all(check(body) > 0 for body in SEED_BODIES)


def test_memory_of_a_camera_that_invents_everything_is_small():
    """All that is kept is written down in less than what one event may take at most."""
    states = States()
    for number in range(2_000):
        items = f'<SimpleItem Name="a{number}" Value="{"v" * 300}"/>'
        (one,) = parse(
            f"<NotificationMessage><Topic>a:B/C{number}</Topic><Message><Source>{items}</Source><Data>"
            f'<SimpleItem Name="State" Value="true"/></Data></Message></NotificationMessage>'.encode()
        )
        for signal in interpret(one):
            for step in states.plan_all(one, signal, float(number)):
                states.apply(step)
    assert len(states.lit) == MAX_STATES
    assert len(states.dump()) < 128_000


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    check(SEED_BODIES[0])
    before = peak_mib()
    bodies = hostile(MAX_XML_BYTES - 20_000)
    held = peak_mib() - before
    for hostile_body in bodies.values():
        attempt(hostile_body[:MAX_XML_BYTES])
    print(peak_mib() - before - held)
