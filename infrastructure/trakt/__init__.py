"""Trakt's API, behind HTTP: who may speak it, what clients name, and what is said of it."""
