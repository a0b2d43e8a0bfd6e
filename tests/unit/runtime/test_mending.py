"""Whatever the guard can tell of, `doctor` says what to do about it."""

from __future__ import annotations

import pytest

from callcenter.runtime.mending import MENDS, mend
from callcenter.site.outages import COMPONENTS


@pytest.mark.rule("C2")
def test_every_kind_of_outage_has_a_way_to_mend_it() -> None:
    assert COMPONENTS.keys() <= MENDS.keys()
    assert mend("call_in_letters").startswith("read `sixring logs call_in_letters`")
