"""Uploads: kept, looked at once, shown, deleted."""

import httpx
import pytest

from tests.api.conftest import Running, enrolled, finished, uploaded, wait_for
from tests.api.scene_videos import scene_mp4


def test_an_upload_is_looked_at_shown_and_deleted(client: httpx.Client, service: Running) -> None:
    content = scene_mp4("a", {"face": 1})
    response = client.post("/v1/videos", files={"video": ("../../etc/pass wd\n.mp4", content)})
    assert response.status_code == 202
    job = finished(client, response.json())
    assert job["result"] == {"people": 1, "duration_s": 2.0}
    path = response.headers["location"]
    video = client.get(path).json()
    assert (video["name"], video["perceived"], video["size_bytes"]) == ("pass wd%0A.mp4", True, len(content))
    assert (video["width"], video["height"], video["duration_s"]) == (64, 64, 2.0)
    record = client.get(f"{path}/perception").json()
    assert len(record["tracks"]) == 1
    assert "vectors" not in str(record)
    frame = client.get(f"{path}/frames", params={"time_s": 1.0})
    assert frame.headers["content-type"] == "image/jpeg"
    assert client.get(f"{path}/frames", params={"time_s": 99}).status_code == 404
    part = client.get(f"{path}/content", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, content[:10])
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert list((service.home / "media").iterdir()) == []


def test_the_same_content_twice_is_two_uploads_and_one_look(client: httpx.Client) -> None:
    content = scene_mp4("twice", {"face": 1})
    first, second = uploaded(client, content), uploaded(client, content)
    assert first != second
    wait_for(lambda: client.get(f"/v1/videos/{second}").json()["perceived"])
    assert client.delete(f"/v1/videos/{first}").status_code == 204
    assert client.get(f"/v1/videos/{second}/perception").status_code == 200
    client.delete(f"/v1/videos/{second}")


def test_people_stay_enrolled_when_their_video_is_deleted(client: httpx.Client) -> None:
    content = scene_mp4("kept", {"face": 2})
    subject = enrolled(client, "Ada", content)
    for video in client.get("/v1/videos").json()["videos"]:
        assert client.delete(f"/v1/videos/{video['id']}").status_code == 204
    assert client.get(f"/v1/subjects/{subject['id']}").json()["state"] == "enrolled"
    video_id = uploaded(client, scene_mp4("later", {"face": 2}))
    asked = {"video": video_id, "messages": [{"role": "user", "content": "Is Ada here?"}]}
    assert client.post("/v1/chat", json=asked).json()["answer"].startswith("Yes")
    client.delete(f"/v1/subjects/{subject['id']}")
    client.delete(f"/v1/videos/{video_id}")


@pytest.mark.parametrize("path", ["", "/perception", "/frames?time_s=0", "/content"])
def test_an_unknown_video_is_not_found(client: httpx.Client, path: str) -> None:
    response = client.get(f"/v1/videos/nowhere{path}")
    assert response.status_code == 404
    assert response.json()["title"] == "Not found"
