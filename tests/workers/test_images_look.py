"""What a host tells of its images, while its engine comes and goes."""

import asyncio

from airut.errors import EngineUnavailable
from airut.models.hosts.image import BuiltImage
from workers.images_look import ImagesLook


async def test_what_is_known_is_what_the_engine_said_last() -> None:
    answers: list[tuple[BuiltImage, ...] | EngineUnavailable] = [(), EngineUnavailable("nothing listens"), ()]
    seen = list[tuple[BuiltImage, ...] | None]()

    async def ask() -> tuple[BuiltImage, ...]:
        seen.append(look.found)
        if not answers:
            await asyncio.Event().wait()
        if isinstance(answer := answers.pop(0), EngineUnavailable):
            raise answer
        return answer

    look = ImagesLook(ask, every=0)
    async with look.going_on():
        while len(seen) < 4:
            await asyncio.sleep(0)
    assert seen == [None, (), None, ()]


async def test_a_host_without_containers_knows_none() -> None:
    look = ImagesLook(None)
    async with look.going_on():
        assert look.found is None
