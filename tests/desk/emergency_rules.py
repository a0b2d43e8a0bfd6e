"""Who may do what with emergencies (K1): lines of `authorisation.RULES`."""

from __future__ import annotations

EMERGENCIES = """
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
"""
