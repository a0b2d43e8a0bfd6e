"""Who may be sent a report: nobody is sent what they could not ask for themselves. Of what is in it nothing is known here."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.site import Site
from crm.households.models import Estate
from crm.reports.shelf.service import Asked
from crm.staff.models import User


def users_for(session: Session, names: Collection[str], asked: Asked) -> list[str]:
    """Active ones of the report's roles who see all of its estates."""
    roles, estates = {role.value for role in asked.report.roles}, asked.ask.estates
    return [user.name for user in session.scalars(select(User).where(User.name.in_(names), User.active).order_by(User.name))
            if roles & set(user.roles) and (user.estates is None or (estates is not None and estates <= set(user.estates)))]


def robots_for(session: Session, site: Site, ids: Collection[str], asked: Asked) -> list[str]:
    """Of the site file; those that are of some estates get what is of no other."""
    known = site.estate_ids
    of = None if asked.ask.estates is None else {
        known.get(name) for name in session.scalars(select(Estate.name).where(Estate.id.in_(asked.ask.estates)))}
    return [robot.id for robot in site.notices.robots
            if robot.id in ids and (not robot.estates or (of is not None and of <= set(robot.estates)))]
