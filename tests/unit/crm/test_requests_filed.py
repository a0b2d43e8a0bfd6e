"""Where what an employee says goes in a ticket of a kind (I5)."""

from __future__ import annotations

import pytest

from crm.kinds.schema import HandIn
from crm.requests.rules import Filed, Said, filed, in_their_words
from crm.tickets.errors import Fault

SAID = Said("漏水", "3-1-502", "王小明", "13900001234")
WHOLE = HandIn(words="what", place="where", contact="whom", urgency="speed")


@pytest.mark.rule("I5", part="what an employee says, in a ticket of its kind")
def test_each_thing_said_goes_into_its_field_and_what_has_none_into_the_notes() -> None:
    assert filed(WHOLE, SAID) == Filed({"what": "漏水", "where": "3-1-502", "whom": "王小明"}, None)
    assert filed(HandIn(words="what"), SAID) == Filed({"what": "漏水"}, "3-1-502\n王小明")
    assert filed(HandIn(words="what", contact="whom"), Said("漏水", "3-1-502")) == Filed({"what": "漏水"}, "3-1-502")
    assert filed(WHOLE, Said("x", "y", urgency="urgent")).fields["speed"] == "urgent"
    assert filed(HandIn(words="what"), Said("x", "y", urgency="urgent")).faults == (Fault("urgency", "unknown_field"),)


def test_faults_are_told_by_the_names_that_who_hands_in_knows() -> None:
    given = [Fault("what", "too_long"), Fault("speed", "missing"), Fault("category", "no_option")]
    assert in_their_words(WHOLE, given) == [
        Fault("words", "too_long"), Fault("urgency", "missing"), Fault("category", "no_option")]
