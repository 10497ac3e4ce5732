"""The queue before the model: in order, bounded, and nobody's place is lost."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.api.waiting import QueueFullError, Turns


def test_turns_come_in_order_and_one_at_a_time() -> None:
    async def run() -> list[str]:
        turns, told, inside = Turns(10), [], 0

        async def one(name: str) -> None:
            nonlocal inside
            async with turns.turn():
                inside += 1
                assert inside == 1
                told.append(name)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(one(str(number)) for number in range(8)))
        return told

    assert asyncio.run(run()) == [str(number) for number in range(8)]


def test_more_than_may_wait_are_told_when_to_come_back() -> None:
    async def run() -> None:
        turns = Turns(2, typical_s=4.0)
        async with turns.turn():
            waiting = [asyncio.create_task(_take(turns)) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(QueueFullError) as full:
                async with turns.turn():
                    pass
            assert full.value.retry_after_s == 4
        await asyncio.gather(*waiting)
        assert (turns.waiting, turns.busy) == (0, False)

    asyncio.run(run())


def test_whoever_waits_for_something_else_first_counts_as_waiting() -> None:
    async def run() -> None:
        turns = Turns(1)
        with turns.aside():
            assert turns.waiting == 1
            with pytest.raises(QueueFullError), turns.aside():
                pass
            async with turns.turn():
                with pytest.raises(QueueFullError):
                    async with turns.turn():
                        pass
        assert turns.waiting == 0

    asyncio.run(run())


async def _take(turns: Turns) -> None:
    async with turns.turn():
        await asyncio.sleep(0)


def test_an_error_in_a_turn_passes_it_on() -> None:
    async def run() -> None:
        turns = Turns(2)
        with pytest.raises(ValueError, match="inside"):
            async with turns.turn():
                raise ValueError("inside")
        async with turns.turn():
            assert turns.busy

    asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["come", "leave", "step"]), max_size=30))
def test_whoever_leaves_and_when_the_last_one_finds_the_queue_free(steps: list[str]) -> None:
    async def run() -> None:
        turns, tasks = Turns(100), []
        for step in steps:
            if step == "come":
                tasks.append(asyncio.create_task(_take(turns)))
            elif step == "leave" and tasks:
                tasks[len(tasks) // 2].cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (turns.waiting, turns.busy) == (0, False)

    asyncio.run(run())
