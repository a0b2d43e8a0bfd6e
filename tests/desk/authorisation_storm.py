"""Who may do what in a storm: the second part of the rules of authorisation.py."""

STORM = """
    GET    /emergencies                          staff               rows
    POST   /emergencies                          works               -
    GET    /emergencies/types                    staff               -
    GET    /emergencies/weather                  staff               -
    PUT    /emergencies/weather                  leading             -
    GET    /emergencies/proposals?state=all      staff               rows
    POST   /emergencies/proposals/{proposal_id}/accept leading       one
    POST   /emergencies/proposals/{proposal_id}/dismiss leading      one
    GET    /emergencies/{emergency_id}           staff               one
    GET    /emergencies/{emergency_id}/timeline  staff               one
    POST   /emergencies/{emergency_id}/steps/{step} works            one
    POST   /emergencies/{emergency_id}/notes     works               one
    POST   /emergencies/{emergency_id}/conditions works              one
    POST   /emergencies/{emergency_id}/records   works               one
    POST   /emergencies/{emergency_id}/level     works               one
    POST   /emergencies/{emergency_id}/hand-over works               one
    POST   /emergencies/{emergency_id}/over      works               one
    POST   /emergencies/{emergency_id}/learnt    works               one
    POST   /emergencies/{emergency_id}/follow-ups works              one
    POST   /emergencies/{emergency_id}/close     works               one
    GET    /emergencies/{emergency_id}/report    staff               one
    POST   /emergencies/{emergency_id}/report    works               one
    PATCH  /emergencies/{emergency_id}/report    works               one
    POST   /emergencies/{emergency_id}/report/sign works             one
    POST   /emergencies/{emergency_id}/report/approve leading        one
    GET    /emergencies/{emergency_id}/report.pdf works              one
    GET    /emergencies/{emergency_id}/broadcasts staff              one
    POST   /emergencies/{emergency_id}/broadcasts works              one
    POST   /emergencies/{emergency_id}/broadcasts/{broadcast_id}/again works one*
    POST   /emergencies/{emergency_id}/broadcasts/{broadcast_id}/stop works one*
    GET    /emergencies/{emergency_id}/chat      staff               one
    POST   /emergencies/{emergency_id}/chat      works               one*
    GET    /outages                              leads operations    -
    GET    /outages/{outage_id}                  leads operations    -
    GET    /outages/{outage_id}/callers          leads               rows
    POST   /outages/{outage_id}/acknowledge      leads operations    -
    PUT    /outages/{outage_id}/cause            leads operations    -
    GET    /call-in                              leads               -
    POST   /call-in                              supervises          -
    GET    /call-in/mine                         staff               -
    GET    /call-in/people                       leads               -
    POST   /call-in/people                       staffing            -
    GET    /call-in/people/{call_in_person}      leads               -
    PATCH  /call-in/people/{call_in_person}      staffing            -
    DELETE /call-in/people/{call_in_person}      staffing            -
    POST   /call-in/people/{call_in_person}/reveal leader supervisor duty_lead manager -
    GET    /call-in/{call_in_id}                 leads               -
    POST   /call-in/{call_in_id}/stop            supervises          -
    POST   /call-in/{call_in_id}/accept          staff               -
    POST   /call-in/{call_in_id}/refuse          staff               -
    POST   /call-in/{call_in_id}/people/{call_in_person}/answer leads -
    GET    /forecast/arrivals                    leads               -
    GET    /forecast/staffing                    leads               -
    POST   /forecast/fallen-out                  leads               -
    GET    /forecast/fallen-out                  leads               -
    GET    /forecast/fallen-out/{fallen_id}      leads               -
    GET    /surge                                board               -
    POST   /surge/raise                          surge               -
    POST   /surge/hold                           surge               -
    POST   /surge/let-go                         surge               -
    POST   /surge/lower                          surge               -
    POST   /surge/end                            surge               -
    GET    /surge/history                        board               -
    GET    /surge/reports                        board_staff         -
    POST   /surge/reports                        surge               -
    GET    /surge/reports/{situation_id}         board_staff         -
    GET    /surge/reports/{situation_id}.pdf     board_staff         -
    GET    /line                                 board               -
    PUT    /line                                 supervises          -
"""
