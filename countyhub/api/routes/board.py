"""The notice board of a box: what its terminal shows and prints. The roster of grid workers is not touched here."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from countyhub.api.call import Call
from countyhub.api.problems import Conflict
from countyhub.api.route import Route
from countyhub.api.routes.boxes import BoxPath, check_box
from countyhub.api.shapes import PLAIN, Input, Output, Time
from countyhub.downlink import notices
from countyhub.downlink.notices import BoardTooLarge
from gridwire.identifiers import END, new_ulid
from gridwire.messages import Answer, Board, Notice


class NoticeIn(Input, frozen=True, kw_only=True):
    """A notice."""

    id: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9A-Za-z._-]{1,64}" + END)] | UnsetType,
        Meta(description="the id that it has already, or your own; without it it is given one"),
    ] = UNSET
    title: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN, description="its heading")]
    text: Annotated[str, Meta(max_length=8000, pattern=PLAIN, description="its text, plain")] = ""
    expires: Annotated[Time | None, Meta(description="from then on it is not shown; null: until taken down")] = None


class AnswerIn(Input, frozen=True, kw_only=True):
    """An answer that waits for a resident."""

    receipt: Annotated[
        str, Meta(pattern=r"^[0-9A-Z._-]{1,32}" + END, description="number on the receipt, as it is printed")
    ]
    text: Annotated[str, Meta(min_length=1, max_length=4000, pattern=PLAIN, description="what the resident is told")]


class BoardIn(Input, frozen=True, kw_only=True):
    """The whole of it: what is not named here is taken down."""

    notices: Annotated[tuple[NoticeIn, ...], Meta(max_length=100, description="in the order in which they are shown")]
    answers: Annotated[
        Annotated[tuple[AnswerIn, ...], Meta(max_length=500)] | UnsetType,
        Meta(description="without it answers stay as they are"),
    ] = UNSET
    expected: Annotated[
        Annotated[int, Meta(ge=0, le=2**53 - 1)] | UnsetType,
        Meta(description="the revision that was seen, as If-Match says it too"),
    ] = UNSET


class NoticeView(Output, frozen=True, kw_only=True):
    """A notice."""

    id: str
    title: str
    text: str
    expires: Time | None


class AnswerView(Output, frozen=True, kw_only=True):
    """An answer that waits; who may ask for it by card is not told."""

    receipt: str
    text: str


class BoardView(Output, frozen=True, kw_only=True):
    """The board, as it is sent to the box."""

    revision: Annotated[int, Meta(description="rises with every change; 0: there was never a board")]
    at_box: Annotated[int, Meta(description="the revision that the box said to have when it last connected")]
    notices: tuple[NoticeView, ...]
    answers: tuple[AnswerView, ...]
    workers: Annotated[int, Meta(description="grid workers whom the terminal knows")]


async def one(call: Call, *, path: BoxPath) -> BoardView:
    """The board of a box. Its revision is its ETag."""
    async with call.store.read() as connection:
        await check_box(call, connection, path.box)
        board = await notices.read(connection, path.box)
        at_box = await notices.revision_at_box(connection, path.box)
    return _view(call, board, at_box)


async def put(call: Call, *, path: BoxPath, body: BoardIn) -> BoardView:
    """Makes the board what is given. The hub sends it within seconds, or when the box is there again. With `If-Match`
    or `expected` nothing is done when somebody else has changed the board meanwhile.
    """
    async with call.store.read() as connection:
        await check_box(call, connection, path.box)
        at_box = await notices.revision_at_box(connection, path.box)
    expected = None if body.expected is UNSET else body.expected

    def edit(board: Board) -> Board:
        call.check_version(board.revision, expected)
        shown = tuple(_notice(each) for each in body.notices)
        answers = board.answers if body.answers is UNSET else tuple(_answer(each, board) for each in body.answers)
        return msgspec.structs.replace(board, notices=shown, answers=answers)

    return _view(call, await notices.change(call.store, path.box, edit), at_box)


def _notice(given: NoticeIn) -> Notice:
    return Notice(
        id=new_ulid() if given.id is UNSET else given.id, title=given.title, text=given.text, expires=given.expires
    )


def _answer(given: AnswerIn, board: Board) -> Answer:
    """Who may ask for it by card stays as it was."""
    person = next((each.person for each in board.answers if each.receipt == given.receipt), "")
    return Answer(receipt=given.receipt, person=person, text=given.text)


def _view(call: Call, board: Board, at_box: int) -> BoardView:
    call.version(board.revision)
    return BoardView(
        revision=board.revision,
        at_box=at_box,
        notices=tuple(NoticeView(id=n.id, title=n.title, text=n.text, expires=n.expires) for n in board.notices),
        answers=tuple(AnswerView(receipt=each.receipt, text=each.text) for each in board.answers),
        workers=len(board.workers),
    )


ROUTES = (
    Route(method="GET", path="/boxes/{box}/board", call=one, scope="board:read", tag="board", versioned=True,
          zh="查看公示栏", en="A notice board"),
    Route(method="PUT", path="/boxes/{box}/board", call=put, scope="board:write", tag="board", versioned=True,
          conditional=True,
          problems=(Conflict, BoardTooLarge), zh="更新公示栏", en="Change a notice board"),
)  # fmt: skip
