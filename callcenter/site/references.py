"""What the types cannot say: names that must exist, numbers that must be unique."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from callcenter.site.schema import Choice, QueueConfig, Site
from callcenter.yamlfile import Broken


def broken_references(site: Site) -> list[Broken]:
    """(where, problem, what would be right) for each; none when the file holds together."""
    checks = (
        _doubles,
        _queues,
        _menus,
        _numbers,
        _agents,
        _estates,
        _offices,
        _notices,
        _surge,
        _posture,
    )
    return [broken for check in checks for broken in check(site)]


def _doubles(site: Site) -> Iterator[Broken]:
    lists: dict[str, list[str]] = {
        "seats": [seat.seat for seat in site.seats],
        "queues": [queue.id for queue in site.queues],
        "menus": [menu.id for menu in site.menus],
        "numbers": [number.number for number in site.numbers],
        "estates": [estate.id for estate in site.estates],
        "teams": [team.id for team in site.teams],
        "agents": [agent.code for agent in site.agents],
        "departments": [department.id for department in site.departments],
        "posture.extra_seats": list(site.posture.extra_seats),
        "posture.evacuation.numbers": list(site.posture.evacuation.numbers),
        "notices.robots": [robot.id for robot in site.notices.robots],
    }
    users = Counter(agent.user for agent in site.agents if agent.user)
    for place, agent in enumerate(site.agents):
        if agent.user and users[agent.user] > 1:
            yield ("agents", place, "user"), f"{agent.user} is there {users[agent.user]} times", "a user is one agent"
    for name, ids in lists.items():
        counted = Counter(ids)
        for place, ident in enumerate(ids):
            if counted[ident] > 1:
                yield (*name.split("."), place), f"{ident} is there {counted[ident]} times", "make it unique"
    taken = {seat.seat for seat in site.seats}
    for place, number in enumerate(site.numbers):
        if number.number in taken:
            yield ("numbers", place, "number"), f"{number.number} is also a seat", "choose another number"


def _queues(site: Site) -> Iterator[Broken]:
    seats = {seat.seat for seat in site.seats}
    for place, queue in enumerate(site.queues):
        for field in ("seats", "backup"):
            for index, seat in enumerate(getattr(queue, field)):
                if seat not in seats:
                    yield ("queues", place, field, index), f"no seat {seat}", f"one of {', '.join(sorted(seats))}"
        for seat in set(queue.seats) & set(queue.backup):
            yield ("queues", place, "backup"), f"{seat} is a primary seat of this queue too", "name it once"
        yield from _chain(site, queue, place)


def _chain(site: Site, queue: QueueConfig, place: int) -> Iterator[Broken]:
    kinds = {seat.seat: seat.kind for seat in site.seats}
    for index, seat in enumerate(queue.backup):
        if site.free_seating and kinds.get(seat) == "primary":
            yield (("queues", place, "backup", index), f"{seat} is a primary seat: it rings only while somebody is signed in",
                   "name a seat of kind backup or leader")
    for index, stage in enumerate(queue.chain or ()):
        where = ("queues", place, "chain", index)
        if stage.to == "backup" and not (queue.backup or site.free_seating):
            yield (*where, "to"), "this queue has no backup seats", "add `backup`, or leave this stage out"
        if stage.to == "teams" and queue.press:
            yield (*where, "to"), "nobody but a spokesperson answers the press", "backup or outside"
        if any(earlier.to == stage.to and _meet(earlier.when, stage.when) for earlier in (queue.chain or ())[:index]):
            yield (*where, "to"), f"{stage.to} is there already at that time", "once each, or with another `when`"
    numbers = {number.number for number in site.numbers}
    for index, stage in enumerate(queue.chain or ()):
        for at, number in enumerate(stage.numbers):
            if number in numbers:
                yield (("queues", place, "chain", index, "numbers", at), f"{number} is the hotline itself",
                       "a number outside")


def _meet(one: str, other: str) -> bool:
    return "always" in (one, other) or one == other


def _menus(site: Site) -> Iterator[Broken]:
    for place, menu in enumerate(site.menus):
        for key, choice in menu.keys.items():
            yield from _choice(site, choice, ("menus", place, "keys", key))
        yield from _choice(site, menu.silent, ("menus", place, "silent"))
        if menu.silent.repeat or menu.silent.language:
            yield ("menus", place, "silent"), "must end the menu", "give queue, menu, prompt or message"


def _choice(site: Site, choice: Choice, where: tuple[int | str, ...]) -> Iterator[Broken]:
    queues = {queue.id for queue in site.queues}
    menus = {menu.id for menu in site.menus}
    if choice.queue and choice.queue not in queues:
        yield (*where, "queue"), f"no queue {choice.queue}", f"one of {', '.join(sorted(queues))}"
    if choice.menu and choice.menu not in menus:
        yield (*where, "menu"), f"no menu {choice.menu}", f"one of {', '.join(sorted(menus))}"


def _numbers(site: Site) -> Iterator[Broken]:
    menus = {menu.id for menu in site.menus}
    for place, number in enumerate(site.numbers):
        for field in ("menu", "night_menu"):
            name = getattr(number, field)
            if name and name not in menus:
                yield ("numbers", place, field), f"no menu {name}", f"one of {', '.join(sorted(menus))}"


def _agents(site: Site) -> Iterator[Broken]:
    queues = {queue.id for queue in site.queues}
    teams = {team.id for team in site.teams}
    estates = {estate.id for estate in site.estates}
    seats = {seat.seat for seat in site.seats}
    for place, agent in enumerate(site.agents):
        if agent.code in seats:
            yield ("agents", place, "code"), f"{agent.code} is also a seat", "choose another code"
        for skill in agent.skills:
            if skill not in queues:
                yield ("agents", place, "skills", skill), f"no queue {skill}", f"one of {', '.join(sorted(queues))}"
        if agent.team is not None and agent.team not in teams:
            yield ("agents", place, "team"), f"no team {agent.team}", f"one of {', '.join(sorted(teams))}"
        for index, estate in enumerate(agent.estates):
            if estate not in estates:
                yield ("agents", place, "estates", index), f"no estate {estate}", f"one of {', '.join(sorted(estates))}"
    for place, department in enumerate(site.departments):
        if department.seat and department.seat not in seats:
            yield ("departments", place, "seat"), f"no seat {department.seat}", f"one of {', '.join(sorted(seats))}"


def _estates(site: Site) -> Iterator[Broken]:
    """Lists of households name them: a name means one."""
    meant: dict[str, str] = {}
    for place, estate in enumerate(site.estates):
        for name in estate.names:
            if meant.setdefault(name, estate.id) != estate.id:
                yield ("estates", place), f"{name} is {meant[name]} already", "give each estate names of its own"


def _offices(site: Site) -> Iterator[Broken]:
    departments = {department.id for department in site.departments}
    right = f"one of {', '.join(sorted(departments))}" if departments else "add it to `departments`"
    named: list[tuple[tuple[str | int, ...], str | None]] = [(("office",), site.office)]
    named += [(("estates", place, "office"), estate.office) for place, estate in enumerate(site.estates)]
    for where, office in named:
        if office is not None and office not in departments:
            yield where, f"no department {office}", right


def _notices(site: Site) -> Iterator[Broken]:
    estates = {estate.id for estate in site.estates}
    places = [*((("robots", place), robot.estates) for place, robot in enumerate(site.notices.robots)),
              *((("mail", "to", place), to.estates) for place, to in enumerate(site.notices.mail.to if site.notices.mail else ()))]
    for place, named in places:
        for index, estate in enumerate(named):
            if estate not in estates:
                yield ("notices", *place, "estates", index), f"no estate {estate}", f"one of {', '.join(sorted(estates))}"


def _surge(site: Site) -> Iterator[Broken]:
    """What is under control crosses no threshold, or a surge would come and go for ever."""
    policy, control = site.surge, site.surge.under_control
    key = ("surge", "under_control")
    if policy.waiting.enabled and control.waiting > policy.waiting.above:
        yield (*key, "waiting"), "is more than what declares a surge", f"at most surge.waiting.above, {policy.waiting.above}"
    if policy.longest_wait.enabled and control.longest_wait > policy.longest_wait.above:
        yield ((*key, "longest_wait"), "is more than what declares a surge",
               f"at most surge.longest_wait.above, {policy.longest_wait.above}")
    if control.service_level is not None and policy.service_level.enabled and control.service_level < policy.service_level.below:
        yield ((*key, "service_level"), "is less than what declares a surge",
               f"at least surge.service_level.below, {policy.service_level.below}")


def _posture(site: Site) -> Iterator[Broken]:
    kinds = {seat.seat: seat.kind for seat in site.seats}
    for place, seat in enumerate(site.posture.extra_seats):
        if kinds.get(seat, "primary") == "primary":
            always = sorted(number for number, kind in kinds.items() if kind != "primary")
            yield (("posture", "extra_seats", place), f"{seat} is no seat that rings with nobody signed in",
                   f"a backup or leader's seat: {', '.join(always) or 'there is none'}")
    for place, number in enumerate(site.posture.evacuation.numbers):
        if number in {own.number for own in site.numbers}:
            yield ("posture", "evacuation", "numbers", place), f"{number} is the hotline itself", "a number outside"
