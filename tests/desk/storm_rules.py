"""Who may do what in a storm: the second part of the rules of authorisation.py."""

STORM = """
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
    POST   /surge/reports/{situation_id}/acknowledge board_staff -*
    GET    /shifts                               leads               -
    POST   /shifts                               leading             -
    GET    /shifts/now                           leads               rows
    POST   /shifts/entries                       leading             -
    GET    /shifts/{shift_id}                    leads               rows
    POST   /shifts/{shift_id}/hand-over          leading             -*
    DELETE /shifts/{shift_id}/hand-over          leading             -*
    POST   /shifts/{shift_id}/accept             leading             -
    GET    /drills                               board_staff         -
    POST   /drills                               drills              -
    GET    /drills/{drill_id}                    board_staff         -
    POST   /drills/{drill_id}/stop               leads               -
    POST   /drills/{drill_id}/notes              leads               -
    GET    /line                                 board               -
    PUT    /line                                 supervises          -
"""
