"""The hub's HTTP interface for other programs, `/api/1/…`: one table of routes, from which the OpenAPI page is made.

Who calls shows a token, which says what it is for (scopes) and what it may see (area); both hold in the queries.
"""
