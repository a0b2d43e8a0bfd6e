"""Every router of the API, a line each, in the order of its description."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from dashboard import sessions
from dashboard.api import (
    agents,
    audit,
    callbacks,
    calls,
    clocks,
    contact_log,
    figures,
    floor,
    floor_calls,
    floor_lead,
    floor_phone,
    followups,
    followups_figures,
    followups_plans,
    health,
    households,
    households_files,
    households_merge,
    households_people,
    incidents,
    kinds,
    notices,
    nuisance,
    people,
    recordings,
    reveal,
    tickets,
    tickets_files,
    tickets_hands,
    users,
    webhooks,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    sessions.router,
    calls.router,
    contact_log.router,
    incidents.router,      # /tickets/known comes before /tickets/{ticket_id}
    tickets.router,
    tickets_hands.router,
    tickets_files.router,
    followups_plans.router,
    followups_figures.router,
    followups.router,
    clocks.router,
    notices.router,
    kinds.router,
    figures.router,
    health.router,
    agents.router,
    agents.seats,
    floor.router,
    floor_calls.router,
    floor_lead.router,
    floor_phone.router,
    nuisance.router,
    callbacks.router,
    recordings.router,
    recordings.sounds,
    reveal.router,
    people.router,
    users.router,
    audit.router,
    households_files.router,
    households_merge.router,
    households.router,
    households_people.router,
    webhooks.router,
)
