"""Following players that no media server knows of: mpv, VLC and Kodi, each by its own interface.

A client of the HTTP API that runs beside the player. A module for each player says what it shows,
`session.py` makes events of that, `spool.py` keeps them on disk, `sending.py` sends them.
"""
