"""Who hears of calls of our own accord, by purpose: a line each."""

from __future__ import annotations

from callcenter.site import Site
from crm.dialling.schemas import Purposes
from crm.incidents.declared import broadcast, dialled


def purposes(site: Site) -> Purposes:  # noqa: ARG001 - of those that come
    return {broadcast.PURPOSE: dialled.heard}
