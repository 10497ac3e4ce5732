"""`pvchat keys`: API keys, made and ended by whoever has the data folder."""

from datetime import timedelta
from typing import Annotated

import typer

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@app.command("make")
def make(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    scope: Annotated[list[str] | None, typer.Option("--scope", help="What it may do; repeat. Default: all.")] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, help="When it expires. Default: never.")] = None,
) -> None:
    """Make a key and show it, this once."""
    from app.auth import scopes
    from app.cli import terminal
    from pvchat.paths import home_dir
    from storage import keys
    from storage.schema import now
    from storage.store import Store

    wanted = scopes.check(scope or scopes.EVERYTHING)
    expires_at = None if days is None else now() + timedelta(days=days)
    with Store.open(home_dir()) as store, store.write() as session:
        secret, _ = keys.make(session, name=name, scopes=wanted, expires_at=expires_at)
    terminal.out().print(secret, soft_wrap=True, highlight=False)


@app.command("list")
def list_all() -> None:
    """List the keys; never the keys themselves."""
    from app.cli import terminal
    from pvchat.paths import home_dir
    from storage import keys
    from storage.store import Store

    with Store.open(home_dir()) as store, store.read() as session:
        found = keys.list_all(session)
    console = terminal.out()
    for key in found:
        ended = "revoked" if key.revoked_at else f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "no end"
        console.print(
            f"{key.id}  {key.prefix}...  {key.name}  ({ended}; {', '.join(key.scopes)})",
            soft_wrap=True,
            highlight=False,
        )


@app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="As `pvchat keys list` shows it.")]) -> None:
    """End a key."""
    from app.auth.scopes import ScopeError
    from pvchat.paths import home_dir
    from storage import keys
    from storage.store import Store

    with Store.open(home_dir()) as store, store.write() as session:
        if not keys.revoke(session, key_id):
            raise ScopeError(f"there is no key {key_id}; run: pvchat keys list")
