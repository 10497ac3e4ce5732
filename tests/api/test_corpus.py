"""The corpus over the API: listed without paths, removed with all its faces; nothing adds to it."""

import httpx
import numpy as np

from storage import corpus, corpus_faces
from storage.corpus import NewFace, NewItem
from storage.store import Store
from tests.api.conftest import Running


def add(service: Running, name: str) -> str:
    vector = np.zeros(4, np.float32)
    vector[0] = 1.0
    face = NewFace(0.0, 0.0, 0.0, (0.0, 0.0, 1.0, 1.0), 0.9, 0.9, 1, vector)
    with Store.open(service.home) as store, store.write() as session:
        source = corpus.add_source(session, name=name, path=f"/private/{name}", licence="CC0", added_by="me")
        noted = NewItem(f"/private/{name}/a.png", name, 1, 1, "picture", "indexed", "engine", faces=[face])
        corpus.save_items(session, source, [noted])
    return source


def test_sources_are_listed_without_their_paths_and_removed(client: httpx.Client, service: Running) -> None:
    kept, gone = add(service, "one"), add(service, "two")
    response = client.get("/v1/corpus")
    listed = {source["id"]: source for source in response.json()["sources"]}
    assert (listed[gone]["name"], listed[gone]["licence"], listed[gone]["faces"]) == ("two", "CC0", 1)
    assert "/private" not in response.text
    assert client.delete(f"/v1/corpus/{gone}").status_code == 204
    assert client.delete(f"/v1/corpus/{gone}").status_code == 404
    assert [source["id"] for source in client.get("/v1/corpus").json()["sources"]] == [kept]
    with Store.open(service.home) as store, store.read() as session:
        assert corpus_faces.stamp(session, "engine")[0] == 1


def test_nothing_adds_over_the_api(client: httpx.Client) -> None:
    assert client.post("/v1/corpus", json={"path": "/etc"}).status_code == 405


def test_reading_keys_may_not_remove(service: Running) -> None:
    source = add(service, "three")
    with service.client(service.make_key("corpus:read")) as client:
        assert client.get("/v1/corpus").status_code == 200
        assert client.delete(f"/v1/corpus/{source}").status_code == 403
