"""Who may do what (K1): a line a route, for a reviewer to read. The application is asked by test_authorisation.py.

A route without a line fails there, and so does a line that is not what the application answers. The third word says what
becomes of estates:
    -      nothing in it belongs to an estate
    rows   who is bound to estates gets the rows of these, and of none
    one    what is of another estate is 404, whoever asks; as if it were not there
    …*     the ticket's kind (crm/kinds/shipped), or whose it is, says further who of these may: it may answer 403 or 404
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from callcenter.roles import Role
from desk.emergency_rules import EMERGENCIES
from desk.storm_rules import STORM

GROUPS = {
    "everybody": "agent leader supervisor duty_lead manager operations engineer office spokesperson admin employee wallboard",
    "staff": "agent leader supervisor duty_lead manager operations engineer office spokesperson admin",
    "board": "agent leader supervisor duty_lead manager operations office spokesperson admin wallboard",
    "desk": "agent leader supervisor duty_lead manager admin",
    "callers": "agent leader supervisor duty_lead manager",
    "leads": "leader supervisor duty_lead manager admin",
    "supervises": "supervisor duty_lead manager admin",
    "staffing": "supervisor manager admin",
    "money": "leader supervisor duty_lead manager office",
    "desks_leads": "leader supervisor duty_lead manager office admin",
    "roster": "leader supervisor duty_lead manager office admin",
    "surge": "leader supervisor duty_lead manager",
    "drills": "supervisor duty_lead manager",
    "board_staff": "agent leader supervisor duty_lead manager operations office spokesperson admin",
    "leading": "leader supervisor duty_lead manager",
    "works": "agent leader supervisor duty_lead manager operations engineer office",
    "faults": "leader supervisor duty_lead manager operations engineer admin",
}
RULES = """
    GET    /session                              everybody           -
    DELETE /session                              everybody           -
    GET    /health                               staff               -

    GET    /calls                                desk                rows
    GET    /calls/{call_id}                      desk                one
    GET    /calls/{call_id}/recording            desk                one
    POST   /calls/{call_id}/reveal               callers             one
    GET    /recordings                           desk                rows
    GET    /recordings?ticket_id={ticket_id}     desk                one
    GET    /recordings?household_id={household}  desk                one
    GET    /recordings/{call_id}/waveform        desk                one
    GET    /recordings/{call_id}/notes           desk                one
    POST   /recordings/{call_id}/notes           desk                one
    DELETE /recordings/{call_id}/notes/{note_id} leads               one
    POST   /recordings/{call_id}/export          leads               one
    PUT    /recordings/{call_id}/greeting        leads               one*
    GET    /contact-log                          desk                rows
    PATCH  /contact-log/{entry_id}               desk                one
    POST   /contact-log/{entry_id}/reveal        callers             one
    POST   /contact-log/visits                   desk                -

    GET    /tickets                              staff               rows*
    POST   /tickets                              staff               -*
    GET    /tickets/{ticket_id}                  staff               one*
    GET    /tickets/{ticket_id}/timeline         staff               one*
    PATCH  /tickets/{ticket_id}                  staff               one*
    POST   /tickets/{ticket_id}/move             staff               one*
    POST   /tickets/{ticket_id}/notes            staff               one*
    POST   /tickets/{ticket_id}/reveal           staff               one*
    GET    /tickets/{ticket_id}/people           staff               one*
    PUT    /tickets/{ticket_id}/assignee         staff               one*
    POST   /tickets/{ticket_id}/owner/offer      staff               one*
    POST   /tickets/{ticket_id}/owner/accept     staff               one*
    POST   /tickets/{ticket_id}/owner/decline    staff               one*
    POST   /tickets/{ticket_id}/department       staff               one*
    POST   /tickets/{ticket_id}/department/answer staff              one*
    PUT    /tickets/{ticket_id}/parent           staff               one*
    GET    /tickets/known?household_id={household} staff             one
    PUT    /tickets/{ticket_id}/known            staff               one*
    GET    /tickets/{ticket_id}/calls            staff               one*
    POST   /tickets/{ticket_id}/calls            staff               one*
    GET    /requests                             staff employee      rows
    POST   /requests                             staff employee      -
    GET    /requests/form                        staff employee      -
    GET    /requests/figures                     leads               rows
    GET    /requests/{request_id}                staff employee      one
    GET    /followups/tasks                      desk                -
    GET    /followups/tasks/{task_id}            desk                -
    POST   /followups/tasks/{task_id}/unblock    leads               -
    POST   /followups/claim                      callers             -
    POST   /followups/claims/{claim_id}/release  callers             -
    POST   /followups/claims/{claim_id}/result   callers             -
    POST   /followups/surveys                    staffing            -
    GET    /followups/figures                    leads               -
    GET    /followups/figures/rows               leads               -
    GET    /followups/plans                      leads               -
    POST   /followups/plans                      staffing            -
    GET    /followups/plans/{plan_id}            leads               -
    PUT    /followups/plans/{plan_id}            staffing            -
    GET    /followups/plans/{plan_id}/picks      leads               -
    GET    /tickets/{ticket_id}/attachments      staff               one*
    POST   /tickets/{ticket_id}/attachments      staff               one*
    GET    /tickets/{ticket_id}/attachments/{attachment_id} staff    -*
    GET    /tickets/{ticket_id}/clocks           staff               one*
    GET    /repairs/engineers                    desk office         -
    GET    /repairs/orders                       staff               rows*
    GET    /repairs/steps                        desks_leads         rows
    POST   /repairs/steps/{step_id}/dealt        money               one
    GET    /repairs/figures                      leads office        -
    GET    /repairs/figures/rows                 leads office        rows
    GET    /repairs/prices?all=true              staff               rows
    POST   /repairs/prices                       staffing            -
    POST   /repairs/prices/import                staffing            -
    GET    /repairs/prices/export                staffing            rows
    GET    /repairs/{ticket_id}                  staff               one*
    GET    /repairs/{ticket_id}/proposal         desk office         one
    POST   /repairs/{ticket_id}/dispatch         staff               one*
    POST   /repairs/{ticket_id}/take-back        staff               one*
    POST   /repairs/{ticket_id}/grade            money               one
    POST   /repairs/{ticket_id}/rework           staff               one*
    POST   /repairs/{ticket_id}/steps            staff               one*
    POST   /repairs/{ticket_id}/files            staff               one*
    POST   /repairs/{ticket_id}/charges          money               one
    DELETE /repairs/{ticket_id}/charges/{charge_id} money            one
    POST   /repairs/{ticket_id}/settlements      money               one
    POST   /repairs/{ticket_id}/settlements/{settlement_id}/reverse money one
    GET    /roster/skills                        staff               -
    PUT    /roster/skills/{skill}                staffing            -
    PUT    /roster/people/{name}/skills          roster              -
    GET    /roster/shifts                        staff               rows
    POST   /roster/shifts                        roster              -
    GET    /roster/shifts/{shift_id}             staff               one
    PATCH  /roster/shifts/{shift_id}             roster              one
    DELETE /roster/shifts/{shift_id}             roster              one
    POST   /roster/import                        roster              -
    GET    /roster/leave                         staff               -
    POST   /roster/leave                         roster              -
    DELETE /roster/leave/{leave_id}              roster              -
    GET    /roster/on-duty                       staff               rows

    GET    /tickets/{ticket_id}/letters          staff               one*
    POST   /tickets/{ticket_id}/letters          staff               one*
    GET    /letters/{letter_id}                  staff               one*
    PATCH  /letters/{letter_id}                  staff               one*
    GET    /letters/{letter_id}/print            staff               one*
    POST   /letters/{letter_id}/approve          staff               one*
    POST   /letters/{letter_id}/sent             staff               one*
    POST   /letters/{letter_id}/withdraw         staff               one*
    GET    /letters/templates                    staff               -*
    POST   /letters/templates                    staff               -*
    POST   /letters/templates/{template_id}/approve staff            -*
    GET    /complaints/report?month=2026-11      leads               -
    GET    /complaints/rows                      leads               -
    GET    /complaints/record?from=2026-11-01&to=2026-11-30 leads    -
    GET    /complaints/record/mine?from=2026-11-01&to=2026-11-30 staff -
    GET    /complaints/record/rows               leads               -
    GET    /ledgers/vacant-flats                 desk office engineer rows
    GET    /clocks                               staff               -*
    GET    /clocks/promises                      staff               -*
    GET    /clocks/on-time                       leads operations    -
    GET    /notices                              staff               -
    POST   /notices/{notice_id}/acknowledge      staff               -
    GET    /kinds                                staff               -
    GET    /kinds/{kind}                         staff               -*
    GET    /kinds/{kind}/versions/{version}      staff               -*
    PUT    /kinds/{kind}                         manager admin       -

    GET    /callbacks?all=true                   desk                rows
    POST   /callbacks/{callback_id}/cancel       leads               one
    POST   /callbacks/{callback_id}/reveal       callers             one

    GET    /households                           desk                rows
    POST   /households                           leads               -
    GET    /households/places                    desk                rows
    GET    /households/tags                      desk                -
    PUT    /households/tags/{code}               staffing            -
    GET    /households/{household_id}            desk                one
    GET    /households/{household_id}/history    desk                one
    GET    /households/{household_id}/texts      desk                one
    PATCH  /households/{household_id}            leads               one
    POST   /households/{household_id}/reveal     callers             one
    POST   /households/{household_id}/people     leads               one
    PATCH  /households/{household_id}/people/{person_id} leads       one
    POST   /households/{household_id}/people/{person_id}/end leads   one
    POST   /households/{household_id}/people/{person_id}/numbers leads one
    POST   /households/{household_id}/people/{person_id}/consents leads one
    DELETE /households/{household_id}/people/{person_id}/consents/{what} leads one
    PUT    /households/{household_id}/people/{person_id}/do-not-call leads one
    DELETE /households/{household_id}/people/{person_id}/do-not-call leads one
    PATCH  /households/{household_id}/numbers/{number_id} leads      one
    DELETE /households/{household_id}/numbers/{number_id} leads      one
    GET    /households/{household_id}/merges     staffing            one
    POST   /households/import                    staffing            -
    POST   /households/export                    staffing            -
    GET    /households/doubles                   staffing            -
    POST   /households/doubles/apart             staffing            -
    GET    /households/merge                     staffing            -
    POST   /households/merge                     staffing            -
    POST   /households/merges/{merge_id}/undo    staffing            -

    POST   /people/{person_id}/erase             manager admin       one

    GET    /nuisance                             desk                -
    POST   /nuisance/reports                     desk                -
    POST   /nuisance                             leads               -
    POST   /nuisance/{treatment_id}/lift         leads               -
    POST   /nuisance/{treatment_id}/reveal       callers             -

    GET    /figures                              board               -
    GET    /figures?by=estate                    leads               rows
    GET    /figures/rows                         desk                rows
    GET    /figures/differences                  faults              -
    GET    /seat-faults                          faults              -

    GET    /reports                              leads operations office engineer -
    GET    /reports/{report_id}                  leads operations office engineer rows*
    GET    /reports/{report_id}.xlsx             leads operations office engineer -
    GET    /reports/{report_id}.pdf              leads operations office engineer -
    GET    /report-schedules                     supervises          -
    POST   /report-schedules                     supervises          -
    GET    /report-schedules/{schedule_id}       supervises          -
    PATCH  /report-schedules/{schedule_id}       supervises          -
    DELETE /report-schedules/{schedule_id}       supervises          -
    POST   /report-schedules/{schedule_id}/run   supervises          -
    GET    /report-schedules/{schedule_id}/runs  supervises          -

    GET    /agents                               desk                -
    POST   /agents                               staffing            -
    PATCH  /agents/{code}                        staffing            -
    GET    /agents/{code}/log                    desk                -
    POST   /agents/{code}/pin                    staffing            -

    GET    /users                                admin               -
    POST   /users                                admin               -
    PATCH  /users/{name}                         admin               -
    GET    /audit                                manager admin       -

    GET    /knowledge?text=zzqx                  desk                rows
    POST   /knowledge                            desk                -
    GET    /knowledge/categories                 desk                -
    PUT    /knowledge/categories/{category}      staffing            -
    GET    /knowledge/{item_id}                  desk                one
    PUT    /knowledge/{item_id}                  desk                one
    POST   /knowledge/{item_id}/approve          leader staffing     one
    POST   /knowledge/{item_id}/decline          leader staffing     one
    POST   /knowledge/{item_id}/retire           leader staffing     one
    POST   /knowledge/{item_id}/restore          leader staffing     one
    POST   /knowledge/import                     staffing            -
    POST   /knowledge/export                     staffing            -
    GET    /knowledge/search?q=zzqx              desk                rows
    GET    /knowledge/searches                   leader staffing     rows
    POST   /knowledge/searches/{search_id}/outcome desk              -
    POST   /knowledge/searches/{search_id}/settle leader staffing    one
    GET    /knowledge/figures                    leader staffing     -
    GET    /scripts?estate_id={estate}           desk                one
    GET    /scripts/all?text=zzqx                desk                rows
    POST   /scripts                              desk                -
    GET    /scripts/{script_id}                  desk                one
    PUT    /scripts/{script_id}                  desk                one
    POST   /scripts/{script_id}/approve          leader staffing     one
    POST   /scripts/{script_id}/decline          leader staffing     one
    POST   /scripts/{script_id}/retire           leader staffing     one
    POST   /scripts/{script_id}/restore          leader staffing     one

    GET    /webhooks                             admin               -
    POST   /webhooks                             admin               -
    GET    /webhooks/{webhook_id}                admin               -
    PATCH  /webhooks/{webhook_id}                admin               -
    DELETE /webhooks/{webhook_id}                admin               -
    POST   /webhooks/{webhook_id}/secret         admin               -
    POST   /webhooks/{webhook_id}/test           admin               -
    GET    /webhooks/{webhook_id}/deliveries     admin               -
    POST   /webhooks/{webhook_id}/deliveries/{delivery_id}/again admin -

    GET    /floor/me                             desk                -
    GET    /floor/phone                          desk                -
    POST   /floor/sign-in                        desk                -
    POST   /floor/sign-out                       desk                -
    POST   /floor/move                           desk                -
    POST   /floor/pause                          desk                -
    POST   /floor/resume                         desk                -
    POST   /floor/wrap-up                        desk                -
    POST   /floor/help                           desk                -
    POST   /floor/help/end                       desk                -
    POST   /floor/transfer                       desk                -
    POST   /floor/transfer/complete              desk                -
    POST   /floor/transfer/cancel                desk                -
    POST   /floor/conference                     desk                -
    POST   /floor/office                         desk                -
    POST   /floor/park                           desk                -
    POST   /floor/retrieve                       desk                -
    POST   /floor/recording/pause                desk                -
    POST   /floor/recording/resume               desk                -

    POST   /floor/agents/{code}/sign-out         leads               -
    POST   /floor/agents/{code}/pause            leads               -
    POST   /floor/agents/{code}/resume           leads               -
    POST   /floor/agents/{code}/move             leads               -
    POST   /floor/agents/{code}/monitor          leads               -
    POST   /floor/agents/{code}/take-over        leads               -
    POST   /floor/calls/{call_id}/move           leads               -
    POST   /floor/queues/{queue}/close           supervises          -
    POST   /floor/queues/{queue}/open            supervises          -

