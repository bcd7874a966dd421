"""The hub's HTTP interface for other programs, `/api/1/…`: one table of routes, from which the OpenAPI page is made.

Who calls shows a token, which says what it is for (scopes) and what it may see (area); both hold in the queries.

which routes there are → `table`, one file a thing `routes`; one row → `route`
a request's way → `server`; who is let in → `door`, `tokens`, `scopes`, how often `ratelimit`
what it says → `reading`, what it may see → `call`
the same request twice → `idempotency`; what can be wrong → `problems`; the OpenAPI page → `openapi`
from a page of ours, and which address → `origin`, `peer`
"""
