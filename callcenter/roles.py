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
    EMPLOYEE = "employee"    # 员工, a guard, a cleaner: hands in requests for households and nothing else (I5)
    WALLBOARD = "wallboard"  # a screen on the wall: the live board without names and numbers


STAFF = frozenset(Role) - {Role.WALLBOARD, Role.EMPLOYEE}      # who works with what the desk has
SEES_CALLERS = STAFF - {Role.ENGINEER}
SEES_BOARD = frozenset(Role) - {Role.ENGINEER, Role.EMPLOYEE}
