"""An access token becomes a cookie that scripts cannot read."""