"""
# What stands in a path, of the actor's own estate and of the other one. "other" is in every row of the other estate.
PATHS = {"call_id": ("node1-1.own", "node1-2.other"), "callback_id": ("node1-1.own", "node1-2.other"), "entry_id": ("1", "2"),
         "treatment_id": ("1", "1"), "ticket_id": ("1", "2"), "household": ("1", "2"), "note_id": ("1", "2"),
         "request_id": ("1", "2"),
         "household_id": ("1", "2"), "person_id": ("1", "2"), "number_id": ("1", "2"), "what": ("calls", "calls"),
         "call_in_id": ("1", "1"), "call_in_person": ("1", "1"),
         "step_id": ("1", "2"), "charge_id": ("1", "2"), "settlement_id": ("1", "2"), "shift_id": ("1", "2"),
         "leave_id": ("1", "1"), "skill": ("masonry", "masonry"),
         "emergency_id": ("1", "2"), "proposal_id": ("1", "2"), "broadcast_id": ("1", "2"), "step": ("ask", "ask"),
         "letter_id": ("1", "2"), "template_id": ("1", "1"),
         "attachment_id": ("1", "1"), "notice_id": ("1", "1"), "kind": ("repair", "repair"), "version": ("1", "1"),
         "merge_id": ("1", "1"), "report_id": ("call-list", "call-list"), "schedule_id": ("1", "1"),
         "outage_id": ("database-20261122-040000",) * 2,
         "webhook_id": ("1", "1"), "delivery_id": ("1", "1"),
          "situation_id": ("1", "1"), "task_id": ("1", "1"), "claim_id": ("1", "1"), "plan_id": ("1", "1"),
          "fallen_id": ("1", "1"), "drill_id": ("1", "1"),
         "item_id": ("901", "902"), "script_id": ("903", "904"),
         "search_id": ("1", "2"), "category": ("fees", "fees"), "estate": ("1", "2"),
         "code": ("1001", "1001"), "queue": ("repair", "repair"), "name": ("engineer", "engineer")}
SPAN = "?since=2026-11-22T00:00:00Z&before=2026-11-24T00:00:00Z"
QUERIES = {"GET /complaints/rows": "?from=2026-11-01&to=2026-11-30&figure=received",
           "GET /complaints/record/rows": "?from=2026-11-01&to=2026-11-30&user=agent",
           "GET /requests/figures": "?from=2026-11-01&to=2026-11-30",
           "GET /reports/{report_id}": "?from=2026-11-22", "GET /repairs/figures/rows": "?figure=open",
           "GET /roster/shifts": SPAN, "GET /roster/leave": SPAN, "GET /roster/on-duty": "?at=2026-11-22T05:00:00Z",
           "GET /figures/rows": "?by=queue&key=repair&figure=offered&from=2026-11-22"}
# An agent's figures are its own: asked for those, it may see the calls behind them.
AGENTS_OWN = {"GET /figures/rows": "?by=agent&key=1001&figure=answered&from=2026-11-22"}


@dataclass(frozen=True)
class Rule:
    method: str
    path: str
    roles: frozenset[Role]
    estates: str
    by_kind: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def url(self, role: Role, *, other: bool = False) -> str:
        path = re.sub(r"\{(\w+)\}", lambda found: PATHS[found[1]][other], self.path)
        own = AGENTS_OWN.get(self.name) if role is Role.AGENT else None
        return f"/api/v1{path}{own or QUERIES.get(self.name, '')}" + ("&from=2026-11-22" if "by=estate" in path else "")


def rules() -> list[Rule]:
    found = []
    for line in filter(None, map(str.strip, (RULES + STORM + EMERGENCIES).splitlines())):
        method, path, *words, estates = line.split()
        roles = frozenset(Role(role) for word in words for role in GROUPS.get(word, word).split())
        found.append(Rule(method, path, roles, estates.rstrip("*"), estates.endswith("*")))
    return found
