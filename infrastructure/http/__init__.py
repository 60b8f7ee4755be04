"""The HTTP API: a route validates, calls one function and returns a response model."""
