"""Demo data: invented, dirty on purpose, and the same for the same seed."""
