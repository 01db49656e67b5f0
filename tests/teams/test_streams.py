import asyncio

import pytest

from benchmarks.streams import open_page, web

pytestmark = pytest.mark.django_db(transaction=True)


def test_more_pages_are_open_than_there_are_connections_to_the_database(signed_in) -> None:
    async def visit(port: int) -> None:
        cookie = signed_in.cookies["sessionid"].value
        pages = [await asyncio.wait_for(open_page(port, cookie), 9) for _ in range(25)]
        for _, writer in pages:
            writer.close()

    with web() as (port, _):
        asyncio.run(visit(port))
