"""What must hold of a county after its hubs were killed: each count is of things that are wrong, and should be zero.

Everything is worked out anew from what the boxes have stored and from what receivers got, never from the hub's own view
of what it has done.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import Table, select

from countyhub.cases import duedates
from countyhub.cases.rows import CLOSED
from countyhub.correlate import batch
from countyhub.correlate.matter import Matter
from countyhub.correlate.signals import Signal, of_link
from countyhub.lifecycle.state import Case, Office
from countyhub.matters import kinds
from countyhub.matters.records import known_of
from countyhub.matters.round import sites
from countyhub.notify import audience, people
from countyhub.registry.snapshot import Registry
from countyhub.store.casetables import case_entry, cases
from countyhub.store.engine import Store
from countyhub.store.mattertables import link, matter
from countyhub.store.notifytables import alert, message, parcel
from countyhub.store.tables import event
from edgeagent.driver import Rating, Request, Sos
from gridwire.instants import microseconds
from tests.chaos.hubload import Sent
from tests.chaos.hubpeople import People

LINES = frozenset({"opened", "joined", "rated", "attached", "turned_yellow", "turned_red"})
"""Acts of a timeline that are no steps: they carry the version that the case has anyway."""
TICKS = 6
_case = msgspec.json.Decoder(Case)


class Audit:
    """Everything that is in the database, read once. `found` says of each check how often it fails, and an example."""

    def __init__(self, tables: dict[str, list[Any]], registry: Registry, sent: Sequence[Sent], now: datetime) -> None:
        self.registry, self.sent, self.now = registry, sent, now
        self.events, self.entries = tables["event"], tables["case_entry"]
        self.parcels, self.messages = tables["notify_parcel"], tables["notify_message"]
        self.alerts = {row.number for row in tables["notify_alert"]}
        self.rows = {row.number: row for row in tables["cases"]}
        self.cases = {number: _case.decode(row.state) for number, row in self.rows.items()}
        self.known = [known_of(row) for row in tables["matter"]]
        self.links = tables["link"]
        self.lines: dict[str, list[Any]] = defaultdict(list)
        for entry in self.entries:
            self.lines[entry.number].append(entry)
        self.found: dict[str, list[str]] = {}

    @classmethod
    async def read(cls, store: Store, registry: Registry, sent: Sequence[Sent]) -> Audit:
        tables: tuple[Table, ...] = (event, case_entry, parcel, message, alert, cases, matter, link)
        async with store.read() as connection:
            now = datetime.now(UTC)
            read = {}
            for table in tables:
                first = next(iter(table.primary_key.columns))
                read[table.name] = list((await connection.execute(select(table).order_by(first))).all())
        return cls(read, registry, sent, now)

    def wrong(self, what: str, several: Iterable[object]) -> None:
        found = [str(each) for each in several]
        if found:
            self.found[what] = [f"{len(found)}", *found[:5]]

    # Events and matters

    def check_events(self) -> None:
        there = Counter(f"{row.box}/{row.stream}/{row.lane}/{row.seq}" for row in self.events)
        told = {each.name for each in self.sent}
        self.wrong("event lost", told - there.keys())
        self.wrong("event twice", (name for name, count in there.items() if count > 1))
        self.wrong("event that nobody sent", there.keys() - told)

    @cached_property
    def matters(self) -> tuple[set[Matter], set[Matter]]:
        """As the set of all signals says: all the time in the last seconds, and at any time of them, for what time
        alone changes is written down a moment later."""
        signals: list[Signal] = [each.signal for each in self.sent if each.signal is not None]
        for row in self.links:
            signals.append(
                of_link(row.box, connected=row.connected, connection=row.connection, boot=row.boot, at=row.at)
            )
        places = sites(self.registry, self.now)
        each = [
            batch.correlate(signals, microseconds(self.now - timedelta(seconds=ago)), places) for ago in range(TICKS)
        ]
        return set.intersection(*each), set.union(*each)

    def check_matters(self) -> None:
        always, ever = self.matters
        there = {each.matter for each in self.known}
        self.wrong("matter", (there - ever) | (always - there))

    # Cases

    def check_cases(self) -> None:
        """One for each matter that nothing explains, one for each request and call; none beside. Two matters of a key
        may have one case, which is under a larger one's when this explains either."""
        always, _ = self.matters
        top = {each.handle for each in always if each.parent is None and not each.history and self._opens(each)}
        said = {f"{kind}/{each.name}" for each in self.sent if (kind := _kind_of(each))}
        shown: dict[str, list[str]] = defaultdict(list)
        for number, row in self.rows.items():
            if row.stage != "merged" and not row.key.startswith("before/") and not self._withdrawn(number):
                shown[row.key].append(number)
        named = {each.number for each in self.known}
        kept = {each.matter.handle for each in self.known if each.number in self.rows and self._stands(each.number)}
        of_persons = {key for key in shown if key.startswith(("request/", "sos/"))}
        self.wrong("case lost", [*(top - kept), *(said - shown.keys())])
        self.wrong("request or call with two cases", (key for key in of_persons if len(shown[key]) > 1))
        self.wrong("case of nothing", of_persons - said)
        self.wrong("case that no matter names", (
            number for key, numbers in shown.items() if key not in of_persons for number in numbers
            if number not in named and not self._has_begun(number)
        ))  # fmt: skip
        self.wrong("two open cases of a key", self._open_together())

    def _opens(self, found: Matter) -> bool:
        return kinds.ruling(self.registry, kinds.what(found).kind, self.now).opens

    def _stands(self, number: str) -> bool:
        """Itself, or what it was merged into."""
        case = self.cases[number]
        return not self._withdrawn(case.parent if case.stage == "merged" else number)

    def _withdrawn(self, number: str) -> bool:
        return any(line.act == "withdraw" for line in self.lines[number])

    def _has_begun(self, number: str) -> bool:
        """Whether somebody had begun with it, or it had moved up, so that it stays for a person when there proves to be
        nothing, or its matter has become part of another."""
        return any(line.act not in LINES and line.act != "register" for line in self.lines[number])

    def _open_together(self) -> Iterable[str]:
        by_key: dict[str, list[str]] = defaultdict(list)
        for number, row in self.rows.items():
            by_key[row.key].append(number)
        for numbers in by_key.values():
            ends = 0
            for number in sorted(numbers, key=lambda each: self.lines[each][0].id):
                if self.lines[number][0].id < ends:
                    yield number
                over = [line.id for line in self.lines[number] if line.after in CLOSED]
                ends = over[0] if over else 1 << 62

    # Timelines

    def check_timelines(self, acted: People) -> None:
        versions, order, times = [], [], []
        for number, lines in self.lines.items():
            steps = [line.version for line in lines if line.act not in LINES]
            if steps != list(range(1, self.cases[number].version + 1)):
                versions.append(f"{number}: {steps}")
            every = [line.version for line in lines]
            order += [number] if every != sorted(every) else []
            at = [line.at for line in lines]
            times += [f"{number}: {[(x.act, x.actor, str(x.at)) for x in lines]}"] if at != sorted(at) else []
        self.wrong("version with a hole or twice", versions)
        self.wrong("lines out of order", order)
        self.wrong("lines that go back in time", times)
        self.wrong("case without a line", self.rows.keys() - self.lines.keys())
        by_staff = Counter(
            (line.number, line.version, line.act, line.actor) for line in self.entries if line.role in audience.STAFF
        )
        told = Counter(tuple(each) for each in acted.acted)
        self.wrong("act that was answered and is not there, or the reverse", (by_staff - told) + (told - by_staff))

    def check_ratings(self) -> None:
        asked = {(each.box, each.data.receipt) for each in self.sent if isinstance(each.data, Request)}
        given = Counter((each.box, each.data.receipt) for each in self.sent if isinstance(each.data, Rating))
        wanted = {about: count for about, count in given.items() if about in asked}
        there = {
            (row.box, row.receipt): count
            for number, row in self.rows.items()
            if (count := sum(line.act == "rated" for line in self.lines[number]))
        }
        self.wrong("rating", wanted.items() ^ there.items())

    # Deadlines

    def check_deadlines(self) -> int:
        """How many lights have turned."""
        wrong, total = [], 0
        for number, case in self.cases.items():
            there = Counter((line.act, line.text, line.at) for line in self.lines[number] if line.act in LIGHTS)
            wanted = Counter(self._turns(case))
            total += there.total()
            if there != wanted:
                wrong.append(f"{number}: more {there - wanted}, less {wanted - there}")
        self.wrong("light", wrong)
        self.wrong("due and not done", (
            number for number, row in self.rows.items() if row.next_instant is not None and row.next_instant < self.now
        ))  # fmt: skip
        return total

    def _turns(self, case: Case) -> Iterable[tuple[str, str, datetime]]:
        for clock in case.clocks:
            until = clock.ended or self.now
            if clock.yellow <= until:
                yield "turned_yellow", clock.name, clock.yellow
            if clock.due <= until:
                yield "turned_red", clock.name, clock.due

    def check_escalations(self) -> int:
        """At most one a limit, by a limit that was over. How many there were."""
        wrong, total = [], 0
        for number, case in self.cases.items():
            done: set[int] = set()
            moves = [line for line in self.lines[number] if line.act == "escalate"]
            total += len(moves)
            for line in moves:
                over = {
                    index for index, clock in enumerate(case.clocks)
                    if clock.due <= line.at and clock.started < line.at and (clock.ended or self.now) >= line.at
                }  # fmt: skip
                if not over - done or line.level_before == line.level:
                    wrong.append(f"{number} at {line.at}")
                done |= over
            if len(moves) != case.escalated or (self.rows[number].open and duedates.must_escalate(case, self.now)):
                wrong.append(number)
        self.wrong("escalation", wrong)
        return total

    # Messages

    def check_messages(self, arrived: Counter[str], most_unclear: int) -> Counter[str]:
        """`arrived`: how often each id came to the gateway. Returns the states of parcels, and the calls that came
        twice, which is allowed."""
        reasons = Counter((row.reason, row.lap, row.person, row.channel) for row in self.messages)
        self.wrong("message made twice", (each for each, count in reasons.items() if count > 1))
        self.wrong("message not made", self._to_be_told() - {(row.reason, row.person) for row in self.messages})
        self.wrong("message for no reason", {row.reason for row in self.messages} - self._reasons())
        self.wrong("message that waits", (row.id for row in self.messages if row.state not in ("packed", "dropped")))
        self.wrong("parcel that nobody made", arrived.keys() - {row.sid for row in self.parcels})
        states = Counter(row.state for row in self.parcels)
        ordinary = {row.sid: row for row in self.parcels if not row.urgent}
        calls = {row.sid: row for row in self.parcels if row.urgent}
        self.wrong("message lost", (
            sid for sid, row in ordinary.items()
            if (row.state == "sent" and not arrived[sid]) or row.state not in ("sent", "unknown")
        ))  # fmt: skip
        self.wrong("message twice", (sid for sid in ordinary if arrived[sid] > 1))
        self.wrong("call lost", (
            sid for sid, row in calls.items()
            if (row.state == "sent" and not arrived[sid]) or row.state not in ("sent", "dropped")
        ))  # fmt: skip
        self.wrong("call that woke nobody", self._calls() - {row.number for row in self.messages if row.kind == "sos"})
        twice = sum(arrived[sid] > 1 for sid in calls)
        if states["unknown"] + twice > most_unclear:
            self.wrong("more unclear than kills explain", [states["unknown"], twice])
        return states + Counter({"calls twice": twice})

    def _to_be_told(self) -> set[tuple[int, str]]:
        """Who must have been told of which line: of cases that are open to this day, and were so all the time."""
        found = set()
        for line in self.entries:
            row = self.rows[line.number]
            if row.open and row.stage != "merged" and not any(each.act == "merge" for each in self.lines[line.number]):
                found |= {(line.id, code) for code in self._told_of(line)}
        return found

    def _reasons(self) -> set[int]:
        return {line.id for line in self.entries if self.rows[line.number].urgent or list(self._told_of(line))}

    def _told_of(self, line: Any) -> Iterable[str]:
        case, row = self.cases[line.number], self.rows[line.number]
        if row.urgent and line.act in audience.CALLS:
            return
        owner = Office(line.level, line.owner) if line.owner else None
        for office in audience.offices(line.act, owner, case):
            for person in people.at_office(self.registry, office, self.now):
                if person.code != line.actor and self._is_concerned(person.code, line):
                    yield person.code

    def _is_concerned(self, person: str, line: Any) -> bool:
        """What the hub does itself in a drill is told to who has done something in it by then, and to nobody else."""
        if not self.rows[line.number].drill or line.role in audience.STAFF:
            return True
        before = (each for each in self.lines[line.number] if each.id <= line.id and each.role in audience.STAFF)
        return any(each.actor == person for each in before)

    def _calls(self) -> set[str]:
        """Real ones, but for those of a button that called already."""
        first: dict[tuple[str, str], str] = {}
        for number, row in sorted(self.rows.items(), key=lambda each: self.lines[each[0]][0].id):
            if row.urgent and not row.drill:
                first.setdefault((row.box, row.device), number)
        return set(first.values())

    # Feeds

    def check_feed(self, name: str, got: Sequence[dict[str, Any]]) -> int:
        """Each at least once, first ones in order; how many came again."""
        events = [(row.event_id, row.id) for row in self.events]
        steps = [(str(line.id), line.id) for line in self.entries]
        for kind, wanted in (("event", events), ("step", steps)):
            mine = [each for each in got if (each["type"] == "cn.gridwire.case.v1") == (kind == "step")]
            order = list(dict.fromkeys(int(each["sequence"]) for each in mine))
            ids = {each["id"].partition("-")[0] if kind == "step" else each["id"] for each in mine}
            self.wrong(f"{name}: {kind} lost", {text for text, _ in wanted} - ids)
            self.wrong(f"{name}: {kind} of nothing", ids - {text for text, _ in wanted})
            self.wrong(f"{name}: {kind} out of order", [] if order == sorted(order) else ["order"])
        return len(got) - len({(each["type"], each["sequence"]) for each in got})


LIGHTS = frozenset({"turned_yellow", "turned_red"})


def _kind_of(sent: Sent) -> str:
    """Of what becomes a case by itself."""
    if isinstance(sent.data, Request):
        return "request"
    return "sos" if isinstance(sent.data, Sos) else ""
