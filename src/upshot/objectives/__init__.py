"""Are we on course: baseline, progress, pace and forecast of objectives, as pure functions of their series."""
