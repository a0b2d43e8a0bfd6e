"""Every table, imported in one place: migrations and tests must not miss one."""

from crm import idempotency
from crm.agentlog import models as agentlog
from crm.bills import models as bills
from crm.callbacks import models as callbacks
from crm.callers import models as callers
from crm.callin import models as callin
from crm.calls import models as calls
from crm.clocks import models as clocks
from crm.complaints.letters import models as letters
from crm.database import Base
from crm.dialling import models as dialling
from crm.drills import models as drills
from crm.followups import models as followups
from crm.forecast import models as forecast
from crm.households import models as households
from crm.incidents import models as incidents
from crm.incidents.declared import models as emergencies
from crm.kinds import models as kinds
from crm.knowledge import models as knowledge
from crm.ledgers import models as ledgers
from crm.notices import models as notices
from crm.outages import models as outages
from crm.outbox import models as outbox
from crm.privacy import models as privacy
from crm.recordings import models as recordings
from crm.repairs import models as repairs
from crm.reports import models as reports
from crm.reports.schedules import models as report_schedules
from crm.requests import models as requests
from crm.roster import models as roster
from crm.shifts import models as shifts
from crm.staff import agents_models as agents
from crm.staff import models as staff
from crm.surge import models as surge
from crm.texts import models as texts
from crm.tickets import models as tickets
from crm.webhooks import models as webhooks

__all__ = ["agentlog", "agents", "bills", "callbacks", "callers", "callin", "calls", "clocks", "dialling", "drills", "emergencies",
           "followups", "forecast", "households", "idempotency", "incidents", "kinds", "knowledge", "ledgers", "letters", "notices",
           "outages", "outbox", "privacy", "recordings", "repairs", "report_schedules", "reports", "requests", "roster", "shifts",
           "staff", "surge", "texts", "tickets", "webhooks"]

METADATA = Base.metadata
