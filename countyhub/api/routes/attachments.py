"""Files on cases: pictures and documents, judged by what they are, and given back to be saved, never to be run."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from countyhub.api.call import Call
from countyhub.api.problems import NotFound
from countyhub.api.route import Blob, Route, Upload
from countyhub.api.routes.caseviews import CasePath, Number, look
from countyhub.api.shapes import PLAIN, Input, Output, RowId
from countyhub.cases import attaching
from countyhub.cases.refusals import AttachmentEmpty, AttachmentKind, AttachmentTooLarge, TooManyAttachments
from countyhub.lifecycle.refusals import NotYours, Refused, WrongStage
from countyhub.lifecycle.state import Actor

MEDIA = ("image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf")


class FileQuery(Input, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=PLAIN, description="name of the file")]


class FilePath(Input, frozen=True, kw_only=True):
    number: Number
    attachment: Annotated[RowId, Meta(description="id of the attachment")]


class AttachedView(Output, frozen=True, kw_only=True):
    """A file that the case has now."""

    id: int
    media_type: Annotated[str, Meta(description="by what it is, whatever its name says")]
    sha256: str
    is_new: Annotated[bool, Meta(description="false: the case had the very same file already")]


async def add(call: Call, *, path: CasePath, query: FileQuery, body: Upload) -> AttachedView:
    """Adds a picture (JPEG, PNG, WebP, GIF) or a PDF of at most 8 MiB: the bytes are the body. Who may write a note
    may add a file; a machine's token may add to what it sees.
    """
    async with call.store.read() as connection:
        await look(call, connection, path.number)
    call.headers.pop("etag", None)
    actor = call.actor if call.token.person else Actor(call.who, "machine")
    found = await attaching.attach(call.store, call.book, path.number, query.name, body.data, actor, call.now)
    if isinstance(found, Refused):
        raise found
    call.headers["location"] = f"/api/1/cases/{path.number}/attachments/{found.id}"
    return AttachedView(id=found.id, media_type=found.media_type, sha256=found.sha256, is_new=found.is_new)


async def one(call: Call, *, path: FilePath) -> Blob:
    """A file as it was added."""
    async with call.store.read() as connection:
        await look(call, connection, path.number)
        found = await attaching.read_attachment(connection, path.number, path.attachment)
    call.headers.pop("etag", None)
    if found is None:
        raise NotFound(what="attachment 附件")
    info, data = found
    return Blob(data, info.media_type, etag=info.sha256, file_name=info.name)


ROUTES = (
    Route(method="POST", path="/cases/{number}/attachments", call=add, scope="cases:open", tag="cases", status=201,
          takes=MEDIA, max_bytes=attaching.MAX_BYTES,
          problems=(AttachmentKind, AttachmentEmpty, AttachmentTooLarge, TooManyAttachments, NotYours, WrongStage),
          zh="添加附件", en="Add a file"),
    Route(method="GET", path="/cases/{number}/attachments/{attachment}", call=one, scope="cases:read", tag="cases",
          media=MEDIA, zh="下载附件", en="A file"),
)  # fmt: skip
