"""/v1/keys: make, list and revoke API keys."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, Security

from app.api.context import ServiceDep, bearer, need
from app.api.problems import Problem, not_found
from app.api.schemas import KeyIn, KeyOut, KeysOut, NewKeyOut
from app.auth import scopes
from storage import keys
from storage.keys import Key
from storage.schema import now

router = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[Security(bearer)])


@router.post("", status_code=201, responses={409: {}})
async def make(body: KeyIn, service: ServiceDep, key: Annotated[Key, Depends(need("keys:write"))]) -> NewKeyOut:
    """Make a key; it is shown this once. A key can be given no scope that the asking key lacks."""
    wanted = scopes.check(body.scopes)
    if missing := sorted(set(wanted) - set(key.scopes)):
        raise Problem(403, "The key may not do this", f"your own key has no {', '.join(missing)}")
    if body.expires_at is not None and body.expires_at <= now():
        raise Problem(409, "The key would have ended", "expires_at lies in the past; give a later moment, or none")

    def work() -> tuple[str, Key]:
        with service.store.write() as session:
            return keys.make(session, name=body.name, scopes=wanted, expires_at=body.expires_at)

    secret, made = await service.run(work)
    return NewKeyOut(**KeyOut.of(made).model_dump(), key=secret)


@router.get("")
async def list_keys(service: ServiceDep, _key: Annotated[Key, Depends(need("keys:write"))]) -> KeysOut:
    """All keys, oldest first; never the keys themselves."""

    def work() -> list[Key]:
        with service.store.read() as session:
            return keys.list_all(session)

    return KeysOut(keys=[KeyOut.of(item) for item in await service.run(work)])


@router.delete("/{key_id}", status_code=204)
async def revoke(key_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("keys:write"))]) -> Response:
    """End a key, within seconds."""

    def work() -> bool:
        with service.store.write() as session:
            return keys.revoke(session, key_id)

    if not await service.run(work):
        raise not_found("key")
    return Response(status_code=204)
