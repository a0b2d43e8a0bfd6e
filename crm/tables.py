"""Every table, imported in one place: migrations and tests must not miss one."""

from crm import idempotency
from crm.agentlog import models as agentlog
from crm.callbacks import models as callbacks
from crm.callers import models as callers
from crm.calls import models as calls
from crm.clocks import models as clocks
from crm.database import Base
from crm.households import models as households
from crm.kinds import models as kinds
from crm.notices import models as notices
from crm.outbox import models as outbox
from crm.privacy import models as privacy
from crm.recordings import models as recordings
from crm.repairs import models as repairs
from crm.reports import models as reports
from crm.roster import models as roster
from crm.staff import agents_models as agents
from crm.staff import models as staff
from crm.tickets import models as tickets
from crm.webhooks import models as webhooks

__all__ = ["agentlog", "agents", "callbacks", "callers", "calls", "clocks", "households", "idempotency", "kinds", "notices",
           "outbox", "privacy", "recordings", "repairs", "reports", "roster", "staff", "tickets", "webhooks"]

METADATA = Base.metadata
