"""Imports: files of events that exist already become events of the store, every row accounted for."""
