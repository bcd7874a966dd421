"""The one table of the loop: every act, from where to where, who may do it, and what must hold.

docs/reference/lifecycle.md is printed from it. A row is all there is about an act: a button, an API call and the hub's
own steps all go through it. `who` is a relation to the case, not a role, and a target is an office: what both mean
stands in `guards`. Before a close the page shows signals that came after the feedback, which no row can know:
`countyhub.web.cases.newsignals`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from countyhub.lifecycle import effects, guards
from countyhub.lifecycle.effects import Effect
from countyhub.lifecycle.guards import Need, When, Who
from countyhub.lifecycle.state import OPEN, Stage
from gridwire.problem import Both

_WAITING: Final[frozenset[Stage]] = frozenset({"filed", "reported"})
_WITH_SOMEBODY: Final[frozenset[Stage]] = frozenset({"filed", "reported", "assigned", "handling"})
_REGISTERED: Final[frozenset[Stage]] = OPEN - {"found"}


class Row(NamedTuple):
    """One act. `to`: a stage; "stays"; or "as_before", the stage before it was merged.

    `while_suspended`: possible although the case is suspended.
    """

    name: Both
    since: frozenset[Stage]
    to: Stage | Literal["stays", "as_before"]
    who: tuple[Who, ...]
    when: tuple[When, ...] = ()
    needs: tuple[Need, ...] = ()
    effect: Effect = effects.nothing
    while_suspended: bool = False


TABLE: Final = MappingProxyType(
    {
        "register": Row(
            Both("备案", "register"), frozenset({"found"}), "filed", ("route", "hub"), effect=effects.register
        ),
        "classify": Row(
            Both("分类", "classify"),
            _WITH_SOMEBODY | {"feedback"},
            "stays",
            ("owner", "above"),
            (guards.unclassified,),
            (guards.category,),
            effects.classify,
        ),
        "settle": Row(
            Both("即收即办", "settle at once"),
            _WAITING,
            "closed",
            ("owner",),
            (guards.on_the_spot,),
            (guards.text, guards.authority),
            effects.close,
        ),
        "pass_up": Row(
            Both("上报", "pass up"),
            _WAITING,
            "reported",
            ("owner",),
            (guards.somebody_above,),
            (guards.text,),
            effects.pass_up,
        ),
        "assign": Row(
            Both("交办", "assign"),
            _WAITING | {"assigned"},
            "assigned",
            ("owner",),
            (guards.somebody_below,),
            (guards.target,),
            effects.assign,
        ),
        "begin": Row(
            Both("处置", "begin to handle"),
            _WAITING | {"assigned"},
            "handling",
            ("owner",),
            (guards.may_be_handled_here,),
            effect=effects.begin,
        ),
        "give_back": Row(
            Both("退单", "give back"),
            frozenset({"assigned"}),
            "reported",
            ("owner",),
            (guards.returned_less_than_twice,),
            (guards.text,),
            effects.give_back,
        ),
        "feed_back": Row(
            Both("反馈", "feed back"),
            frozenset({"handling", "feedback"}),
            "feedback",
            ("owner",),
            (guards.feedback_open,),
            (guards.text,),
            effects.feed_back,
        ),
        "redo": Row(
            Both("退回重办", "have it done again"),
            frozenset({"feedback"}),
            "handling",
            ("owner",),
            needs=(guards.text,),
            effect=effects.redo,
        ),
        "close": Row(
            Both("办结", "close"),
            frozenset({"feedback"}),
            "closed",
            ("owner",),
            (guards.all_fed_back, guards.decided_above_if_proxy),
            (guards.text, guards.authority),
            effects.close,
        ),
        "rework": Row(
            Both("返工", "open again"),
            frozenset({"closed"}),
            "handling",
            ("resident", "front"),
            (guards.within_seven_days,),
            (guards.text,),
            effects.rework,
        ),
        "archive": Row(
            Both("归档", "archive"),
            frozenset({"closed"}),
            "archived",
            ("owner", "above", "hub"),
            (guards.seven_days_over,),
        ),
        "ask_pause": Row(
            Both("申请挂起", "ask for suspension"),
            _WITH_SOMEBODY,
            "stays",
            ("owner",),
            (guards.not_paused,),
            (guards.text,),
            effects.ask_pause,
        ),
        "agree_pause": Row(
            Both("同意挂起", "agree to suspension"),
            _WITH_SOMEBODY,
            "stays",
            ("upper",),
            (guards.pause_asked,),
            effect=effects.agree_pause,
        ),
        "refuse_pause": Row(
            Both("不同意挂起", "refuse suspension"),
            _WITH_SOMEBODY,
            "stays",
            ("upper",),
            (guards.pause_asked,),
            (guards.text,),
            effects.refuse_pause,
        ),
        "resume": Row(
            Both("恢复", "resume"),
            _WITH_SOMEBODY,
            "stays",
            ("owner", "upper", "above"),
            (guards.is_paused,),
            effect=effects.resume,
            while_suspended=True,
        ),
        "escalate": Row(
            Both("升级", "escalate"),
            _WITH_SOMEBODY,
            "reported",
            ("owner", "above", "hub"),
            (guards.somebody_above, guards.over_if_hub),
            (guards.text,),
            effects.escalate,
        ),
        "reassign": Row(
            Both("改派", "reassign"),
            _WITH_SOMEBODY,
            "assigned",
            ("above",),
            needs=(guards.target, guards.text),
            effect=effects.reassign,
        ),
        "supervise": Row(
            Both("督办", "supervise"),
            _REGISTERED | {"merged"},
            "stays",
            ("above", "watch"),
            needs=(guards.text,),
            effect=effects.supervise,
            while_suspended=True,
        ),
        "meet": Row(
            Both("达成时限", "meet a limit"),
            _REGISTERED,
            "stays",
            ("owner",),
            needs=(guards.clock, guards.text),
            effect=effects.meet,
        ),
        "note": Row(
            Both("批注", "note"),
            _REGISTERED | {"merged", "closed"},
            "stays",
            ("owner", "above", "front"),
            needs=(guards.text,),
            while_suspended=True,
        ),
        "ledger_step": Row(
            Both("登记台账", "a step of the ledger"),
            _REGISTERED | {"closed"},
            "stays",
            ("village",),
            (guards.in_a_ledger, guards.steps_left),
            (guards.step,),
            effects.ledger_step,
            while_suspended=True,
        ),
        "void": Row(
            Both("误报", "void"),
            _WITH_SOMEBODY | {"found"},
            "void",
            ("owner", "above"),
            needs=(guards.text,),
            effect=effects.close,
            while_suspended=True,
        ),
        "withdraw": Row(
            Both("撤销", "withdraw"),
            frozenset({"filed"}),
            "void",
            ("hub",),
            (guards.of_a_machine, guards.no_children),
            (guards.text,),
            effects.close,
        ),
        "merge": Row(
            Both("并案", "merge"),
            _WITH_SOMEBODY,
            "merged",
            ("owner", "above", "hub"),
            (guards.no_children,),
            (guards.parent,),
            effects.merge,
            while_suspended=True,
        ),
        "split": Row(
            Both("撤销并案", "split off"),
            frozenset({"merged"}),
            "as_before",
            ("owner", "above", "hub"),
            needs=(guards.text,),
            effect=effects.split,
        ),
        "adopt": Row(
            Both("并入他案", "take in a case"),
            _REGISTERED,
            "stays",
            ("hub",),
            needs=(guards.new_child,),
            effect=effects.adopt,
            while_suspended=True,
        ),
        "release": Row(
            Both("移出并案", "let a case go"),
            _REGISTERED | {"closed"},
            "stays",
            ("hub",),
            needs=(guards.known_child,),
            effect=effects.release,
            while_suspended=True,
        ),
        "close_with_parent": Row(
            Both("随主案办结", "close with the parent"),
            frozenset({"merged"}),
            "closed",
            ("hub",),
            effect=effects.close,
        ),
        "void_with_parent": Row(
            Both("随主案误报", "void with the parent"),
            frozenset({"merged"}),
            "void",
            ("hub",),
            effect=effects.close,
        ),
    }
)

PEOPLES: Final = tuple(name for name, row in TABLE.items() if row.who != ("hub",))
"""The acts of people; the others the hub does by itself."""
