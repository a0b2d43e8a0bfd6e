"""The Python client that `sixring client` writes: made, put where Python finds it, and used on a dashboard that runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner
from wall.rig import PASSWORD

from callcenter.cli.app import app
from callcenter.roles import Role

WORKS = textwrap.dedent("""
    import json, sys
    from sixring_client import Client
    from sixring_client.api.session import sessions_current, sessions_sign_in
    from sixring_client.api.webhooks import webhooks_change_webhook, webhooks_list_webhooks, webhooks_subscribe
    from sixring_client.models import Credentials, NewWebhook, Problem, WebhookChange

    url, name, password = sys.argv[1:]
    said = {}
    with Client(base_url=url, raise_on_unexpected_status=True) as client:
        said["before"] = sessions_current.sync(client=client).code
        said["name"] = sessions_sign_in.sync(client=client, body=Credentials(name=name, password=password)).name
        wanted = NewWebhook(url="https://hooks.example/", events=["ticket.*"])
        first, again = (webhooks_subscribe.sync(client=client, body=wanted, idempotency_key="client-1") for _ in range(2))
        said["once"] = first == again
        for _ in range(4):
            webhooks_subscribe.sync(client=client, body=wanted)
        seen, cursor = [], None
        while True:
            page = webhooks_list_webhooks.sync(client=client, limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [hook.webhook_id for hook in page.items]
            cursor = page.next_
            if cursor is None:
                break
        said["pages"] = seen == sorted(set(seen)) and len(seen) == 5
        change = dict(client=client, webhook_id=first.webhook.webhook_id, body=WebhookChange(active=False))
        said["changed"] = webhooks_change_webhook.sync(**change, if_match='"1"').disabled_because
        late = webhooks_change_webhook.sync(**change, if_match='"1"')
        assert isinstance(late, Problem)
        said["late"] = late.code
    print(json.dumps(said))
""")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that Python looks into."""
    folder = tmp_path_factory.mktemp("client")
    made = CliRunner().invoke(app, ["client", "--out", str(folder / "sixring_client"), "--package-only"])
    assert made.exit_code == 0, made.output
    return folder


def test_the_client_signs_in_asks_once_turns_pages_and_is_told_of_changes(package: Path, url: str) -> None:
    done = subprocess.run([sys.executable, "-c", WORKS, url, Role.ADMIN.value, PASSWORD], cwd=package, capture_output=True,
                          text=True, check=False, env=os.environ | {"PYTHONPATH": str(package)})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"before": "unauthenticated", "name": "admin", "once": True, "pages": True,
                                       "changed": "by_hand", "late": "changed"}


def test_it_has_every_operation_of_the_description(package: Path) -> None:
    described = subprocess.run([sys.executable, "-m", "dashboard", "describe"], capture_output=True, check=True)
    operations = {operation["operationId"] for methods in json.loads(described.stdout)["paths"].values()
                  for operation in methods.values()}
    written = {path.stem for path in (package / "sixring_client/api").rglob("*.py")} - {"__init__"}
    assert operations == written
    assert len(operations) > 100


def test_it_does_not_write_over_a_folder(package: Path) -> None:
    refused = CliRunner().invoke(app, ["client", "--out", str(package)])
    assert refused.exit_code == 2
