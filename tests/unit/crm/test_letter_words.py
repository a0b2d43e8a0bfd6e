"""What a ticket's fields say in a letter."""

from __future__ import annotations

from datetime import UTC

import pytest
from jinja2 import UndefinedError

from callcenter.site.parts import Words
from crm.complaints.letters.templates import fill
from crm.complaints.letters.words import RATINGS, as_words
from crm.followups.survey import SCORES
from crm.kinds.schema import FieldRule, FieldType


def test_a_rating_is_called_in_a_letter_what_it_is_called_in_a_survey() -> None:
    """1 is satisfied: the other way round the house would write to who was satisfied that they were not."""
    rule = FieldRule(name=Words(zh="评价", en="Rating"), type=FieldType.RATING)
    assert len(RATINGS["zh"]) == 3
    for language, names in RATINGS.items():
        for score, name in names.items():
            assert SCORES[name] == score
            assert as_words(rule, score, "zh" if language == "zh" else "en", UTC) == name


def test_a_text_that_no_check_let_through_ends_with_an_error() -> None:
    with pytest.raises(UndefinedError):
        fill("{{ number.date }}", {"number": "1"})
