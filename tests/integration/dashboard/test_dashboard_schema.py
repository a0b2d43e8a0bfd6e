"""Whatever is sent to the API, it answers as its own description says, and never with a fault of its own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hotline.own_redis import Redis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from wall.orders import OrdersReader
from wall.rig import DashboardThread, signed_in

from callcenter.roles import Role
from callcenter.settings import Settings

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def manager(rig: tuple[Redis, Settings, DashboardThread]) -> Iterator[httpx.Client]:
    with OrdersReader(rig[0].url), signed_in(rig[2].url, Role.ADMIN) as client:
        yield client


def test_the_api_keeps_to_its_description(manager: httpx.Client) -> None:
    schema = schemathesis.openapi.from_dict(manager.get("/openapi.json").json())
    schema.config.update(base_url=str(manager.base_url))
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 10
    for operation in operations:
        if operation.label == "DELETE /api/v1/session":
            continue  # it would sign the others out
        _hold(manager, operation)


def _hold(manager: httpx.Client, operation: schemathesis.APIOperation) -> None:
    @given(case=st.one_of(operation.as_strategy(schemathesis.GenerationMode.POSITIVE),
                          operation.as_strategy(schemathesis.GenerationMode.NEGATIVE)))
    @settings(max_examples=25, deadline=None, database=None, phases=[Phase.generate, Phase.explicit],
              suppress_health_check=list(HealthCheck))
    def hold(case: schemathesis.Case) -> None:
        case.call_and_validate(cookies=dict(manager.cookies), checks=CHECKS)

    hold()
