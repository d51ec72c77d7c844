"""Tempo, a music-streaming company that does not exist, and whose truth is therefore known."""
