"""Who hears of calls of our own accord, by purpose: a line each."""

from __future__ import annotations

from callcenter.site import Site
from crm.callin.calling import PURPOSE, CallingIn
from crm.dialling.schemas import Purposes
from crm.incidents.declared import broadcast, dialled


def purposes(site: Site) -> Purposes:
    return {
        PURPOSE: CallingIn(site).heard,
        broadcast.PURPOSE: dialled.heard,
    }
