"""What `doctor` says of the ways out of the house: which are on, and whether each has the secret that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from callcenter.runtime.findings import Bad, Finding, Good
from callcenter.settings import Settings
from callcenter.site.load import SiteErrors, load_site
from callcenter.site.schema import Site


def letters(settings: Settings) -> Iterator[Finding]:
    try:
        site = load_site(settings.site_file)
        kept = settings.secrets()
    except (SiteErrors, OSError, ValueError):
        return      # `site file` and `permissions` say so; before the first start there are no secrets
    for way, names in _ways(site):
        missing = [name for name in names if not kept.get(name)]
        if missing:
            yield Bad(f"{way} has no secret {', '.join(missing)}: nothing goes out there",
                      f'add "{missing[0]}": "…" to {settings.secrets_file}')
        else:
            yield Good(way)
    if site.texts is None:
        yield Good("texts to households are off: the site file has no `texts`")


def _ways(site: Site) -> Iterator[tuple[str, tuple[str, ...]]]:
    mail = site.notices.mail
    if mail is not None:
        yield f"mail by {mail.host}", ("smtp",) if mail.user else ()
    for robot in site.notices.robots:
        yield f"robot {robot.id}", (f"robot-{robot.id}", *((f"robot-{robot.id}-sign",) if robot.signed else ()))
    if site.texts is not None:
        yield f"texts by {site.texts.url.partition('?')[0]}", ("texts",)
