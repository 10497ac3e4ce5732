"""Questions over HTTP: turns, streams, errors, and what OpenAI clients expect."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI, UnprocessableEntityError

from tests.api.conftest import Running, enrolled, start, uploaded, wait_for
from tests.api.scene_videos import scene_mp4


@pytest.fixture(scope="module")
def maria(service: Running) -> Iterator[dict[str, Any]]:
    """Maria is enrolled; `video` shows her and a stranger."""
    with service.client() as client:
        subject = enrolled(client, "Maria", scene_mp4("m", {"face": 1}))
        yield {**subject, "video": uploaded(client, scene_mp4("ask", {"face": 1}, {"face": 2, "x": 0.2}))}


def ask(client: httpx.Client, video: str, *texts: str, **more: Any) -> httpx.Response:
    turns = [{"role": "user" if i % 2 == 0 else "assistant", "content": text} for i, text in enumerate(texts)]
    return client.post("/v1/chat", json={"video": video, "messages": turns, **more})


def test_a_follow_up_means_whom_the_conversation_is_about(client: httpx.Client, maria: dict[str, Any]) -> None:
    response = ask(client, maria["video"], "Is Maria here?", "Yes, Maria.", "What is she wearing?")
    assert response.json()["evidence"][0]["subject"] == "Maria"


def test_people_can_be_named_by_id(client: httpx.Client, maria: dict[str, Any]) -> None:
    answer = ask(client, maria["video"], "Who is here?", subjects=[maria["id"]]).json()
    assert [item["subject"] for item in answer["evidence"]] == ["Maria"]
    assert answer["unknown_people"] == 1
    frame = client.get(answer["evidence"][0]["keyframe"])
    assert frame.headers["content-type"] == "image/jpeg"


def test_a_stream_ends_with_the_checked_answer(client: httpx.Client, maria: dict[str, Any]) -> None:
    turns = [{"role": "user", "content": "Is Maria here?"}]
    with client.stream("POST", "/v1/chat", json={"video": maria["video"], "messages": turns, "stream": True}) as got:
        lines = [line for line in got.iter_lines() if line]
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert kinds[-1] == "answer"
    assert "draft" in kinds
    assert json.loads(lines[-1].removeprefix("data: "))["answer"] == "Yes, Maria."


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"video": "nowhere"}, 404),
        ({"messages": []}, 422),
        ({"messages": [{"role": "assistant", "content": "Hello."}]}, 422),
        ({"messages": [{"role": "user", "content": " "}]}, 422),
        ({"messages": [{"role": "user", "content": "x" * 9000}]}, 422),
        ({"subjects": ["Nobody"]}, 404),
        ({"unknown": True}, 422),
    ],
)
def test_what_cannot_be_asked_is_a_problem(
    client: httpx.Client, maria: dict[str, Any], change: dict[str, Any], status: int
) -> None:
    body = {"video": maria["video"], "messages": [{"role": "user", "content": "Is Maria here?"}], **change}
    response = client.post("/v1/chat", json=body)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def openai(service: Running) -> OpenAI:
    return OpenAI(base_url=f"{service.url}/v1", api_key=service.key, max_retries=0)


def parts(url: str, text: str = "Is Maria here?") -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}, {"type": "video_url", "video_url": {"url": url}}]


def test_an_openai_client_gets_answer_usage_and_evidence(service: Running, maria: dict[str, Any]) -> None:
    model = openai(service).models.list().data[0].id
    done = openai(service).chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": parts(f"pvchat://video/{maria['video']}")}],  # type: ignore[list-item]
        extra_body={"subjects": ["Maria"], "fps": 2, "max_frames": 32},
    )
    assert done.choices[0].message.content == "Yes, Maria."
    assert done.choices[0].finish_reason == "stop"
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens
    extra: Any = done.model_extra
    assert extra["pvchat"]["evidence"][0]["state"] == "present"


def test_an_openai_client_streams(service: Running, maria: dict[str, Any]) -> None:
    chunks = list(
        openai(service).chat.completions.create(
            model="pvchat-nano",
            messages=[{"role": "user", "content": parts(f"pvchat://video/{maria['video']}")}],  # type: ignore[list-item]
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "Yes, Maria."
    assert chunks[-1].usage is not None


def test_a_data_url_is_a_video(service: Running, maria: dict[str, Any]) -> None:
    content = scene_mp4("data", {"face": 1})
    url = f"data:video/mp4;base64,{base64.b64encode(content).decode()}"
    ids = []
    for _ in range(2):
        done = openai(service).chat.completions.create(
            model="pvchat-nano",
            messages=[{"role": "user", "content": parts(url)}],  # type: ignore[list-item]
        )
        assert done.choices[0].message.content == "Yes, Maria."
        extra: Any = done.model_extra
        ids.append(extra["pvchat"]["video"])
    # The same video sent again is not kept twice.
    assert ids[0] == ids[1]


def test_errors_reach_an_openai_client(service: Running, maria: dict[str, Any]) -> None:
    create = openai(service).chat.completions.create
    video = parts(f"pvchat://video/{maria['video']}")
    with pytest.raises(NotFoundError, match="no model"):
        create(model="gpt-9", messages=[{"role": "user", "content": video}])  # type: ignore[list-item]
    with pytest.raises(UnprocessableEntityError, match="video_url"):
        create(model="pvchat-nano", messages=[{"role": "user", "content": "Is Maria here?"}])
    with pytest.raises((BadRequestError, UnprocessableEntityError)):
        create(model="pvchat-nano", messages=[{"role": "user", "content": parts("data:nonsense")}])  # type: ignore[list-item]


def test_a_full_queue_answers_429(tmp_path: Any) -> None:
    running, stop = start(tmp_path / "home", chat_waiting=1)
    try:
        with running.client() as client:
            enrolled(client, "Maria", scene_mp4("m", {"face": 1}))
            video = uploaded(client, scene_mp4("slow", {"face": 1}))
            wait_for(lambda: client.get(f"/v1/videos/{video}").json()["perceived"])
        turns = running.app.state.service.turns
        statuses: list[int] = []

        def one() -> None:
            with running.client() as client:
                response = ask(client, video, "Is Maria here, take your time?")
                statuses.append(response.status_code)
                if response.status_code == 429:
                    assert int(response.headers["retry-after"]) >= 1

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
            time.sleep(0.2)
        for thread in threads:
            thread.join()
        assert statuses.count(200) == 2
        assert statuses.count(429) == 2
        assert (turns.waiting, turns.busy) == (0, False)
    finally:
        stop()


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_frees_its_place(
    client: httpx.Client, service: Running, maria: dict[str, Any], stream: bool
) -> None:
    queue = service.app.state.service.turns
    turns = [{"role": "user", "content": "Is Maria here, take your time?" * 5}]
    body = {"video": maria["video"], "messages": turns, "stream": stream}
    if stream:
        with client.stream("POST", "/v1/chat", json=body) as response:
            next(response.iter_lines())
    else:
        with service.client(timeout=0.5) as impatient, pytest.raises(httpx.ReadTimeout):
            impatient.post("/v1/chat", json=body)
    wait_for(lambda: not queue.busy, seconds=1.2)
    assert ask(client, maria["video"], "Is Maria here?").status_code == 200


def test_a_worker_killed_mid_answer_is_a_clear_error_and_comes_back(
    client: httpx.Client, service: Running, maria: dict[str, Any]
) -> None:
    began = time.monotonic()
    response = ask(client, maria["video"], "Is Maria here? kill yourself")
    assert response.status_code == 503
    assert response.headers["retry-after"]
    wait_for(lambda: client.get("/readyz").status_code == 200, seconds=20)
    assert ask(client, maria["video"], "Is Maria here?").json()["answer"] == "Yes, Maria."
    assert time.monotonic() - began < 60


def test_several_videos_are_one_conversation(client: httpx.Client, maria: dict[str, Any]) -> None:
    other = uploaded(client, scene_mp4("other", {"face": 3}), "garden.mp4")
    turns = [{"role": "user", "content": "In which of these is Maria?"}]
    answer = client.post("/v1/chat", json={"videos": [other, maria["video"]], "messages": turns}).json()
    assert answer["answer"] == "Maria is in clip.mp4, but not in garden.mp4."
    assert [(item["video"], item["state"]) for item in answer["evidence"]] == [
        (other, "absent"),
        (maria["video"], "present"),
    ]
    assert maria["video"] in answer["evidence"][1]["keyframe"]
    turns += [{"role": "assistant", "content": answer["answer"]}, {"role": "user", "content": "And in the first one?"}]
    again = client.post("/v1/chat", json={"videos": [other, maria["video"]], "messages": turns}).json()
    assert [item["video"] for item in again["evidence"]] == [other]


@pytest.mark.parametrize("change", [{"video": "x", "videos": ["x"]}, {"videos": []}, {}, {"videos": ["x"] * 9}])
def test_a_conversation_is_about_one_video_or_a_list(client: httpx.Client, change: dict[str, Any]) -> None:
    response = client.post("/v1/chat", json={"messages": [{"role": "user", "content": "Is Maria here?"}], **change})
    assert response.status_code == 422


def test_an_openai_client_asks_about_several_videos(service: Running, maria: dict[str, Any]) -> None:
    with service.client() as client:
        other = uploaded(client, scene_mp4("third", {"face": 4}), "street.mp4")
    asked = [
        *parts(f"pvchat://video/{other}", "Which videos show Maria?"),
        parts(f"pvchat://video/{maria['video']}")[1],
    ]
    done = openai(service).chat.completions.create(
        model="pvchat-nano",
        messages=[{"role": "user", "content": asked}],  # type: ignore[list-item]
    )
    assert done.choices[0].message.content == "Maria is in clip.mp4, but not in street.mp4."
    extra: Any = done.model_extra
    assert extra["pvchat"]["videos"] == [other, maria["video"]]
