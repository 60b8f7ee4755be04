"""Histories that people bring along: what other trackers export, a module for each format."""
