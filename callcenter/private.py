"""Kinds of personal data, as the site file's `privacy` and every mask name them."""

from __future__ import annotations

from enum import StrEnum


class Private(StrEnum):
    PHONE = "phone"
    NAME = "name"
    EMAIL = "email"
    ID_NUMBER = "id_number"
    ROOM = "room"            # where somebody lives: the desk works by it, so its mask leaves it as it is
    TEXT = "text"            # free text, in which numbers and addresses may stand
    FIELD = "field"          # whatever else a kind's form marks private: nothing of it is shown
