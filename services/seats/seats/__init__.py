"""Seats: seat maps, holds that expire, sold seats."""
