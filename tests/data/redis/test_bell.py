from contextvars import copy_context

import pytest
from django.db import transaction
from redis import Redis

from data.redis import bell


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("looks", [True, False, None])
def test_a_shift_that_looks_by_itself_needs_no_bell_for_what_it_leaves(valkey: Redis, looks: bool | None) -> None:
    def leave_one() -> None:
        bell.answer_with(None if looks is None else lambda: looks)
        with transaction.atomic():
            bell.ring_for_one()

    copy_context().run(leave_one)
    assert valkey.llen(bell.BELL) == (0 if looks else 1)
