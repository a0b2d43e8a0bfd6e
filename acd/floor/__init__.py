"""The live floor: what Asterisk tells, folded into calls and seats, and what is shown of them."""
