"""The HTTP server and what stands before every route: connections, limits, the request log."""
