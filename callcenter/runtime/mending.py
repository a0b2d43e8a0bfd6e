"""What to do about each part that can be out: `doctor` says it. Words for whoever stands before the machine, with no other help."""

from __future__ import annotations

from typing import Final

_HANGS: Final = "If it hangs: kill -9 its pid, it starts again"
MENDS: Final[dict[str, str]] = {
    "asterisk": f"read `sixring logs asterisk`. If it ends again and again: undo the last change of the site file. {_HANGS}",
    "ami": "read `sixring logs acd` for `ami_link_down`; after a change of secrets `sixring up`. Calls go on meanwhile",
    "trunk": "the carrier's box: power, cable; then ring the carrier (`outages.vendors`), who can divert the number meanwhile",
    "network": "router and switch: power, cable; then the provider. `outages.network` names the hosts that were asked",
    "agi": f"read `sixring logs agi`; calls go on without names and PINs meanwhile. {_HANGS}",
    "acd": f"read `sixring logs acd` for `loop_failed`; phones ring on meanwhile. {_HANGS}",
    "crm": f"read `sixring logs crm` for `step_failed`, `thread_failed`; the journal waits in its files. {_HANGS}",
    "dashboard": f"read `sixring logs dashboard`; phones work, and sign in with *11. {_HANGS}",
    "redis": "read `sixring logs redis`; a Redis by URL: is it there, is the password right? Pages stand still, calls do not",
    "database": "SQLite: is the disk full, is the file whole (`sixring restore FILE --try` of the last backup)? PostgreSQL: "
                "does it run, can it be reached, is its disk full? The journal waits in its files",
    "disk": "lower `retention.recordings_days` (`sixring retention --dry-run` counts), move old backups (`outages.backup.folder`). "
            "Delete nothing below asterisk/log: it is the journal",
    "recordings": "is the disk full, may Asterisk's user write there (`permissions`)? Then `sixring logs asterisk`",
    "seats": "one phone: the agent takes another seat. All of them: the switch, the network, the proxy before the browsers",
    "backup": "`sixring outage backup` makes one now and says what fails; read `sixring logs guard`",
    "guard": "read `sixring logs guard`; nobody is told of outages meanwhile",
    "surge": "read `sixring logs crm`; the tier stays as it is: raise it by hand if need be",
}


def mend(component: str) -> str:
    return MENDS.get(component, f"read `sixring logs {component}`, or `sixring logs crm` where it is a part of that")
