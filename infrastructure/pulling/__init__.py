"""Pulling: a media server's library and watched state are read, and the ledger is told what is new.

A reader for each kind of server (plex.py, jellyfin.py for Emby too, kodi.py) turns what the server
answers into what `listed.py` has; it knows no ledger. `pull.py` compares that with the catalog,
`telling.py` says what was watched.
"""
