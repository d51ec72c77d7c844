"""The design system on one page: every token and component, in light and dark."""
