"""Repairs (F): dispatch, what engineers do, what it costs, what is made of it."""
