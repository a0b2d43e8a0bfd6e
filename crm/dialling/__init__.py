"""Calls of our own accord: asked for by a purpose, dialled by acd, their results written once and told to the purpose."""
