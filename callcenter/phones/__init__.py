"""SIP phones for the demo and the tests: real registrations, real audio, real keys."""

from callcenter.phones.phone import PATIENCE_S, Caller, Display, Leg, NotInTime, PhoneError, Phones, Seat, Switch

__all__ = ["PATIENCE_S", "Caller", "Display", "Leg", "NotInTime", "PhoneError", "Phones", "Seat", "Switch"]
