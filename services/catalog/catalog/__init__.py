"""Catalog: venues, shows, performances, prices."""
