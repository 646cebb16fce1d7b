"""The demo: an invented shop with realistic dirt in its data."""
