"""Who may do what (K1). A role is a word on a user; a route names the roles it serves."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    AGENT = "agent"
    LEADER = "leader"
    SUPERVISOR = "supervisor"
    DUTY_LEAD = "duty_lead"
    MANAGER = "manager"
    OPERATIONS = "operations"
    ENGINEER = "engineer"
    OFFICE = "office"
    SPOKESPERSON = "spokesperson"
    ADMIN = "admin"
    WALLBOARD = "wallboard"  # a screen on the wall: the live board without names and numbers


SEES_CALLERS = frozenset(Role) - {Role.WALLBOARD, Role.ENGINEER}
SEES_BOARD = frozenset(Role) - {Role.ENGINEER}
