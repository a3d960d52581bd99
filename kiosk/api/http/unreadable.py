"""What no handler ever sees, since it is no HTTP: the answer is ours all the same, and says nothing of what came."""

from __future__ import annotations

from typing import cast

from aiohttp import web

from kiosk.api.http.problems import BadRequest, Internal, problem

SERVER = "kiosk"


class Protocol(web.RequestHandler):
    """aiohttp's, but for its errors: those name its version and repeat the bytes that it could not read."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A problem of ours; logged, and raised where an answer has begun, as the base does it."""
        super().handle_error(request, status, exc, message)
        answer = problem(cast(web.Request, request), BadRequest() if status < 500 else Internal())
        answer.headers["Server"] = SERVER
        answer.force_close()
        return answer
