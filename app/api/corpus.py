"""/v1/corpus: list and remove sources of the corpus.

Adding is left to the command line: it reads folders of the machine, which no client is to name.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, Security

from app.api.context import ServiceDep, bearer, need
from app.api.problems import not_found
from app.api.schemas import CorpusOut, CorpusSourceOut
from pvchat.errors import CorpusError
from storage import corpus
from storage.corpus import CorpusSource
from storage.keys import Key

router = APIRouter(prefix="/v1/corpus", tags=["corpus"], dependencies=[Security(bearer)])


@router.get("")
async def list_sources(service: ServiceDep, _key: Annotated[Key, Depends(need("corpus:read"))]) -> CorpusOut:
    """What was added to the corpus with `pvchat corpus add`, oldest first: licences and numbers, no biometric data."""

    def work() -> list[CorpusSource]:
        with service.store.read() as session:
            return corpus.list_sources(session)

    return CorpusOut(sources=[CorpusSourceOut.of(source) for source in await service.run(work)])


@router.delete("/{source_id}", status_code=204)
async def remove(source_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("corpus:write"))]) -> Response:
    """Remove a source, its files' entries and their faces. The files themselves are left alone."""

    def work() -> None:
        # Identity is imported with it, which nobody else in this process needs.
        from pipelines.mine.removing import remove_source

        remove_source(service.store, source_id)

    try:
        await service.run(work)
    except CorpusError as error:
        raise not_found("source") from error
    return Response(status_code=204)
