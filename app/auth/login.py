"""/login: a browser shows a key once and gets a cookie that stands for it for some hours; and the icon."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.api.context import ServiceDep
from app.auth.cookies import COOKIE, Cookies
from app.auth.gate import PAGES
from storage import keys
from storage.keys import Key
from storage.schema import now

router = APIRouter(include_in_schema=False)

_PAGE = Path(__file__).with_name("login.html")
_ICON = Path(__file__).with_name("favicon.svg")
_CSP = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


@router.get("/")
async def first_page() -> RedirectResponse:
    """To the pages."""
    return RedirectResponse(f"{PAGES}/", 303)


@router.get("/favicon.ico")
async def icon() -> Response:
    """The mark that browsers show beside the title."""
    return Response(_ICON.read_bytes(), media_type="image/svg+xml", headers={"Cache-Control": "max-age=604800"})


@router.get("/login")
async def page() -> HTMLResponse:
    """The form."""
    return _form()


@router.post("/login")
async def log_in(request: Request, service: ServiceDep, key: Annotated[str, Form(max_length=200)]) -> Response:
    """Take the key, give the cookie."""

    def work() -> Key | None:
        with service.store.read() as session:
            return keys.find(session, key.strip())

    found = await service.run(work)
    if found is None or not found.valid(now()):
        return _form("The key is not known, or it has ended.", 401)
    cookies: Cookies = request.app.state.cookies
    response = RedirectResponse(f"{PAGES}/", 303)
    response.set_cookie(
        COOKIE,
        cookies.value(found.id),
        max_age=cookies.lasts_s,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/logout")
async def log_out() -> Response:
    """Let the cookie go."""
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _form(problem: str = "", status: int = 200) -> HTMLResponse:
    told = f'<p class="problem" role="alert">{problem}</p>' if problem else ""
    text = _PAGE.read_text(encoding="utf-8").replace("<!-- problem -->", told)
    return HTMLResponse(text, status, headers={"Content-Security-Policy": _CSP})
