"""/login: a browser shows a key once and gets a cookie that stands for it for some hours."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.api.context import ServiceDep
from app.auth.gate import COOKIE, Cookies
from storage import keys
from storage.keys import Key
from storage.schema import now

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PVChat: log in</title>
<style>
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }}
body {{ min-height: 100vh; margin: 0; display: grid; place-items: center; }}
main {{ width: min(22rem, 90vw); }}
label, input, button {{ display: block; width: 100%; box-sizing: border-box; font: inherit; }}
input, button {{ margin-top: .5rem; padding: .6rem .8rem; border-radius: .5rem; border: 1px solid #7a8290; }}
button {{ margin-top: 1rem; border: 0; background: #1f5f5b; color: #fff; cursor: pointer; }}
p.problem {{ color: #b3261e; }}
@media (prefers-color-scheme: dark) {{ p.problem {{ color: #f2b8b5; }} }}
</style>
</head>
<body>
<main>
<h1>PVChat</h1>
{problem}
<form method="post" action="/login">
<label for="key">API key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Log in</button>
</form>
</main>
</body>
</html>
"""
_CSP = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


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
        return _form("The key is not known, or has ended.", 401)
    cookies: Cookies = request.app.state.cookies
    response = RedirectResponse("/", 303)
    response.set_cookie(
        COOKIE,
        cookies.value(found.id),
        max_age=round(cookies.lasts_s),
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
    return HTMLResponse(_PAGE.format(problem=told), status, headers={"Content-Security-Policy": _CSP})
