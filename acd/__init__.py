"""The floor: AMI in, live state and commands out.

    ami/         the link to Asterisk: bytes in, typed events and answers out
    floor/       the live floor: events folded into calls and seats, what is shown of them, read anew after a reconnect
    desired/     the declared floor: who is signed in where, with which skills
    reconcile/   the difference between the two, sent and checked
    agents/      people at work: orders and phones change the declared floor
    waiting/     callers who wait: estimates, ageing, callbacks
    calls/       calls that somebody talks on
    health/      whether everything is there
    bus/         events and the board out, orders in

`plan.py` is what the site file says of one node; only `app.py` and `__main__.py` construct things.
"""
