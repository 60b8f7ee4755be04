"""Trakt's API v2 as its clients ask it: under /trakt, and at the root of some hosts."""
