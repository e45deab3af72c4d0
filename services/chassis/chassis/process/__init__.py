"""One process: what it hosts, opens and closes. The `boxoffice` command begins here."""
